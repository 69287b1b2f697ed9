"""An account connected to one provider of the sandbox, with lists pulled, and the publish queue in a test's hands.

Everything is real but AWS: tables, buckets and keys are moto's (or DynamoDB Local's), the queue is a list that a test
may lose, repeat and hold back messages of, and time passes when a test says so, here and in the sandbox alike.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from types import SimpleNamespace
from typing import Any, cast

from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord

from functions.connect import change_steps
from functions.merge import steps as merge_steps
from functions.publish import worker
from functions.publish.models import NewItem
from rehearsal.consent import consented
from rehearsal.ledger import Books, Ledger
from rehearsal.machine import CHANGE, MERGE, RehearsedMachine
from rehearsal.papers import Papers
from rehearsal.process import Killed, Process, Running
from rehearsal.sandbox_process import SandboxClient
from rehearsal.software import CallTo, Effect, Software, software
from shared.aws.clients import Clients
from shared.aws.clock import Clock
from shared.aws.log import logger
from shared.aws.settings import Settings
from shared.domain.accounts import Account
from shared.domain.connections import Connection, ConnectionStatus
from shared.domain.grants import GrantStatus
from shared.domain.ids import new_id
from shared.domain.items import Document, Item, ItemState
from shared.domain.lists import Entry, Kind
from shared.domain.publishing import Publication
from shared.storage.agenda import AgendaKind
from shared.usecases.accept_publication import Chosen, accept_publication
from shared.usecases.carry_workflow import Steps, carry
from shared.usecases.create_items import Taken, create_items
from shared.usecases.run_agenda import run_agenda
from shared.usecases.service import Service

INVOCATION = timedelta(seconds=300)  # the worker's time limit in the template
VISIBILITY = timedelta(seconds=360)
MOST_RECEIVES = 5
A_MONTH = 2_592_000  # seconds for which the template lets a merge wait for people
PDF = b"%PDF-1.4\n1 0 obj<<>>endobj\ntrailer<<>>\n%%EOF\n"


@dataclass
class Time:
    """The real time and what a test let pass; the sandbox's clock goes along."""

    sandbox: SandboxClient
    ahead: timedelta = timedelta(0)

    def __post_init__(self) -> None:
        there = datetime.fromisoformat(self.sandbox.read("/clock")["now"])
        self.ahead = there - datetime.now(UTC)

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self.ahead

    def pass_by(self, **amount: float) -> None:
        passed = timedelta(**amount)
        self.ahead += passed
        self.sandbox.control("/clock", {"advance_seconds": passed.total_seconds()})

    def pass_until(self, at: datetime) -> None:
        left = (at - self()).total_seconds()
        if left > 0:
            self.pass_by(seconds=left)


@dataclass
class Message:
    """A message of the publish queue: visible from `due` on."""

    body: dict[str, Any]
    due: datetime
    receives: int = 0


class _Queue:
    """The publish queue in a test's hands: sending is an effect like any other."""

    def __init__(self, world: "World") -> None:
        self._world = world

    def send(self, body: dict[str, Any], *, group: str, delay_seconds: int = 0) -> None:
        assert group == body["tenant"]
        assert 0 <= delay_seconds <= 900
        process = self._world.running.now
        if process is not None:
            process.begin()
        due = self._world.time() + timedelta(seconds=delay_seconds)
        self._world.queue.append(Message(json.loads(json.dumps(body)), due))
        if process is not None:
            process.did("send_message")


@dataclass
class World:
    """Everything a test needs to look at and to steer."""

    sandbox: SandboxClient
    time: Time
    settings: Settings
    clients: Clients
    running: Running
    tenant: str
    account_id: str
    connection_id: str
    grant_id: str
    tenant_id: str = ""  # the provider's id of the organisation
    software: Software = field(default_factory=lambda: software("xero"))
    queue: list[Message] = field(default_factory=list)
    dead_letters: list[Message] = field(default_factory=list)
    failures: list[BaseException] = field(default_factory=list)
    items: dict[str, dict[str, Any]] = field(default_factory=dict)  # bodies by item id
    parts: dict[str, Any] = field(default_factory=dict)  # of the service, in the place of its own
    changes: RehearsedMachine = field(init=False)
    merges: RehearsedMachine = field(init=False)

    def __post_init__(self) -> None:
        self.changes = RehearsedMachine(CHANGE, partial(self._task, change_steps.STEPS))
        self.merges = RehearsedMachine(MERGE, partial(self._task, merge_steps.STEPS), {"ChoiceSeconds": A_MONTH})
        self.parts = {"change_machine": self.changes, "merge_machine": self.merges, **self.parts}

    def _task(self, steps: Steps, task: dict[str, Any]) -> dict[str, str]:
        """One task of a run, in a process of its own."""
        with self.running.process(Process()):
            return carry(self.new_service(), steps, task)

    # --- processes
    def new_service(self) -> Service:
        """What a process of its own would have: nothing cached, nothing shared but the tables."""
        service = Service(self.settings, Clock(source=self.time), self.clients)
        service.__dict__["publish_queue"] = _Queue(self)
        service.__dict__.update(self.parts)
        return service

    def deliver(self, message: Message | None = None, process: Process | None = None) -> Process:
        """Give one message (the first that is due) to a worker of its own; what fails comes back later."""
        if message is None:
            message = next(one for one in self.queue if one.due <= self.time())
        if message in self.queue:
            self.queue.remove(message)
        process = process or Process()
        try:
            with self.running.process(process):
                self.work(message.body)
        except (Killed, Exception) as failure:
            if not isinstance(failure, Killed):
                self.failures.append(failure)
            again = Message(message.body, self.time() + VISIBILITY, message.receives + 1)
            (self.queue if again.receives < MOST_RECEIVES else self.dead_letters).append(again)
        return process

    def work(self, body: dict[str, Any]) -> None:
        """One invocation of the worker."""
        ends = self.time() + INVOCATION
        worker._service[:] = [self.new_service()]
        context = SimpleNamespace(
            get_remaining_time_in_millis=lambda: (ends - self.time()).total_seconds() * 1000,
            aws_request_id=new_id(self.time()),
        )
        worker._handle(SQSRecord({"body": json.dumps(body)}), cast(Any, context))

    def wake(self) -> Message:
        """A wake-up as the agenda would send it, put into the queue."""
        body = {
            "schema": 1,
            "tenant": self.tenant,
            "account": self.account_id,
            "provider": self.software.name,
            "organisation": self.tenant_id,
            "hops": 0,
        }
        message = Message(body, self.time())
        self.queue.append(message)
        return message

    def deliver_due(self) -> None:
        """Deliver what is due now, and what that brings up at once; no time passes."""
        while due := [message for message in self.queue if message.due <= self.time()]:
            self.deliver(due[0])

    def settle(self, rounds: int = 400) -> None:
        """Let time pass until nothing is left to deliver and the agenda has nothing to guard."""
        if not self.is_quiet(rounds):
            raise AssertionError(f"not quiet after {rounds} rounds: {self.queue}, {self.failures[-3:]}")

    def is_quiet(self, rounds: int) -> bool:
        """Let time pass for so many messages and looks at the agenda; False when more are to come."""
        for _ in range(rounds):
            if self.queue:
                first = min(self.queue, key=lambda message: message.due)
                self.time.pass_until(first.due)
                self.deliver(first)
            elif not self._next_agenda():
                return True
        return False

    def _next_agenda(self) -> bool:
        rows = self.clients.dynamodb.scan(TableName=self.settings.table("agenda"), ConsistentRead=True)["Items"]
        kinds = (AgendaKind.PUBLISH, AgendaKind.PUBLICATION, AgendaKind.DISCONNECT)
        due = [row["at"]["S"] for row in rows if row["pk"]["S"].startswith(tuple(f"{kind}#" for kind in kinds))]
        if not due:
            return False
        self.time.pass_until(datetime.fromisoformat(min(due)))
        logger.info("the agenda comes", extra={"at": self.time().isoformat(), "due": sorted(due)})
        self.run_agenda()
        return True

    def run_agenda(self) -> None:
        run_agenda(self.new_service(), self.time() + timedelta(seconds=60))

    # --- looking
    @property
    def service(self) -> Service:
        return self.new_service()

    @property
    def connection(self) -> Connection:
        found = self.service.connections.get(self.tenant, self.account_id, self.connection_id)
        assert found is not None
        return found

    @property
    def account(self) -> Account:
        found = self.service.accounts.get(self.tenant, self.account_id)
        assert found is not None
        return found

    def state(self, item: str) -> ItemState:
        found = self.service.items.state(self.tenant, self.account_id, item)
        assert found is not None
        return found

    def states(self) -> dict[str, ItemState]:
        return self.service.items.batch_states(self.tenant, self.account_id, list(self.items))

    def markers(self) -> list[str]:
        return [m.item for m in self.service.items.pending(self.tenant, self.software.name, self.tenant_id)]

    @property
    def papers(self) -> Papers:
        return self.software.papers

    def books(self) -> Books:
        where = self.software.books.format(organisation=self.tenant_id)
        found: Books = self.sandbox.read(f"/{self.software.name}/{where}")
        return found

    def ledger(self) -> Ledger:
        return self.software.read(self.books())

    def calls(self, endpoint: str) -> int:
        return self.sandbox.calls(endpoint, self.software.name)

    def called(self, effect: Effect) -> int:
        """How often the call of an effect was made; effects that share a call are counted together."""
        return self.calls(self.software.calls[effect].counted)

    # --- breaking
    def fault(self, effect: Effect, kind: str, **options: Any) -> None:
        """Break the call that carries an effect out."""
        call: CallTo = self.software.calls[effect]
        more = {"containing": call.containing} if call.containing else {}
        self.sandbox.fault(call.method, call.path, kind, provider=self.software.name, **(more | options))

    def blind(self, kind: str = "status", **options: Any) -> None:
        """Break the calls that find out what became of others."""
        for method, path in self.software.look_ups:
            self.sandbox.fault(method, path, kind, provider=self.software.name, **options)

    def expire_access(self) -> None:
        self._tell(*self.software.expire)

    def withdraw(self) -> None:
        """The person takes the consent back, in the provider's own pages."""
        self._tell(*self.software.withdraw)

    def _tell(self, path: str, body: Mapping[str, Any]) -> None:
        self.sandbox.control(f"/{self.software.name}{path}", body)

    # --- acting
    def create(self, bodies: Sequence[dict[str, Any]], *, file: bytes | None = None) -> list[str]:
        """Items as callers bring them, each with a file where `file` is given; returns their ids."""
        made = []
        for start in range(0, len(bodies), 50):
            some = bodies[start : start + 50]
            drafts = [NewItem.model_validate_json(json.dumps(body)).draft() for body in some]
            results = create_items(self.service, self.account, drafts, new_id(self.time()))
            for body, result in zip(some, results, strict=True):
                assert isinstance(result, Taken), result
                self.items[result.item.id] = body
                made.append(result.item.id)
                if file is not None:
                    self.attach(result.item, result.state, file)
        return made

    def newcomer(self, name: str) -> dict[str, Any]:
        """A reference to a supplier that the provider does not have yet, with what it demands of one."""
        values = self.software.supplier_values
        if not values:
            return {"name": name}
        entry = Entry(new_id(self.time()), Kind.SUPPLIERS, name, values=dict(values))
        self.service.lists.put_own(entry, self.connection.book)
        return {"id": entry.id}

    def attach(self, item: Item, state: ItemState, content: bytes) -> None:
        """Give an item a file, as completing an upload would."""
        key = f"documents/{self.tenant}/{self.account_id}/{item.id}/1"
        content = content + item.id.encode()
        self.clients.s3.put_object(Bucket=self.settings.text("documents_bucket"), Key=key, Body=content)
        document = Document(key, "paper.pdf", "application/pdf", len(content), hashlib.sha256(content).hexdigest())
        self.service.items.update(replace(item, document=document), state)

    def publish(self, items: Iterable[str]) -> Publication:
        """A bulk request; its message waits in the queue."""
        chosen = Chosen(items=tuple(items))
        return accept_publication(
            self.service, self.account, chosen, requested_by="test", publication_id=new_id(self.time())
        )

    def reconnect(self) -> None:
        """A person consents again: the grant holds a new pair, the connection is active, its queue is woken."""
        if self.software.allow:
            self._tell(*self.software.allow)
        self._renew_grant()
        self.service.connections.update(self.connection.moved(ConnectionStatus.ACTIVE))
        self.wake()

    def _renew_grant(self) -> None:
        service = self.service
        found = service.grants.sealed(self.tenant, self.grant_id)
        assert found is not None
        grant, wrapped, _ = found
        pair = consented(self.sandbox, self.software, self.time).pair
        key = service.vault.unwrap(self.tenant, grant.id, wrapped)
        after = replace(
            grant,
            status=GrantStatus.ACTIVE,
            token_version=grant.token_version + 1,
            access_expires_at=pair.expires_at,
        )
        service.grants.store_pair(after, key.seal(pair, after.token_version), grant.token_version)
