"""Print ApprovalMax's messages as the table in docs/providers: `python -m shared.providers.approvalmax.fault_table`."""

import sys

from shared.domain.catalogue import CATALOGUE
from shared.providers.approvalmax.faults import CODER, MESSAGES, UNKNOWN_CODE


def table() -> str:
    """What ApprovalMax says, our code, its class and handling, who acts, and the remedy, in Markdown."""
    rows = ["| # | ApprovalMax says | code | class | handling | who acts | remedy |", "|---|---|---|---|---|---|---|"]
    in_order = sorted(MESSAGES, key=lambda one: one.number)
    rows += [_row(f"A{one.number}", one.says, one.code, one.who) for one in in_order]
    return "\n".join([*rows, _row("-", "anything else", UNKNOWN_CODE, CODER)]) + "\n"


def _row(number: str, says: str, code: str, who: str) -> str:
    kind = CATALOGUE[code]
    return "| " + " | ".join((number, says, f"`{code}`", kind.about, kind.handling, who, kind.remedy)) + " |"


if __name__ == "__main__":
    sys.stdout.write(table())
