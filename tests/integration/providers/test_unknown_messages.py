"""A message that nobody has met reaches the user as it is, and is counted."""

import json

import pytest

from rehearsal.world import World
from shared.domain.items import Stage
from shared.usecases import unknown_messages
from tests.integration.providers.suite import every

SAID = "The moon is in the wrong phase for this."
# Refusals as the providers' documents have them.
REFUSALS = {
    "xero": (
        400,
        {"ErrorNumber": 10, "Type": "ValidationException", "Elements": [{"ValidationErrors": [{"Message": SAID}]}]},
    ),
    "quickbooks": (400, {"Fault": {"Error": [{"Message": SAID, "code": "99999"}], "type": "ValidationFault"}}),
    "sage": (422, [{"$severity": "error", "$dataCode": "MoonPhase", "$message": SAID, "$source": "date"}]),
    "bill": (400, [{"code": "BDC_9999", "message": SAID, "severity": "ERROR", "category": "APPLICATION"}]),
    "approvalmax": (400, {"title": SAID, "status": 400, "detail": SAID}),
}


@every()
def test_a_message_that_nobody_has_met(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    counted: list[tuple[str, float]] = []
    monkeypatch.setattr(unknown_messages, "count", lambda step, value=1: counted.append((step, value)))
    status, body = REFUSALS[world.software.name]
    (item,) = world.create([world.papers.bill()])
    world.fault("bill", "status", status=status, body=json.dumps(body), times=None)
    world.publish([item])
    world.settle()
    state = world.state(item)
    assert state.stage is Stage.READY and state.last_error is not None
    assert state.last_error.code == "provider_refused"
    assert SAID in (state.last_error.provider_text or "")
    assert ("unknown_provider_messages", 1) in counted
