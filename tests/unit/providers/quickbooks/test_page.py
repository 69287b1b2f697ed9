"""The page about QuickBooks holds the table that the code makes."""

from pathlib import Path

from shared.providers.quickbooks.fault_table import table

PAGE = Path(__file__).resolve().parents[4] / "docs" / "providers" / "quickbooks.md"


def test_the_table_of_faults_is_that_of_the_code() -> None:
    assert table() in PAGE.read_text()
