"""Requests of the sandbox's ApprovalMax: pulled from the ledger or made by API, decided, written back."""

import uuid
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
import pytest

from rehearsal.sandbox_process import Connected, running_sandbox
from tests.contract.sandbox.approvalmax.kit import AU, GB, QBO, READ, ApprovalMax, submit, xero_status
from tests.contract.sandbox.quickbooks import desk

HOUR = 3_600


@pytest.fixture
def xero(approvals: ApprovalMax) -> Connected:
    """The organisation in Xero that Harbour & Finch's approvals are about."""
    return approvals.sandbox.connect()


def body(approvals: ApprovalMax, company: str = GB, **more: Any) -> dict[str, Any]:
    """A bill for the API, on the first expense account and tax rate of the organisation's lists."""
    accounts = approvals.payload(f"/{'quickbooks' if company == QBO else 'xero'}/accounts", company, limit=100)
    account = next(one for one in accounts if one["name"] in ("General Expenses", "Office Expenses"))
    line = {"description": "Paper", "quantity": 3, "itemPrice": 10.01, "accountId": account["accountId"]}
    line["taxCode"] = "INPUT2"
    return {
        "contact": "Paper Mill Ltd",
        "date": "2026-11-02",
        "dueDate": "2026-12-02",
        "documentNumber": "PM-1",
        "reference": "LB-1",
        "lineItems": [line],
        **more,
    }


def test_organisations_are_named_with_the_ledger_they_are_on(approvals: ApprovalMax, xero: Connected) -> None:
    rows = {one["name"]: one for one in approvals.call("GET", "/api/v1/companies").json()}
    assert rows[GB]["companyId"] == approvals.company()
    assert rows[GB]["integration"] == {"type": "xero", "externalId": xero.tenant, "name": GB}
    assert rows[QBO]["integration"]["type"] == "quickbooks"
    approvals.sandbox.control("/approvalmax/options", {"company_shows_ledger": False})
    assert set(approvals.call("GET", "/api/v1/companies").json()[0]) == {"companyId", "name"}


def test_data_needs_a_plan_with_the_api(approvals: ApprovalMax) -> None:
    refused = approvals.of(AU, "GET", "/xero/bills")
    assert (refused.status_code, refused.headers["content-type"]) == (400, "application/problem+json")
    assert refused.json()["detail"] == f"The {approvals.company(AU)} is disabled."
    approvals.sandbox.control(f"/approvalmax/organisations/{AU}/edit", {"plan": "Trial"})
    assert approvals.payload("/xero/bills", AU) == []


def test_a_submitted_bill_is_pulled_within_the_hour_and_approved_in_xero(
    approvals: ApprovalMax, xero: Connected
) -> None:
    bill = submit(xero, "S-1")
    submit(xero, "D-1", status="DRAFT")
    assert approvals.payload("/xero/bills") == []
    approvals.sandbox.control("/clock", {"advance_seconds": HOUR})
    approvals.connect()
    [request] = approvals.payload("/xero/bills")
    assert (request["documentNumber"], request["requestStatus"], request["total"]) == ("S-1", "onApproval", 96.0)
    assert [one["eventType"] for one in request["events"]] == ["pulledFromSource"]
    assert approvals.decide("approve", request=request["requestId"], comment="fine") == 1
    xero.renew()
    assert xero_status(xero, bill) == "AUTHORISED"
    decided = approvals.of(GB, "GET", f"/xero/bills/{request['requestId']}").json()
    assert (decided["requestStatus"], decided["events"][-1]["comment"]) == ("approved", "fine")
    assert approvals.pull() == 0


def test_a_rejected_bill_goes_back_to_draft_and_can_be_submitted_anew(approvals: ApprovalMax, xero: Connected) -> None:
    bill = submit(xero, "R-1")
    assert approvals.pull() == 1
    assert approvals.decide("reject") == 1
    assert xero_status(xero, bill) == "DRAFT"
    xero.call("POST", f"/Invoices/{bill}", json={"Status": "SUBMITTED"})
    assert approvals.pull() == 1
    assert [one["requestStatus"] for one in approvals.payload("/xero/bills")] == ["rejected", "onApproval"]


def test_requests_can_decide_themselves(approvals: ApprovalMax, xero: Connected) -> None:
    approvals.sandbox.control("/approvalmax/options", {"decide": "approve", "decide_after_seconds": 60})
    bill = submit(xero, "A-1")
    approvals.pull()
    assert xero_status(xero, bill) == "SUBMITTED"
    approvals.sandbox.control("/clock", {"advance_seconds": 60})
    assert approvals.payload("/xero/bills")[0]["requestStatus"] == "approved"
    assert xero_status(xero, bill) == "AUTHORISED"


def test_what_is_decided_in_xero_itself_closes_the_request(approvals: ApprovalMax, xero: Connected) -> None:
    approved, deleted = submit(xero, "X-1"), submit(xero, "X-2")
    assert approvals.pull() == 2
    xero.call("POST", f"/Invoices/{approved}", json={"Status": "AUTHORISED"})
    xero.call("POST", f"/Invoices/{deleted}", json={"Status": "DELETED"})
    assert approvals.pull() == 2
    closed = [(one["requestStatus"], one["events"][-1]["eventType"]) for one in approvals.payload("/xero/bills")]
    assert closed == [("approved", "approvedInXero"), ("cancelled", "cancelledInSource")]


def test_a_decision_that_the_ledger_refuses_says_so(approvals: ApprovalMax, xero: Connected) -> None:
    submit(xero, "L-1", Date="2026-01-10")
    approvals.pull()
    organisation = xero.sandbox.read("/xero/organisations")[0]["organisation_id"]
    xero.sandbox.control(f"/xero/organisations/{organisation}/edit", {"year_end_lock_date": "2026-06-30"})
    approvals.decide("approve")
    newest = approvals.payload("/xero/bills")[0]["events"][-1]
    assert newest["eventType"] == "pushFailed"
    assert "lock date" in newest["comment"]


def test_a_bill_made_by_api_is_created_in_xero_when_it_is_approved(approvals: ApprovalMax, xero: Connected) -> None:
    made = approvals.of(GB, "POST", "/xero/bills", json=body(approvals))
    assert made.status_code == 201, made.text
    request = made.json()
    assert (request["requestStatus"], request["total"], request["contact"]) == ("onApproval", 36.04, "Paper Mill Ltd")
    attached = approvals.of(
        GB, "POST", f"/xero/bills/{request['requestId']}/attachments", params={"fileName": "a.pdf"}, content=b"file"
    )
    assert attached.status_code == 201
    assert bills_named(xero, "PM-1") == []
    approvals.decide("approve")
    [bill] = bills_named(xero, "PM-1")
    assert (bill["Status"], bill["Contact"]["Name"], bill["Total"]) == ("AUTHORISED", "Paper Mill Ltd", 36.04)
    assert bill["HasAttachments"]
    assert approvals.pull() == 0, "it is not pulled as another request"


def bills_named(xero: Connected, number: str) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = xero.call("GET", "/Invoices", params={"InvoiceNumbers": number}).json()["Invoices"]
    return rows


def test_a_rejected_bill_made_by_api_never_reaches_the_ledger(approvals: ApprovalMax, xero: Connected) -> None:
    approvals.of(GB, "POST", "/xero/bills", json=body(approvals))
    approvals.decide("reject")
    assert approvals.payload("/xero/bills", requestStatus="rejected")
    assert bills_named(xero, "PM-1") == []


def test_the_same_body_twice_makes_two_requests_found_by_their_reference(approvals: ApprovalMax) -> None:
    start = approvals.sandbox.read("/clock")["now"]
    approvals.fault("POST", "*/xero/bills", "commit_then_drop")
    with pytest.raises(httpx.HTTPError):
        approvals.of(GB, "POST", "/xero/bills", json=body(approvals))
    assert len(approvals.payload("/xero/bills", reference="LB-1", createdAtOrAfter=start)) == 1
    assert approvals.of(GB, "POST", "/xero/bills", json=body(approvals)).status_code == 201
    assert len(approvals.payload("/xero/bills", reference="LB-1")) == 2
    assert approvals.payload("/xero/bills", reference="LB-2") == []


def test_a_late_request_is_not_seen_by_the_first_look_up(approvals: ApprovalMax) -> None:
    bill = body(approvals)
    approvals.fault("POST", "*/xero/bills", "commit_late")
    with pytest.raises(httpx.HTTPError):
        approvals.of(GB, "POST", "/xero/bills", json=bill)
    assert [len(approvals.payload("/xero/bills")) for _ in range(2)] == [0, 1]


@pytest.mark.parametrize(
    ("change", "path"),
    [
        ({"documentNumber": ""}, "documentNumber"),
        ({"dueDate": "soon"}, "dueDate"),
        ({"contactId": str(uuid.uuid4())}, "contactId"),
        ({"taxType": "Gross"}, "taxType"),
        ({"amount": 5}, "amount"),
        ({"lineItems": [{"description": "x", "itemPrice": 5, "accountCode": "nope"}]}, "lineItems[0].accountCode"),
        ({"lineItems": [{"description": "x", "accountCode": "429", "taxCode": "INPUT2"}]}, "lineItems[0].itemPrice"),
    ],
)
def test_a_refusal_names_the_fields_at_fault(approvals: ApprovalMax, change: dict[str, Any], path: str) -> None:
    refused = approvals.of(GB, "POST", "/xero/bills", json=body(approvals) | change)
    assert refused.status_code == 400
    error = refused.json()["error"]
    assert (error["code"], error["parameters"][0]["path"]) == ("invalidInput", path)
    assert approvals.payload("/xero/bills") == []


def test_a_token_without_the_write_scope_reads_only(approvals: ApprovalMax) -> None:
    bill = body(approvals)
    approvals.connect(scope=READ)
    assert approvals.payload("/xero/bills") == []
    assert approvals.of(GB, "POST", "/xero/bills", json=bill).status_code == 403


def test_credit_notes_are_read_and_never_made(approvals: ApprovalMax) -> None:
    assert approvals.payload("/xero/credit-notes") == []
    assert approvals.of(GB, "POST", "/xero/credit-notes", json={}).status_code == 405


def test_pages_filters_and_wrong_parameters(approvals: ApprovalMax, xero: Connected) -> None:
    for number in range(5):
        submit(xero, f"P-{number}")
    approvals.pull()
    page = approvals.of(GB, "GET", "/xero/bills", params={"limit": 3}).json()
    rest = approvals.of(
        GB, "GET", "/xero/bills", params={"limit": 3, "continuationToken": page["continuationToken"]}
    ).json()
    numbers = [one["documentNumber"] for one in [*page["payload"], *rest["payload"]]]
    assert (numbers, rest["continuationToken"]) == ([f"P-{number}" for number in range(5)], None)
    assert [one["documentNumber"] for one in approvals.payload("/xero/bills", documentNumber="P-3")] == ["P-3"]
    wrong = approvals.of(GB, "GET", "/xero/bills", params={"requestStatus": "OnApproval"})
    assert wrong.json()["error"]["parameters"][0]["errorMessage"].startswith("unrecognized value 'OnApproval'")
    assert approvals.of(GB, "GET", "/xero/bills", params={"status": "approved"}).status_code == 404
    assert approvals.of(GB, "GET", "/xero/bills", params={"limit": 101}).status_code == 400
    approvals.sandbox.control("/approvalmax/options", {"request_status_form": "object"})
    assert approvals.payload("/xero/bills")[0]["requestStatus"] == {"name": "onApproval", "value": "onApproval"}


def test_reads_and_writes_have_a_minute_each(approvals: ApprovalMax) -> None:
    approvals.sandbox.control("/approvalmax/limits", {"reads": 2})
    statuses = [approvals.of(GB, "GET", "/users").status_code for _ in range(3)]
    assert statuses == [200, 200, 429]
    assert approvals.of("Maple Street Bakery Inc", "GET", "/users").status_code == 200
    approvals.sandbox.control("/clock", {"advance_seconds": 60})
    assert approvals.of(GB, "GET", "/users").status_code == 200
    assert approvals.sandbox.read("/counts")["throttled_by"]["approvalmax"] == {"minute": 1}


def test_other_peoples_organisations_and_ledgers_are_refused(approvals: ApprovalMax) -> None:
    assert approvals.call("GET", f"/api/v1/companies/{uuid.uuid4()}/xero/bills").status_code == 403
    assert approvals.of(QBO, "GET", "/xero/bills").status_code == 400
    assert approvals.sandbox.http.get(f"{approvals.base}/api/v1/companies").status_code == 401


def test_a_bill_made_in_quickbooks_comes_in_approved(approvals: ApprovalMax) -> None:
    made = desk.connect(approvals.sandbox).post("Bill", desk.bill(desk.line(50)))
    assert approvals.pull() == 1
    [request] = approvals.payload("/quickbooks/bills", QBO)
    assert (request["requestStatus"], request["total"]) == ("approved", made["TotalAmt"])
    assert [one["eventType"] for one in request["events"]] == ["pulledFromSource", "createdInSource"]
    assert (approvals.pull(), approvals.decide("approve")) == (0, 0)


def test_a_bill_made_by_api_is_created_in_quickbooks_when_it_is_approved(approvals: ApprovalMax) -> None:
    bill = body(approvals, QBO, contact="Paper Mill Ltd", taxType="Exclusive")
    code = next(one for one in approvals.payload("/quickbooks/tax-rates", QBO) if one["name"] == "20.0% S")
    bill["lineItems"][0]["taxCode"] = code["taxCode"]
    made = approvals.of(QBO, "POST", "/quickbooks/bills", json=bill)
    assert made.status_code == 201, made.text
    assert made.json()["total"] == 36.04
    path = f"/quickbooks/bills/{made.json()['requestId']}/attachments"
    assert approvals.of(QBO, "POST", path, params={"fileName": "a.pdf"}, content=b"%PDF").status_code == 201
    assert quickbooks(approvals)["Bill"] == []
    approvals.decide("approve")
    [stored] = quickbooks(approvals)["Bill"]
    assert (stored["DocNumber"], Decimal(stored["TotalAmt"])) == ("PM-1", Decimal("36.04"))
    assert len(quickbooks(approvals)["Attachable"]) == 1
    assert [one["requestStatus"] for one in approvals.payload("/quickbooks/bills", QBO)] == ["approved"]
    assert approvals.pull() == 0


def quickbooks(approvals: ApprovalMax) -> dict[str, Any]:
    found: dict[str, Any] = approvals.sandbox.read("/quickbooks/companies/Harbour & Finch Ltd/books")
    return found


@pytest.mark.soak
def test_requests_and_connections_outlive_a_restart(tmp_path: Path) -> None:
    snapshot = tmp_path / "sandbox.json"
    with running_sandbox("--snapshot", str(snapshot)) as sandbox:
        approvals = ApprovalMax(sandbox).connect()
        approvals.of(GB, "POST", "/xero/bills", json=body(approvals))
    with running_sandbox("--snapshot", str(snapshot)) as sandbox:
        again = ApprovalMax(sandbox, approvals.tokens)
        [request] = again.payload("/xero/bills")
        assert again.decide("approve", request=request["requestId"]) == 1
        assert len(bills_named(sandbox.connect(), "PM-1")) == 1
