"""Whether a person may map an old entry onto a new one that the proposals did not name."""

from shared.domain.lists import Entry, Kind
from shared.domain.tax_treatment import serves

# Values that must not differ where both entries say them.
_ALIKE = {Kind.CATEGORIES: ("class",), Kind.BANK_ACCOUNTS: ("type", "currency")}


def why_not(kind: Kind, old: Entry, new: Entry) -> str | None:
    """Why an old entry cannot become a new one of the same kind; None where it can.

    A rate may become one of another percent, for rates change; a dimension becomes a dimension, a value a value.
    """
    if not new.usable:
        return "the new entry is inactive, or was merged into another"
    if (old.parent is None) != (new.parent is None):
        return "a dimension is mapped onto a dimension, and a value onto a value"
    if kind is Kind.TAX_RATES and not serves(old, new):
        return "the old rate is for a side, costs or sales, that the new one is not for"
    for name in _ALIKE.get(kind, ()):
        before, after = old.values.get(name), new.values.get(name)
        if before and after and before != after:
            return f"the old entry's {name} is {before}, the new one's {after}"
    return None
