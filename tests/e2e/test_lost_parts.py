"""What is lost about suppliers, payments and files, markers that come at the last moment, and what nobody can tell."""

import threading
from collections.abc import Callable, Iterator
from fnmatch import fnmatch
from itertools import count, product
from typing import Any, Final

import pytest

from rehearsal.sandbox_process import Connected, SandboxClient
from tests.e2e import broken
from tests.e2e.small import await_done, can_pay, small
from tests.e2e.tenants import ADVISER, PATIENCE, Customer, World, wait_for
from tests.e2e.wire import Call, Wire

FILES: Final = "/Invoices/*/Attachments/*"
PARTS: Final = ("/Contacts", "/Payments", FILES)
# The provider has done its work each time (late, where it says so), and the answer is lost.
FAULTS: Final[dict[str, dict[str, Any]]] = {
    "dropped twice": {"kind": "commit_then_drop", "times": 2},
    "dropped, then the token ends": {"kind": "commit_then_drop"},
    "500": {"kind": "commit_then_status", "status": 500},
    "seen after the first look-up": {"kind": "commit_late", "visible_after_lookups": 1},
}
ALWAYS: Final = {
    ("/Contacts", "dropped twice"),
    ("/Payments", "dropped, then the token ends"),
    (FILES, "seen after the first look-up"),
}
pytestmark = pytest.mark.soak
_names = count(1)


@pytest.fixture(scope="module")
def customer(world: World) -> Customer:
    return can_pay(world.tenant("Lost parts").connected())


@pytest.fixture(autouse=True)
def _seen_anew(wire: Wire) -> Iterator[None]:
    wire.begin()
    yield


def table() -> list[Any]:
    """Every part with every fault; what need not run each time is for `make sweep`."""
    return [
        pytest.param(path, fault, marks=[] if (path, fault) in ALWAYS else pytest.mark.sweep)
        for path, fault in product(PARTS, FAULTS)
    ]


@pytest.mark.parametrize(("path", "fault"), table())
def test_every_part_is_there_once(customer: Customer, wire: Wire, path: str, fault: str) -> None:
    sandbox, how = customer.world.sandbox, dict(FAULTS[fault])
    publication = small(customer, f"PART-{next(_names)}")
    sandbox.fault("PUT", path, how.pop("kind"), **how)
    if "token" in fault:
        wire.after(sends(path), lambda _: sandbox.tell("/xero/tokens", {"expire": "access", "user": ADVISER}) and None)
    customer.publish(publication.items)
    await_done(publication)
    assert publication.wrong() == []
    assert sandbox.fired() == how.get("times", 1)


def sends(path: str) -> Callable[[Call], bool]:
    return lambda call: fnmatch(call.target, f"PUT {path}")


def test_a_marker_written_just_as_the_worker_ends(customer: Customer, wire: Wire) -> None:
    """After the worker's last look at the queue, before it lets go of its lease: the new wake-up meets the lease."""
    first, late = (customer.item(number=f"LATE-{one}")["id"] for one in range(2))

    def publish_another(_: Call) -> None:
        customer.post(f"/items/{late}/publish")
        wait_for(
            "its wake-up to meet the lease", lambda: any(is_taking(one) and one.status == 400 for one in wire.calls)
        )
        at.append(len(wire.calls))
        met.set()

    def wait_too(_: Call) -> None:
        met.wait(PATIENCE)

    at: list[int] = []
    met = threading.Event()
    wire.before(is_letting_go, publish_another)
    wire.before(is_letting_go, wait_too, times=None)  # on a busy machine the holder asks again meanwhile
    customer.post(f"/items/{first}/publish")
    customer.await_stage(late, "published")
    assert customer.seen(first)["stage"] == "published"
    assert "AmazonSQS SendMessage" in {one.target for one in wire.calls[at[0] :]}, "the holder wakes itself"
    numbers = [one["InvoiceNumber"] for one in customer.documents()]
    assert (numbers.count("LATE-0"), numbers.count("LATE-1")) == (1, 1)


def is_taking(call: Call) -> bool:
    return (
        call.target == "DynamoDB UpdateItem" and "LEASE#publish#" in call.body and "attribute_not_exists" in call.body
    )


def is_letting_go(call: Call) -> bool:
    return call.target == "DynamoDB UpdateItem" and "LEASE#publish#" in call.body and not is_taking(call)


def test_what_cannot_be_told_apart_is_held_for_a_person(customer: Customer, wire: Wire) -> None:
    """The answer for a purchase credit note is lost, and a person makes one that looks just like it."""
    world = customer.world
    item = customer.item(number="TWIN-1", type="credit_note", due_date=None)["id"]
    xero = SandboxClient(world.sandbox.url)
    person = Connected(xero, xero.redeem(xero.consent(ADVISER, [customer.organisation_id])).json())

    def make_its_twin(_: Call) -> None:
        [there] = customer.books()["CreditNotes"]
        copied = ("Type", "Date", "LineAmountTypes", "CurrencyCode", "Status")
        line = {"Description": "Paper", "Quantity": 1, "LineAmount": 100, "AccountCode": "429", "TaxType": "INPUT2"}
        twin = {name: there[name] for name in copied} | {"Contact": {"ContactID": there["Contact"]["ContactID"]}}
        answer = person.call(
            "PUT", "/CreditNotes", customer.organisation_id, json={"CreditNotes": [{**twin, "LineItems": [line]}]}
        )
        assert answer.status_code == 200, answer.text

    world.sandbox.fault("PUT", "/CreditNotes", "commit_then_drop", times=3)
    wire.before(lambda call: call.target == "GET /CreditNotes", make_its_twin)
    customer.post(f"/items/{item}/publish")
    held = customer.await_stage(item, "unknown", seconds=90)
    assert held["last_error"]["code"] == "outcome_unknown"
    assert broken.left_to_do(customer) == []
    assert len(customer.books()["CreditNotes"]) == 2, "ours and the person's"
