"""Sage Accounting as tests meet it."""

from rehearsal.ledger import Books, Ledger
from rehearsal.papers import Papers
from rehearsal.software import CallTo, Software
from shared.domain.ids import find_marker

DOCUMENTS = (
    "purchase_invoices",
    "sales_invoices",
    "purchase_credit_notes",
    "sales_credit_notes",
    "other_payments",
    "purchase_quick_entries",
    "sales_quick_entries",
)


def read(books: Books) -> Ledger:
    found = Ledger()
    for table in DOCUMENTS:
        for record in books[table]:
            found.add(record["id"], record, record["total_amount"], find_marker(record.get("reference")))
    for payment in books["contact_payments"]:
        for artefact in payment.get("allocated_artefacts", []):
            found.payments[str(artefact["artefact"]["id"])] += 1
    for file in books["attachments"]:
        found.files[str(file["attachment_context"]["id"])] += 1
    for contact in books["contacts"]:
        if not contact.get("deleted_at"):
            found.add_contact(contact["name"])
    return found


def _post(resource: str) -> CallTo:
    return CallTo("POST", f"/{resource}", f"POST /{resource}")


SOFTWARE = Software(
    name="sage",
    access_outlives_consent=True,
    organisation="Harbour & Finch Ltd",
    listed=("businesses", "business_id"),
    books="businesses/{organisation}/books",
    bank="Current Account",
    papers=Papers(
        supplier="Northgate Stationers",
        customer="Ridgeway University",
        cost={"category": {"code": "7520"}, "tax_rate": {"code": "GB_STANDARD"}},
        sale={"category": {"code": "4000"}},
    ),
    read=read,
    calls={
        "bill": _post("purchase_invoices"),
        "credit_note": _post("purchase_credit_notes"),
        "money": _post("other_payments"),
        "supplier": _post("contacts"),
        "payment": _post("contact_payments"),
        "file": _post("attachments"),
    },
    look_ups=(("GET", "/purchase_invoices"), ("GET", "/purchase_credit_notes"), ("GET", "/other_payments")),
    client_id="sandbox-sage-app",
    client_secret="sandbox-sage-secret",
    token_call="POST /token",
)
