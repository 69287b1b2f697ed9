"""Grants in the vault: the facts in clear, the token pair and its data key as ciphertext that others seal and open."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from shared.domain.errors import ConflictError
from shared.domain.grants import Grant, GrantStatus
from shared.storage.access import access
from shared.storage.codec import decode, time_text
from shared.storage.keys import part, tenant_key
from shared.storage.operations import PRESENT, Check, ConditionFailed, Delete, Operation, Update
from shared.storage.rows import amended, new, record_in
from shared.storage.table import Table

_KEY = "pk T#<tenant>#G#<grant>, sk GRANT"
_OF_SUBJECT = "pk SUBJECT#<provider>#<subject>, sk G#<tenant>#<grant>"


@dataclass(frozen=True, slots=True)
class Consent:
    """That a person's consent is in use: in which account, and by which grant. `event` is the provider's id of it."""

    tenant: str
    account: str
    grant: str
    event: str | None = None


class GrantStore:
    """Grants by tenant. `token_version` changes only together with a sealed pair.

    Each is counted under its person at the provider, over all tenants: what revoking ends there is the person's
    consent, whoever of us uses it. A grant whose person the provider did not name is not counted.
    """

    def __init__(self, table: Table) -> None:
        self._table = table

    @access("vault", "TransactWriteItems", f"{_KEY}; {_OF_SUBJECT}", "not there yet")
    def create(self, grant: Grant, sealed: bytes, wrapped_key: bytes) -> None:
        """Store a new grant with its sealed pair and wrapped data key; raises ConflictError when the id is taken."""
        writes: list[Operation] = [
            new(_key(grant.tenant, grant.id), grant, sealed=sealed, wrapped_key=wrapped_key),
        ]
        if grant.subject:
            writes.append(
                new(_counted(grant), Consent(grant.tenant, grant.account, grant.id, grant.consent_event)),
            )
        self._table.transact(writes)

    @access("vault", "Query", "pk SUBJECT#<provider>#<subject>")
    def of_subject(self, provider: str, subject: str) -> list[Consent]:
        """The consents of a person that are in use, in whichever tenant."""
        return [decode(Consent, row) for row in self._table.query(_subject(provider, subject))]

    @access("vault", "DeleteItem", _OF_SUBJECT, "it is there")
    def uncount(self, grant: Grant) -> None:
        """Say that a grant is no longer in use, while its tokens are still there; may be repeated."""
        if not grant.subject:
            return
        try:
            self._table.write(Delete(_counted(grant), PRESENT))
        except ConditionFailed:
            return

    @access("vault", "GetItem", _KEY)
    def get(self, tenant: str, grant: str) -> Grant | None:
        return record_in(Grant, self._table.get(*_key(tenant, grant)))

    @access("vault", "GetItem", _KEY)
    def sealed(self, tenant: str, grant: str) -> tuple[Grant, bytes, bytes] | None:
        """The grant, its wrapped data key and its sealed pair, of one moment; None when let go or never there."""
        row = self._table.get(*_key(tenant, grant))
        if row is None or "sealed" not in row:
            return None
        return decode(Grant, row), row["wrapped_key"], row["sealed"]

    @access("vault", "UpdateItem", _KEY, "token_version as read, no lease held")
    def take_lease(self, grant: Grant, owner: str, until: datetime, now: datetime) -> Grant:
        """Take the refresh lease until a real time; ConflictError: it is held, or a newer pair is there."""
        free = Check(
            "#token_version = :seen AND (attribute_not_exists(#lease_until) OR #lease_until <= :now)",
            {"seen": grant.token_version, "now": time_text(now)},
        )
        return self._changed(grant, {"lease_owner": owner, "lease_until": time_text(until)}, free)

    @access("vault", "UpdateItem", _KEY, "the lease is ours")
    def mark_sent(self, grant: Grant, owner: str, at: datetime) -> Grant:
        """Record that a refresh is about to go out: a holder that dies now may have used up the refresh token."""
        return self._changed(grant, {"refresh_sent_at": time_text(at)}, _held_by(owner))

    @access("vault", "UpdateItem", _KEY, "the lease is ours")
    def release_lease(self, grant: Grant, owner: str) -> bool:
        """End the lease without a new pair; False when it is no longer ours."""
        try:
            self._changed(grant, {"lease_owner": None, "lease_until": None}, _held_by(owner))
        except ConflictError:
            return False
        return True

    @access("vault", "UpdateItem", _KEY, "token_version as expected, not let go")
    def store_pair(self, grant_after: Grant, sealed: bytes, expected_token_version: int) -> Grant:
        """Write a new pair and the grant as it is after it; the lease ends with it.

        `grant_after.token_version` is the expected one plus one (ValueError otherwise). May be repeated with the same
        bytes after a failure that left open whether it was carried out. Raises ConflictError when another pair came
        first or the grant was let go.
        """
        if grant_after.token_version != expected_token_version + 1:
            raise ValueError("a new pair has the next token version")
        after = replace(grant_after, lease_owner=None, lease_until=None, version=grant_after.version + 1)
        expected = Check(
            "#token_version = :seen AND #status <> :let_go",
            {"seen": expected_token_version, "let_go": GrantStatus.LET_GO.value},
        )
        write = amended(_key(after.tenant, after.id), after, expected)
        try:
            self._table.write(replace(write, changes={**write.changes, "sealed": sealed}))
        except ConditionFailed as refused:
            if refused.found is None or refused.found.get("sealed") != sealed:
                raise
        return after

    @access("vault", "UpdateItem", _KEY, "token_version as expected, not expired or let go yet")
    def mark_expired(self, grant: Grant, expected_token_version: int) -> bool:
        """Record the provider's last word on this pair. True for the one caller that did it; the lease ends with it.

        False when it was recorded before, the grant was let go, or a newer pair is there: read again.
        """
        check = Check(
            "#token_version = :seen AND #status IN (:pending, :active)",
            {"seen": expected_token_version, "pending": GrantStatus.PENDING.value, "active": GrantStatus.ACTIVE.value},
        )
        changes = {"status": GrantStatus.EXPIRED.value, "lease_owner": None, "lease_until": None}
        try:
            self._changed(grant, changes, check)
        except ConditionFailed:
            return False
        return True

    @access("vault", "UpdateItem", _KEY, "pending")
    def activate(self, grant: Grant) -> Grant:
        """The person who started has redeemed the consent. Raises ConflictError unless the grant is pending."""
        pending = Check("#status = :pending", {"pending": GrantStatus.PENDING.value})
        return self._changed(grant, {"status": GrantStatus.ACTIVE.value}, pending)

    @access("vault", "UpdateItem, DeleteItem", f"{_KEY}; {_OF_SUBJECT}", "it is there")
    def shred(self, grant: Grant) -> None:
        """Let the grant go: its pair and data key are gone for good, its facts stay. May be repeated."""
        self.uncount(grant)
        changes = {
            "status": GrantStatus.LET_GO.value,
            "sealed": None,
            "wrapped_key": None,
            "lease_owner": None,
            "lease_until": None,
            "refresh_sent_at": None,
        }
        self._changed(grant, changes, PRESENT)

    def _changed(self, grant: Grant, changes: Mapping[str, object], check: Check) -> Grant:
        row = self._table.write(Update(_key(grant.tenant, grant.id), changes, check, {"version": 1}))
        if row is None:
            raise ConflictError
        return decode(Grant, row)


def _held_by(owner: str) -> Check:
    return Check("#lease_owner = :owner", {"owner": owner})


def _subject(provider: str, subject: str) -> str:
    return f"SUBJECT#{part(provider)}#{part(subject)}"


def _counted(grant: Grant) -> tuple[str, str]:
    return _subject(grant.provider, grant.subject), f"G#{part(grant.tenant)}#{part(grant.id)}"


def _key(tenant: str, grant: str) -> tuple[str, str]:
    return tenant_key(tenant, "G", part(grant)), "GRANT"
