"""Sage's idempotency_id, as developer.sage.com/accounting/guides/concepts/idempotency has it: 32 hexadecimal digits
without hyphens inside the resource's object, the same answer again for seven days."""

import re
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sandbox.sage.wire import ApiAnswer

KEPT = timedelta(days=7)
# What the guide lists, as far as this sandbox has it. Attachments are not among them: the id is passed over there.
RESOURCES = frozenset(
    {"contacts", "contact_payments", "other_payments", "products", "services", "stock_items"}
    | {"purchase_invoices", "purchase_credit_notes", "purchase_quick_entries"}
    | {"sales_invoices", "sales_credit_notes", "sales_quick_entries"}
)
MISMATCH_STATUS = 422  # assumed: the guide shows the body only
KEY = re.compile(r"^[0-9a-fA-F]{32}$")


class KeyMismatchError(Exception):
    """The key was used with another resource less than seven days ago."""


@dataclass(frozen=True)
class KeyedCall:
    """One call under a key. A key is good within its business (assumed), whatever the body says (assumed)."""

    key: str
    business_id: str
    resource: str


@dataclass
class _Kept:
    resource: str
    first_at: datetime
    answer: ApiAnswer


@dataclass
class IdempotencyStore:
    """Answers of calls that stored something; a refused one leaves its key free for the corrected body (assumed)."""

    _kept: dict[tuple[str, str], _Kept] = field(default_factory=dict)

    def earlier_answer(self, call: KeyedCall, now: datetime) -> ApiAnswer | None:
        """The kept answer of the same key. Raises KeyMismatchError."""
        kept = self._kept.get((call.business_id, call.key.lower()))
        if kept is None or now >= kept.first_at + KEPT:
            return None
        if kept.resource != call.resource:
            raise KeyMismatchError
        return kept.answer

    def keep(self, call: KeyedCall, answer: ApiAnswer, now: datetime) -> None:
        if answer.status < 300:
            self._kept[call.business_id, call.key.lower()] = _Kept(call.resource, now, answer)
