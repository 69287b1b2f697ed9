"""Calls counted by provider and endpoint, so that a test can assert how often a provider was called."""

from collections import Counter
from typing import Any


class CallCounts:
    """Every call that reached a provider counts, refused ones too; the control interface does not.

    An endpoint reads "PUT /Invoices" or "PUT /Invoices/{id}/Attachments/{name}".
    """

    def __init__(self) -> None:
        self._statuses: dict[str, dict[str, Counter[str]]] = {}
        self._token_grants: dict[str, Counter[str]] = {}
        self._problems: dict[str, Counter[str]] = {}
        self.total = 0

    def add(self, provider: str, endpoint: str, outcome: str) -> None:
        """`outcome` is the HTTP status, or how the answer was broken ("dropped", "truncated", "hung")."""
        self._statuses.setdefault(provider, {}).setdefault(endpoint, Counter())[outcome] += 1
        self.total += 1

    def add_token_grant(self, provider: str, grant_type: str, outcome: str) -> None:
        """A call of a token endpoint, as "refresh_token 200"."""
        self._token_grants.setdefault(provider, Counter())[f"{grant_type} {outcome}"] += 1

    def add_throttled(self, provider: str, problem: str) -> None:
        self._problems.setdefault(provider, Counter())[problem] += 1

    def clear(self) -> None:
        self.__init__()  # type: ignore[misc]

    def as_json(self) -> dict[str, Any]:
        """{"calls": {provider: {endpoint: n}}, "by_status": {provider: {endpoint: {outcome: n}}}, "throttled": n,
        "throttled_by": {provider: {problem: n}}, "token_grants": {provider: {"refresh_token 200": n}}, "total": n}"""
        return {
            "calls": {
                provider: {endpoint: outcomes.total() for endpoint, outcomes in sorted(endpoints.items())}
                for provider, endpoints in self._statuses.items()
            },
            "by_status": {
                provider: {endpoint: dict(outcomes) for endpoint, outcomes in sorted(endpoints.items())}
                for provider, endpoints in self._statuses.items()
            },
            "throttled": sum(problems.total() for problems in self._problems.values()),
            "throttled_by": {provider: dict(problems) for provider, problems in self._problems.items()},
            "token_grants": {provider: dict(grants) for provider, grants in self._token_grants.items()},
            "total": self.total,
        }
