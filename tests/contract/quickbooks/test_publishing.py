"""Every kind of document into the sandbox's books: what is stored there is what the item says, to the cent."""

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from rehearsal.sandbox_process import SandboxClient
from shared.domain.connections import Destination
from shared.domain.ids import marker_for
from shared.domain.items import Item, ItemType, Side, TaxMode
from shared.domain.lists import Entry, Kind
from shared.domain.publishing import FactKind, Member, Verdict
from shared.providers.contract import FileToAttach, Upload, Wanted
from shared.providers.quickbooks.calls import PROVIDER
from tests.contract.quickbooks.kit import BANK, CARD, World, connected
from tests.contract.sandbox.quickbooks import desk

D = Decimal
Sort = tuple[Item, Destination, str]
CREDIT = ItemType.CREDIT_NOTE
# Every kind of document: its item, destination and payment account, by a company that has it.
SORTS: dict[str, tuple[str, Callable[[World], Sort]]] = {
    "Bill": (desk.GB, lambda w: (w.item(), Destination.PURCHASES, BANK)),
    "VendorCredit": (desk.GB, lambda w: (w.item(type=CREDIT), Destination.PURCHASES, BANK)),
    "Purchase Cash": (desk.GB, lambda w: (w.item(), Destination.BANK_ACCOUNTS, BANK)),
    "Purchase Check": (desk.GB, lambda w: (w.item(), Destination.CHECKS, BANK)),
    "Purchase CreditCard": (desk.GB, lambda w: (w.item(), Destination.CREDIT_CARDS, CARD)),
    "Purchase Credit": (desk.US, lambda w: (w.item(type=CREDIT), Destination.CREDIT_CARDS, CARD)),
    "Invoice": (desk.GB, lambda w: (w.item(side=Side.SALES), Destination.SALES, BANK)),
    "CreditMemo": (desk.GB, lambda w: (w.item(side=Side.SALES, type=CREDIT), Destination.SALES, BANK)),
    "SalesReceipt": (desk.GB, lambda w: (w.item(side=Side.SALES), Destination.BANK_ACCOUNTS, BANK)),
}


def one(world: World, item: Item, destination: Destination | None = None, bank: str = BANK) -> dict[str, Any]:
    """Publish one item; the record as it then is in QuickBooks."""
    member, draft = world.drafted(item, destination, bank)
    (answer,) = world.publish((member, draft))
    assert answer.verdict is Verdict.DONE, answer.problem
    assert answer.total == format(item.total.normalize(), "f")
    return world.record(draft.resource, answer.provider_id)


@pytest.mark.parametrize("name", SORTS)
def test_each_kind_of_document(sandbox: SandboxClient, name: str) -> None:
    realm, make = SORTS[name]
    world = connected(sandbox, realm)
    item, destination, bank = make(world)
    record = one(world, item, destination, bank)
    entity, _, kind = name.partition(" ")
    assert D(str(record["TotalAmt"])) == item.total
    assert record["DocNumber"] == item.number
    assert record["TxnDate"] == item.date.isoformat() if item.date else False
    assert record["PrivateNote"].splitlines()[-1] == marker_for("T", item.id, 1)
    if entity == "Purchase":
        assert record["PaymentType"] == (kind if kind != "Credit" else "CreditCard")
        assert bool(record.get("Credit")) == (kind == "Credit")
        assert record["AccountRef"]["value"] == world.entry(Kind.BANK_ACCOUNTS, bank).provider_id
        assert record["EntityRef"]["type"] == "Vendor"
    if entity == "SalesReceipt":
        assert record["DepositToAccountRef"]["value"] == world.entry(Kind.BANK_ACCOUNTS, bank).provider_id


@pytest.mark.parametrize(
    ("mode", "amount", "total", "tax"),
    [
        (TaxMode.EXCLUSIVE, "33.33", "40.00", None),
        (TaxMode.EXCLUSIVE, "33.33", "40.03", "6.70"),
        (TaxMode.INCLUSIVE, "40.00", "40.00", None),
        (TaxMode.INCLUSIVE, "40.00", "40.00", "6.60"),
    ],
)
def test_the_tax_of_the_document_is_the_tax_in_the_books(
    sandbox: SandboxClient, mode: TaxMode, amount: str, total: str, tax: str | None
) -> None:
    world = connected(sandbox)
    line = world.line(amount, tax_amount=D(tax) if tax else None)
    record = one(world, world.item(line, tax_mode=mode, total=D(total)))
    stated = D(tax) if tax else D(total) - D("33.33")
    assert D(str(record["TxnTaxDetail"]["TotalTax"])) == stated


def test_many_lines_round_to_the_documents_own_total(sandbox: SandboxClient) -> None:
    """Tax of 0.01 on each of seven lines of 0.07: rounded per line it is 0.07, on their sum 0.10."""
    world = connected(sandbox)
    record = one(world, world.item(*[world.line("0.07") for _ in range(7)], total=D("0.56")))
    assert D(str(record["TotalAmt"])) == D("0.56")


def test_a_document_without_tax_has_codes_of_no_tax(sandbox: SandboxClient) -> None:
    world = connected(sandbox)
    line = world.line(tax_rate="No VAT")
    record = one(world, world.item(line, tax_mode=TaxMode.NONE, total=D("40.00")))
    assert record["TxnTaxDetail"]["TotalTax"] == 0


def test_reverse_charge_adds_nothing_and_books_both_rates(sandbox: SandboxClient) -> None:
    world = connected(sandbox)
    record = one(world, world.item(world.line(tax_rate="20.0% RC"), total=D("40.00")))
    assert sorted(D(str(line["Amount"])) for line in record["TxnTaxDetail"]["TaxLine"]) == [-8, 8]


def test_canada_books_both_taxes_of_a_combined_code(sandbox: SandboxClient) -> None:
    world = connected(sandbox, desk.CA)
    line = world.line("100.00", tax_rate="GST/PST BC", tax_amount=D("12.01"))
    record = one(world, world.item(line, total=D("112.01")))
    assert sorted(D(str(part["Amount"])) for part in record["TxnTaxDetail"]["TaxLine"]) == [D(5), D("7.01")]


def test_the_us_has_tax_in_the_cost_and_one_tax_on_sales(sandbox: SandboxClient) -> None:
    world = connected(sandbox, desk.US)
    cost = world.item(world.line("40.00", tax_rate="TAX", tax_amount=D("3.30")), total=D("43.30"))
    record = one(world, cost)
    assert D(str(record["Line"][0]["Amount"])) == D("43.30")
    assert "GlobalTaxCalculation" not in record
    lines = (world.sale_line("40.00", tax_rate="TAX"), world.sale_line("10.00"))
    sale = one(world, world.item(*lines, side=Side.SALES, total=D("53.50"), tax_total=D("3.50")))
    assert D(str(sale["TxnTaxDetail"]["TotalTax"])) == D("3.50")


def test_classes_location_project_and_billable(sandbox: SandboxClient) -> None:
    world = connected(sandbox)
    lines = (
        world.line(tracking=("Retail", "Head Office"), project="Green Gardens:Summer Terrace", billable=True),
        world.line(tracking=("Wholesale:Export", "Head Office"), customer="Riverside Cafe"),
    )
    record = one(world, world.item(*lines))
    assert record["DepartmentRef"]["name"] == "Head Office"
    first, second = (line["AccountBasedExpenseLineDetail"] for line in record["Line"])
    assert first["BillableStatus"] == "Billable"
    assert first["CustomerRef"]["value"] == world.entry(Kind.PROJECTS, "Green Gardens:Summer Terrace").provider_id
    assert second["CustomerRef"]["value"] == world.entry(Kind.CUSTOMERS, "Riverside Cafe").provider_id
    assert [first["ClassRef"]["name"], second["ClassRef"]["name"]] != [None, None]


def test_products_on_costs(sandbox: SandboxClient) -> None:
    world = connected(sandbox)
    line = world.line("9.00", "Office Expenses", product="Printer Paper", quantity=D(2), unit_amount=D("4.50"))
    record = one(world, world.item(line))
    detail = record["Line"][0]["ItemBasedExpenseLineDetail"]
    assert (detail["Qty"], D(str(detail["UnitPrice"]))) == (2, D("4.5"))


def test_a_foreign_bill_has_its_suppliers_currency(sandbox: SandboxClient) -> None:
    world = connected(sandbox)
    item = world.item(currency="EUR", contact="Lyon Papeterie SARL", exchange_rate=D("1.25"))
    record = one(world, item)
    assert record["CurrencyRef"]["value"] == "EUR"
    assert D(str(record["ExchangeRate"])) == D("0.8")


def test_thirty_in_one_call_each_with_its_own_outcome(sandbox: SandboxClient) -> None:
    world = connected(sandbox)
    drafted = [world.drafted(world.item()) for _ in range(30)]
    gone = world.entry(Kind.CATEGORIES, "Fuel")
    world.desk.edit(deactivate={"entity": "Account", "id": world.entry(Kind.CATEGORIES, "Rent").provider_id})
    rent = world.drafted(world.item(world.line(category="Rent")))
    drafted[7] = rent
    before = desk.calls(sandbox, "POST /batch")
    answers = {answer.marker: answer for answer in world.publish(*drafted)}
    assert desk.calls(sandbox, "POST /batch") == before + 1
    assert gone.usable and len(answers) == 30
    refused = answers[rent[0].marker]
    assert refused.verdict is Verdict.REFUSED and refused.problem is not None
    assert refused.problem.code == "entry_inactive"
    assert sum(answer.verdict is Verdict.DONE for answer in answers.values()) == 29


def test_a_new_supplier_is_made_once_and_found_by_its_name(sandbox: SandboxClient) -> None:
    world = connected(sandbox)
    ours, markers = [], ("LB0000000000000000A1", "LB0000000000000000B2")
    for name, marker in zip(("Dover Ferries", "northern FUEL"), markers, strict=True):
        draft = PROVIDER.new_supplier(Entry(marker, Kind.SUPPLIERS, name), marker)
        ours.append((Member(marker, marker, dict(draft.fingerprint), "A"), draft))
    answers = {answer.marker: answer for answer in world.publish(*ours, fact=FactKind.SUPPLIERS)}
    assert {answer.verdict for answer in answers.values()} == {Verdict.DONE}
    assert answers[markers[1]].provider_id == world.entry(Kind.SUPPLIERS, "Northern Fuel").provider_id


def test_a_name_that_a_customer_has_is_refused(sandbox: SandboxClient) -> None:
    world = connected(sandbox)
    draft = PROVIDER.new_supplier(Entry("x", Kind.SUPPLIERS, "Riverside Cafe"), "LB0000000000000000A1")
    member = Member("x", "LB0000000000000000A1", dict(draft.fingerprint), "A")
    (answer,) = world.publish((member, draft), fact=FactKind.SUPPLIERS)
    assert answer.problem is not None and answer.problem.code == "supplier_name_taken"


def test_names_with_quotes_stay_names(sandbox: SandboxClient) -> None:
    world = connected(sandbox)
    names = ("O'Neil & Sons", "x' OR DisplayName LIKE '%")
    members = []
    for place, name in enumerate(names):
        marker = f"LB00000000000000000{place}"
        draft = PROVIDER.new_supplier(Entry(marker, Kind.SUPPLIERS, name), marker)
        members.append((Member(marker, marker, dict(draft.fingerprint), "A"), draft))
    batch, _ = world.batch(*members, fact=FactKind.SUPPLIERS)
    assert list(world.found(batch)) == [members[0][0].marker]


def test_a_file_goes_up_once_and_is_found_again(sandbox: SandboxClient) -> None:
    world = connected(sandbox)
    record = one(world, world.item())
    document = Wanted("Bill", record["Id"])
    file = FileToAttach('re"ceipt.pdf', "application/pdf", b"%PDF-1.4 \r\n--x\r\n binary \x00\xff")
    uploads = [Upload(document, file)]
    assert PROVIDER.attached(world.session, uploads) == []
    (answer,) = PROVIDER.attach(world.session, uploads, "k1")
    assert answer.name == file.name
    assert PROVIDER.attached(world.session, uploads) == [answer]
    assert PROVIDER.attached(world.session, [Upload(document, replace(file, content=b"%PDF other"))]) == []


def test_files_of_several_documents_go_up_in_one_call(sandbox: SandboxClient) -> None:
    world = connected(sandbox)
    documents = [Wanted("Bill", one(world, world.item())["Id"]) for _ in range(3)]
    names = ["a.pdf", "b.heic", "c.pdf"]
    uploads = [
        Upload(document, FileToAttach(name, "application/pdf", f"%PDF {name}".encode()))
        for document, name in zip(documents, names, strict=True)
    ]
    answers = {answer.name: answer for answer in PROVIDER.attach(world.session, uploads, "k1")}
    assert answers.keys() == set(names)
    assert answers["b.heic"].problem is not None
    assert answers["b.heic"].problem.code == "file_type_refused"
    there = PROVIDER.attached(world.session, uploads)
    assert there == [answers["a.pdf"], answers["c.pdf"]]
    assert desk.calls(sandbox, "POST /upload") == 1


@pytest.mark.parametrize(
    ("name", "content", "code"),
    [
        ("a.heic", b"x", "file_type_refused"),
        ("a.pdf", b"", "file_missing"),
        ("a.pdf", b"x" * 26_214_401, "file_too_large"),
    ],
)
def test_a_file_that_would_be_refused_is_not_sent(sandbox: SandboxClient, name: str, content: bytes, code: str) -> None:
    world = connected(sandbox, pull=False)
    upload = Upload(Wanted("Bill", "1"), FileToAttach(name, "image/heic", content))
    (answer,) = PROVIDER.attach(world.session, [upload], "k")
    assert answer.attachment_id is None
    assert answer.problem is not None
    assert answer.problem.code == code
    assert desk.calls(sandbox, "POST /upload") == 0
