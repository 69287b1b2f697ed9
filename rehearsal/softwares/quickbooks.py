"""QuickBooks Online as tests meet it."""

from typing import Any

from rehearsal.ledger import Books, Ledger
from rehearsal.papers import Papers
from rehearsal.software import CallTo, Software
from shared.domain.ids import find_marker

DOCUMENTS = ("Bill", "VendorCredit", "Purchase", "Invoice", "CreditMemo", "SalesReceipt")


def read(books: Books) -> Ledger:
    found = Ledger()
    for entity in DOCUMENTS:
        for record in books.get(entity, []):
            note = (record.get("PrivateNote") or "\n").splitlines()[-1]
            found.add(record["Id"], record, record["TotalAmt"], find_marker(note))
    for record in books["Attachable"]:
        for reference in record.get("AttachableRef", []):
            found.files[str(reference["EntityRef"]["value"])] += 1
    for record in [*books["Vendor"], *books["Customer"]]:
        if record.get("Active", True):
            found.add_contact(record["DisplayName"])
    return found


def _batch(entity: str) -> CallTo:
    """All that is made goes through /batch; what it is made of tells one from another."""
    return CallTo("POST", "/batch", "POST /batch", containing=f'"{entity}"')


_SALE: dict[str, Any] = {"category": {"name": "Services"}, "product": {"name": "Consulting"}}

SOFTWARE = Software(
    name="quickbooks",
    organisation="Harbour & Finch Ltd",
    listed=("companies", "realm_id"),
    books="companies/{organisation}/books",
    bank="Current Account",
    papers=Papers(
        supplier="Northern Fuel",
        customer="Riverside Cafe",
        cost={"category": {"name": "Fuel"}, "tax_rate": {"code": "20.0% S"}},
        sale=_SALE,
    ),
    read=read,
    calls={
        "bill": _batch("Bill"),
        "credit_note": _batch("VendorCredit"),
        "money": _batch("Purchase"),
        "supplier": _batch("Vendor"),
        "file": CallTo("POST", "/upload", "POST /upload"),
    },
    look_ups=(("GET", "/cdc"), ("GET", "/query")),
    client_id="sandbox-quickbooks-app",
    client_secret="sandbox-quickbooks-secret",
    options=(("/limits", {"second": 1000}),),
    token_call="POST /oauth2/v1/tokens/bearer",
)
