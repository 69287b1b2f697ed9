"""Accounts and their members."""

from collections.abc import Iterable
from dataclasses import replace
from itertools import islice

from shared.domain.accounts import Account, Event, Member
from shared.domain.errors import fail
from shared.storage.access import access
from shared.storage.codec import SCHEMA, decode
from shared.storage.events import appended
from shared.storage.keys import account_key, part, tenant_key
from shared.storage.operations import ABSENT, PRESENT, Check, Delete, Operation, Put, Update, version_is
from shared.storage.rows import amended, new, record_in, row_of
from shared.storage.table import Table

_ACCOUNT = "pk T#<tenant>#ACCOUNTS, sk <account>"
_MEMBER = "pk T#<tenant>#A#<account>, sk U#<user> and M#<member>"


def changed_account(account: Account, *, recode: bool = False) -> Update:
    """The write of a changed account. `coding_version` only grows: by one with `recode`, else it stays as stored."""
    after = replace(account, version=account.version + 1)
    change = amended(_account(account.tenant, account.id), after, version_is(account.version), keeping=_NOT_OURS)
    return replace(change, add={"coding_version": 1}) if recode else change


_NOT_OURS = frozenset({"coding_version"})


def recoding(tenant: str, account: str) -> Update:
    """The write that counts an account's coding version up, for a transaction with what items are judged by."""
    return Update(_account(tenant, account), {}, PRESENT, add={"coding_version": 1})


class AccountStore:
    """Accounts by tenant, members by account. A person is in an account at most once."""

    def __init__(self, table: Table) -> None:
        self._table = table

    @access("connections", "TransactWriteItems", "account, its tenant, first member, event", "none of them there yet")
    def create(self, account: Account, first_member: Member | None, event: Event) -> Account:
        """Store a new account with its first member; raises ConflictError when the id is taken."""
        pk, sk = _whose(account.id)
        operations: list[Operation] = [
            new(_account(account.tenant, account.id), account),
            Put({"pk": pk, "sk": sk, "schema": SCHEMA, "tenant": account.tenant}, ABSENT),
        ]
        if first_member:
            operations += _member_rows(account, first_member)
        self._table.transact([*operations, appended(account.tenant, event)])
        return account

    @access("connections", "GetItem", _ACCOUNT)
    def get(self, tenant: str, account: str) -> Account | None:
        return record_in(Account, self._table.get(*_account(tenant, account)))

    @access("connections", "BatchGetItem", _ACCOUNT)
    def batch_get(self, tenant: str, accounts: Iterable[str]) -> dict[str, Account]:
        """Those of the accounts that are there, by id."""
        found = (decode(Account, row) for row in self._table.batch_get(_account(tenant, one) for one in accounts))
        return {account.id: account for account in found}

    @access("connections", "GetItem", "pk ACCOUNT#<account>, sk TENANT")
    def tenant_of(self, account: str) -> str | None:
        """Whose an account is, where a request brings no token that says so; None for one that is not there.

        Nothing may be answered that tells the two apart before the request has proven who sent it.
        """
        row = self._table.get(*_whose(account))
        return row["tenant"] if row else None

    @access("connections", "Query", "pk T#<tenant>#ACCOUNTS, newest first")
    def page(self, tenant: str, cursor: str | None, limit: int) -> tuple[list[Account], str | None]:
        """Up to `limit` accounts of a tenant, newest first, and where to go on (None at the end)."""
        rows = self._table.query(_accounts(tenant), after=cursor, newest_first=True, page=limit + 1)
        found = [decode(Account, row) for row in islice(rows, limit + 1)]
        return found[:limit], found[limit - 1].id if len(found) > limit else None

    @access("connections", "UpdateItem or TransactWriteItems", _ACCOUNT, "version as read")
    def update(self, account: Account, event: Event | None = None, *, recode: bool = False) -> Account:
        """Store a changed account and return it with its next version; with `recode` its coding version grows.

        Raises ConflictError.
        """
        change = changed_account(account, recode=recode)
        if event is None:
            self._table.write(change)
        else:
            self._table.transact([change, appended(account.tenant, event)])
        return replace(account, version=account.version + 1)

    @access("connections", "UpdateItem", _ACCOUNT, "it is there")
    def bump_coding_version(self, tenant: str, account: str) -> int:
        """Count the coding version up and return it; raises not_found. Counting twice for one change is harmless."""
        row = self._table.write(recoding(tenant, account))
        if row is None:
            raise fail("not_found")
        return int(row["coding_version"])

    @access("connections", "Query", "pk T#<tenant>#A#<account>, sk begins U#")
    def members(self, tenant: str, account: str) -> list[Member]:
        return [decode(Member, row) for row in self._table.query(account_key(tenant, account), "U#")]

    @access("connections", "GetItem twice", _MEMBER)
    def member(self, tenant: str, account: str, member_id: str) -> Member | None:
        user = self._user_of(tenant, account, member_id)
        return self.member_of(tenant, account, user) if user else None

    @access("connections", "GetItem", "pk T#<tenant>#A#<account>, sk U#<user>")
    def member_of(self, tenant: str, account: str, user: str) -> Member | None:
        """The person's membership: one read, since every request of a person makes it."""
        return record_in(Member, self._table.get(*_user(tenant, account, user)))

    @access("connections", "TransactWriteItems", _MEMBER, "account version as read; the user is not another member")
    def put_member(self, account: Account, member: Member, event: Event) -> Account:
        """Add or change a member; returns the account with its next version.

        The account's version moves along, so that rules over all members (the last admin stays), checked by the
        caller on what it read with this account, hold under two writers. Raises ConflictError.
        """
        before = self._user_of(account.tenant, account.id, member.id)
        operations = _member_rows(account, member)
        if before is not None and before != member.user:
            operations.append(Delete(_user(account.tenant, account.id, before), PRESENT))
        return self._with_account(account, operations, event)

    @access("connections", "TransactWriteItems", _MEMBER, "account version as read; the member is there")
    def remove_member(self, account: Account, member: Member, event: Event) -> Account:
        """Take a member out; as put_member otherwise."""
        operations: list[Operation] = [
            Delete(_user(account.tenant, account.id, member.user), PRESENT),
            Delete(_member(account.tenant, account.id, member.id), PRESENT),
        ]
        return self._with_account(account, operations, event)

    def _with_account(self, account: Account, operations: list[Operation], event: Event) -> Account:
        bump = Update(
            _account(account.tenant, account.id), {"version": account.version + 1}, version_is(account.version)
        )
        self._table.transact([bump, *operations, appended(account.tenant, event)])
        return replace(account, version=account.version + 1)

    def _user_of(self, tenant: str, account: str, member_id: str) -> str | None:
        row = self._table.get(*_member(tenant, account, member_id))
        return row["user"] if row else None


def _member_rows(account: Account, member: Member) -> list[Operation]:
    user, pointer = _user(account.tenant, account.id, member.user), _member(account.tenant, account.id, member.id)
    after = replace(member, version=member.version + 1)
    return [
        Put(row_of(user, after), Check("attribute_not_exists(#pk) OR #id = :id", {"id": member.id})),
        Put(
            {"pk": pointer[0], "sk": pointer[1], "schema": SCHEMA, "user": member.user},
            Check("attribute_not_exists(#pk) OR attribute_exists(#user)"),
        ),
    ]


def _accounts(tenant: str) -> str:
    return tenant_key(tenant, "ACCOUNTS")


def _account(tenant: str, account: str) -> tuple[str, str]:
    return _accounts(tenant), part(account)


def _whose(account: str) -> tuple[str, str]:
    return f"ACCOUNT#{part(account)}", "TENANT"


def _user(tenant: str, account: str, user: str) -> tuple[str, str]:
    return account_key(tenant, account), f"U#{part(user)}"


def _member(tenant: str, account: str, member_id: str) -> tuple[str, str]:
    return account_key(tenant, account), f"M#{part(member_id)}"
