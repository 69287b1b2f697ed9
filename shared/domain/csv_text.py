"""CSV as people's spreadsheets write and read it: rows with their line numbers, and cells that no spreadsheet runs."""

import csv
import io
import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from shared.domain.errors import fail

_DELIMITERS: Final = ",;\t"
# A cell that begins so is a formula to a spreadsheet (OWASP, CSV Injection). The apostrophe makes it text; a text that
# begins with one itself gets another, so that reading back gives what was written.
_FORMULA: Final = tuple("=+-@\t\r\n\uff1d\uff0b\uff0d\uff20")
_MARK: Final = "'"
_NUMBER: Final = re.compile(r"-?\d+(\.\d+)?\Z")


@dataclass(frozen=True, slots=True)
class CsvRow:
    """One row: the line it begins on (the header is line 1) and its cells by column, without those left blank."""

    line: int
    cells: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class CsvTable:
    """What a text holds; `ignored` are the columns, in the header's own words, that nothing is known of."""

    rows: tuple[CsvRow, ...]
    ignored: tuple[str, ...]


def read_csv(text: str, columns: Mapping[str, Collection[str]], *, most: int, field: str) -> CsvTable:
    """The rows of a CSV text with a header row, separated by comma, semicolon or tab as its header shows.

    `columns` are the columns that are known, each with the other names it goes by; case, spaces, `_` and `-` in
    headers do not count. Raises invalid_request about `field`: no header, a column twice, more than `most` rows, broken
    quoting. Rows with cells beyond the header's are broken too.
    """
    reader = csv.reader(io.StringIO(text.removeprefix("\ufeff"), newline=""), delimiter=_delimiter(text), strict=True)
    try:
        header = next(reader, [])
        places, ignored = _places(header, columns, field)
        rows = list(_rows(reader, places, len(header), most, field))
    except csv.Error as error:
        raise fail("invalid_request", field=field, reason=f"line {reader.line_num}: {error}") from None
    return CsvTable(tuple(rows), ignored)


def write_csv(columns: Sequence[str], rows: Iterable[Mapping[str, str | None]]) -> str:
    """A CSV text with a header row; cells that a spreadsheet would run as formulas are marked as text (`harmless`)."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(columns)
    for row in rows:
        writer.writerow([harmless(row.get(column) or "") for column in columns])
    return out.getvalue()


def harmless(cell: str) -> str:
    """A cell that no spreadsheet runs as a formula. A plain number, also below zero, stays a number."""
    if cell.startswith((*_FORMULA, _MARK)) and not _NUMBER.match(cell):
        return _MARK + cell
    return cell


def _meant(cell: str) -> str:
    """A cell without the mark that `harmless` put before it."""
    return cell[1:] if cell.startswith(_MARK) and cell[1:].startswith((*_FORMULA, _MARK)) else cell


def _delimiter(text: str) -> str:
    header = text.partition("\n")[0]
    return max(_DELIMITERS, key=header.count)


def _places(
    header: Sequence[str], columns: Mapping[str, Collection[str]], field: str
) -> tuple[dict[int, str], tuple[str, ...]]:
    """Which known column stands at which place, and what is not known."""
    if not any(cell.strip() for cell in header):
        raise fail("invalid_request", field=field, reason="the first line names the columns; there is none")
    known = {_folded(name): column for column, others in columns.items() for name in (column, *others)}
    places = {place: known[_folded(cell)] for place, cell in enumerate(header) if _folded(cell) in known}
    twice = sorted({column for column in places.values() if list(places.values()).count(column) > 1})
    if twice:
        raise fail("invalid_request", field=field, reason=f"the column {twice[0]} is there twice")
    return places, tuple(cell.strip() for cell in header if cell.strip() and _folded(cell) not in known)


def _folded(name: str) -> str:
    return re.sub(r"[\s_-]+", "", name).casefold()


def _rows(
    reader: Iterator[list[str]], places: Mapping[int, str], width: int, most: int, field: str
) -> Iterator[CsvRow]:
    line = reader.line_num + 1  # type: ignore[attr-defined]
    count = 0
    for cells in reader:
        if any(cell.strip() for cell in cells):
            count += 1
            if count > most:
                raise fail("invalid_request", field=field, reason=f"more than {most} rows: send several files")
            if any(cell.strip() for cell in cells[width:]):
                raise fail("invalid_request", field=field, reason=f"line {line}: more cells than columns")
            said = {places[place]: _meant(cell.strip()) for place, cell in enumerate(cells) if place in places}
            yield CsvRow(line, {column: cell for column, cell in said.items() if cell})
        line = reader.line_num + 1  # type: ignore[attr-defined]
