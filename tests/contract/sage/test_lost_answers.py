"""Every way in which an answer can be lost or refused: the same bytes again, or a look-up, tell what became of it."""

from dataclasses import replace
from typing import Any

import pytest

from shared.domain.connections import Destination, PublishAs
from shared.domain.ids import marker_for
from shared.domain.lists import Kind
from shared.domain.publishing import FactKind, Member, Verdict
from shared.providers.contract import CallFailed, LimitReached, Session, Upload, Wanted, WholeRefused
from shared.providers.sage import api
from shared.providers.sage.calls import PROVIDER
from tests.contract.sage.kit import World, consented
from tests.contract.sage.test_publishing import PDF, RESOURCES, new_contact, sorts

LOST: tuple[tuple[str, dict[str, Any]], ...] = (
    ("commit_then_drop", {}),
    ("commit_then_status", {"status": 500}),
    ("truncate", {}),
    ("html", {}),
)


def lose(world: World, resource: str, kind: str, **options: Any) -> tuple[Any, bytes]:
    """A document sent, its answer lost."""
    item, destination = sorts(world)[resource]
    batch, body = world.batch(world.drafted(item, destination=destination))
    world.sage.fault("POST", f"/{resource}", kind, **options)
    with pytest.raises(CallFailed) as failed:
        PROVIDER.send(world.session, batch, body)
    assert failed.value.sent
    return batch, body


@pytest.mark.parametrize(("kind", "options"), LOST)
@pytest.mark.parametrize("resource", RESOURCES)
def test_the_same_bytes_again_make_no_second_document(
    world: World, resource: str, kind: str, options: dict[str, Any]
) -> None:
    batch, body = lose(world, resource, kind, **options)
    (found,) = PROVIDER.find(world.session, batch, frozenset())
    world.renew()  # the key is not bound to the access token
    (again,) = PROVIDER.send(world.session, batch, body)
    assert found.verdict is again.verdict is Verdict.DONE
    assert found.provider_id == again.provider_id
    assert len(made(world, resource, batch.members[0].marker)) == 1


def made(world: World, resource: str, marker: str) -> list[str]:
    rows = api.rows(world.session, f"/{resource}", {"attributes": "reference"})
    return [row["id"] for row in rows if row.get("reference") == marker]


@pytest.mark.parametrize("resource", RESOURCES)
def test_what_never_arrived_is_not_found(world: World, resource: str) -> None:
    batch, _ = lose(world, resource, "status", status=503)
    assert PROVIDER.find(world.session, batch, frozenset()) == []


@pytest.mark.parametrize("resource", RESOURCES)
def test_what_somebody_deleted_counts_as_done_and_is_void(world: World, resource: str) -> None:
    item, destination = sorts(world)[resource]
    batch, body = world.batch(world.drafted(item, destination=destination))
    (answer,) = PROVIDER.send(world.session, batch, body)
    gone = api.request(
        world.session,
        api.BusinessCall(
            world.organisation.id, "DELETE", f"/{resource}/{answer.provider_id}", {"void_reason": "a test"}
        ),
    )
    assert gone.status in {200, 204}, gone.text()
    (found,) = PROVIDER.find(world.session, batch, frozenset())
    assert found.verdict is Verdict.DONE and found.voided and found.provider_id == answer.provider_id


def test_a_lost_payment_is_found_and_made_once(world: World) -> None:
    item = world.item()
    document = world.publish(world.drafted(item, status=PublishAs.PAID))
    marker = marker_for("T", f"{item.id}/payment", 1)
    wanted = Wanted("purchase_invoices", document.provider_id or "")
    draft = PROVIDER.payment(item, wanted, world.resolved(item), marker)
    member = Member(item.id, marker, dict(draft.fingerprint), "A")
    batch, body = world.batch((member, draft), FactKind.PAYMENTS)
    world.sage.fault("POST", "/contact_payments", "commit_then_drop")
    with pytest.raises(CallFailed):
        PROVIDER.send(world.session, batch, body)
    (found,) = PROVIDER.find(world.session, batch, frozenset())
    (again,) = PROVIDER.send(world.session, batch, body)
    assert found.provider_id == again.provider_id and found.verdict is Verdict.DONE


def test_a_lost_contact_is_found_by_its_name(world: World) -> None:
    member, draft = new_contact()
    batch, body = world.batch((member, draft), FactKind.SUPPLIERS)
    world.sage.fault("POST", "/contacts", "commit_then_drop")
    with pytest.raises(CallFailed) as failed:
        PROVIDER.send(world.session, batch, body)
    assert failed.value.sent
    (found,) = PROVIDER.find(world.session, batch, frozenset())
    (again,) = PROVIDER.send(world.session, batch, body)
    assert found.verdict is Verdict.DONE and found.provider_id == again.provider_id


def test_a_look_that_fails_before_a_contact_is_made_leaves_it_unsent(world: World) -> None:
    batch, body = world.batch(new_contact(), FactKind.SUPPLIERS)
    world.sage.fault("GET", "/contacts", "status", status=503, times=3)
    with pytest.raises(CallFailed) as failed:
        PROVIDER.send(world.session, batch, body)
    assert not failed.value.sent
    assert world.sage.calls("POST /contacts") == 0


def test_a_file_whose_answer_was_lost_is_there_once(world: World) -> None:
    document = world.publish(world.drafted(world.item()))
    upload = Upload(Wanted("purchase_invoices", document.provider_id or ""), PDF)
    world.sage.fault("POST", "/attachments", "commit_then_drop")
    with pytest.raises(CallFailed):
        PROVIDER.attach(world.session, [upload], "k1")
    (answer,) = PROVIDER.attach(world.session, [upload], "k2")
    assert answer.attachment_id
    assert world.sage.calls("POST /attachments") == 1


def test_known_documents_are_of_the_right_kind(world: World) -> None:
    cost = world.item()
    answer = world.publish(world.drafted(cost, destination=Destination.BANK_ACCOUNTS))
    aim = world.target(cost, Destination.BANK_ACCOUNTS)
    known = PROVIDER.known(world.session, cost, aim, answer.provider_id or "")
    assert known is not None and known.marker == aim.marker and known.resource == "other_payments"
    sale = sorts(world)["sales_invoices"][0]
    receipt = world.target(sale, Destination.BANK_ACCOUNTS)
    assert PROVIDER.known(world.session, sale, receipt, answer.provider_id or "") is None
    assert PROVIDER.known(world.session, cost, world.target(cost), "0" * 32) is None


def test_a_429_names_a_time(world: World) -> None:
    world.sage.fault("POST", "/purchase_invoices", "limiter")
    batch, body = world.batch(world.drafted(world.item()))
    with pytest.raises(LimitReached):
        PROVIDER.send(world.session, batch, body)


def test_rights_that_one_document_needs_refuse_that_document(world: World) -> None:
    """nora: reads only. The business stays open to her, so that the connection is not taken out of service."""
    reader = consented(world.sage, "lee.wong@example.com")
    batch, body = world.batch(world.drafted(world.item()))
    session: Session = replace(world.session, access_token=reader.pair.access)
    with pytest.raises(WholeRefused) as refused:
        PROVIDER.send(session, batch, body)
    assert refused.value.problem.code == "provider_permission"


# --- refusals in Sage's own words
@pytest.mark.parametrize(
    ("edit", "code"),
    [
        ({"lock_date": "2030-01-01"}, "year_locked"),
        ({"accounts_start_date": "2030-01-01"}, "before_accounts_start"),
        ({"multi_currency": False}, "currency_not_enabled"),
    ],
)
def test_what_changed_in_sage_since_the_lists_came(world: World, edit: dict[str, Any], code: str) -> None:
    changes: dict[str, Any] = {"currency": "EUR"} if "multi_currency" in edit else {}
    drafted = world.drafted(world.item(**changes))
    world.sage.edit(**edit)
    batch, body = world.batch(drafted)
    (answer,) = PROVIDER.send(world.session, batch, body)
    assert answer.verdict is Verdict.REFUSED
    assert answer.problem is not None and (answer.problem.code, bool(answer.problem.provider_text)) == (code, True)


def test_a_contact_of_the_other_side_is_refused_as_such(world: World) -> None:
    customer = world.entry(Kind.CUSTOMERS, "Ridgeway University")
    item = world.item()
    draft = PROVIDER.draft(item, world.resolved(item, contact=customer), world.target(item))
    batch, body = world.batch((Member(item.id, world.target(item).marker, dict(draft.fingerprint), "A"), draft))
    (answer,) = PROVIDER.send(world.session, batch, body)
    assert answer.problem is not None and answer.problem.code == "contact_of_other_side", answer.problem
