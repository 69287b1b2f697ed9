"""What ApprovalMax refuses before any call: the same few things by both ways in, the rest for its API alone."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from shared.domain.approvals import Delivery, Ledger
from shared.domain.connections import Destination, PublishAs
from shared.domain.items import Item, ItemType, Side, TaxMode
from shared.domain.lists import EntryStatus
from shared.providers.approvalmax.checks import check
from shared.providers.contract import Resolved, Target
from tests.unit.providers.approvalmax.kit import CONTACT, EVERY, TAX, document, item, line, resolved, target

MB = 1024 * 1024


def found(item: Item, aim: Target | None = None, known: Resolved | None = None) -> list[tuple[str, str | None]]:
    return [(one.code, one.field) for one in check(item, known or resolved(), aim or target())]


@pytest.mark.parametrize("delivery", list(Delivery))
def test_a_bill_with_nothing_wrong(delivery: Delivery) -> None:
    assert found(item(document=document(3 * MB)), target(delivery)) == []


@pytest.mark.parametrize("delivery", list(Delivery))
@pytest.mark.parametrize(
    ("changes", "aim", "problem"),
    [
        ({"type": ItemType.CREDIT_NOTE}, {}, ("destination_not_offered", "destination")),
        ({"side": Side.SALES}, {"destination": Destination.SALES}, ("destination_not_offered", "destination")),
        ({"side": Side.SALES}, {}, ("destination_not_offered", "destination")),
        ({}, {"destination": Destination.BANK_ACCOUNTS}, ("destination_not_offered", "destination")),
        ({}, {"destination": Destination.CREDIT_CARDS}, ("destination_not_offered", "destination")),
        ({}, {"publish_as": PublishAs.DRAFT}, ("destination_not_offered", "publish_as")),
        ({}, {"publish_as": PublishAs.PAID}, ("destination_not_offered", "publish_as")),
        ({"document": document(3 * MB + 1)}, {}, ("file_too_large", "document")),
    ],
)
def test_refused_whatever_the_way_in(
    delivery: Delivery, changes: dict[str, Any], aim: dict[str, Any], problem: tuple[str, str]
) -> None:
    assert found(item(**changes), target(delivery, **aim)) == [problem]


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"date": None}, ("date_missing", "date")),
        ({"due_date": None}, ("due_date_missing", "due_date")),
        ({"number": "x" * 256}, ("text_too_long", "number")),
        ({"currency": "CHF"}, ("currency_not_enabled", "currency")),
        ({"total": Decimal(-1)}, ("total_negative", "total")),
        ({"lines": ()}, ("lines_missing", "lines")),
        ({"lines": (line(category=None),)}, ("category_missing", "lines[0].category")),
        ({"lines": (line(category="gone"),)}, ("entry_unresolved", "lines[0].category")),
        ({"lines": (line(), line(tax_rate=None))}, ("tax_rate_missing", "lines[1].tax_rate")),
        ({"lines": (line(product="gone"),)}, ("entry_unresolved", "lines[0].product")),
        ({"lines": (line(tracking=("gone",)),)}, ("entry_unresolved", "lines[0].tracking[0]")),
        ({"lines": (line(quantity=Decimal(-1)),)}, ("quantity_negative", "lines[0].quantity")),
        ({"lines": (line(project="p"),)}, ("field_not_carried", "lines[0].project")),
        ({"lines": (line(customer="c"),)}, ("field_not_carried", "lines[0].customer")),
    ],
)
def test_refused_for_the_api_and_left_to_the_main_connections_rules_else(
    changes: dict[str, Any], problem: tuple[str, str]
) -> None:
    assert found(item(**changes)) == [problem]
    assert found(item(**changes), target(Delivery.LEDGER)) == []


def test_suppliers_must_be_in_the_books() -> None:
    assert found(item(), known=resolved(replace(CONTACT, provider_id=None))) == [("supplier_not_in_books", "contact")]
    archived = replace(CONTACT, status=EntryStatus.INACTIVE)
    assert found(item(), known=resolved(archived)) == [("supplier_archived", "contact")]
    assert found(item(), known=resolved(None)) == [("entry_unresolved", "contact")]
    assert found(item(contact=None), known=resolved(None)) == [("supplier_missing", "contact")]


def test_receipts_are_due_at_once_and_papers_without_tax_need_no_rate() -> None:
    assert found(item(type=ItemType.RECEIPT, due_date=None)) == []
    assert found(item(line(tax_rate=None), tax_mode=TaxMode.NONE, total=Decimal("80.00"))) == []
    inactive = {**EVERY, "tax": replace(TAX, status=EntryStatus.INACTIVE)}
    assert found(item(), known=resolved(tax_rates=inactive)) == [("tax_rate_not_found", "lines[0].tax_rate")]


@pytest.mark.parametrize("ledger", [None, Ledger("by name alone"), Ledger("Sage", "sage", "x")])
def test_without_books_that_it_has_requests_for_nothing_goes(ledger: Ledger | None) -> None:
    assert found(item(), target(ledger=ledger)) == [("organisation_not_of_main", "integration")]
