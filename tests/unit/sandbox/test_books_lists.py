"""Lists, contacts, payments and attachments in the sandbox's books."""

import json
from datetime import timedelta
from typing import Any

import pytest

from sandbox.xero import seed
from sandbox.xero.edits import edit
from tests.unit.sandbox.xero_desk import NOW, Desk, bill, sale, spend

ARCHIVED_CONTACT = (
    "The contact with the specified contact details has been archived. "
    "The contact must be un-archived before creating new invoices or credit notes"
)


@pytest.fixture
def desk() -> Desk:
    return Desk()


def rows(desk: Desk, table: str, **query: str) -> list[dict[str, Any]]:
    status, body = desk.call("GET", f"/{table}", query=query)
    assert status == 200, body
    found: list[dict[str, Any]] = body[table]
    return found


def contact(desk: Desk, name: str) -> dict[str, Any]:
    found = desk.books.contact_named(name) or desk.books.contact_named(name, "ARCHIVED")
    assert found is not None
    return found


def test_fifty_organisations_for_the_adviser_three_for_the_owner() -> None:
    ids = {books.organisation_id for books in seed.organisations()}
    seen = {person.email: set(seed.organisations_of(person.user_id)) for person in seed.people()}
    assert seen[seed.ADVISER] == ids
    assert len(ids) == 50
    assert len(seen[seed.OWNER]) == 3
    countries = {books.organisation["CountryCode"] for books in seed.organisations()}
    assert countries == {"GB", "US", "AU"}


def test_seed_is_the_same_each_time() -> None:
    assert [b.view() for b in seed.organisations()[:3]] == [b.view() for b in seed.organisations()[:3]]


def test_bulk_seed_has_the_totals_asked_for() -> None:
    books = seed.bulk(contacts=2_000, items=500, accounts=100)[0]
    counts = {name: len(books.tables[name]) for name in ("Contacts", "Items", "Accounts", "TaxRates")}
    assert counts == {"Contacts": 2_000, "Items": 500, "Accounts": 100, "TaxRates": 50}


def test_lock_dates_show_only_while_set(desk: Desk) -> None:
    _, body = desk.call("GET", "/Organisation")
    assert body["Organisations"][0]["EndOfYearLockDate"] == "/Date(1743379200000+0000)/"
    edit(desk.books, {"lock_date": None, "year_end_lock_date": None}, NOW)
    _, body = desk.call("GET", "/Organisation")
    assert not {"PeriodLockDate", "EndOfYearLockDate"} & set(body["Organisations"][0])


def test_actions_follow_role_and_plan(desk: Desk) -> None:
    def allowed(of: Desk) -> set[str]:
        _, body = of.call("GET", "/Organisation/Actions")
        return {one["Name"] for one in body["Actions"] if one["Status"] == "ALLOWED"}

    assert {"CreateApprovedBill", "UseMulticurrency"} <= allowed(desk)
    assert "ApproveTransactionsBeforePeriodLockDate" not in allowed(desk)
    assert "ApproveTransactionsBeforePeriodLockDate" in allowed(desk.as_person(seed.ADVISER))
    assert "CreateApprovedBill" not in allowed(desk.as_person(seed.CLERK))


def test_contacts_in_pages(desk: Desk) -> None:
    total = len([one for one in desk.stored("Contacts") if one["ContactStatus"] == "ACTIVE"])
    _, first = desk.call("GET", "/Contacts", query={"page": "1", "pageSize": "20"})
    assert first["pagination"] == {"page": 1, "pageSize": 20, "pageCount": -(-total // 20), "itemCount": total}
    _, second = desk.call("GET", "/Contacts", query={"page": "2", "pageSize": "20"})
    ids = {one["ContactID"] for one in first["Contacts"] + second["Contacts"]}
    assert len(ids) == min(total, 40)
    _, beyond = desk.call("GET", "/Contacts", query={"page": "99"})
    assert beyond["Contacts"] == []
    assert desk.call("GET", "/Contacts", query={"page": "1", "pageSize": "1001"})[0] == 400
    assert desk.call("GET", "/Contacts", query={"page": "0"})[0] == 400


def test_archived_and_merged_contacts_show_on_request(desk: Desk) -> None:
    assert not [one for one in rows(desk, "Contacts") if one["ContactStatus"] != "ACTIVE"]
    every = rows(desk, "Contacts", includeArchived="true")
    merged = [one for one in every if one.get("MergedToContactID")]
    assert [one["Name"] for one in merged] == ["Northgate Stationers (duplicate)"]
    assert rows(desk, "Contacts", IDs=merged[0]["ContactID"])[0]["ContactStatus"] == "ARCHIVED"


def test_if_modified_since_takes_both_forms(desk: Desk) -> None:
    desk.now = NOW + timedelta(hours=1)
    desk.create("Contacts", {"Name": "Later Ltd"})
    for since in ("2026-11-22T12:30:00", "2026-11-22T12:30:00Z", "Sun, 22 Nov 2026 12:30:00 GMT"):
        _, body = desk.call("GET", "/Contacts", headers={"if-modified-since": since})
        assert [one["Name"] for one in body["Contacts"]] == ["Later Ltd"]
    assert desk.call("GET", "/Contacts", headers={"if-modified-since": "yesterday"})[0] == 412


@pytest.mark.parametrize(
    ("table", "where", "count"),
    [
        ("Accounts", 'Type=="BANK"', 7),
        ("Accounts", 'Type=="BANK" AND Status=="ACTIVE"', 6),
        ("Accounts", 'Code=="429" OR Code=="200"', 2),
        ("Accounts", '(Code=="429" || Code=="200") && Class=="EXPENSE"', 1),
        ("Accounts", "Code==null", 1),
        ("Accounts", "EnablePaymentsToAccount==true", 2),
        ("Accounts", 'Name.Contains("bank")', 2),
        ("Accounts", "UpdatedDateUTC>=DateTime(2026,01,31)", 0),
        ("Accounts", "UpdatedDateUTC<DateTime(2026,1,5,9,0,1)", 59),
        ("Contacts", 'Name=="O\'Neil Plumbing"', 1),
        ("Contacts", 'EmailAddress!=null AND EmailAddress.StartsWith("accounts1@")', 1),
        ("Contacts", 'Name=="x"" OR ""a""==""a"', 0),
    ],
)
def test_where_filters(desk: Desk, table: str, where: str, count: int) -> None:
    assert len(rows(desk, table, where=where)) == count


@pytest.mark.parametrize(
    "where",
    [
        'Colour=="blue"',
        "Type=",
        'Type=="BANK" nonsense',
        "Total>=DateTime(2026,13,1)",
        "1==1",
        'Contact.Shoe=="9"',
        "(",
    ],
)
def test_other_filters_are_refused(desk: Desk, where: str) -> None:
    desk.create("Invoices", bill())
    status, body = desk.call("GET", "/Invoices", query={"where": where})
    assert (status, body["Type"]) == (400, "QueryParseException")


def test_documents_are_found_by_contact_reference_date_and_number(desk: Desk) -> None:
    made = desk.create("Invoices", sale(Reference="LB7"))
    desk.create("Invoices", bill(Date="2026-10-01"))
    guid = f'Contact.ContactID==guid("{made["Contact"]["ContactID"]}")'
    for where in (
        guid,
        'Reference=="LB7"',
        "Date>=DateTime(2026,11,01)",
        'Type=="ACCREC"',
        'Contact.Name=="city agency"',
    ):
        assert [one["InvoiceID"] for one in rows(desk, "Invoices", where=where)] == [made["InvoiceID"]]
    assert [one["InvoiceID"] for one in rows(desk, "Invoices", InvoiceNumbers="S-1,S-2")] == [made["InvoiceID"]]
    assert len(rows(desk, "Invoices", Statuses="AUTHORISED,PAID")) == 2
    newest, *_ = rows(desk, "Invoices", order="Date DESC")
    assert newest["InvoiceID"] == made["InvoiceID"]


def test_lines_come_with_pages_and_created_by_my_app_filters(desk: Desk) -> None:
    desk.create("Invoices", bill())
    desk.app_id = "another"
    mine = desk.create("Invoices", bill())
    assert [one["LineItems"] for one in rows(desk, "Invoices")] == [[], []]
    assert all(one["LineItems"] for one in rows(desk, "Invoices", page="1"))
    assert [one["InvoiceID"] for one in rows(desk, "Invoices", createdByMyApp="true")] == [mine["InvoiceID"]]


def test_inline_contact_matches_by_name_and_new_names_create_one(desk: Desk) -> None:
    known = contact(desk, "Severn Power")
    assert (
        desk.create("Invoices", bill(Contact={"Name": " severn POWER"}))["Contact"]["ContactID"] == known["ContactID"]
    )
    first = desk.create("Invoices", bill(Contact={"Name": "Brand New"}))["Contact"]["ContactID"]
    again = desk.create("Invoices", bill(Contact={"Name": "brand new"}))["Contact"]["ContactID"]
    assert first == again
    assert contact(desk, "Brand New")["IsSupplier"] is True


def test_other_fields_beside_a_contact_id_update_it(desk: Desk) -> None:
    known = contact(desk, "Severn Power")
    desk.create("Invoices", bill(Contact={"ContactID": known["ContactID"]}))
    assert contact(desk, "Severn Power")["UpdatedDateUTC"] == known["UpdatedDateUTC"]
    desk.create("Invoices", bill(Contact={"ContactID": known["ContactID"], "Name": "Severn Power plc"}))
    assert contact(desk, "Severn Power plc")["ContactID"] == known["ContactID"]
    clash = {"ContactID": known["ContactID"], "Name": "City Agency"}
    assert "already assigned to another contact" in desk.messages("Invoices", bill(Contact=clash))[0]


@pytest.mark.parametrize("name", ["Dunmore Signs (closed)", "Northgate Stationers (duplicate)"])
def test_archived_and_merged_contacts_are_refused_on_documents(desk: Desk, name: str) -> None:
    by_id = {"ContactID": contact(desk, name)["ContactID"]}
    assert desk.messages("Invoices", bill(Contact=by_id)) == [ARCHIVED_CONTACT]
    assert desk.messages("Invoices", bill(Contact={"Name": name})) == [ARCHIVED_CONTACT]
    assert desk.messages("BankTransactions", spend(Contact=by_id)) == [ARCHIVED_CONTACT]


def test_contact_names_are_unique_when_created_and_post_updates(desk: Desk) -> None:
    expected = (
        "The contact name severn power is already assigned to another contact. "
        "The contact name must be unique across all active contacts."
    )
    assert desk.messages("Contacts", {"Name": "severn power"}) == [expected]
    status, body = desk.call(
        "POST", "/Contacts", {"Contacts": [{"Name": "Severn Power", "EmailAddress": "a@b.example"}]}
    )
    assert status == 200
    assert body["Contacts"][0]["ContactID"] == contact(desk, "Severn Power")["ContactID"]
    assert contact(desk, "Severn Power")["EmailAddress"] == "a@b.example"
    assert desk.last is not None
    assert desk.last.events[0].type == "UPDATE"


def pay(made: dict[str, Any], amount: float, **changes: Any) -> dict[str, Any]:
    return {
        "Invoice": {"InvoiceID": made["InvoiceID"]},
        "Account": {"Code": "090"},
        "Date": "2026-11-12",
        "Amount": amount,
        "Reference": "LB9",
    } | changes


def test_payments_reduce_what_is_due_until_paid(desk: Desk) -> None:
    made = desk.create("Invoices", bill())
    part = desk.create("Payments", pay(made, 8))
    assert (part["PaymentType"], part["Invoice"]["AmountDue"], part["Reference"]) == ("ACCPAYPAYMENT", 40.0, "LB9")
    assert desk.messages("Payments", pay(made, 40.01)) == [
        "Payment amount exceeds the amount outstanding on this document"
    ]
    desk.create("Payments", pay(made, 40))
    found = rows(desk, "Invoices", IDs=made["InvoiceID"])[0]
    assert (found["Status"], found["AmountDue"], len(found["Payments"])) == ("PAID", 0.0, 2)
    assert found["FullyPaidOnDate"] == "/Date(1794441600000+0000)/"
    _, body = desk.call("POST", f"/Payments/{part['PaymentID']}", {"Status": "DELETED"})
    assert body["Payments"][0]["Status"] == "DELETED"
    found = rows(desk, "Invoices", IDs=made["InvoiceID"])[0]
    assert (found["Status"], found["AmountDue"], len(found["Payments"])) == ("AUTHORISED", 8.0, 1)
    assert rows(desk, "Payments", where=f'Invoice.InvoiceID==guid("{made["InvoiceID"]}") AND Status=="AUTHORISED"')


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"Account": {"Code": "429"}}, "The account selected is not enabled to receive payments."),
        ({"Account": {"Code": "099"}}, "The account for the payment could not be found or is not active."),
        ({"Invoice": {"InvoiceID": "nope"}}, "The document with the supplied id was not found for this endpoint."),
        ({"Amount": 0}, "The payment amount must be greater than zero."),
        (
            {"Date": "2025-01-01"},
            "The document date cannot be before the end of year lock date, currently set at 31 Mar 2025",
        ),
    ],
)  # fmt: skip
def test_refused_payments(desk: Desk, changes: dict[str, Any], message: str) -> None:
    made = desk.create("Invoices", bill())
    assert desk.messages("Payments", pay(made, 1, **changes)) == [message]
    assert rows(desk, "Invoices", IDs=made["InvoiceID"])[0]["AmountDue"] == 48.0


def test_payments_need_an_approved_document(desk: Desk) -> None:
    made = desk.create("Invoices", bill(Status="DRAFT"))
    assert desk.messages("Payments", pay(made, 1)) == ["Payments can only be made against Authorised documents"]


def test_a_batch_of_payments_against_one_bill_cannot_overpay_it(desk: Desk) -> None:
    made = desk.create("Invoices", bill())
    batch = {"Payments": [pay(made, 48), pay(made, 48)]}
    _, body = desk.call("PUT", "/Payments", batch, {"summarizeErrors": "false"})
    assert [one["StatusAttributeString"] for one in body["Payments"]] == ["OK", "ERROR"]


def test_documents_with_payments_are_not_edited(desk: Desk) -> None:
    made = desk.create("Invoices", bill())
    desk.create("Payments", pay(made, 8))
    held = "This document cannot be edited as it has a payment or credit note allocated to it."
    for changes in ({"Status": "VOIDED"}, {"Date": "2026-11-01"}):
        status, body = desk.call("POST", f"/Invoices/{made['InvoiceID']}", changes)
        assert status == 400
        assert body["Elements"][0]["ValidationErrors"][0]["Message"] == held
    assert desk.call("POST", f"/Invoices/{made['InvoiceID']}", {"InvoiceNumber": "SUP-78"})[0] == 200


def test_attachments_are_kept_replaced_by_name_and_limited(desk: Desk) -> None:
    made = desk.create("Invoices", bill())
    path = f"/Invoices/{made['InvoiceID']}/Attachments"
    pdf = {"content-type": "application/pdf"}
    _, first = desk.call("PUT", f"{path}/bill%20n%C2%B01.pdf", b"%PDF-1", headers=pdf)
    kept = first["Attachments"][0]
    assert (kept["FileName"], kept["MimeType"], kept["ContentLength"]) == ("bill n°1.pdf", "application/pdf", 6)
    desk.call("POST", f"{path}/bill%20n%C2%B01.pdf", b"%PDF-22", headers=pdf)
    _, listed = desk.call("GET", path)
    assert [one["ContentLength"] for one in listed["Attachments"]] == [7]
    assert desk.call("GET", f"{path}/{kept['AttachmentID']}", headers={"accept": "*/*"}) == (200, b"%PDF-22")
    assert rows(desk, "Invoices", IDs=made["InvoiceID"])[0]["HasAttachments"] is True
    for number in range(9):
        assert desk.call("PUT", f"{path}/{number}.pdf", b"x", headers=pdf)[0] == 200
    assert desk.call("PUT", f"{path}/eleventh.pdf", b"x", headers=pdf)[0] == 400
    assert desk.call("PUT", f"{path}/8.pdf", b"y", headers=pdf)[0] == 200


@pytest.mark.parametrize(
    ("name", "content", "status"),
    [("a.pdf", b"", 400), ("a%3Cb.pdf", b"x", 400), ("a%2Fb.pdf", b"x", 400), ("a.pdf", b"x" * 10_485_761, 413)],
)
def test_files_that_are_refused(desk: Desk, name: str, content: bytes, status: int) -> None:
    made = desk.create("Invoices", bill())
    answered, _ = desk.call("PUT", f"/Invoices/{made['InvoiceID']}/Attachments/{name}", content)
    assert answered == status
    assert desk.call("GET", f"/Invoices/{made['InvoiceID']}/Attachments")[1]["Attachments"] == []


def test_attachments_need_a_document_and_a_plan(desk: Desk) -> None:
    assert desk.call("PUT", "/Invoices/nope/Attachments/a.pdf", b"x")[0] == 404
    made = desk.create("Invoices", bill())
    edit(desk.books, {"plan": "GST_CASHBOOK"}, NOW)
    assert desk.call("PUT", f"/Invoices/{made['InvoiceID']}/Attachments/a.pdf", b"x")[0] == 400


def test_unknown_paths_and_methods(desk: Desk) -> None:
    assert desk.call("GET", "/Nothing") == (404, b"The resource you're looking for cannot be found")
    assert desk.call("GET", "/Invoices/nope")[0] == 404
    assert desk.call("DELETE", "/Accounts/429")[0] == 501
    assert desk.call("PUT", "/Invoices", {"Invoices": []})[1]["Type"] == "NoDataProcessedException"


def test_edits_as_a_person_would(desk: Desk) -> None:
    later = NOW + timedelta(minutes=5)
    edit(
        desk.books,
        {"archive_account": "429", "merge_contact": {"from": "Severn Power", "to": "Harbour Telecom"}},
        later,
    )
    assert "archived" in desk.messages("Invoices", bill())[0]
    merged = contact(desk, "Severn Power")
    assert merged["MergedToContactID"] == contact(desk, "Harbour Telecom")["ContactID"]
    before = desk.books.view()
    with pytest.raises(ValueError, match="nobody"):
        edit(desk.books, {"lock_date": "2026-10-31", "restore_account": "429", "archive_contact": "nobody"}, later)
    assert desk.books.view() == before


def test_nothing_of_the_sandboxs_own_shows(desk: Desk) -> None:
    made = desk.create("Invoices", bill())
    desk.create("Payments", pay(made, 8))
    for path in ("Organisation", "Accounts", "Contacts", "TaxRates", "Currencies", "Invoices", "Payments"):
        _, body = desk.call("GET", f"/{path}", query={"page": "1"})
        assert '"_' not in json.dumps(body), path
