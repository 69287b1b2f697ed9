"""A tenant's program: calls the API with a machine client's token, repeats what is safe to repeat."""

import time
import uuid
from collections.abc import Iterator
from typing import Any, Final

import httpx

from local.tls import tls

REPEATED: Final = {429, 500, 502, 503}
IN_PROGRESS: Final = "idempotency_in_progress"
TRIES: Final = 6


class ApiError(Exception):
    """An answer of 400 or more; `problem` is its problem document."""

    def __init__(self, method: str, path: str, answer: httpx.Response) -> None:
        self.status = answer.status_code
        self.problem: dict[str, Any] = answer.json() if "json" in answer.headers.get("content-type", "") else {}
        super().__init__(f"{method} {path}: {self.status} {self.problem or answer.text[:300]}")


class Api:
    """One caller. Every POST has an Idempotency-Key of its own, so repeating one is harmless."""

    def __init__(self, base_url: str, token: str, *, tries: int = TRIES, **headers: str) -> None:
        """`headers` go with every call; `tries` of 1 shows every failure as it is."""
        self.base_url = base_url
        bearer = {**headers, "authorization": f"Bearer {token}"}
        self._http = httpx.Client(base_url=base_url, timeout=60, headers=bearer, verify=tls())
        self._tries = tries

    def send(self, method: str, path: str, body: Any = None, **headers: str) -> httpx.Response:
        """The answer, whatever it is."""
        if method == "POST":
            headers.setdefault("idempotency-key", str(uuid.uuid4()))
        for tried in range(self._tries):
            answer = self._http.request(method, path, json=body, headers=headers)
            if not _passing(answer) or tried == self._tries - 1:
                break
            time.sleep(float(answer.headers.get("retry-after", 0.5)))
        return answer

    def call(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        """The answer's JSON, or None for an empty one; raises ApiError."""
        answer = self.send(method, path, body, **headers)
        if answer.is_error:
            raise ApiError(method, path, answer)
        return answer.json() if answer.content else None

    def pages(self, path: str, entries: str) -> Iterator[Any]:
        """Everything of a paged list."""
        joint = "&" if "?" in path else "?"
        cursor = ""
        while True:
            page = self.call("GET", f"{path}{joint}limit=200{cursor}")
            yield from page[entries]
            if not page.get("next_cursor"):
                return
            cursor = f"&cursor={page['next_cursor']}"


def _passing(answer: httpx.Response) -> bool:
    """Whether the same request may come off later; our own first try may still be running under its key."""
    return answer.status_code in REPEATED or (answer.status_code == 409 and IN_PROGRESS in answer.text)


def machine_token(token_url: str, client_id: str, client_secret: str) -> str:
    """An access token by client credentials (RFC 6749, section 4.4) with every scope the client has."""
    asked = {"grant_type": "client_credentials"}
    answer = httpx.post(token_url, data=asked, auth=(client_id, client_secret), timeout=30, verify=tls())
    answer.raise_for_status()
    return str(answer.json()["access_token"])
