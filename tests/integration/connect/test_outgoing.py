"""Webhooks of ours: subscribed to over the API, signed, tried again over days, given up, replayed. A real receiver."""

import base64
import hashlib
import hmac
import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from shared.aws.public_web import PublicWeb
from shared.domain.connections import ConnectionStatus
from shared.domain.errors import Problem
from shared.domain.outgoing import WAITS, EventType, News
from shared.usecases.deliver import deliver
from shared.usecases.keep_alive import watch_consent
from shared.usecases.lose_connection import lose_connection
from shared.usecases.run_agenda import run_agenda
from shared.usecases.tell import tell, tell_all
from tests.integration.connect.conftest import World

PATH = "/v1/webhook-endpoints"
ACCOUNT = "01KKKKKKKKKKKKKKKKKKKKKKKK"
SHORTEST_INVOCATION = timedelta(seconds=20)  # of WorkerTimeout's allowed values in the template


@dataclass
class Received:
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class Receiver:
    """A tenant's server: it keeps what it is sent and answers what a test wants."""

    port: int
    got: list[Received] = field(default_factory=list)
    status: int = 204

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hooks"


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            made.got.append(Received({name.lower(): value for name, value in self.headers.items()}, body))
            self.send_response(made.status)
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    made = Receiver(server.server_port)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield made
    server.shutdown()
    server.server_close()


@dataclass
class Queue:
    """The delivery queue in a test's hands."""

    sent: list[tuple[dict[str, Any], int]] = field(default_factory=list)

    def send(self, body: dict[str, Any], *, group: str, delay_seconds: int = 0) -> None:
        assert group == body["tenant"]
        self.sent.append((json.loads(json.dumps(body)), delay_seconds))


@pytest.fixture
def queue(world: World) -> Queue:
    made = Queue()
    world.service.__dict__["deliver_queue"] = made
    world.service.__dict__["public_web"] = PublicWeb(allow_loopback=True)
    return made


def work(world: World, queue: Queue) -> list[int]:
    """Let the worker take what is in the queue, the delays over; returns those."""
    some, queue.sent = queue.sent, []
    for body, _ in some:
        deliver(world.service, body, world.time() + timedelta(seconds=300))
    return [delay for _, delay in some]


def subscribed(world: World, receiver: Receiver, *events: str) -> dict[str, Any]:
    made = world.call("POST", PATH, {"url": receiver.url, "events": events or ["item.published"]})
    assert made.status == 201, made.text
    world.service.subscriptions.clear()
    return dict(made.json)


def told(world: World, subject: str = "item-1", occasion: str = "batch-1") -> None:
    tell(world.service, world.tenant, ACCOUNT, EventType.ITEM_PUBLISHED, subject, {"item": subject}, occasion=occasion)


def signed_by(secret: str, got: Received) -> bool:
    """The check that docs/webhooks.md gives to receivers."""
    key = base64.b64decode(secret.removeprefix("whsec_"))
    signed = f"{got.headers['webhook-id']}.{got.headers['webhook-timestamp']}.".encode() + got.body
    wanted = "v1," + base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode()
    return any(hmac.compare_digest(wanted, one) for one in got.headers["webhook-signature"].split())


def deliveries(world: World, endpoint: str) -> list[dict[str, Any]]:
    return list(world.call("GET", f"{PATH}/{endpoint}/deliveries").json["deliveries"])


def test_what_is_told_arrives_signed_and_once(world: World, queue: Queue, receiver: Receiver) -> None:
    endpoint = subscribed(world, receiver)
    told(world)
    told(world)  # as a repeat of the same work would
    tell(world.service, world.tenant, ACCOUNT, EventType.ITEM_REFUSED, "item-1", {})  # nobody asked for it
    work(world, queue)
    (got,) = receiver.got
    assert got.json["type"] == "item.published"
    assert got.json["data"] == {"account": ACCOUNT, "item": "item-1"}
    assert signed_by(endpoint["secret"], got)
    assert not signed_by("whsec_" + base64.b64encode(b"x" * 32).decode(), got)
    (shown,) = deliveries(world, endpoint["id"])
    assert (shown["status"], shown["tries"], shown["code"]) == ("delivered", 1, 204)
    assert shown["webhook_id"] == got.headers["webhook-id"]
    assert queue.sent == []


def test_a_tenant_without_endpoints_is_told_nothing_and_costs_nothing(world: World, queue: Queue) -> None:
    told(world)
    assert queue.sent == []


def test_many_at_once_share_messages(world: World, queue: Queue, receiver: Receiver) -> None:
    subscribed(world, receiver)
    many = [News(EventType.ITEM_PUBLISHED, ACCOUNT, f"item-{n}", "batch") for n in range(45)]
    tell_all(world.service, world.tenant, many)
    assert [len(body["news"]) for body, _ in queue.sent] == [20, 20, 5]
    work(world, queue)
    assert len({got.headers["webhook-id"] for got in receiver.got}) == 45


def test_time_that_runs_out_hands_the_rest_on(world: World, queue: Queue, receiver: Receiver) -> None:
    subscribed(world, receiver)
    told(world)
    (body, _) = queue.sent.pop()
    deliver(world.service, body, world.time() + timedelta(seconds=5))
    assert receiver.got == []
    assert [one["news"] for one, _ in queue.sent] == [body["news"]]
    (again, _) = queue.sent.pop()
    deliver(world.service, again, world.time() + SHORTEST_INVOCATION)
    assert (len(receiver.got), queue.sent) == (1, [])


def test_failures_are_tried_again_later_and_later_and_then_given_up(
    world: World, queue: Queue, receiver: Receiver
) -> None:
    endpoint = subscribed(world, receiver)
    receiver.status = 500
    told(world)
    work(world, queue)
    waits = []
    for wait in WAITS:
        (shown,) = deliveries(world, endpoint["id"])
        assert shown["status"] == "pending"
        planned = datetime.fromisoformat(shown["next_at"]) - datetime.fromisoformat(shown["tried_at"])
        waits.append(planned)
        assert wait <= planned <= wait * 1.1 + timedelta(seconds=5)
        world.time.ahead += planned + timedelta(seconds=1)
        if not queue.sent:  # beyond what the queue can hold back: the agenda remembers
            run_agenda(world.service, world.time() + timedelta(seconds=60))
        work(world, queue)
    assert len(receiver.got) == len(WAITS) + 1
    assert len({got.headers["webhook-id"] for got in receiver.got}) == 1
    (shown,) = deliveries(world, endpoint["id"])
    assert (shown["status"], shown["code"], shown["failure"]) == ("failed", 500, "answered 500")
    assert sum(waits, timedelta()) > timedelta(days=3)
    assert world.call("GET", f"{PATH}/{endpoint['id']}").json["failing_since"] is not None


def test_a_success_clears_the_failure_and_a_stale_message_does_nothing(
    world: World, queue: Queue, receiver: Receiver
) -> None:
    endpoint = subscribed(world, receiver)
    receiver.status = 503
    told(world)
    work(world, queue)
    stale = list(queue.sent)
    receiver.status = 200
    work(world, queue)
    queue.sent = stale
    work(world, queue)
    assert len(receiver.got) == 2
    shown = world.call("GET", f"{PATH}/{endpoint['id']}").json
    assert (shown["failing_since"], shown["disabled_at"]) == (None, None)


def test_410_ends_the_endpoint(world: World, queue: Queue, receiver: Receiver) -> None:
    endpoint = subscribed(world, receiver)
    receiver.status = 410
    told(world)
    work(world, queue)
    shown = world.call("GET", f"{PATH}/{endpoint['id']}").json
    assert shown["disabled_because"] == "gone"
    assert deliveries(world, endpoint["id"])[0]["status"] == "failed"
    world.service.subscriptions.clear()
    told(world, occasion="batch-2")
    assert queue.sent == []
    assert world.call("POST", f"{PATH}/{endpoint['id']}/test").code == "endpoint_disabled"
    on = world.call("PATCH", f"{PATH}/{endpoint['id']}", {"disabled": False}, if_match="*")
    assert (on.json["disabled_at"], on.json["failing_since"]) == (None, None)


def test_five_days_of_failures_disable_the_endpoint(world: World, queue: Queue, receiver: Receiver) -> None:
    endpoint = subscribed(world, receiver)
    receiver.status = 302  # no redirect is followed
    for day in range(6):
        told(world, occasion=f"batch-{day}")
        work(world, queue)
        queue.sent.clear()
        world.time.ahead += timedelta(days=1)
        world.service.subscriptions.clear()
    shown = world.call("GET", f"{PATH}/{endpoint['id']}").json
    assert shown["disabled_because"] == "failing"
    assert len(receiver.got) == 6


def test_test_and_replay(world: World, queue: Queue, receiver: Receiver) -> None:
    endpoint = subscribed(world, receiver)
    tried = world.call("POST", f"{PATH}/{endpoint['id']}/test", idempotency_key="once")
    assert tried.status == 202
    again = world.call("POST", f"{PATH}/{endpoint['id']}/test", idempotency_key="once")
    assert again.json == tried.json
    work(world, queue)
    assert [got.json["type"] for got in receiver.got] == ["endpoint.test"]
    delivery = f"{PATH}/{endpoint['id']}/deliveries/{tried.json['delivery']}"
    replayed = world.call("POST", f"{delivery}/replay")
    assert (replayed.status, replayed.json["replays"]) == (202, 1)
    work(world, queue)
    assert len({got.headers["webhook-id"] for got in receiver.got}) == 1
    assert len(receiver.got) == 2
    for _ in range(19):
        assert world.call("POST", f"{delivery}/replay").status == 202
    assert world.call("POST", f"{delivery}/replay").code == "too_many_replays"


def test_a_rotated_secret_overlaps_for_a_day(world: World, queue: Queue, receiver: Receiver) -> None:
    endpoint = subscribed(world, receiver)
    rotated = world.call("POST", f"{PATH}/{endpoint['id']}/secret").json
    assert rotated["secret"] != endpoint["secret"]
    told(world)
    work(world, queue)
    assert signed_by(endpoint["secret"], receiver.got[0])
    assert signed_by(rotated["secret"], receiver.got[0])
    world.time.ahead += timedelta(hours=25)
    world.service.subscriptions.clear()
    told(world, occasion="batch-2")
    work(world, queue)
    assert not signed_by(endpoint["secret"], receiver.got[1])
    assert signed_by(rotated["secret"], receiver.got[1])


def test_a_secret_is_shown_once_and_stored_nowhere(world: World, queue: Queue, receiver: Receiver) -> None:
    body = {"url": receiver.url, "events": ["item.published"]}
    made = world.call("POST", PATH, body, idempotency_key="first")
    again = world.call("POST", PATH, body, idempotency_key="first")
    assert (again.json["id"], again.json["secret"]) == (made.json["id"], None)
    assert world.call("GET", f"{PATH}/{made.json['id']}").json["secret"] is None
    assert len(world.call("GET", PATH).json["endpoints"]) == 1
    told(world)
    work(world, queue)
    for table in world.service.settings.tables.values():
        rows = world.service.clients.dynamodb.scan(TableName=table)["Items"]
        assert made.json["secret"].removeprefix("whsec_") not in json.dumps(rows, default=str)


@pytest.mark.parametrize("url", ["http://example.com/a", "https://10.0.0.1/a", "https://169.254.169.254/a"])
def test_an_address_that_is_not_public_is_refused(world: World, queue: Queue, url: str) -> None:
    refused = world.call("POST", PATH, {"url": url, "events": ["item.published"]})
    assert (refused.status, refused.code) == (422, "invalid_request")


def test_a_name_that_turns_private_later_is_not_called(world: World, queue: Queue, receiver: Receiver) -> None:
    answers = iter([["93.184.215.14"], ["127.0.0.1"]])
    world.service.__dict__["public_web"] = PublicWeb(resolver=lambda _host, _port: next(answers))
    made = world.call("POST", PATH, {"url": "https://hooks.example.com/a", "events": ["item.published"]})
    assert made.status == 201
    told(world)
    work(world, queue)
    (shown,) = deliveries(world, made.json["id"])
    assert shown["status"] == "pending"
    assert "private network" in shown["failure"]


def test_another_tenants_endpoint_is_not_there(world: World, queue: Queue, receiver: Receiver) -> None:
    endpoint = subscribed(world, receiver)
    other = world.machine(world.other_tenant)
    assert world.call("GET", f"{PATH}/{endpoint['id']}", by=other).status == 404
    assert world.call("GET", PATH, by=other).json == {"endpoints": []}
    reader = world.machine(world.tenant, "ledgerbridge/read")
    assert world.call("POST", PATH, {"url": receiver.url, "events": ["item.refused"]}, by=reader).status == 403
    assert world.call("DELETE", f"{PATH}/{endpoint['id']}").status == 204
    assert world.call("GET", f"{PATH}/{endpoint['id']}").status == 404


def test_ten_endpoints_and_no_more_and_only_events_that_there_are(world: World, queue: Queue) -> None:
    body = {"url": "http://127.0.0.1:9/a", "events": ["item.published"]}
    assert world.call("POST", PATH, {**body, "events": ["item.eaten"]}).status == 422
    assert world.call("POST", PATH, {**body, "events": ["endpoint.test"]}).status == 422
    for _ in range(10):
        assert world.call("POST", PATH, body).status == 201
    assert world.call("POST", PATH, body).code == "too_many_endpoints"


def test_the_daily_digest_names_the_accounts_that_wait(world: World, queue: Queue, receiver: Receiver) -> None:
    subscribed(world, receiver, "digest.daily", "item.refused")
    tell(world.service, world.tenant, ACCOUNT, EventType.ITEM_REFUSED, "item-1", {"code": "x"})
    work(world, queue)
    world.time.ahead += timedelta(days=1)
    for _ in range(2):
        run_agenda(world.service, world.time() + timedelta(seconds=60))
        work(world, queue)
    digests = [got.json for got in receiver.got if got.json["type"] == "digest.daily"]
    assert len(digests) == 1
    assert digests[0]["data"]["accounts_waiting"] == 1
    assert [one["account"] for one in digests[0]["data"]["accounts"]] == [ACCOUNT]
    assert datetime.fromisoformat(digests[0]["timestamp"]).tzinfo == UTC


def test_what_happens_to_a_connection_is_told_once(world: World, queue: Queue, receiver: Receiver) -> None:
    events = ["connection.expired", "connection.expiring", "connection.recovered", "connection.connected"]
    subscribed(world, receiver, *events)
    connection = world.connected(world.account())
    for _ in range(2):  # two workers that notice it at once
        lose_connection(world.service, connection, ConnectionStatus.REVOKED, Problem("connection_expired"))
    work(world, queue)
    (said,) = [got.json for got in receiver.got]
    assert said["type"] == "connection.expired"
    assert said["data"]["connection"] == connection.id
    assert (said["data"]["status"], said["data"]["code"]) == ("revoked", "connection_expired")

    receiver.got.clear()
    lost = world.service.connections.get(connection.tenant, connection.account, connection.id)
    assert lost is not None
    ends = world.time() + timedelta(days=6)
    again = replace(lost, status=ConnectionStatus.ACTIVE, problem=None, consent_expires_at=ends)
    world.service.connections.update(again)
    for _ in range(2):
        watch_consent(world.service, connection.tenant, connection.account, connection.id)
    world.time.ahead += timedelta(days=6)
    watch_consent(world.service, connection.tenant, connection.account, connection.id)
    work(world, queue)
    assert [got.json["type"] for got in receiver.got] == ["connection.expiring", "connection.expired"]
    assert receiver.got[0].json["data"]["days"] == 7
