"""Fifty accounts connected by one person at Xero: one of them changes its software, the others go on."""

from dataclasses import replace
from typing import Any, Final

from rehearsal.consent import consented
from rehearsal.sandbox_process import ADVISER
from rehearsal.software import software
from shared.domain.accounts import Account, Event
from shared.domain.connections import Connection, ConnectionStatus, Organisation, Slot
from shared.domain.grants import Grant, GrantStatus
from shared.domain.ids import new_id
from shared.usecases.access_token import access_token
from tests.integration.changing.driver import OURS, Changing

OTHERS: Final = 49


def connected(changing: Changing, organisation: dict[str, Any]) -> Grant:
    """An account of its own, connected to an organisation by the adviser."""
    world, service, now = changing.world, changing.service, changing.world.time()
    account = Account(new_id(now), world.tenant, organisation["name"], now)
    service.accounts.create(account, None, Event(new_id(now), account.id, now, "test", "account.created"))
    told = consented(world.sandbox, replace(software("xero"), user=ADVISER), world.time, organisation["tenant_id"])
    grant = Grant(
        id=new_id(now),
        tenant=world.tenant,
        account=account.id,
        provider="xero",
        subject=told.subject,
        status=GrantStatus.ACTIVE,
        token_version=1,
        access_expires_at=told.pair.expires_at,
        consented_at=now,
        consent_event=told.consent_event,
    )
    key = service.vault.new_key(world.tenant, grant.id)
    service.grants.create(grant, key.seal(told.pair, 1), key.wrapped)
    connection = Connection(
        id=new_id(now),
        tenant=world.tenant,
        account=account.id,
        provider="xero",
        slot=Slot.MAIN,
        status=ConnectionStatus.ACTIVE,
        created_at=now,
        created_by="test",
        grant=grant.id,
        organisation=Organisation(organisation["tenant_id"], organisation["name"]),
    )
    service.connections.create(connection, Event(new_id(now), account.id, now, "test", "connection.started"))
    service.organisations.link("xero", connection.pinned.id, world.tenant, account.id, connection.id)
    return grant


def reaches(changing: Changing, grant: Grant) -> set[str]:
    """The organisations that Xero shows with a new token of a grant."""
    world = changing.world
    access = access_token(world.service, world.tenant, grant.id, refused_version=grant.token_version)
    headers = {"authorization": f"Bearer {access.token.reveal()}", "accept": "application/json"}
    return {
        row["tenantId"] for row in world.sandbox.http.get(f"{world.sandbox.xero}/connections", headers=headers).json()
    }


def test_the_other_forty_nine_go_on(changing: Changing) -> None:
    """To another of the person's organisations, then to other software: the person's consent stays for the others."""
    world = changing.world
    every = world.sandbox.read("/xero/organisations")
    mine = next(one for one in every if one["name"].startswith("Practice Client"))
    others = [one for one in every if one is not mine]
    grants = [connected(changing, one) for one in others]
    assert len(grants) == OTHERS
    wanted = {one["tenant_id"] for one in others}
    first = changing.change("xero", mine["name"], user=ADVISER)
    assert changing.main().id == first.successor
    ended = changing.change("quickbooks", OURS)
    assert changing.main().id == ended.successor
    assert [reaches(changing, grant) for grant in grants] == [wanted] * OTHERS
    assert world.sandbox.calls("POST /connect/revocation") <= 1  # the owner's, whose one organisation it was
