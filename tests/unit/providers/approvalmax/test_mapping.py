"""Items as requests, requests as answers and decisions, webhooks as notices."""

import base64
import hashlib
import hmac
import json
from decimal import Decimal
from typing import Any

import pytest

from shared.domain.approvals import ApprovalOutcome, Ledger
from shared.domain.items import ItemType, TaxMode
from shared.domain.publishing import Member, Verdict
from shared.domain.secrets import Secret
from shared.providers.approvalmax import answers, mapping, webhook
from tests.unit.providers.approvalmax.kit import MARKER, D, item, line, resolved, target


def test_a_request_says_what_the_item_says() -> None:
    paper = item(line(product="pro", tracking=("north",), quantity=D(4), unit_amount=D(20)))
    draft = mapping.draft(paper, resolved(), target())
    assert draft.resource == "xero/bills" and draft.carries_marker
    assert draft.element == {
        "contactId": "con-1",
        "contact": "Fuel & Co",
        "reference": MARKER,
        "documentNumber": "B-1",
        "date": "2026-11-02",
        "dueDate": "2026-12-02",
        "currencyCode": "GBP",
        "taxType": "Exclusive",
        "lineItems": [
            {
                "description": "Fuel",
                "quantity": D(4),
                "itemPrice": D("20.0000"),
                "accountId": "acc-1",
                "accountCode": "429",
                "taxCode": "INPUT2",
                "itemId": "itm-1",
                "itemCode": "DIESEL",
                "tracking": [{"categoryId": "tc-1", "optionId": "to-1"}],
            }
        ],
    }
    body = mapping.body(draft.resource, [draft.element])
    assert body == mapping.body(draft.resource, mapping.elements(draft.resource, body))


def test_beside_quickbooks_it_is_a_request_of_that_family() -> None:
    books = Ledger("Harbour & Finch Ltd", "quickbooks", "9341450000000101")
    assert mapping.draft(item(), resolved(), target(ledger=books)).resource == "quickbooks/bills"


@pytest.mark.parametrize(
    ("amount", "quantity", "unit"),
    [("80.00", "3", None), ("100.00", "7", None), ("0.01", "3", None), ("10.00", "0", None), ("99.99", "3", "33.33")],
)
def test_quantity_and_price_always_give_the_amount(amount: str, quantity: str, unit: str | None) -> None:
    one = line(amount, quantity=D(quantity), unit_amount=D(unit) if unit else None)
    (made,) = mapping.draft(item(one), resolved(), target()).element["lineItems"]
    assert (made["quantity"] * made["itemPrice"]).quantize(D("0.01")) == D(amount)


def test_a_receipt_is_due_on_its_day_and_a_paper_without_tax_has_no_code() -> None:
    paper = item(line(tax_rate=None), type=ItemType.RECEIPT, due_date=None, number=None, tax_mode=TaxMode.NONE)
    element = mapping.draft(paper, resolved(), target()).element
    assert (element["dueDate"], element["taxType"]) == ("2026-11-02", "NoTax")
    assert "documentNumber" not in element and "taxCode" not in element["lineItems"][0]


def record(**more: Any) -> dict[str, Any]:
    return {"requestId": "r-1", "reference": MARKER, "requestStatus": "onApproval", "total": Decimal("96.0"), **more}


@pytest.mark.parametrize(
    ("told", "outcome"),
    [
        ("approved", ApprovalOutcome.APPROVED),
        ("Approved", ApprovalOutcome.APPROVED),
        ({"name": "Rejected", "value": "4"}, ApprovalOutcome.REJECTED),
        ({"value": "cancelled"}, ApprovalOutcome.CANCELLED),
        ("onApproval", ApprovalOutcome.PENDING),
        ("something new", ApprovalOutcome.PENDING),
        (None, ApprovalOutcome.PENDING),
    ],
)
def test_a_status_is_read_in_both_forms_and_any_case(told: object, outcome: ApprovalOutcome) -> None:
    assert answers.outcome_of(record(requestStatus=told)) is outcome


def test_answers_are_matched_by_reference_never_by_position() -> None:
    members = [Member("i", MARKER, {}, "A"), Member("j", "LBZZZZZZZZZZZZZZZZZZ", {}, "A")]
    (one,) = answers.found_answers(members, [record(reference="somebody's"), record()])
    assert (one.marker, one.verdict, one.provider_id, one.total) == (MARKER, Verdict.DONE, "r-1", "96")
    (two,) = answers.found_answers(members[:1], [record(), record(requestId="r-2"), record()])
    assert two.verdict is Verdict.UNKNOWN and two.problem and two.problem.details == {"found": ["r-1", "r-2"]}


def test_a_decision_names_who_decided_last() -> None:
    events = [
        {"eventType": "requesterSubmitted", "eventDate": "2026-11-02T08:00:00Z", "authorId": "u-0"},
        {"eventType": "approverApprovedRequestApproved", "eventDate": "2026-11-02T10:00:00Z", "authorId": "u-2"},
        {"eventType": "approverApproved", "eventDate": "2026-11-02T09:00:00Z", "authorId": "u-1"},
        {"eventType": "postApprovalChangeDetected", "eventDate": "2026-11-03T09:00:00Z", "authorId": "u-3"},
    ]
    approved = record(requestStatus="approved", events=events)
    found = answers.decision(approved, {"u-2": "Maria Rossi"})
    assert (found.outcome, found.by) == (ApprovalOutcome.APPROVED, "Maria Rossi")
    assert found.at is not None and found.at.isoformat() == "2026-11-02T10:00:00+00:00"
    assert answers.decision(approved, {}).by == "u-2"
    assert answers.decision(record(events=events), {}).by is None


def signed(body: bytes, key: str = "k") -> dict[str, str]:
    digest = hmac.new(key.encode(), body, hashlib.sha256).digest()
    return {"X-ApprovalMax-Signature": base64.b64encode(digest).decode()}


def test_a_webhook_says_where_to_look_and_no_more() -> None:
    event = {"EventType": "Approved", "RequestType": "XeroBill", "RequestId": "r-1", "CompanyId": "C-1"}
    body = json.dumps({"Events": [event, {"CompanyId": None}, 7], "Entropy": "x"}).encode()
    found = webhook.notices(body, signed(body), Secret("k"))
    assert found is not None
    assert [(one.organisation, one.decisions, one.kinds) for one in found] == [("c-1", True, frozenset())]
    assert webhook.notices(body, signed(body, "other"), Secret("k")) is None
    assert webhook.notices(body, {}, Secret("k")) is None
    assert webhook.notices(body, signed(body, ""), Secret("")) is None


@pytest.mark.parametrize("body", [b"[]", b"{}", b'{"Events": 1}', b"not JSON", b'{"Events": []}'])
def test_a_webhook_without_events_is_taken_and_says_nothing(body: bytes) -> None:
    assert webhook.notices(body, signed(body), Secret("k")) == []
