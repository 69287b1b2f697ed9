"""A full CSV of a thousand rows for each list that takes one: what is made, what is refused, and what it costs."""

from types import SimpleNamespace
from typing import Any, cast

import pytest

from rehearsal.world import World
from shared.domain.accounts import Account
from shared.domain.ids import new_id
from shared.usecases.happenings import happened
from tests.integration.rules_13.api import Api

ROWS = 1000
READS = frozenset({"get_item", "batch_get_item", "query", "scan"})

pytestmark = pytest.mark.dynamodb_local


@pytest.fixture
def counted(world: World, local_endpoint: str) -> World:
    """A world whose units are DynamoDB's own: only DynamoDB Local counts them as DynamoDB does."""
    return world


def without_software(world: World) -> Api:
    """The API of another account of the tenant, which has only lists of its own."""
    now = world.time()
    account = Account(new_id(now), world.tenant, "By hand", now)
    created = happened(world.service, account.id, "account.created", by=None, subject=account.id)
    world.service.accounts.create(account, None, created)
    seen = SimpleNamespace(account_id=account.id, tenant=world.tenant, new_service=world.new_service, world=world)
    return Api(cast(World, seen))


def imported(world: World, api: Api, kind: str, text: str) -> tuple[dict[str, Any], float, float]:
    """What the answer says, and the read and write units that the request took."""
    world.running.units.clear()
    done: dict[str, Any] = api.ok("POST", f"lists/{kind}/import", {"csv": text})
    used = dict(world.running.units)
    read = sum(units for name, units in used.items() if name in READS)
    return done, read, sum(used.values()) - read


def contacts(what: str, category: str) -> str:
    rows = (f"{what} {n},C{n},{category if n % 2 else ''},{'EUR' if n % 2 else ''}" for n in range(ROWS))
    return "\n".join(["name,code,category,currency", *rows])


def counts(done: dict[str, Any]) -> tuple[int, int, int, int]:
    return done["created"], done["merged"], len(done["refused"]), done["rules"]


@pytest.mark.soak
@pytest.mark.timeout(300)
def test_a_thousand_rows_of_each_list(counted: World) -> None:
    api = without_software(counted)
    text = "\n".join(["name,code", *(f"Category {n},{n}" for n in range(ROWS))])
    done, _, units = imported(counted, api, "categories", text)
    assert counts(done) == (ROWS, 0, 0, 0)
    assert 2 * ROWS <= units <= 2 * ROWS + 10  # each entry in a transaction
    for kind, what in (("suppliers", "Supplier"), ("customers", "Customer")):
        done, read, units = imported(counted, api, kind, contacts(what, "7"))
        assert counts(done) == (ROWS, 0, 0, ROWS // 2)
        assert 5 * ROWS <= units <= 5 * ROWS + 10  # entry and name of each, a rule of every other, 2 units each
        assert read <= 100
        done, read, units = imported(counted, api, kind, contacts(what.upper(), "7"))
        assert counts(done) == (0, ROWS, 0, 0)
        assert units == 0  # nothing is new
        assert read <= 3 * ROWS
    by_page, cursor = 0, None
    while by_page == 0 or cursor is not None:
        page = api.ok("GET", "lists/suppliers", **({"cursor": cursor} if cursor else {}), limit="200")
        by_page, cursor = by_page + len(page["entries"]), page["next_cursor"]
    assert by_page == ROWS
    assert len(api.ok("GET", "rules", limit="200")["rules"]) == 200


@pytest.mark.timeout(300)
@pytest.mark.soak
def test_what_is_wrong_in_a_full_csv_is_named_by_row_and_column(counted: World) -> None:
    wrong = {
        9: (",X9,,", "name"),
        99: ("Bad currency,X99,,pounds", "currency"),
        199: ("Bad category,X199,nothing like it,", "category"),
        299: ("Twice,C1,,", "code"),
        399: (f"Long,{'x' * 65},,", "code"),
    }
    lines = contacts("New supplier", "429").split("\n")
    for place, (row, _) in wrong.items():
        lines[place] = row
    lines[500] = lines[499].upper()  # a name that comes twice is one entry
    done, _, units = imported(counted, Api(counted), "suppliers", "\n".join(lines))
    assert [(one["line"], one["field"]) for one in done["refused"]] == [
        (place + 1, column) for place, (_, column) in sorted(wrong.items())
    ]
    assert all(one["reason"] for one in done["refused"])
    assert (done["created"], done["merged"]) == (ROWS - len(wrong) - 1, 1)
    assert done["differing"] == []
    assert 5 * (ROWS - 10) <= units <= 5 * ROWS
    status, problem = Api(counted).call("POST", "lists/suppliers/import", {"csv": "\n".join([*lines, "One more,,,"])})
    assert (status, problem["field"]) == (422, "csv")
