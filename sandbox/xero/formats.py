"""How Xero writes dates and amounts on the wire, and the refusals it answers with.

Source: Xero Accounting API, "Requests and responses" and "HTTP response codes"; examples in the published OpenAPI
description (xero_accounting 16.1.0).
"""

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Any

Record = dict[str, Any]
"""One resource in Xero's field names: amounts are Decimal, days ISO dates, instants ISO date-times in UTC.
Names beginning with "_" are the sandbox's own and never leave it by the API."""

NO_ID = "00000000-0000-0000-0000-000000000000"
_MS_DATE = re.compile(r"^/Date\((-?\d{1,15})(?:[+-]\d{4})?\)/$")
_CENT = Decimal("0.01")
_LARGEST_AMOUNT = Decimal("1e11")


class RefusedError(Exception):
    """A call refused as a whole: HTTP status and the body Xero sends with it (a JSON object, or text for HTML)."""

    def __init__(self, status: int, body: Mapping[str, Any] | str) -> None:
        super().__init__(f"{status} {body}")
        self.status = status
        self.body = body


class InvalidElementError(Exception):
    """One element refused: the messages of its ValidationErrors, in Xero's order of checking."""

    def __init__(self, messages: Sequence[str]) -> None:
        super().__init__("; ".join(messages))
        self.messages = list(messages)


def exception(status: int, number: int, kind: str, message: str) -> RefusedError:
    """Xero's ApiException: {"ErrorNumber", "Type", "Message"}."""
    return RefusedError(status, {"ErrorNumber": number, "Type": kind, "Message": message})


def validation_exception(elements: Sequence[Record]) -> RefusedError:
    """400 with the refused elements, each carrying its ValidationErrors."""
    body = {
        "ErrorNumber": 10,
        "Type": "ValidationException",
        "Message": "A validation exception occurred",
        "Elements": list(elements),
    }
    return RefusedError(400, body)


def post_data_invalid(message: str) -> RefusedError:
    """400 for a body that cannot be read as the resource (recorded wording: "Error converting value ...")."""
    return exception(400, 14, "PostDataInvalidException", message)


def not_found() -> RefusedError:
    """404 as recorded from the live service: HTML, no JSON."""
    return RefusedError(404, "The resource you're looking for cannot be found")


def cents(amount: Decimal) -> Decimal:
    """Rounded to two decimals, halves away from zero as Xero rounds tax and line amounts."""
    return amount.quantize(_CENT, ROUND_HALF_UP)


def ms_date(value: str) -> str:
    """ "2026-03-11" or an ISO instant as "/Date(1773187200000+0000)/"."""
    return f"/Date({milliseconds(instant(value))}+0000)/"


def milliseconds(at: datetime) -> int:
    """Milliseconds since 1970, UTC."""
    delta = at - datetime(1970, 1, 1, tzinfo=UTC)
    return (delta.days * 86_400 + delta.seconds) * 1000 + delta.microseconds // 1000


def instant(value: str) -> datetime:
    """A stored ISO day or date-time as an aware datetime in UTC."""
    parsed = datetime.fromisoformat(value)
    return parsed.replace(tzinfo=UTC) if parsed.tzinfo is None else parsed.astimezone(UTC)


def stamp(now: datetime) -> str:
    """The stored form of an instant: ISO with milliseconds, UTC."""
    return now.astimezone(UTC).isoformat(timespec="milliseconds")


def envelope(provider: str, now: datetime, answer_id: str) -> Record:
    """The keys that every JSON answer of the Accounting API begins with."""
    return {"Id": answer_id, "Status": "OK", "ProviderName": provider, "DateTimeUTC": f"/Date({milliseconds(now)})/"}


def read_date(value: object, path: str) -> str:
    """An ISO day from "2026-03-11", "2026-03-11T00:00:00[Z]" or "/Date(ms+0000)/"; raises RefusedError (400)."""
    text = value if isinstance(value, str) else ""
    found = _MS_DATE.match(text)
    try:
        if found:
            return datetime.fromtimestamp(int(found.group(1)) / 1000, UTC).date().isoformat()
        if len(text) == 10:
            return date.fromisoformat(text).isoformat()
        return datetime.fromisoformat(text).date().isoformat()
    except (ValueError, OverflowError, OSError):
        raise post_data_invalid(f"Could not convert string to DateTime: {value}. Path '{path}'.") from None


def read_number(value: object, path: str) -> Decimal:
    """A finite Decimal from a JSON number or numeric string; raises RefusedError (400)."""
    if not isinstance(value, bool) and isinstance(value, int | Decimal | str):
        try:
            number = Decimal(value)
        except InvalidOperation:
            number = Decimal("NaN")
        if number.is_finite() and abs(number) < _LARGEST_AMOUNT:
            return number
    raise post_data_invalid(f"Error converting value \"{value}\" to type 'System.Decimal'. Path '{path}'.")


def read_text(value: object, path: str) -> str:
    """A string (numbers are taken as their text, as Xero's reader does); raises RefusedError (400)."""
    if isinstance(value, str):
        return value
    if isinstance(value, int | Decimal) and not isinstance(value, bool):
        return str(value)
    raise post_data_invalid(f"Unexpected value for a string. Path '{path}'.")


def read_choice(value: object, path: str, choices: Sequence[str], type_name: str) -> str:
    """One of an enumeration's names, exactly; raises RefusedError (400)."""
    if isinstance(value, str) and value in choices:
        return value
    raise post_data_invalid(f"Error converting value \"{value}\" to type '{type_name}'. Path '{path}'.")
