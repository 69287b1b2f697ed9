"""The program on the page about the inbox is let in."""

import re
from pathlib import Path
from typing import Any

from tests.integration.publish_api.conftest import World
from tests.integration.publish_api.test_inbox import Sender

PAGE = Path(__file__).resolve().parents[3] / "docs" / "inbox.md"


def test_what_the_page_signs_is_taken_in(world: World) -> None:
    (program,) = re.findall(r"```python\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)
    names: dict[str, Any] = {}
    exec(program, names)
    sender = Sender(world)
    _, made = sender.new_secret()
    body = b'{"external_id": "receipt-4711", "side": "costs", "type": "receipt", "currency": "GBP", "total": "12.00", '
    body += b'"tax_mode": "inclusive", "lines": [{"description": "Lunch", "amount": "12.00", "category": "429"}]}'
    stamp = int(world.service.clock.now().timestamp())
    headers = names["signed"](made["secret"], body, "msg_1", stamp)
    status, answer = sender.send(body, headers=headers)
    assert (status, answer["results"][0]["item"]["external_id"]) == (201, "receipt-4711")
