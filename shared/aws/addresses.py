"""Postal addresses as callers send and see them."""

from typing import Annotated, Any, Final

from pydantic import AfterValidator, Field, StringConstraints

from shared.aws.http import Model, View
from shared.domain.addresses import COUNTRIES, Address

_TEXT: Final = r"^[^\x00-\x1f\x7f]*$"  # no control characters


def _text(most: int) -> Any:
    return StringConstraints(strip_whitespace=True, min_length=1, max_length=most, pattern=_TEXT)


def _country(code: str) -> str:
    if code not in COUNTRIES:
        raise ValueError("a country is two capital letters, as in ISO 3166")
    return code


Line = Annotated[str, _text(100)]
Place = Annotated[str, _text(50)]


class AddressBody(Model):
    """Where a supplier is. Street, city, postal code and country are what software asks for that wants an address."""

    line1: Line
    line2: Line | None = None
    city: Place
    region: Place | None = Field(None, description="State or province")
    postal_code: Annotated[str, _text(20)]
    country: Annotated[str, AfterValidator(_country), Field(pattern="^[A-Z]{2}$", examples=["US"])]

    def address(self) -> Address:
        return Address(**self.model_dump())


class AddressView(View):
    """An address; what is not given is null."""

    line1: str
    line2: str | None
    city: str
    region: str | None
    postal_code: str
    country: str

    @classmethod
    def maybe(cls, address: Address | None) -> "AddressView | None":
        return None if address is None else cls(**{name: getattr(address, name) for name in cls.model_fields})
