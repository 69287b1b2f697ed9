"""A client of the sandbox's ApprovalMax: a person's consent, and calls of the public API."""

from dataclasses import dataclass, field
from typing import Any

import httpx

from local.person import Person
from rehearsal.sandbox_process import Connected, SandboxClient

CLIENT_ID, CLIENT_SECRET = "sandbox-approvalmax-app", "sandbox-approvalmax-secret"
REDIRECT_URI = "http://localhost:5173/oauth/approvalmax/callback"
_SCOPE = "https://www.approvalmax.com/scopes/public_api"
READ, WRITE, OFFLINE = f"{_SCOPE}/read", f"{_SCOPE}/write", "offline_access"
OWNER = "alex.morgan@example.com"
GB, AU, QBO = "Harbour & Finch Ltd", "Wattle Creek Pty Ltd", "Harbour & Finch Ltd (QBO)"


@dataclass
class ApprovalMax:
    """One connection of one person; `company` is where calls go."""

    sandbox: SandboxClient
    tokens: dict[str, Any] = field(default_factory=dict, repr=False)

    @property
    def base(self) -> str:
        return f"{self.sandbox.base}/approvalmax"

    def authorize_url(self, scope: str = f"{READ} {WRITE} {OFFLINE}", **more: str) -> str:
        query = {"response_type": "code", "client_id": CLIENT_ID, "redirect_uri": REDIRECT_URI, "scope": scope}
        return str(httpx.URL(f"{self.base}/connect/authorize", params={**query, "state": "s1", **more}))

    def consent(self, email: str = OWNER, decision: str = "allow", scope: str | None = None) -> dict[str, str]:
        url = self.authorize_url(scope) if scope else self.authorize_url()
        return Person(email).consent(url, home="http://localhost:5173", decision=decision)

    def token(self, **form: str) -> httpx.Response:
        secret = {"client_id": CLIENT_ID, "client_secret": CLIENT_SECRET}
        return self.sandbox.http.post(f"{self.base}/connect/token", data={**secret, **form})

    def redeem(self, code: str, **more: str) -> httpx.Response:
        return self.token(grant_type="authorization_code", code=code, redirect_uri=REDIRECT_URI, **more)

    def connect(self, scope: str | None = None) -> "ApprovalMax":
        answer = self.redeem(self.consent(scope=scope)["code"])
        assert answer.status_code == 200, answer.text
        self.tokens = answer.json()
        return self

    def call(self, method: str, path: str, **options: Any) -> httpx.Response:
        headers = {"authorization": f"Bearer {self.tokens.get('access_token')}", "accept": "application/json"}
        return self.sandbox.http.request(method, f"{self.base}{path}", headers=headers, **options)

    def company(self, name: str = GB) -> str:
        rows = self.sandbox.read("/approvalmax/organisations")
        return str(next(one["organisation_id"] for one in rows if one["name"] == name))

    def of(self, name: str, method: str, path: str, **options: Any) -> httpx.Response:
        """A call below one organisation."""
        return self.call(method, f"/api/v1/companies/{self.company(name)}{path}", **options)

    def payload(self, path: str, name: str = GB, **params: Any) -> list[dict[str, Any]]:
        answer = self.of(name, "GET", path, params=params)
        assert answer.status_code == 200, answer.text
        rows: list[dict[str, Any]] = answer.json()["payload"]
        return rows

    def decide(self, decision: str, **more: str) -> int:
        order: dict[str, Any] = {"decision": decision, **more}
        return int(self.sandbox.control("/approvalmax/decide", order)["decided"])

    def pull(self) -> int:
        return int(self.sandbox.control("/approvalmax/pull")["pulled"])

    def fault(self, method: str, path: str, kind: str, **options: Any) -> None:
        fault: dict[str, Any] = {"kind": kind, **options}
        order: dict[str, Any] = {"provider": "approvalmax", "method": method, "path": path, "fault": fault}
        self.sandbox.control("/faults", [order])


def submit(xero: Connected, number: str, status: str = "SUBMITTED", **more: Any) -> str:
    """A bill in the sandbox's Xero; returns its id."""
    line: dict[str, Any] = {"Description": "Fuel", "Quantity": 2, "UnitAmount": 40, "AccountCode": "429"}
    bill: dict[str, Any] = {
        "Type": "ACCPAY",
        "Status": status,
        "Contact": {"Name": "Fuel & Co"},
        "InvoiceNumber": number,
        "Date": "2026-11-02",
        "DueDate": "2026-12-02",
        "LineItems": [line],
        **more,
    }
    answer = xero.call("PUT", "/Invoices", json={"Invoices": [bill]})
    assert answer.status_code == 200, answer.text
    return str(answer.json()["Invoices"][0]["InvoiceID"])


def xero_status(xero: Connected, invoice_id: str) -> str:
    return str(xero.call("GET", f"/Invoices/{invoice_id}").json()["Invoices"][0]["Status"])
