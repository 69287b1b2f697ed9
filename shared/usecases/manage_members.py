"""The people of an account. One admin always stays: checked under the account's version, so two writers cannot."""

from collections.abc import Callable
from typing import Final

from shared.domain.accounts import Account, Caller, Member, Role
from shared.domain.errors import ConflictError, fail
from shared.usecases.happenings import happened
from shared.usecases.service import Service

_TRIES: Final = 4


def add_member(service: Service, caller: Caller, account: Account, member: Member) -> Member:
    """Add a person; a repeat under the same id meets its own. Raises conflict (field user) for one listed already."""

    def add(current: Account) -> Member:
        there = service.accounts.member_of(account.tenant, account.id, member.user)
        if there is not None:
            if there.id == member.id:
                return there
            raise fail("conflict", field="user", member=there.id)
        event = happened(service, account.id, "member.added", by=caller, subject=member.id, after=_said(member))
        service.accounts.put_member(current, member, event)
        return _stored(service, account, member.id)

    return _settled(service, account, add)


def change_member(service: Service, caller: Caller, account: Account, member: Member, changed: Member) -> Member:
    """Write a member's new name, role or kind; raises last_admin, ConflictError when the member changed meanwhile."""

    def change(current: Account) -> Member:
        if _stored(service, account, member.id).version != member.version:
            raise fail("precondition_failed")
        if changed.effective_role is not Role.ADMIN:
            _keep_an_admin(service, account, member)
        event = happened(
            service,
            account.id,
            "member.changed",
            by=caller,
            subject=member.id,
            before=_said(member),
            after=_said(changed),
        )
        service.accounts.put_member(current, changed, event)
        return _stored(service, account, member.id)

    return _settled(service, account, change)


def remove_member(service: Service, caller: Caller, account: Account, member: Member) -> None:
    """Take a person out of the account; raises last_admin."""

    def remove(current: Account) -> Member:
        _keep_an_admin(service, account, member)
        event = happened(service, account.id, "member.removed", by=caller, subject=member.id, before=_said(member))
        service.accounts.remove_member(current, member, event)
        return member

    _settled(service, account, remove)


def _settled(service: Service, account: Account, change: Callable[[Account], Member]) -> Member:
    """Run a change against the account as it is now, again while others change it."""
    for _ in range(_TRIES):
        current = service.accounts.get(account.tenant, account.id)
        if current is None:
            raise fail("not_found", field="account")
        try:
            return change(current)
        except ConflictError:
            continue
    raise ConflictError("the account's members change too often")


def _keep_an_admin(service: Service, account: Account, member: Member) -> None:
    if member.effective_role is not Role.ADMIN:
        return
    others = [one for one in service.accounts.members(account.tenant, account.id) if one.id != member.id]
    if not any(one.effective_role is Role.ADMIN for one in others):
        raise fail("last_admin")


def _stored(service: Service, account: Account, member_id: str) -> Member:
    found = service.accounts.member(account.tenant, account.id, member_id)
    if found is None:
        raise fail("not_found", field="member")
    return found


def _said(member: Member) -> dict[str, object]:
    return {"user": member.user, "role": member.role.value, "kind": member.kind.value}
