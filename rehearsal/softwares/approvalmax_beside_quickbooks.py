"""ApprovalMax beside QuickBooks Online, as tests meet it: always over its own API."""

from dataclasses import replace

from rehearsal.software import CallTo
from rehearsal.softwares.approvalmax import SOFTWARE as BESIDE_XERO
from rehearsal.softwares.quickbooks import SOFTWARE as QUICKBOOKS

SOFTWARE = replace(
    BESIDE_XERO,
    organisation="Harbour & Finch Ltd (QBO)",
    bank=QUICKBOOKS.bank,
    papers=replace(QUICKBOOKS.papers, customer="", state="awaiting_approval", more={"integration": "approvalmax"}),
    calls={
        "bill": CallTo("POST", "*/bills", "POST /companies/{id}/quickbooks/bills"),
        "file": CallTo("POST", "*/attachments", "POST /companies/{id}/quickbooks/bills/{id}/attachments"),
    },
    beside="quickbooks",
)
