"""Another program of the same app, working in the same organisation: the limits are shared, as they are at Xero."""

import threading
from typing import Any, Final
from urllib.parse import urlencode

import httpx

from local.person import Person
from local.sandbox_client import SandboxControl

PERSON: Final = "maria.rossi@example.com"
REDIRECT: Final = "http://localhost:8898/oauth/xero/callback"
ENDPOINT: Final = "GET /Currencies"  # all it calls, and nothing that publishing calls
SCOPES: Final = "openid offline_access accounting.settings accounting.contacts"


def refused(counts: dict[str, Any], provider: str = "xero") -> int:
    """Calls that the limiter answered with 429, those of the other program left out."""
    by_endpoint: dict[str, dict[str, int]] = counts["by_status"].get(provider, {})
    return sum(outcomes.get("429", 0) for endpoint, outcomes in by_endpoint.items() if endpoint != ENDPOINT)


class OtherProgram(threading.Thread):
    """Spends the organisation's minute, window after window, until Xero's limiter has refused the other program: us.

    It pauses at an X-MinLimit-Remaining of 0: the next call, and with it the 429, is for us to make.
    """

    def __init__(self, sandbox: SandboxControl, app: dict[str, str], organisation: str) -> None:
        super().__init__(daemon=True)
        self._sandbox = sandbox
        self._stopped = threading.Event()
        json = {"accept": "application/json"}
        self._http = httpx.Client(base_url=f"{sandbox.url}/xero", timeout=30, headers=json)
        token = self._consented(app, organisation)
        self._http.headers["authorization"] = f"Bearer {token}"
        connections = self._http.get("/connections").json()
        self._http.headers["xero-tenant-id"] = next(
            one["tenantId"] for one in connections if one["tenantName"] == organisation
        )

    def _consented(self, app: dict[str, str], organisation: str) -> str:
        wish = {"response_type": "code", "client_id": app["client_id"], "redirect_uri": REDIRECT, "scope": SCOPES}
        page = f"{self._sandbox.url}/xero/identity/connect/authorize?{urlencode(wish)}"
        back = Person(PERSON).consent(page, home=REDIRECT, organisations=[organisation])
        form = {"grant_type": "authorization_code", "code": back["code"], "redirect_uri": REDIRECT}
        answer = self._http.post("/connect/token", data=form, auth=(app["client_id"], app["client_secret"]))
        answer.raise_for_status()
        return str(answer.json()["access_token"])

    def run(self) -> None:
        seconds = 60 / float(self._sandbox.read("/clock")["factor"])
        while not self._stopped.is_set() and not refused(self._sandbox.read("/counts")):
            if self._left() == 0:
                self._stopped.wait(seconds / 4)

    def _left(self) -> int:
        answer = self._http.get("/api.xro/2.0/Currencies")
        return int(answer.headers.get("x-minlimit-remaining", 0))

    def stop(self) -> None:
        self._stopped.set()
        self.join(timeout=30)
