"""What a person decides after a look into the books, and payments asked for again: looked up first, nothing doubled."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from rehearsal.founding import refresh
from rehearsal.papers import bill, paid_bill, supplier_credit
from rehearsal.process import Process
from rehearsal.world import PDF, World
from shared.domain.accounts import Caller
from shared.domain.items import Fact, FactOutcome, ItemState, PaymentStatus, Stage
from shared.usecases.publish_item import publish_item
from shared.usecases.resolve_item import Outcome, resolve_item
from tests.integration.publishing.checks import assert_sound, ledger

ANNA = Caller("tenant", "anna", is_machine=False)
NOWHERE = "00000000-0000-4000-8000-000000000000"


def twin_of(there: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """A purchase credit note as a person makes one: it looks just like ours."""
    line = {"Description": "Sundries", "Quantity": 1, "LineAmount": 40, "AccountCode": "429", "TaxType": "INPUT2"}
    return {
        "Type": "ACCPAYCREDIT",
        "Contact": {"ContactID": there["Contact"]["ContactID"]},
        "Date": "2026-03-11",
        "LineAmountTypes": "Exclusive",
        "CurrencyCode": "GBP",
        "CreditNoteNumber": "CN-9",
        "Status": "AUTHORISED",
        "LineItems": [line],
        **changes,
    }


@pytest.fixture
def held(world: World) -> tuple[World, str, list[str]]:
    """An item whose document may be either of two; their ids, ours first."""
    (item,) = world.create([supplier_credit(number="CN-9")], file=PDF)
    world.sandbox.fault("PUT", "/CreditNotes", "commit_then_drop", times=3)
    world.publish([item])
    world.deliver()
    world.sandbox.fault("GET", "/CreditNotes", "status", status=503, times=3)
    world.deliver()
    (there,) = world.books()["CreditNotes"]
    made = world.sandbox.connect().call("PUT", "/CreditNotes", json={"CreditNotes": [twin_of(there)]})
    assert made.status_code == 200, made.text
    world.settle()
    assert world.state(item).stage is Stage.UNKNOWN
    return world, item, [one["CreditNoteID"] for one in world.books()["CreditNotes"]]


def resolved(world: World, item: str, document_id: str) -> ItemState:
    resolve_item(world.service, world.account, item, Outcome.PUBLISHED, document_id, caller=ANNA)
    world.settle()
    assert world.failures == []
    assert world.markers() == []
    return world.state(item)


def code(state: ItemState) -> str | None:
    return state.last_error.code if state.last_error else None


def history(world: World, item: str) -> list[str]:
    lines, _ = world.service.items.timeline(world.tenant, world.account_id, item, None, 50)
    return [line.what for line in lines]


def test_a_held_item_says_which_documents_it_may_be(held: tuple[World, str, list[str]]) -> None:
    world, item, documents = held
    error = world.state(item).last_error
    assert error is not None
    assert error.details["found"] == sorted(documents)


def test_the_document_that_a_person_names_is_taken_over_with_its_file(held: tuple[World, str, list[str]]) -> None:
    world, item, (ours, _) = held
    sent = world.calls("PUT /CreditNotes")
    state = resolved(world, item, ours)
    assert (state.stage, state.last_error) == (Stage.PUBLISHED, None)
    assert state.published is not None
    assert (state.published.document_id, state.published.document_type) == (ours, "CreditNotes")
    assert state.published.attachment is not None
    assert state.published.attachment.outcome is FactOutcome.DONE
    assert ledger(world).files[ours] == 1
    assert world.calls("PUT /CreditNotes") == sent
    assert history(world, item)[:2] == ["item.resolved", "item.resolve.published"]
    events, _ = world.service.events.page(world.tenant, world.account_id, None, 1)
    assert (events[0].kind, events[0].actor, events[0].subject) == ("item.resolved", ANNA.actor, item)


def test_what_becomes_of_a_document_that_was_taken_over_is_read_back(held: tuple[World, str, list[str]]) -> None:
    world, item, (ours, _) = held
    resolved(world, item, ours)
    void = {"void": {"table": "CreditNotes", "id": ours}}
    world.time.pass_by(minutes=10)
    world.sandbox.control(f"/xero/organisations/{world.tenant_id}/edit", void)
    refresh(world)
    there = world.state(item).published
    assert there is not None
    assert there.payment_status is PaymentStatus.VOIDED


def test_a_document_that_is_not_there_is_not_believed(held: tuple[World, str, list[str]]) -> None:
    world, item, _ = held
    for document_id in (NOWHERE, "CN-9", "../Invoices", "%2e%2e"):
        state = resolved(world, item, document_id)
        assert (state.stage, code(state), state.published) == (Stage.UNKNOWN, "document_not_found", None)
    assert history(world, item)[0] == "item.resolve_refused"


def test_a_document_of_another_kind_is_not_believed(held: tuple[World, str, list[str]]) -> None:
    world, item, (ours, _) = held
    (there, *_) = world.books()["CreditNotes"]
    assert there["CreditNoteID"] == ours
    sale = twin_of(there, Type="ACCRECCREDIT", CreditNoteNumber="SALE-1")
    sale["LineItems"] = [{**sale["LineItems"][0], "AccountCode": "200", "TaxType": "OUTPUT2"}]
    made = world.sandbox.connect().call("PUT", "/CreditNotes", json={"CreditNotes": [sale]})
    assert made.status_code == 200, made.text
    state = resolved(world, item, made.json()["CreditNotes"][0]["CreditNoteID"])
    assert (state.stage, code(state)) == (Stage.UNKNOWN, "document_not_found")


def test_one_document_is_never_two_items(held: tuple[World, str, list[str]]) -> None:
    world, item, (ours, twin) = held
    resolved(world, item, ours)
    (second,) = world.create([supplier_credit(number="CN-9")])
    unknown(world, second)
    state = resolved(world, second, ours)
    assert (state.stage, code(state)) == (Stage.UNKNOWN, "document_of_another_item")
    assert resolved(world, second, twin).stage is Stage.PUBLISHED


def unknown(world: World, item: str) -> None:
    state = replace(world.state(item), stage=Stage.UNKNOWN)
    world.service.items.update_state(world.tenant, world.account_id, state)


def test_a_document_with_another_items_marker_is_that_items(world: World) -> None:
    first, second = world.create([bill(), bill()])
    world.publish([first])
    world.settle()
    published = world.state(first).published
    assert published is not None
    unknown(world, second)
    state = resolved(world, second, published.document_id)
    assert (state.stage, code(state)) == (Stage.UNKNOWN, "document_of_another_item")


def without_its_parts(world: World) -> tuple[str, str]:
    """A paid bill with a file whose document alone is in the books; the item and its document."""
    (item,) = world.create([paid_bill()], file=PDF)
    world.sandbox.fault("PUT", "/Payments", "status", status=400, times=1)
    world.sandbox.fault("PUT", "/Invoices/*/Attachments/*", "status", status=400, times=1)
    world.publish([item])
    world.settle()
    published = world.state(item).published
    assert published is not None
    assert published.payment is not None
    assert published.attachment is not None
    assert published.payment.outcome is published.attachment.outcome is FactOutcome.FAILED
    return item, published.document_id


def forgotten(world: World, item: str) -> None:
    """Nobody knows what became of the item."""
    state = replace(world.state(item), stage=Stage.UNKNOWN, published=None)
    world.service.items.update_state(world.tenant, world.account_id, state)


@pytest.mark.soak
def test_a_worker_killed_after_any_effect_completes_the_item_once(worlds: Callable[[], World]) -> None:
    """From the first write on, one after the other, until the worker gets through: document, file and payment."""
    for effect in range(1, 60):
        world = worlds()
        item, document = without_its_parts(world)
        forgotten(world, item)
        resolve_item(world.service, world.account, item, Outcome.PUBLISHED, document, caller=ANNA)
        process = world.deliver(process=Process(kill_after=effect))
        world.settle()
        assert_sound(world)
        found = world.state(item).published
        assert found is not None
        assert (found.document_id, world.state(item).last_error) == (document, None), process.effects
        assert ledger(world).payments[document] == ledger(world).files[document] == 1, process.effects
        if not process.dead:
            assert effect > 10
            return
    raise AssertionError("the worker never got through")


def test_a_document_taken_over_gets_its_payment_and_its_file(world: World) -> None:
    item, document = without_its_parts(world)
    forgotten(world, item)
    state = resolved(world, item, document)
    assert_sound(world)
    assert (state.stage, state.last_error) == (Stage.PUBLISHED, None)
    assert ledger(world).payments[document] == ledger(world).files[document] == 1


def with_payment(world: World, outcome: FactOutcome) -> str:
    """A published bill whose payment is written down with another outcome than it had."""
    (item,) = world.create([paid_bill()])
    world.publish([item])
    world.settle()
    state = world.state(item)
    assert state.published is not None
    changed = replace(state, published=replace(state.published, payment=Fact(outcome)))
    world.service.items.update_state(world.tenant, world.account_id, changed)
    return item


def payment_of(world: World, item: str) -> Fact:
    found = world.state(item).published
    assert found is not None
    assert found.payment is not None
    return found.payment


def pay(world: World, item: str) -> None:
    publish_item(world.service, world.account, item)
    world.settle()
    assert world.failures == []
    assert_sound(world)


def test_a_payment_that_failed_is_made_again_alone(world: World) -> None:
    (item,) = world.create([paid_bill()], file=PDF)
    world.sandbox.fault("PUT", "/Payments", "status", status=400, times=1)
    world.publish([item])
    world.settle()
    assert payment_of(world, item).outcome is FactOutcome.FAILED
    assert world.state(item).last_error is not None

    pay(world, item)

    assert payment_of(world, item).outcome is FactOutcome.DONE
    assert world.state(item).last_error is None
    assert (world.calls("PUT /Invoices"), world.calls("PUT /Payments")) == (1, 2)
    assert world.calls("GET /Payments") == 0, "a refused payment is not there: nothing to look for"


def test_an_unknown_payment_that_is_there_is_found_and_not_made_again(world: World) -> None:
    item = with_payment(world, FactOutcome.UNKNOWN)
    pay(world, item)
    assert payment_of(world, item).outcome is FactOutcome.DONE
    assert world.calls("PUT /Payments") == 1


def test_an_unknown_payment_that_is_not_there_is_made_after_the_settle_time(world: World) -> None:
    (item,) = world.create([paid_bill()])
    world.sandbox.fault("PUT", "/Payments", "status", status=400, times=1)
    world.publish([item])
    world.settle()
    state = world.state(item)
    assert state.published is not None
    unknown = replace(state, published=replace(state.published, payment=Fact(FactOutcome.UNKNOWN)))
    world.service.items.update_state(world.tenant, world.account_id, unknown)
    asked_at = world.time()
    pay(world, item)
    assert payment_of(world, item).outcome is FactOutcome.DONE
    assert (world.time() - asked_at).total_seconds() >= 60
    assert world.calls("PUT /Payments") == 2


def test_answers_to_a_payment_made_again_may_be_lost(world: World) -> None:
    (item,) = world.create([paid_bill()])
    world.sandbox.fault("PUT", "/Payments", "status", status=400, times=1)
    world.publish([item])
    world.settle()
    world.sandbox.fault("PUT", "/Payments", "commit_then_drop", times=2)
    pay(world, item)
    assert payment_of(world, item).outcome is FactOutcome.DONE


def test_a_file_and_a_payment_that_failed_are_asked_for_together(world: World) -> None:
    item, document = without_its_parts(world)
    pay(world, item)
    assert ledger(world).payments[document] == ledger(world).files[document] == 1
    assert world.state(item).last_error is None
