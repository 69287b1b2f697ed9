"""CSV read with line numbers, and written so that a spreadsheet runs nothing of it."""

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.csv_text import harmless, read_csv, write_csv
from shared.domain.errors import LedgerbridgeError

COLUMNS = {"name": ("supplier",), "code": (), "tax_number": ("VAT number",)}


def read(text: str, most: int = 10) -> list[tuple[int, dict[str, str]]]:
    return [(row.line, dict(row.cells)) for row in read_csv(text, COLUMNS, most=most, field="csv").rows]


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_rows_by_column_with_the_line_they_begin_on(delimiter: str, newline: str) -> None:
    lines = ["\ufeffSupplier,VAT-Number,Colour", "Acme,1,red", "", '"Two', 'lines",2,', "Blue,,"]
    text = newline.join(lines).replace(",", delimiter)
    table = read_csv(text, COLUMNS, most=10, field="csv")
    assert table.ignored == ("Colour",)
    assert [(row.line, dict(row.cells)) for row in table.rows] == [
        (2, {"name": "Acme", "tax_number": "1"}),
        (4, {"name": f"Two{newline}lines", "tax_number": "2"}),
        (6, {"name": "Blue"}),
    ]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "the first line"),
        (" , \n", "the first line"),
        ("name,Supplier\nx,y", "name is there twice"),
        ("name\na\nb\nc", "more than 2 rows"),
        ('name,code\n"x"y,2', "line 2"),
        ("name\na,b", "line 2: more cells"),
        ('name\n"open', "line 2"),
    ],
)
def test_what_cannot_be_read_is_said(text: str, reason: str) -> None:
    with pytest.raises(LedgerbridgeError) as refused:
        read(text, most=2)
    assert reason in refused.value.problem.details["reason"]
    assert refused.value.problem.field == "csv"


@pytest.mark.parametrize("cell", ["=1+1", "+1", "-1+1", "@x", "\tx", "\uff1d1", "'=1", '=HYPERLINK("x")'])
def test_no_cell_that_is_written_is_a_formula(cell: str) -> None:
    assert harmless(cell) == "'" + cell
    (_, written) = csv.reader(io.StringIO(write_csv(["name"], [{"name": cell}]), newline=""))
    assert written == ["'" + cell]


@pytest.mark.parametrize("cell", ["", "Acme", "-12.50", "3", "a=b"])
def test_numbers_and_plain_texts_stay_as_they_are(cell: str) -> None:
    assert harmless(cell) == cell


@given(st.lists(st.text(st.characters(exclude_categories=["Cc", "Cs"])).map(str.strip).filter(bool), max_size=5))
def test_what_was_written_is_read_back(names: list[str]) -> None:
    text = write_csv(["name", "code"], [{"name": name, "code": "1"} for name in names])
    assert [cells for _, cells in read(text)] == [{"name": name, "code": "1"} for name in names]
