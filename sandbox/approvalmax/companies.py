"""ApprovalMax's organisations ("companies"): each on one ledger, with its plan, its people and its requests.

Source: developer.approvalmax.com, "Authorisation code flow" (Premium or a trial for the API's data; one account for
each token).
"""

import base64
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sandbox.approvalmax.answers import Record
from sandbox.approvalmax.ledgers import File, Ledger
from sandbox.decimals import strings, tagged, untagged

_NAMESPACE = uuid.UUID("7d0f2b7e-43f1-4c61-9c26-0d5e8a1b9f42")
WITH_API = ("Premium", "Trial")
PLANS = ("Standard", "Advanced", *WITH_API)
ACCOUNT_OWNER = "alex.morgan@example.com"
# Name, e-mail address, role. Owners, managers and administrators may consent; the others may not.
PEOPLE = (
    ("Alex Morgan", ACCOUNT_OWNER, "AccountOwner"),
    ("Maria Rossi", "maria.rossi@example.com", "Administrator"),
    ("Jordan Lee", "jordan.lee@example.com", "Approver"),
    ("Sam Reed", "sam.reed@example.com", "Requester"),
)
MAY_CONSENT = ("AccountOwner", "AccountManager", "Administrator")


@dataclass
class Company:
    """One organisation. `requests` are in order of creation; `documents` maps the ledger's ids to requests."""

    company_id: str
    ledger: Ledger
    plan: str = "Premium"
    bill_workflow: bool = True
    requests: dict[str, Record] = field(default_factory=dict)
    files: dict[str, list[File]] = field(default_factory=dict)
    documents: dict[str, str] = field(default_factory=dict)
    sequence: int = 0

    @property
    def name(self) -> str:
        """An organisation takes its ledger's name when it is connected (assumed to stay so)."""
        return f"{self.ledger.name} (QBO)" if self.ledger.kind == "quickbooks" else self.ledger.name

    def new_id(self) -> str:
        """A UUID that depends on the company and on what was made before only: runs can be repeated."""
        self.sequence += 1
        return str(uuid.uuid5(uuid.UUID(self.company_id), str(self.sequence)))

    def users(self) -> list[Record]:
        """Everyone in the organisation (shape assumed)."""
        return [{"userId": user_id(email), "name": name, "email": email, "role": role} for name, email, role in PEOPLE]

    def view(self) -> Record:
        """Everything for a test to read, amounts as strings."""
        ledger = {"kind": self.ledger.kind, "external_id": self.ledger.external_id, "name": self.ledger.name}
        rows = [strings(one) for one in self.requests.values()]
        return {"company_id": self.company_id, "name": self.name, "plan": self.plan, "ledger": ledger, "requests": rows}

    def to_snapshot(self) -> Record:
        files = {
            key: [[one.name, base64.b64encode(one.content).decode()] for one in rows]
            for key, rows in self.files.items()
        }
        return {
            "plan": self.plan,
            "bill_workflow": self.bill_workflow,
            "requests": tagged(self.requests),
            "documents": self.documents,
            "sequence": self.sequence,
            "files": files,
        }

    def restore(self, saved: Mapping[str, Any]) -> None:
        self.plan, self.bill_workflow = saved["plan"], saved["bill_workflow"]
        self.requests, self.documents = untagged(saved["requests"]), dict(saved["documents"])
        self.sequence = saved["sequence"]
        self.files = {
            key: [File(name, base64.b64decode(content)) for name, content in rows]
            for key, rows in saved["files"].items()
        }


def company_id_of(ledger: Ledger) -> str:
    return str(uuid.uuid5(_NAMESPACE, f"{ledger.kind} {ledger.external_id}"))


def user_id(email: str) -> str:
    return str(uuid.uuid5(_NAMESPACE, email))
