"""Amounts, dates, texts and references as they stand in JSON: what is allowed, and what a 422 says otherwise."""

import re
import unicodedata
from datetime import date
from decimal import Decimal
from typing import Annotated, Any, Final

from pydantic import AfterValidator, BeforeValidator, Field, StringConstraints, WithJsonSchema, model_validator

from shared.aws.addresses import AddressBody
from shared.aws.http import Model
from shared.domain.ids import is_id
from shared.domain.item_drafts import Reference
from shared.domain.money import is_currency

_AMOUNT: Final = r"-?[0-9]{1,12}(\.[0-9]{1,4})?"
_SHARE: Final = r"(0(\.[0-9]{1,6})?|1(\.0{1,6})?)"
_RATE: Final = r"[0-9]{1,9}(\.[0-9]{1,10})?"
_DATE: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}\Z")
EARLIEST: Final = date(1900, 1, 1)
LATEST: Final = date(2199, 12, 31)


def _decimal(pattern: str, words: str) -> BeforeValidator:
    form = re.compile(rf"{pattern}\Z")

    def parse(value: Any) -> Decimal:
        if isinstance(value, Decimal):
            return value
        if not isinstance(value, str) or not form.match(value):
            raise ValueError(words)
        # Adding zero turns -0 into 0, which is the same amount.
        return Decimal(value) + 0

    return BeforeValidator(parse)


def _parse_date(value: Any) -> date:
    if isinstance(value, date):
        return value
    if not isinstance(value, str) or not _DATE.match(value):
        raise ValueError("a date is YYYY-MM-DD, without time or zone")
    try:
        parsed = date.fromisoformat(value)
    except ValueError:
        raise ValueError("there is no such day") from None
    if not EARLIEST <= parsed <= LATEST:
        raise ValueError(f"a date lies between {EARLIEST} and {LATEST}")
    return parsed


def printable(text: str) -> str:
    """Refuse what no accounting software takes: control characters (but line breaks and tabs) and half characters."""
    if any(unicodedata.category(one) in {"Cc", "Cs"} and one not in "\n\r\t" for one in text):
        raise ValueError("the text has control characters")
    return text


def _currency(text: str) -> str:
    if not is_currency(text):
        raise ValueError("a currency is three capital letters, as in ISO 4217")
    return text


def _identifier(text: str) -> str:
    if not is_id(text):
        raise ValueError("this is not an id of ours")
    return text


Amount = Annotated[
    Decimal,
    _decimal(_AMOUNT, 'an amount is a text such as "1234.50": at most 12 digits and 4 decimals, no exponent'),
    WithJsonSchema({"type": "string", "pattern": f"^{_AMOUNT}$", "examples": ["120.00"]}),
]
ExchangeRate = Annotated[
    Decimal,
    _decimal(_RATE, 'a rate is a text such as "1.0825": above zero, at most 10 decimals, no exponent'),
    Field(gt=0),
    WithJsonSchema({"type": "string", "pattern": f"^{_RATE}$", "examples": ["1.0825"]}),
]
Share = Annotated[
    Decimal,
    _decimal(_SHARE, 'a confidence is a text between "0" and "1", with at most 6 decimals'),
    WithJsonSchema({"type": "string", "pattern": f"^{_SHARE}$", "examples": ["0.97"]}),
]
Day = Annotated[
    date,
    BeforeValidator(_parse_date),
    WithJsonSchema({"type": "string", "format": "date", "examples": ["2026-03-11"]}),
]
Currency = Annotated[str, AfterValidator(_currency), Field(pattern="^[A-Z]{3}$", examples=["GBP"])]
Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=255), AfterValidator(printable)]
Text = Annotated[str, StringConstraints(max_length=4000), AfterValidator(printable)]
Number = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=255), AfterValidator(printable)
]
ExternalId = Annotated[str, StringConstraints(min_length=1, max_length=128), AfterValidator(printable)]
Id = Annotated[str, AfterValidator(_identifier), Field(min_length=26, max_length=26)]


class _Named(Model):
    """A reference is an object with exactly one way of naming the entry; a bare id is taken as {"id": ...}."""

    @model_validator(mode="before")
    @classmethod
    def _bare_text(cls, value: Any) -> Any:
        return cls._from_text(value) if isinstance(value, str) else value

    @classmethod
    def _from_text(cls, text: str) -> dict[str, str]:
        return {"id": text}

    @model_validator(mode="after")
    def _one_way(self) -> "_Named":
        if len(self.model_fields_set & {"id", "code", "name"}) != 1:
            ways = sorted(type(self).model_fields.keys() - {"address"})
            raise ValueError("name the entry in exactly one way: " + ", ".join(ways))
        return self

    def reference(self) -> Reference:
        return Reference(**self.model_dump())


class ContactRef(_Named):
    """A supplier or customer: {"id"} or {"name"}. A name that the books do not have becomes a new contact."""

    id: Id | None = None
    name: Name | None = None


class NewContactRef(ContactRef):
    """A supplier or customer: {"id"} or {"name"}. A name that the books do not have becomes a new contact."""

    address: AddressBody | None = Field(
        None, description="With a name: of a contact that the software does not have yet, and that has none here so far"
    )

    @model_validator(mode="after")
    def _of_a_name(self) -> "NewContactRef":
        if self.address is not None and self.name is None:
            raise ValueError("an address goes with a name; a contact that is there is changed in its list")
        return self

    def reference(self) -> Reference:
        address = self.address.address() if self.address is not None else None
        return Reference(id=self.id, name=self.name, address=address)


class ApproverRef(_Named):
    """Who is the first to approve a bill: {"id"} or {"name"} of the list `approvers`."""

    id: Id | None = None
    name: Name | None = None


class MethodRef(_Named):
    """One of the account's payment methods: {"id"} or {"name"}."""

    id: Id | None = None
    name: Name | None = None


class EntryRef(_Named):
    """A category, tax rate or product: {"id"}, {"code"} or {"name"}. A bare text is an id, else a code."""

    id: Id | None = None
    code: Name | None = None
    name: Name | None = None

    @classmethod
    def _from_text(cls, text: str) -> dict[str, str]:
        return {"id": text} if is_id(text) else {"code": text}


class TrackingRef(_Named):
    """A value of a tracking category or class: {"id"}, or {"dimension": its category's name, "name": its own}."""

    id: Id | None = None
    dimension: Name | None = None
    name: Name | None = None

    @model_validator(mode="after")
    def _within(self) -> "TrackingRef":
        if (self.name is None) != (self.dimension is None):
            raise ValueError("name the value together with its dimension")
        return self
