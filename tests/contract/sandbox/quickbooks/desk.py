"""A connected client of the sandbox's QuickBooks: log-in pages, tokens and calls."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import httpx

from rehearsal.sandbox_process import SandboxClient, form_action, hidden

CLIENT_ID, CLIENT_SECRET = "sandbox-quickbooks-app", "sandbox-quickbooks-secret"
REDIRECT_URI = "http://localhost:5173/oauth/quickbooks/callback"
SCOPE = "com.intuit.quickbooks.accounting"
GB, US, CA, SIMPLE_START = "9341450000000101", "9341450000000102", "9341450000000103", "9341450000000104"
PRIYA = "priya.shah@example.com"
Body = dict[str, Any]


def base(sandbox: SandboxClient) -> str:
    """What stands for scheme and host of every Intuit URL."""
    return f"{sandbox.base}/quickbooks"


def consent(
    sandbox: SandboxClient, realm: str | None = GB, *, user: str = PRIYA, scope: str = SCOPE, decision: str = "allow"
) -> httpx.URL:
    """Walk through log-in and consent as a browser would; returns where the browser is sent."""
    query = {"response_type": "code", "client_id": CLIENT_ID, "redirect_uri": REDIRECT_URI, "scope": scope}
    page = sandbox.http.get(f"{base(sandbox)}/connect/oauth2", params={**query, "state": "s1"})
    assert page.status_code == 200, page.text
    page = sandbox.http.post(sandbox.base + form_action(page.text), data={"user": user})
    form = {"session": hidden(page.text, "session"), "decision": decision}
    answer = sandbox.http.post(
        sandbox.base + form_action(page.text), data={**form, **({"organisation": realm} if realm else {})}
    )
    assert answer.status_code == 302, answer.text
    return httpx.URL(answer.headers["location"])


def token(sandbox: SandboxClient, **form: str) -> httpx.Response:
    url = f"{base(sandbox)}/oauth2/v1/tokens/bearer"
    return sandbox.http.post(url, data=form, auth=(CLIENT_ID, CLIENT_SECRET), headers={"accept": "application/json"})


def redeem(sandbox: SandboxClient, back: httpx.URL) -> httpx.Response:
    return token(sandbox, grant_type="authorization_code", code=back.params["code"], redirect_uri=REDIRECT_URI)


def refresh(sandbox: SandboxClient, value: str) -> httpx.Response:
    return token(sandbox, grant_type="refresh_token", refresh_token=value)


@dataclass
class Desk:
    """One consent with its tokens; calls go to its company."""

    sandbox: SandboxClient
    tokens: Body
    realm: str

    def call(self, method: str, path: str, *, realm: str | None = None, **options: Any) -> httpx.Response:
        """One call below /v3/company/{realm}; `headers` and `params` among the options are added."""
        held = {"authorization": f"Bearer {self.tokens['access_token']}", "accept": "application/json"}
        headers = held | options.pop("headers", {})
        params = {"minorversion": "75"} | options.pop("params", {})
        url = f"{base(self.sandbox)}/v3/company/{realm or self.realm}{path}"
        return self.sandbox.http.request(method, url, headers=headers, params=params, **options)

    def post(self, entity: str, body: Mapping[str, Any], **params: str) -> Body:
        """Create, update, delete or void; the entity of the answer."""
        answer = self.call("POST", f"/{entity.lower()}", json=body, params=params)
        assert answer.status_code == 200, answer.text
        made: Body = answer.json()[entity]
        return made

    def refused(self, entity: str, body: Mapping[str, Any], **params: str) -> Body:
        """The first error of a refused write, with the HTTP status under `status`."""
        answer = self.call("POST", f"/{entity.lower()}", json=body, params=params)
        assert answer.status_code >= 400, answer.text
        return {**answer.json()["Fault"]["Error"][0], "status": answer.status_code}

    def query(self, statement: str) -> Body:
        answer = self.call("GET", "/query", params={"query": statement})
        assert answer.status_code == 200, answer.text
        found: Body = answer.json()["QueryResponse"]
        return found

    def batch(self, *items: Body, **params: str) -> list[Body]:
        """Answers of a batch whose items are numbered 1, 2, 3 ..."""
        numbered = [{"bId": str(at), **item} for at, item in enumerate(items, 1)]
        answer = self.call("POST", "/batch", json={"BatchItemRequest": numbered}, params=params)
        assert answer.status_code == 200, answer.text
        rows: list[Body] = answer.json()["BatchItemResponse"]
        return rows

    def edit(self, **changes: Any) -> None:
        self.sandbox.control(f"/quickbooks/companies/{self.realm}/edit", changes)

    def books(self) -> Body:
        found: Body = self.sandbox.read(f"/quickbooks/companies/{self.realm}/books")
        return found


def connect(sandbox: SandboxClient, realm: str = GB, **more: str) -> Desk:
    """A consent redeemed. The limit of ten calls a second is lifted: tests are quicker than that."""
    sandbox.control("/quickbooks/limits", {"second": 1000})
    answer = redeem(sandbox, consent(sandbox, realm, **more))
    assert answer.status_code == 200, answer.text
    return Desk(sandbox, answer.json(), realm)


def fault(sandbox: SandboxClient, method: str, path: str, kind: str, **options: Any) -> None:
    """Register one fault; occurrence and times may be among the options, the rest belongs to the fault."""
    where = {name: options.pop(name) for name in ("occurrence", "times") if name in options}
    what = {"kind": kind, **options}
    sandbox.control("/faults", [{"provider": "quickbooks", "method": method, "path": path, **where, "fault": what}])


def calls(sandbox: SandboxClient, endpoint: str) -> int:
    return int(sandbox.read("/counts")["calls"].get("quickbooks", {}).get(endpoint, 0))


def line(amount: float, *, account: str = "12", tax: str | None = "2", **detail: Any) -> Body:
    """One expense line; tax code 2 is the standard rate of the British company."""
    inner = {"AccountRef": {"value": account}, **({"TaxCodeRef": {"value": tax}} if tax else {}), **detail}
    return {"DetailType": "AccountBasedExpenseLineDetail", "Amount": amount, "AccountBasedExpenseLineDetail": inner}


def bill(*lines: Body, vendor: str = "55", **more: Any) -> Body:
    """A bill for the British company, which has multicurrency on."""
    head = {"VendorRef": {"value": vendor}, "TxnDate": "2026-03-11", "CurrencyRef": {"value": "GBP"}}
    return {**head, "GlobalTaxCalculation": "TaxExcluded", "Line": list(lines or (line(40.0),)), **more}


def american_bill(*lines: Body, **more: Any) -> Body:
    head = {"VendorRef": {"value": "55"}, "TxnDate": "2026-03-11"}
    return {**head, "Line": list(lines or (line(40.0, tax="NON"),)), **more}
