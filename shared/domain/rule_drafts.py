"""Rules as callers bring them: entries by id, code or name, not yet looked up in any book."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from shared.domain.item_drafts import Reference


@dataclass(frozen=True, slots=True)
class ShareDraft:
    """A share of a document as it comes; `percent` of the whole."""

    percent: Decimal
    description: str | None = None
    category: Reference | None = None
    tax_rate: Reference | None = None
    dimensions: tuple[Reference, ...] = ()
    project: Reference | None = None


@dataclass(frozen=True, slots=True)
class KeywordDraft:
    keyword: str
    category: Reference


@dataclass(frozen=True, slots=True)
class SplitDraft:
    shares: tuple[ShareDraft, ...] = ()
    keywords: tuple[KeywordDraft, ...] = ()


# What a rule is to decide, by the names of Rule: a Reference where Rule has an entry's id, a SplitDraft for a split.
# None empties a field.
Decisions = Mapping[str, Any]
