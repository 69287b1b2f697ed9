"""The sandbox's control interface, as tests and the demo use it."""

from typing import Any

import httpx


class SandboxControl:
    """Reads the books, counts calls, breaks things. `url` is the sandbox's own."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._http = httpx.Client(base_url=f"{url}/__control", timeout=30)

    def read(self, path: str) -> Any:
        answer = self._http.get(path)
        answer.raise_for_status()
        return answer.json()

    def tell(self, path: str, body: Any = None) -> Any:
        answer = self._http.post(path, json=body if body is not None else {})
        if answer.is_error:
            raise ValueError(f"{path}: {answer.text}")
        return answer.json()

    def fault(
        self, method: str, path: str, kind: str, *, times: int | None = 1, provider: str = "xero", **how: Any
    ) -> None:
        """Break the next `times` matching calls; `path` is a glob below the API's own prefix."""
        rule = {"provider": provider, "method": method, "path": path, "times": times, "fault": {"kind": kind, **how}}
        self.tell("/faults", [rule])

    def mend(self) -> None:
        """Forget every fault."""
        self._http.delete("/faults").raise_for_status()

    def fired(self) -> int:
        """How many calls the registered faults have hit so far."""
        return sum(fault["fired"] for fault in self.read("/faults")["faults"])

    def calls(self, provider: str = "xero") -> dict[str, int]:
        """Calls by endpoint since the last clearing: {"PUT /Invoices": 3, ...}."""
        counted: dict[str, int] = self.read("/counts")["calls"].get(provider, {})
        return counted

    def books(self, organisation: str) -> dict[str, Any]:
        """Everything in an organisation's books; by name or id."""
        found: dict[str, Any] = self.read(f"/xero/organisations/{organisation}/books")
        return found
