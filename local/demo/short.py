"""The short job of the other software: connect, pull, publish two dozen papers, one answer lost, read it back."""

from collections.abc import Iterator
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, Final

from local.api import Api
from local.demo.month import CENT, LINKED, Paper
from local.demo.software import Software
from local.demo.work import DemoError, Outcome, Say, Work
from local.person import OWNER
from local.sandbox_client import SandboxControl

FIRST_DAY: Final = date(2026, 3, 2)
CURRENCY: Final = "GBP"
NEW_SUPPLIER: Final = "Þórsmörk Guiding ehf"  # one new supplier on several papers


class ShortJob:
    """The same program on other software. Its papers are made of what the lists brought, so that it fits each."""

    def __init__(self, api: Api, sandbox: SandboxControl, software: Software, say: Say) -> None:
        self._work = Work(api, sandbox, software, say)

    def run(self) -> Outcome:
        """The whole job; raises DemoError, ApiError or PageError where a step does not come off."""
        work = self._work
        work.create_account(f"Demo on {work.software.title}")
        work.let_in()
        work.choose()
        work.pull_lists()
        work.create_items(list(self._papers()))
        work.count_first()
        self._break_things()
        work.publish()
        work.wait_for_files()
        work.read_back()
        return work.done

    def _break_things(self) -> None:
        """The token expires, and the first answer to creating documents is lost after they were made."""
        software, sandbox = self._work.software, self._work.sandbox
        sandbox.tell("/counts/clear")
        sandbox.tell(f"/{software.name}/tokens", {"expire": "access", "user": OWNER})
        sandbox.fault(*software.create, "commit_then_drop", provider=software.name)

    # --- papers
    def _papers(self) -> Iterator[Paper]:
        offered = self._profile()
        fuel = self._category("expense")
        sales, product = self._sold()
        bought, sold = self._tax_rate("costs"), self._tax_rate("sales")
        supplier, customer = self._contact("suppliers"), self._contact("customers")
        self._link_payment_method()
        for number in range(10):
            contact = {"name": NEW_SUPPLIER} if number % 4 == 1 else {"name": supplier["name"]}
            lines = [self._line(fuel, bought, number + at) for at in range(1 + number % 3)]
            yield Paper(self._item(("costs", "invoice"), number, contact, lines, bought, destination="purchases"))
        for number in range(10, 12):
            lines = [self._line(fuel, bought, number)]
            yield Paper(self._item(("costs", "credit_note"), number, {"name": supplier["name"]}, lines, bought))
        for number in range(12, 18):
            lines = [self._line(sales, sold, number) | product]
            yield Paper(self._item(("sales", "invoice"), number, {"name": customer["name"]}, lines, sold))
        for number in range(18, 22):
            if "bank_accounts" not in offered:
                break
            paid = {"paid": True, "payment_method": {"name": LINKED}, "destination": "bank_accounts"}
            lines = [self._line(fuel, bought, number)]
            yield Paper(self._item(("costs", "receipt"), number, {"name": supplier["name"]}, lines, bought, **paid))
        wrong = self._item(("costs", "invoice"), 22, {"name": supplier["name"]}, [self._line(fuel, bought, 22)], bought)
        yield Paper(wrong | {"total": "1.00"}, "lines_do_not_add_up")

    def _profile(self) -> set[str]:
        providers = self._work.api.call("GET", "/v1/providers")["providers"]
        mine = next(one for one in providers if one["name"] == self._work.software.name)
        return {one["destination"] for one in mine["destinations"]["costs"]}

    def _entries(self, kind: str) -> list[dict[str, Any]]:
        found = self._work.api.pages(f"{self._work.account}/lists/{kind}", "entries")
        return [entry for entry in found if entry["status"] == "active" and entry["visible"]]

    def _first(self, kind: str, **values: Any) -> dict[str, Any]:
        for entry in self._entries(kind):
            if all(entry["values"].get(name) == value for name, value in values.items()):
                return entry
        raise DemoError(f"no entry of {kind} with {values}")

    def _contact(self, kind: str) -> dict[str, Any]:
        """Somebody who trades in the papers' currency."""
        return next(one for one in self._entries(kind) if one["values"].get("currency") in {None, CURRENCY})

    def _category(self, class_: str) -> dict[str, Any]:
        return self._first("categories", **{"class": class_})

    def _sold(self) -> tuple[dict[str, Any], dict[str, Any]]:
        """The category of what is sold, and the line's product where the software wants one: the two go together."""
        categories = {one["provider_id"]: one for one in self._entries("categories")}
        for product in self._entries("products") if self._work.software.sells_products else []:
            category = categories.get(product["values"].get("sales_account"))
            if category is not None:
                return category, {"product": {"id": product["id"]}}
        return self._category("revenue"), {}

    def _tax_rate(self, side: str) -> dict[str, Any]:
        """The side's ordinary rate: the highest. Not every software says for which side a rate is."""
        every = [one for one in self._entries("tax_rates") if one["values"].get(side) is not False]
        rates = [one for one in every if one["values"].get("rate")]
        return max(rates, key=lambda one: Decimal(one["values"]["rate"]))

    def _link_payment_method(self) -> None:
        banks = [one for one in self._entries("bank_accounts") if one["values"].get("type") == "bank"]
        bank = next(one for one in banks if one["values"].get("currency") in {None, CURRENCY})
        methods = f"{self._work.account}/lists/payment_methods"
        self._work.api.call("POST", methods, {"name": LINKED, "bank_account": bank["id"]})

    @staticmethod
    def _line(category: dict[str, Any], rate: dict[str, Any], number: int) -> dict[str, Any]:
        amount = Decimal(1999 + 137 * number) / 100
        return {
            "description": f"Paper {number}",
            "quantity": "1",
            "amount": str(amount),
            "category": {"id": category["id"]},
            "tax_rate": {"id": rate["id"]},
        }

    @staticmethod
    def _item(
        kind: tuple[str, str],
        number: int,
        contact: dict[str, Any],
        lines: list[dict[str, Any]],
        rate: dict[str, Any],
        **more: Any,
    ) -> dict[str, Any]:
        side, type_ = kind
        percent = Decimal(rate["values"]["rate"])
        amounts = [Decimal(line["amount"]) for line in lines]
        tax = sum((amount * percent / 100).quantize(CENT, ROUND_HALF_UP) for amount in amounts)
        day = FIRST_DAY + timedelta(days=number)
        return {
            "external_id": f"short-{number:03d}-{type_}",
            "side": side,
            "type": type_,
            "contact": contact,
            "currency": CURRENCY,
            "date": str(day),
            "due_date": str(day + timedelta(days=30)),
            "number": f"S-2026-{number:03d}",
            "tax_mode": "exclusive",
            "lines": lines,
            "total": str(sum(amounts) + tax),
            "tax_total": str(tax),
            **more,
        }
