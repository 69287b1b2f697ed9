"""Numbers, times and references as the QuickBooks Online API writes and reads them (Intuit's Finance.xsd)."""

import json
import re
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Any
from xml.sax.saxutils import escape

from sandbox.quickbooks.errors import RefusedError, invalid_type, required
from sandbox.quickbooks.wire import Record

# Answers carry Pacific time. Assumed to be -08:00 the whole year: clients must read the offset either way.
PACIFIC = timezone(timedelta(hours=-8))
ZERO = Decimal("0.00")
_CENT = Decimal("0.01")
_LARGEST_AMOUNT = Decimal("99999999999")
_DAY = re.compile(r"^\d{4}-\d{2}-\d{2}")


def cents(amount: Decimal) -> Decimal:
    """Rounded to two decimals, halves away from zero (assumed: Intuit does not say how it rounds)."""
    return amount.quantize(_CENT, ROUND_HALF_UP)


def stamp(at: datetime) -> str:
    """The form of MetaData times: whole seconds, Pacific."""
    return at.astimezone(PACIFIC).isoformat(timespec="seconds")


def answer_time(at: datetime) -> str:
    """The form of an answer's own `time`: milliseconds, Pacific."""
    return at.astimezone(PACIFIC).isoformat(timespec="milliseconds")


def instant(text: str) -> datetime:
    """An aware time from "2026-03-11T09:59:18-08:00", "...Z" or a bare day. Without an offset it is Pacific (assumed).

    Raises ValueError.
    """
    parsed = datetime.fromisoformat(text.strip())
    return parsed.replace(tzinfo=PACIFIC) if parsed.tzinfo is None else parsed.astimezone(UTC)


def read_amount(value: object, name: str) -> Decimal:
    """A finite Decimal from a JSON number or a numeric string. Raises RefusedError (2010)."""
    if not isinstance(value, bool) and isinstance(value, int | Decimal | str):
        try:
            number = Decimal(value)
        except InvalidOperation:
            number = Decimal("NaN")
        if number.is_finite() and abs(number) < _LARGEST_AMOUNT:
            return number
    raise invalid_type(name, "a number")


def read_day(value: object, name: str) -> str:
    """An ISO day, of which a time is cut off. Raises RefusedError (2010)."""
    text = value if isinstance(value, str) else ""
    try:
        return date.fromisoformat(text[:10]).isoformat() if _DAY.match(text) else _refuse_day(name)
    except ValueError:
        return _refuse_day(name)


def read_text(value: object, name: str, longest: int) -> str:
    """A string of at most `longest` characters. Raises RefusedError (2010, 2050)."""
    if not isinstance(value, str):
        raise invalid_type(name, "a string")
    if len(value) > longest:
        detail = f"String length specified is too long: min: 0 max: {longest} supplied: {len(value)}. Supplied value: "
        raise RefusedError("2050", "String length is either shorter or longer than supported by specification", detail)
    return value


def read_flag(value: object, name: str) -> bool:
    """A boolean, or "true" and "false" as Intuit's own samples send them. Raises RefusedError (2010)."""
    if isinstance(value, str) and value.lower() in {"true", "false"}:
        return value.lower() == "true"
    if not isinstance(value, bool):
        raise invalid_type(name, "a boolean")
    return value


def ref_value(holder: Mapping[str, Any], name: str) -> str | None:
    """The id in a reference such as VendorRef, or None when it is absent. Raises RefusedError (2010)."""
    ref = holder.get(name)
    if ref is None or ref == {}:
        return None
    if not isinstance(ref, Mapping):
        raise invalid_type(name, "a reference")
    value = ref.get("value")
    if value in (None, ""):
        return None
    return str(value)


def needed_ref(holder: Mapping[str, Any], name: str) -> str:
    """Raises RefusedError (2020) when the reference is missing."""
    value = ref_value(holder, name)
    if value is None:
        raise required(name)
    return value


def add_days(day: str, days: int) -> str:
    return (date.fromisoformat(day) + timedelta(days=days)).isoformat()


def read_json(raw: bytes) -> Record:
    """A JSON object with its numbers as Decimal. Raises RefusedError (2010, or Intuit's 500 for bad UTF-8)."""
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError:
        raise RefusedError(
            "500", "Unsupported Operation", "Operation Invalid UTF-8 middle byte is not supported.", status=500
        ) from None
    try:
        body = json.loads(text, parse_float=Decimal, parse_int=Decimal, parse_constant=_refuse_constant)
    except (ValueError, RecursionError):
        raise RefusedError(
            "2010", "Request has invalid or unsupported property", "Invalid JSON in the request."
        ) from None
    if not isinstance(body, dict):
        raise RefusedError("2010", "Request has invalid or unsupported property", "A JSON object is expected.")
    plain: Record = without_nulls(body)
    return plain


def without_nulls(value: Any) -> Any:
    """A null property is an absent one."""
    if isinstance(value, dict):
        return {key: without_nulls(inner) for key, inner in value.items() if inner is not None}
    return [without_nulls(inner) for inner in value if inner is not None] if isinstance(value, list) else value


def to_json(value: Any) -> bytes:
    return json.dumps(_plain(value), ensure_ascii=False).encode()


def to_xml(value: Mapping[str, Any]) -> bytes:
    """An answer as <IntuitResponse>; what Intuit sends when the Accept header does not ask for JSON."""
    attributes = f' time="{value["time"]}"' if "time" in value else ""
    inner = "".join(_element(key, one) for key, one in value.items() if key != "time")
    head = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>'
    return f'{head}<IntuitResponse xmlns="http://schema.intuit.com/finance/v3"{attributes}>{inner}</IntuitResponse>'.encode()


_XML_ATTRIBUTES = frozenset({"domain", "sparse", "status", "type", "code", "element", "bId", "startPosition"})
_XML_COUNTS = frozenset({"maxResults", "totalCount"})


def _element(name: str, value: Any) -> str:
    if isinstance(value, list):
        return "".join(_element(name, one) for one in value)
    if not isinstance(value, Mapping):
        return f"<{name}>{escape(_text(value))}</{name}>"
    marks = {k: v for k, v in value.items() if k in _XML_ATTRIBUTES | _XML_COUNTS or (k == "name" and "value" in value)}
    attributes = "".join(f' {k}="{escape(_text(v), {chr(34): "&quot;"})}"' for k, v in marks.items())
    if "value" in value:
        return f"<{name}{attributes}>{escape(_text(value['value']))}</{name}>"
    inner = "".join(_element(k, v) for k, v in value.items() if k not in marks)
    return f"<{name}{attributes}>{inner}</{name}>"


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _plain(value: Any) -> Any:
    """Decimals as JSON numbers: Intuit writes amounts as numbers, never as strings."""
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, dict):
        return {key: _plain(inner) for key, inner in value.items()}
    return [_plain(inner) for inner in value] if isinstance(value, list) else value


def _refuse_day(name: str) -> str:
    raise invalid_type(name, "a date")


def _refuse_constant(name: str) -> None:
    raise ValueError(name)
