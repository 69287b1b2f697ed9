"""Small items for faults: bodies as the API takes them, coded with what one provider's sandbox has on its lists."""

from dataclasses import dataclass, field
from decimal import Decimal
from itertools import count
from typing import Any

LINKED = "Business card 1111"
UNLINKED = "New card 2222"
_numbers = count(1)


@dataclass(frozen=True)
class Papers:
    """What the lists of one organisation are called. `percent` is the tax on a line's net amount.

    `cost` and `sale` are what a line says besides its amount; `state` is how bills are published.
    """

    supplier: str
    customer: str
    cost: dict[str, Any]
    sale: dict[str, Any]
    currency: str = "GBP"
    percent: int = 20
    state: str = "awaiting_payment"
    more: dict[str, Any] = field(default_factory=dict)

    def bill(self, *, net: str = "40.00", **changes: Any) -> dict[str, Any]:
        """A bill from a supplier that the books know: 40.00 and tax, unless told otherwise."""
        total = (Decimal(net) * (100 + self.percent) / 100).quantize(Decimal("0.01"))
        return {
            "side": "costs",
            "type": "invoice",
            "currency": self.currency,
            "tax_mode": "exclusive",
            "total": str(total),
            "date": "2026-03-11",
            "due_date": "2026-04-10",
            "number": f"B-{next(_numbers)}",
            "contact": {"name": self.supplier},
            "destination": "purchases",
            "publish_as": self.state,
            "lines": [self.line(net)],
            **self.more,
            **changes,
        }

    def line(self, net: str = "40.00", **more: Any) -> dict[str, Any]:
        return {"description": "Sundries", "amount": net, **self.cost, **more}

    def paid_bill(self, **changes: Any) -> dict[str, Any]:
        paid = {"paid": True, "paid_on": "2026-03-11", "payment_method": {"name": LINKED}, "publish_as": "paid"}
        return self.bill(**{**paid, **changes})

    def supplier_credit(self, **changes: Any) -> dict[str, Any]:
        return self.bill(**{"type": "credit_note", "due_date": None, **changes})

    def spend_money(self, **changes: Any) -> dict[str, Any]:
        bank = {"destination": "bank_accounts", "paid": True, "payment_method": {"name": LINKED}}
        return self.bill(**{"type": "receipt", "due_date": None, "publish_as": None, **bank, **changes})

    def sales_invoice(self, **changes: Any) -> dict[str, Any]:
        sold = {"side": "sales", "destination": "sales", "contact": {"name": self.customer}}
        return self.bill(**{**sold, "lines": [{**self.line(), **self.sale}], **changes})


# Xero's, by name: most tests of what publishing does for any provider run against Xero alone.
XERO = Papers(
    supplier="Severn Power",
    customer="City Agency",
    cost={"category": {"code": "429"}, "tax_rate": {"code": "INPUT2"}},
    sale={"category": {"code": "200"}, "tax_rate": {"code": "OUTPUT2"}},
)
bill, line, paid_bill = XERO.bill, XERO.line, XERO.paid_bill
supplier_credit, spend_money, sales_invoice = XERO.supplier_credit, XERO.spend_money, XERO.sales_invoice
