"""ApprovalMax as tests meet it: beside Xero, or beside QuickBooks Online, with their books, asked over its own API."""

from dataclasses import replace

from rehearsal.ledger import Books, Ledger
from rehearsal.papers import XERO
from rehearsal.software import CallTo, Software
from rehearsal.softwares.quickbooks import SOFTWARE as QUICKBOOKS
from shared.domain.approvals import Delivery
from shared.domain.connections import PublishAs, Settings
from shared.domain.ids import find_marker


def read(books: Books) -> Ledger:
    found = Ledger()
    for request in books["requests"]:
        found.add(request["requestId"], request, request["total"], find_marker(request.get("reference")))
        found.files[request["requestId"]] = len(request.get("attachments", []))
    return found


SOFTWARE = Software(
    name="approvalmax",
    organisation="Harbour & Finch Ltd",
    listed=("organisations", "organisation_id"),
    books="organisations/{organisation}/books",
    bank="Business Bank Account",  # of Xero, the main connection
    papers=replace(XERO, customer="", state="awaiting_approval", more={"integration": "approvalmax"}),
    read=read,
    calls={
        "bill": CallTo("POST", "*/bills", "POST /companies/{id}/xero/bills"),
        "file": CallTo("POST", "*/attachments", "POST /companies/{id}/xero/bills/{id}/attachments"),
    },
    look_ups=(("GET", "*/bills"),),
    client_id="sandbox-approvalmax-app",
    client_secret="sandbox-approvalmax-secret",
    token_call="POST /connect/token",
    settings=Settings(
        delivery=Delivery.API,
        publish_as=PublishAs.AWAITING_APPROVAL,
        claims_publish_as=PublishAs.AWAITING_APPROVAL,
    ),
    beside="xero",
)
BESIDE = {
    "quickbooks": replace(
        SOFTWARE,
        organisation="Harbour & Finch Ltd (QBO)",
        bank=QUICKBOOKS.bank,
        papers=replace(QUICKBOOKS.papers, customer="", state="awaiting_approval", more={"integration": "approvalmax"}),
        calls={
            "bill": CallTo("POST", "*/bills", "POST /companies/{id}/quickbooks/bills"),
            "file": CallTo("POST", "*/attachments", "POST /companies/{id}/quickbooks/bills/{id}/attachments"),
        },
        beside="quickbooks",
    )
}
