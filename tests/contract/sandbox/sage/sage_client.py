"""A client of the sandbox's Sage over HTTP: log-in pages, tokens, calls of a business."""

import uuid
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx

from rehearsal.sandbox_process import SandboxClient, form_action, hidden

CLIENT = {"client_id": "sandbox-sage-app", "client_secret": "sandbox-sage-secret"}
REDIRECT_URI = "http://localhost:5173/oauth/sage/callback"
GB, IE = "Harbour & Finch Ltd", "Liffey Street Design Ltd"
OWNER = "alex.morgan@example.com"


@dataclass
class SageClient:
    """Speaks to the Sage of one running sandbox."""

    sandbox: SandboxClient

    @property
    def base(self) -> str:
        return f"{self.sandbox.base}/sage"

    def control(self, path: str, body: Any = None) -> Any:
        return self.sandbox.control(f"/sage{path}", body)

    def read(self, path: str) -> Any:
        return self.sandbox.read(f"/sage{path}")

    def edit(self, business: str = GB, **changes: Any) -> None:
        self.control(f"/businesses/{business}/edit", changes)

    def books(self, business: str = GB) -> Any:
        return self.read(f"/businesses/{business}/books")

    def fault(self, method: str, path: str, kind: str, **options: Any) -> None:
        """Register one fault; occurrence and times may be among the options, the rest belongs to the fault."""
        where = {name: options.pop(name) for name in ("occurrence", "times") if name in options}
        fault = {"provider": "sage", "method": method, "path": path, **where, "fault": {"kind": kind, **options}}
        self.sandbox.control("/faults", [fault])

    def calls(self, endpoint: str) -> int:
        return int(self.sandbox.read("/counts")["calls"].get("sage", {}).get(endpoint, 0))

    def authorize(self, **more: str) -> httpx.Response:
        query = {"filter": "apiv3.1", "response_type": "code", "scope": "full_access", "state": "s1"}
        query |= {"client_id": CLIENT["client_id"], "redirect_uri": REDIRECT_URI, **more}
        return self.sandbox.http.get(f"{self.base}/oauth2/auth/central", params=query)

    def consent(self, user: str = OWNER, decision: str = "allow", **more: str) -> dict[str, str]:
        """Walk through log-in and consent as a browser would; returns the query the browser comes back with."""
        page = self.authorize(**more)
        assert page.status_code == 200, page.text
        http = self.sandbox.http
        answer = http.post(self.sandbox.base + form_action(page.text), data={"user": user})
        if answer.status_code == 200:
            form = {"session": hidden(answer.text, "session"), "decision": decision}
            answer = http.post(self.sandbox.base + form_action(answer.text), data=form)
        assert answer.status_code == 302, answer.text
        return dict(parse_qsl(urlsplit(answer.headers["location"]).query))

    def token(self, **form: str) -> httpx.Response:
        return self.sandbox.http.post(f"{self.base}/token", data={**CLIENT, **form})

    def redeem(self, code: str, **form: str) -> httpx.Response:
        return self.token(grant_type="authorization_code", code=code, redirect_uri=REDIRECT_URI, **form)

    def refresh(self, refresh_token: str) -> httpx.Response:
        return self.token(grant_type="refresh_token", refresh_token=refresh_token)

    def connect(self, user: str = OWNER, business: str | None = GB, **more: str) -> "Connected":
        answer = self.redeem(self.consent(user, **more)["code"])
        assert answer.status_code == 200, answer.text
        rows = self.read("/businesses")
        chosen = next((one["business_id"] for one in rows if one["name"] == business), None)
        return Connected(self, answer.json(), chosen)


@dataclass
class Connected:
    """One consent with its tokens; calls go to one business, or to none named."""

    client: SageClient
    tokens: dict[str, Any]
    business: str | None

    def headers(self) -> dict[str, str]:
        named = {"x-business": self.business} if self.business else {}
        return {"authorization": f"Bearer {self.tokens['access_token']}", **named}

    def call(self, method: str, path: str, **options: Any) -> httpx.Response:
        http = self.client.sandbox.http
        return http.request(method, f"{self.client.base}/v3.1{path}", headers=self.headers(), **options)

    def post(self, resource: str, wrapper: str, element: dict[str, Any]) -> httpx.Response:
        return self.call("POST", f"/{resource}", json={wrapper: element})

    def first(self, path: str) -> str:
        """The id of the first row of a list."""
        answer = self.call("GET", path)
        assert answer.status_code == 200, answer.text
        return str(answer.json()["$items"][0]["id"])

    def bill(self, **changes: Any) -> dict[str, Any]:
        """A purchase invoice of 48.00 to Northgate Stationers."""
        line = {
            "description": "Paper",
            "ledger_account_id": self.first("/ledger_accounts?visible_in=expenses&search=7520"),
            "quantity": 1,
            "unit_price": 40,
            "tax_rate_id": "GB_STANDARD",
            "tax_amount": 8,
        }
        whole = {
            "contact_id": self.first("/contacts?search=Northgate"),
            "date": "2026-11-11",
            "due_date": "2026-12-11",
            "reference": "LB0123456789",
            "invoice_lines": [line],
        }
        return whole | changes


def new_key() -> str:
    return uuid.uuid4().hex
