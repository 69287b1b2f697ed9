"""Documents of every sort in the sandbox's books: amounts to the cent, refusals in Xero's words, payments, files."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from rehearsal.sandbox_process import SandboxClient
from shared.domain.connections import Destination, PublishAs
from shared.domain.ids import new_id
from shared.domain.items import Item, ItemType, Side, TaxMode
from shared.domain.lists import Entry, Kind
from shared.domain.publishing import FactKind, Member, Verdict
from shared.providers.contract import FileToAttach, LimitReached, Upload, Wanted, WholeRefused, amount_text
from shared.providers.xero.calls import PROVIDER
from tests.contract.xero.kit import World, clock, connected

D = Decimal
SORTS: dict[str, Callable[[World], tuple[Item, dict[str, Any]]]] = {
    "bill": lambda w: (w.item(), {}),
    "draft bill": lambda w: (w.item(), {"status": PublishAs.DRAFT}),
    "bill awaiting approval": lambda w: (w.item(), {"status": PublishAs.AWAITING_APPROVAL}),
    "receipt": lambda w: (w.item(type=ItemType.RECEIPT, due_date=None, number=None), {}),
    "sales invoice": lambda w: (w.item(side=Side.SALES), {}),
    "purchase credit note": lambda w: (w.item(type=ItemType.CREDIT_NOTE), {}),
    "sales credit note": lambda w: (w.item(side=Side.SALES, type=ItemType.CREDIT_NOTE), {}),
    "spend money": lambda w: (w.item(), {"destination": Destination.BANK_ACCOUNTS}),
    "receive money": lambda w: (w.item(side=Side.SALES), {"destination": Destination.BANK_ACCOUNTS}),
    "tax inclusive": lambda w: (
        w.item(w.line(amount="9.99"), w.line(amount="0.05"), tax_mode=TaxMode.INCLUSIVE, total="10.04"),
        {},
    ),
    "no tax": lambda w: (w.item(tax_mode=TaxMode.NONE, total="40.00"), {}),
    "own tax": lambda w: (w.item(w.line(tax_amount=D("7.99")), total="47.99"), {}),
    "odd quantities": lambda w: (
        w.item(
            w.line(amount="10.00", quantity=D(3)),
            w.line(amount="1000.00", quantity=D(70_000)),
            w.line(amount="4.17", quantity=D("0.25"), unit_amount=D("16.6667")),
            total="1217.00",
        ),
        {},
    ),
    "rounding per line": lambda w: (w.item(*[w.line(amount="0.03")] * 3, total="0.12"), {}),
    "foreign": lambda w: (w.item(currency="EUR", exchange_rate=D("1.1725")), {}),
    "tracking and a product": lambda w: (
        w.item(
            w.line(
                tracking=(w.entry(Kind.DIMENSIONS, "North").id, w.entry(Kind.DIMENSIONS, "Retail").id),
                product=w.entry(Kind.PRODUCTS, "BOOK").id,
                description="日本文具, Ñandú",
            )
        ),
        {},
    ),
}


@pytest.fixture
def world(sandbox: SandboxClient) -> World:
    return connected(sandbox)


@pytest.mark.parametrize("sort", SORTS)
def test_a_document_arrives_as_it_was_meant(world: World, sort: str) -> None:
    item, target = SORTS[sort](world)
    member, draft = world.drafted(item, **target)
    batch, body = world.batch((member, draft))
    (answer,) = PROVIDER.send(world.session, batch, body)
    assert (answer.verdict, answer.problem) == (Verdict.DONE, None)
    assert answer.total == amount_text(item.total), "what Xero works out is what the item says"
    stored = world.books()[draft.resource]
    (kept,) = [one for one in stored if answer.provider_id in one.values()]
    assert kept["LineItems"][0]["AccountID"]
    found = world.found(batch)
    assert (found[member.marker].provider_id, found[member.marker].total) == (answer.provider_id, answer.total)
    assert found[member.marker].number == answer.number


def test_fifty_in_one_call_and_one_of_them_refused(world: World) -> None:
    items = [world.item() for _ in range(50)]
    drafted = [world.drafted(item) for item in items]
    world.sandbox.control(f"/xero/organisations/{world.organisation.id}/edit", {"archive_account": "463"})
    poison_line = world.line("463")
    poisoned = replace(items[7], lines=(poison_line,))
    aim = world.target(poisoned)
    poison = PROVIDER.draft(poisoned, world.resolved(poisoned), aim)
    drafted[7] = (replace(drafted[7][0], fingerprint=dict(poison.fingerprint)), poison)
    answers = {answer.marker: answer for answer in world.publish(*drafted)}
    assert len(answers) == 50
    refused = [answer for answer in answers.values() if answer.verdict is Verdict.REFUSED]
    assert [answer.marker for answer in refused] == [drafted[7][0].marker]
    assert refused[0].problem is not None
    assert (refused[0].problem.code, refused[0].problem.details) == ("account_archived", {"code": "463"})
    assert "has been archived" in (refused[0].problem.provider_text or "")
    assert world.sandbox.calls("PUT /Invoices") == 1
    assert len(world.books()["Invoices"]) == 49


def test_what_the_check_says_is_what_xero_says(world: World) -> None:
    """Each problem found before the call is one that Xero would have answered with, under the same code."""
    edits = {"archive_account": "463", "lock_date": "2026-01-31", "delete_tax_rate": "ZERORATEDINPUT"}
    world.sandbox.control(f"/xero/organisations/{world.organisation.id}/edit", edits)
    world.organisation = PROVIDER.organisation(world.session, world.told.subject)
    world.pull()
    cases: list[tuple[Item, dict[str, Any]]] = [
        (world.item(world.line("463")), {}),
        (world.item(world.line(tax_rate="ZERORATEDINPUT"), total="40.00"), {}),
        (world.item(currency="CHF"), {}),
        (world.item(date=date(2026, 1, 31)), {}),
        (world.item(date=date(2026, 1, 31)), {"destination": Destination.BANK_ACCOUNTS}),
        (world.item(due_date=None), {}),
        (world.item(world.line(tax_amount=D("41.00")), total="81.00"), {}),
        (world.item(world.line("200", "INPUT2")), {}),
        (world.item(world.line("610", "NONE"), total="40.00"), {}),
    ]
    for item, target in cases:
        resolved, aim = world.resolved(item), world.target(item, **target)
        codes = {problem.code for problem in PROVIDER.check(item, resolved, aim)}
        draft = PROVIDER.draft(item, resolved, aim)
        (answer,) = world.publish((Member(item.id, aim.marker, dict(draft.fingerprint), "A"), draft))
        assert answer.problem is not None, codes
        assert answer.problem.code in codes


def test_new_suppliers_exist_once(world: World) -> None:
    names = ['Æther & Sons "Q"', "Zoë's Café", "Severn Power"]
    entries = [Entry(f"e{n}", Kind.SUPPLIERS, name) for n, name in enumerate(names)]
    twin = Entry("twin", Kind.CUSTOMERS, "ZOË'S café")
    drafted = []
    for n, entry in enumerate([*entries, twin]):
        marker = f"LB{n}{'A' * 17}"
        draft = PROVIDER.new_supplier(entry, marker)
        drafted.append((Member(entry.id, marker, dict(draft.fingerprint), "A"), draft))
    before = len(world.books()["Contacts"])
    answers = {answer.marker: answer for answer in world.publish(*drafted, fact=FactKind.SUPPLIERS)}
    assert [answer.verdict for answer in answers.values()] == [Verdict.DONE] * 4
    assert len(world.books()["Contacts"]) == before + 2
    ids = [answers[member.marker].provider_id for member, _ in drafted]
    assert ids[1] == ids[3]
    assert ids[2] == world.entry(Kind.SUPPLIERS, "Severn Power").provider_id


def test_a_paid_bill_gets_its_payment_once(world: World) -> None:
    item = world.item(paid=True)
    member, draft = world.drafted(item, status=PublishAs.PAID)
    (bill,) = world.publish((member, draft))
    paying = PROVIDER.payment(item, Wanted("Invoices", bill.provider_id or ""), world.resolved(item), "LB" + "P" * 18)
    payment = (Member(item.id, "LB" + "P" * 18, dict(paying.fingerprint), "A"), paying)
    batch, body = world.batch(payment, fact=FactKind.PAYMENTS)
    (answer,) = PROVIDER.send(world.session, batch, body)
    assert (answer.verdict, answer.total) == (Verdict.DONE, "48")
    assert world.found(batch)["LB" + "P" * 18].provider_id == answer.provider_id
    (again,) = world.publish(payment, fact=FactKind.PAYMENTS)
    assert again.problem is not None
    assert again.problem.code == "payment_exceeds_due"
    assert [one["Status"] for one in world.books()["Invoices"]] == ["PAID"]


def test_a_file_is_attached_found_and_replaced(world: World) -> None:
    (bill,) = world.publish(world.drafted(world.item()))
    wanted = Wanted("Invoices", bill.provider_id or "")
    file = FileToAttach('Rechnung: "März"/3.pdf', "application/pdf", b"%PDF-1.7 test")
    uploads = [Upload(wanted, file)]
    assert PROVIDER.attached(world.session, uploads) == []
    (uploaded,) = PROVIDER.attach(world.session, uploads, "key-1")
    assert uploaded.name == file.name
    assert uploaded.attachment_id
    assert PROVIDER.attached(world.session, uploads) == [uploaded]
    assert PROVIDER.attach(world.session, uploads, "key-2") == [uploaded]
    (kept,) = world.books()["Attachments"][wanted.document_id]
    assert (kept["file_name"], kept["mime_type"]) == ("Rechnung- -März--3.pdf", "application/pdf")


def test_files_that_xero_does_not_take(world: World) -> None:
    (bill,) = world.publish(world.drafted(world.item()))
    wanted = Wanted("Invoices", bill.provider_id or "")
    sandbox = world.sandbox

    def refusal(content: bytes, document: Wanted = wanted) -> str:
        with pytest.raises(WholeRefused) as refused:
            file = FileToAttach("a.pdf", "application/pdf", content)
            PROVIDER.attach(world.session, [Upload(document, file)], new_id(clock()))
        return refused.value.problem.code

    assert refusal(b"") == "file_missing"
    assert refusal(b"x" * (10 * 1024 * 1024 + 1)) == "file_too_large"
    assert sandbox.calls("PUT /Invoices/{id}/Attachments/{name}") == 0
    assert refusal(b"x", Wanted("Invoices", "00000000-0000-0000-0000-00000000dead")) == "document_gone"
    sandbox.fault("PUT", "/Invoices/*/Attachments/*", "status", status=413)
    assert refusal(b"x") == "file_too_large"
    sandbox.control(f"/xero/organisations/{world.organisation.id}/edit", {"plan": "GST_CASHBOOK"})
    assert refusal(b"x") == "plan_without_attachments"


def test_the_limiter_is_heard(world: World) -> None:
    world.sandbox.control("/xero/limits", {"minute": 3})
    world.sandbox.control("/clock", {"advance_seconds": 61})
    with pytest.raises(LimitReached) as limited:
        for _ in range(5):
            PROVIDER.organisation(world.session, "")
    assert limited.value.blocked.scope == "minute"
    assert 0 <= (world.readings[-1].minute_left or 0) <= 3
