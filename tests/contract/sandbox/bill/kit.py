"""A client of the sandbox's BILL that sends what BILL's reference pages show, and nothing else."""

from dataclasses import dataclass, field
from typing import Any

import httpx

from rehearsal.sandbox_process import SandboxClient

DEV_KEY = "sandbox-bill-dev-key"
OWNER, PASSWORD = "alex.morgan@example.com", "sandbox-bill-password"
TOKEN_NAME, TOKEN = "ledgerbridge", "sandbox-sync-token-1"
ADDRESS = {"line1": "1 Side Street", "city": "Reno", "zipOrPostalCode": "89501", "country": "US"}


@dataclass
class Bill:
    """One organization of the sandbox's BILL and one session."""

    sandbox: SandboxClient
    organization: str
    session: str = field(default="", repr=False)

    def log_in(self, username: str = TOKEN_NAME, password: str = TOKEN, **more: str) -> httpx.Response:
        body = {"username": username, "password": password, "organizationId": self.organization, "devKey": DEV_KEY}
        answer = self.sandbox.http.post(f"{self.sandbox.base}/bill/connect/v3/login", json={**body, **more})
        if answer.status_code == 200:
            self.session = answer.json()["sessionId"]
        return answer

    def call(self, method: str, path: str, *, service: str = "connect", **options: Any) -> httpx.Response:
        headers = {"devKey": DEV_KEY, "sessionId": self.session, **options.pop("headers", {})}
        url = f"{self.sandbox.base}/bill/{service}/v3{path}"
        return self.sandbox.http.request(method, url, headers=headers, **options)

    def results(self, path: str, **params: Any) -> list[dict[str, Any]]:
        answer = self.call("GET", path, params=params)
        assert answer.status_code == 200, answer.text
        rows: list[dict[str, Any]] = answer.json()["results"]
        return rows

    def named(self, path: str, name: str) -> str:
        """The id of an entry of a list."""
        return str(next(one["id"] for one in self.results(path, max=100) if one["name"] == name))

    def bill(self, number: str = "202501", amount: float = 149.0, **more: Any) -> dict[str, Any]:
        """The body of a bill from Office Depot."""
        line: dict[str, Any] = {"amount": amount, "description": "USB audio interface"}
        return {
            "vendorId": self.named("/vendors", "Office Depot"),
            "dueDate": "2026-12-31",
            "billLineItems": [line],
            "invoice": {"invoiceNumber": number, "invoiceDate": "2026-12-01"},
            **more,
        }

    def made(self, path: str, body: Any) -> Any:
        answer = self.call("POST", path, json=body)
        assert answer.status_code == 201, answer.text
        return answer.json()

    def books(self) -> dict[str, Any]:
        found: dict[str, Any] = self.sandbox.read(f"/bill/organisations/{self.organization}/books")
        return found

    def fault(self, method: str, path: str, kind: str, **options: Any) -> None:
        where: dict[str, Any] = {name: options.pop(name) for name in ("occurrence", "times") if name in options}
        fault: dict[str, Any] = {"kind": kind, **options}
        order: dict[str, Any] = {"provider": "bill", "method": method, "path": path, **where, "fault": fault}
        self.sandbox.control("/faults", [order])

    def calls(self, endpoint: str) -> int:
        return int(self.sandbox.read("/counts")["calls"].get("bill", {}).get(endpoint, 0))


def code(answer: httpx.Response) -> tuple[int, str]:
    """HTTP status and the code of the first error."""
    return answer.status_code, answer.json()[0]["code"]
