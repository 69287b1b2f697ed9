"""Bills, vendors and files against the sandbox's books: what is stored is what the item says, to the cent."""

from decimal import Decimal

import pytest

from rehearsal.sandbox_process import SandboxClient
from shared.domain.connections import PublishAs
from shared.domain.items import ItemType, TaxMode
from shared.domain.lists import Kind
from shared.domain.publishing import FactKind, Verdict
from shared.providers.contract import FileToAttach, Upload, Wanted, WholeRefused
from tests.contract.bill.kit import PROVIDER, World, connected

D = Decimal


@pytest.fixture
def world(sandbox: SandboxClient) -> World:
    return connected(sandbox)


def test_a_bill_with_everything(world: World) -> None:
    line = world.line(
        "149.00", quantity=D(2), unit_amount=D("74.50"), product="Flour 25 kg", customer="Corner Cafe",
        tracking=("Wholesale", "Kitchen", "Downtown", "Lee Wedding", "Robin Hart"),
    )  # fmt: skip
    item = world.item(line, world.line("0.99", "Travel", description="Fee"), description="Studio things")
    member, draft = world.drafted(item, bank="Checking")
    (answer,) = world.publish((member, draft))
    assert (answer.verdict, answer.number, answer.total) == (Verdict.DONE, item.number, "149.99")
    assert answer.status == "UNASSIGNED" and answer.url
    stored = world.record(answer.provider_id)
    assert stored["description"] == f"Studio things\n{member.marker}"
    assert stored["invoice"]["invoiceNumber"] == item.number and stored["dueDate"] == "2026-12-31"
    assert stored["payFromChartOfAccountId"] == world.entry(Kind.BANK_ACCOUNTS, "Checking").provider_id
    first = stored["billLineItems"][0]
    assert (first["amount"], first["quantity"], first["price"]) == (149.0, 2, 74.5)
    coded = {
        "chartOfAccountId": world.entry(Kind.CATEGORIES, "Office Supplies"),
        "accountingClassId": world.entry(Kind.DIMENSIONS, "Wholesale"),
        "departmentId": world.entry(Kind.DIMENSIONS, "Kitchen"),
        "locationId": world.entry(Kind.DIMENSIONS, "Downtown"),
        "jobId": world.entry(Kind.DIMENSIONS, "Lee Wedding"),
        "employeeId": world.entry(Kind.DIMENSIONS, "Robin Hart"),
        "itemId": world.entry(Kind.PRODUCTS, "Flour 25 kg"),
        "customerId": world.entry(Kind.CUSTOMERS, "Corner Cafe"),
    }
    assert first["classifications"] == {name: entry.provider_id for name, entry in coded.items()}


def test_tax_is_part_of_the_cost(world: World) -> None:
    lines = (world.line("100.00"), world.line("33.33"))
    item = world.item(*lines, tax_mode=TaxMode.EXCLUSIVE, total=D("144.00"))
    (answer,) = world.publish(world.drafted(item))
    stored = world.record(answer.provider_id)
    assert [one["amount"] for one in stored["billLineItems"]] == [108.01, 35.99]
    assert answer.total == "144"


def test_a_receipt_was_due_when_it_was_made(world: World) -> None:
    item = world.item(type=ItemType.RECEIPT, due_date=None)
    (answer,) = world.publish(world.drafted(item))
    assert world.record(answer.provider_id)["dueDate"] == "2026-12-01"


@pytest.mark.parametrize(
    ("publish_as", "status"),
    [(PublishAs.AWAITING_APPROVAL, "ASSIGNED"), (PublishAs.AWAITING_PAYMENT, "UNASSIGNED")],
)
def test_approval_policies_are_asked_for(world: World, publish_as: PublishAs, status: str) -> None:
    item = world.item(world.line("1500.00"))
    (answer,) = world.publish(world.drafted(item, publish_as=publish_as))
    assert answer.status == status


def test_a_hundred_bills_are_one_call_and_told_apart_by_their_marker(world: World) -> None:
    drafted = [world.drafted(world.item(number="same")) for _ in range(100)]
    world.desk.fault("POST", "/bills/bulk", "reorder")
    before = world.permits
    answers = world.publish(*drafted)
    assert world.permits - before == 1
    assert {one.marker for one in answers} == {member.marker for member, _ in drafted}
    assert len({one.provider_id for one in answers}) == 100


def test_one_refused_bill_refuses_the_call_and_nothing_is_made(world: World) -> None:
    good, bad = world.drafted(world.item()), world.drafted(world.item(contact="Delta Air Lines"))
    edit = {"archive": {"table": "vendors", "id": "Delta Air Lines"}}
    world.sandbox.control(f"/bill/organisations/{world.organisation.id}/edit", edit)
    bills = len(world.desk.books()["bills"])
    with pytest.raises(WholeRefused) as refusal:
        world.publish(good, bad)
    assert len(world.desk.books()["bills"]) == bills
    assert refusal.value.problem.code == "supplier_archived" and refusal.value.problem.provider_text
    with pytest.raises(WholeRefused):
        world.publish(bad)
    (answer,) = world.publish(good)
    assert answer.verdict is Verdict.DONE


def test_an_archived_bill_is_found_and_counts_as_void(world: World) -> None:
    drafted = world.drafted(world.item())
    (made,) = world.publish(drafted)
    batch, _ = world.batch(drafted)
    edit = {"archive": {"table": "bills", "id": made.provider_id}}
    world.sandbox.control(f"/bill/organisations/{world.organisation.id}/edit", edit)
    found = world.found(batch)[drafted[0].marker]
    assert (found.verdict, found.voided, found.provider_id) == (Verdict.DONE, True, made.provider_id)


def test_a_bill_is_known_by_its_id(world: World) -> None:
    item = world.item()
    (made,) = world.publish(world.drafted(item))
    target = world.target(item)
    known = PROVIDER.known(world.session, item, target, made.provider_id or "")
    assert known is not None and known.marker == target.marker and known.answer == made
    assert PROVIDER.known(world.session, item, target, "00n01NOSUCHBILL00000") is None


def test_new_vendors_with_their_address_once_each(world: World) -> None:
    drafted = [world.new_vendor(name) for name in ("Dover Ferries", 'The "Old" Mill', "office depot")]
    answers = {one.marker: one for one in world.publish(*drafted, fact=FactKind.SUPPLIERS)}
    assert len(answers) == 3
    # One that is there already, whoever made it, is not made again.
    assert answers[drafted[2][0].marker].provider_id == world.entry(Kind.SUPPLIERS, "Office Depot").provider_id
    names = [one["name"] for one in world.desk.books()["vendors"]]
    assert names.count("Dover Ferries") == 1 and names.count('The "Old" Mill') == 1
    stored = next(one for one in world.desk.results("/vendors", max=100) if one["name"] == "Dover Ferries")
    assert stored["address"]["zipOrPostalCode"] == "04101"
    batch, _ = world.batch(*drafted[:2], fact=FactKind.SUPPLIERS)
    assert world.found(batch) == {member.marker: answers[member.marker] for member, _ in drafted[:2]}


def test_of_several_vendors_of_one_name_a_person_chooses(world: World) -> None:
    edit = {"rename": {"table": "vendors", "id": "Riverside Mills", "name": "Office Depot"}}
    world.sandbox.control(f"/bill/organisations/{world.organisation.id}/edit", edit)
    (answer,) = world.publish(world.new_vendor("Office Depot"), fact=FactKind.SUPPLIERS)
    assert answer.verdict is Verdict.REFUSED
    assert answer.problem is not None and answer.problem.code == "supplier_name_taken"


@pytest.mark.parametrize("field", ["uploadId", "id"])
def test_a_file_is_under_way_until_it_is_filed(world: World, field: str) -> None:
    world.sandbox.control("/bill/options", {"upload_id_field": field})
    (made,) = world.publish(world.drafted(world.item()))
    file = FileToAttach("paper-ABC123.pdf", "application/pdf", b"%PDF-1.4 content")
    upload = Upload(Wanted("bills", made.provider_id or ""), file)
    (answer,) = PROVIDER.attach(world.session, [upload], "key")
    assert answer.attachment_id is None and answer.upload_id is not None and answer.problem is None
    assert PROVIDER.filed(world.session, [answer.upload_id]) == {}
    assert PROVIDER.attached(world.session, [upload]) == []
    world.sandbox.control("/clock", {"advance_seconds": 130})
    (document_id,) = PROVIDER.filed(world.session, [answer.upload_id]).values()
    assert str(document_id).startswith("00h")
    (there,) = PROVIDER.attached(world.session, [upload])
    assert there.attachment_id == document_id


def test_a_file_that_is_filed_at_once(world: World) -> None:
    world.sandbox.control("/bill/options", {"document_seconds": 0})
    (made,) = world.publish(world.drafted(world.item()))
    file = FileToAttach("paper.pdf", "application/pdf", b"%PDF-1.4 content")
    (answer,) = PROVIDER.attach(world.session, [Upload(Wanted("bills", made.provider_id or ""), file)], "key")
    assert str(answer.attachment_id).startswith("00h")


@pytest.mark.parametrize(
    ("name", "content", "document", "code"),
    [
        ("empty.pdf", b"", None, "file_missing"),
        ("large.pdf", b"x" * (6 * 1024 * 1024 + 1), None, "file_too_large"),
        ("nameless", b"x", None, "file_type_refused"),
        ("lost.pdf", b"x", "00n01NOSUCHBILL00000", "document_gone"),
    ],
)
def test_files_that_are_refused(world: World, name: str, content: bytes, document: str | None, code: str) -> None:
    bill = document or world.publish(world.drafted(world.item()))[0].provider_id or ""
    upload = Upload(Wanted("bills", bill), FileToAttach(name, "application/pdf", content))
    with pytest.raises(WholeRefused) as refusal:
        PROVIDER.attach(world.session, [upload], "key")
    assert refusal.value.problem.code == code
