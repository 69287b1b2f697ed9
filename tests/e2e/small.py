"""A small publication with every fact in it, and what must be true of it in the end whatever happened on the way."""

from dataclasses import dataclass

from tests.e2e.tenants import Customer, wait_for

METHOD = "Card"


@dataclass(frozen=True)
class Small:
    """Two bills of one supplier that nobody has yet; the first arrives paid and brings a file."""

    customer: Customer
    supplier: str
    paid: str
    plain: str

    @property
    def items(self) -> list[str]:
        return [self.paid, self.plain]

    def is_done(self) -> bool:
        """Whether the service says that everything about it is known."""
        facts = [self.customer.seen(item)["published"] for item in self.items]
        parts = [fact[part] for fact in facts if fact for part in ("payment", "attachment") if fact[part]]
        return all(facts) and all(part["outcome"] != "pending" for part in parts)

    def wrong(self) -> list[str]:
        """All that is not as it must be, in words: each document, the supplier, the payment and the file once."""
        books, found = self.customer.books(), []
        suppliers = [one["Name"] for one in books["Contacts"]].count(self.supplier)
        if suppliers != 1:
            found.append(f"supplier {self.supplier} is there {suppliers} times")
        for item, parts in ((self.paid, 1), (self.plain, 0)):
            seen = self.customer.seen(item)
            there = [one for one in books["Invoices"] if one["InvoiceNumber"] == seen["number"]]
            said = seen["published"]["document_id"] if seen["published"] else None
            if seen["stage"] != "published" or [one["InvoiceID"] for one in there] != [said]:
                found.append(f"{seen['number']} is {seen['stage']} ({seen['last_error']}), there {len(there)} times")
                continue
            payments = [one for one in books["Payments"] if one["Invoice"]["InvoiceID"] == said]
            files = [name for owner, names in books["Attachments"].items() if owner == said for name in names]
            if (len(payments), len(files)) != (parts, parts):
                found.append(f"{seen['number']} has {len(payments)} payments and {len(files)} files")
            outcomes = [seen["published"][part]["outcome"] for part in ("payment", "attachment") if parts]
            if outcomes != ["done"] * 2 * parts:
                found.append(f"{seen['number']}: payment and file are {outcomes}")
        return found


def can_pay(customer: Customer) -> Customer:
    """The customer with a payment method that its books know a bank account for."""
    bank = customer.entry("bank_accounts", "Business Bank Account")["id"]
    customer.post("/lists/payment_methods", {"name": METHOD, "bank_account": bank})
    return customer


def small(customer: Customer, name: str) -> Small:
    """Take the two bills in."""
    paid = {"paid": True, "paid_on": "2026-03-12", "payment_method": {"name": METHOD}, "publish_as": "paid"}
    supplier = f"New {name} Ltd"
    first = customer.item(number=f"{name}-PAID", contact={"name": supplier}, **paid)["id"]
    second = customer.item(number=f"{name}-PLAIN", contact={"name": supplier})["id"]
    assert customer.attach(first).status_code == 200
    return Small(customer, supplier, first, second)


def await_done(publication: Small, seconds: float = 60.0) -> None:
    wait_for("the small publication to be done", publication.is_done, seconds)
