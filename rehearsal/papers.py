"""Small items for faults: bodies as the API takes them."""

from itertools import count
from typing import Any

from rehearsal.world import LINKED

_numbers = count(1)


def bill(**changes: Any) -> dict[str, Any]:
    """A bill of 48.00 from a supplier that the books know."""
    return {
        "side": "costs",
        "type": "invoice",
        "currency": "GBP",
        "tax_mode": "exclusive",
        "total": "48.00",
        "date": "2026-03-11",
        "due_date": "2026-04-10",
        "number": f"B-{next(_numbers)}",
        "contact": {"name": "Severn Power"},
        "destination": "purchases",
        "publish_as": "awaiting_payment",
        "lines": [line()],
        **changes,
    }


def line(amount: str = "40.00", category: str = "429", tax_rate: str = "INPUT2", **more: Any) -> dict[str, Any]:
    return {
        "description": "Sundries",
        "amount": amount,
        "category": {"code": category},
        "tax_rate": {"code": tax_rate},
        **more,
    }


def paid_bill(**changes: Any) -> dict[str, Any]:
    paid = {"paid": True, "paid_on": "2026-03-11", "payment_method": {"name": LINKED}, "publish_as": "paid"}
    return bill(**paid) | changes


def supplier_credit(**changes: Any) -> dict[str, Any]:
    """A credit note that Xero keeps no field of ours on."""
    return bill(type="credit_note", due_date=None) | changes


def spend_money(**changes: Any) -> dict[str, Any]:
    bank = {"destination": "bank_accounts", "paid": True, "payment_method": {"name": LINKED}}
    return bill(type="receipt", due_date=None, publish_as=None, **bank) | changes


def sales_invoice(**changes: Any) -> dict[str, Any]:
    return (
        bill(
            side="sales",
            destination="sales",
            contact={"name": "City Agency"},
            lines=[line(category="200", tax_rate="OUTPUT2")],
        )
        | changes
    )
