"""Records with Decimals in and out of JSON, without a float on the way."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any


def strings(value: Any) -> Any:
    """A copy for a test to read: amounts as strings."""
    return _map_decimals(value, str)


def tagged(value: Any) -> Any:
    """A copy for a snapshot: JSON-safe, and `untagged` gives it back exactly."""
    return _map_decimals(value, lambda number: {"$decimal": str(number)})


def _map_decimals(value: Any, write: Callable[[Decimal], Any]) -> Any:
    if isinstance(value, Decimal):
        return write(value)
    if isinstance(value, dict):
        return {key: _map_decimals(inner, write) for key, inner in value.items()}
    if isinstance(value, list):
        return [_map_decimals(inner, write) for inner in value]
    return value


def untagged(value: Any) -> Any:
    if isinstance(value, dict):
        if set(value) == {"$decimal"}:
            return Decimal(value["$decimal"])
        return {key: untagged(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [untagged(inner) for inner in value]
    return value
