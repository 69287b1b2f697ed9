"""What every route has in common: bodies, versions, repeats, cursors, problems."""

import json
from dataclasses import replace

from shared.aws.entry import entry
from shared.aws.http import Answer, Request, Route
from shared.usecases.gate import GATE
from shared.usecases.service import Service
from tests.integration.connect.conftest import World

KING = '{"name": "a", "first_member": {"user": "u", "name": "n", "role": "king"}}'


BAD_BODIES = [
    ("{", 400, "invalid_json", None),
    ("", 422, "invalid_request", "name"),
    ("[]", 422, "invalid_request", None),
    ('{"name": 7}', 422, "invalid_request", "name"),
    ('{"name": ""}', 422, "invalid_request", "name"),
    ('{"name": " \\u0000 "}', 422, "invalid_request", "name"),
    ('{"name": "a", "tenant": "other"}', 422, "invalid_request", "tenant"),
    (KING, 422, "invalid_request", "first_member.role"),
    ('{"name": "\\ud800"}', 400, "invalid_json", None),
    ("[" * 100_000, 400, "invalid_json", None),
    (json.dumps({"name": "a" * (1 << 20)}), 413, "body_too_large", None),
]


def test_bad_bodies(world: World) -> None:
    for raw, status, code, field in BAD_BODIES:
        reply = world.call("POST", "/v1/accounts", raw=raw)
        assert (reply.status, reply.code, reply.json.get("field")) == (status, code, field), raw[:80]
        assert reply.headers["content-type"] == "application/problem+json"
        assert reply.json["request_id"] == "request-1" and reply.json["cause"] and reply.json["remedy"]


def test_every_problem_of_a_body_is_named(world: World) -> None:
    reply = world.call("POST", "/v1/accounts", {"name": "", "colour": "red"})
    assert {one["field"] for one in reply.json["problems"]} == {"name", "colour"}


def test_a_query_that_the_route_does_not_know_is_refused(world: World) -> None:
    assert world.call("GET", "/v1/accounts?limit=0").json["field"] == "limit"
    assert world.call("GET", "/v1/accounts?colour=red").json["field"] == "colour"
    assert world.call("GET", "/v1/tenant?x=1").code == "invalid_request"


def test_without_a_caller_there_is_nothing(world: World) -> None:
    assert world.call("GET", "/v1/tenant", by={}).status == 401
    assert world.call("GET", "/v1/nowhere").code == "not_found"


def test_versions(world: World) -> None:
    read = world.call("GET", "/v1/tenant")
    body = {"consent_limit_days": None}
    assert world.call("PATCH", "/v1/tenant", body).code == "precondition_required"
    assert world.call("PATCH", "/v1/tenant", body, if_match="rubbish").code == "precondition_failed"
    assert world.call("PATCH", "/v1/tenant", body, if_match='"99"').code == "precondition_failed"
    changed = world.call("PATCH", "/v1/tenant", body, if_match=read.headers["etag"])
    assert (changed.status, changed.json["consent_limit_days"]) == (200, None)
    assert changed.headers["etag"] != read.headers["etag"]
    assert world.call("PATCH", "/v1/tenant", body, if_match=read.headers["etag"]).code == "precondition_failed"
    assert world.call("PATCH", "/v1/tenant", {}, if_match="*").code == "invalid_request"
    assert world.call("PATCH", "/v1/tenant", {"return_urls": None}, if_match="*").json["field"] == "return_urls"
    refused = world.call("PATCH", "/v1/tenant", {"return_urls": ["http://x.example"]}, if_match="*")
    assert (refused.status, refused.json["field"]) == (422, "return_urls[0]")


def test_a_repeated_post_is_answered_as_the_first(world: World) -> None:
    first = world.call("POST", "/v1/accounts", {"name": "One"}, idempotency_key="k")
    again = world.call("POST", "/v1/accounts", {"name": "One"}, idempotency_key="k")
    assert first.json["id"] == again.json["id"] and again.status == 201
    assert world.call("POST", "/v1/accounts", {"name": "Two"}, idempotency_key="k").code == "idempotency_key_reused"
    other = world.call(
        "POST", "/v1/accounts", {"name": "Two"}, idempotency_key="k", by=world.machine(world.other_tenant)
    )
    assert other.status == 201 and other.json["id"] != first.json["id"]
    assert world.call("POST", "/v1/accounts", {"name": "x"}, idempotency_key="has space").code == "invalid_request"


def test_a_failed_post_may_be_repeated_and_keeps_its_id(world: World) -> None:
    seen: list[str] = []

    def fragile(service: Service, request: Request) -> Answer:
        seen.append(request.resource_id)
        if len(seen) == 1:
            raise RuntimeError("killed")
        return Answer(outcome={"tries": len(seen)})

    def rebuild(service: Service, request: Request, outcome: object) -> Answer:
        seen.append(f"rebuilt {outcome} {request.resource_id}")
        return Answer()

    route = Route("POST", "/v1/fragile", fragile, "Breaks once", rebuild=rebuild, status=204)
    world.app = entry([route], replace(GATE, service=lambda: world.service))
    assert world.call("POST", "/v1/fragile", idempotency_key="k").code == "internal"
    assert world.call("POST", "/v1/fragile", idempotency_key="k").status == 204
    assert world.call("POST", "/v1/fragile", idempotency_key="k").status == 204
    assert seen[0] == seen[1]
    assert seen[2] == f"rebuilt {{'tries': 2, 'status': 204}} {seen[0]}"


def test_a_second_request_while_the_first_runs_is_told_to_wait(world: World) -> None:
    replies = []

    def slow(service: Service, request: Request) -> Answer:
        replies.append(world.call("POST", "/v1/slow", idempotency_key="k"))
        return Answer()

    route = Route("POST", "/v1/slow", slow, "Meets itself", rebuild=lambda *_: Answer(), status=204)
    world.app = entry([route], replace(GATE, service=lambda: world.service))
    assert world.call("POST", "/v1/slow", idempotency_key="k").status == 204
    (second,) = replies
    assert (second.status, second.code) == (409, "idempotency_in_progress")
    assert 1 <= int(second.headers["retry-after"]) <= 61


def test_an_unknown_failure_says_nothing_but_its_request(world: World) -> None:
    def broken(service: Service, request: Request) -> Answer:
        raise RuntimeError("secret inner words")

    world.app = entry([Route("GET", "/v1/broken", broken, "Breaks")], replace(GATE, service=lambda: world.service))
    reply = world.call("GET", "/v1/broken")
    assert (reply.status, reply.code, reply.json["request_id"]) == (500, "internal", "request-1")
    assert "inner" not in reply.text


def test_pages_and_their_cursors(world: World) -> None:
    made = [world.account() for _ in range(5)]
    first = world.call("GET", "/v1/accounts?limit=2").json
    cursor = first["next_cursor"]
    second = world.call("GET", f"/v1/accounts?limit=2&cursor={cursor}").json
    third = world.call("GET", f"/v1/accounts?limit=2&cursor={second['next_cursor']}").json
    found = [one["id"] for page in (first, second, third) for one in page["accounts"]]
    assert sorted(found) == sorted(made) and third["next_cursor"] is None

    def refused(path: str, **more: object) -> bool:
        return world.call("GET", path, **more).code == "invalid_cursor"  # type: ignore[arg-type]

    changed = cursor[:-2] + ("A" if cursor[-2] != "A" else "B") + cursor[-1]
    assert refused(f"/v1/accounts?cursor={changed}")
    assert refused(f"/v1/accounts?cursor={cursor}&attention=true")
    assert refused(f"/v1/accounts?cursor={cursor}", by=world.machine(world.other_tenant))
    assert refused(f"/v1/accounts/{made[0]}/events?cursor={cursor}")
    from datetime import timedelta

    world.time.ahead += timedelta(hours=25)
    assert refused(f"/v1/accounts?cursor={cursor}")


def test_settings_and_defaults(world: World) -> None:
    account = world.account()
    connection = world.connected(account)
    path = f"/v1/accounts/{account}/connections/{connection.id}/settings"
    read = world.call("GET", path)
    changed = world.call("PATCH", path, {"publish_as": "draft"}, if_match=read.headers["etag"])
    assert (changed.status, changed.json["publish_as"], changed.headers["etag"]) == (200, "draft", '"1"')
    assert world.call("PATCH", path, {"publish_as": "draft"}, if_match=read.headers["etag"]).status == 412
    body = {"costs_destination": "expense_claims", "default_costs_tax_rate": "01J00000000000000000000000"}
    refused = world.call("PATCH", path, body, if_match="*")
    assert {(one["code"], one["field"]) for one in refused.json["problems"]} == {
        ("destination_not_offered", "costs_destination"),
        ("tax_rate_not_found", "default_costs_tax_rate"),
    }
    defaults = f"/v1/accounts/{account}/defaults"
    assert world.call("PATCH", defaults, {"publishing_integration": "bill"}, if_match="*").code == "no_connection"
    chosen = world.call("PATCH", defaults, {"publishing_integration": "main"}, if_match="*")
    assert chosen.json["publishing_integration"] == "main"
    assert world.call("DELETE", f"/v1/accounts/{account}").code == "main_connection_exists"


def test_an_account_taken_out_of_use_is_gone(world: World) -> None:
    account = world.account()
    assert world.call("DELETE", f"/v1/accounts/{account}").status == 204
    assert world.call("GET", f"/v1/accounts/{account}").status == 404
    assert world.call("GET", "/v1/accounts").json["accounts"] == []


def test_catalogue_and_description_are_served(world: World) -> None:
    providers = world.call("GET", "/v1/providers").json["providers"]
    assert providers[0]["name"] == "xero" and providers[0]["steps"] and providers[0]["cannot"]
    errors = {one["code"]: one for one in world.call("GET", "/v1/errors").json["errors"]}
    assert errors["period_locked"]["class"] == "lock" and errors["period_locked"]["remedy"]
    assert world.call("GET", "/v1/openapi.json", by={}).json["openapi"] == "3.1.0"
    page = world.call("GET", "/docs", by={})
    assert page.headers["content-type"].startswith("text/html") and "https://" not in page.text
