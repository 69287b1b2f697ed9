"""The page about Xero holds the fault table as the code has it."""

from pathlib import Path

from shared.providers.xero.fault_table import table

PAGE = Path(__file__).resolve().parents[3] / "docs" / "providers" / "xero.md"


def test_the_pages_fault_table_is_the_codes() -> None:
    written = PAGE.read_text(encoding="utf-8")
    assert written.endswith(table()), "write it anew: python -m shared.providers.xero.fault_table"
