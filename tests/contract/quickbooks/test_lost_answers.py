"""Every way in which an answer can be lost or refused: the call says what may have happened, the look-up what did."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from rehearsal.sandbox_process import SandboxClient
from shared.domain.connections import Destination
from shared.domain.items import Item, ItemType, Side
from shared.domain.lists import Kind
from shared.domain.publishing import Verdict
from shared.providers.contract import (
    AccessLost,
    CallFailed,
    FileToAttach,
    LimitReached,
    TokenRefused,
    Upload,
    Wanted,
    WholeRefused,
)
from shared.providers.quickbooks import api, lookups
from shared.providers.quickbooks.calls import PROVIDER
from tests.contract.quickbooks.kit import World, clock, connected
from tests.contract.sandbox.quickbooks import desk

SORTS: dict[str, Callable[[World], tuple[Item, Destination]]] = {
    "Bill": lambda w: (w.item(), Destination.PURCHASES),
    "VendorCredit": lambda w: (w.item(type=ItemType.CREDIT_NOTE), Destination.PURCHASES),
    "Purchase": lambda w: (w.item(), Destination.BANK_ACCOUNTS),
    "Invoice": lambda w: (w.item(side=Side.SALES), Destination.SALES),
    "SalesReceipt": lambda w: (w.item(side=Side.SALES), Destination.BANK_ACCOUNTS),
    "CreditMemo": lambda w: (w.item(side=Side.SALES, type=ItemType.CREDIT_NOTE), Destination.SALES),
}


@pytest.fixture
def world(sandbox: SandboxClient) -> World:
    return connected(sandbox)


def failing(call: Callable[[], object]) -> CallFailed:
    with pytest.raises(CallFailed) as failed:
        call()
    return failed.value


@pytest.mark.parametrize("resource", SORTS)
@pytest.mark.parametrize(
    ("kind", "options"),
    [("commit_then_drop", {}), ("commit_then_status", {"status": 500}), ("truncate", {}), ("html", {})],
)
def test_documents_whose_answer_was_lost_are_found(
    world: World, resource: str, kind: str, options: dict[str, Any]
) -> None:
    batch, body = world.batch(*[world.drafted(*SORTS[resource](world)) for _ in range(3)])
    desk.fault(world.sandbox, "POST", "/batch", kind, **options)
    assert failing(lambda: PROVIDER.send(world.session, batch, body)).sent
    before = world.permits
    found = world.found(batch)
    assert world.permits == before + 1
    assert set(found) == {member.marker for member in batch.members}
    assert {answer.verdict for answer in found.values()} == {Verdict.DONE}
    assert len({answer.provider_id for answer in found.values()}) == 3


def test_what_never_arrived_is_not_found(world: World) -> None:
    batch, body = world.batch(world.drafted(world.item()))
    desk.fault(world.sandbox, "POST", "/batch", "status", status=503)
    assert failing(lambda: PROVIDER.send(world.session, batch, body)).sent
    assert world.found(batch) == {}


def test_look_up_in_pages_where_more_changed_than_one_answer_holds(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    batch, body = world.batch(*[world.drafted(world.item()) for _ in range(5)])
    PROVIDER.send(world.session, batch, body)
    for module in (lookups, api):
        monkeypatch.setattr(module, "PAGE_SIZE", 2)
    assert len(world.found(batch)) == 5


def test_a_voided_document_counts_as_done_and_a_deleted_one_is_held(world: World) -> None:
    batch, body = world.batch(*[world.drafted(world.item(side=Side.SALES)) for _ in range(3)])
    answers = PROVIDER.send(world.session, batch, body)
    world.desk.edit(void={"entity": "Invoice", "id": answers[0].provider_id})
    found = world.found(batch)
    assert found[answers[0].marker].voided and found[answers[0].marker].verdict is Verdict.DONE
    world.desk.edit(delete={"entity": "Invoice", "id": answers[1].provider_id})
    found = world.found(batch)
    assert found[answers[1].marker].verdict is Verdict.UNKNOWN
    assert found[answers[2].marker].verdict is Verdict.DONE


def test_two_documents_with_one_marker_are_for_a_person(world: World) -> None:
    member, draft = world.drafted(world.item())
    for number in ("A", "B"):  # one number twice, and QuickBooks warns of a duplicate by itself
        copy = {**draft.element, "Bill": {**draft.element["Bill"], "DocNumber": number}}
        world.publish((member, replace(draft, element=copy)))
    batch, _ = world.batch((member, draft))
    (answer,) = world.found(batch).values()
    assert answer.verdict is Verdict.UNKNOWN
    assert answer.problem is not None and len(answer.problem.details["found"]) == 2


def test_a_marker_that_somebody_quotes_is_not_the_documents_own(world: World) -> None:
    member, draft = world.drafted(world.item())
    note = {"PrivateNote": f"Paid together with {member.marker}\nby card"}
    copy = {**draft.element, "Bill": {**draft.element["Bill"], **note}}
    world.publish((member, replace(draft, element=copy)))
    batch, _ = world.batch((member, draft))
    assert world.found(batch) == {}


def test_a_limit_names_the_time_to_wait(world: World) -> None:
    batch, body = world.batch(world.drafted(world.item()))
    world.sandbox.control("/quickbooks/limits", {"minute": 0})
    with pytest.raises(LimitReached) as limit:
        PROVIDER.send(world.session, batch, body)
    assert timedelta(seconds=55) < limit.value.blocked.until - clock() <= timedelta(seconds=60)


def test_an_expired_token_and_lost_access_are_told_apart(world: World) -> None:
    batch, body = world.batch(world.drafted(world.item()))
    world.desk.edit(access_lost=True)
    with pytest.raises(AccessLost) as lost:
        PROVIDER.send(world.session, batch, body)
    assert lost.value.problem.code == "provider_permission"
    world.desk.edit(access_lost=False)
    world.sandbox.control("/quickbooks/tokens", {"expire": "access"})
    with pytest.raises(TokenRefused):
        PROVIDER.send(world.session, batch, body)
    world = connected(world.sandbox, pull=False)
    world.sandbox.control("/quickbooks/revoke", {})
    with pytest.raises(AccessLost) as gone:
        PROVIDER.send(world.session, batch, body)
    assert gone.value.problem.code == "organisation_gone"


@pytest.mark.parametrize(
    ("edit", "code"),
    [({"close_books": "2099-12-31"}, "period_locked"), ({"suspended": True}, "provider_subscription")],
)
def test_what_changed_there_since_is_refused_with_its_reason(world: World, edit: dict[str, Any], code: str) -> None:
    drafted = world.drafted(world.item())
    world.desk.edit(**edit)
    try:
        (answer,) = world.publish(drafted)
        problem = answer.problem
        assert answer.verdict is Verdict.REFUSED
    except WholeRefused as refused:
        problem = refused.problem
    assert problem is not None and problem.code == code
    assert problem.provider_text


def test_a_number_that_is_taken(world: World) -> None:
    world.desk.edit(warns_of_duplicates=True)
    item = world.item()
    world.publish(world.drafted(item))
    again = world.drafted(replace(world.item(), number=item.number))
    (answer,) = world.publish(again)
    assert answer.problem is not None and answer.problem.code == "number_taken"
    assert answer.problem.details["number"] == item.number


def test_a_supplier_made_in_a_lost_call_is_found_by_name(world: World) -> None:
    from shared.domain.lists import Entry
    from shared.domain.publishing import FactKind, Member

    marker = "LB0000000000000000A1"
    draft = PROVIDER.new_supplier(Entry(marker, Kind.SUPPLIERS, "Dover Ferries"), marker)
    drafted = (Member(marker, marker, dict(draft.fingerprint), "A"), draft)
    batch, body = world.batch(drafted, fact=FactKind.SUPPLIERS)
    desk.fault(world.sandbox, "POST", "/batch", "commit_then_drop")
    failing(lambda: PROVIDER.send(world.session, batch, body))
    assert world.found(batch)[marker].verdict is Verdict.DONE


@pytest.mark.parametrize("kind", ["commit_then_drop", "truncate"])
def test_a_file_whose_answer_was_lost_is_found(world: World, kind: str) -> None:
    (answer,) = world.publish(world.drafted(world.item()))
    document = Wanted("Bill", answer.provider_id or "")
    file = FileToAttach("paper.pdf", "application/pdf", b"%PDF-1.4")
    desk.fault(world.sandbox, "POST", "/upload", kind)
    uploads = [Upload(document, file)]
    assert failing(lambda: PROVIDER.attach(world.session, uploads, "k")).sent
    assert [answer.name for answer in PROVIDER.attached(world.session, uploads)] == [file.name]
