"""What is found before a call, one rule at a time; an item that breaks none goes through."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from shared.domain.connections import Destination, Organisation, PublishAs
from shared.domain.items import Item, ItemType, TaxMode
from shared.domain.lists import Entry, Kind
from shared.providers.contract import Resolved
from shared.providers.quickbooks.checks import check
from shared.providers.quickbooks.profile import CLASS_PER_DOCUMENT, SALES_TAX
from tests.unit.providers.quickbooks.kit import (
    AMERICAN,
    BANK,
    CANADIAN,
    CARD,
    CLASS,
    COMPANY,
    CUSTOMER,
    INACTIVE,
    RESOLVED,
    SUPPLIER,
    D,
    entry,
    item,
    line,
    resolved,
    sale,
    target,
)

PURCHASES, CASH, CHECKS, CARDS, SALES = (
    Destination.PURCHASES,
    Destination.BANK_ACCOUNTS,
    Destination.CHECKS,
    Destination.CREDIT_CARDS,
    Destination.SALES,
)
CREDIT = ItemType.CREDIT_NOTE
OF_CUSTOMER = resolved(contact=CUSTOMER)
WITH_CARD = resolved(bank_account=CARD)


def found(
    one: Item,
    destination: Destination = PURCHASES,
    organisation: Organisation = COMPANY,
    given: Resolved = RESOLVED,
) -> list[tuple[str, str | None]]:
    return [(problem.code, problem.field) for problem in check(one, given, target(destination, organisation))]


def without(organisation: Organisation, *features: str) -> Organisation:
    return replace(organisation, features=tuple(one for one in organisation.features if one not in features))


@pytest.mark.parametrize(
    ("one", "destination", "organisation", "given"),
    [
        (item(), PURCHASES, COMPANY, RESOLVED),
        (item(type=CREDIT), PURCHASES, COMPANY, RESOLVED),
        (item(), CASH, COMPANY, RESOLVED),
        (item(), CHECKS, COMPANY, RESOLVED),
        (item(), CARDS, COMPANY, WITH_CARD),
        (item(line(tax_rate="NON"), total="40.00", type=CREDIT, currency="USD"), CARDS, AMERICAN, WITH_CARD),
        (item(line(tax_rate="GST"), total="42.00", type=CREDIT, currency="CAD"), CARDS, CANADIAN, WITH_CARD),
        (sale(), SALES, COMPANY, OF_CUSTOMER),
        (sale(type=CREDIT), SALES, COMPANY, OF_CUSTOMER),
        (sale(), CASH, COMPANY, OF_CUSTOMER),
        (item(line(tax_rate="0Z"), tax_mode=TaxMode.NONE, total="40.00"), PURCHASES, COMPANY, RESOLVED),
        (item(line(tracking=("retail", "office"))), PURCHASES, COMPANY, RESOLVED),
        (item(line(project="terrace", billable=True)), PURCHASES, COMPANY, RESOLVED),
        (
            item(line(tax_rate="20S"), tax_mode=TaxMode.NONE, total="40.00"),
            PURCHASES,
            without(COMPANY, SALES_TAX),
            RESOLVED,
        ),
    ],
)
def test_what_is_right_goes_through(
    one: Item, destination: Destination, organisation: Organisation, given: Resolved
) -> None:
    accounts = {**given.categories, "fuel": replace(given.categories["fuel"], values={"billable": True})}
    if organisation.base_currency != "GBP":
        account = replace(given.bank_account or BANK, values={"type": "credit_card"})
        given = replace(given, categories=accounts, bank_account=account)
    assert found(one, destination, organisation, given) == []


@pytest.mark.parametrize(
    ("one", "destination", "organisation"),
    [
        (item(), SALES, COMPANY),
        (sale(), CHECKS, COMPANY),
        (item(type=CREDIT), CASH, COMPANY),
        (item(type=CREDIT), CARDS, COMPANY),  # not in the United Kingdom
        (sale(type=CREDIT), CASH, COMPANY),
    ],
)
def test_destinations_that_are_not_there(one: Item, destination: Destination, organisation: Organisation) -> None:
    assert found(one, destination, organisation) == [("destination_not_offered", "destination")]


@pytest.mark.parametrize("plan", ["QuickBooks Online Simple Start", "QuickBooks EasyStart"])
@pytest.mark.parametrize("kind", [ItemType.INVOICE, CREDIT])
def test_small_plans_have_no_bills(plan: str, kind: ItemType) -> None:
    company = replace(COMPANY, plan=plan)
    assert found(item(type=kind), organisation=company) == [("plan_without_bills", "destination")]
    assert found(item(), CASH, company) == []


def test_nothing_is_a_draft_or_paid_afterwards() -> None:
    for status in (PublishAs.DRAFT, PublishAs.AWAITING_APPROVAL, PublishAs.PAID):
        wanted = replace(target(), publish_as=status)
        assert [one.code for one in check(item(), RESOLVED, wanted)] == ["destination_not_offered"]


RULES: dict[str, tuple[Item, dict[str, Any], tuple[str, str]]] = {
    "no supplier": (item(contact=None), {"given": resolved(contact=None)}, ("supplier_missing", "contact")),
    "archived": (
        item(),
        {"given": resolved(contact=replace(SUPPLIER, status=INACTIVE))},
        ("supplier_archived", "contact"),
    ),
    "colon in a new name": (
        item(),
        {"given": resolved(contact=Entry("n", Kind.SUPPLIERS, "Fuel: North"))},
        ("text_not_accepted", "contact"),
    ),
    "long new name": (
        item(),
        {"given": resolved(contact=Entry("n", Kind.SUPPLIERS, "x" * 501))},
        ("text_too_long", "contact"),
    ),
    "supplier of another currency": (item(currency="EUR"), {}, ("currencies_differ", "contact")),
    "currency of a new supplier": (
        item(),
        {
            "given": resolved(contact=Entry("n", Kind.SUPPLIERS, "New", values={"currency": "GBP"})),
            "organisation": without(COMPANY, "multi_currency"),
        },
        ("feature_off", "contact"),
    ),
    "category of another currency": (item(line(category="eur-cost")), {}, ("currencies_differ", "lines[0].category")),
    "no date": (item(date=None), {}, ("date_missing", "date")),
    "closed books": (item(date=date(2026, 1, 31)), {}, ("period_locked", "date")),
    "due before it was written": (item(due_date=date(2026, 3, 10)), {}, ("due_date_before_date", "due_date")),
    "long number": (item(number="1" * 22), {}, ("text_too_long", "number")),
    "unknown currency": (
        item(currency="CHF"),
        {"given": resolved(contact=replace(SUPPLIER, values={"currency": "CHF"}))},
        ("currency_not_enabled", "currency"),
    ),
    "negative": (item(line("-40.00"), total="-48.00"), {}, ("total_negative", "total")),
    "negative quantity": (item(line(quantity=D(-1))), {}, ("quantity_negative", "lines[0].quantity")),
    "long text": (item(line(description="x" * 4001)), {}, ("text_too_long", "lines[0].description")),
    "no category": (item(line(category=None)), {}, ("category_missing", "lines[0].category")),
    "inactive category": (item(line(category="rent")), {}, ("account_archived", "lines[0].category")),
    "accounts payable": (item(line(category="payable")), {}, ("account_not_valid", "lines[0].category")),
    "no code": (item(line(tax_rate=None)), {}, ("tax_rate_missing", "lines[0].tax_rate")),
    "no code without tax": (
        item(line(tax_rate=None), tax_mode=TaxMode.NONE, total="40.00"),
        {},
        ("tax_rate_missing", "lines[0].tax_rate"),
    ),
    "a rate without tax": (
        item(tax_mode=TaxMode.NONE, total="40.00"),
        {},
        ("lines_do_not_add_up", "lines[0].tax_rate"),
    ),
    "tax that no rate takes": (
        item(line(tax_rate="none", tax="1.00"), total="41.00"),
        {},
        ("lines_do_not_add_up", "lines[0].tax_amount"),
    ),
    "an old rate": (item(line(tax_rate="old")), {}, ("tax_rate_not_found", "lines[0].tax_rate")),
    "a rate of sales": (item(line(tax_rate="out")), {}, ("tax_wrong_side", "lines[0].tax_rate")),
    "a product of another account": (item(line(product="stock")), {}, ("inventory_account", "lines[0].category")),
    "two locations": (
        item(line("20.00", tracking=("office",)), line("20.00", tracking=("stall",))),
        {},
        ("one_per_document", "lines[1].tracking"),
    ),
    "a location on one line alone": (
        item(line("20.00", tracking=("office",)), line("20.00")),
        {},
        ("one_per_document", "lines[1].tracking"),
    ),
    "two classes on a line": (
        item(line(tracking=("retail", "export"))),
        {},
        ("too_many_dimensions", "lines[0].tracking[1]"),
    ),
    "classes are off": (
        item(line(tracking=("retail",))),
        {"given": resolved(dimensions={"classes": replace(CLASS, status=INACTIVE)})},
        ("feature_off", "lines[0].tracking[0]"),
    ),
    "billable to nobody": (item(line(billable=True)), {}, ("customer_missing", "lines[0].customer")),
    "billable where it is off": (
        item(line(billable=True, customer="cafe")),
        {"organisation": without(COMPANY, "billable_costs")},
        ("feature_off", "lines[0].billable"),
    ),
    "customers where they are off": (
        item(line(customer="cafe")),
        {"organisation": without(COMPANY, "customers_on_costs")},
        ("feature_off", "lines[0].customer"),
    ),
    "billable on income": (
        item(line(category="sales", billable=True, customer="cafe")),
        {},
        ("billable_not_allowed", "lines[0].billable"),
    ),
    "cash from a card": (
        item(),
        {"destination": CASH, "given": WITH_CARD},
        ("account_type_of_destination", "payment_method"),
    ),
    "a card that is a bank account": (
        item(),
        {"destination": CARDS},
        ("account_type_of_destination", "payment_method"),
    ),
    "no account": (
        item(),
        {"destination": CASH, "given": resolved(bank_account=None)},
        ("bank_account_not_linked", "payment_method"),
    ),
    "an account of a third currency": (
        item(),
        {
            "destination": CASH,
            "given": resolved(
                bank_account=entry("e", Kind.BANK_ACCOUNTS, "E", "9", values={"type": "bank", "currency": "EUR"})
            ),
        },
        ("currency_of_bank_account", "payment_method"),
    ),
    "a sale without number": (
        sale(number=None),
        {"destination": SALES, "given": OF_CUSTOMER},
        ("number_missing", "number"),
    ),
    "a sale without product": (
        sale(line(category="sales")),
        {"destination": SALES, "given": OF_CUSTOMER},
        ("product_missing", "lines[0].product"),
    ),
    "a sale on another account": (
        sale(line(product="paper")),
        {"destination": SALES, "given": OF_CUSTOMER},
        ("product_account", "lines[0].category"),
    ),
    "a sale for somebody else's job": (
        sale(line(category="sales", product="paper", project="terrace")),
        {"destination": SALES, "given": resolved(contact=replace(CUSTOMER, provider_id="99"))},
        ("one_per_document", "lines[0].project"),
    ),
    "a class for the whole sale": (
        sale(
            line("20.00", category="sales", product="paper", tracking=("retail",)),
            line("20.00", category="sales", product="paper", tracking=("export",)),
        ),
        {
            "destination": SALES,
            "given": OF_CUSTOMER,
            "organisation": replace(COMPANY, features=(*without(COMPANY, "classes").features, CLASS_PER_DOCUMENT)),
        },
        ("one_per_document", "lines[1].tracking"),
    ),
    "a named code in the US": (
        item(line(tax_rate="california"), currency="USD"),
        {"organisation": AMERICAN},
        ("tax_rate_not_on_lines", "lines[0].tax_rate"),
    ),
    "unknown tax in the US": (
        item(line(tax_rate="TAX"), tax_mode=TaxMode.INCLUSIVE, total="40.00", currency="USD"),
        {"organisation": AMERICAN},
        ("tax_amount_missing", "lines[0].tax_amount"),
    ),
    "a second tax in Canada": (
        item(line(tax_rate="GST", tax="4.80"), total="44.80", currency="CAD"),
        {"organisation": CANADIAN},
        ("tax_rate_not_combined", "lines[0].tax_rate"),
    ),
}


@pytest.mark.parametrize("name", RULES)
def test_each_rule(name: str) -> None:
    one, options, expected = RULES[name]
    assert expected in found(one, **options)


def test_a_tax_that_differs_by_rounding_is_no_second_tax() -> None:
    one = item(line(tax_rate="GST", tax="2.01"), total="42.01", currency="CAD")
    assert ("tax_rate_not_combined", "lines[0].tax_rate") not in found(one, organisation=CANADIAN)
