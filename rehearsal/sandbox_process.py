"""The sandbox in a process of its own, and a small client for its control interface and its log-in pages."""

import contextlib
import re
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from html import unescape
from pathlib import Path
from typing import Any

import httpx

ROOT = Path(__file__).resolve().parents[1]
CLIENT_ID, CLIENT_SECRET = "sandbox-xero-app", "sandbox-xero-secret"
REDIRECT_URI = "http://localhost:5173/oauth/xero/callback"
EVERY_SCOPE = (
    "openid profile email offline_access accounting.invoices accounting.payments accounting.banktransactions "
    "accounting.settings accounting.contacts accounting.attachments"
)
OWNER = "alex.morgan@example.com"
ADVISER = "priya.shah@example.com"


@dataclass
class SandboxClient:
    """Speaks to one running sandbox. `base` is http://localhost:PORT."""

    base: str
    http: httpx.Client = field(default_factory=lambda: httpx.Client(timeout=20, trust_env=False))

    @property
    def xero(self) -> str:
        """What stands for scheme and host of every Xero URL."""
        return f"{self.base}/xero"

    def read(self, path: str) -> Any:
        answer = self.http.get(f"{self.base}/__control{path}")
        assert answer.status_code == 200, answer.text
        return answer.json()

    def control(self, path: str, body: Any = None) -> Any:
        answer = self.http.post(f"{self.base}/__control{path}", json=body if body is not None else {})
        assert answer.status_code < 300, answer.text
        return answer.json()

    def reset(self) -> None:
        """As if it had just been started: what comes after must not depend on what was let pass before."""
        self.control("/reset")
        self.control("/clock", {"anew": True})

    def fault(self, method: str, path: str, kind: str, *, provider: str = "xero", **options: Any) -> None:
        """Register one fault; occurrence and times may be among the options, the rest belongs to the fault."""
        where = {name: options.pop(name) for name in ("occurrence", "times") if name in options}
        fault = {"kind": kind, **options}
        self.control("/faults", [{"provider": provider, "method": method, "path": path, **where, "fault": fault}])

    def fired(self) -> int:
        """How many calls the registered faults have hit so far."""
        return sum(fault["fired"] for fault in self.read("/faults")["faults"])

    def mend(self) -> None:
        """Forget every fault."""
        assert self.http.delete(f"{self.base}/__control/faults").status_code < 300

    def calls(self, endpoint: str, provider: str = "xero") -> int:
        return int(self.read("/counts")["calls"].get(provider, {}).get(endpoint, 0))

    def consent(
        self, user: str = OWNER, organisations: int | Sequence[str] = 1, scope: str = EVERY_SCOPE, **more: str
    ) -> httpx.URL:
        """Walk through log-in and consent as a browser would; returns where the browser is sent."""
        query = {"response_type": "code", "client_id": CLIENT_ID, "redirect_uri": REDIRECT_URI, "scope": scope}
        page = self.http.get(f"{self.xero}/identity/connect/authorize", params={**query, "state": "s1", **more})
        assert page.status_code == 200, page.text
        page = self.http.post(self.base + form_action(page.text), data={"user": user})
        offered = re.findall(r'name="organisation" value="([^"]+)"', page.text)
        chosen = offered[:organisations] if isinstance(organisations, int) else list(organisations)
        form = {"session": hidden(page.text, "session"), "organisation": chosen, "decision": "allow"}
        answer = self.http.post(self.base + form_action(page.text), data=form)
        assert answer.status_code == 302, answer.text
        return httpx.URL(answer.headers["location"])

    def token(self, **form: str) -> httpx.Response:
        return self.http.post(f"{self.xero}/connect/token", data=form, auth=(CLIENT_ID, CLIENT_SECRET))

    def redeem(self, back: httpx.URL, **form: str) -> httpx.Response:
        code = back.params["code"]
        return self.token(grant_type="authorization_code", code=code, redirect_uri=REDIRECT_URI, **form)

    def refresh(self, refresh_token: str) -> httpx.Response:
        return self.token(grant_type="refresh_token", refresh_token=refresh_token)

    def connect(self, user: str = OWNER, organisations: int = 1, scope: str = EVERY_SCOPE) -> "Connected":
        """A person's consent for the first organisations offered, redeemed."""
        answer = self.redeem(self.consent(user, organisations, scope))
        assert answer.status_code == 200, answer.text
        return Connected(self, answer.json())


@dataclass
class Connected:
    """One consent with its tokens; calls go to the first connected organisation unless told otherwise."""

    sandbox: SandboxClient
    tokens: dict[str, Any]

    def headers(self, **more: str) -> dict[str, str]:
        return {"authorization": f"Bearer {self.tokens['access_token']}", "accept": "application/json", **more}

    def connections(self) -> list[dict[str, Any]]:
        answer = self.sandbox.http.get(f"{self.sandbox.xero}/connections", headers=self.headers())
        assert answer.status_code == 200, answer.text
        rows: list[dict[str, Any]] = answer.json()
        return rows

    @property
    def tenant(self) -> str:
        if "_tenant" not in self.__dict__:
            self.__dict__["_tenant"] = self.connections()[0]["tenantId"]
        return str(self.__dict__["_tenant"])

    def call(self, method: str, path: str, tenant: str | None = None, **options: Any) -> httpx.Response:
        """One call of the Accounting API; `headers` among the options are added."""
        headers = self.headers(**{"xero-tenant-id": tenant or self.tenant}) | options.pop("headers", {})
        url = f"{self.sandbox.xero}/api.xro/2.0{path}"
        return self.sandbox.http.request(method, url, headers=headers, **options)

    def renew(self) -> None:
        answer = self.sandbox.refresh(self.tokens["refresh_token"])
        assert answer.status_code == 200, answer.text
        self.tokens = answer.json()


def form_action(page: str) -> str:
    found = re.search(r'<form method="post" action="([^"]+)"', page)
    assert found, page
    return unescape(found.group(1))


def hidden(page: str, name: str) -> str:
    found = re.search(rf'name="{name}" value="([^"]+)"', page)
    assert found, page
    return unescape(found.group(1))


@contextlib.contextmanager
def running_sandbox(*arguments: str) -> Iterator[SandboxClient]:
    """Start `python -m sandbox` on a free loopback port; the process is gone afterwards."""
    command = [sys.executable, "-m", "sandbox", "--port", "0", *arguments]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        ready = process.stdout.readline()
        assert "ready on " in ready, f"the sandbox did not start: {ready!r}"
        with httpx.Client(timeout=20, trust_env=False) as http:
            yield SandboxClient(ready.rsplit(" ", 1)[1].strip(), http)
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(10)
        process.stdout.close() if process.stdout else None
