"""Print Xero's faults as the table in docs/providers/xero.md: `python -m shared.providers.xero.fault_table`."""

import sys

from shared.domain.catalogue import CATALOGUE
from shared.providers.xero.faults import CODER, FAULTS, UNKNOWN_CODE


def table() -> str:
    """What Xero says, our code, its class and handling, who acts, and the remedy, in Markdown."""
    rows = ["| # | Xero says | code | class | handling | who acts | remedy |", "|---|---|---|---|---|---|---|"]
    in_order = sorted(FAULTS, key=lambda one: one.number)
    rows += [_row(f"X{fault.number}", fault.says, fault.code, fault.who) for fault in in_order]
    return "\n".join([*rows, _row("-", "anything else", UNKNOWN_CODE, CODER)]) + "\n"


def _row(number: str, says: str, code: str, who: str) -> str:
    kind = CATALOGUE[code]
    return "| " + " | ".join((number, says, f"`{code}`", kind.about, kind.handling, who, kind.remedy)) + " |"


if __name__ == "__main__":
    sys.stdout.write(table())
