"""BILL as tests meet it: beside Xero, in the first organization that the sandbox has."""

from rehearsal.ledger import Books, Ledger
from rehearsal.papers import Papers
from rehearsal.software import CallTo, Software
from shared.domain.ids import find_marker


def read(books: Books) -> Ledger:
    found = Ledger()
    for record in books["bills"]:
        lines = (record.get("description") or "\n").splitlines()
        found.add(record["id"], record, record["amount"], find_marker(lines[-1]))
    for file in books["documents"]:
        found.files[str(file["bill_id"])] += 1
    for vendor in books["vendors"]:
        if not vendor["archived"]:
            found.add_contact(vendor["name"])
    return found


SOFTWARE = Software(
    name="bill",
    organisation="Maple Street Bakery Inc",
    listed=("organisations", "organisation_id"),
    books="organisations/{organisation}/books",
    bank="Business Bank Account",  # of Xero, the main connection
    papers=Papers(
        supplier="Office Depot",
        customer="",
        cost={"category": {"name": "Office Supplies"}},
        sale={},
        currency="USD",
        percent=0,
        more={"integration": "bill"},
    ),
    read=read,
    calls={
        "bill": CallTo("POST", "/bills*", "POST /bills/bulk"),
        "supplier": CallTo("POST", "/vendors*", "POST /vendors/bulk"),
        "file": CallTo("POST", "/documents/bills/*", "POST /documents/bills/{id}"),
    },
    look_ups=(("GET", "/bills"),),
    client_id="ledgerbridge",
    client_secret="sandbox-bill-dev-key",
    credentials={"token_name": "ledgerbridge", "token": "sandbox-sync-token-1"},
    supplier_values={"address": {"line1": "12 Quay Road", "city": "Portland", "postal_code": "04101", "country": "US"}},
    expire=("/sessions", {}),
    withdraw=("/revoke", {"user": "ledgerbridge"}),
    allow=("/allow", {"user": "ledgerbridge"}),
    token_refused={"status": 401, "body": '[{"code": "BDC_1109", "message": "Session is invalid. Please log in."}]'},
    token_call="POST /login",
    beside="xero",
)
