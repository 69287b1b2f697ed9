"""Bills and vendors as they go out, and what is refused before anything does."""

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from shared.domain.connections import Destination, Organisation, PublishAs, Settings
from shared.domain.items import Item, ItemType, Line, Side, TaxMode
from shared.domain.lists import Entry, EntryStatus, Kind
from shared.providers.bill import mapping
from shared.providers.bill.amounts import line_amounts
from shared.providers.bill.calls import PROVIDER
from shared.providers.contract import Resolved, Target

D = Decimal
MARKER = "LB0123456789ABCDEFGHJK"
ADDRESS = {"line1": "1 Side Street", "city": "Reno", "postal_code": "89501", "country": "US"}
VENDOR = Entry("v", Kind.SUPPLIERS, "Office Depot", provider_id="009A", values={"currency": "USD"})
OFFICE = Entry("c", Kind.CATEGORIES, "Office Supplies", provider_id="0caA", values={"postable": True})
CLASS = Entry("d", Kind.DIMENSIONS, "Class", provider_id="accounting-classes")
WHOLESALE = Entry("t", Kind.DIMENSIONS, "Wholesale", provider_id="clsA", parent="d")
JORDAN = Entry("a", Kind.APPROVERS, "Jordan Lee", provider_id="006A")
RETAIL = Entry("u", Kind.DIMENSIONS, "Retail", provider_id="clsB", parent="d")


def line(amount: str = "40.00", **more: Any) -> Line:
    return Line("Paper", D(amount), category="c", **more)


def item(*lines: Line, **more: Any) -> Item:
    lines = lines or (line(),)
    known: dict[str, Any] = {
        "id": "01J00000000000000000000000",
        "tenant": "T",
        "account": "A",
        "side": Side.COSTS,
        "type": ItemType.INVOICE,
        "created_at": datetime(2026, 3, 1, tzinfo=UTC),
        "currency": "USD",
        "tax_mode": TaxMode.NONE,
        "total": sum((one.amount for one in lines), D(0)),
        "lines": lines,
        "contact": "v",
        "date": date(2026, 3, 11),
        "due_date": date(2026, 4, 10),
        "number": "B-1",
    }
    return Item(**{**known, **more})


def resolved(**more: Any) -> Resolved:
    known: dict[str, Any] = {
        "contact": VENDOR,
        "categories": {"c": OFFICE},
        "tax_rates": {},
        "products": {},
        "tracking": {"t": WHOLESALE, "u": RETAIL},
        "dimensions": {"d": CLASS},
        "bank_account": None,
        "currencies": frozenset({"USD"}),
    }
    return Resolved(**{**known, **more})


def target(
    destination: Destination = Destination.PURCHASES, publish_as: PublishAs = PublishAs.AWAITING_PAYMENT
) -> Target:
    organisation = Organisation("008A", "Bakery", base_currency="USD")
    return Target(organisation, Settings(), destination, publish_as, MARKER)


def codes(wanted: Item, found: Resolved | None = None, aim: Target | None = None) -> set[tuple[str, str | None]]:
    return {(one.code, one.field) for one in PROVIDER.check(wanted, found or resolved(), aim or target())}


def test_the_exact_bytes_of_a_bill() -> None:
    draft = PROVIDER.draft(item(line(tracking=("t",)), description="Shelf"), resolved(), target())
    expected = (
        '[{"billLineItems":[{"amount":40,"classifications":{"accountingClassId":"clsA","chartOfAccountId":"0caA"},'
        '"description":"Paper"}],"description":"Shelf\\nLB0123456789ABCDEFGHJK","dueDate":"2026-04-10",'
        '"invoice":{"invoiceDate":"2026-03-11","invoiceNumber":"B-1"},"vendorId":"009A"}]'
    )
    body = PROVIDER.body(draft.resource, [draft.element])
    assert body.decode() == expected
    assert PROVIDER.body(draft.resource, PROVIDER.elements(draft.resource, body)) == body


def test_approval_is_asked_for_by_its_own_field() -> None:
    draft = PROVIDER.draft(item(), resolved(), target(publish_as=PublishAs.AWAITING_APPROVAL))
    assert draft.element["billApprovals"] is True
    assert "billApprovals" not in PROVIDER.draft(item(), resolved(), target()).element
    named = PROVIDER.draft(item(approver="a"), resolved(approver=JORDAN), target()).element
    assert named["billApprovals"] is True and "006A" not in str(named), "v3 has no field for whom"


def test_the_marker_stays_when_the_text_is_too_long() -> None:
    text = mapping.described("x" * 5000, MARKER)
    assert len(text) == 4000 and text.splitlines()[-1] == MARKER
    assert mapping.described(None, MARKER) == MARKER


def test_quantity_and_price_only_where_they_explain_the_amount() -> None:
    explained = PROVIDER.draft(item(line("40.00", quantity=D(4), unit_amount=D(10))), resolved(), target())
    assert explained.element["billLineItems"][0]["price"] == D(10)
    taxed = item(line("40.00", quantity=D(4), unit_amount=D(10)), tax_mode=TaxMode.EXCLUSIVE, total=D("43.30"))
    only = PROVIDER.draft(taxed, resolved(), target()).element["billLineItems"][0]
    assert only["amount"] == D("43.30") and "price" not in only and "quantity" not in only


@pytest.mark.parametrize(
    ("lines", "total", "amounts"),
    [
        ((line("100.00"), line("33.33")), "144.00", ["108.01", "35.99"]),
        ((line("10.00", tax_amount=D("1.00")), line("10.00")), "21.50", ["11.00", "10.50"]),
        ((line("10.00", tax_amount=D("1.00")), line("10.00", tax_amount=D(0))), "21.00", ["11.00", "10.00"]),
        ((line("0.01"), line("0.01"), line("0.01")), "0.05", ["0.02", "0.02", "0.01"]),
        ((line("30.00"), line("-10.00")), "21.99", ["31.50", "-9.51"]),
    ],
)
def test_tax_becomes_part_of_the_cost_to_the_cent(lines: tuple[Line, ...], total: str, amounts: list[str]) -> None:
    found = line_amounts(item(*lines, tax_mode=TaxMode.EXCLUSIVE, total=D(total)))
    assert found == [D(one) for one in amounts]
    assert sum(found) == D(total)


def test_stated_tax_that_does_not_give_the_total_is_refused() -> None:
    wrong = item(line("10.00", tax_amount=D("1.00")), tax_mode=TaxMode.EXCLUSIVE, total=D("12.00"))
    assert codes(wrong) == {("lines_do_not_add_up", "total")}


@pytest.mark.parametrize(
    ("wanted", "aim", "code", "field"),
    [
        (item(type=ItemType.CREDIT_NOTE), target(), "destination_not_offered", "destination"),
        (item(side=Side.SALES), target(Destination.SALES), "destination_not_offered", "destination"),
        (item(), target(Destination.BANK_ACCOUNTS), "destination_not_offered", "destination"),
        (item(), target(publish_as=PublishAs.PAID), "destination_not_offered", "publish_as"),
        (item(), target(publish_as=PublishAs.DRAFT), "destination_not_offered", "publish_as"),
        (item(paid=True, publish_as=PublishAs.PAID), target(), "destination_not_offered", "publish_as"),
    ],
)
def test_what_bill_has_not(wanted: Item, aim: Target, code: str, field: str) -> None:
    assert codes(wanted, aim=aim) == {(code, field)}


@pytest.mark.parametrize(
    ("changes", "found", "code", "field"),
    [
        ({"date": None}, {}, "date_missing", "date"),
        ({"due_date": None}, {}, "due_date_missing", "due_date"),
        ({"number": " "}, {}, "number_missing", "number"),
        ({"number": "x" * 101}, {}, "text_too_long", "number"),
        ({"currency": "EUR"}, {}, "currency_not_enabled", "currency"),
        ({}, {"contact": replace(VENDOR, values={"currency": "CAD"})}, "currencies_differ", "currency"),
        ({}, {"contact": replace(VENDOR, status=EntryStatus.INACTIVE)}, "supplier_archived", "contact"),
        ({}, {"contact": replace(VENDOR, provider_id=None)}, "supplier_address_missing", "contact"),
        ({"lines": (line(tracking=("t", "u")),)}, {}, "too_many_dimensions", "lines[0].tracking[1]"),
        ({"lines": (replace(line(), category=None),)}, {}, "category_missing", "lines[0].category"),
        (
            {},
            {"categories": {"c": replace(OFFICE, values={"postable": False})}},
            "account_not_valid",
            "lines[0].category",
        ),
        ({}, {"categories": {}}, "entry_unresolved", "lines[0].category"),
        ({"lines": (line(product="gone"),)}, {}, "entry_unresolved", "lines[0].product"),
        ({"approver": "a"}, {}, "entry_unresolved", "approver"),
        ({"approver": "a"}, {"approver": replace(JORDAN, status=EntryStatus.INACTIVE)}, "entry_inactive", "approver"),
    ],
)
def test_what_is_found_before_a_call(changes: dict[str, Any], found: dict[str, Any], code: str, field: str) -> None:
    assert (code, field) in codes(item(**changes), resolved(**found))


def test_a_sound_item_has_no_problem() -> None:
    assert codes(item()) == set()
    assert codes(item(type=ItemType.RECEIPT, due_date=None)) == set()
    new = replace(VENDOR, provider_id=None, values={"address": ADDRESS})
    assert codes(item(), resolved(contact=new)) == set()


def test_a_vendor_with_its_address_in_bills_words() -> None:
    entry = Entry("n", Kind.SUPPLIERS, " Dover Ferries ", values={"address": ADDRESS, "email": "a@example.com"})
    draft = PROVIDER.new_supplier(entry, MARKER)
    assert draft.resource == "vendors" and not draft.carries_marker
    assert draft.element == {
        "name": "Dover Ferries",
        "accountType": "BUSINESS",
        "email": "a@example.com",
        "address": {"line1": "1 Side Street", "city": "Reno", "zipOrPostalCode": "89501", "country": "US"},
    }
