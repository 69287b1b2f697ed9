"""Connect, change, merge, undo, disconnect, reconnect in any order that Hypothesis thinks of; the same every run.

After each of them, at rest: no rule is lost, nothing refers to nowhere, there is at most one main connection, providers
know of the consents that we know of, and every item is in all books together at most once.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from rehearsal.software import software
from shared.domain.connections import Connection, ConnectionStatus, Slot
from shared.domain.items import Stage
from shared.domain.rule_transfer import refs_of
from shared.domain.rules import Rule
from shared.domain.workflows import Outcome, Step
from shared.storage.codec import decode
from shared.usecases.follow_merge import follow_merge, work_at_merge, workflow_of
from tests.integration.changing.conftest import MakeChanging
from tests.integration.changing.driver import HOME, OURS, Changing
from tests.integration.rules_13.automation import entry_id
from tests.integration.rules_13.coding import rule

pytestmark = [pytest.mark.soak, pytest.mark.timeout(1750)]

WHERE: Final = (
    ("xero", OURS),
    ("xero", "Maple Street Bakery Inc"),
    ("quickbooks", OURS),
    ("sage", OURS),
    ("sage", "Maple Street Bakery Inc"),
)
STEPS: Final = (Step.CONSENT, Step.ORGANISATION, Step.LISTS, Step.SETTLE, Step.SWITCH)
LISTS: Final = (
    "categories", "tax_rates", "bank_accounts", "payment_methods", "products", "projects",
    "dimensions", "dimension_values", "suppliers", "customers",
)  # fmt: skip
Event = tuple[Any, ...]

events = st.one_of(
    st.tuples(st.just("change"), st.sampled_from(WHERE)),
    st.tuples(st.just("change"), st.sampled_from(WHERE)),
    st.tuples(st.just("cancel"), st.sampled_from(WHERE), st.sampled_from(STEPS)),
    st.tuples(st.just("refuse"), st.sampled_from(WHERE)),
    st.tuples(st.just("connect"), st.sampled_from(WHERE)),
    st.tuples(st.just("disconnect")),
    st.tuples(st.just("reconnect")),
    st.tuples(st.just("publish")),
    st.tuples(st.just("rule")),
    st.tuples(st.just("merge")),
    st.tuples(st.just("merge")),
    st.tuples(st.just("undo"), st.integers(0, 3)),
)


@dataclass
class Account:
    """One account's story: what is done to it, and what must hold whatever was done before."""

    changing: Changing
    rules: dict[Any, Any] = field(default_factory=dict)
    merges: list[str] = field(default_factory=list)

    @property
    def main(self) -> Connection | None:
        mains = [one for one in self.changing.connections() if one.is_linked and one.slot is Slot.MAIN]
        assert len(mains) <= 1, mains
        return mains[0] if mains else None

    def act(self, event: Event) -> None:
        """Do what an event says, where it can be done now, and let all come to rest."""
        does: Callable[..., None] = getattr(self, event[0])
        if (self.main is None) == (event[0] == "connect"):
            does(*event[1:])
        self.changing.rest()

    # --- connections
    def change(self, where: tuple[str, str]) -> None:
        if not self._is_there(where):
            ended = self.changing.change(*where)
            assert ended.outcome is Outcome.DONE

    def cancel(self, where: tuple[str, str], step: Step) -> None:
        if not self._is_there(where):
            begun = self.changing.to(step, *where)
            self.changing.cancel(begun["workflow"])
            assert self.changing.run(begun["workflow"]).outcome is Outcome.CANCELLED

    def refuse(self, where: tuple[str, str]) -> None:
        if not self._is_there(where):
            begun = self.changing.begin(self.changing.main().id, where[0])
            self.changing.walk(where[0], begun["authorize_url"], organisation=where[1], decision="deny")
            assert self.changing.run(begun["workflow"]).outcome is Outcome.REFUSED

    def connect(self, where: tuple[str, str]) -> None:
        body = {"provider": where[0], "return_url": f"{HOME}/done"}
        begun = self.changing.api.ok("POST", "connections", body)
        self._agreed(begun["id"], begun["authorize_url"], where)

    def disconnect(self) -> None:
        self.changing.api.ok("POST", f"connections/{self.changing.main().id}/disconnect")

    def reconnect(self) -> None:
        main = self.changing.main()
        begun = self.changing.api.ok("POST", f"connections/{main.id}/reconnect", {"return_url": f"{HOME}/done"})
        self._agreed(main.id, begun["authorize_url"], (main.provider, main.pinned.name))

    def _agreed(self, connection: str, url: str, where: tuple[str, str]) -> None:
        self.changing.consent({"connection": connection, "authorize_url": url}, *where)
        self.changing.refresh_all()

    def _is_there(self, where: tuple[str, str]) -> bool:
        main = self.changing.main()
        return (main.provider, main.pinned.name) == where

    # --- work
    def publish(self) -> None:
        """A new bill, and whatever else is ready by now."""
        world, main = self.changing.world, self.changing.main()
        bodies = [software(main.provider).papers.bill()] if main.pinned.name == OURS else []
        world.create(bodies)
        self.changing.refresh_all()
        ready = [item for item, state in world.states().items() if state.stage is Stage.READY]
        if ready:
            world.publish(ready)

    def rule(self) -> None:
        """A rule of the supplier that papers name, once for each book."""
        main, api = self.changing.main(), self.changing.api
        if main.pinned.name != OURS:
            return
        papers = software(main.provider).papers
        supplier, category = entry_id(api, "suppliers", papers.supplier), self._category(papers.cost["category"])
        if supplier not in {row["subject"] for row in self._rules().values()}:
            rule(api, "supplier", supplier, category={"id": category})

    def _category(self, named: dict[str, str]) -> str:
        (field_name, value), *_ = named.items()
        found = self.changing.api.ok("GET", "lists/categories", q=value)["entries"]
        return next(str(one["id"]) for one in found if one[field_name] == value)

    # --- merges
    def merge(self) -> None:
        """As proposed, from the book before; where there is one, and it is not the current one."""
        status, answer = self.changing.api.call("POST", "merges", {})
        if status != 201:
            assert status in {409, 422}, answer
            return
        merge = answer["id"]
        self._worked_at(merge)
        for which in LISTS:
            shown = {one["list"]: one for one in self.changing.api.ok("GET", f"merges/{merge}")["lists"]}
            if not shown[which]["decided"]:
                self.changing.api.ok("PUT", f"merges/{merge}/lists/{which}", {"rest": "accept"})
            self._worked_at(merge)
        self.changing.api.ok("POST", f"merges/{merge}/apply")
        self._worked_at(merge)
        assert self.changing.api.ok("GET", f"merges/{merge}")["status"] == "applied"
        self.merges.append(merge)

    def undo(self, which: int) -> None:
        if self.merges:
            merge = self.merges.pop(which % len(self.merges))
            self.changing.api.ok("POST", f"merges/{merge}/undo")
            self.changing.refresh_all()

    def _worked_at(self, merge: str) -> None:
        """What a run of the merge's machine has done, until it waits for a person or is over."""
        service, account = self.changing.service, self.changing.world.account
        for _ in range(10):
            found = service.merges.get(account.tenant, account.id, merge)
            workflow = workflow_of(service, found) if found is not None else None
            if workflow is None or workflow.is_ended:
                return
            step = follow_merge(service, workflow)
            if not step.is_going or (step.step is Step.CHOOSE and found is not None and not found.working):
                return
            work_at_merge(service, step)
            self.changing.refresh_all()
        raise AssertionError(f"the merge does not get on: {merge}")

    # --- what must hold
    def check(self) -> None:
        main = self.main
        account = self.changing.world.account
        assert account.active_workflow is None
        in_slot = self.changing.service.connections.in_slot(account.tenant, account.id, Slot.MAIN)
        assert in_slot == (main.id if main is not None else None)
        if main is not None:
            assert main.status is ConnectionStatus.ACTIVE
            assert account.current_book == f"{main.provider}:{main.pinned.id}"
        assert self.changing.granted() == self.changing.held()
        self._check_rules()
        self._check_items()
        assert self.changing.world.failures == []

    def _rules(self) -> dict[Any, Any]:
        return {key: row for key, row in self.changing.rows("rules").items() if "subject" in row}

    def _check_rules(self) -> None:
        now = self._rules()
        assert {key: now.get(key) for key in self.rules} == self.rules, "a rule is lost, or another than it was"
        self.rules = now
        entries = {row["id"] for row in self.changing.rows("lists").values() if "id" in row}
        for row in now.values():
            nowhere = {entry for _, entry in refs_of(decode(Rule, row))} - entries
            assert not nowhere, (row, nowhere)

    def _check_items(self) -> None:
        for item, state in self.changing.world.states().items():
            there = self.changing.places(item, state.generation)
            assert len(there) <= 1, (item, there)
            if state.published is not None:
                assert [book.partition(":")[2] for book in there] == [state.published.organisation]


def told(changings: MakeChanging, sequence: list[Event]) -> None:
    """A story from its beginning: an account on Xero with a rule and a bill."""
    account = Account(changings("xero"))
    account.rule()
    account.publish()
    account.changing.rest()
    account.check()
    for event in sequence:
        account.act(event)
        account.check()


def test_the_usual_story(changings: MakeChanging) -> None:
    """To QuickBooks and to Sage, merging on the way, and by a disconnection back to Xero."""
    xero, quickbooks, sage = ("xero", OURS), ("quickbooks", OURS), ("sage", OURS)
    work: list[Event] = [("rule",), ("publish",)]
    told(
        changings,
        [
            ("change", quickbooks),
            ("merge",),
            *work,
            ("cancel", sage, Step.SWITCH),
            ("change", sage),
            ("merge",),
            *work,
            ("undo", 0),
            ("reconnect",),
            ("refuse", xero),
            ("disconnect",),
            ("connect", xero),
            *work,
            ("undo", 0),
            ("publish",),
        ],
    )


@pytest.mark.parametrize("share", range(4))
def test_any_order_of_events(changings: MakeChanging, share: int) -> None:
    tried = []

    @settings(
        max_examples=6,
        deadline=None,
        phases=[Phase.generate],  # a sequence is too long to be tried in smaller pieces
        derandomize=True,
        database=None,
        report_multiple_bugs=False,
        suppress_health_check=list(HealthCheck),
    )
    @given(st.lists(events, min_size=2 * (share + 1), max_size=4 * (share + 1)))
    def sequence(sequence: list[Event]) -> None:
        told(changings, sequence)
        tried.append(sequence)

    sequence()
    assert len(tried) >= 6
