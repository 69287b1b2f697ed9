"""The change of software: the account of the month goes from Xero to QuickBooks, keeps its rules, and publishes on."""

import json
import time
from collections.abc import Iterator
from typing import Any, Final

from local.api import Api
from local.demo.software import QUICKBOOKS, Software
from local.demo.work import HOME, DemoError, Outcome, Say, Work
from local.person import Person
from local.sandbox_client import SandboxControl

SWITCHED_WITHIN: Final = 90  # seconds
PROPOSED_WITHIN: Final = 60
APPLIED_WITHIN: Final = 60
PUBLISHED_WITHIN: Final = 90
# What a rule of each supplier says: a category and a tax rate of Xero's, by code.
RULES: Final = {
    "Northgate Stationers": ("461", "INPUT2"),
    "Zielona Góra Meble": ("400", "INPUT2"),
    "Lumen Software Ltd": ("463", "INPUT2"),
    "Redhill Cleaning": ("408", "INPUT2"),
    "Tidewater Fuel": ("449", "INPUT2"),
}
# What a person says where nothing is proposed, or something else is meant: QuickBooks' account for a code of Xero's.
BY_HAND: Final = {
    "408": "Office Expenses",
    "445": "Office Expenses",
    "449": "Fuel",
    "461": "Office Expenses",
    "463": "Software Subscriptions",
}
WAITING: Final = 3  # coded documents of each supplier that wait in the inbox while the software changes

Record = dict[str, Any]


class Change:
    """One more chapter of the month's account; raises DemoError, ApiError or PageError where a step fails."""

    def __init__(self, api: Api, sandbox: SandboxControl, done: Outcome, say: Say) -> None:
        self._api, self._sandbox, self._say = api, sandbox, say
        self._before: Software = done.software
        self._account = f"/v1/accounts/{done.account}"
        self._numbers = iter(range(10_000))

    def run(self) -> Record:
        """What `.local/demo.json` keeps of it."""
        began = time.monotonic()
        self._make_rules()
        waiting = [self._arrive(name) for name in RULES for _ in range(WAITING)]
        rules = self._rules()
        steps = self._switch()
        self._merge = self._merged()
        after = [self._arrive(name) for name in RULES]  # the next document of each supplier finds its rule
        kept = [self._kept(name, item) for name, item in zip(RULES, after, strict=True)]
        books = self._publish([*waiting, *after])
        left = self._arrive(next(iter(RULES)))
        unchanged = self._rules() == rules
        reasons = self._undo(left)
        found = {
            "from": self._before.name,
            "to": QUICKBOOKS.name,
            "steps": steps,
            "rules": kept,
            "rules_unchanged": unchanged and self._rules() == rules,
            "mapped": sum(one["mapped"] for one in self._merge["lists"]),
            "created": sum(one["created"] for one in self._merge["lists"]),
            "unmapped_in_use": self._merge["unmapped_used"],
            "published": len(waiting) + len(after),
            "documents_in_provider": len(books),
            "duplicates": len(books) - len(set(books)),
            "after_undo": reasons,
            "seconds": round(time.monotonic() - began, 1),
        }
        self._judge(found)
        return found

    def _make_rules(self) -> None:
        """Rules for some suppliers; documents that they code wait for a person, for automation is off."""
        read = self._api.send("GET", f"{self._account}/automation").headers["etag"]
        self._api.call("PATCH", f"{self._account}/automation", {"auto_publish": False}, **{"if-match": read})
        suppliers = {one["name"]: one["id"] for one in self._api.pages(f"{self._account}/lists/suppliers", "entries")}
        for name, (category, rate) in RULES.items():
            rule = {"kind": "supplier", "subject": suppliers[name]}
            coded = {"category": {"code": category}, "tax_rate": {"code": rate}}
            self._api.call("POST", f"{self._account}/rules", rule | coded)

    def _arrive(self, supplier: str) -> str:
        """A bill that says nothing of category or tax rate; its id."""
        number = next(self._numbers)
        item = {
            "external_id": f"change-{number:03d}",
            "side": "costs",
            "type": "invoice",
            "contact": {"name": supplier},
            "currency": "GBP",
            "tax_mode": "inclusive",
            "total": "120.00",
            "date": "2026-03-25",
            "due_date": "2026-04-24",
            "number": f"CH-{number:03d}",
            "lines": [{"description": "As every month", "quantity": "1", "amount": "120.00"}],
        }
        created = self._api.call("POST", f"{self._account}/items", {"items": [item]})["results"][0]["item"]
        if created is None:
            raise DemoError(f"{item['external_id']} was not taken in")
        return str(created["id"])

    def _rules(self) -> list[Record]:
        return sorted(self._api.pages(f"{self._account}/rules", "rules"), key=lambda rule: str(rule["id"]))

    # --- the change
    def _switch(self) -> list[str]:
        """Go over to QuickBooks, as a person would; the steps that the workflow went through."""
        connections = self._api.call("GET", f"{self._account}/connections")["connections"]
        old = next(one["id"] for one in connections if one["slot"] == "main" and one["status"] == "active")
        self._say(f"changing from {self._before.title} to {QUICKBOOKS.title}")
        wish = {"provider": QUICKBOOKS.name, "return_url": f"{HOME}/done"}
        begun = self._api.call("POST", f"{self._account}/connections/{old}/change", wish)
        new = f"{self._account}/connections/{begun['connection']}"
        back = Person().consent(begun["authorize_url"], home=HOME, organisations=QUICKBOOKS.ticked)
        self._api.call("POST", f"{new}/redeem", {"result_code": back["result_code"]})
        offers = self._api.call("GET", f"{new}/organisations")["organisations"]
        chosen = next(one["organisation"] for one in offers if one["organisation"]["name"] == QUICKBOOKS.organisation)
        self._organisation = str(chosen["id"])
        self._books_before = QUICKBOOKS.books(self._sandbox, self._organisation)
        self._api.call("PUT", f"{new}/organisation", {"organisation_id": chosen["id"]})
        path = f"{self._account}/workflows/{begun['workflow']}"
        Work.wait_for(lambda: self._api.call("GET", path)["status"] == "ended", SWITCHED_WITHIN, "the switch")
        workflow = self._api.call("GET", path)
        if workflow["outcome"] != "done":
            raise DemoError(f"the change ended {workflow['outcome']}: {workflow['problem']}")
        steps = [str(one["step"]) for one in workflow["steps"] if one["state"] == "done"]
        self._say(f"{QUICKBOOKS.title} has taken its place: {', '.join(steps)}")
        return steps

    # --- the merge
    def _merged(self) -> Record:
        """Merge the lists: what is proposed is accepted, but for a few categories."""
        path = f"{self._account}/merges/{self._api.call('POST', f'{self._account}/merges', {})['id']}"
        while name := self._undecided(path):
            said = {"rest": "accept", "mappings": list(self._by_hand(path, name))}
            self._api.call("PUT", f"{path}/lists/{name}", said)
        self._api.call("POST", f"{path}/apply")

        def applied() -> Record:
            found: Record = self._api.call("GET", path)
            return found

        Work.wait_for(
            lambda: applied()["status"] == "applied" and applied()["doing"] is None, APPLIED_WITHIN, "the merge"
        )
        merge = applied()
        self._say(f"lists merged: {sum(one['mapped'] for one in merge['lists'])} entries mapped")
        self._merge_path = path
        return merge

    def _undecided(self, path: str) -> str | None:
        """The first list that waits for a decision, once all is proposed: values follow the choice of dimensions."""
        Work.wait_for(lambda: self._api.call("GET", path)["doing"] is None, PROPOSED_WITHIN, "the proposals")
        return next(iter(self._api.call("GET", path)["undecided"]), None)

    def _by_hand(self, path: str, name: str) -> Iterator[Record]:
        new = {one["name"]: one["id"] for one in self._api.pages(f"{self._account}/lists/categories", "entries")}
        for one in self._api.pages(f"{path}/lists/{name}", "entries"):
            if name == "categories" and one["code"] in BY_HAND:
                yield {"old": one["old"], "new": new[BY_HAND[one["code"]]]}

    def _kept(self, supplier: str, item: str) -> Record:
        """What a rule of before makes of the next document: the codes that QuickBooks will be sent."""
        preview = self._api.call("GET", f"{self._account}/items/{item}/preview")
        if preview["problems"]:
            raise DemoError(f"{supplier}: {[(one['code'], one['field']) for one in preview['problems']]}")
        calls = [json.loads(payload["body"])["BatchItemRequest"] for payload in preview["payloads"]]
        bills = [element["Bill"] for elements in calls for element in elements if "Bill" in element]
        if not bills:
            raise DemoError(f"{supplier}: no bill would be sent, but {[sorted(one[0]) for one in calls]}")
        sent = bills[0]["Line"][0]["AccountBasedExpenseLineDetail"]
        category, rate = RULES[supplier]
        return {
            "supplier": supplier,
            "before": f"{category}, {rate}",
            "now": f"{self._name('categories', sent['AccountRef'])}, {self._name('tax_rates', sent['TaxCodeRef'])}",
        }

    def _name(self, kind: str, reference: Record) -> str:
        """The name of an entry of QuickBooks, which a payload names by its id there."""
        entries = self._api.pages(f"{self._account}/lists/{kind}", "entries")
        return next(str(one["name"]) for one in entries if one["provider_id"] == reference["value"])

    # --- publishing on, and back
    def _publish(self, items: list[str]) -> list[str]:
        """The ids of the documents that are in the QuickBooks books since."""
        accepted = self._api.call("POST", f"{self._account}/publications", {"items": items})
        path = f"{self._account}/publications/{accepted['publication']['id']}"

        def done() -> bool:
            counts: Record = self._api.call("GET", path)["counts"]
            return bool(counts["published"] + counts["refused"] >= len(items))

        Work.wait_for(done, PUBLISHED_WITHIN, "QuickBooks to have the documents")
        refused = self._api.call("GET", path)["refused"]
        if refused:
            raise DemoError(f"QuickBooks was refused {[(one['item'], one['problem']['code']) for one in refused]}")
        books = QUICKBOOKS.new_books(QUICKBOOKS.books(self._sandbox, self._organisation), self._books_before)
        return [id_ for id_, _ in QUICKBOOKS.documents(books)]

    def _undo(self, left: str) -> list[str]:
        """Undo the merge; the reasons for which a document that was ready waits from now on."""
        self._api.call("POST", f"{self._merge_path}/undo")
        item = f"{self._account}/items/{left}/preview"
        problems = self._api.call("GET", item)["problems"]
        return sorted({str(one["code"]) for one in problems})

    @staticmethod
    def _judge(found: Record) -> None:
        wrong = [
            complaint
            for holds, complaint in (
                (found["rules_unchanged"], "a rule was rewritten"),
                (found["documents_in_provider"] == found["published"], "documents are missing or doubled"),
                (found["duplicates"] == 0, "documents are doubled"),
                (bool(found["after_undo"]), "after the undo a document still points into the other books"),
            )
            if not holds
        ]
        if wrong:
            raise DemoError("; ".join(wrong))
