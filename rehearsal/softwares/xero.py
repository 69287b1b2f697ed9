"""Xero as tests meet it."""

from rehearsal.ledger import Books, Ledger
from rehearsal.papers import XERO
from rehearsal.software import CallTo, Software
from shared.domain.ids import find_marker

_IDS = {"Invoices": "InvoiceID", "CreditNotes": "CreditNoteID", "BankTransactions": "BankTransactionID"}


def read(books: Books) -> Ledger:
    found = Ledger()
    for table, id_field in _IDS.items():
        for record in books[table]:
            marker = find_marker(record.get("Url") or record.get("Reference"))
            found.add(record[id_field], record, record["Total"], marker)
    for payment in books["Payments"]:
        if payment["Status"] != "DELETED":
            paid = payment.get("Invoice") or payment.get("CreditNote") or {}
            found.payments[str(paid.get("InvoiceID") or paid.get("CreditNoteID"))] += 1
    for owner, files in books["Attachments"].items():
        found.files[owner] = len(files)
    for contact in books["Contacts"]:
        if contact["ContactStatus"] == "ACTIVE":
            found.add_contact(contact["Name"])
    return found


SOFTWARE = Software(
    name="xero",
    organisation="Harbour & Finch Ltd",
    listed=("organisations", "tenant_id"),
    books="organisations/{organisation}/books",
    bank="Business Bank Account",
    papers=XERO,
    read=read,
    calls={
        "bill": CallTo("PUT", "/Invoices", "PUT /Invoices"),
        "credit_note": CallTo("PUT", "/CreditNotes", "PUT /CreditNotes"),
        "money": CallTo("PUT", "/BankTransactions", "PUT /BankTransactions"),
        "supplier": CallTo("PUT", "/Contacts", "PUT /Contacts"),
        "payment": CallTo("PUT", "/Payments", "PUT /Payments"),
        "file": CallTo("PUT", "/Invoices/*/Attachments/*", "PUT /Invoices/{id}/Attachments/{name}"),
    },
    look_ups=(("GET", "/Invoices"), ("GET", "/CreditNotes"), ("GET", "/BankTransactions")),
    client_id="sandbox-xero-app",
    client_secret="sandbox-xero-secret",
    token_call="POST /connect/token",
)
