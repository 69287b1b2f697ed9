"""Plain values to DynamoDB's attribute values and back; no resource layer, so that no more of the SDK is loaded."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final

Row = dict[str, Any]


_PLAIN: Final[dict[type, str]] = {str: "S", bool: "BOOL", bytes: "B"}


def to_wire(value: object) -> dict[str, Any]:
    """One attribute value. Floats are refused (TypeError): amounts are text, figures are integers."""
    if value is None:
        return {"NULL": True}
    if isinstance(value, list | tuple):
        return {"L": [to_wire(one) for one in value]}
    if isinstance(value, dict):
        return {"M": row_to_wire(value)}
    if isinstance(value, int | Decimal) and not isinstance(value, bool):
        return {"N": str(value)}
    name = _PLAIN.get(type(value))
    if name is None:
        raise TypeError(f"a {type(value).__name__} is not stored")
    return {name: value}


def row_to_wire(row: Mapping[str, object]) -> dict[str, Any]:
    return {name: to_wire(value) for name, value in row.items()}


def from_wire(attribute: Mapping[str, Any]) -> Any:
    """The plain value of an attribute; whole numbers as int, others as Decimal."""
    kind, value = next(iter(attribute.items()))
    if kind == "N":
        return Decimal(value) if "." in value or "E" in value.upper() else int(value)
    if kind == "L":
        return [from_wire(one) for one in value]
    if kind == "M":
        return row_from_wire(value)
    return None if kind == "NULL" else value


def row_from_wire(attributes: Mapping[str, Mapping[str, Any]]) -> Row:
    return {name: from_wire(attribute) for name, attribute in attributes.items()}
