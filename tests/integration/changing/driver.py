"""A change of the main connection, driven by hand: a person's requests, and the steps a run of the machine would take.

The machine itself is not here. Its part is small: it asks the record where the change is, and does that step.
"""

import json
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any, Final
from urllib.parse import parse_qsl, urlsplit

from functions.refresh.worker import serve
from local.person import OWNER, Person
from rehearsal.ledger import Ledger
from rehearsal.process import Process
from rehearsal.software import Software, software
from rehearsal.tables import rows_of
from rehearsal.world import INVOCATION, World
from shared.domain.accounts import Caller, Event
from shared.domain.connections import Connection, ConnectionStatus, Slot
from shared.domain.grants import GrantStatus
from shared.domain.ids import marker_for, new_id
from shared.domain.workflows import Outcome, Step, Workflow
from shared.storage.wire import row_from_wire
from shared.usecases.abandon_change import abandon_change
from shared.usecases.ask_consent import Asking
from shared.usecases.begin_change import begin_change
from shared.usecases.let_old_go import let_old_go, offer_merge
from shared.usecases.move_workflow import stop_workflow
from shared.usecases.service import Service
from shared.usecases.settle_switch import settle_message
from shared.usecases.switch_connections import switch_connections
from tests.integration.rules_13.api import Api

HOME: Final = "https://app.example"
API: Final = "http://localhost:5173"  # where the sandbox's app is sent back to
SOFTWARES: Final = ("xero", "quickbooks", "sage")
OURS: Final = "Harbour & Finch Ltd"  # in every sandbox
# What tells who wrote a row last, and how often it was written: no part of what it says.
_OF_WRITING: Final = frozenset({"w", "version"})
# When a connection's lists were read: time may pass until the agenda reads them as always.
_OF_READING: Final = frozenset({"lists"})
# Who holds a lease, and that somebody should look at the account: of no connection.
_ASIDE: Final = frozenset({"FENCE", "ATTENTION"})
Row = dict[str, Any]


@dataclass
class FakeMachine:
    """The runs that were begun and the tokens that were answered; it carries nothing on."""

    runs: list[str] = field(default_factory=list)
    answered: list[str] = field(default_factory=list)

    def begin_run(self, name: str, given: dict[str, str | int]) -> None:
        if name not in self.runs:
            self.runs.append(name)

    def is_on(self, name: str) -> bool:
        return name in self.runs

    def go_on(self, token: str) -> bool:
        self.answered.append(token)
        return True


@dataclass
class RefreshQueue:
    """The refresh queue in a test's hands."""

    world: World
    messages: list[dict[str, Any]] = field(default_factory=list)

    def send(self, body: dict[str, Any], *, group: str, delay_seconds: int = 0) -> None:
        assert group == body["tenant"]
        process = self.world.running.now
        if process is not None:
            process.begin()
        self.messages.append(json.loads(json.dumps(body)))
        if process is not None:
            process.did("send_message refresh")


@dataclass
class Changing:
    """A world with every main software at hand, and a person who changes from one to another."""

    world: World
    machine: FakeMachine = field(default_factory=FakeMachine)

    def __post_init__(self) -> None:
        self.refreshes = RefreshQueue(self.world)
        machines = {"change_machine": self.machine, "merge_machine": self.machine}
        self.world.parts |= {"refresh_queue": self.refreshes, **machines}
        self.api = Api(self.world)

    # --- looking
    @property
    def service(self) -> Service:
        return self.world.service

    def workflow(self, workflow: str) -> Workflow:
        found = self.service.workflows.get(self.world.tenant, self.world.account_id, workflow)
        assert found is not None
        return found

    def connection(self, connection: str) -> Connection:
        found = self.service.connections.get(self.world.tenant, self.world.account_id, connection)
        assert found is not None
        return found

    def connections(self) -> list[Connection]:
        return self.service.connections.of_account(self.world.tenant, self.world.account_id)

    def main(self) -> Connection:
        """The one connection that the account's items go through."""
        mains = [one for one in self.connections() if one.is_linked and not one.is_ending]
        assert len(mains) == 1, mains
        return mains[0]

    def events(self, kind: str) -> list[Event]:
        page, _ = self.service.events.page(self.world.tenant, self.world.account_id, None, 200)
        return [event for event in page if event.kind == kind]

    def rows(self, *tables: str) -> dict[tuple[str, str, str], Row]:
        """What tables say, by table and key; without what tells who wrote a row, and how often it was written."""
        found = {}
        for table in tables:
            for raw in rows_of(self.world.clients.dynamodb, self.world.settings.table(table)):
                row = row_from_wire(raw)
                said = {name: value for name, value in row.items() if name not in _OF_WRITING}
                found[table, row["pk"], row["sk"]] = said
        return found

    def old_rows(self, old: str) -> dict[tuple[str, str, str], Row]:
        """All that a change must leave alone until its switch: the account's rows but those that tell of the change."""
        every = self.rows("connections", "lists", "rules", "items")
        successors = {one.id for one in self.connections() if one.id != old}
        return {
            key: {name: value for name, value in row.items() if key[2] != f"C#{old}" or name not in _OF_READING}
            for key, row in every.items()
            if not key[1].endswith(("#E", "#ATTENTION"))
            and not key[2].startswith("WF#")
            and key[2] not in _ASIDE
            and key[2] not in {f"C#{one}" for one in successors}
            and not any(self._is_of(one, key[1]) for one in successors)
        }

    def _is_of(self, connection: str, pk: str) -> bool:
        """Whether rows are of the book that a connection was to bring along."""
        found = self.connection(connection)
        return found.organisation is not None and f"{found.provider}:{found.organisation.id}" in pk

    # --- a person
    def begin(self, old: str, provider: str) -> dict[str, Any]:
        body = {"provider": provider, "return_url": f"{HOME}/done"}
        begun: dict[str, Any] = self.api.ok("POST", f"connections/{old}/change", body)
        return begun

    def begin_as(self, workflow: str, process: Process) -> dict[str, Any]:
        """The request under a known id, in a process that may die; with the same id it is the request's repeat."""
        caller = Caller(self.world.tenant, "client-1", is_machine=True)
        about = {"workflow_id": workflow, "provider": "quickbooks", "return_url": f"{HOME}/done"}
        with self.world.running.process(process):
            begun = begin_change(self.world.new_service(), caller, self.world.account, self.main(), **about)
        said = {"workflow": begun.workflow.id, "connection": begun.successor.id}
        return {**said, "authorize_url": begun.authorize_url}

    def walk(
        self, provider: str, authorize_url: str, *, organisation: str, decision: str = "allow", user: str = OWNER
    ) -> dict[str, str]:
        """Through the provider's pages and the callback; what the return_url was given."""
        person = Person(user)
        back = person.consent(authorize_url, home=API, organisations=[organisation], decision=decision)
        status, headers, page = self.api.raw("GET", f"/oauth/{provider}/callback", **back)
        assert status == 302, page
        return dict(parse_qsl(urlsplit(headers["location"]).query))

    def redeem(self, begun: dict[str, Any], answer: dict[str, str]) -> None:
        self.api.ok("POST", f"connections/{begun['connection']}/redeem", {"result_code": answer["result_code"]})

    def offered(self, begun: dict[str, Any]) -> dict[str, str]:
        """Ids of the organisations of a consent, by name."""
        offers = self.api.ok("GET", f"connections/{begun['connection']}/organisations")["organisations"]
        return {offer["organisation"]["name"]: offer["organisation"]["id"] for offer in offers}

    def choose(self, begun: dict[str, Any], organisation: str) -> None:
        wanted = {"organisation_id": self.offered(begun)[organisation]}
        self.api.ok("PUT", f"connections/{begun['connection']}/organisation", wanted)

    def consent(self, begun: dict[str, Any], provider: str, organisation: str, user: str = OWNER) -> None:
        """All that a person does: consent, come back, choose."""
        answer = self.walk(provider, begun["authorize_url"], organisation=organisation, user=user)
        self.redeem(begun, answer)
        self.choose(begun, organisation)

    def cancel(self, workflow: str) -> None:
        """As a person's request does."""
        stop_workflow(self.service, self.workflow(workflow), Outcome.CANCELLED, by="client-1")

    def beside(self, main: str) -> str:
        """A secondary begins beside a main connection; its id."""
        now = self.world.time()
        event = Event(new_id(now), self.world.account_id, now, "test", "connection.started")
        status = ConnectionStatus.PENDING_CONSENT
        where = (self.world.tenant, self.world.account_id)
        made = Connection(new_id(now), *where, "bill", Slot.BILL, status, created_at=now, created_by="test")
        return self.service.connections.create(made, event, beside=main).id

    # --- workers and the machine
    def refresh_all(self, process: Process | None = None) -> None:
        """Serve what waits in the refresh queue, and what that brings up."""
        for _ in range(200):
            if not self.refreshes.messages:
                return
            body = self.refreshes.messages.pop(0)
            self._in(process, lambda service, body=body: self._serve(service, body))
        raise AssertionError("refreshing has no end")

    def _serve(self, service: Service, body: dict[str, Any]) -> None:
        now = self.world.time()
        serve(service, body, message_id=new_id(now), sent_at=now, deadline=now + INVOCATION)

    def _in(self, process: Process | None, work: Callable[[Service], None]) -> None:
        with self.world.running.process(process or Process()):
            work(self.world.new_service())

    def step(self, workflow: str, process: Process | None = None) -> None:
        """What the machine does at the step that the record says."""
        current = self.workflow(workflow)
        if current.is_ended:
            return
        self.do(current, process)
        if current.is_going and current.step is Step.SETTLE:
            self._settle(current)

    def do(self, current: Workflow, process: Process | None = None) -> None:
        """What a task does that was given the change as it was at some moment."""
        if current.stop is not None:
            self._in(process, lambda service: self._void(abandon_change(service, current)))
        elif current.step is Step.LISTS:
            self.refresh_all(process)
        elif current.step is Step.SETTLE:
            self.ask_settle(current.id, process)
        elif current.step is Step.SWITCH:
            self._in(process, lambda service: self._void(switch_connections(service, current)))
        elif current.step is Step.LET_GO:
            self._in(process, lambda service: self._void(let_old_go(service, current)))
        elif current.step is Step.OFFER:
            self._in(process, lambda service: self._void(offer_merge(service, current)))

    def ask_settle(self, workflow: str, process: Process | None = None) -> None:
        """The message that has the old connection brought to rest."""
        body = settle_message(self.workflow(workflow))
        self._in(process, lambda service: service.publish_queue.send(body, group=body["tenant"]))

    def _settle(self, workflow: Workflow) -> None:
        """Let the publish worker have its messages until the old connection is at rest."""
        for _ in range(400):
            if self.workflow(workflow.id).step is not Step.SETTLE or not self.world.queue:
                return
            first = min(self.world.queue, key=lambda message: message.due)
            self.world.time.pass_until(first.due)
            self.world.deliver(first)
        raise AssertionError("never settled")

    @staticmethod
    def _void(_: Workflow) -> None:
        """What a step returns is the machine's to look at."""

    def run(self, workflow: str) -> Workflow:
        """Carry the change on as far as it goes without a person, then let everything come to rest."""
        for _ in range(20):
            before = self.workflow(workflow)
            if before.is_ended or (before.is_going and before.step in {Step.CONSENT, Step.ORGANISATION}):
                break
            self.step(workflow)
        self.rest()
        return self.workflow(workflow)

    def to(self, step: Step, provider: str = "quickbooks", organisation: str = OURS) -> dict[str, Any]:
        """A change that has come to a step, and no further."""
        begun = self.begin(self.main().id, provider)
        if step is Step.CONSENT:
            return begun
        self.redeem(begun, self.walk(provider, begun["authorize_url"], organisation=organisation))
        if step is Step.ORGANISATION:
            return begun
        self.choose(begun, organisation)
        for _ in range(10):
            if self.workflow(begun["workflow"]).step is step:
                return begun
            self.step(begun["workflow"])
        raise AssertionError(f"never at {step}")

    def rest(self) -> None:
        """Queues are empty, what was disconnected has let go."""
        for _ in range(30):
            self.world.settle()
            self.refresh_all()
            if not self.world.queue and not self.refreshes.messages:
                return
        raise AssertionError("never at rest")

    def change(self, provider: str, organisation: str, user: str = OWNER) -> Workflow:
        """From the account's main connection to another, all the way."""
        begun = self.begin(self.main().id, provider)
        self.consent(begun, provider, organisation, user)
        return self.run(begun["workflow"])

    # --- the providers' side
    def ledgers(self) -> dict[str, Ledger]:
        """The books of every connection that there ever was, by software and organisation."""
        return {f"{one.provider}:{one.pinned.id}": self.ledger(one) for one in self.connections() if one.organisation}

    def ledger(self, connection: Connection) -> Ledger:
        chosen = software(connection.provider)
        where = chosen.books.format(organisation=connection.pinned.id)
        return chosen.read(self.world.sandbox.read(f"/{chosen.name}/{where}"))

    def places(self, item: str, generation: int = 1) -> list[str]:
        """The books that have a document of an item, each as often as it has one."""
        marker = marker_for(self.world.tenant, item, generation)
        return [book for book, ledger in self.ledgers().items() for _ in ledger.by_marker.get(marker, [])]

    def granted(self) -> Counter[tuple[str, str | None]]:
        """What the sandboxes say we were let into: software and organisation (Sage: none), each once."""
        rows = {
            (name, row["organisation"])
            for name in SOFTWARES
            for row in self.world.sandbox.read(f"/{name}/grants")
            if row["app"] == software(name).client_id
        }
        return Counter(rows)

    def held(self) -> Counter[tuple[str, str | None]]:
        """What we say ourselves, of connections that have not ended; and no grant is kept that none of them has."""
        live = [one for one in self.connections() if one.is_live]
        grants = {one.grant for one in live} | {one.pending_grant for one in self.connections() if not one.is_ending}
        kept = self._kept_grants()
        assert kept <= grants, (kept, grants)
        return Counter({(one.provider, None if one.provider == "sage" else one.pinned.id) for one in live})

    def _kept_grants(self) -> set[str]:
        return {
            row["id"]
            for row in self.rows("vault").values()
            if row.get("status") in {GrantStatus.ACTIVE.value, GrantStatus.PENDING.value, GrantStatus.EXPIRED.value}
        }


def with_removal_id(world: World) -> None:
    """What taking the organisation off the consent needs: the world's own connection was made without a choice."""
    asking = Asking(world.service, world.tenant, world.grant_id)
    provider, event = world.service.provider(world.software.name), asking.access.grant.consent_event
    found = asking.call(lambda session: provider.organisations(session, event))
    connection = world.connection
    removal = next(one.removal_id for one in found if one.id == connection.pinned.id)
    world.service.connections.update(replace(connection, organisation=replace(connection.pinned, removal_id=removal)))


def all_at_hand(world: World) -> None:
    """Every software's app is set up, and the tenant has an address that browsers may come back to."""
    softwares: list[Software] = [software(name) for name in SOFTWARES]
    apps = {
        one.name: {"client_id": one.client_id, "client_secret": one.client_secret, "webhook_key": "hook-key"}
        for one in softwares
    }
    secret = world.clients.secretsmanager.create_secret(
        Name=f"all-apps-{new_id(world.time())}", SecretString=json.dumps(apps)
    )["ARN"]
    world.settings = replace(
        world.settings,
        texts={**world.settings.texts, "provider_apps_secret": secret, "api_base_url": API},
        provider_urls={one.name: f"{world.sandbox.base}/{one.name}" for one in softwares},
    )
    for one in softwares:
        for path, body in one.options:
            world.sandbox.control(f"/{one.name}{path}", body)
