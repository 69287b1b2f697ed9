"""Accounts of a tenant: made, listed, let go; and the tenant's own settings."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from shared.domain.accounts import Account, Caller, Capability, Member, Tenant
from shared.domain.connections import Connection, ConnectionStatus
from shared.domain.errors import ConflictError, fail
from shared.domain.return_urls import is_origin
from shared.usecases.admission import allow
from shared.usecases.happenings import happened
from shared.usecases.service import Service

_LOST: Final = frozenset({ConnectionStatus.EXPIRED, ConnectionStatus.REVOKED, ConnectionStatus.BROKEN})


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


def list_accounts(
    service: Service, caller: Caller, cursor: str | None, limit: int, *, attention: bool
) -> tuple[list[Account], str | None]:
    """A page of the tenant's accounts that the caller may see, newest first, and where the next begins.

    A machine client sees all, a person those where they are a member. With `attention` only accounts with a
    connection that waits for somebody. A page may hold fewer than `limit`, even none, before the last.
    """
    if caller.is_machine:
        allow(caller, Capability.READ)
    found, after = service.accounts.page(caller.tenant, cursor, limit)
    seen = [account for account in found if account.deleted_at is None and _may_see(service, caller, account)]
    if attention:
        seen = [account for account in seen if any(map(needs_attention, _connections(service, account)))]
    return seen, after


def _may_see(service: Service, caller: Caller, account: Account) -> bool:
    return caller.is_machine or service.accounts.member_of(account.tenant, account.id, caller.user) is not None


def _connections(service: Service, account: Account) -> list[Connection]:
    return service.connections.of_account(account.tenant, account.id)


def needs_attention(connection: Connection) -> bool:
    """Whether a connection waits for a person: access lost, publishing parked, or a list that fails."""
    if connection.status in _LOST or (connection.is_live and connection.parked_until is not None):
        return True
    return connection.is_live and any(health.problem for health in connection.lists.values())


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
