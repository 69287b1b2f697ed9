"""A person with a browser: follows an authorize URL through the sandbox's log-in and consent pages."""

from collections.abc import Sequence
from html import unescape
from html.parser import HTMLParser
from urllib.parse import parse_qsl, urljoin, urlsplit

import httpx

from local.tls import tls

MOST_STEPS = 10
OWNER = "alex.morgan@example.com"


class PageError(Exception):
    """A page that the person did not expect; says what it showed."""


class _Form(HTMLParser):
    """The first form of a page: its action, hidden fields, and checkboxes with their labels."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.action: str | None = None
        self.fields: dict[str, str] = {}
        self.boxes: list[tuple[str, str, str]] = []  # name, value, label
        self._box: tuple[str, str] | None = None
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form" and self.action is None:
            self.action = unescape(given.get("action", ""))
        elif tag == "input" and given.get("type") == "hidden":
            self.fields[given["name"]] = given.get("value", "")
        elif tag == "input" and given.get("type") == "checkbox":
            self._box = (given["name"], given.get("value", ""))

    def handle_data(self, data: str) -> None:
        if self._box and data.strip():
            self.boxes.append((*self._box, data.strip()))
            self._box = None


class Person:
    """Logs in as one of the sandbox's people. Stops at the first address that is neither the sandbox nor the API."""

    def __init__(self, email: str = OWNER) -> None:
        self.email = email
        self._browser = httpx.Client(timeout=30, follow_redirects=False, verify=tls())

    def consent(
        self, authorize_url: str, *, home: str, organisations: Sequence[str] | None = None, decision: str = "allow"
    ) -> dict[str, str]:
        """Go through the pages and come back to `home` (a return_url's origin); returns the query it was given.

        `organisations` are beginnings of names as the consent page shows them; None ticks every box.
        """
        answer = self._browser.get(authorize_url)
        for _ in range(MOST_STEPS):
            if answer.is_redirect:
                target = urljoin(str(answer.url), answer.headers["location"])
                if target.startswith(home):
                    return dict(parse_qsl(urlsplit(target).query))
                answer = self._browser.get(target)
                continue
            form = _Form(answer.text)
            if answer.is_error or form.action is None:
                raise PageError(f"{answer.status_code} from {answer.url.copy_with(query=None)}: {answer.text[:300]}")
            answer = self._browser.post(
                urljoin(str(answer.url), form.action), data=self._filled(form, organisations, decision)
            )
        raise PageError("the pages never came to an end")

    def _filled(self, form: _Form, organisations: Sequence[str] | None, decision: str) -> dict[str, str | list[str]]:
        if not form.boxes and "session" not in form.fields:
            return {**form.fields, "user": self.email, "password": "any"}
        ticked = [
            value
            for _, value, label in form.boxes
            if organisations is None or any(label.startswith(name) for name in organisations)
        ]
        return {**form.fields, "organisation": ticked, "decision": decision}
