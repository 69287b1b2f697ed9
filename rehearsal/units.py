"""What DynamoDB charges for a call, where DynamoDB Local does not tell: transactions."""

from typing import Any, Final

_KILOBYTE: Final = 1024


def units_of(method: str, request: dict[str, Any], answer: Any) -> float:
    """The capacity units of a call, read or written.

    DynamoDB Local answers those of a transaction's last write for the whole of it, so a transaction's are worked out
    from what is sent: 2 for each begun kilobyte of a row, and 2 at least for an update, a deletion or a check, whose
    rows are not sent. ("Capacity unit consumption for write operations", DynamoDB Developer Guide.)
    """
    if method == "transact_write_items":
        return float(sum(2 * _kilobytes(one) for one in request["TransactItems"]))
    consumed = answer.get("ConsumedCapacity") if isinstance(answer, dict) else None
    several = consumed if isinstance(consumed, list) else [consumed] if consumed else []
    return sum(float(one.get("CapacityUnits", 0)) for one in several)


def _kilobytes(operation: dict[str, Any]) -> int:
    (body,) = operation.values()
    row = body.get("Item") or body.get("ExpressionAttributeValues") or {}
    return max(1, -(-_row_size(row) // _KILOBYTE))


def _row_size(row: dict[str, Any]) -> int:
    """Bytes of names and values. ("DynamoDB item sizes and formats", DynamoDB Developer Guide.)"""
    return sum(len(name.encode()) + _size(value) for name, value in row.items())


def _size(value: dict[str, Any]) -> int:
    ((kind, held),) = value.items()
    match kind:
        case "S" | "B":
            return len(held.encode() if isinstance(held, str) else held)
        case "N":
            return len(held) // 2 + 2
        case "M":
            return 3 + _row_size(held) + len(held)
        case "L":
            return 3 + sum(1 + _size(one) for one in held)
        case _:  # BOOL, NULL; sets are not used
            return 1
