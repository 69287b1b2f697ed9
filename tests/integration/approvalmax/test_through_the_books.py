"""Bills for ApprovalMax go into the main connection's books to wait there; what people decide is read back."""

import json
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise

import pytest

from rehearsal.papers import LINKED
from rehearsal.process import Process
from rehearsal.world import World
from shared.domain.approvals import ApprovalOutcome
from shared.domain.connections import ConnectionStatus, Slot
from shared.domain.integrations import Because
from shared.domain.items import FactOutcome, Stage
from shared.usecases.edit_item import found_item
from shared.usecases.integrations import Ways
from shared.usecases.preview_item import preview_item
from tests.integration.approvalmax.kit import (
    decide,
    everything_sound,
    files,
    invoices,
    looks,
    main_of,
    next_look,
    paper,
    published,
    refresh_messages,
    work,
)

PDF = b"%PDF-1.4\n1 0 obj<<>>endobj\ntrailer<<>>\n%%EOF\n"


def test_sixty_bills_with_files_wait_in_the_books_each_once(world: World) -> None:
    items = world.create([paper(world, number) for number in range(60)], file=PDF)
    world.publish(items)
    world.settle()
    assert everything_sound(world, items) == []
    bills = [one for found in invoices(world).values() for one in found]
    assert {one["Status"] for one in bills} == {"SUBMITTED"} and len(bills) == 60
    attached = files(world)
    assert all(attached[one["InvoiceID"]] == 1 for one in bills)
    states = world.states()
    for item in items:
        document = states[item].published
        assert document is not None and document.approval is not None
        assert document.approval.connection == world.connection_id
        assert document.approval.outcome is ApprovalOutcome.PENDING
        assert document.connection == main_of(world).id
        assert document.attachment is not None and document.attachment.outcome is FactOutcome.DONE
    # Two calls of fifty at most, a file each; ApprovalMax itself was asked nothing.
    assert world.sandbox.calls("PUT /Invoices", "xero") == 2
    assert world.calls("POST /companies/{id}/bills") == 0


def test_where_an_item_goes_is_shown_at_every_stage(world: World) -> None:
    (item,) = world.create([paper(world, 0)])

    def shown() -> tuple[Slot | None, str | None, Because]:
        ways = Ways(world.service, world.account)
        content, state, marker = found_item(world.service, world.account, item, ways.linked)
        found = ways.shown(content, state, marker)
        return found.slot, found.connection, found.reason

    assert shown() == (Slot.APPROVALMAX, world.connection_id, Because.ITEM)
    preview = preview_item(world.service, world.account, item)
    assert (preview.integration.slot, preview.provider, preview.problems) == (Slot.APPROVALMAX, "xero", ())
    assert json.loads(preview.payloads[0].text)["Invoices"][0]["Status"] == "SUBMITTED"
    publication = world.publish([item])
    world.deliver_due()
    (total,) = (world.service.publications.get(world.tenant, world.account_id, publication.id) or publication).expected
    assert total.integration == "approvalmax"
    world.settle()
    assert shown() == (Slot.APPROVALMAX, world.connection_id, Because.ITEM)


def test_decisions_are_read_back_with_when_and_whom(world: World) -> None:
    good, bad, open_one = world.create([paper(world, 0), paper(world, 6), paper(world, 12)])
    world.publish([good, bad, open_one])
    world.settle()
    decide(world, "approve", request=request_of(world, good), comment="fine")
    decide(world, "reject", request=request_of(world, bad))
    next_look(world)
    approved, rejected = published(world, good), published(world, bad)
    assert approved.approval and approved.approval.outcome is ApprovalOutcome.APPROVED
    assert (approved.status, approved.approval.by) == ("AUTHORISED", "Jordan Lee") and approved.approval.at
    assert rejected.approval and rejected.approval.outcome is ApprovalOutcome.REJECTED
    assert (rejected.status, rejected.approval.by) == ("DRAFT", "Jordan Lee")
    waiting = published(world, open_one).approval
    assert waiting and waiting.outcome is ApprovalOutcome.PENDING
    said = [entry.what for entry in world.service.items.timeline(world.tenant, world.account_id, good, None, 20)[0]]
    assert "approval.approved" in said
    # One still waits: another look is planned, and none once that is decided too.
    assert len(looks(world)) == 1
    decide(world, "approve", request=request_of(world, open_one))
    next_look(world)
    assert looks(world) == []


def request_of(world: World, item: str) -> str:
    """ApprovalMax's request for an item's bill."""
    world.sandbox.control("/approvalmax/pull")
    bill = published(world, item).document_id
    return next(str(one["requestId"]) for one in world.books()["requests"] if bill in one["externalUrl"])


@pytest.mark.soak
def test_looks_grow_apart_and_end(world: World) -> None:
    (item,) = world.create([paper(world, 0)])
    world.publish([item])
    world.settle()
    times = []
    for _ in range(18):  # four hours of looks every twenty minutes, then hourly
        next_look(world)
        times.append(world.time())
    gaps = [round((later - earlier) / timedelta(minutes=10)) for earlier, later in pairwise(times)]
    assert gaps == sorted(gaps) and gaps[0] <= 2 and gaps[-1] >= 6
    world.time.pass_by(days=91)
    world.run_agenda()
    for body in refresh_messages(world):
        if body["kind"] == "decisions":
            work(world, body)
    assert looks(world) == [] and published(world, item).approval is not None


def test_without_the_api_the_books_still_tell_what_was_decided(world: World) -> None:
    (item,) = world.create([paper(world, 0)])
    world.publish([item])
    world.settle()
    decide(world, "approve")
    world.sandbox.control(f"/approvalmax/organisations/{world.tenant_id}/edit", {"plan": "Standard"})
    next_look(world)
    approval = published(world, item).approval
    assert approval is not None and (approval.outcome, approval.by) == (ApprovalOutcome.APPROVED, None)


def test_a_lost_answer_makes_no_second_bill(world: World) -> None:
    items = world.create([paper(world, number) for number in range(6)])
    world.sandbox.fault("PUT", "/Invoices", "commit_then_drop", provider="xero")
    world.publish(items)
    world.settle()
    assert everything_sound(world, items) == []
    assert all(published(world, item).approval for item in items)


@pytest.mark.soak
def test_a_killed_worker_makes_no_second_bill_and_forgets_no_decision(world: World) -> None:
    for death in range(1, 60, 7):
        (item,) = world.create([paper(world, 0)], file=PDF)
        world.publish([item])
        world.deliver()
        world.deliver(process=Process(kill_after=death))
        world.settle()
        assert everything_sound(world, [item]) == []
        rows = world.service.approvals.page(world.tenant, world.account_id, world.connection_id, None, 500)
        assert item in {row.item for row in rows}


def test_what_it_refuses_never_leaves(world: World) -> None:
    def problems(**more: object) -> set[str]:
        (item,) = world.create([paper(world, 0, **more)])
        assert world.state(item).stage is Stage.NEEDS_REVIEW
        return {f"{reason.code} {reason.field}" for reason in world.state(item).reasons}

    assert problems(type="credit_note", due_date=None) == {"destination_not_offered destination"}
    bank = {"destination": "bank_accounts", "payment_method": {"name": LINKED}, "type": "receipt", "paid": True}
    assert "destination_not_offered destination" in problems(**bank)
    assert problems(publish_as="draft") == {"destination_not_offered publish_as"}
    assert problems(publish_as="awaiting_payment") == {"destination_not_offered publish_as"}


def test_a_large_file_never_leaves(world: World) -> None:
    (item,) = world.create([paper(world, 0)], file=b"x" * (3 * 1024 * 1024))
    world.publish([item])
    world.settle()
    state = world.state(item)
    assert state.stage is Stage.NEEDS_REVIEW and [one.code for one in state.reasons] == ["file_too_large"]
    assert invoices(world) == {}


def test_a_paused_secondary_holds_its_own_items_and_no_others(world: World) -> None:
    (mine,) = world.create([paper(world, 0)])
    (mains,) = world.create([paper(world, 6, integration="main", publish_as="awaiting_payment")])
    world.publish([mine, mains])
    world.deliver()
    connection = world.connection
    world.service.connections.update(replace(connection, paused_at=world.time()))
    world.is_quiet(12)
    assert world.state(mine).published is None and published(world, mains).approval is None
    world.service.connections.update(replace(world.connection, paused_at=None))
    world.settle()
    assert everything_sound(world, [mine]) == []


def test_items_of_a_secondary_that_ended_come_back(world: World) -> None:
    (item,) = world.create([paper(world, 0)])
    world.publish([item])
    world.deliver()
    closing = world.connection.moved(ConnectionStatus.CLOSING)
    world.service.connections.update(closing)
    world.settle()
    state = world.state(item)
    assert state.stage is Stage.NEEDS_REVIEW
    assert [one.code for one in state.reasons] == ["connection_disconnected"] and invoices(world) == {}
