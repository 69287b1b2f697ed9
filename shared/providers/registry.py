"""Providers by name; a provider's modules are imported on first use, its profile without its calls."""

from functools import cache
from importlib import import_module
from typing import Final

from shared.domain.errors import fail
from shared.providers.contract import Provider
from shared.providers.facts import Profile

_NAMES: Final = ("xero", "quickbooks", "sage", "bill", "approvalmax")


def names() -> tuple[str, ...]:
    """Every provider there is, in the order in which they are shown."""
    return _NAMES


@cache
def profile(name: str) -> Profile:
    """A provider's facts, importing nothing but them. Raises LedgerbridgeError provider_unknown."""
    _known(name)
    found: Profile = import_module(f"shared.providers.{name}.profile").PROFILE
    return found


@cache
def provider(name: str) -> Provider:
    """A provider, ready to be called. Raises LedgerbridgeError provider_unknown."""
    _known(name)
    found: Provider = import_module(f"shared.providers.{name}.calls").PROVIDER
    return found


def _known(name: str) -> None:
    if name not in _NAMES:
        raise fail("provider_unknown", provider=name)
