"""Connecting ApprovalMax beside Xero: its company must be of the same books; its defaults follow from them."""

from dataclasses import replace

import pytest

from functions.refresh.worker import serve
from rehearsal.consent import consented
from rehearsal.world import INVOCATION, World
from shared.domain.accounts import Caller
from shared.domain.approvals import ApprovalOutcome, Delivery, Ledger
from shared.domain.connections import Connection, ConnectionStatus, PublishAs
from shared.domain.errors import LedgerbridgeError
from shared.domain.grants import Grant, GrantStatus
from shared.domain.ids import new_id
from shared.storage.organisations import Holder
from shared.usecases.change_settings import change_settings
from shared.usecases.choose_organisation import choose_organisation
from tests.integration.approvalmax.kit import XERO_ORGANISATION, main_of, paper, published, refresh_messages, work


def company(world: World, name: str) -> str:
    rows = world.sandbox.read("/approvalmax/organisations")
    return next(str(row["organisation_id"]) for row in rows if row["name"] == name)


def asked(world: World, name: str) -> Connection:
    """The connection as it is once a person has consented to one company: nothing is chosen yet."""
    now, service = world.time(), world.service
    told = consented(world.sandbox, world.software, world.time, company(world, name))
    grant = Grant(
        id=new_id(now),
        tenant=world.tenant,
        account=world.account_id,
        provider="approvalmax",
        subject=told.subject,
        status=GrantStatus.ACTIVE,
        token_version=1,
        access_expires_at=told.pair.expires_at,
        consented_at=now,
    )
    key = service.vault.new_key(world.tenant, grant.id)
    service.grants.create(grant, key.seal(told.pair, 1), key.wrapped)
    before = world.connection
    service.organisations.unlink("approvalmax", before.pinned.id, world.tenant, world.account_id, before.id)
    fresh = Connection(
        id=before.id,
        tenant=before.tenant,
        account=before.account,
        provider=before.provider,
        slot=before.slot,
        status=ConnectionStatus.CHOOSING_ORGANISATION,
        created_at=now,
        created_by="test",
        pending_grant=grant.id,
        version=before.version,
    )
    return service.connections.update(fresh)


def choose(world: World, connection: Connection, name: str) -> Connection:
    caller = Caller(world.tenant, "desk", is_machine=True)
    return choose_organisation(world.new_service(), caller, connection, company(world, name)).connection


def refreshed(world: World) -> Connection:
    """After the worker has served what the choice asked for."""
    for body in refresh_messages(world):
        if body["kind"] == "refresh" and body["connection"] == world.connection_id:
            now = world.time()
            serve(world.new_service(), body, message_id=new_id(now), sent_at=now, deadline=now + INVOCATION)
    return world.connection


@pytest.mark.parametrize("told", [True, False], ids=["its books told", "its name alone"])
def test_a_company_of_the_main_connections_books_is_taken(world: World, told: bool) -> None:
    world.sandbox.control("/approvalmax/options", {"company_shows_ledger": told})
    main = main_of(world)
    chosen = choose(world, asked(world, XERO_ORGANISATION), XERO_ORGANISATION)
    assert chosen.status is ConnectionStatus.IMPORTING
    assert chosen.pinned.ledger == Ledger(main.pinned.name, "xero", main.pinned.id)
    assert (chosen.settings.delivery, chosen.settings.publish_as) == (Delivery.LEDGER, PublishAs.AWAITING_APPROVAL)
    active = refreshed(world)
    assert active.status is ConnectionStatus.ACTIVE and active.lists == {}
    assert active.pinned.ledger == chosen.pinned.ledger and active.pinned.base_currency == "GBP"
    assert world.account.current_book == f"xero:{main.pinned.id}"


@pytest.mark.parametrize("told", [True, False], ids=["its books told", "its name alone"])
@pytest.mark.parametrize("name", ["Maple Street Bakery Inc", "Harbour & Finch Ltd (QBO)"])
def test_a_company_of_other_books_is_refused_and_nothing_is_altered(world: World, name: str, told: bool) -> None:
    world.sandbox.control("/approvalmax/options", {"company_shows_ledger": told})
    connection = asked(world, name)
    with pytest.raises(LedgerbridgeError) as refused:
        choose(world, connection, name)
    assert (refused.value.problem.code, refused.value.problem.field) == ("organisation_not_of_main", "organisation_id")
    assert world.connection == connection
    assert world.service.organisations.holders("approvalmax", company(world, name)) == []


def test_how_bills_get_there_is_a_setting(world: World) -> None:
    caller = Caller(world.tenant, "desk", is_machine=True)
    refreshed_at = choose(world, asked(world, XERO_ORGANISATION), XERO_ORGANISATION)
    assert refreshed_at.settings.delivery is Delivery.LEDGER and refreshed(world)
    after = change_settings(world.service, caller, world.connection, {"delivery": Delivery.API}, read_as=None)
    assert after.settings.delivery is Delivery.API
    with pytest.raises(LedgerbridgeError) as refused:
        change_settings(world.service, caller, main_of(world), {"delivery": Delivery.API}, read_as=None)
    assert (refused.value.problem.code, refused.value.problem.field) == ("invalid_request", "delivery")
    # Over the API the bill is a request of ApprovalMax, and not in the books before it is approved.
    (item,) = world.create([paper(world, 0)])
    world.publish([item])
    world.settle()
    document = published(world, item)
    assert (document.connection, document.document_type) == (world.connection_id, "xero/bills")
    assert [one["requestId"] for one in world.books()["requests"]] == [document.document_id]
    world.sandbox.control("/approvalmax/decide", {"decision": "reject"})
    world.time.pass_by(minutes=30)
    world.run_agenda()
    for body in refresh_messages(world):
        if body["kind"] == "decisions":
            work(world, body)
    approval = published(world, item).approval
    assert approval is not None
    assert (approval.outcome, approval.by) == (ApprovalOutcome.REJECTED, "Jordan Lee")


def test_a_company_moved_to_other_books_takes_no_more_bills(world: World) -> None:
    moved = replace(world.connection.pinned, ledger=Ledger("Maple Street Bakery Inc", "xero", "another"))
    world.service.connections.update(replace(world.connection, organisation=moved))
    (item,) = world.create([paper(world, 0)])
    assert "organisation_not_of_main" in {reason.code for reason in world.state(item).reasons}


def test_a_webhook_has_decisions_read_at_once(world: World) -> None:
    assert Holder(world.tenant, world.account_id, world.connection_id) in world.service.organisations.holders(
        "approvalmax", world.tenant_id
    )
    (item,) = world.create([paper(world, 0)])
    world.publish([item])
    world.settle()
    world.sandbox.control("/approvalmax/pull")
    world.sandbox.control("/approvalmax/decide", {"decision": "approve"})
    look = {"organisation": world.tenant_id, "kinds": [], "decisions": True}
    work(world, {"schema": 1, "kind": "notice", "provider": "approvalmax", "notices": [look]})
    approval = published(world, item).approval
    assert approval is not None and approval.outcome is ApprovalOutcome.APPROVED
