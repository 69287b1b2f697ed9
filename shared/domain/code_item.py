"""Code an item: of everything that people, paper and rules say of its fields, let the word that counts stand.

What an item shows is the word that counts. Words of rules are not kept beside it: rules are asked again. What a person
has said counts before all, and what was read or suggested is kept in `given` while a better word stands.
"""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, fields, replace
from datetime import date
from decimal import Decimal
from typing import Any, Final

from shared.domain.coding import RULED, Coding, Source, winner
from shared.domain.connections import Destination, PublishAs
from shared.domain.items import Item, ItemType, Line
from shared.domain.rules import Words
from shared.domain.split import keyword_category, shared_out
from shared.domain.tracking import DimensionOf, joined, value_path
from shared.domain.tracking import settled as settled_tracking

LINES: Final = "lines"
TRACKING: Final = "tracking"
SUGGESTED: Final = "suggested"  # of `given`: what was suggested, by the names of Coding
_SAID: Final = frozenset({Source.MANUAL, Source.EXTRACTED})
_HEADER: Final = (
    "due_date", "payment_method", "paid", "description", "currency", "destination", "publish_as", "reverse_charge",
    "approver",
)  # fmt: skip
_OF_LINE: Final = {
    "category": "category",
    "tax_rate": "tax_rate",
    "tracking": "dimensions",
    "project": "project",
    "customer": "customer",
    "billable": "billable",
}
# How values that `given` keeps are read again; all others are text as they are.
_READ: Final[Mapping[str, Any]] = {
    "date": date.fromisoformat,
    "due_date": date.fromisoformat,
    "paid_on": date.fromisoformat,
    "tax_total": Decimal,
    "exchange_rate": Decimal,
    "destination": Destination,
    "publish_as": PublishAs,
    "tracking": tuple,
}
# Fields that a person may empty: what was read there is kept while the person's word stands.
TAKEN_BACK: Final = frozenset(
    {
        "contact", "date", "due_date", "number", "description", "tax_total", "exchange_rate", "paid_on",
        "payment_method", "destination", "publish_as", "reverse_charge", "approver",
    }
)  # fmt: skip


def source_of(item: Item, path: str) -> Source | None:
    """Who said the field at a path (`due_date`, `lines[0].category`); None where it is empty."""
    value = value_at(item, path)
    unsaid = _is_blank(value) and not (value is False and path == "reverse_charge")
    return None if unsaid and item.sources.get(path) is None else _source(item, path)


def value_at(item: Item, path: str) -> Any:
    """The value at a path; None where there is no such line."""
    if not path.startswith("lines["):
        return getattr(item, path)
    number, _, name = path[len("lines[") :].partition("].")
    if int(number) >= len(item.lines):
        return None
    if name.startswith(f"{TRACKING}["):
        place, values = int(name[len(TRACKING) + 1 : -1]), item.lines[int(number)].tracking
        return values[place] if place < len(values) else None
    return getattr(item.lines[int(number)], name)


def _source(item: Item, path: str) -> Source:
    return _known(item.sources, path) or item.source


def _known(sources: Mapping[str, Source], path: str) -> Source | None:
    """Who said a path where that is noted: of one tracking value, else of all the line's, else of the lines."""
    if not path.startswith("lines["):
        return sources.get(path)
    whole = path[: path.rindex("[")] if path.endswith("]") else path
    return sources.get(path) or sources.get(whole) or sources.get(LINES)


def _is_blank(value: Any) -> bool:
    return value is None or value is False or value == ()


def coded_by(item: Item, words: Words, dimension_of: DimensionOf | None = None) -> Item:
    """The item with what the sources in `words` say of it now, in the place of what they said before.

    A source of None says nothing any more; one that is not in `words` stays with what it had its way in. The same
    words again change nothing. An expense claim is not coded: its items are. `dimension_of` has the tracking values
    of the item and of the words: whose word counts is decided for each dimension by itself.
    """
    if item.type is ItemType.EXPENSE_CLAIM:
        return item
    working = _Working(item, words, dimension_of or {})
    working.split()
    working.header()
    working.each_line()
    return working.done()


def values_in_play(item: Item, codings: Iterable[Coding | None]) -> set[str]:
    """Every tracking value that coding the item by these words may have to choose from."""
    values = {value for line in item.lines for value in line.tracking}
    for path, kept in item.given.items():
        if path.endswith(f".{TRACKING}"):
            values |= set(kept)
    values |= {value for line in item.given.get(LINES, ()) for value in line.get(TRACKING, ())}
    for coding in (*codings, suggested(item)):
        if coding is not None:
            values |= set(coding.dimensions)
            values |= {value for share in (coding.split.shares if coding.split else ()) for value in share.dimensions}
    return values


class _Working:
    """One item while it is coded."""

    def __init__(self, item: Item, words: Words, dimension_of: DimensionOf) -> None:
        self.item = item
        self.dimension_of = dimension_of
        self.asked = {source: said for source, said in words.items() if source not in _SAID}
        self.asked[Source.SUGGESTED] = suggested(item)
        self.given = dict(item.given)
        self.sources = dict(item.sources)
        self.changes: dict[str, Any] = {}
        self.lines = item.lines

    def split(self) -> None:
        """Cut the document into lines as the rule of its contact says; lines that a person has written stay."""
        by = self.sources.get(LINES)
        if by in self.asked and LINES in self.given:
            self._back()
        rule = next((said for source, said in self.asked.items() if source in RULED and said and said.split), None)
        if rule is None or rule.split is None or not rule.split.shares or not self.lines:
            return
        if (self.sources.get(LINES) or self.item.source) is Source.MANUAL or LINES in self.given:
            return
        source = next(source for source, said in self.asked.items() if said is rule)
        original = tuple(self._as_read(number, line) for number, line in enumerate(self.lines))
        self._forget_lines()
        self.given[LINES] = [_plain(line) for line in original]
        self.lines = shared_out(replace(self.item, lines=original), rule.split.shares, self.dimension_of)
        self.sources[LINES] = source
        for number, share in enumerate(rule.split.shares):
            for name, word in _OF_LINE.items():
                value = getattr(self.lines[number], name)
                if not _is_blank(value) and not getattr(share, word, None):
                    self.sources[f"lines[{number}].{name}"] = Source.EXTRACTED  # all lines agreed on it
            for place in range(len(share.dimensions), len(self.lines[number].tracking)):
                self.sources[value_path(f"lines[{number}].{TRACKING}", place)] = Source.EXTRACTED

    def _back(self) -> None:
        """The lines as they were read."""
        self.lines = tuple(_line(one) for one in self.given.pop(LINES))
        self._forget_lines()

    def _forget_lines(self) -> None:
        self.sources = {path: source for path, source in self.sources.items() if not path.startswith(LINES)}
        self.given = {path: value for path, value in self.given.items() if not path.startswith(LINES)}

    def _as_read(self, number: int, line: Line) -> Line:
        """A line with nothing on it but what was read."""
        values = {}
        for name in _OF_LINE:
            path = f"lines[{number}].{name}"
            if path in self.given:
                values[name] = _read(name, self.given[path])
            elif name == TRACKING:
                values[name] = tuple(value for value, source in self._values(path, line) if source in _SAID)
            elif self._source(path) not in _SAID:
                values[name] = _BLANK.get(name)
        return replace(line, **values)

    def header(self) -> None:
        for name in _HEADER:
            said = {}
            for source, coding in self.asked.items():
                value = getattr(coding, name) if coding is not None else None
                if name == "due_date" and value is not None:
                    value = value.of(self.item.date) if self.item.date is not None else None
                said[source] = value
            self.changes[name] = self._decide(name, name, getattr(self.item, name), said)

    def each_line(self) -> None:
        self.lines = tuple(self._line(number, line) for number, line in enumerate(self.lines))

    def _line(self, number: int, line: Line) -> Line:
        values: dict[str, Any] = {}
        for name, word in _OF_LINE.items():
            said = {source: getattr(coding, word) for source, coding in self.asked.items() if coding is not None}
            path = f"lines[{number}].{name}"
            if name == TRACKING:
                values[name] = self._tracking(path, line, said)
                continue
            if name == "category":
                said |= self._by_keyword(line, said)
            if name == "billable" and values["customer"] == line.customer and self._is_manual(number, line):
                said = {}  # a person who names the customer has said whether it is to be charged
            values[name] = self._decide(path, name, getattr(line, name), said)
        return replace(line, **values)

    def _values(self, path: str, line: Line) -> list[tuple[str, Source]]:
        """A line's tracking values, each with who said it."""
        return [(value, self._source(value_path(path, place))) for place, value in enumerate(line.tracking)]

    def _tracking(self, path: str, line: Line, said: Mapping[Source, Any]) -> tuple[str, ...]:
        """The tracking values that count: each dimension's are decided for themselves."""
        words: dict[Source, tuple[str, ...]] = {one: values for one, values in said.items() if values}
        kept: dict[Source, tuple[str, ...]] = {}
        for value, source in self._values(path, line):
            if source not in self.asked or source is self.sources.get(LINES):  # a share's are closer to the line
                kept[source] = (*kept.get(source, ()), value)
        if path in self.given:
            kept[Source.EXTRACTED] = _read(TRACKING, self.given.pop(path))
        for source, values in kept.items():
            words[source] = joined(values, words.get(source, ()), self.dimension_of)
        found = settled_tracking(words, self.dimension_of)
        read = words.get(Source.EXTRACTED, ())
        if any((value, Source.EXTRACTED) not in found for value in read):
            self.given[path] = _kept(read)
        self.sources = {known: source for known, source in self.sources.items() if not known.startswith(f"{path}[")}
        whole = found[0][1] if found else None
        self._note(path, TRACKING, whole)
        self.sources |= {value_path(path, place): by for place, (_, by) in enumerate(found) if by is not whole}
        return tuple(value for value, _ in found)

    def _is_manual(self, number: int, line: Line) -> bool:
        return line.customer is not None and self._source(f"lines[{number}].customer") is Source.MANUAL

    def _by_keyword(self, line: Line, said: Mapping[Source, Any]) -> dict[Source, Any]:
        found = {}
        for source in said:
            coding = self.asked[source]
            category = keyword_category(line, coding.split) if coding is not None and coding.split else None
            if category is not None:
                found[source] = category
        return found

    def _decide(self, path: str, name: str, now: Any, said: Mapping[Source, Any]) -> Any:
        """The value that counts at a path, of what stands there, what was read and what the sources say."""
        source = self._source(path)
        words = {one: value for one, value in said.items() if not (value is None or value == ())}
        if path in self.given:
            words[Source.EXTRACTED] = _read(name, self.given.pop(path))
        if source is not Source.CONNECTION_DEFAULT and source not in self.asked and self._is_said(path, now):
            words[source] = now
        elif path.startswith("lines[") and source is self.sources.get(LINES) and not _is_blank(now):
            words[source] = now  # what a share says is of the rule that cut the document, and closer to the line
        best = winner(words)
        if best is not Source.EXTRACTED and Source.EXTRACTED in words:
            self.given[path] = _kept(words[Source.EXTRACTED])
        self._note(path, name, best)
        return _BLANK.get(name) if best is None else words[best]

    def _is_said(self, path: str, now: Any) -> bool:
        """Whether a value is a word: nothing is none, and neither is a no that nobody spoke."""
        return not _is_blank(now) or (now is False and path in {"paid", "reverse_charge"})

    def _note(self, path: str, name: str, best: Source | None) -> None:
        if best is None and name == "paid":
            best = Source.CONNECTION_DEFAULT
        self.sources.pop(path, None)
        if best is not None and best is not self._source(path):
            self.sources[path] = best

    def _source(self, path: str) -> Source:
        return _known(self.sources, path) or self.item.source

    def done(self) -> Item:
        return replace(self.item, **self.changes, lines=self.lines, sources=self.sources, given=self.given)


_BLANK: Final[Mapping[str, Any]] = {"paid": False, "billable": False, "tracking": ()}


def suggested(item: Item) -> Coding | None:
    """What was suggested for the item when it came; None where nothing was."""
    kept = item.given.get(SUGGESTED)
    if not kept:
        return None
    names = {"dimensions": tuple, "destination": Destination, "publish_as": PublishAs}
    return Coding(**{name: names[name](value) if name in names else value for name, value in kept.items()})


def with_suggested(item: Item, coding: Coding) -> Item:
    """The item with what was suggested for it kept (not yet coded by it)."""
    values = {one.name: getattr(coding, one.name) for one in fields(coding)}
    kept = {name: _kept(value) for name, value in values.items() if value is not None and value != ()}
    return replace(item, given={**item.given, SUGGESTED: kept}) if kept else item


def said_by_person(before: Item, edited: Item, names: Mapping[str, Any]) -> Item:
    """An edited item whose changed fields (`names`, with None for those emptied) are a person's word.

    Null takes a person's word back, so that what was read there stands again; where no person had spoken it takes away
    what was read or suggested. Lines are replaced as a whole.
    """
    sources, given, changes = dict(edited.sources), dict(edited.given), {}
    for name, value in names.items():
        if name not in _SHOWN and name != LINES:
            continue
        if name == LINES:
            sources = {path: source for path, source in sources.items() if not path.startswith(LINES)}
            given = {path: kept for path, kept in given.items() if not path.startswith(LINES)}
        elif value is None:
            changes[name] = _emptied(before, name, sources, given)
            continue
        elif name in TAKEN_BACK and source_of(before, name) is Source.EXTRACTED:
            given[name] = _kept(getattr(before, name))
        sources.pop(name, None)
        if before.source is not Source.MANUAL:
            sources[name] = Source.MANUAL
    return replace(edited, **changes, sources=sources, given=given)


def _emptied(before: Item, name: str, sources: dict[str, Source], given: dict[str, Any]) -> Any:
    """What stands in a field whose word is taken back: what was read before, or nothing."""
    was = source_of(before, name)
    sources.pop(name, None)
    read = given.pop(name, None)
    if was is Source.MANUAL and read is not None:
        if before.source is not Source.EXTRACTED:
            sources[name] = Source.EXTRACTED
        return _read(name, read)
    if was is not Source.MANUAL and name in given.get(SUGGESTED, {}):
        given[SUGGESTED] = {one: value for one, value in given[SUGGESTED].items() if one != name}
    return None


def _read(name: str, value: Any) -> Any:
    return _READ[name](value) if name in _READ else value


def _kept(value: Any) -> Any:
    """A value as `given` keeps it: what JSON has."""
    if isinstance(value, date | Decimal):
        return str(value)
    return list(value) if isinstance(value, tuple) else value


def _plain(line: Line) -> dict[str, Any]:
    said = {name: _kept(value) for name, value in asdict(line).items()}
    return {name: value for name, value in said.items() if not _is_blank(value)}


def _line(kept: Mapping[str, Any]) -> Line:
    """A line that `given` kept."""
    amounts = {"amount", "quantity", "unit_amount", "tax_amount"}
    values: dict[str, Any] = {"description": "", "amount": Decimal(0)}
    values |= {name: Decimal(value) if name in amounts else _read(name, value) for name, value in kept.items()}
    return Line(**values)


def sources_shown(item: Item, filled: Item) -> dict[str, Source]:
    """Who said each field that has a value, by path; `filled` is the item with its connection's defaults.

    Where it goes and as what is a connection's default where nobody says otherwise.
    """
    shown: dict[str, Source] = {}
    for name in _SHOWN:
        source = source_of(item, name)
        if source is not None:
            shown[name] = source
    for name in ("destination", "publish_as"):
        shown.setdefault(name, Source.CONNECTION_DEFAULT)
    for number, line in enumerate(filled.lines):
        for name in _LINE_SHOWN:
            path = f"lines[{number}].{name}"
            if not _is_blank(getattr(line, name)):
                shown[path] = source_of(item, path) or Source.CONNECTION_DEFAULT
    return shown | {path: source for path, source in item.sources.items() if f".{TRACKING}[" in path}


_SHOWN: Final = (
    "contact", "date", "due_date", "number", "description", "currency", "total", "tax_total", "exchange_rate",
    "paid", "paid_on", "payment_method", "destination", "publish_as", "integration", "reverse_charge", "approver",
)  # fmt: skip
_LINE_SHOWN: Final = ("description", "amount", "tax_amount", "product", *_OF_LINE)


def differences(before: Item, after: Item) -> list[str]:
    """The paths of coded fields that hold another value; `lines` alone where the document is cut in another way."""
    found = [name for name in _HEADER if getattr(before, name) != getattr(after, name)]
    if [line.amount for line in before.lines] != [line.amount for line in after.lines]:
        return [*found, LINES]
    for number, (old, new) in enumerate(zip(before.lines, after.lines, strict=True)):
        found += [f"lines[{number}].{name}" for name in _OF_LINE if getattr(old, name) != getattr(new, name)]
    return found
