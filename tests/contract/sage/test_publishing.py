"""Documents, payments, contacts and files: what stands in the sandbox's books is what the item says."""

from decimal import Decimal
from typing import Any

import pytest

from shared.domain.connections import Destination, PublishAs
from shared.domain.ids import marker_for
from shared.domain.items import Item, ItemType, Side, TaxMode
from shared.domain.lists import Entry, Kind
from shared.domain.publishing import FactKind, Member, Verdict
from shared.providers.contract import FileToAttach, Upload, Wanted
from shared.providers.sage.calls import PROVIDER
from tests.contract.sage.kit import World, clock

D = Decimal
PDF = FileToAttach("paper-ABC123.pdf", "application/pdf", b"%PDF-1.4 paper")


def sale(world: World, **fields: Any) -> Item:
    return world.item(side=Side.SALES, **fields)


def sorts(world: World) -> dict[str, tuple[Item, Destination]]:
    """An item and a destination for each of Sage's documents."""
    credit = ItemType.CREDIT_NOTE
    return {
        "purchase_invoices": (world.item(), Destination.PURCHASES),
        "purchase_credit_notes": (world.item(type=credit), Destination.PURCHASES),
        "purchase_quick_entries": (world.item(), Destination.QUICK_ENTRIES),
        "other_payments": (world.item(), Destination.BANK_ACCOUNTS),
        "sales_invoices": (sale(world), Destination.SALES),
        "sales_credit_notes": (sale(world, type=credit), Destination.SALES),
        "sales_quick_entries": (sale(world), Destination.QUICK_ENTRIES),
    }


RESOURCES = (
    "purchase_invoices",
    "purchase_credit_notes",
    "purchase_quick_entries",
    "other_payments",
    "sales_invoices",
    "sales_credit_notes",
    "sales_quick_entries",
)


@pytest.mark.parametrize("resource", RESOURCES)
def test_every_document_is_stored_with_its_figures_and_our_marker(world: World, resource: str) -> None:
    item, destination = sorts(world)[resource]
    member, draft = world.drafted(item, destination=destination)
    assert draft.resource == resource
    answer = world.publish((member, draft))
    assert answer.verdict is Verdict.DONE and answer.total == "48"
    stored = world.read(resource, answer.provider_id)
    assert stored["reference"] == member.marker
    assert (stored["net_amount"], stored["tax_amount"], stored["total_amount"]) == (40, 8, 48)
    assert stored["date"] == item.date.isoformat() if item.date else None
    assert stored["contact"]["id"] == world.resolved(item).contact.provider_id  # type: ignore[union-attr]


def test_the_suppliers_number_has_a_field_of_its_own(world: World) -> None:
    answer = world.publish(world.drafted(world.item(number="SUP-77")))
    assert answer.number == "SUP-77"
    assert world.read("purchase_invoices", answer.provider_id)["vendor_reference"] == "SUP-77"


@pytest.mark.parametrize(
    ("mode", "amounts", "total", "stored_as"),
    [
        (TaxMode.EXCLUSIVE, ("10.03", "10.03", "10.03"), "36.12", (30.09, 6.03)),  # 2.006 each, rounded per line
        (TaxMode.INCLUSIVE, ("10.03", "0.99"), "11.02", (9.18, 1.84)),
        (TaxMode.NONE, ("48.00",), "48.00", (48, 0)),
    ],
)
def test_tax_is_worked_out_per_line_to_the_cent(
    world: World, mode: TaxMode, amounts: tuple[str, ...], total: str, stored_as: tuple[float, float]
) -> None:
    rate = "GB_NO_TAX" if mode is TaxMode.NONE else "GB_STANDARD"
    item = world.item(*(world.line(amount, rate=rate) for amount in amounts), tax_mode=mode, total=total)
    stored = world.read("purchase_invoices", world.publish(world.drafted(item)).provider_id)
    assert (stored["net_amount"], stored["tax_amount"]) == stored_as
    assert D(str(stored["total_amount"])) == D(total)


def test_a_paper_of_an_earlier_rate_has_that_rates_tax(world: World) -> None:
    world.sage.edit(lock_date=None, accounts_start_date="2010-01-01")
    world.organisation = PROVIDER.organisation(world.session, "")
    item = world.item(date=clock().date().replace(2010, 6, 1), due_date=None, total="47.00")
    stored = world.read("purchase_invoices", world.publish(world.drafted(item)).provider_id)
    assert stored["tax_amount"] == 7


def test_quantities_are_kept_where_they_multiply_to_the_amount(world: World) -> None:
    lines = (world.line("30.00", quantity=D(3)), world.line("10.00", quantity=D(3)))
    stored = world.read("purchase_invoices", world.publish(world.drafted(world.item(*lines))).provider_id)
    assert [(one["quantity"], one["unit_price"]) for one in stored["invoice_lines"]] == [(3, 10), (3, 3.3333)]
    assert stored["net_amount"] == 40


def test_products_and_analysis_types_go_with_the_line(world: World) -> None:
    lines = [world.line("10.00", product=code, tracking=("Retail", "North")) for code in ("BOOK", "DEV-H")]
    item = world.item(*lines, total="24.00")
    first, second = world.read("purchase_invoices", world.publish(world.drafted(item)).provider_id)["invoice_lines"]
    assert first["product"]["id"] == world.entry(Kind.PRODUCTS, "BOOK").provider_id
    assert second["service"]["id"] == world.entry(Kind.PRODUCTS, "DEV-H").provider_id
    assert len(first["analysis_type_categories"]) == 2


def test_a_draft_is_a_draft(world: World) -> None:
    answer = world.publish(world.drafted(world.item(), status=PublishAs.DRAFT))
    assert answer.status == "DRAFT"


def test_a_foreign_paper_has_its_currency_and_rate(world: World) -> None:
    item = world.item(currency="EUR", exchange_rate=D("1.25"))
    stored = world.read("purchase_invoices", world.publish(world.drafted(item)).provider_id)
    assert stored["currency"]["id"] == "EUR" and stored["exchange_rate"] == 0.8
    assert stored["base_currency_total_amount"] == 38.4


# --- payments
@pytest.mark.parametrize(
    ("resource", "kind"),
    [
        ("purchase_invoices", "VENDOR_PAYMENT"),
        ("purchase_credit_notes", "VENDOR_REFUND"),
        ("purchase_quick_entries", "VENDOR_PAYMENT"),
        ("sales_invoices", "CUSTOMER_RECEIPT"),
        ("sales_credit_notes", "CUSTOMER_REFUND"),
        ("sales_quick_entries", "CUSTOMER_RECEIPT"),
    ],
)
def test_what_arrives_paid_is_paid(world: World, resource: str, kind: str) -> None:
    item, destination = sorts(world)[resource]
    document = world.publish(world.drafted(item, destination=destination, status=PublishAs.PAID))
    marker = marker_for("T", f"{item.id}/payment", 1)
    draft = PROVIDER.payment(item, Wanted(resource, document.provider_id or ""), world.resolved(item), marker)
    member = Member(item.id, marker, dict(draft.fingerprint), "A", refers_to=document.provider_id)
    paid = world.publish((member, draft), FactKind.PAYMENTS)
    assert paid.verdict is Verdict.DONE
    stored = world.read("contact_payments", paid.provider_id)
    assert stored["transaction_type"]["id"] == kind
    assert world.read(resource, document.provider_id)["status"]["id"] == "PAID"


# --- contacts
def new_contact(kind: Kind = Kind.SUPPLIERS, name: str = "Fenland Timber") -> tuple[Member, Any]:
    entry = Entry(id="01NEW", kind=kind, name=name, values={"email": "hello@example.com"})
    marker = marker_for("T", f"{entry.id}{kind}", 1)
    draft = PROVIDER.new_supplier(entry, marker)
    return Member(entry.id, marker, dict(draft.fingerprint), "A"), draft


def test_a_new_supplier_is_made_once_however_often_it_is_sent(world: World) -> None:
    first, second = (world.publish(new_contact(), FactKind.SUPPLIERS) for _ in range(2))
    assert first.verdict is Verdict.DONE and first.provider_id == second.provider_id
    assert world.sage.calls("POST /contacts") == 1  # found by name the second time
    assert [one["id"] for one in world.read("contacts", first.provider_id)["contact_types"]] == ["VENDOR"]


def test_a_customer_of_a_suppliers_name_is_another_contact(world: World) -> None:
    supplier = world.publish(new_contact(), FactKind.SUPPLIERS)
    customer = world.publish(new_contact(Kind.CUSTOMERS), FactKind.SUPPLIERS)
    assert customer.verdict is Verdict.DONE and customer.provider_id != supplier.provider_id


# --- files
@pytest.mark.parametrize("resource", RESOURCES)
def test_a_file_goes_to_its_document_once(world: World, resource: str) -> None:
    item, destination = sorts(world)[resource]
    document = world.publish(world.drafted(item, destination=destination))
    upload = Upload(Wanted(resource, document.provider_id or ""), PDF)
    assert PROVIDER.attached(world.session, [upload]) == []
    (first,) = PROVIDER.attach(world.session, [upload], "k1")
    (again,) = PROVIDER.attach(world.session, [upload], "k2")
    assert first.attachment_id and first == again
    assert PROVIDER.attached(world.session, [upload]) == [first]
    assert world.sage.calls("POST /attachments") == 1


def test_a_file_too_large_never_leaves_us(world: World) -> None:
    large = FileToAttach("large.pdf", "application/pdf", b"x" * 2_621_441)
    (answer,) = PROVIDER.attach(world.session, [Upload(Wanted("purchase_invoices", "any"), large)], "k")
    assert answer.problem is not None and answer.problem.code == "file_too_large"
    assert world.sage.calls("GET /attachments") == 0


def test_a_large_file_arrives(world: World) -> None:
    document = world.publish(world.drafted(world.item()))
    large = FileToAttach("large.pdf", "application/pdf", b"%PDF-" + b"x" * 2_400_000)
    upload = Upload(Wanted("purchase_invoices", document.provider_id or ""), large)
    (answer,) = PROVIDER.attach(world.session, [upload], "k")
    assert answer.attachment_id
