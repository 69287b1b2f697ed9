"""The short job of the other software: connect, pull, publish two dozen papers, one answer lost, read it back."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, Final

from local.api import Api
from local.demo.month import CENT, LINKED, Paper
from local.demo.software import XERO, Software
from local.demo.work import Outcome, Say, Work
from local.deployment import PROVIDER_APPS
from local.sandbox_client import SandboxControl

FIRST_DAY: Final = date(2026, 3, 2)
CHECKED_WITHIN: Final = 30  # seconds
DECIDED_WITHIN: Final = 60
NEW_SUPPLIER: Final = "Þórsmörk Guiding ehf"  # one new supplier on several papers

Entry = dict[str, Any]


class ShortJob:
    """The same program on other software. Its papers are made of what the lists brought, so that it fits each."""

    def __init__(self, api: Api, sandbox: SandboxControl, software: Software, say: Say) -> None:
        self._work = Work(api, sandbox, software, say)

    def run(self) -> Outcome:
        """The whole job; raises DemoError, ApiError or PageError where a step does not come off."""
        work = self._work
        work.create_account(f"Demo on {work.software.title}")
        if work.software.slot != "main":
            self._connect_main()
        work.let_in()
        work.choose()
        work.pull_lists()
        work.create_items(list(Papers.of(work).all()))
        work.count_first()
        self._break_things()
        work.publish()
        work.wait_for_files()
        if work.software.name == "approvalmax":
            self._have_decided()
        work.read_back()
        return work.done

    def _have_decided(self) -> None:
        """ApprovalMax pulls the bills from the books, a person approves them, and its webhook has us read that back."""
        work = self._work
        key = PROVIDER_APPS["approvalmax"]["webhook_key"]
        work.sandbox.tell("/approvalmax/webhooks", {"url": f"{work.api.base_url}/v1/webhooks/approvalmax", "key": key})
        work.wait_for(self._webhook_is_on, CHECKED_WITHIN, "the webhook to be checked")
        work.sandbox.tell("/approvalmax/pull")
        decided = work.sandbox.tell("/approvalmax/decide", {"decision": "approve"})["decided"]
        work.say(f"{decided} bills approved in ApprovalMax")
        work.wait_for(self._all_approved, DECIDED_WITHIN, "the decisions to be read back")

    def _webhook_is_on(self) -> bool:
        return bool(self._work.sandbox.read("/approvalmax/webhooks")["status"] == "active")

    def _all_approved(self) -> bool:
        documents = [item["published"] for item in self._work.list_items() if item["published"]]
        return all(document["approval"]["outcome"] == "approved" for document in documents)

    def _connect_main(self) -> None:
        """What a secondary connection goes beside."""
        main = Work(self._work.api, self._work.sandbox, XERO, self._work.say)
        main.done.account = self._work.done.account
        main.let_in()
        main.choose()
        main.pull_lists()

    def _break_things(self) -> None:
        """Our access ends, and the first answer to creating documents is lost after they were made."""
        software, sandbox = self._work.software, self._work.sandbox
        sandbox.tell("/counts/clear")
        path, body = software.access_lost
        sandbox.tell(f"/{software.provider}/{path}", dict(body))
        sandbox.fault(*software.create, "commit_then_drop", provider=software.provider)


@dataclass(frozen=True)
class Papers:
    """What two dozen papers are made of: what the connection offers, and entries of its lists."""

    work: Work
    offered: dict[str, set[str]]  # destinations by side
    types: set[str]  # of costs
    expense: Entry
    tax_rates: list[Entry]
    supplier: Entry

    @classmethod
    def of(cls, work: Work) -> "Papers":
        providers = work.api.call("GET", "/v1/providers")["providers"]
        mine = next(one for one in providers if one["name"] == work.software.name)
        offered = {side: {one["destination"] for one in some} for side, some in mine["destinations"].items()}
        suppliers = [one for one in work.entries("suppliers") if _in_currency(one, work.software)]
        expense = next(one for one in work.entries("categories") if one["values"].get("class") == "expense")
        rates = work.entries("tax_rates") if "tax_rates" in mine["lists"] or work.software.ledger else []
        return cls(work, offered, set(mine["item_types"]["costs"]), expense, rates, suppliers[0])

    def all(self) -> Iterator[Paper]:
        """The papers that the software takes, and one that must be refused."""
        supplier = self.supplier["name"]
        for number in range(10):
            contact = NEW_SUPPLIER if number % 4 == 1 and self.work.software.slot == "main" else supplier
            yield Paper(self._cost("invoice", number, contact, 1 + number % 3, destination="purchases"))
        if "credit_note" in self.types:
            for number in range(10, 12):
                yield Paper(self._cost("credit_note", number, supplier, 1))
        if "sales" in self.offered.get("sales", set()):
            yield from self._sales()
        if "bank_accounts" in self.offered["costs"]:
            self._link_payment_method()
            paid = {"paid": True, "payment_method": {"name": LINKED}, "destination": "bank_accounts"}
            for number in range(18, 22):
                yield Paper(self._cost("receipt", number, supplier, 1, **paid))
        yield Paper(self._cost("invoice", 22, supplier, 1) | {"total": "1.00"}, "lines_do_not_add_up")

    def _sales(self) -> Iterator[Paper]:
        customers = [one for one in self.work.entries("customers") if _in_currency(one, self.work.software)]
        category, product = self._sold()
        for number in range(12, 18):
            lines = [_line(category, number) | product]
            yield Paper(self._item("sales", "invoice", number, customers[0]["name"], lines))

    def _sold(self) -> tuple[Entry, dict[str, Any]]:
        """The category of what is sold, and the line's product where the software wants one: the two go together."""
        categories = {one["provider_id"]: one for one in self.work.entries("categories")}
        for product in self.work.entries("products") if self.work.software.sells_products else []:
            category = categories.get(product["values"].get("sales_account"))
            if category is not None:
                return category, {"product": {"id": product["id"]}}
        return next(one for one in categories.values() if one["values"].get("class") == "revenue"), {}

    def _link_payment_method(self) -> None:
        banks = [one for one in self.work.entries("bank_accounts") if one["values"].get("type") == "bank"]
        bank = next(one for one in banks if _in_currency(one, self.work.software))
        methods = f"{self.work.account}/lists/payment_methods"
        self.work.api.call("POST", methods, {"name": LINKED, "bank_account": bank["id"]})

    def _cost(self, type_: str, number: int, contact: str, lines: int, **more: Any) -> dict[str, Any]:
        made = [_line(self.expense, number + at) for at in range(lines)]
        return self._item("costs", type_, number, contact, made) | more

    def _item(self, side: str, type_: str, number: int, contact: str, lines: list[dict[str, Any]]) -> dict[str, Any]:
        rate = self._tax_rate(side)
        day = FIRST_DAY + timedelta(days=number)
        item = {
            "external_id": f"short-{number:03d}-{type_}",
            "side": side,
            "type": type_,
            "contact": {"name": contact},
            "currency": self.work.software.currency,
            "date": str(day),
            "due_date": str(day + timedelta(days=30)),
            "number": f"S-2026-{number:03d}",
            "lines": lines,
            **_priced(lines, rate),
        }
        return item if self.work.software.slot == "main" else item | {"integration": self.work.software.slot}

    def _tax_rate(self, side: str) -> Entry | None:
        """The side's ordinary rate: the highest. Not every software says for which side a rate is, or has any."""
        every = [one for one in self.tax_rates if one["values"].get(side) is not False and one["values"].get("rate")]
        code = self.work.software.tax_code
        every = [one for one in every if code is None or one["code"] == code]
        return max(every, key=lambda one: Decimal(one["values"]["rate"]), default=None)


def _in_currency(entry: Entry, software: Software) -> bool:
    return entry["values"].get("currency") in {None, software.currency}


def _line(category: Entry, number: int) -> dict[str, Any]:
    amount = Decimal(1999 + 137 * number) / 100
    category_id = {"id": category["id"]}
    return {"description": f"Paper {number}", "quantity": "1", "amount": str(amount), "category": category_id}


def _priced(lines: list[dict[str, Any]], rate: Entry | None) -> dict[str, Any]:
    """Tax mode, tax and total of lines that all have the same rate, or none."""
    amounts = [Decimal(line["amount"]) for line in lines]
    if rate is None:
        return {"tax_mode": "none", "total": str(sum(amounts)), "tax_total": "0"}
    for line in lines:
        line["tax_rate"] = {"id": rate["id"]}
    percent = Decimal(rate["values"]["rate"])
    tax = sum((amount * percent / 100).quantize(CENT, ROUND_HALF_UP) for amount in amounts)
    return {"tax_mode": "exclusive", "total": str(sum(amounts) + tax), "tax_total": str(tax)}
