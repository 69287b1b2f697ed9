"""The inbox through the Lambda handler: who is let in, what is taken in once, and what is put aside."""

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from threading import Barrier, get_ident
from typing import Any

import pytest

from functions.connect.inbox_routes import ROUTES
from functions.publish.app import ROUTES as PUBLISH_ROUTES
from shared.aws.clock import Clock
from shared.aws.entry import entry
from shared.domain.accounts import Account, Event, Member, Role, Tenant
from shared.domain.ids import new_id
from shared.domain.secrets import Secret
from shared.domain.signatures import signature
from shared.usecases.gate import GATE
from shared.usecases.service import Service
from tests.integration.publish_api.conftest import NOW, World

Answered = tuple[int, dict[str, Any]]


class Sender:
    """A tenant's program that sends documents, and its machine client that makes secrets."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.secrets: list[tuple[str, Secret]] = []
        self._handlers: dict[int, Any] = {}  # by thread: what Lambda runs in one process is one request at a time
        world.service.tenants.create(Tenant(world.account.tenant, "Reader of receipts"))

    def new_secret(self, key: str | None = None) -> Answered:
        status, body = self._call("POST", "/v1/tenant/inbox-secrets", b"", {"idempotency-key": key} if key else {})
        if status == 201 and body["secret"]:
            self.secrets.append((body["id"], Secret(body["secret"])))
        return status, body

    def manage(self, method: str, path: str) -> Answered:
        return self._call(method, path, b"", {})

    def send(self, body: Any, *, message: str | None = None, age: int = 0, **other: Any) -> Answered:
        """A signed message. `other`: sent (bytes that go out instead of those signed), stamp, secret, headers."""
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        name = message or f"msg_{new_id(NOW)}"
        stamp = other.pop("stamp", int(self.world.service.clock.now().timestamp()) - age)
        secret = other.pop("secret", self.secrets[-1][1] if self.secrets else Secret("whsec_AAAA"))
        headers = {
            "webhook-id": name,
            "webhook-timestamp": str(stamp),
            "webhook-signature": signature(secret, name, stamp, raw),
            **other.pop("headers", {}),
        }
        account = other.pop("account", self.world.account.id)
        return self._call("POST", f"/v1/accounts/{account}/inbox", other.pop("sent", raw), headers, token=False)

    def pass_by(self, amount: timedelta) -> None:
        before = self.world.service
        clock = Clock(source=lambda: before.clock.now() + amount)
        self.world = replace(self.world, service=Service(before.settings, clock, before.clients))
        self._handlers.clear()

    def _call(self, method: str, path: str, raw: bytes, headers: dict[str, str], *, token: bool = True) -> Answered:
        lambda_context = {
            "tenant": self.world.account.tenant,
            "subject": "client-1",
            "is_machine": "true",
            "scopes": self.world.scopes,
        }
        event = {
            "version": "2.0",
            "routeKey": "$default",
            "rawPath": path,
            "rawQueryString": "",
            "headers": {"content-type": "application/json", **headers},
            "requestContext": {
                "requestId": "request-1",
                "stage": "$default",
                "http": {"method": method, "path": path},
                **({"authorizer": {"lambda": lambda_context}} if token else {}),
            },
            "body": raw.decode("utf-8", "surrogateescape"),
            "isBase64Encoded": False,
        }
        if get_ident() not in self._handlers:
            self._handlers[get_ident()] = _handler(self.world)
        answer = self._handlers[get_ident()](event, None)
        return answer["statusCode"], json.loads(answer["body"]) if answer.get("body") else {}


def _handler(world: World) -> Any:
    return entry([*ROUTES, *PUBLISH_ROUTES], replace(GATE, service=lambda: world.service))


@pytest.fixture
def sender(world: World) -> Sender:
    made = Sender(world)
    assert made.new_secret()[0] == 201
    return made


def stored(world: World) -> list[dict[str, Any]]:
    return list(world.call("GET", "items")[1]["items"])


def test_a_signed_document_is_an_item_like_any_other(world: World, sender: Sender) -> None:
    status, body = sender.send(world.bill(external_id="doc-1", owner="anna", confidence={"total": "0.9"}))
    assert status == 201, body
    (result,) = body["results"]
    assert (result["status"], result["item"]["stage"], result["item"]["owner"]) == ("created", "ready", "anna")
    assert world.call("GET", f"items/{result['item']['id']}")[1]["external_id"] == "doc-1"


def test_the_same_message_again_is_one_item(world: World, sender: Sender) -> None:
    answers = [sender.send(world.bill(external_id="doc-1"), message="msg_1") for _ in range(4)]
    assert [status for status, _ in answers] == [201] + [200] * 3
    assert len({body["results"][0]["item"]["id"] for _, body in answers}) == 1
    assert len(stored(world)) == 1


@pytest.mark.parametrize("message", ["msg_1", pytest.param(None, marks=pytest.mark.soak)])
def test_the_same_document_a_hundred_times_at_once_is_one_item(world: World, message: str | None) -> None:
    """The same message, or each in a message of its own. While the first is dealt with the others are told to wait."""
    sender = Sender(world)
    assert sender.new_secret()[0] == 201
    bill, together = world.bill(external_id="doc-1"), Barrier(8)

    def send(number: int) -> Answered:
        if number < 8:
            together.wait(30)
        return sender.send(bill, message=message)

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(send, range(100)))
    made = [body["results"][0]["item"]["id"] for status, body in answers if status in {200, 201}]
    waits = {(status, body["code"]) for status, body in answers if status not in {200, 201}}
    assert [status for status, _ in answers].count(201) == 1
    assert waits <= ({(409, "idempotency_in_progress")} if message else set())
    assert len(made) > 50 and len(set(made)) == 1
    assert [one["id"] for one in stored(world)] == made[:1]
    assert sender.send(bill, message=message)[0] == 200


def test_a_recorded_message_brings_nothing_new_and_nothing_at_all_later(world: World, sender: Sender) -> None:
    bill, stamp = world.bill(external_id="doc-1"), int(world.service.clock.now().timestamp())
    assert [sender.send(bill, message="msg_1", stamp=stamp)[0] for _ in range(2)] == [201, 200]
    for later in (timedelta(seconds=301), timedelta(days=2)):
        sender.pass_by(later)
        refused = sender.send(bill, message="msg_1", stamp=stamp)
        assert (refused[0], refused[1]["code"]) == (401, "signature_refused")
    assert len(stored(world)) == 1


def test_a_message_for_one_company_cannot_be_sent_on_to_another(world: World, sender: Sender) -> None:
    """The signature covers the id and the body, not the address."""
    tenant, other = world.account.tenant, new_id(NOW)
    admin = Member(new_id(NOW), other, "anna", "Anna", Role.ADMIN)
    event = Event(new_id(NOW), other, NOW, "test", "account.created")
    world.service.accounts.create(Account(other, tenant, "Another company", NOW), admin, event)
    bill, stamp = world.bill(external_id="doc-1"), int(world.service.clock.now().timestamp())
    assert sender.send(bill, message="msg_1", stamp=stamp)[0] == 201
    refused = sender.send(bill, message="msg_1", stamp=stamp, account=other)
    assert (refused[0], refused[1]["code"]) == (422, "idempotency_key_reused")
    assert world.service.items.page(tenant, other, None, 10)[0] == []


def test_an_oversized_message_is_refused_unread(world: World, sender: Sender) -> None:
    large = json.dumps(world.bill()).encode() + b" " * (1 << 20)
    assert sender.send(large)[1]["code"] == "body_too_large"
    forged = sender.send(large, secret=Secret("whsec_" + "QUFB" * 8))
    assert (forged[0], forged[1]["code"]) == (413, "body_too_large")
    assert stored(world) == []


def test_the_same_document_in_other_messages_is_found_and_another_under_its_id_a_conflict(
    world: World, sender: Sender
) -> None:
    _, first = sender.send(world.bill(external_id="doc-1"))
    status, again = sender.send(world.bill(external_id="doc-1"))
    assert (status, again["results"][0]["status"]) == (200, "found")
    assert again["results"][0]["item"]["id"] == first["results"][0]["item"]["id"]
    status, other = sender.send(world.bill(external_id="doc-1", number="X-2"))
    assert (status, other["code"], other["field"]) == (409, "conflict", "external_id")
    assert other["details"]["item"] == first["results"][0]["item"]["id"]
    assert len(stored(world)) == 1


def test_a_document_without_an_id_is_known_by_its_message(world: World, sender: Sender) -> None:
    _, body = sender.send({"items": [world.bill(), world.bill(number="2")]}, message="msg_7")
    assert [one["item"]["external_id"] for one in body["results"]] == ["msg_7[0]", "msg_7[1]"]


def test_many_documents_each_have_their_own_result(world: World, sender: Sender) -> None:
    items = [world.bill(external_id="a"), world.bill(external_id="a", number="else"), world.bill(external_id="b")]
    status, body = sender.send({"items": items})
    assert status == 201
    assert [one["status"] for one in body["results"]] == ["created", "refused", "created"]


def test_forged_altered_old_and_unsigned_messages_are_refused_alike(world: World, sender: Sender) -> None:
    bill = world.bill()
    written = json.dumps(bill).encode()
    refused = [
        sender.send(bill, secret=Secret("whsec_" + "QUFB" * 8)),
        sender.send(written, sent=written.replace(b"48.00", b"84.00")),
        sender.send(written, sent=json.dumps(bill, separators=(",", ":")).encode()),
        sender.send(written, sent=written + b" "),
        sender.send(bill, age=301),
        sender.send(bill, age=-302),
        sender.send(bill, headers={"webhook-signature": ""}),
        sender.send(bill, headers={"webhook-id": "msg_other"}),
        sender.send(bill, account=new_id(NOW)),
        sender.send(b"{not json", sent=b"{not json either"),
    ]
    assert {(status, body["code"]) for status, body in refused} == {(401, "signature_refused")}
    assert stored(world) == []


def test_a_signed_message_may_be_too_large_or_no_json(world: World, sender: Sender) -> None:
    status, body = sender.send(b" " * (1 << 20) + json.dumps(world.bill()).encode())
    assert (status, body["code"]) == (413, "body_too_large")
    status, body = sender.send(b"{not json")
    assert (status, body["code"]) == (400, "invalid_json")


def test_another_tenants_secret_opens_nothing(world: World, sender: Sender, other_world: World) -> None:
    stranger = Sender(other_world)
    assert stranger.new_secret()[0] == 201
    status, body = stranger.send(world.bill(), account=world.account.id)
    assert (status, body["code"]) == (401, "signature_refused")


def test_two_secrets_are_live_at_once_and_an_ended_one_opens_nothing(world: World, sender: Sender) -> None:
    (first_id, first), *_ = sender.secrets
    status, second = sender.new_secret("key-1")
    assert status == 201 and second["secret"].startswith("whsec_")
    repeated = sender.new_secret("key-1")
    assert (repeated[0], repeated[1]["id"], repeated[1]["secret"]) == (201, second["id"], None)
    assert sender.new_secret()[1]["code"] == "inbox_secrets_full"
    assert [sender.send(world.bill(), secret=secret)[0] for secret in (first, Secret(second["secret"]))] == [201, 201]
    assert sender.manage("DELETE", f"/v1/tenant/inbox-secrets/{first_id}")[0] == 204
    assert [sender.send(world.bill(), secret=secret)[0] for secret in (first, Secret(second["secret"]))] == [401, 201]
    listed = sender.manage("GET", "/v1/tenant/inbox-secrets")[1]
    assert [set(one) for one in listed["secrets"]] == [{"id", "created_at"}]
    assert sender.manage("DELETE", f"/v1/tenant/inbox-secrets/{first_id}")[0] == 404


def test_no_secret_is_stored(world: World, sender: Sender) -> None:
    tenant = world.service.tenants.get(world.account.tenant)
    assert tenant is not None
    assert sender.secrets[0][1].reveal() not in repr(world.service.table("connections").get(*_row(tenant)))


def _row(tenant: Tenant) -> tuple[str, str]:
    return f"T#{tenant.id}", "TENANT"


def test_what_means_nothing_is_put_aside_and_the_document_stored(world: World, sender: Sender) -> None:
    east = {"dimension": "Region", "name": "East"}
    line = world.line(category={"code": "999"}, tax_rate="NOT-A-RATE", colour="red", tracking=[east])
    document = world.bill(
        external_id="doc-9",
        due_date="31.02.2026",
        mood={"of": ["the", "day"]},
        payment_method={"name": "Gold"},
        contact={"id": new_id(NOW)},
        lines=[line],
    )
    status, body = sender.send(document)
    assert status == 201, body
    item = body["results"][0]["item"]
    aside = {one["field"]: one["value"] for one in item["quarantine"]}
    assert aside == {
        "due_date": '"31.02.2026"',
        "mood": '{"of": ["the", "day"]}',
        "lines[0].colour": '"red"',
        "lines[0].category": '{"code": "999"}',
        "lines[0].tax_rate": '{"code": "NOT-A-RATE"}',
        "lines[0].tracking[0]": '{"name": "East", "dimension": "Region"}',
        "payment_method": '{"name": "Gold"}',
        "contact": aside["contact"],
    }
    assert all(one["reason"] for one in item["quarantine"])
    view = world.call("GET", f"items/{item['id']}")[1]
    named = {reason["field"] for reason in view["reasons"] if reason["code"] == "value_not_mapped"}
    assert (view["stage"], named) == ("needs_review", set(aside))
    assert sender.send(document)[1]["results"][0]["status"] == "found"


def test_a_guess_that_means_nothing_is_put_aside_too(world: World, sender: Sender) -> None:
    guess = {"category": {"code": "999"}, "tax_rate": {"code": "INPUT2"}}
    line = {"description": "Fuel", "amount": "40.00", "category": world.entries["fuel"].id}
    status, body = sender.send(world.bill(lines=[line], suggested=guess))
    assert status == 201, body
    item = body["results"][0]["item"]
    assert [(one["field"], one["value"]) for one in item["quarantine"]] == [("suggested.category", '{"code": "999"}')]
    assert item["lines"][0]["tax_rate"] == world.entries["input"].id


def test_what_was_put_aside_is_settled_by_a_person(world: World, sender: Sender) -> None:
    document = world.bill(lines=[world.line(category={"code": "999"})], mood="good")
    item = sender.send(document)[1]["results"][0]["item"]
    any_version = {"if-match": "*"}
    _, coded, _ = world.call("PATCH", f"items/{item['id']}", {"lines": [world.line()]}, headers=any_version)
    assert [one["field"] for one in coded["quarantine"]] == ["mood"]
    _, settled, _ = world.call("PATCH", f"items/{item['id']}", {"quarantine": []}, headers=any_version)
    assert (settled["quarantine"], settled["stage"]) == ([], "ready")


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"total": "1e3"}, "items[0].total"),
        ({"total": 48.0}, "items[0].total"),
        ({"type": "poem"}, "items[0].type"),
        ({"currency": "gbp"}, "items[0].currency"),
        ({"mood": "good", "total": "NaN"}, "items[0].total"),
    ],
)
def test_malformed_amounts_and_types_are_refused_by_name(
    world: World, sender: Sender, changes: dict[str, Any], field: str
) -> None:
    status, body = sender.send(world.bill(**changes))
    assert (status, body["code"], body["field"]) == (422, "invalid_request", field)
    assert stored(world) == []


def test_what_is_put_aside_is_bounded(world: World, sender: Sender) -> None:
    few = sender.send(world.bill(**{f"m{n}": "x" * 5000 for n in range(50)}))
    assert few[0] == 201 and all(len(one["value"]) == 500 for one in few[1]["results"][0]["item"]["quarantine"])
    status, body = sender.send(world.bill(**{f"m{n}": n for n in range(51)}))
    assert (status, body["code"]) == (422, "invalid_request")


def test_a_program_of_the_tenant_is_told_of_members_that_mean_nothing(world: World) -> None:
    status, body, _ = world.call("POST", "items", world.bill(mood="good"))
    assert (status, body["field"]) == (422, "items[0].mood")


def test_a_message_that_failed_may_come_again(world: World, sender: Sender) -> None:
    refused = sender.send(world.bill(integration="bill"), message="msg_3")
    assert (refused[0], refused[1]["code"]) == (409, "no_connection")
    later = sender.send(world.bill(integration="bill"), message="msg_3", age=int(timedelta(minutes=2).total_seconds()))
    assert later[1]["code"] == "no_connection"
