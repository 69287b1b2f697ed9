"""Published documents of which it is watched whether somebody pays them in the accounting software."""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final

from shared.domain.connections import Destination
from shared.domain.items import ItemState, PaymentStatus, Published

_OPEN: Final = frozenset({None, PaymentStatus.UNPAID})
_SHORT: Final = 12  # hexadecimal digits


@dataclass(frozen=True, slots=True)
class Watched:
    """Documents of one collection that were made together: items by the short name of their document.

    `open` holds those that may still be paid, `settled` those that were paid or voided, or are their item's document no
    more: a payment may be taken back. Nothing of them changed before `at` (UTC). `id` is the batch's that made them.
    """

    tenant: str
    account: str
    provider: str
    organisation: str
    resource: str
    id: str
    at: datetime
    open: dict[str, str] = field(default_factory=dict)
    settled: dict[str, str] = field(default_factory=dict)
    version: int = 0

    @property
    def documents(self) -> Mapping[str, str]:
        return self.open | self.settled

    def sorted_anew(self, now_open: Mapping[str, bool]) -> "Watched":
        """The same documents, those that are named (by their short names) moved to where they belong."""
        documents = self.documents
        still = {one for one in documents if now_open.get(one, one in self.open)}
        return replace(self, open=_only(documents, still), settled=_only(documents, documents.keys() - still))


def _only(documents: Mapping[str, str], wanted: Iterable[str]) -> dict[str, str]:
    return {one: documents[one] for one in sorted(wanted)}


def short(document_id: str) -> str:
    """What a document is called here: enough to find its item, which names the document itself."""
    return hashlib.sha256(document_id.encode()).hexdigest()[:_SHORT]


def may_be_paid(destination: Destination | None) -> bool:
    """Whether a document may be paid by another one: money that was spent or received is its own payment."""
    return destination is None or not destination.moves_money


def is_open(published: Published) -> bool:
    """Whether nobody is known to have paid or voided it."""
    return published.payment_status in _OPEN


def is_document_of(state: ItemState, organisation: str, resource: str, document: str) -> bool:
    """Whether this is still the document that the item was published as."""
    there = state.published
    return there is not None and (there.organisation, there.document_type, there.document_id) == (
        organisation,
        resource,
        document,
    )
