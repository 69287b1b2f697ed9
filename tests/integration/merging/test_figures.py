"""What a merge costs follows from the entries that are mapped, not from the items that use them."""

import json
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any, Final

import httpx
import pytest
from botocore.parsers import JSONParser

from rehearsal.process import Process
from rehearsal.tables import rows_of
from rehearsal.world import World
from shared.domain.ids import new_id
from shared.domain.merges import MergeStep
from shared.storage.proposals import Used
from tests.integration.merging.kit import decide, found, onto
from tests.integration.merging.test_applying import EXPENSES
from tests.integration.merging.test_crashes import every_row, put_back, run
from tests.integration.rules_13.api import Api

AT_ONCE: Final = 12  # items in one call that writes rows in bulk: two rows each, at most 25
WRITERS: Final = 2
# However slow the machine is, counting is one step: each further one is two writes more.
IN_ONE_STEP: Final = timedelta(hours=2)
# DynamoDB Local takes any signature; the key id says in whose tables, and all share them.
HEADERS: Final = {
    "X-Amz-Target": "DynamoDB_20120810.BatchWriteItem",
    "Content-Type": "application/x-amz-json-1.0",
    "Authorization": "AWS4-HMAC-SHA256 Credential=testing/20260311/eu-west-1/dynamodb/aws4_request, "
    "SignedHeaders=host, Signature=none",
}


def copies(world: World, number: int, endpoint: str | None) -> None:
    """So many more items like the plain one, written in bulk; a DynamoDB at `endpoint` takes several calls at once."""
    table, item = world.settings.table("items"), world.items["plain"]["id"]
    rows = [row for row in rows_of(world.clients.dynamodb, table) if row["sk"]["S"] == item]
    assert len(rows) == 2, "what it says, and where it stands"
    text = ",".join(json.dumps({"PutRequest": {"Item": row}}) for row in rows)

    def request(start: int) -> str:
        some = range(start, min(start + AT_ONCE, number))
        return f'{{"{table}": [{",".join(text.replace(item, new_id(world.time())) for _ in some)}]}}'

    starts = range(0, number, AT_ONCE)
    if endpoint is None:
        for start in starts:
            world.clients.dynamodb.batch_write_item(RequestItems=json.loads(request(start)))
        return
    with httpx.Client(base_url=endpoint, headers=HEADERS, timeout=60) as client, ThreadPoolExecutor(WRITERS) as pool:
        for answer in pool.map(lambda one: client.post("/", content=f'{{"RequestItems": {request(one)}}}'), starts):
            assert answer.json() == {"UnprocessedItems": {}}, answer.text


@pytest.fixture
def quick_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    """Rows as their JSON has them: the SDK goes through each attribute by its shape, which takes half of the time that
    a hundred thousand items take to read. But for bytes it comes to the same.
    """
    by_shape = JSONParser._handle_json_body

    def parsed(parser: JSONParser, body: bytes, shape: Any) -> Any:
        plain = shape.name == "QueryOutput" and b'"B":' not in body
        return json.loads(body) if plain else by_shape(parser, body, shape)

    monkeypatch.setattr(JSONParser, "_handle_json_body", parsed)


def writes(world: World) -> Counter[str]:
    """What the worker writes for one merge from its beginning to its report, by operation."""
    api, process = Api(world), Process()
    merge = api.ok("POST", "merges", {})["id"]
    assert run(world, merge, process, IN_ONE_STEP)
    decide(api, merge, categories=onto(api, merge, "categories", **EXPENSES))
    api.ok("POST", f"merges/{merge}/apply")
    assert run(world, merge, process, IN_ONE_STEP)
    assert found(world, merge).step is None, "the report is there as well"
    assert merge in {one.id for one in world.account.merges}
    return Counter(effect.split(" ")[0] for effect in process.effects)


def uses(world: World, merge: str) -> dict[str, Used]:
    return world.service.proposals.uses(found(world, merge))


MANY: Final = pytest.param(100_000, marks=[pytest.mark.soak, pytest.mark.dynamodb_local])


@pytest.mark.parametrize("items", [200, pytest.param(2000, marks=pytest.mark.soak), MANY])
@pytest.mark.timeout(1150)  # a hundred thousand: some four minutes of processor time, most of it DynamoDB Local's
def test_as_many_writes_with_many_items_as_with_few(
    moved: Callable[[], World], world_dynamodb: str | None, quick_answers: None, items: int
) -> None:
    if items == 100_000 and world_dynamodb is None:
        pytest.skip("in this process each page of so many items takes as long as all of them")
    few = moved()
    without = writes(few)
    many = moved()
    copies(many, items, world_dynamodb)
    assert writes(many) == without
    assert without["transact_write_items"] >= 4
    merge = Api(many).ok("GET", "merges")["merges"][0]["id"]
    assert max(used for _, used in uses(many, merge).values()) >= items


def test_counting_goes_on_where_there_was_no_more_time(moved: Callable[[], World], world_dynamodb: str | None) -> None:
    world = moved()
    api = Api(world)
    copies(world, 350, world_dynamodb)
    merge = api.ok("POST", "merges", {})["id"]
    before, invocations = every_row(world), 0
    while found(world, merge).step is MergeStep.COUNT:
        assert run(world, merge, Process(), timedelta(0))
        invocations += 1
    assert invocations == 5, "the rules, and four pages of items"
    by_pages = uses(world, merge)
    assert max(used for _, used in by_pages.values()) >= 350
    put_back(world, before)
    assert run(world, merge, Process(), IN_ONE_STEP)
    assert uses(world, merge) == by_pages
