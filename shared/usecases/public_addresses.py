"""Addresses that tenants give us to call: looked at when they are given, and once more at every call."""

from shared.domain.errors import fail
from shared.usecases.service import Service


def check_address(service: Service, url: str, field: str) -> None:
    """Raises invalid_request for an address that is not https or not public (the local stage may name itself)."""
    from shared.aws.public_web import AddressRefused

    try:
        service.public_web.check(url)
    except AddressRefused as refused:
        raise fail("invalid_request", field=field, reason=str(refused)) from None
