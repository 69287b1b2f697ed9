"""Tenants, accounts, members, events, connections and organisations."""

from dataclasses import replace

import pytest

from shared.domain.accounts import Role, Tenant
from shared.domain.connections import ConnectionStatus, Slot
from shared.domain.errors import ConflictError, LedgerbridgeError
from shared.storage.accounts import AccountStore
from shared.storage.connections import ConnectionStore
from shared.storage.events import EventStore
from shared.storage.organisations import Holder, OrganisationStore
from shared.storage.table import Table
from shared.storage.tenants import Issuer, TenantStore
from tests.integration.storage.samples import ACCOUNT, CONNECTION, TENANT, account, connection, event, fresh_id, member


def test_tenants_and_who_belongs_to_them(table: Table) -> None:
    store = TenantStore(table)
    store.create(Tenant(TENANT, "Receipts Ltd", ("https://app.example.org",)))
    with pytest.raises(ConflictError):
        store.create(Tenant(TENANT, "Another"))
    changed = store.update(replace(store.get(TENANT) or pytest.fail("none"), consent_limit_days=None))
    assert store.get(TENANT) == changed
    assert changed.version == 1
    issuer = Issuer("https://id.example.org/#pool", "https://id.example.org/jwks.json")
    store.put_issuer(issuer)
    store.put_issuer(issuer)
    assert store.issuer(issuer.issuer) == issuer
    assert store.issuer("https://id.example.org/") is None
    scopes = frozenset({"ledgerbridge/read", "ledgerbridge/work"})
    store.put_client(issuer.issuer, "client-1", TENANT, scopes)
    assert store.client_tenant(issuer.issuer, "client-1") == (TENANT, scopes)
    with pytest.raises(ConflictError):
        store.put_client(issuer.issuer, "client-1", fresh_id(), scopes)
    store.put_subject(issuer.issuer, "auth0|kim#1", TENANT)
    assert store.subject_tenant(issuer.issuer, "auth0|kim#1") == TENANT
    assert store.subject_tenant("https://elsewhere", "auth0|kim#1") is None


def test_an_issuer_of_one_tenant_is_not_taken_by_another(table: Table) -> None:
    store = TenantStore(table)
    store.put_issuer(Issuer("https://id", "https://id/jwks", TENANT))
    for other in (Issuer("https://id", "https://evil/jwks", fresh_id()), Issuer("https://id", "https://evil/jwks")):
        with pytest.raises(ConflictError):
            store.put_issuer(other)


def test_accounts_members_and_their_events(table: Table) -> None:
    store, events = AccountStore(table), EventStore(table)
    kim = member("kim|1")
    store.create(account(), kim, event())
    with pytest.raises(ConflictError):
        store.create(account(), None, event())
    assert store.get(TENANT, ACCOUNT) == account()
    assert store.get(fresh_id(), ACCOUNT) is None
    current = store.put_member(account(), member("lee", Role.VIEWER), event("member.added"))
    with pytest.raises(ConflictError):  # a person is a member once
        store.put_member(current, member("lee"), event("member.added"))
    assert [one.user for one in store.members(TENANT, ACCOUNT)] == ["kim|1", "lee"]
    lee = store.member_of(TENANT, ACCOUNT, "lee") or pytest.fail("lee is not there")
    assert store.member(TENANT, ACCOUNT, lee.id) == lee
    current = store.put_member(current, replace(lee, user="leigh", role=Role.ADMIN), event("member.changed"))
    assert store.member_of(TENANT, ACCOUNT, "lee") is None
    assert (store.member(TENANT, ACCOUNT, lee.id) or lee).user == "leigh"
    store.remove_member(current, replace(lee, user="leigh"), event("member.removed"))
    assert [one.user for one in store.members(TENANT, ACCOUNT)] == ["kim|1"]
    page, cursor = events.page(TENANT, ACCOUNT, None, 3)
    rest, end = events.page(TENANT, ACCOUNT, cursor, 3)
    assert len(page) == 3
    assert len(rest) == 1
    assert end is None
    assert {one.kind for one in page + rest} == {"account.created", "member.added", "member.changed", "member.removed"}


def test_the_coding_version_survives_a_change_made_on_an_older_read(table: Table) -> None:
    store = AccountStore(table)
    store.create(account(), None, event())
    assert store.bump_coding_version(TENANT, ACCOUNT) == 1
    store.update(account(name="New name", current_book="xero:org"), event("account.changed"))
    assert store.bump_coding_version(TENANT, ACCOUNT) == 2
    after = store.get(TENANT, ACCOUNT)
    assert after == account(name="New name", current_book="xero:org", coding_version=2, version=1)
    store.update(replace(after, current_book=None))
    assert (store.get(TENANT, ACCOUNT) or account()).current_book is None
    with pytest.raises(ConflictError):
        store.bump_coding_version(TENANT, fresh_id())


def test_accounts_are_paged_newest_first(table: Table) -> None:
    store = AccountStore(table)
    ids = sorted(fresh_id() for _ in range(5))
    for account_id in ids:
        store.create(account(id=account_id), None, event(account=account_id))
    seen, cursor = store.page(TENANT, None, 2)
    while cursor:
        more, cursor = store.page(TENANT, cursor, 2)
        seen += more
    assert [one.id for one in seen] == ids[::-1]


def test_events_of_one_subject(table: Table) -> None:
    events = EventStore(table)
    for number in range(6):
        events.append(TENANT, event("x", subject="odd" if number % 2 else "even"))
    page, cursor = events.page(TENANT, ACCOUNT, None, 2, subject="odd")
    rest, end = events.page(TENANT, ACCOUNT, cursor, 2, subject="odd")
    assert [one.subject for one in page + rest] == ["odd"] * 3
    assert end is None
    with pytest.raises(ConflictError):
        events.append(TENANT, page[0])


def test_a_slot_is_held_by_one_connection_until_it_is_released(table: Table) -> None:
    store = ConnectionStore(table)
    store.create(connection(), event("connection.started"))
    with pytest.raises(LedgerbridgeError) as taken:
        store.create(connection(id=fresh_id()), event("connection.started"))
    assert taken.value.problem.code == "main_connection_exists"
    assert taken.value.problem.details == {"connection": CONNECTION}
    with pytest.raises(ConflictError):  # its own repeat
        store.create(connection(), event("connection.started"))
    ended = connection(status=ConnectionStatus.DISCONNECTED)
    stored = store.update(ended, event("connection.ended"), release_slot=True)
    assert store.get(TENANT, ACCOUNT, CONNECTION) == stored
    second = store.create(connection(id=fresh_id()), event("connection.started"))
    assert [one.id for one in store.of_account(TENANT, ACCOUNT)] == sorted([CONNECTION, second.id])
    assert store.in_slot(TENANT, ACCOUNT, second.slot) == second.id
    with pytest.raises(ConflictError):  # the slot is another's now: all or nothing
        store.update(replace(stored, failed_drains=1), release_slot=True)
    assert store.get(TENANT, ACCOUNT, CONNECTION) == stored


def test_a_connection_and_its_account_change_together_or_not_at_all(table: Table) -> None:
    accounts, store = AccountStore(table), ConnectionStore(table)
    accounts.create(account(), None, event())
    store.create(connection(), event("connection.started"))
    accounts.update(account(name="Meanwhile"))
    with pytest.raises(ConflictError):
        store.update(connection(failed_drains=1), event("x"), account=account(current_book="xero:o"))
    assert store.get(TENANT, ACCOUNT, CONNECTION) == connection()
    current = accounts.get(TENANT, ACCOUNT) or pytest.fail("gone")
    store.update(connection(failed_drains=1), event("x"), account=replace(current, current_book="xero:o"))
    assert (accounts.get(TENANT, ACCOUNT) or account()).current_book == "xero:o"


def test_an_organisation_is_held_within_one_tenant(table: Table) -> None:
    store = OrganisationStore(table)
    store.link("xero", "org", TENANT, ACCOUNT, "c1")
    store.link("xero", "org", TENANT, ACCOUNT, "c1")
    store.link("xero", "org", TENANT, "a2", "c2")
    with pytest.raises(LedgerbridgeError) as taken:
        store.link("xero", "org", fresh_id(), "a3", "c3")
    assert taken.value.problem.code == "organisation_taken"
    assert set(store.holders("xero", "org")) == {Holder(TENANT, ACCOUNT, "c1"), Holder(TENANT, "a2", "c2")}
    for _ in range(2):
        store.unlink("xero", "org", TENANT, ACCOUNT, "c1")
    with pytest.raises(LedgerbridgeError):
        store.link("xero", "org", fresh_id(), "a3", "c3")
    store.unlink("xero", "org", TENANT, "a2", "c2")
    other = fresh_id()
    store.link("xero", "org", other, "a3", "c3")
    assert store.holders("xero", "org") == [Holder(other, "a3", "c3")]


def test_a_main_connection_closes_alone_and_nothing_begins_beside_it(table: Table) -> None:
    store = ConnectionStore(table)
    main = store.create(connection(), event("connection.started"))
    bill = connection(id=fresh_id(), provider="bill", slot=Slot.BILL)
    store.create(bill, event("connection.started"), beside=main.id)
    closing = replace(main, status=ConnectionStatus.CLOSING)
    with pytest.raises(LedgerbridgeError) as refused:
        store.close_main(closing, event("connection.closing"))
    assert refused.value.problem.code == "secondary_connected"
    assert refused.value.problem.details == {"connections": [bill.id]}
    assert store.get(TENANT, ACCOUNT, main.id) == main
    store.update(replace(bill, status=ConnectionStatus.DISCONNECTED), event("x"), release_slot=True)
    closed = store.close_main(closing, event("connection.closing"))
    with pytest.raises(ConflictError):
        store.close_main(closing, event("connection.closing"))
    with pytest.raises(LedgerbridgeError) as late:
        store.create(replace(bill, id=fresh_id()), event("connection.started"), beside=main.id)
    assert late.value.problem.code == "main_connection_missing"
    store.update(replace(closed, status=ConnectionStatus.DISCONNECTED), event("x"), release_slot=True)
    again = store.create(connection(id=fresh_id()), event("connection.started"))
    store.create(replace(bill, id=fresh_id()), event("connection.started"), beside=again.id)
