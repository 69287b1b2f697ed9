"""Answers lost, messages lost and doubled, workers killed: every item is in the books exactly once."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from tests.e2e import broken
from tests.e2e.tenants import Customer, World, wait_for

OWNER_OF_TOKENS = "priya.shah@example.com"


@dataclass(frozen=True)
class Orphaned:
    """A customer whose worker was killed in the middle of sending these items."""

    customer: Customer
    items: list[str]


@pytest.fixture(scope="module")
def orphaned(world: World) -> Orphaned:
    """Killed first of all: the dead worker's lease ends by itself while the other tests run."""
    customer = world.tenant("Killed").connected()
    items = customer.items(12, "KILLED")
    world.sandbox.mend()
    world.sandbox.fault("PUT", "/Invoices", "latency", seconds=6)
    customer.publish(items)
    wait_for("the slow call to begin", lambda: world.sandbox.fired() == 1)
    assert broken.kill_worker(world.stack) >= 1
    world.sandbox.mend()
    return Orphaned(customer, items)


@pytest.fixture(scope="module")
def customer(world: World, orphaned: Orphaned) -> Customer:
    return world.tenant("Lost and doubled").connected()


@pytest.fixture(autouse=True)
def _counted_anew(world: World) -> Iterator[None]:
    world.sandbox.tell("/counts/clear")
    yield


def assert_each_is_there_once(customer: Customer, items: list[str]) -> list[dict[str, Any]]:
    """Every item is published, and its document the only one of its number; returns the documents."""
    found = customer.settled(items)
    stages = Counter(one["stage"] for one in found.values())
    assert stages == {"published": len(items)}, [one["last_error"] for one in found.values()]
    documents = customer.documents()
    numbers = [one["number"] for one in found.values()]
    times = Counter(one["InvoiceNumber"] for one in documents)
    assert {number: times[number] for number in numbers} == dict.fromkeys(numbers, 1)
    held = {one["published"]["document_id"] for one in found.values()}
    mine = [one for one in documents if one["InvoiceID"] in held]
    assert len(mine) == len(items)
    return mine


def test_committed_and_dropped_twice_in_a_row(customer: Customer) -> None:
    customer.world.sandbox.fault("PUT", "/Invoices", "commit_then_drop", times=2)
    items = customer.items(5, "TWICE")
    customer.publish(items)
    assert_each_is_there_once(customer, items)
    assert customer.world.sandbox.fired() == 2
    sent = customer.world.sandbox.calls()["PUT /Invoices"]
    # Three, and one more when the killed worker's batch is taken up in the same moment.
    assert 3 <= sent <= 4, "the same key answers for the lost answers"


def test_committed_and_dropped_then_the_token_ends_before_the_resend(customer: Customer) -> None:
    sandbox = customer.world.sandbox
    sandbox.fault("PUT", "/Invoices", "commit_then_drop")
    sandbox.fault("PUT", "/Invoices", "commit_then_hang", seconds=5)
    items = customer.items(3, "TOKEN")
    customer.publish(items)
    wait_for("the resend", lambda: sandbox.fired() == 2)
    assert sandbox.tell("/xero/tokens", {"expire": "access", "user": OWNER_OF_TOKENS})["expired"] > 0
    assert_each_is_there_once(customer, items)
    assert sandbox.calls()["GET /Invoices"] >= 1, "a key is bound to its token: after that only a look-up tells"
    assert sandbox.read("/counts")["token_grants"]["xero"] == {"refresh_token 200": 1}


@pytest.mark.parametrize(
    ("kind", "how"),
    [
        ("commit_then_status", {"status": 500}),
        ("commit_late", {"visible_after_lookups": 1}),
        ("truncate", {}),
        ("missing", {"elements": [0, 2]}),
        ("reorder", {}),
        ("html", {}),
    ],
)
def test_an_answer_that_went_wrong(customer: Customer, kind: str, how: dict[str, Any]) -> None:
    customer.world.sandbox.fault("PUT", "/Invoices", kind, **how)
    items = customer.items(4, kind.upper())
    customer.publish(items)
    assert_each_is_there_once(customer, items)
    assert customer.world.sandbox.fired() == 1


def test_a_lost_answer_about_supplier_payment_and_file(customer: Customer) -> None:
    sandbox = customer.world.sandbox
    bank = customer.entry("bank_accounts", "Business Bank Account")["id"]
    customer.post("/lists/payment_methods", {"name": "Card", "bank_account": bank})
    for path in ("/Contacts", "/Payments", "/Invoices/*/Attachments/*"):
        sandbox.fault("PUT", path, "commit_then_drop")
    paid = {"paid": True, "paid_on": "2026-03-12", "payment_method": {"name": "Card"}, "publish_as": "paid"}
    items = customer.items(3, "FACTS", contact={"name": "Brand-new & Co"}, **paid)
    for item in items:
        assert customer.attach(item).status_code == 200
    customer.publish(items)
    documents = assert_each_is_there_once(customer, items)
    assert sandbox.fired() == 3
    books = customer.books()
    assert [one["Name"] for one in books["Contacts"]].count("Brand-new & Co") == 1
    ids = {one["InvoiceID"] for one in documents}
    paid_ids = [one["Invoice"]["InvoiceID"] for one in books["Payments"] if one["Invoice"]["InvoiceID"] in ids]
    assert Counter(paid_ids) == dict.fromkeys(ids, 1)
    assert {one["Status"] for one in documents} == {"PAID"}
    facts = [customer.seen(item)["published"] for item in items]
    assert [(one["payment"]["outcome"], one["attachment"]["outcome"]) for one in facts] == [("done", "done")] * 3
    assert all(len(files_of(books, one)) == 1 for one in ids)


def files_of(books: dict[str, Any], document: str) -> list[Any]:
    """The files of one document in the sandbox's books."""
    return [one for one in books["Attachments"] if document in str(one)]


def test_one_poison_element_among_fifty(customer: Customer) -> None:
    papers = customer.items(49, "GOOD")
    poison = customer.item(number="POISON", contact={"name": "Severn Power"})["id"]
    customer.edit_books(archive_contact="Severn Power")
    publication = customer.publish([*papers, poison])
    assert_each_is_there_once(customer, papers)
    refused = customer.await_stage(poison, "needs_review", "ready")["last_error"]
    assert refused["provider_text"]
    assert refused["cause"] and refused["remedy"]
    counts = customer.get(f"/publications/{publication}")["counts"]
    assert (counts["published"], counts["refused"]) == (49, 1)
    assert "POISON" not in {one["InvoiceNumber"] for one in customer.documents()}


def test_the_same_wake_up_delivered_many_times_at_once(customer: Customer) -> None:
    with broken.deaf(customer.world.stack):
        items = customer.items(8, "DOUBLE")
        for item in items:
            customer.post(f"/items/{item}/publish")
        broken.wake(customer, times=10)
    assert_each_is_there_once(customer, items)
    assert customer.world.sandbox.calls()["PUT /Invoices"] == 1


def test_a_lost_wake_up_is_healed_by_the_agenda(world: World) -> None:
    stack, customer = world.stack, world.tenant("Lost wake-up").connected()  # no worker is busy with it already
    with broken.deaf(stack):
        item = customer.item(number="LOST-1")["id"]
        customer.post(f"/items/{item}/publish")
        stack.client("sqs").purge_queue(QueueUrl=stack.outputs["PublishQueueUrl"])
        assert broken.queue_depth(stack, "PublishQueueUrl") == 0
    assert customer.seen(item)["stage"] == "queued"
    assert broken.agenda_comes_due(customer, "publish") >= 1
    customer.await_stage(item, "published")
    assert_each_is_there_once(customer, [item])


def test_a_publication_whose_message_was_lost_is_taken_up_again(customer: Customer) -> None:
    stack = customer.world.stack
    with broken.deaf(stack):
        items = customer.items(2, "EXPAND")
        customer.publish(items)
        stack.client("sqs").purge_queue(QueueUrl=stack.outputs["PublishQueueUrl"])
    assert broken.agenda_comes_due(customer, "publication") == 1
    wait_for("the first to be published", lambda: customer.seen(items[0])["stage"] == "published")
    assert_each_is_there_once(customer, items)


def test_a_worker_killed_in_the_middle_of_a_batch(orphaned: Orphaned) -> None:
    customer = orphaned.customer

    def taken_over() -> bool:
        broken.agenda_comes_due(customer, "publish")
        return bool(customer.seen(orphaned.items[0])["stage"] == "published")

    wait_for("the dead worker's lease to end and another to take over", taken_over, seconds=110)
    assert_each_is_there_once(customer, orphaned.items)
