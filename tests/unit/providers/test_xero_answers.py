"""Whose answer an element is: by marker, else by fingerprint, never by its place."""

from decimal import Decimal
from typing import Any

from shared.domain.publishing import ElementAnswer, Member, Verdict
from shared.providers.xero.answers import found_answers, sent_answers

D = Decimal
NOBODY: frozenset[str] = frozenset()
MARKS = [f"LB{letter * 18}" for letter in "ABC"]


def print_of(total: str = "48", contact: str = "c1", kind: str = "ACCPAYCREDIT") -> dict[str, Any]:
    return {
        "type": kind,
        "contact": contact,
        "number": "N-1",
        "date": "2026-03-11",
        "currency": "GBP",
        "total": total,
        "lines": 1,
        "amounts": ["40"],
    }


def members(count: int, **fingerprint: Any) -> list[Member]:
    return [Member(f"item{n}", MARKS[n], print_of(**fingerprint), "A") for n in range(count)]


def invoice(number: int, **fields: Any) -> dict[str, Any]:
    known = {"InvoiceID": f"inv-{number}", "Url": f"https://x.invalid/d/{MARKS[number]}", "Type": "ACCPAY"}
    return {**known, "Status": "AUTHORISED", "StatusAttributeString": "OK", "Total": D("48.00"), **fields}


def credit(note_id: str, **fields: Any) -> dict[str, Any]:
    return {
        "CreditNoteID": note_id,
        "Type": "ACCPAYCREDIT",
        "Contact": {"ContactID": "c1"},
        "Date": "/Date(1773187200000+0000)/",
        "CurrencyCode": "GBP",
        "Total": D("48.00"),
        "LineItems": [{"LineAmount": D("40.00")}],
        "Status": "AUTHORISED",
        **fields,
    }


def ids(answers: list[ElementAnswer]) -> dict[str, str | None]:
    return {answer.marker: answer.provider_id for answer in answers}


def test_a_reordered_answer_is_matched_by_marker_and_the_missing_left_out() -> None:
    answers = sent_answers("Invoices", members(3), [invoice(2), invoice(0)])
    assert ids(answers) == {MARKS[0]: "inv-0", MARKS[2]: "inv-2"}
    assert {answer.total for answer in answers} == {"48"}
    assert answers[0].url == "https://go.xero.com/AccountsPayable/View.aspx?InvoiceID=inv-0"


def test_an_element_that_stands_twice_in_an_answer_is_not_believed() -> None:
    assert sent_answers("Invoices", members(1), [invoice(0), invoice(0, InvoiceID="other")]) == []


def test_an_element_without_id_and_without_errors_is_no_answer() -> None:
    assert sent_answers("Invoices", members(1), [invoice(0, InvoiceID="00000000-0000-0000-0000-000000000000")]) == []


def test_a_refusal_says_why() -> None:
    refused = invoice(
        0,
        InvoiceID="00000000-0000-0000-0000-000000000000",
        StatusAttributeString="ERROR",
        ValidationErrors=[{"Message": "Invoice # must be unique."}],
    )
    (answer,) = sent_answers("Invoices", members(1), [refused])
    assert answer.verdict is Verdict.REFUSED
    assert answer.problem is not None
    assert answer.problem.code == "number_taken"


def test_a_warning_is_no_refusal() -> None:
    (answer,) = sent_answers("Invoices", members(1), [invoice(0, StatusAttributeString="WARNING")])
    assert answer.verdict is Verdict.DONE


def test_a_refused_credit_note_is_known_by_its_lines() -> None:
    """A refusal carries no total: two notes of one supplier are told apart by their line amounts."""
    ours = [
        Member("a", MARKS[0], print_of(), "A"),
        Member("b", MARKS[1], {**print_of("60"), "amounts": ["50"]}, "A"),
    ]
    refused = credit("", StatusAttributeString="ERROR", ValidationErrors=[{"Message": "No."}])
    del refused["Total"]
    answers = sent_answers("CreditNotes", ours, [refused, credit("n2", LineItems=[{"LineAmount": 50}], Total=60)])
    assert {answer.marker: answer.verdict for answer in answers} == {
        MARKS[0]: Verdict.REFUSED,
        MARKS[1]: Verdict.DONE,
    }


def test_found_once_is_done_and_void_is_done_as_well() -> None:
    answers = found_answers("Invoices", members(2), [invoice(0), invoice(1, Status="VOIDED")], NOBODY)
    assert [(answer.verdict, answer.voided) for answer in answers] == [(Verdict.DONE, False), (Verdict.DONE, True)]


def test_found_twice_is_for_a_person() -> None:
    (answer,) = found_answers("Invoices", members(1), [invoice(0), invoice(0, InvoiceID="inv-9")], NOBODY)
    assert answer.verdict is Verdict.UNKNOWN
    assert answer.problem is not None
    assert answer.problem.details == {"found": ["inv-0", "inv-9"]}


def test_a_persons_own_bill_that_looks_the_same_is_not_ours() -> None:
    alike = invoice(0, Url=None, Contact={"ContactID": "c1"}, Date="2026-03-11", CurrencyCode="GBP")
    assert found_answers("Invoices", members(1, kind="ACCPAY"), [alike], NOBODY) == []


def test_twins_share_what_is_found_one_each() -> None:
    assert ids(found_answers("CreditNotes", members(2), [credit("n1"), credit("n2")], NOBODY)) == {
        MARKS[0]: "n1",
        MARKS[1]: "n2",
    }
    assert ids(found_answers("CreditNotes", members(2), [credit("n1")], NOBODY)) == {MARKS[0]: "n1"}


def test_more_twins_than_we_made_are_for_a_person() -> None:
    answers = found_answers("CreditNotes", members(1), [credit("n1"), credit("n2")], NOBODY)
    assert [answer.verdict for answer in answers] == [Verdict.UNKNOWN]


def test_documents_that_other_items_already_are_do_not_match() -> None:
    found = found_answers("CreditNotes", members(1), [credit("n1"), credit("n2")], frozenset({"n1"}))
    assert ids(found) == {MARKS[0]: "n2"}


def test_a_fingerprint_must_fit_in_everything() -> None:
    for difference in (
        {"Contact": {"ContactID": "c2"}},
        {"Date": "/Date(1773273600000+0000)/"},
        {"CurrencyCode": "EUR"},
        {"Total": D("48.01")},
        {"CreditNoteNumber": "N-2"},
        {"LineItems": [{"LineAmount": D(20)}, {"LineAmount": D(20)}]},
    ):
        assert found_answers("CreditNotes", members(1), [credit("n1", **difference)], NOBODY) == [], difference


def contact(contact_id: str, **fields: Any) -> dict[str, Any]:
    return {"ContactID": contact_id, "Name": "Café  ÑANDÚ", "ContactStatus": "ACTIVE", **fields}


def test_contacts_are_found_by_number_else_by_name_even_with_another_number() -> None:
    ours = [Member("s", MARKS[0], {"name": "café ñandú"}, "A"), Member("c", MARKS[1], {"name": "café ñandú"}, "A")]
    one = contact("c1", ContactNumber=MARKS[0])
    assert ids(found_answers("Contacts", ours, [one], NOBODY)) == {MARKS[0]: "c1", MARKS[1]: "c1"}
    archived = contact("c2", ContactStatus="ARCHIVED")
    assert found_answers("Contacts", ours, [archived], NOBODY) == []


def test_payments_are_found_by_reference_alone() -> None:
    ours = [Member("i", MARKS[0], {"document": "inv-1"}, "A")]
    paid = {"PaymentID": "p1", "Reference": MARKS[0], "Status": "DELETED", "Amount": D("48.00")}
    (answer,) = found_answers("Payments", ours, [{"PaymentID": "p0", "Amount": D("48.00")}, paid], NOBODY)
    assert (answer.provider_id, answer.voided, answer.total) == ("p1", True, "48")


def test_twins_with_other_texts_or_numbers_get_their_own() -> None:
    ours = [
        Member("a", MARKS[0], {**print_of(), "number": "N-1", "texts": ["one"]}, "A"),
        Member("b", MARKS[1], {**print_of(), "number": "N-2", "texts": ["two"]}, "A"),
    ]
    two = credit("n2", LineItems=[{"LineAmount": D("40.00"), "Description": "two"}])
    one = credit("n1", LineItems=[{"LineAmount": D("40.00"), "Description": "one"}])
    assert ids(found_answers("CreditNotes", ours, [two, one], NOBODY)) == {MARKS[0]: "n1", MARKS[1]: "n2"}
    numbered = [credit("n1", CreditNoteNumber="N-2"), credit("n2", CreditNoteNumber="N-1")]
    assert ids(found_answers("CreditNotes", ours, numbered, NOBODY)) == {MARKS[0]: "n2", MARKS[1]: "n1"}
