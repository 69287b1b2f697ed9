"""Accounts of a tenant: made, listed, let go; and the tenant's own settings."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from shared.domain.accounts import Account, Caller, Capability, Member, Tenant
from shared.domain.attention import Attention
from shared.domain.connections import Connection
from shared.domain.errors import ConflictError, fail
from shared.domain.return_urls import is_origin
from shared.usecases.admission import allow
from shared.usecases.happenings import happened
from shared.usecases.service import Service


def create_account(service: Service, caller: Caller, account: Account, first_member: Member | None) -> Account:
    """Store a new account, with its first member if any; a repeat under the same id meets its own."""
    event = happened(
        service, account.id, "account.created", by=caller, subject=account.id, after={"name": account.name}
    )
    try:
        service.accounts.create(account, first_member, event)
    except ConflictError:
        found = service.accounts.get(account.tenant, account.id)
        if found is None:
            raise
        return found
    return account


def list_accounts(service: Service, caller: Caller, cursor: str | None, limit: int) -> tuple[list[Account], str | None]:
    """A page of the tenant's accounts that the caller may see, newest first, and where the next begins.

    A machine client sees all, a person those where they are a member. A page may hold fewer than `limit`, even none,
    before the last.
    """
    if caller.is_machine:
        allow(caller, Capability.READ)
    found, after = service.accounts.page(caller.tenant, cursor, limit)
    return [account for account in found if _shows(service, caller, account)], after


def list_waiting(
    service: Service, caller: Caller, cursor: str | None, limit: int
) -> tuple[list[tuple[Account, Attention]], str | None]:
    """A page of those accounts that wait for somebody, the longest waiting first, and where the next begins.

    Read from the list that `usecases.note_attention` keeps, which says how far it lags: nothing else of an account is
    read to decide. A page may hold fewer than `limit` before the last.
    """
    if caller.is_machine:
        allow(caller, Capability.READ)
    noted, after = service.attention.page(caller.tenant, cursor, limit)
    accounts = service.accounts.batch_get(caller.tenant, [one.account for one in noted])
    pairs = [(accounts[one.account], one) for one in noted if one.account in accounts]
    return [(account, one) for account, one in pairs if _shows(service, caller, account)], after


def _shows(service: Service, caller: Caller, account: Account) -> bool:
    return account.deleted_at is None and _may_see(service, caller, account)


def _may_see(service: Service, caller: Caller, account: Account) -> bool:
    return caller.is_machine or service.accounts.member_of(account.tenant, account.id, caller.user) is not None


def _connections(service: Service, account: Account) -> list[Connection]:
    return service.connections.of_account(account.tenant, account.id)


def delete_account(service: Service, caller: Caller, account: Account) -> Account:
    """Take an account out of use; its records stay. Raises main_connection_exists while anything is connected."""
    live = next((one for one in _connections(service, account) if one.is_live), None)
    if live is not None:
        raise fail("main_connection_exists", connection=live.id)
    gone = replace(account, deleted_at=service.clock.now())
    return service.accounts.update(gone, happened(service, account.id, "account.deleted", by=caller))


def change_tenant(service: Service, tenant: Tenant, changes: Mapping[str, Any]) -> Tenant:
    """Change the tenant's own settings (return_urls, consent_limit_days).

    Raises invalid_request for what is not an origin (https, or http on localhost), ConflictError.
    """
    for place, url in enumerate(changes.get("return_urls", ())):
        if not is_origin(url):
            raise fail("invalid_request", field=f"return_urls[{place}]", reason="an https origin without a path")
    return service.tenants.update(replace(tenant, **changes))
