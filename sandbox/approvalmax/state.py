"""Everything the sandbox's ApprovalMax remembers, and what happens there as time passes."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal, cast

from sandbox.approvalmax import companies as people
from sandbox.approvalmax import requests
from sandbox.approvalmax.answers import Record, instant
from sandbox.approvalmax.companies import Company, company_id_of
from sandbox.approvalmax.identity import Identity
from sandbox.approvalmax.ledgers import Ledger
from sandbox.approvalmax.limiter import Limiter
from sandbox.approvalmax.notifications import Notifier
from sandbox.approvalmax.quickbooks_ledger import QuickBooksLedger
from sandbox.approvalmax.requests import PENDING, Decision
from sandbox.approvalmax.xero_ledger import XeroLedger
from sandbox.late import LateCommits
from sandbox.quickbooks.simulation import QuickBooksSimulation
from sandbox.simulation import SeedChoice, Shell
from sandbox.xero.simulation import XeroSimulation

PULL_EVERY = timedelta(hours=1)  # "ApprovalMax pulls new documents every 1 hour"; by hand at any time
COMPANIES_PER_LEDGER = 3
WITHOUT_API = 2
"""The place of the company, among those of a ledger, whose plan has no API."""


@dataclass
class Options:
    """decide, decide_after_seconds: whether requests are decided by themselves, and how long (sandbox seconds) after
    they came; None waits for `POST /decide`. pull_every_seconds: how often ledgers are asked for new bills.
    company_shows_ledger: whether /companies tells the ledger's organisation (assumed) or, as the documents say, name
    and companyId alone. request_status_form: "string" as seen live, or "object" as described in the swagger file."""

    decide: Decision | None = None
    decide_after_seconds: float = 0.0
    pull_every_seconds: float = PULL_EVERY.total_seconds()
    company_shows_ledger: bool = True
    request_status_form: Literal["string", "object"] = "string"


class ApprovalMaxState:
    """Companies, connections, limits and the webhook. Clock, counts, faults and ledgers are the shell's."""

    def __init__(self, shell: Shell) -> None:
        self.clock = shell.clock
        self.counts = shell.counts
        self.faults = shell.faults
        self._peers = shell.peers
        self._task: asyncio.Task[None] | None = None
        self.notifier = Notifier(shell.clock)
        self.reset(shell.seed)

    def reset(self, _choice: SeedChoice) -> None:
        """No requests, no connections; the companies are those of the ledgers' seeds."""
        self.stop()
        self.notifier = Notifier(self.clock)
        self.options = Options()
        self.identity = Identity()
        self.companies = {one.company_id: one for one in self._seeded()}
        self.pulled_at = self.clock.now()
        self._forget_traffic()

    def _forget_traffic(self) -> None:
        self.limiter = Limiter()
        self.late = LateCommits()

    def _seeded(self) -> list[Company]:
        rows: list[Company] = []
        for ledger_rows in self._ledgers():
            for place, ledger in enumerate(ledger_rows[:COMPANIES_PER_LEDGER]):
                plan = "Advanced" if place == WITHOUT_API else "Premium"
                rows.append(Company(company_id_of(ledger), ledger, plan))
        return rows

    def _ledgers(self) -> list[list[Ledger]]:
        xero = cast(XeroSimulation, self._peers["xero"]).state
        quickbooks = cast(QuickBooksSimulation, self._peers["quickbooks"]).state
        return [
            [XeroLedger(xero, tenant_id) for tenant_id in xero.books],
            [QuickBooksLedger(quickbooks, realm_id) for realm_id in quickbooks.companies],
        ]

    def company(self, wanted: str) -> Company:
        """By companyId, name or the ledger's id. Raises LookupError."""
        for one in self.companies.values():
            if wanted.casefold() in {one.company_id, one.name.casefold(), one.ledger.external_id.casefold()}:
                return one
        raise LookupError(f"no organisation {wanted}")

    def companies_of(self, email: str) -> list[Company]:
        """Those a person may open to an app: all, for owners and administrators of the one account; else none."""
        roles = {address: role for _, address, role in people.PEOPLE}
        return list(self.companies.values()) if roles.get(email) in people.MAY_CONSENT else []

    def pull(self, company: Company) -> int:
        """Ask one ledger for new bills; how many requests are new or changed."""
        if not company.bill_workflow:
            return 0
        changed = requests.pull(company, self.clock.now())
        self.notifier.send(changed)
        return len(changed)

    def decide(self, company: Company, request: Record, decision: Decision, comment: str | None) -> None:
        """Raises ValueError for a request that is not on approval."""
        requests.decide(company, request, decision, comment, self.clock.now())
        self.notifier.send([request])

    def catch_up(self) -> None:
        """What the time that has passed brings: late commits, the hourly pull, decisions by themselves."""
        now = self.clock.now()
        self.late.run_due(now)
        if now >= self._next_pull():
            self.pulled_at = now
            for company in self.companies.values():
                self.pull(company)
        for company, request in self._on_approval():
            if self._due(request) <= now and self.options.decide:
                self.decide(company, request, self.options.decide, None)

    def keep_time(self) -> None:
        """Begin to catch up by itself; needs a running event loop."""
        if self._task is None or self._task.done():
            self._task = asyncio.get_running_loop().create_task(self._passing())

    def stop(self) -> None:
        """End what runs besides the calls."""
        if self._task:
            self._task.cancel()
        self._task = None
        self.notifier.stop()

    async def _passing(self) -> None:
        while True:
            due = [self._next_pull()]
            if self.options.decide:
                due += [self._due(request) for _, request in self._on_approval()]
            await self.clock.sleep(max(1.0, (min(due) - self.clock.now()).total_seconds()))
            self.catch_up()

    def wake(self) -> None:
        """Reckon the next moment anew: options have changed, or requests have come."""
        if self._task:
            self._task.cancel()
            self._task = None
        self.keep_time()

    def _next_pull(self) -> datetime:
        return self.pulled_at + timedelta(seconds=self.options.pull_every_seconds)

    def _due(self, request: Record) -> datetime:
        return instant(request["createdAt"], "createdAt") + timedelta(seconds=self.options.decide_after_seconds)

    def _on_approval(self) -> list[tuple[Company, Record]]:
        return [
            (company, request)
            for company in self.companies.values()
            for request in company.requests.values()
            if request["requestStatus"] == PENDING
        ]

    def to_snapshot(self) -> dict[str, Any]:
        """Limits and late commits are not kept."""
        return {
            "companies": {key: one.to_snapshot() for key, one in self.companies.items()},
            "identity": self.identity.to_snapshot(),
            "webhook": self.notifier.to_snapshot(),
            "options": vars(self.options),
            "pulled_at": self.pulled_at.isoformat(),
        }

    def restore(self, saved: Mapping[str, Any]) -> None:
        for key, row in saved["companies"].items():
            if key in self.companies:
                self.companies[key].restore(row)
        self.identity = Identity.from_snapshot(saved["identity"])
        self.notifier.restore(saved["webhook"])
        self.options = Options(**saved["options"])
        self.pulled_at = datetime.fromisoformat(saved["pulled_at"])
        self._forget_traffic()
