"""Who may do what in which account: resolved from storage on every request."""

from shared.aws.http import Admission
from shared.domain.accounts import SCOPE_OF, Account, Caller, Capability, Role, capabilities
from shared.domain.errors import LedgerbridgeError, fail
from shared.usecases.service import Service


def admit(service: Service, caller: Caller, account_id: str, capability: Capability) -> Admission:
    """The account, and what the caller may do in it.

    Raises not_found for an unknown, deleted or foreign account and for a person who is no member of it (all alike),
    scope_missing for a machine client, admin_needed or publisher_needed for a person with too low a role.
    """
    account = service.accounts.get(caller.tenant, account_id)
    if account is None or account.deleted_at is not None:
        raise fail("not_found", field="account")
    member = None if caller.is_machine else service.accounts.member_of(caller.tenant, account_id, caller.user)
    may = capabilities(caller, member)
    if not caller.is_machine and not may:
        raise fail("not_found", field="account")
    if capability not in may:
        raise _refusal(service, caller, account, capability)
    return Admission(account, member, may)


def allow(caller: Caller, capability: Capability) -> None:
    """For what belongs to the tenant and not to an account: a machine client's scopes decide, people have none."""
    if capability not in capabilities(caller, None):
        raise fail("scope_missing", scope=SCOPE_OF[capability])


def _refusal(service: Service, caller: Caller, account: Account, capability: Capability) -> LedgerbridgeError:
    if caller.is_machine:
        return fail("scope_missing", scope=SCOPE_OF[capability])
    code = "admin_needed" if capability is Capability.MANAGE else "publisher_needed"
    return fail(code, admins=admins(service, account))


def admins(service: Service, account: Account) -> list[dict[str, str | None]]:
    """Who may be asked: the account's admins by name."""
    return [
        {"user": member.user, "name": member.name, "email": member.email}
        for member in service.accounts.members(account.tenant, account.id)
        if member.effective_role is Role.ADMIN
    ]
