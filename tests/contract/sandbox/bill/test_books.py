"""Vendors, bills, documents, lists and approvals of BILL's v3 API."""

import hashlib
import json
from decimal import Decimal
from typing import Any

import pytest

from tests.contract.sandbox.bill.kit import ADDRESS, DEV_KEY, OWNER, PASSWORD, Bill, code


def test_a_vendor_needs_an_address(bill: Bill) -> None:
    refused = bill.call("POST", "/vendors", json={"name": "Fuel & Co"})
    assert code(refused) == (400, "BDC_1002")
    refused = bill.call("POST", "/vendors", json={"name": "Fuel & Co", "address": {"line1": "1 Road"}})
    assert [one["message"].split(":")[0] for one in refused.json()] == [
        "address.city",
        "address.zipOrPostalCode",
        "address.country",
    ]
    made = bill.made("/vendors", {"name": "Fuel & Co", "address": ADDRESS})
    assert made["id"].startswith("009")
    assert (made["name"], made["archived"], made["address"]) == ("Fuel & Co", False, ADDRESS)


def test_a_second_vendor_of_a_name_is_refused_unless_told_otherwise(bill: Bill) -> None:
    body = {"name": "  office DEPOT", "address": ADDRESS}
    assert code(bill.call("POST", "/vendors", json=body)) == (422, "BDC_1171")
    bill.sandbox.control("/bill/options", {"refuse_duplicate_vendors": False})
    assert bill.call("POST", "/vendors", json=body).status_code == 201


def test_a_bill_is_kept_to_the_cent(bill: Bill) -> None:
    account = bill.named("/classifications/chart-of-accounts", "Office Supplies")
    location = bill.named("/classifications/locations", "Downtown")
    lines = [
        {"amount": 149.00, "description": "USB", "classifications": {"chartOfAccountId": account}},
        {"quantity": 3, "price": 26.663, "classifications": {"locationId": location}},
    ]
    made = bill.made("/bills", bill.bill(billLineItems=lines, description="LB-marker"))
    assert made["id"].startswith("00n")
    assert (made["approvalStatus"], made["paymentStatus"], made["amount"]) == ("UNASSIGNED", "UNPAID", 228.99)
    assert [line["amount"] for line in made["billLineItems"]] == [149.0, 79.99]
    assert "vendorName" not in made
    stored = bill.books()["bills"][0]
    assert sum(Decimal(line["amount"]) for line in stored["billLineItems"]) == Decimal("228.99")
    read = bill.call("GET", f"/bills/{made['id']}").json()
    assert (read["vendorName"], read["description"]) == ("Office Depot", "LB-marker")


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"dueDate": None}, (400, "dueDate")),
        ({"dueDate": "31.12.2026"}, (400, "dueDate")),
        ({"billLineItems": []}, (400, "billLineItems")),
        ({"billLineItems": [{"amount": 1.005}]}, (400, "billLineItems[0].amount")),
        ({"billLineItems": [{"amount": -5}]}, (422, "Bill amount")),
        ({"invoice": {"invoiceNumber": "", "invoiceDate": "2026-12-01"}}, (400, "invoice.invoiceNumber")),
        ({"vendorId": "009nobody"}, (422, "vendorId")),
        ({"payFromChartOfAccountId": "0canone"}, (422, "payFromChartOfAccountId")),
        ({"taxAmount": 1}, (400, "Unrecognized field")),
        ({"description": "x" * 4_001}, (400, "description")),
    ],
)
def test_what_a_bill_must_be(bill: Bill, change: dict[str, Any], expected: tuple[int, str]) -> None:
    answer = bill.call("POST", "/bills", json=bill.bill() | change)
    assert answer.status_code == expected[0]
    assert answer.json()[0]["message"].startswith(expected[1])
    assert bill.books()["bills"] == []


def test_archived_records_cannot_be_used(bill: Bill) -> None:
    archived = bill.named("/vendors", "Old Supplier Co")
    assert bill.call("POST", "/bills", json=bill.bill() | {"vendorId": archived}).status_code == 422
    fax = bill.named("/classifications/chart-of-accounts", "Fax Machine Supplies")
    line = {"amount": 5, "classifications": {"chartOfAccountId": fax}}
    assert bill.call("POST", "/bills", json=bill.bill(billLineItems=[line])).status_code == 422


def test_a_bulk_request_is_carried_out_whole_or_not_at_all(bill: Bill) -> None:
    good = [bill.bill(f"B{number}", amount=10 + number) for number in range(3)]
    made = bill.made("/bills/bulk", good)
    assert [one["invoice"]["invoiceNumber"] for one in made] == ["B0", "B1", "B2"]
    refused = bill.call("POST", "/bills/bulk", json=[bill.bill("B3"), bill.bill("B4") | {"dueDate": "x"}])
    assert code(refused) == (400, "BDC_1002")
    assert refused.json()[0]["message"].startswith("[1].dueDate")
    assert len(bill.books()["bills"]) == 3
    assert bill.call("POST", "/bills/bulk", json=[bill.bill()] * 101).status_code == 400
    assert bill.calls("POST /bills/bulk") == 3


def test_a_bill_number_can_be_made_unique(bill: Bill) -> None:
    bill.made("/bills", bill.bill("N1"))
    bill.sandbox.control("/bill/options", {"refuse_duplicate_bills": True})
    assert code(bill.call("POST", "/bills", json=bill.bill("n1"))) == (422, "BDC_1171")
    assert bill.call("POST", "/bills", json=bill.bill("N2")).status_code == 201


def test_bills_change_are_replaced_archived_and_restored(bill: Bill) -> None:
    made = bill.made("/bills", bill.bill(description="first"))
    patched = bill.call("PATCH", f"/bills/{made['id']}", json={"dueDate": "2027-01-31"}).json()
    assert (patched["dueDate"], patched["description"]) == ("2027-01-31", "first")
    replaced = bill.call("PUT", f"/bills/{made['id']}", json=bill.bill(amount=20)).json()
    assert (replaced["amount"], replaced.get("description")) == (20.0, None)
    assert replaced["createdTime"] == made["createdTime"]
    for word, archived in (("archive", True), ("archive", True), ("restore", False)):
        answer = bill.call("POST", f"/bills/{made['id']}/{word}", json={})
        assert (answer.status_code, answer.json()["archived"]) == (200, archived)
    bill.sandbox.control(f"/bill/organisations/{bill.organization}/edit", {"pay": {"bill": made["id"]}})
    assert bill.call("PATCH", f"/bills/{made['id']}", json={"dueDate": "2027-01-31"}).status_code == 422


def test_lists_are_read_page_by_page_up_to_100(bill: Bill) -> None:
    bill.sandbox.control("/reset", {"seed": {"contacts": 205, "items": 0, "accounts": 0}})
    bill.log_in()
    seen: list[str] = []
    params: dict[str, Any] = {"max": 100, "sort": "createdTime:asc"}
    pages = 0
    while True:
        page = bill.call("GET", "/vendors", params=params).json()
        seen += [one["id"] for one in page["results"]]
        pages += 1
        if "nextPage" not in page:
            break
        params["page"] = page["nextPage"]
    assert (pages, len(seen), len(set(seen))) == (3, 205, 205)
    assert "prevPage" in page
    for wrong in (0, 101, "x"):
        assert bill.call("GET", "/vendors", params={"max": wrong}).status_code == 400
    assert bill.call("GET", "/vendors", params={"page": params["page"], "max": 50}).status_code == 400


def test_filters_and_sorting(bill: Bill) -> None:
    bodies = [bill.bill(f"F{number}", amount=number + 1) for number in range(3)]
    for body in bodies:
        bill.made("/bills", body)
    start = bill.sandbox.read("/clock")["now"].replace("+00:00", "Z")
    bill.sandbox.control("/clock", {"advance_seconds": 60})
    late = bill.made("/bills", bill.bill("F9"))
    newest_first = bill.results("/bills", sort="createdTime:desc", filters=f"vendorId:eq:{late['vendorId']}")
    assert newest_first[0]["id"] == late["id"]
    assert [one["id"] for one in bill.results("/bills", filters=f'updatedTime:gte:"{start}"')] == [late["id"]]
    assert bill.results("/bills", filters=f'updatedTime:gte:"{start}",archived:eq:true') == []
    names = [one["name"] for one in bill.results("/vendors", filters='name:sw:"ha",archived:eq:false')]
    assert names == ["Happy Music Supplies"]
    ids = f"{late['id']},{newest_first[1]['id']}"
    assert len(bill.results("/bills", filters=f'id:in:"{ids}"')) == 2
    for wrong in ("invoiceNumber:eq:F1", "vendorId:like:x", "updatedTime:gte:yesterday", "nonsense"):
        assert bill.call("GET", "/bills", params={"filters": wrong}).status_code == 400, wrong


def test_a_document_is_taken_in_at_once_and_filed_later(bill: Bill) -> None:
    made, content = bill.made("/bills", bill.bill()), b"%PDF-1.4 sandbox"
    path = f"/documents/bills/{made['id']}"
    answer = bill.call("POST", path, params={"name": "receipt 1.pdf"}, content=content)
    upload = answer.json()["uploadId"]
    assert (answer.status_code, upload[:3]) == (201, "0du")
    status = bill.call("GET", "/documents/upload-status", params={"ids": upload}).json()
    assert status == [{"uploadId": upload, "status": "IN_PROGRESS"}]
    assert bill.results(path) == []
    bill.sandbox.control("/clock", {"advance_seconds": 5})
    filed = bill.call("GET", "/documents/upload-status", params={"ids": upload}).json()[0]
    assert (filed["status"], filed["documentId"][:3]) == ("UPLOADED", "00h")
    assert [one["name"] for one in bill.results(path)] == ["receipt 1.pdf"]
    link = bill.call("GET", f"/documents/{filed['documentId']}").json()["downloadLink"]
    assert bill.sandbox.http.get(link, headers={"sessionId": bill.session}).content == content
    assert bill.books()["documents"][0]["sha256"] == hashlib.sha256(content).hexdigest()


@pytest.mark.parametrize(
    ("name", "size", "status"), [("", 1, 400), ("noextension", 1, 400), ("a.pdf", 0, 400), ("a.pdf", 6_291_457, 413)]
)
def test_documents_that_are_refused(bill: Bill, name: str, size: int, status: int) -> None:
    made = bill.made("/bills", bill.bill())
    answer = bill.call("POST", f"/documents/bills/{made['id']}", params={"name": name}, content=b"x" * size)
    assert answer.status_code == status
    assert bill.books()["documents"] == []


def test_the_lists_of_classifications_customers_and_users(bill: Bill) -> None:
    accounts = bill.results("/classifications/chart-of-accounts", max=100)
    assert {"type": "EXPENSE", "number": "6100"} in [one["account"] for one in accounts]
    for kind in ("accounting-classes", "departments", "locations", "jobs", "items", "employees"):
        assert bill.results(f"/classifications/{kind}"), kind
    roles = {one["id"]: one["type"] for one in bill.results("/roles")}
    users = {one["email"]: roles[one["roleId"]] for one in bill.results("/users")}
    assert users[OWNER] == "ADMINISTRATOR"
    assert len(bill.results("/customers")) == 2
    made = bill.made("/classifications/departments", {"name": "Bakery"})
    assert made["id"].startswith("0de")
    assert bill.call("POST", "/classifications/departments", json={}).status_code == 400


def test_archiving_an_account_archives_those_below_it_and_restoring_does_not_bring_them_back(bill: Bill) -> None:
    path = "/classifications/chart-of-accounts"
    travel, airfare = bill.named(path, "Travel"), bill.named(path, "Airfare")
    bill.call("POST", f"{path}/{travel}/archive", json={})
    assert bill.call("GET", f"{path}/{airfare}").json()["archived"]
    bill.call("POST", f"{path}/{travel}/restore", json={})
    assert not bill.call("GET", f"{path}/{travel}").json()["archived"]
    assert bill.call("GET", f"{path}/{airfare}").json()["archived"]


def test_a_policy_assigns_its_approvers_when_the_request_asks(bill: Bill) -> None:
    assert bill.made("/bills", bill.bill(amount=1_500))["approvalStatus"] == "UNASSIGNED"
    assert bill.made("/bills", bill.bill(amount=999, billApprovals=True))["approvalStatus"] == "UNASSIGNED"
    made = bill.made("/bills", bill.bill(amount=1_000, billApprovals=True))
    assert (made["approvalStatus"], made["approvers"][0]["status"]) == ("ASSIGNED", "WAITING")
    patched = bill.call("PATCH", f"/bills/{made['id']}", json={"billApprovals": True, "dueDate": "2027-02-01"})
    assert patched.json()["approvalStatus"] == "ASSIGNED"
    unasked = bill.call("PATCH", f"/bills/{made['id']}", json={"dueDate": "2027-02-02"}).json()
    assert (unasked["approvalStatus"], "approvers" in unasked) == ("UNASSIGNED", False)


def test_chosen_approvers_and_their_decision(bill: Bill) -> None:
    made = bill.made("/bills", bill.bill())
    taylor, riley = (
        next(one["id"] for one in bill.results("/users") if one["email"] == email)
        for email in ("taylor.kim@example.com", "riley.cruz@example.com")
    )
    assert set_approvers(bill, made["id"], [riley])["response_status"] == 1, "a clerk approves nothing"
    assert set_approvers(bill, made["id"], [taylor])["response_status"] == 0
    assert bill.call("GET", f"/bills/{made['id']}").json()["approvers"][0]["userId"] == taylor
    decide = {"decide": {"bill": made["id"], "action": "APPROVE"}}
    bill.sandbox.control(f"/bill/organisations/{bill.organization}/edit", decide)
    assert bill.call("GET", f"/bills/{made['id']}").json()["approvalStatus"] == "APPROVED"
    bill.log_in(OWNER, PASSWORD)
    assert bill.results("/bill-approvals/pending-user-approvals") == []


def test_an_approver_who_has_acted_keeps_his_word(bill: Bill) -> None:
    made = bill.made("/bills", bill.bill())
    alex, jordan, taylor = (
        next(one["id"] for one in bill.results("/users") if one["email"] == email)
        for email in ("alex.morgan@example.com", "jordan.lee@example.com", "taylor.kim@example.com")
    )
    set_approvers(bill, made["id"], [jordan, taylor])
    decide = {"decide": {"bill": made["id"], "action": "APPROVE", "user": "jordan.lee@example.com"}}
    bill.sandbox.control(f"/bill/organisations/{bill.organization}/edit", decide)
    set_approvers(bill, made["id"], [alex, jordan])
    told = bill.call("GET", f"/bills/{made['id']}").json()
    assert [(one["userId"], one["status"]) for one in told["approvers"]] == [(jordan, "APPROVED"), (alex, "WAITING")]
    assert told["approvalStatus"] == "APPROVING"


def set_approvers(bill: Bill, bill_id: str, users: list[str]) -> dict[str, Any]:
    data = json.dumps({"objectId": bill_id, "approvers": users})
    form = {"devKey": DEV_KEY, "sessionId": bill.session, "data": data}
    answer = bill.sandbox.http.post(f"{bill.sandbox.base}/bill/api/v2/SetApprovers.json", data=form)
    found: dict[str, Any] = answer.json()
    return found


def test_policies_can_be_made_and_removed(bill: Bill) -> None:
    approver = next(one["id"] for one in bill.results("/users") if one["email"] == "taylor.kim@example.com")
    rule = {"key": "BILL_AMOUNT", "op": "lt", "values": ["50"]}
    made = bill.made("/bill-approvals", {"policyName": "Small", "rules": [rule], "approvers": [approver]})
    assert made["id"].startswith(f"{bill.organization}-")
    assert len(bill.results("/bill-approvals/policies")) == 2
    assert bill.call("DELETE", f"/bill-approvals/policies/{made['id']}").status_code == 204
    assert len(bill.results("/bill-approvals/policies")) == 1


def test_a_vendor_credit_is_a_record_of_its_own(bill: Bill) -> None:
    body: dict[str, Any] = {
        "vendorId": bill.named("/vendors", "Office Depot"),
        "referenceNumber": "CN-1",
        "creditDate": "2026-12-28",
        "vendorCreditLineItems": [{"amount": "14.99", "description": "Sticks"}, {"amount": 50}],
    }
    made = bill.made("/vendor-credits", body)
    assert (made["id"][:3], made["amount"]) == ("vcr", 64.99)
    both = {"applyToChartOfAccountId": "0ca", "applyToBankAccountId": "bac"}
    assert bill.call("POST", "/vendor-credits", json=body | both).status_code == 400
    assert bill.call("POST", "/vendor-credits/bulk", json=[body, body | {"vendorId": "009"}]).status_code == 422
    patched = bill.call("PATCH", f"/vendor-credits/{made['id']}", json={"description": "late"}).json()
    assert (patched["description"], patched["amount"]) == ("late", 64.99)
    assert [one["referenceNumber"] for one in bill.results("/vendor-credits")] == ["CN-1"]
    assert bill.books()["bills"] == []
