"""Every way in which an answer can be lost: the call says that it may have arrived, the look-up says what is there."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from rehearsal.sandbox_process import SandboxClient
from shared.domain.connections import Destination
from shared.domain.items import Item, ItemType, Side
from shared.domain.lists import Entry, Kind
from shared.domain.publishing import FactKind, Member, Verdict
from shared.providers.contract import CallFailed, FileToAttach, Upload, Wanted, WholeRefused
from shared.providers.xero.calls import PROVIDER
from tests.contract.xero.kit import World, connected, failing

SORTS: dict[str, Callable[[World], tuple[Item, dict[str, Any]]]] = {
    "Invoices": lambda w: (w.item(), {}),
    "CreditNotes": lambda w: (w.item(type=ItemType.CREDIT_NOTE), {}),
    "BankTransactions": lambda w: (w.item(), {"destination": Destination.BANK_ACCOUNTS}),
}


@pytest.fixture
def world(sandbox: SandboxClient) -> World:
    return connected(sandbox)


@pytest.mark.parametrize("resource", SORTS)
@pytest.mark.parametrize(
    ("kind", "options"),
    [("commit_then_drop", {}), ("commit_then_status", {"status": 500}), ("truncate", {}), ("html", {})],
)
def test_a_document_whose_answer_was_lost_is_found(
    world: World, resource: str, kind: str, options: dict[str, Any]
) -> None:
    pairs = [SORTS[resource](world) for _ in range(3)]
    batch, body = world.batch(*[world.drafted(item, **target) for item, target in pairs])
    world.sandbox.fault("PUT", f"/{resource}", kind, **options)
    failed = failing(lambda: PROVIDER.send(world.session, batch, body))
    assert failed.sent
    found = world.found(batch)
    assert {answer.verdict for answer in found.values()} == {Verdict.DONE}
    assert set(found) == {member.marker for member in batch.members}
    assert len({answer.provider_id for answer in found.values()}) == 3


@pytest.mark.parametrize("resource", SORTS)
def test_what_never_arrived_is_not_found(world: World, resource: str) -> None:
    item, target = SORTS[resource](world)
    batch, body = world.batch(world.drafted(item, **target))
    world.sandbox.fault("PUT", f"/{resource}", "status", status=500)
    assert failing(lambda: PROVIDER.send(world.session, batch, body)).sent
    assert world.found(batch) == {}


def test_the_same_key_and_bytes_give_the_same_answer(world: World) -> None:
    batch, body = world.batch(world.drafted(world.item()))
    world.sandbox.fault("PUT", "/Invoices", "commit_then_drop")
    assert failing(lambda: PROVIDER.send(world.session, batch, body)).sent
    (answer,) = PROVIDER.send(world.session, batch, body)
    assert answer.verdict is Verdict.DONE
    assert len(world.books()["Invoices"]) == 1


def test_the_same_key_with_other_bytes_is_looked_up_not_split(world: World) -> None:
    batch, body = world.batch(world.drafted(world.item()))
    PROVIDER.send(world.session, batch, body)
    with pytest.raises(CallFailed) as failed:
        PROVIDER.send(world.session, batch, body + b" ")
    assert failed.value.sent


def test_a_late_commit_is_found_by_the_second_look(world: World) -> None:
    batch, body = world.batch(world.drafted(world.item()))
    world.sandbox.fault("PUT", "/Invoices", "commit_late", visible_after_lookups=1)
    assert failing(lambda: PROVIDER.send(world.session, batch, body)).sent
    assert world.found(batch) == {}
    assert len(world.found(batch)) == 1


def test_missing_and_reordered_elements(world: World) -> None:
    drafted = [world.drafted(world.item()) for _ in range(4)]
    world.sandbox.fault("PUT", "/Invoices", "reorder")
    by_marker = {answer.marker: answer for answer in world.publish(*drafted)}
    stored = {one["InvoiceID"]: one["Url"] for one in world.books()["Invoices"]}
    assert len(by_marker) == 4
    assert all(marker in stored[answer.provider_id or ""] for marker, answer in by_marker.items())
    more = [world.drafted(world.item()) for _ in range(3)]
    world.sandbox.fault("PUT", "/Invoices", "missing", elements=[1])
    batch, body = world.batch(*more)
    assert [answer.marker for answer in PROVIDER.send(world.session, batch, body)] == [
        more[0][0].marker,
        more[2][0].marker,
    ]
    assert set(world.found(batch)) == {member.marker for member in batch.members}


def test_a_document_that_a_person_voided_counts_as_done(world: World) -> None:
    batch, body = world.batch(world.drafted(world.item()))
    (answer,) = PROVIDER.send(world.session, batch, body)
    change = {"void": {"table": "Invoices", "id": answer.provider_id}}
    world.sandbox.control(f"/xero/organisations/{world.organisation.id}/edit", change)
    (found,) = world.found(batch).values()
    assert (found.verdict, found.voided, found.provider_id) == (Verdict.DONE, True, answer.provider_id)


def test_a_document_that_is_there_twice_is_for_a_person(world: World) -> None:
    drafted = world.drafted(world.item())
    world.publish(drafted)
    batch, body = world.batch(drafted)
    PROVIDER.send(world.session, batch, body)
    (found,) = world.found(batch).values()
    assert found.verdict is Verdict.UNKNOWN


def test_equal_purchase_credit_notes_are_told_apart_by_what_is_held(world: World) -> None:
    first = world.item(type=ItemType.CREDIT_NOTE, number=None)
    (old,) = world.publish(world.drafted(first))
    second = replace(first, id=first.id[:-1] + ("0" if first.id[-1] != "0" else "1"))
    batch, body = world.batch(world.drafted(second))
    world.sandbox.fault("PUT", "/CreditNotes", "commit_then_drop")
    assert failing(lambda: PROVIDER.send(world.session, batch, body)).sent
    assert [one.verdict for one in world.found(batch).values()] == [Verdict.UNKNOWN]
    (found,) = world.found(batch, frozenset({old.provider_id or ""})).values()
    assert found.verdict is Verdict.DONE
    assert found.provider_id != old.provider_id


def test_a_sales_credit_note_is_found_by_its_reference(world: World) -> None:
    item = world.item(side=Side.SALES, type=ItemType.CREDIT_NOTE)
    batch, body = world.batch(world.drafted(item))
    world.sandbox.fault("PUT", "/CreditNotes", "commit_then_drop")
    assert failing(lambda: PROVIDER.send(world.session, batch, body)).sent
    assert [one.verdict for one in world.found(batch).values()] == [Verdict.DONE]


def test_suppliers_whose_answer_was_lost_are_found(world: World) -> None:
    drafts = []
    for n, name in enumerate(['Ærø "Q" & Co', "Plain Ltd", "Severn Power"]):
        marker = f"LB{n}{'B' * 17}"
        draft = PROVIDER.new_supplier(Entry(f"e{n}", Kind.SUPPLIERS, name), marker)
        drafts.append((Member(f"e{n}", marker, dict(draft.fingerprint), "A"), draft))
    batch, body = world.batch(*drafts, fact=FactKind.SUPPLIERS)
    world.sandbox.control("/clock", {"advance_seconds": 600})
    batch = replace(batch, first_sent_at=batch.created_at)
    world.sandbox.fault("PUT", "/Contacts", "commit_then_drop")
    assert failing(lambda: PROVIDER.send(world.session, batch, body)).sent
    found = world.found(batch)
    assert {answer.verdict for answer in found.values()} == {Verdict.DONE}
    assert len({answer.provider_id for answer in found.values()}) == 3


def test_a_lost_upload_is_found_by_name_and_size(world: World) -> None:
    (bill,) = world.publish(world.drafted(world.item()))
    wanted, file = Wanted("Invoices", bill.provider_id or ""), FileToAttach("a b.pdf", "application/pdf", b"%PDF")
    world.sandbox.fault("PUT", "/Invoices/*/Attachments/*", "commit_then_drop")
    assert failing(lambda: PROVIDER.attach(world.session, [Upload(wanted, file)], "k")).sent
    assert PROVIDER.attached(world.session, [Upload(wanted, file)])


def test_a_batch_refused_whole_is_to_be_split(world: World) -> None:
    batch, body = world.batch(*[world.drafted(world.item()) for _ in range(2)])
    said = '{"ErrorNumber":10,"Type":"ValidationException","Message":"A validation exception occurred","Elements":[]}'
    world.sandbox.fault("PUT", "/Invoices", "status", status=400, body=said)
    with pytest.raises(WholeRefused) as refused:
        PROVIDER.send(world.session, batch, body)
    assert refused.value.problem.provider_text == "A validation exception occurred"
