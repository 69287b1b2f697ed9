"""Who may see and do what: every route of this area, for strangers, viewers, publishers, admins and practices."""

import pytest

from functions.connect import oauth_routes, routes
from shared.aws.http import Route
from shared.domain.accounts import Capability
from shared.domain.ids import new_id
from tests.integration.connect.conftest import HOME, World

EVERYTHING = ["manage", "read", "work"]
EVERY = [route for route in [*routes.ROUTES, *oauth_routes.ROUTES] if "account" in route.parameters]
BODIES = {
    "/v1/accounts/{account}/members": {"user": "eve", "name": "Eve", "role": "admin"},
    "/v1/accounts/{account}/members/{member}": {"name": "Eve"},
    "/v1/accounts/{account}/connections": {"provider": "xero", "return_url": HOME},
    "/v1/accounts/{account}/connections/{connection}/settings": {"attach_files": False},
    "/v1/accounts/{account}/defaults": {"publishing_integration": "main"},
    "/v1/accounts/{account}/connections/{connection}/redeem": {"result_code": "x"},
    "/v1/accounts/{account}/connections/{connection}/organisation": {"organisation_id": "x"},
    "/v1/accounts/{account}/connections/{connection}/reconnect": {"return_url": HOME},
}


def named(route: Route) -> str:
    return f"{route.method} {route.path}"


def path_of(route: Route, world: World, account: str) -> str:
    ids = {name: new_id(world.time()) for name in route.parameters} | {"account": account}
    return route.path.format(**ids)


def test_another_tenants_account_is_like_one_that_was_never_there(world: World) -> None:
    account, unknown_id = world.account(), new_id(world.time())
    stranger = world.machine(world.other_tenant)
    for route in EVERY:
        body = BODIES.get(route.path)
        foreign = world.call(route.method, path_of(route, world, account), body, by=stranger, if_match="*")
        unknown = world.call(route.method, path_of(route, world, unknown_id), body, by=stranger, if_match="*")
        assert foreign.status == unknown.status == 404, named(route)
        assert foreign.json == unknown.json, named(route)


def test_people_do_what_their_role_allows(world: World) -> None:
    account = world.account(first_member={"user": "ann", "name": "Ann", "role": "admin", "email": "ann@example.com"})
    for user, role in (("vic", "viewer"), ("pat", "publisher")):
        world.call("POST", f"/v1/accounts/{account}/members", {"user": user, "name": user, "role": role})
    for route in EVERY:
        for user in ("vic", "pat"):
            reply = world.call(
                route.method,
                path_of(route, world, account),
                BODIES.get(route.path),
                by=world.person(user),
                if_match="*",
            )
            if route.capability is Capability.MANAGE:
                assert (reply.status, reply.code) == (403, "admin_needed"), named(route)
                (admin,) = reply.json["details"]["admins"]
                assert admin == {"user": "ann", "name": "Ann", "email": "ann@example.com"}
            else:
                assert reply.status in {200, 404}, named(route)


def test_an_admin_may_everything_and_who_is_not_listed_sees_nothing(world: World) -> None:
    people = {"user": "ann", "name": "Ann", "role": "admin"}
    for route in EVERY:
        account = world.account(first_member=people)
        path, body = path_of(route, world, account), BODIES.get(route.path)
        assert world.call(route.method, path, body, by=world.person("nobody"), if_match="*").status == 404, named(route)
        assert world.call(route.method, path, body, by=world.person("ann"), if_match="*").status != 403, named(route)


def test_a_machine_does_what_its_scopes_allow(world: World) -> None:
    account = world.account()
    reader = world.machine(world.tenant, "ledgerbridge/read")
    assert world.call("GET", f"/v1/accounts/{account}", by=reader).json["may"] == ["read"]
    body = {"provider": "xero", "return_url": HOME}
    refused = world.call("POST", f"/v1/accounts/{account}/connections", body, by=reader)
    assert (refused.status, refused.code) == (403, "scope_missing")
    assert refused.json["details"]["scope"] == "ledgerbridge/manage"
    assert world.call("POST", "/v1/accounts", {"name": "x"}, by=reader).code == "scope_missing"
    nothing = world.machine(world.tenant, "")
    assert world.call("GET", "/v1/accounts", by=nothing).code == "scope_missing"


def test_a_practice_person_is_an_admin_where_listed(world: World) -> None:
    account = world.account(first_member={"user": "acc", "name": "A", "role": "viewer", "kind": "practice"})
    assert world.call("GET", f"/v1/accounts/{account}", by=world.person("acc")).json["may"] == [
        "manage",
        "read",
        "work",
    ]


def test_a_person_sees_only_the_accounts_where_listed(world: World) -> None:
    mine = world.account(first_member={"user": "ann", "name": "Ann", "role": "viewer"})
    world.account()
    listed = world.call("GET", "/v1/accounts", by=world.person("ann")).json["accounts"]
    assert [one["id"] for one in listed] == [mine]


def test_somebody_who_may_not_manage_sees_provider_organisation_and_status_only(world: World) -> None:
    account = world.account(first_member={"user": "vic", "name": "Vic", "role": "viewer"})
    connection = world.connected(account)
    seen = world.call("GET", f"/v1/accounts/{account}/connections/{connection.id}", by=world.person("vic")).json
    assert seen["provider"] == "xero" and seen["organisation"]["name"] and seen["status"] == "importing"
    assert seen["created_by"] is None and seen["consent_expires_at"] is None


def test_the_last_admin_stays(world: World) -> None:
    account = world.account(first_member={"user": "ann", "name": "Ann", "role": "admin"})
    path = f"/v1/accounts/{account}/members"
    (ann,) = world.call("GET", path).json["members"]
    assert world.call("DELETE", f"{path}/{ann['id']}").code == "last_admin"
    lower = {"role": "viewer"}
    assert world.call("PATCH", f"{path}/{ann['id']}", lower, if_match=f'"{ann["version"]}"').code == "last_admin"
    bob = world.call("POST", path, {"user": "bob", "name": "Bob", "role": "admin"})
    assert bob.status == 201
    changed = world.call("PATCH", f"{path}/{ann['id']}", lower, if_match=f'"{ann["version"]}"')
    assert (changed.status, changed.json["role"]) == (200, "viewer")
    assert (
        world.call("PATCH", f"{path}/{ann['id']}", lower, if_match=f'"{ann["version"]}"').code == "precondition_failed"
    )
    assert world.call("DELETE", f"{path}/{bob.json['id']}").code == "last_admin"
    assert world.call("POST", path, {"user": "bob", "name": "Bob", "role": "viewer"}).code == "conflict"


@pytest.mark.parametrize(
    "bad", ["not-an-id", "01J0000000000000000000000", "T%23x", "..", "01J00000000000000000000000%23A"]
)
def test_what_is_no_id_is_not_found(world: World, bad: str) -> None:
    assert world.call("GET", f"/v1/accounts/{bad}").code == "not_found"


def test_whom_a_machine_acts_for_is_recorded_and_cannot_be_said_by_a_person(world: World) -> None:
    account = world.account(first_member={"user": "ann", "name": "Ann", "role": "admin"})
    body = {"user": "bob", "name": "Bob", "role": "viewer"}
    world.call("POST", f"/v1/accounts/{account}/members", body, on_behalf_of="carol")
    world.call(
        "POST", f"/v1/accounts/{account}/members", body | {"user": "dan"}, by=world.person("ann"), on_behalf_of="carol"
    )
    actors = [event.actor for event in world.events(account) if event.kind == "member.added"]
    assert actors == ["ann", "client-1 for carol"]
    assert world.call("GET", "/v1/tenant", on_behalf_of="a\nb").code == "invalid_request"
