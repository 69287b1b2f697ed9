"""docs/providers/bill.md holds the faults as the code has them, and every assumption that the code names."""

import re
from pathlib import Path

from shared.providers.bill.fault_table import table

ROOT = Path(__file__).resolve().parents[4]
PAGE = (ROOT / "docs" / "providers" / "bill.md").read_text(encoding="utf-8")


def test_the_page_has_the_table_of_faults() -> None:
    assert PAGE.endswith(table()), "run python -m shared.providers.bill.fault_table and paste what it prints"


def test_constants_that_are_assumed_say_so_in_the_code() -> None:
    code = "\n".join(path.read_text() for path in (ROOT / "shared" / "providers" / "bill").glob("*.py"))
    assert len(re.findall(r"\bassumed\b", code)) >= 12
