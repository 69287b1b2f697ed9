"""The query language: SELECT ... FROM one entity with AND-joined filters, one order, and pages of at most 1,000.

Source: developer.intuit.com, "Query operations and syntax" (data-queries), and the filterable properties of each
entity's API reference page. Reserved words, names and text values are compared without regard to case.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal, InvalidOperation
from fnmatch import fnmatchcase
from typing import Any

from sandbox.quickbooks.books import Company, folded
from sandbox.quickbooks.entities import BY_NAME, BY_PATH, ID_OPERATORS, Entity
from sandbox.quickbooks.errors import RefusedError
from sandbox.quickbooks.formats import instant
from sandbox.quickbooks.wire import Record

DEFAULT_RESULTS = 100
MOST_RESULTS = 1_000
_TOKEN = re.compile(
    r"\s*(?:(?P<text>'(?:\\.|[^'\\])*')|(?P<op><=|>=|!=|=|<|>)|(?P<mark>[(),*])|(?P<word>[^\s'(),=<>!*]+))"
)
_NUMBERS = frozenset({"Balance", "TotalAmt", "Size", "CurrentBalance"})
_FLAGS = frozenset({"Active", "Job", "Taxable", "SubAccount", "SubItem"})


@dataclass(frozen=True)
class Filter:
    """One comparison; `values` has one element except for IN."""

    name: str
    operator: str
    values: tuple[str, ...]


@dataclass(frozen=True)
class Query:
    """A parsed statement. `columns` is None for *, () for count(*)."""

    entity: Entity
    columns: tuple[str, ...] | None
    filters: tuple[Filter, ...]
    order: tuple[str, bool] | None
    start: int
    most: int


def answer(company: Company, statement: str, room: int = MOST_RESULTS) -> Record:
    """The content of QueryResponse, with at most `room` records. Raises RefusedError (4000, 4001)."""
    query = _Parser(statement).parsed()
    rows = _chosen(company, query)
    if query.columns == ():
        return {"totalCount": len(rows)}
    page = rows[query.start - 1 : query.start - 1 + min(query.most, room)]
    if not page:
        return {}
    if query.columns is not None:
        page = [{**{name: row[name] for name in query.columns if name in row}, "sparse": True} for row in page]
    return {query.entity.name: page, "startPosition": query.start, "maxResults": len(page)}


def parse_error(detail: str) -> RefusedError:
    return RefusedError("4000", "Error parsing query", f"QueryParserError: {detail}")


def invalid_query(detail: str) -> RefusedError:
    return RefusedError("4001", "Invalid query", f"QueryValidationError: {detail}")


def _chosen(company: Company, query: Query) -> list[Record]:
    tests = [_test(query.entity, one) for one in query.filters]
    if query.entity.has_active and all(one.name != "Active" for one in query.filters):
        tests.append(lambda record: bool(record.get("Active", True)))
    rows = [row for row in company.tables[query.entity.name].values() if all(test(row) for test in tests)]
    if query.order is None:
        return sorted(rows, key=lambda row: (len(row["Id"]), row["Id"]))  # assumed: unordered means by Id
    name, descending = query.order
    # Records without a value come first (assumed).
    return sorted(rows, key=lambda row: _sort_key(_value(row, name)), reverse=descending)


def _test(entity: Entity, condition: Filter) -> Callable[[Record], bool]:
    name, operator = condition.name, condition.operator
    if name == "Id" and operator not in ID_OPERATORS:
        raise invalid_query(f"Operator {operator} is not supported for property Id of Entity {entity.name}")
    wanted = [_operand(name, one) for one in condition.values]
    if operator == "in":
        return lambda record: _value(record, name) in wanted
    if operator == "like":
        pattern = _glob(str(wanted[0]))
        return lambda record: fnmatchcase(str(_value(record, name) or ""), pattern)
    compare = _COMPARE[operator]
    return lambda record: _compared(compare, _value(record, name), wanted[0])


def _compared(compare: Callable[[Any, Any], bool], found: Any, wanted: Any) -> bool:
    if wanted == " ":  # a space in quotes stands for null
        return compare(found or " ", wanted)
    return found is not None and compare(found, wanted)


_COMPARE: Mapping[str, Callable[[Any, Any], bool]] = {
    "=": lambda a, b: bool(a == b),
    "<": lambda a, b: bool(a < b),
    ">": lambda a, b: bool(a > b),
    "<=": lambda a, b: bool(a <= b),
    ">=": lambda a, b: bool(a >= b),
}


def _operand(name: str, text: str) -> Any:
    """A value of the statement in the type of the property. Raises RefusedError (4001)."""
    try:
        if name.startswith("MetaData."):
            return instant(text)
        if name in _NUMBERS:
            return Decimal(text)
    except (ValueError, InvalidOperation):
        raise invalid_query(f"Invalid value {text} for property {name}") from None
    if name in _FLAGS:
        return text.lower() == "true"
    return text if text == " " else folded(text)


def _value(record: Record, name: str) -> Any:
    """A record's value in the type that `_operand` gives; None when it has none."""
    if name.startswith("AttachableRef."):
        refs = [one.get("EntityRef", {}) for one in record.get("AttachableRef", [])]
        found: Any = refs[0].get(name.rsplit(".", 1)[1]) if refs else None
    elif name.startswith("MetaData."):
        return instant(record["MetaData"][name.partition(".")[2]])
    else:
        found = record.get(name)
    if isinstance(found, dict):
        found = found.get("value")
    if name == "Active" and found is None:
        return True
    if name in _FLAGS:
        return bool(found)
    if found is None or name in _NUMBERS:
        return found
    return folded(str(found))


def _sort_key(value: Any) -> tuple[int, Any]:
    if isinstance(value, datetime):
        return (1, value.timestamp())
    return (0, 0) if value is None else (1, value)


def _glob(text: str) -> str:
    """% is any run of characters; nothing else is a wildcard."""
    return re.sub(r"([*?\[])", r"[\1]", text).replace("%", "*")


class _Parser:
    """A statement, word by word."""

    def __init__(self, statement: str) -> None:
        self._tokens = list(_split(statement))
        self._at = 0

    def parsed(self) -> Query:
        self._keyword("select")
        columns = self._columns()
        self._keyword("from")
        entity = self._entity()
        if columns:
            columns = tuple(self._column(entity, one) for one in columns)
        filters = self._filters(entity)
        order = self._order(entity)
        start = self._number("startposition", 1)
        most = self._number("maxresults", DEFAULT_RESULTS)
        if self._at < len(self._tokens):
            raise parse_error(f'Encountered " "{self._tokens[self._at][1]}" at line 1.')
        if most > MOST_RESULTS:
            raise invalid_query(f"value {most} is too large. Max allowed value is {MOST_RESULTS}.")
        return Query(entity, columns, filters, order, start, most)

    def _columns(self) -> tuple[str, ...] | None:
        if self._taken("*"):
            return None
        if self._taken("count"):
            for mark in ("(", "*", ")"):
                self._keyword(mark)
            return ()
        names = [self._word()]
        while self._taken(","):
            names.append(self._word())
        return None if "*" in names else tuple(names)

    def _column(self, entity: Entity, name: str) -> str:
        known = {"docnumber": "DocNumber", "synctoken": "SyncToken", "metadata": "MetaData"}
        found = entity.property_named(name) or known.get(name.lower())
        if found is None:
            raise invalid_query(f"Property {name} not found for Entity {entity.name}")
        return found

    def _entity(self) -> Entity:
        name = self._word()
        found = BY_NAME.get(name) or BY_PATH.get(name.lower())
        if found is None:
            raise invalid_query(f"Entity {name} not found")
        return found

    def _filters(self, entity: Entity) -> tuple[Filter, ...]:
        if not self._taken("where"):
            return ()
        found = [self._filter(entity)]
        while self._taken("and"):
            found.append(self._filter(entity))
        return tuple(found)

    def _filter(self, entity: Entity) -> Filter:
        written = self._word()
        name = entity.property_named(written)
        if name is None:
            raise invalid_query(f"Property {written} not found for Entity {entity.name}")
        operator = self._next()[1].lower()
        if operator == "in":
            return Filter(name, "in", self._listed())
        if operator not in {*_COMPARE, "like"}:
            raise parse_error(f'Encountered " "{operator}" at line 1. Was expecting an operator.')
        return Filter(name, operator, (self._literal(),))

    def _listed(self) -> tuple[str, ...]:
        self._keyword("(")
        values = [self._literal()]
        while self._taken(","):
            values.append(self._literal())
        self._keyword(")")
        return tuple(values)

    def _literal(self) -> str:
        kind, text = self._next()
        if kind == "text":
            return re.sub(r"\\(.)", r"\1", text[1:-1])
        if kind != "word":
            raise parse_error(f'Encountered " "{text}" at line 1. Was expecting a value.')
        return text

    def _order(self, entity: Entity) -> tuple[str, bool] | None:
        if self._taken("order"):
            self._keyword("by")
        elif not self._taken("orderby"):
            return None
        written = self._word()
        name = entity.property_named(written)
        if name is None:
            raise invalid_query(f"Property {written} not found for Entity {entity.name}")
        descending = self._taken("desc")
        if not descending:
            self._taken("asc")
        return (name, descending)

    def _number(self, keyword: str, default: int) -> int:
        if not self._taken(keyword):
            return default
        text = self._word()
        if not text.isdecimal() or int(text) < 1:
            raise parse_error(f"{keyword} must be a positive integer, not {text}.")
        return int(text)

    def _word(self) -> str:
        kind, text = self._next()
        if kind != "word":
            raise parse_error(f'Encountered " "{text}" at line 1.')
        return text

    def _keyword(self, wanted: str) -> None:
        kind, text = self._next()
        if kind == "text" or text.lower() != wanted:
            raise parse_error(f'Encountered " "{text}" at line 1. Was expecting: "{wanted}"')

    def _taken(self, wanted: str) -> bool:
        if self._at >= len(self._tokens) or self._tokens[self._at][0] == "text":
            return False
        if self._tokens[self._at][1].lower() != wanted:
            return False
        self._at += 1
        return True

    def _next(self) -> tuple[str, str]:
        if self._at >= len(self._tokens):
            raise parse_error('Encountered "<EOF>" at line 1.')
        self._at += 1
        return self._tokens[self._at - 1]


def _split(statement: str) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    at, end = 0, len(statement.rstrip().rstrip(";"))
    if end == 0:
        raise parse_error('Encountered "<EOF>" at line 0, column 0. Was expecting: "select"')
    while at < end:
        token = _TOKEN.match(statement, at, end)
        if token is None or token.end() == at:
            raise parse_error(f"Invalid content. Lexical error at line 1, column {at + 1}.")
        found.append((str(token.lastgroup), str(token.group(str(token.lastgroup)))))
        at = token.end()
    return found
