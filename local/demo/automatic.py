"""The automatic path: documents arrive by signed webhook, rules code them, they publish themselves; the rest waits."""

import base64
import json
import time
from collections.abc import Iterator
from typing import Any, Final

import httpx

from local.api import Api
from local.demo.papers import paper as pdf
from local.demo.work import DemoError, Outcome, Say, Work
from local.inbox import signed_headers

SUPPLIER: Final = "Severn Power"  # in the books, with a rule of ours for its category and tax
CLEAN: Final = 12
SENT_AT_ONCE: Final = 4
DONE_WITHIN: Final = 60  # seconds

Document = dict[str, Any]


class Automatic:
    """The same account goes on without a person, after the month that was published by hand."""

    def __init__(self, api: Api, done: Outcome, say: Say) -> None:
        self._api = api
        self._account = f"/v1/accounts/{done.account}"
        self._say = say
        self._items: dict[str, str] = {}  # by external id

    def run(self) -> dict[str, Any]:
        """What `.local/demo.json` keeps of it; raises DemoError where a document does not end where it must."""
        began = time.monotonic()
        self._set_up()
        expected = dict(self._documents())
        documents = [document for document, _ in expected.values()]
        batches = [documents[at : at + SENT_AT_ONCE] for at in range(0, len(documents), SENT_AT_ONCE)]
        created = sum(self._send(f"demo-{number}", some) for number, some in enumerate(batches))
        repeated = self._send("demo-0", batches[0])
        self._say(f"{created} documents sent to the inbox by {len(batches)} signed webhooks, one of them twice")
        Work.wait_for(self._settled, DONE_WITHIN, "the documents to publish themselves")
        found = {name: self._api.call("GET", f"{self._account}/items/{item}") for name, item in self._items.items()}
        self._judge(expected, found, created, repeated)
        waiting = [
            {"item": name, "reasons": _why(found[name])} for name, (_, published) in expected.items() if not published
        ]
        return {
            "documents": len(documents),
            "published": sum(one["stage"] == "published" for one in found.values()),
            "waiting": waiting,
            "created_by_repeat": repeated,
            "seconds": round(time.monotonic() - began, 1),
        }

    def _set_up(self) -> None:
        """A rule for the supplier, duplicates held, and the account's switch turned on."""
        api, account = self._api, self._account
        suppliers = api.pages(f"{account}/lists/suppliers?q={SUPPLIER}", "entries")
        supplier = next(one["id"] for one in suppliers if one["name"] == SUPPLIER)
        rule = {"kind": "supplier", "subject": supplier, "category": {"code": "445"}, "tax_rate": {"code": "INPUT2"}}
        api.call("POST", f"{account}/rules", rule)
        for path, change in (("defaults", {"duplicate_mode": "hold"}), ("automation", {"auto_publish": True})):
            read = api.send("GET", f"{account}/{path}").headers["etag"]
            api.call("PATCH", f"{account}/{path}", change, **{"if-match": read})
        self._secret = api.call("POST", "/v1/tenant/inbox-secrets")["secret"]

    def _documents(self) -> Iterator[tuple[str, tuple[Document, bool]]]:
        """Documents by external id, each with whether it publishes itself."""
        coded = {"category": {"code": "445"}, "tax_rate": {"code": "INPUT2"}}
        for number in range(CLEAN):
            document = _bill(number)
            yield document["external_id"], (document, True)
        waiting = [
            _bill(20, contact={"name": "Newcomer & Daughters"}, lines=[_line("120.00") | coded]),
            _bill(21, confidence={"total": "0.41"}),
            _bill(22, number="AUTO-000"),  # the first one once more, scanned a second time
            _bill(23, type="statement"),
            _bill(24, lines=[_line("119.00")]),
            _bill(25, lines=[_line("120.00") | {"category": {"code": "99999"}}]),
        ]
        for document in waiting:
            yield document["external_id"], (document, False)

    def _send(self, message: str, documents: list[Document]) -> int:
        """Send one signed webhook; how many items it made."""
        body = json.dumps({"items": documents}).encode()
        headers = signed_headers(self._secret, message, body, int(time.time()))
        answer = httpx.post(f"{self._api.base_url}{self._account}/inbox", content=body, headers=headers, timeout=60)
        if answer.is_error:
            raise DemoError(f"the inbox answered {answer.status_code}: {answer.text[:300]}")
        refused = [one["problem"] for one in answer.json()["results"] if one["status"] == "refused"]
        if refused:
            raise DemoError(f"the inbox refused documents: {refused}")
        self._items |= {one["item"]["external_id"]: one["item"]["id"] for one in answer.json()["results"]}
        made = [one for one in answer.json()["results"] if one["status"] == "created"]
        return len(made) if answer.status_code == httpx.codes.CREATED else 0  # a repeat tells again what it made

    def _settled(self) -> bool:
        ids = set(self._items.values())
        arrived = [one for one in self._api.pages(f"{self._account}/items", "items") if one["id"] in ids]
        return len([one for one in arrived if one["stage"] == "published"]) >= CLEAN

    @staticmethod
    def _judge(
        expected: dict[str, tuple[Document, bool]], found: dict[str, Document], created: int, repeated: int
    ) -> None:
        wrong = [
            name for name, (_, published) in expected.items() if (found[name]["stage"] == "published") is not published
        ]
        if wrong:
            raise DemoError(f"these documents did not end where they must: {', '.join(wrong)}")
        if created != len(expected) or repeated:
            raise DemoError(f"{created} items made of {len(expected)} documents, {repeated} by a repeat")
        silent = [name for name, (_, published) in expected.items() if not published and not _why(found[name])]
        if silent:
            raise DemoError(f"these documents wait without a reason: {', '.join(silent)}")


def _why(item: Document) -> list[str]:
    """Why an item waits for a person: what it lacks, else what kept it from publishing itself."""
    return [reason["code"] for reason in item["reasons"]] or [item["auto_publish"]["reason"]]


def _line(amount: str) -> Document:
    return {"description": "Electricity", "quantity": "1", "amount": amount}


def _bill(place: int, **changes: Any) -> Document:
    """A bill as a reader of documents hands it on: what was read, how surely, and the file."""
    document = {
        "external_id": f"auto-{place:03d}",
        "side": "costs",
        "type": "invoice",
        "contact": {"name": SUPPLIER},
        "currency": "GBP",
        "tax_mode": "inclusive",
        "total": "120.00",
        "tax_total": "20.00",
        "date": "2026-03-20",
        "due_date": "2026-04-19",
        "number": f"AUTO-{place:03d}",
        "confidence": {"total": "0.98", "date": "0.95"},
        "lines": [_line("120.00")],
    } | changes
    content = base64.b64encode(pdf(document | {"type": "invoice"})).decode()
    return document | {"file": {"name": f"{document['external_id']}.pdf", "content": content}}
