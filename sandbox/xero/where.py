"""The `where` filters a connector uses, by a small parser of its own.

Grammar (Xero Accounting API, "Filtering" in "Requests and responses"): comparisons of a field with a string, number,
true, false, null, DateTime(y,m,d[,h,m,s]) or Guid("..."), joined by AND, OR and brackets; Contains, StartsWith and
EndsWith on text fields. Anything else is refused as Xero refuses it: 400 QueryParseException.
"""

import re
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, NoReturn

from sandbox.xero.formats import exception

Resolver = Callable[[tuple[str, ...]], Any]
"""Gives the value of a field path for one record; raises KeyError for a field the resource does not have."""
Predicate = Callable[[Resolver], bool]

_TOKEN = re.compile(
    r"""\s*(?:(?P<text>"(?:[^"\\]|\\.|"")*")|(?P<number>-?\d+(?:\.\d+)?)|(?P<op>==|!=|>=|<=|&&|\|\||[<>=(),.])"""
    r"""|(?P<name>[A-Za-z_]\w*))"""
)
_COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "==": lambda a, b: bool(a == b),
    "=": lambda a, b: bool(a == b),
    "!=": lambda a, b: bool(a != b),
    ">=": lambda a, b: bool(a >= b),
    "<=": lambda a, b: bool(a <= b),
    ">": lambda a, b: bool(a > b),
    "<": lambda a, b: bool(a < b),
}
_TEXT_METHODS: dict[str, Callable[[str, str], bool]] = {
    "contains": lambda text, part: part in text,
    "startswith": lambda text, part: text.startswith(part),
    "endswith": lambda text, part: text.endswith(part),
}
_LONGEST = 4_000


def parse(expression: str) -> Predicate:
    """A predicate over records; raises RefusedError (400 QueryParseException) for anything not understood."""
    if len(expression) > _LONGEST:
        _refuse("Expression too long")
    parser = _Parser(_tokens(expression))
    predicate = parser.either()
    parser.end()
    return predicate


def _refuse(message: str) -> NoReturn:
    raise exception(400, 16, "QueryParseException", message)


def _tokens(expression: str) -> list[tuple[str, str]]:
    tokens: list[tuple[str, str]] = []
    at, text = 0, expression.rstrip()
    while at < len(text):
        found = _TOKEN.match(text, at)
        if found is None:
            _refuse(f"Syntax error '{text[at]}' at position {at}")
        kind = str(found.lastgroup)
        tokens.append((kind, found.group(kind)))
        at = found.end()
    return tokens


class _Parser:
    """Recursive descent; one method for each rule of the grammar."""

    def __init__(self, tokens: list[tuple[str, str]]) -> None:
        self._tokens = tokens
        self._at = 0

    def either(self) -> Predicate:
        parts = [self._both()]
        while self._take("||", "or"):
            parts.append(self._both())
        return parts[0] if len(parts) == 1 else lambda record: any(part(record) for part in parts)

    def end(self) -> None:
        if self._at != len(self._tokens):
            _refuse(f"Syntax error at '{self._tokens[self._at][1]}'")

    def _both(self) -> Predicate:
        parts = [self._term()]
        while self._take("&&", "and"):
            parts.append(self._term())
        return parts[0] if len(parts) == 1 else lambda record: all(part(record) for part in parts)

    def _term(self) -> Predicate:
        if self._take("("):
            inner = self.either()
            self._expect(")")
            return inner
        path = self._path()
        if path[-1].lower() in _TEXT_METHODS and self._take("("):
            return self._text_method(path)
        kind, operator = self._next()
        if kind != "op" or operator not in _COMPARE:
            _refuse(f"Operator expected after '{'.'.join(path)}'")
        return _comparison(path, operator, self._value())

    def _text_method(self, path: tuple[str, ...]) -> Predicate:
        kind, raw = self._next()
        if kind != "text" or len(path) < 2:
            _refuse("String expected")
        self._expect(")")
        method, part = _TEXT_METHODS[path[-1].lower()], _unquoted(raw).casefold()
        return lambda record: method(str(_field(record, path[:-1]) or "").casefold(), part)

    def _path(self) -> tuple[str, ...]:
        names = [self._name()]
        while self._take("."):
            names.append(self._name())
        return tuple(names)

    def _name(self) -> str:
        kind, name = self._next()
        if kind != "name":
            _refuse(f"Field name expected at '{name}'")
        return name

    def _value(self) -> Any:
        kind, raw = self._next()
        if kind == "text":
            return _unquoted(raw).casefold()
        if kind == "number":
            return Decimal(raw)
        word = raw.lower()
        if kind == "name" and word in ("true", "false", "null"):
            return {"true": True, "false": False, "null": None}[word]
        if kind == "name" and word == "guid":
            return self._guid()
        if kind == "name" and word == "datetime":
            return self._date_time()
        _refuse(f"No property or field '{raw}' exists in the current context")

    def _guid(self) -> str:
        self._expect("(")
        kind, raw = self._next()
        self._expect(")")
        if kind != "text" or not re.fullmatch(r"[0-9a-fA-F-]{36}", _unquoted(raw)):
            _refuse("Guid should contain 32 digits with 4 dashes")
        return _unquoted(raw).casefold()

    def _date_time(self) -> datetime:
        self._expect("(")
        numbers = [self._integer()]
        while self._take(","):
            numbers.append(self._integer())
        self._expect(")")
        try:
            year, month, day, *time = numbers
            return datetime(year, month, day, *time, tzinfo=UTC)  # type: ignore[misc, arg-type]
        except (ValueError, TypeError):
            _refuse("DateTime takes year, month, day and optionally hour, minute, second")

    def _integer(self) -> int:
        kind, raw = self._next()
        if kind != "number" or not raw.isdigit():
            _refuse(f"Integer expected at '{raw}'")
        return int(raw)

    def _next(self) -> tuple[str, str]:
        if self._at >= len(self._tokens):
            _refuse("Expression expected")
        self._at += 1
        return self._tokens[self._at - 1]

    def _take(self, *words: str) -> bool:
        if self._at < len(self._tokens) and self._tokens[self._at][1].lower() in words:
            self._at += 1
            return True
        return False

    def _expect(self, sign: str) -> None:
        if not self._take(sign):
            _refuse(f"'{sign}' expected")


def _unquoted(raw: str) -> str:
    return re.sub(r'\\(.)|""', lambda m: m.group(1) or '"', raw[1:-1])


def _field(record: Resolver, path: tuple[str, ...]) -> Any:
    try:
        return record(path)
    except KeyError:
        _refuse(f"No property or field '{path[-1]}' exists in this type")


def _comparison(path: tuple[str, ...], operator: str, wanted: Any) -> Predicate:
    compare = _COMPARE[operator]

    def holds(record: Resolver) -> bool:
        value = _field(record, path)
        if isinstance(value, str):
            value = value.casefold()
        if value is None or wanted is None:
            return operator in ("==", "=", "!=") and compare(value, wanted)
        if type(value) is not type(wanted):
            _refuse(f"Operator '{operator}' incompatible with operand types '{path[-1]}' and '{wanted}'")
        return compare(value, wanted)

    return holds
