"""What Sage's API reads and writes: errors as arrays, days, instants, amounts, and a reader of request objects.

Source: developer.sage.com/accounting, guides "Response codes", "Frequently raised errors" and "Idempotency"; fields and
lengths of the published description (v3.1). Texts that Sage does not publish stand in `messages` and say so.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from sandbox.sage import messages

Record = dict[str, Any]
"""One resource in Sage's field names: amounts are Decimal, days ISO dates, instants ISO date-times in UTC, other
resources {"$in": table, "id": id}. Names beginning with "_" are the sandbox's own and never leave it by the API."""

_CENT = Decimal("0.01")
_LARGEST_AMOUNT = Decimal("1e11")
_DAY = re.compile(r"^\d{4}-\d{2}-\d{2}$")


class RefusedError(Exception):
    """A call refused: HTTP status and Sage's array of errors."""

    def __init__(self, status: int, errors: Iterable[Record]) -> None:
        self.status = status
        self.errors = list(errors)
        super().__init__(f"{status} {self.errors}")


def error(code: str, message: str, source: str = "") -> Record:
    return {"$severity": "error", "$dataCode": code, "$message": message, "$source": source}


def refused(status: int, code: str, message: str, source: str = "") -> RefusedError:
    return RefusedError(status, [error(code, message, source)])


def invalid(message: str, source: str = "") -> RefusedError:
    """422 with one RecordInvalid."""
    return refused(422, messages.RECORD_INVALID, message, source)


def not_found() -> RefusedError:
    return refused(404, messages.RECORD_NOT_FOUND, messages.NOT_FOUND)


def cents(amount: Decimal) -> Decimal:
    """Rounded to two decimals, halves away from zero (assumed: Sage does not say how it rounds)."""
    return amount.quantize(_CENT, ROUND_HALF_UP)


def stamp(now: datetime) -> str:
    """An instant as Sage writes it: UTC, whole seconds."""
    return f"{now.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


def instant(text: str, source: str) -> datetime:
    """An instant of a query ("YYYY-MM-DDThh:mm:ss(+|-)hh:mm" or "Z"). Raises RefusedError (422, assumed)."""
    try:  # An unescaped "+" of the offset arrives as a space.
        parsed = datetime.fromisoformat(text.replace(" ", "+"))
    except ValueError:
        raise invalid(messages.BAD_INSTANT, source) from None
    return parsed.replace(tzinfo=UTC) if parsed.tzinfo is None else parsed.astimezone(UTC)


def ref(table: str, record_id: str | None) -> Record | None:
    """A stored reference to another resource; written out as id, displayed_as and $path."""
    return {"$in": table, "id": record_id} if record_id is not None else None


def ref_id(value: Any) -> str | None:
    """The id that a stored reference points to."""
    return value["id"] if isinstance(value, dict) else None


@dataclass
class Problems:
    """All that is wrong with one request: Sage answers every error at once."""

    errors: list[Record] = field(default_factory=list)

    def add(self, message: str, source: str) -> None:
        self.errors.append(error(messages.RECORD_INVALID, message, source))

    def raise_any(self) -> None:
        """Raises RefusedError (422) when anything was added."""
        if self.errors:
            raise RefusedError(422, self.errors)


class Fields:
    """One request object, read field by field; what is wrong is noted under `prefix` + name. Unknown fields are
    passed over (assumed)."""

    def __init__(self, raw: Any, problems: Problems, prefix: str = "") -> None:
        self.raw: Mapping[str, Any] = raw if isinstance(raw, Mapping) else {}
        self.problems = problems
        self.prefix = prefix
        if not isinstance(raw, Mapping):
            problems.add(messages.NOT_AN_OBJECT, prefix.rstrip("."))

    def wrong(self, name: str, message: str) -> None:
        self.problems.add(message, f"{self.prefix}{name}")

    def given(self, name: str, *, required: bool = False) -> Any:
        """The value as it came; null and "" count as not given."""
        value = self.raw.get(name)
        if value is None or value == "":
            if required:
                self.wrong(name, messages.REQUIRED)
            return None
        return value

    def text(self, name: str, *, longest: int | None = None, required: bool = False) -> str | None:
        value = self.given(name, required=required)
        if value is None:
            return None
        if isinstance(value, int | Decimal) and not isinstance(value, bool):
            value = str(value)
        if not isinstance(value, str):
            self.wrong(name, messages.NOT_TEXT)
            return None
        if longest is not None and len(value) > longest:
            self.wrong(name, messages.TOO_LONG.format(longest=longest))
            return None
        return value

    def number(self, name: str, *, required: bool = False) -> Decimal | None:
        """A JSON number or a numeric text."""
        value = self.given(name, required=required)
        if value is None:
            return None
        number = _decimal(value)
        if number is None:
            self.wrong(name, messages.NOT_A_NUMBER)
        return number

    def amount(self, name: str, *, required: bool = False) -> Decimal | None:
        """A number rounded to cents."""
        number = self.number(name, required=required)
        return cents(number) if number is not None else None

    def day(self, name: str, *, required: bool = False) -> date | None:
        value = self.given(name, required=required)
        if value is None:
            return None
        try:
            return date.fromisoformat(value if isinstance(value, str) and _DAY.match(value) else "")
        except ValueError:
            self.wrong(name, messages.BAD_DAY)
            return None

    def flag(self, name: str) -> bool:
        value = self.given(name)
        if value not in (None, True, False):
            self.wrong(name, messages.NOT_A_FLAG)
        return value is True

    def rows(self, name: str, *, required: bool = False) -> list[Any]:
        value = self.given(name, required=required)
        if value is None:
            return []
        if not isinstance(value, list) or (required and not value):
            self.wrong(name, messages.REQUIRED if value == [] else messages.NOT_A_LIST)
            return []
        return value


def _decimal(value: Any) -> Decimal | None:
    if isinstance(value, bool) or not isinstance(value, int | Decimal | str):
        return None
    try:
        number = Decimal(value)
    except ArithmeticError:
        return None
    return number if number.is_finite() and abs(number) < _LARGEST_AMOUNT else None
