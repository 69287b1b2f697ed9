"""One suite for all: which provider a test runs against, and what a provider cannot show, by its own profile."""

from collections.abc import Iterable
from typing import Any

import pytest

from shared.providers import registry
from shared.providers.facts import Guarantee

SOAK, SWEEP = pytest.mark.soak, pytest.mark.sweep


def against(
    name: str, *needs: Guarantee, more: tuple[Any, ...] = (), marks: Iterable[Any] = (), called: str = ""
) -> Any:
    """One provider as a parameter of `world`, with more parameters behind it; left out where its profile says why."""
    reasons = registry.profile(name).cannot_show
    left_out = [pytest.mark.skip(reason=f"{name}, {need}: {reasons[need]}") for need in needs if need in reasons]
    return pytest.param(name, *more, marks=[*marks, *left_out], id=f"{name}-{called}" if called else name)


def every(*needs: Guarantee, soak: Iterable[str] = ()) -> Any:
    """The test runs against every registered provider; against those in `soak` in `make soak` alone."""
    later = set(soak)
    names = [against(name, *needs, marks=[SOAK] if name in later else []) for name in registry.names()]
    return pytest.mark.parametrize("world", names, indirect=True)


def only(name: str) -> Any:
    """The test is about one provider's own habit."""
    return pytest.mark.parametrize("world", [against(name)], indirect=True)


def others() -> list[str]:
    """Every provider but Xero, which the rest of the tests are made with."""
    return [name for name in registry.names() if name != "xero"]
