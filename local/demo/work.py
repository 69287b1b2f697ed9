"""A tenant's program at work on one connection: the steps that every demo job is made of."""

import hashlib
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, Final

import httpx

from local.api import Api
from local.demo.month import Paper
from local.demo.papers import paper as pdf
from local.demo.software import Software
from local.person import Person
from local.sandbox_client import SandboxControl

HOME: Final = "http://localhost:8899"  # where the tenant's own product would be; nobody listens there
ACTIVE_WITHIN: Final = 60  # seconds
DONE_WITHIN: Final = 180
FILES_WITHIN: Final = 60

Say = Callable[[str], None]


class DemoError(Exception):
    """Something did not come out as it must."""


@dataclass(slots=True)
class Outcome:
    """What a job saw, for the report to judge."""

    software: Software
    account: str = ""
    organisation: str = ""
    organisation_id: str = ""
    lists: dict[str, int] = field(default_factory=dict)
    refresh_calls: int = 0
    papers: dict[str, Paper] = field(default_factory=dict)  # by item id
    dry_run: dict[str, Any] = field(default_factory=dict)
    progress: dict[str, Any] = field(default_factory=dict)
    items: list[dict[str, Any]] = field(default_factory=list)
    counts: dict[str, Any] = field(default_factory=dict)  # the sandbox's, since the publication began
    books: dict[str, Any] = field(default_factory=dict)
    failed_first: int = 0  # files that failed and were sent again alone
    seconds: float = 0.0


class Work:
    """One account's connection, from nothing to read back. Raises DemoError, ApiError or PageError."""

    def __init__(self, api: Api, sandbox: SandboxControl, software: Software, say: Say) -> None:
        self.api = api
        self.sandbox = sandbox
        self.say = say
        self.done = Outcome(software)
        self.connection = ""
        self._began = time.monotonic()

    @property
    def software(self) -> Software:
        return self.done.software

    @property
    def account(self) -> str:
        return f"/v1/accounts/{self.done.account}"

    # --- connecting
    def create_account(self, name: str) -> None:
        self.done.account = self.api.call("POST", "/v1/accounts", {"name": name})["id"]

    def let_in(self) -> None:
        """Let us in as a person would: through the consent pages, or by typing credentials in."""
        software = self.software
        self.say(f"connecting {software.title}")
        typed = software.credentials(self.sandbox)
        way = {"credentials": typed} if typed else {"return_url": f"{HOME}/done"}
        wish = {"provider": software.name, "slot": software.slot, **way}
        begun = self.api.call("POST", f"{self.account}/connections", wish)
        self.connection = f"{self.account}/connections/{begun['id']}"
        if not typed:
            self._consent(begun["authorize_url"])

    def choose(self) -> None:
        """Choose the organisation that the demo works in."""
        offers = self.api.call("GET", f"{self.connection}/organisations")["organisations"]
        names = [offer["organisation"]["name"] for offer in offers]
        self.say(f"{len(offers)} organisations to choose from: {', '.join(names)}")
        wanted = self.software.organisation
        chosen = next(offer["organisation"] for offer in offers if offer["organisation"]["name"] == wanted)
        self.done.organisation, self.done.organisation_id = chosen["name"], chosen["id"]
        self.sandbox.tell("/counts/clear")
        self._books_before = self.software.books(self.sandbox, chosen["id"])
        self.api.call("PUT", f"{self.connection}/organisation", {"organisation_id": chosen["id"]})

    def _consent(self, authorize_url: str) -> None:
        back = Person().consent(authorize_url, home=HOME, organisations=self.software.ticked)
        if "result_code" not in back:
            raise DemoError(f"the browser came back without a result code: {back.get('error', sorted(back))}")
        self.api.call("POST", f"{self.connection}/redeem", {"result_code": back["result_code"]})

    def pull_lists(self) -> None:
        self.wait_for(self._lists_are_in, ACTIVE_WITHIN, "the lists to come in")
        self.done.lists = {one["kind"]: one["entries"] for one in self._lists()}
        self.done.refresh_calls = sum(self.sandbox.calls(self.software.name).values())
        self.say("lists: " + ", ".join(f"{number} {kind}" for kind, number in self.done.lists.items() if number))

    def _lists(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.api.call("GET", f"{self.account}/lists{self.of_connection}")["lists"]
        return found

    @property
    def of_connection(self) -> str:
        """The query that asks for this connection's lists: its own, or the main one's where it works on those."""
        return "" if self.software.ledger else "?connection=" + self.connection.rpartition("/")[2]

    def entries(self, kind: str) -> list[dict[str, Any]]:
        """What may be chosen from one of the connection's lists."""
        found = self.api.pages(f"{self.account}/lists/{kind}{self.of_connection}", "entries")
        return [entry for entry in found if entry["status"] == "active" and entry["visible"]]

    def _lists_are_in(self) -> bool:
        connection = self.api.call("GET", self.connection)
        if connection["status"] not in {"importing", "active"}:
            raise DemoError(f"the connection is {connection['status']}: {connection['problem']}")
        pulled = [one for one in self._lists() if one["source"] == "provider"]
        return connection["status"] == "active" and bool(pulled) and all(one["last_good_at"] for one in pulled)

    # --- items
    def create_items(self, papers: Sequence[Paper]) -> None:
        for start in range(0, len(papers), 50):
            some = papers[start : start + 50]
            answer = self.api.call("POST", f"{self.account}/items", {"items": [one.item for one in some]})
            for paper, result in zip(some, answer["results"], strict=True):
                if result["item"] is None:
                    raise DemoError(f"{paper.item['external_id']} was not taken in: {result['problem']}")
                self.done.papers[result["item"]["id"]] = paper
        with ThreadPoolExecutor(4) as hands:
            list(hands.map(self._send_file, self.done.papers.items()))
        self.say(f"{len(papers)} items taken in, a PDF each")

    def _send_file(self, entry: tuple[str, Paper]) -> None:
        item, paper = entry
        content = pdf(paper.item)
        path = f"{self.account}/items/{item}/document"
        digest = hashlib.sha256(content).hexdigest()
        form = self.api.call("POST", path, {"file_name": paper.file_name, "size": len(content), "sha256": digest})
        sent = httpx.post(form["url"], data=form["fields"], files={"file": (paper.file_name, content)}, timeout=30)
        sent.raise_for_status()
        self.api.call("PUT", path, {"upload": form["upload"]})

    # --- publishing
    def count_first(self) -> None:
        """A dry run: what would go, and what would not."""
        asked = self.api.call(
            "POST", f"{self.account}/publications", {"items": list(self.done.papers), "dry_run": True}
        )
        self.done.dry_run = asked["dry_run"]
        self.say(f"dry run: {self.done.dry_run['ready']} ready, {self.done.dry_run['refused_count']} would be refused")

    def publish(self) -> None:
        accepted = self.api.call("POST", f"{self.account}/publications", {"items": list(self.done.papers)})
        self._progress_path = f"{self.account}/publications/{accepted['publication']['id']}?limit=200"
        self.wait_for(self._all_settled, DONE_WITHIN, "the publication to be done")

    def _all_settled(self) -> bool:
        progress = self.api.call("GET", self._progress_path)
        counts = progress["counts"]
        if counts != (self.done.progress or {"counts": None})["counts"]:
            self.say(f"{counts['published']} published, {counts['waiting'] + counts['sending']} on their way")
        self.done.progress = progress
        return progress["publication"]["status"] != "expanding" and not counts["waiting"] + counts["sending"]

    def wait_for_files(self) -> None:
        self.wait_for(
            lambda: all(file_outcome(item) in {None, "done"} for item in self.list_items()),
            FILES_WITHIN,
            "the files to follow",
        )

    def read_back(self) -> None:
        self.done.items = self.list_items()
        self.done.progress = self.api.call("GET", self._progress_path)
        self.done.counts = self.sandbox.read("/counts")
        books = self.software.books(self.sandbox, self.done.organisation_id)
        self.done.books = self.software.new_books(books, self._books_before)  # a job before may have used these books
        self.done.seconds = round(time.monotonic() - self._began, 1)

    def list_items(self) -> list[dict[str, Any]]:
        return list(self.api.pages(f"{self.account}/items", "items"))

    @staticmethod
    def wait_for(ready: Callable[[], bool], seconds: float, what: str) -> None:
        end = time.monotonic() + seconds
        while not ready():
            if time.monotonic() > end:
                raise DemoError(f"waited {seconds} s for {what}")
            time.sleep(1.0)


def file_outcome(item: dict[str, Any]) -> str | None:
    attachment = (item["published"] or {}).get("attachment")
    return attachment["outcome"] if attachment else None
