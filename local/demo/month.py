"""A month of papers of Harbour & Finch Ltd, the sandbox's British organisation: what the demo publishes."""

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from itertools import count
from typing import Any, Final

SEED: Final = 2026
FIRST_DAY: Final = date(2026, 3, 1)
LOCKED_DAY: Final = date(2025, 12, 15)  # before the organisation's period lock date, 31 December 2025
CENT: Final = Decimal("0.01")
LINKED: Final = "Business card 1111"
UNLINKED: Final = "New card 2222"

KNOWN_SUPPLIERS: Final = (
    "Northgate Stationers", "Severn Power", "Harbour Telecom", "Whitfield & Sons Couriers", "Café Ñandú",
    "Müller Büromöbel GmbH", "Åse Bjørnstad Konsult", "Crowther Legal LLP", "O'Neil Plumbing", "Zielona Góra Meble",
    "Lumen Software Ltd", "Redhill Cleaning", "日本文具株式会社", "Tidewater Fuel",
)  # fmt: skip
NEW_SUPPLIERS: Final = ("Brasserie Łódź", "Kōhī Rōsutā", "Greenway Skips", "Ateliers Bézier SARL")
SHARED_NEW_SUPPLIER: Final = "Þórsmörk Guiding ehf"  # one new supplier on several items
CUSTOMERS: Final = ("Ridgeway University", "City Agency", "Bank West", "Hamilton Smith", "Rex Media Group")
NEW_CUSTOMERS: Final = ("Ωmega Studios", "Société Lumière")
COSTS: Final = (
    ("400", "Advertising"), ("425", "Courier"), ("429", "Sundries"), ("445", "Electricity"), ("461", "Printing"),
    ("463", "Software licences"), ("473", "Repairs"), ("485", "Subscription"), ("489", "Telephone"),
    ("493", "Rail fares"),
)  # fmt: skip
INCOME: Final = (("200", "Goods sold"), ("210", "Consulting days"), ("260", "Other services"))
REGIONS: Final = ("North", "South", "Westküste")
DEPARTMENTS: Final = ("Projects", "Retail", "Head Office")


@dataclass(frozen=True, slots=True)
class Paper:
    """One document: the item as the API takes it, and the code it must be refused with (None: it must publish)."""

    item: dict[str, Any]
    refused_with: str | None = None

    @property
    def file_name(self) -> str:
        return f"{self.item['external_id']}.pdf"


def month() -> list[Paper]:
    """The month's papers, the same at every call: about 120 that must publish, seven that must be refused."""
    return list(_Month(random.Random(SEED)).papers())  # noqa: S311 (the same month every time)


class _Month:
    def __init__(self, chance: random.Random) -> None:
        self._chance = chance
        self._numbers = count(1)

    def papers(self) -> Iterator[Paper]:
        kinds: tuple[tuple[int, Callable[[int], dict[str, Any]]], ...] = (
            (46, self._bill),
            (12, self._paid_bill),
            (22, self._sales_invoice),
            (8, self._supplier_credit),
            (6, self._customer_credit),
            (18, self._spend_money),
            (7, self._receive_money),
        )
        for how_many, make in kinds:
            for number in range(how_many):
                yield Paper(make(number))
        yield from self._refused()

    # --- what a month brings
    def _bill(self, number: int) -> dict[str, Any]:
        currency = "EUR" if number % 6 == 4 else "USD" if number % 9 == 7 else "GBP"
        supplier = KNOWN_SUPPLIERS[number % len(KNOWN_SUPPLIERS)]
        if number % 8 == 3:
            supplier = NEW_SUPPLIERS[number // 8 % len(NEW_SUPPLIERS)]
        elif number % 8 == 5:
            supplier = SHARED_NEW_SUPPLIER
        item = self._costs("invoice", supplier, currency=currency, lines=1 + number % 4)
        status = {0: "draft", 1: "awaiting_approval"}.get(number % 7, "awaiting_payment")
        return item | {
            "destination": "purchases",
            "publish_as": status,
            "number": f"INV-{self._chance.randint(1000, 99999)}",
        }

    def _paid_bill(self, number: int) -> dict[str, Any]:
        item = self._costs("invoice", KNOWN_SUPPLIERS[-1 - number % 5], lines=1 + number % 2)
        paid = {"paid": True, "paid_on": item["date"], "payment_method": {"name": LINKED}, "publish_as": "paid"}
        return item | paid | {"destination": "purchases", "number": f"R{self._chance.randint(100, 999)}"}

    def _sales_invoice(self, number: int) -> dict[str, Any]:
        customer = NEW_CUSTOMERS[number % 2] if number % 9 == 0 else CUSTOMERS[number % len(CUSTOMERS)]
        currency = "USD" if number % 8 == 6 else "GBP"
        item = self._sales("invoice", customer, currency=currency, lines=1 + number % 3)
        return item | {"destination": "sales", "publish_as": "awaiting_payment", "number": f"HF-2026-{300 + number}"}

    def _supplier_credit(self, number: int) -> dict[str, Any]:
        # Two of the credit notes are alike in everything: Xero has no field that tells them apart, we must.
        item = self._costs("credit_note", KNOWN_SUPPLIERS[0 if number < 2 else number], lines=1)
        if number < 2:
            item |= self._priced([self._line(*COSTS[2], Decimal("18.50"), "INPUT2")], "exclusive")
            item |= {"date": str(FIRST_DAY + timedelta(days=9)), "number": "CN-77"}
        return item | {"destination": "purchases", "publish_as": "awaiting_payment"}

    def _customer_credit(self, number: int) -> dict[str, Any]:
        item = self._sales("credit_note", CUSTOMERS[number % len(CUSTOMERS)], lines=1)
        return item | {"destination": "sales", "publish_as": "awaiting_payment", "number": f"HFCN-{40 + number}"}

    def _spend_money(self, number: int) -> dict[str, Any]:
        supplier = SHARED_NEW_SUPPLIER if number % 6 == 2 else KNOWN_SUPPLIERS[number % len(KNOWN_SUPPLIERS)]
        item = self._costs("receipt", supplier, lines=1 + number % 2)
        return item | {"destination": "bank_accounts", "paid": True, "payment_method": {"name": LINKED}}

    def _receive_money(self, number: int) -> dict[str, Any]:
        item = self._sales("invoice", CUSTOMERS[number % len(CUSTOMERS)], lines=1)
        bank = {"destination": "bank_accounts", "paid": True, "payment_method": {"name": LINKED}}
        return item | bank | {"number": f"CASH-{number}"}

    # --- what must not get through, each for a reason of its own
    def _refused(self) -> Iterator[Paper]:
        def bill(**changes: Any) -> dict[str, Any]:
            item = self._costs("invoice", KNOWN_SUPPLIERS[0], lines=1)
            return item | {"destination": "purchases", "publish_as": "awaiting_payment", "number": "X-1"} | changes

        def coded(category: str, tax_rate: str) -> dict[str, Any]:
            return self._priced([self._line(category, "Something", Decimal("30.00"), tax_rate)], "exclusive")

        spend = {"destination": "bank_accounts", "paid": True}
        yield Paper(bill(**coded("451", "INPUT2")), "account_archived")
        yield Paper(bill(**coded("429", "OUTPUT2")), "tax_wrong_side")
        yield Paper(
            bill(**spend, date=str(LOCKED_DAY), due_date=None, payment_method={"name": LINKED}), "period_locked"
        )
        yield Paper(bill(**spend, payment_method={"name": UNLINKED}), "bank_account_not_linked")
        yield Paper(bill(currency="JPY", **coded("429", "NONE")), "currency_not_enabled")
        yield Paper(bill(total="999.99"), "lines_do_not_add_up")
        twice = self._sales("invoice", CUSTOMERS[0], lines=1)
        yield Paper(
            twice | {"destination": "sales", "publish_as": "awaiting_payment", "number": "HF-2026-300"}, "number_taken"
        )

    # --- building blocks
    def _costs(self, type_: str, supplier: str, *, currency: str = "GBP", lines: int = 1) -> dict[str, Any]:
        return self._item("costs", type_, supplier, currency, COSTS, ("INPUT2", "RRINPUT", "ZERORATEDINPUT"), lines)

    def _sales(self, type_: str, customer: str, *, currency: str = "GBP", lines: int = 1) -> dict[str, Any]:
        return self._item("sales", type_, customer, currency, INCOME, ("OUTPUT2", "ZERORATEDOUTPUT"), lines)

    def _item(  # noqa: PLR0917
        self,
        side: str,
        type_: str,
        contact: str,
        currency: str,
        accounts: tuple[tuple[str, str], ...],
        taxes: tuple[str, ...],
        lines: int,
    ) -> dict[str, Any]:
        number = next(self._numbers)
        day = FIRST_DAY + timedelta(days=self._chance.randrange(30))
        made = [
            self._line(
                *self._chance.choice(accounts),
                Decimal(self._chance.randrange(500, 60000)) / 100,
                taxes[one % len(taxes)],
            )
            for one in range(lines)
        ]
        if number % 3 == 0:
            made[0]["tracking"] = [
                {"dimension": "Region", "name": self._chance.choice(REGIONS)},
                {"dimension": "Department", "name": self._chance.choice(DEPARTMENTS)},
            ]
        return {
            "external_id": f"paper-{number:03d}-{type_}",
            "side": side,
            "type": type_,
            "contact": {"name": contact},
            "currency": currency,
            "date": str(day),
            "due_date": str(day + timedelta(days=30)),
            **self._priced(made, "inclusive" if number % 4 == 1 else "exclusive"),
        }

    def _amount(self) -> Decimal:
        return Decimal(self._chance.randrange(500, 60000)) / 100

    @staticmethod
    def _line(category: str, description: str, amount: Decimal, tax_rate: str) -> dict[str, Any]:
        quantity = 2 if amount % 2 == 0 else 1
        return {
            "description": description,
            "quantity": str(quantity),
            "unit_amount": str(amount),
            "amount": str(amount * quantity),
            "category": {"code": category},
            "tax_rate": {"code": tax_rate},
        }

    @staticmethod
    def _priced(lines: list[dict[str, Any]], tax_mode: str) -> dict[str, Any]:
        """Lines with tax mode, total and tax: rounded line by line, as Xero does."""
        rates = {"INPUT2": 20, "OUTPUT2": 20, "RRINPUT": 5}
        tax, total = Decimal(0), Decimal(0)
        for line in lines:
            amount, rate = Decimal(line["amount"]), Decimal(rates.get(line["tax_rate"]["code"], 0))
            within = amount * rate / (100 + rate) if tax_mode == "inclusive" else amount * rate / 100
            tax += within.quantize(CENT, ROUND_HALF_UP)
            total += amount
        total = total if tax_mode == "inclusive" else total + tax
        return {"tax_mode": tax_mode, "lines": lines, "total": str(total), "tax_total": str(tax)}
