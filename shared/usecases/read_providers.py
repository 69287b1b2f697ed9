"""The catalogue that a product builds its "connect" page from."""

from shared.providers import registry
from shared.providers.facts import Profile


def read_providers() -> list[Profile]:
    """Every provider's facts, as its profile states them."""
    return [registry.profile(name) for name in registry.names()]
