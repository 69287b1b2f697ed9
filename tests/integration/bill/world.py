"""An account on Xero with BILL beside it, connected through the real use cases."""

import json
from dataclasses import dataclass, fields, replace
from typing import Any

from rehearsal.sandbox_process import CLIENT_ID, CLIENT_SECRET, SandboxClient
from rehearsal.world import INVOCATION, Message, World
from rehearsal.worlds import make_world
from shared.domain.accounts import Caller
from shared.domain.connections import Connection, ConnectionStatus, Slot
from shared.domain.ids import find_marker, marker_for, new_id
from shared.domain.lists import Entry, Kind
from shared.domain.refresh_requests import RefreshRequest
from shared.domain.secrets import Secret
from shared.usecases.change_settings import change_defaults
from shared.usecases.choose_organisation import choose_organisation
from shared.usecases.refresh_lists import Outcome, refresh_lists
from shared.usecases.sign_in import connect_with_credentials
from tests.contract.sandbox.bill import kit as desk

ADDRESS = {"line1": "12 Quay Road", "city": "Portland", "region": "ME", "postal_code": "04101", "country": "US"}


@dataclass
class BillWorld(World):
    """`organization` is BILL's; costs are published through it."""

    organization: str = ""
    bill_connection: str = ""

    def wake(self) -> Message:
        message = super().wake()
        message.body |= {"provider": "bill", "organisation": self.organization}
        return message

    @property
    def bill(self) -> Connection:
        found = self.service.connections.get(self.tenant, self.account_id, self.bill_connection)
        assert found is not None
        return found

    def markers(self) -> list[str]:
        return [m.item for m in self.service.items.pending(self.tenant, "bill", self.organization)]

    def books(self) -> dict[str, Any]:
        found: dict[str, Any] = self.sandbox.read(f"/bill/organisations/{self.organization}/books")
        return found

    def calls(self, endpoint: str) -> int:
        return self.desk.calls(endpoint)

    @property
    def desk(self) -> desk.Bill:
        return desk.Bill(self.sandbox, self.organization)

    def refresh(self, *, full: bool = False) -> None:
        now = self.time()
        request = RefreshRequest(
            new_id(now), self.tenant, self.account_id, self.bill_connection, "asked", now, full=full
        )
        assert refresh_lists(self.new_service(), request, now + INVOCATION) is Outcome.DONE


def new_world(sandbox: SandboxClient, endpoint: str | None) -> BillWorld:
    """A world of its own: Xero is its main connection, BILL is connected beside it and takes its costs."""
    found = make_world(sandbox, endpoint)
    # Its machines and parts are that world's own: this one makes its own.
    names = {one.name: getattr(found, one.name) for one in fields(found) if one.init and one.name != "parts"}
    world = BillWorld(**names, organization=sandbox.read("/bill/organisations")[0]["organisation_id"])
    apps = {
        "xero": {"client_id": CLIENT_ID, "client_secret": CLIENT_SECRET, "webhook_key": "hook-key"},
        "bill": {"client_id": "ledgerbridge", "client_secret": desk.DEV_KEY, "webhook_key": "hook-key"},
    }
    secret = world.clients.secretsmanager.create_secret(
        Name=f"apps-{new_id(world.time())}", SecretString=json.dumps(apps)
    )
    world.settings = replace(
        world.settings,
        texts={**world.settings.texts, "provider_apps_secret": secret["ARN"]},
        provider_urls={**world.settings.provider_urls, "bill": f"{sandbox.base}/bill"},
    )
    _connect(world)
    return world


def _connect(world: BillWorld) -> None:
    caller = Caller(world.tenant, "test", is_machine=True)
    typed = {"token_name": desk.TOKEN_NAME, "token": desk.TOKEN, "organization_id": world.organization}
    world.bill_connection = new_id(world.time())
    waiting = connect_with_credentials(
        world.service,
        caller,
        world.account,
        connection_id=world.bill_connection,
        provider="bill",
        slot=Slot.BILL,
        credentials={name: Secret(text) for name, text in typed.items()},
    )
    assert waiting.status is ConnectionStatus.CHOOSING_ORGANISATION
    choose_organisation(world.service, caller, waiting, world.organization)
    world.refresh()
    assert world.bill.status is ConnectionStatus.ACTIVE
    change_defaults(world.service, caller, world.account, {"publishing_integration": Slot.BILL})


def newcomer(world: BillWorld, name: str, address: dict[str, str] | None = None) -> str:
    """A supplier of BILL's book that BILL does not have yet."""
    entry = Entry(new_id(world.time()), Kind.SUPPLIERS, name, values={"address": address} if address else {})
    world.service.lists.put_own(entry, world.bill.book)
    return entry.id


# --- papers
def line(amount: str = "40.00", **more: Any) -> dict[str, Any]:
    return {"description": "Sundries", "category": {"name": "Office Supplies"}, "amount": amount, **more}


def paper(serial: int, **changes: Any) -> dict[str, Any]:
    """A bill of 40.00 from a vendor that BILL knows."""
    return {
        "side": "costs",
        "type": "invoice",
        "currency": "USD",
        "tax_mode": "none",
        "total": "40.00",
        "date": "2026-11-11",
        "due_date": "2026-12-10",
        "number": f"B-{serial}",
        "contact": {"name": "Office Depot"},
        "lines": [line()],
        **changes,
    }


def mixed(world: BillWorld, number: int, newcomers: list[str]) -> dict[str, Any]:
    """One of six kinds of paper in turn, new suppliers among them."""
    tracked = line(
        tracking=[{"dimension": "Class", "name": "Wholesale"}, {"dimension": "Location", "name": "Downtown"}]
    )
    kinds: tuple[dict[str, Any], ...] = (
        {},
        {"contact": {"id": newcomers[number % len(newcomers)]}},
        {"type": "receipt", "due_date": None, "paid": True},
        {"tax_mode": "exclusive", "total": "43.30"},
        {"lines": [tracked]},
        {"publish_as": "awaiting_approval", "total": "1500.00", "lines": [line("1500.00")]},
    )
    return paper(number, **kinds[number % len(kinds)])


# --- what must hold
def problems(world: BillWorld) -> list[str]:
    """Everything that is wrong, in words; empty when nothing is lost, doubled or left hanging."""
    books = world.books()
    there: dict[str, list[str]] = {}
    for record in books["bills"]:
        marker = find_marker((record.get("description") or "\n").splitlines()[-1])
        there.setdefault(marker or f"unmarked {record['id']}", []).append(record["id"])
    wrong = [f"{key} is no item's" for key in there if key.startswith("unmarked")]
    wrong += [f"{item}: marker left behind" for item in world.markers()]
    wrong += [f"left in the queue: {message}" for message in world.queue + world.dead_letters]
    for item, state in world.states().items():
        ids = there.get(marker_for(world.tenant, item, state.generation), [])
        published = [state.published.document_id] if state.published else []
        if ids != published:
            wrong.append(f"{item}: {state.stage} as {published}, {ids} there: {state.last_error}, {state.reasons}")
    names = [record["name"] for record in books["vendors"]]
    return wrong + [f"vendor {name} twice" for name in set(names) if names.count(name) > 1]


def assert_sound(world: BillWorld) -> None:
    wrong = problems(world)
    assert not wrong, "\n".join(wrong)


def files(world: BillWorld) -> dict[str, int]:
    """How many filed documents each bill has."""
    client = world.desk
    assert client.log_in().status_code == 200
    counted = {}
    for state in world.states().values():
        if state.published is not None:
            answer = client.call("GET", f"/documents/bills/{state.published.document_id}")
            told = answer.json()
            counted[state.published.document_id] = len(told if isinstance(told, list) else told["results"])
    return counted


__all__ = ["ADDRESS", "BillWorld", "assert_sound", "files", "mixed", "new_world", "newcomer", "paper"]
