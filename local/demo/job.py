"""The main job: connect Xero, pull its lists, publish a month of papers while the sandbox misbehaves, read it back."""

import hashlib
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, Final

import httpx

from local.api import Api
from local.demo.month import LINKED, UNLINKED, Paper, month
from local.demo.other_program import OtherProgram
from local.demo.papers import paper as pdf
from local.person import OWNER, Person
from local.sandbox_client import SandboxControl

HOME: Final = "http://localhost:8899"  # where the tenant's own product would be; nobody listens there
ORGANISATION: Final = "Harbour & Finch Ltd"
WITHOUT_CODE: Final = "Business Bank Account"
ACTIVE_WITHIN: Final = 60  # seconds
DONE_WITHIN: Final = 180
FAILING_FILE: Final = "paper-007-*"

Say = Callable[[str], None]


class DemoError(Exception):
    """Something did not come out as it must."""


@dataclass(slots=True)
class Outcome:
    """What the job saw, for the report to judge."""

    account: str = ""
    organisation: str = ""
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


class Job:
    """One tenant's program at work against a running stack."""

    def __init__(self, api: Api, sandbox: SandboxControl, app: dict[str, str], say: Say) -> None:
        self._api = api
        self._sandbox = sandbox
        self._app = app
        self._say = say
        self._done = Outcome()

    def run(self) -> Outcome:
        """The whole job; raises DemoError, ApiError or PageError where a step does not come off."""
        began = time.monotonic()
        self._connect()
        self._pull_lists()
        self._link_payment_methods()
        self._create_items()
        self._publish()
        self._send_failed_files_again()
        self._read_back()
        self._done.seconds = round(time.monotonic() - began, 1)
        return self._done

    @property
    def _account(self) -> str:
        return f"/v1/accounts/{self._done.account}"

    # --- connecting
    def _connect(self) -> None:
        account = self._api.call("POST", "/v1/accounts", {"name": "Harbour & Finch"})
        self._done.account = account["id"]
        self._say("account created; sending the browser to Xero")
        begun = self._api.call(
            "POST", f"{self._account}/connections", {"provider": "xero", "return_url": f"{HOME}/done"}
        )
        connection = f"{self._account}/connections/{begun['id']}"
        back = Person().consent(begun["authorize_url"], home=HOME)
        if "result_code" not in back:
            raise DemoError(f"the browser came back without a result code: {sorted(back)}")
        self._api.call("POST", f"{connection}/redeem", {"result_code": back["result_code"]})
        offers = self._api.call("GET", f"{connection}/organisations")["organisations"]
        names = [offer["organisation"]["name"] for offer in offers]
        self._say(f"consent covers {len(offers)} organisations: {', '.join(names)}")
        chosen = next(offer["organisation"] for offer in offers if offer["organisation"]["name"] == ORGANISATION)
        self._other = OtherProgram(self._sandbox, self._app, chosen["name"])
        self._sandbox.tell("/counts/clear")
        self._api.call("PUT", f"{connection}/organisation", {"organisation_id": chosen["id"]})
        self._done.organisation = chosen["name"]
        self._connection = connection

    def _pull_lists(self) -> None:
        self._await(self._lists_are_in, ACTIVE_WITHIN, "the lists to come in")
        lists = self._api.call("GET", f"{self._account}/lists")["lists"]
        self._done.lists = {one["kind"]: one["entries"] for one in lists}
        self._done.refresh_calls = sum(self._sandbox.calls().values())
        self._say("lists: " + ", ".join(f"{number} {kind}" for kind, number in self._done.lists.items() if number))

    def _lists_are_in(self) -> bool:
        connection = self._api.call("GET", self._connection)
        if connection["status"] not in {"importing", "active"}:
            raise DemoError(f"the connection is {connection['status']}: {connection['problem']}")
        lists = self._api.call("GET", f"{self._account}/lists")["lists"]
        pulled = [one for one in lists if one["source"] == "provider"]
        return connection["status"] == "active" and bool(pulled) and all(one["last_good_at"] for one in pulled)

    def _link_payment_methods(self) -> None:
        banks = self._api.pages(f"{self._account}/lists/bank_accounts", "entries")
        bank = next(entry["id"] for entry in banks if entry["name"] == WITHOUT_CODE)
        methods = f"{self._account}/lists/payment_methods"
        self._api.call("POST", methods, {"name": LINKED, "bank_account": bank})
        self._api.call("POST", methods, {"name": UNLINKED})

    # --- items
    def _create_items(self) -> None:
        papers = month()
        for start in range(0, len(papers), 50):
            some = papers[start : start + 50]
            answer = self._api.call("POST", f"{self._account}/items", {"items": [one.item for one in some]})
            for paper, result in zip(some, answer["results"], strict=True):
                if result["item"] is None:
                    raise DemoError(f"{paper.item['external_id']} was not taken in: {result['problem']}")
                self._done.papers[result["item"]["id"]] = paper
        with ThreadPoolExecutor(4) as hands:
            list(hands.map(self._send_file, self._done.papers.items()))
        self._say(f"{len(papers)} items taken in, a PDF each")

    def _send_file(self, entry: tuple[str, Paper]) -> None:
        item, paper = entry
        content = pdf(paper.item)
        path = f"{self._account}/items/{item}/document"
        digest = hashlib.sha256(content).hexdigest()
        form = self._api.call("POST", path, {"file_name": paper.file_name, "size": len(content), "sha256": digest})
        sent = httpx.post(form["url"], data=form["fields"], files={"file": (paper.file_name, content)}, timeout=30)
        sent.raise_for_status()
        self._api.call("PUT", path, {"upload": form["upload"]})

    # --- publishing, with everything going wrong that may
    def _publish(self) -> None:
        items = list(self._done.papers)
        asked = self._api.call("POST", f"{self._account}/publications", {"items": items, "dry_run": True})
        self._done.dry_run = asked["dry_run"]
        self._say(
            f"dry run: {self._done.dry_run['ready']} ready, {self._done.dry_run['refused_count']} would be refused"
        )
        self._sandbox.tell("/counts/clear")
        self._sandbox.tell("/xero/tokens", {"expire": "access", "user": OWNER})
        self._sandbox.fault("PUT", "/Invoices", "commit_then_drop")
        self._sandbox.fault("PUT", f"/*/*/Attachments/{FAILING_FILE}", "status", times=3, status=500)
        self._other.start()
        accepted = self._api.call("POST", f"{self._account}/publications", {"items": items})
        self._progress_path = f"{self._account}/publications/{accepted['publication']['id']}"
        try:
            self._await(self._all_settled, DONE_WITHIN, "the publication to be done")
        finally:
            self._other.stop()

    def _all_settled(self) -> bool:
        progress = self._api.call("GET", f"{self._progress_path}?limit=200")
        counts = progress["counts"]
        if counts != (self._done.progress or {"counts": None})["counts"]:
            self._say(f"{counts['published']} published, {counts['waiting'] + counts['sending']} on their way")
        self._done.progress = progress
        return progress["publication"]["status"] != "expanding" and not counts["waiting"] + counts["sending"]

    def _send_failed_files_again(self) -> None:
        failed = [item for item in self._list_items() if _file_outcome(item) == "failed"]
        self._done.failed_first = len(failed)
        for item in failed:
            self._say(f"the file of {item['number']} failed: sending it again, the document stays as it is")
            self._api.call("POST", f"{self._account}/items/{item['id']}/publish")
        self._await(
            lambda: all(_file_outcome(item) in {None, "done"} for item in self._list_items()), 60, "the files to follow"
        )

    def _read_back(self) -> None:
        self._done.items = self._list_items()
        self._done.progress = self._api.call("GET", f"{self._progress_path}?limit=200")
        self._done.counts = self._sandbox.read("/counts")
        self._done.books = self._sandbox.books(self._done.organisation)

    def _list_items(self) -> list[dict[str, Any]]:
        return list(self._api.pages(f"{self._account}/items", "items"))

    @staticmethod
    def _await(ready: Callable[[], bool], seconds: float, what: str) -> None:
        end = time.monotonic() + seconds
        while not ready():
            if time.monotonic() > end:
                raise DemoError(f"waited {seconds} s for {what}")
            time.sleep(1.0)


def _file_outcome(item: dict[str, Any]) -> str | None:
    attachment = (item["published"] or {}).get("attachment")
    return attachment["outcome"] if attachment else None
