"""Rules: what an account has decided once for all documents of a supplier."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from shared.domain.connections import Slot
from shared.domain.ids import derived_id


class RuleKind(StrEnum):
    """What a rule is keyed by: the entry of that list whose documents it is for."""

    SUPPLIER = "supplier"


@dataclass(frozen=True, slots=True)
class Rule:
    """What holds for the documents of `subject`, the local id of its entry. A field of None decides nothing.

    Its id follows from what it is for: there is one rule for a supplier, found without a search.
    """

    id: str
    kind: RuleKind
    subject: str
    created_at: datetime
    edited_at: datetime
    edited_by: str
    integration: Slot | None = None
    version: int = 0


def rule_id(tenant: str, account: str, kind: RuleKind, subject: str) -> str:
    """The id of the rule for an entry."""
    return derived_id(tenant, account, "rule", kind, subject)
