"""Who may do what: people by role, and every route of the description called with another tenant's ids."""

import json
from datetime import UTC, datetime
from typing import Any, Final

import pytest

from local.artifact import ROOT
from shared.domain.ids import new_id
from tests.e2e.tenants import HOME, Customer, Product, User, World, bill

DESCRIPTION: Final = json.loads((ROOT / "docs" / "openapi.json").read_text("utf-8"))
# Bodies that the description alone does not make valid; the least that it asks for does for the others.
BODIES: Final[dict[str, Any]] = {
    "NewConnection": {"provider": "xero", "return_url": f"{HOME}/done"},
    "Reconnection": {"return_url": f"{HOME}/done"},
    "NewItems": {"items": [bill()]},
    "ItemChange": {"number": "X"},
    "EntryPatch": {"visible": False},
    "NewPublication": {"items": ["0" * 26]},
    "Resolution": {"outcome": "absent"},
    "LineChoice": {"line": None},
    "NewChange": {"provider": "quickbooks", "return_url": f"{HOME}/done"},
}


def operations() -> list[tuple[str, str, dict[str, Any]]]:
    """Every route of the description that names an account, with what it says of itself."""
    return [
        (method.upper(), path, operation)
        for path, methods in DESCRIPTION["paths"].items()
        for method, operation in methods.items()
        if "{account}" in path
    ]


def body_for(operation: dict[str, Any]) -> Any:
    """A valid body: the ids in the path are what is wrong with the call."""
    if "requestBody" not in operation:
        return None
    schema = operation["requestBody"]["content"]["application/json"]["schema"]
    name = schema["$ref"].rsplit("/", 1)[-1]
    return BODIES[name] if name in BODIES else least(schema)


def least(schema: dict[str, Any]) -> Any:
    """The least value that a schema of the description takes."""
    if "$ref" in schema:
        return least(DESCRIPTION["components"]["schemas"][schema["$ref"].rsplit("/", 1)[-1]])
    if "anyOf" in schema:
        return least(schema["anyOf"][0])
    if "enum" in schema or "const" in schema:
        return schema.get("const", schema.get("enum", [None])[0])
    if schema["type"] == "object":
        properties = schema.get("properties", {})
        needed = schema.get("required", list(properties)[: schema.get("minProperties", 0)])
        return {name: least(properties[name]) for name in needed}
    if schema["type"] == "array":
        return [least(schema["items"])] * schema.get("minItems", 0)
    plain = {"string": "x" * schema.get("minLength", 1), "integer": schema.get("minimum", 0), "boolean": False}
    return plain[schema["type"]]


@pytest.fixture(scope="module")
def holder(world: World) -> Customer:
    """Somebody else's account, with one of everything in it."""
    customer = world.tenant("Holder").connected()
    customer.post("/members", {"user": "owner", "name": "Olga Owner", "role": "admin"})
    return customer


@pytest.fixture(scope="module")
def theirs(holder: Customer) -> dict[str, str]:
    """Ids of one of everything in somebody else's account."""
    item = holder.item()["id"]
    edited = holder.post("/items/bulk-edit", {"filter": {"items": [item]}, "changes": {"due_date": "2027-01-31"}})[
        "event"
    ]
    merge = holder.post("/merges", {"from": "own"})
    return {
        "account": holder.id,
        "connection": holder.connection,
        "merge": merge["id"],
        "workflow": merge["workflow"],
        "item": item,
        "publication": holder.publish([item]),
        "member": holder.get("/members")["members"][0]["id"],
        "entry": holder.entry("categories", "429")["id"],
        "rule": holder.rule("Northgate Stationers")["id"],
        "kind": "categories",
        "event": edited,
        "bulk_edit": edited,
    }


@pytest.fixture(scope="module")
def stranger(world: World) -> Product:
    return world.tenant("Stranger")


@pytest.fixture(scope="module")
def own(stranger: Product) -> Customer:
    """The stranger's own account, connected as well: what is not found is not for want of a connection."""
    return stranger.connected()


def test_the_description_has_no_id_that_these_tests_leave_out(theirs: dict[str, str]) -> None:
    named = {
        parameter["name"]
        for _, _, operation in operations()
        for parameter in operation["parameters"]
        if parameter["in"] == "path"
    }
    assert named == set(theirs)


@pytest.mark.parametrize("operation", operations(), ids=lambda one: one[2]["operationId"])
def test_another_tenants_ids_are_not_found(
    stranger: Product, own: Customer, theirs: dict[str, str], operation: tuple[str, str, dict[str, Any]]
) -> None:
    """In their account; and, where the path goes on, in an account of one's own. An id of nobody answers alike."""
    method, path, described = operation
    nobody = {**theirs, **{name: new_id_of_nobody() for name in theirs if name != "kind"}}
    # What is signed needs no token; who has no secret of theirs learns nothing of what there is.
    refusal = 401 if described.get("security") == [] else 404
    tries = [theirs, nobody]
    if any(f"{{{name}}}" in path for name in theirs if name not in {"account", "kind"}):
        tries += [{**theirs, "account": own.id}, {**nobody, "account": own.id}]
    seen = []
    for ids in tries:
        answer = stranger.api.send(method, path.format(**ids), body_for(described), **{"if-match": '"0"'})
        assert answer.status_code == refusal, f"{path.format(**ids)}: {answer.status_code} {answer.text}"
        said = answer.json()
        assert said.pop("request_id")
        seen.append(said)
    assert seen[0] == seen[1]
    assert seen[2:3] == seen[3:4]


def new_id_of_nobody() -> str:
    return new_id(datetime.now(UTC))


def test_nothing_of_it_changed_anything(holder: Customer, theirs: dict[str, str]) -> None:
    assert [one["id"] for one in holder.get("/members")["members"]] == [theirs["member"]]
    assert holder.status() == "active"
    assert holder.get()["name"] == "Hart & Sons"
    assert [one["id"] for one in holder.get("/rules")["rules"]] == [theirs["rule"]]


def test_a_list_of_accounts_shows_ones_own(stranger: Product, own: Customer) -> None:
    assert [one["id"] for one in stranger.api.call("GET", "/v1/accounts")["accounts"]] == [own.id]


# ---- people of one account, by role


@pytest.fixture(scope="module")
def people(holder: Customer) -> dict[str, User]:
    """An admin, a publisher, a viewer, somebody of a practice, and somebody who is no member."""
    roles = {
        "admin": ("admin", "business"),
        "publisher": ("publisher", "business"),
        "viewer": ("viewer", "business"),
        "practice": ("viewer", "practice"),
    }
    made = {name: holder.world.person(holder.product.id) for name in (*roles, "nobody")}
    for name, (role, kind) in roles.items():
        member = {"user": made[name].id, "name": f"Petra {name.title()}", "role": role, "kind": kind}
        holder.post("/members", member)
    return made


MANAGED: Final = (
    ("GET", "/members", None),
    ("POST", "/members", {"user": "x", "name": "X", "role": "admin"}),
    ("POST", "/connections", {"provider": "xero", "return_url": f"{HOME}/done"}),
    ("GET", "/defaults", None),
    ("DELETE", "", None),
)


@pytest.mark.parametrize("role", ["publisher", "viewer"])
def test_who_is_no_admin_is_told_who_is(holder: Customer, people: dict[str, User], role: str) -> None:
    for method, path, body in (*MANAGED, ("POST", f"{holder.at}/refresh", {}), ("GET", f"{holder.at}/settings", None)):
        answer = people[role].api.send(method, holder.path + path, body)
        problem = answer.json()
        assert (answer.status_code, problem["code"]) == (403, "admin_needed"), f"{method} {path}"
        named = {one["name"] for one in problem["details"]["admins"]}
        assert named == {"Olga Owner", "Petra Admin", "Petra Practice"}


def test_a_publisher_works_and_a_viewer_looks_on(holder: Customer, people: dict[str, User]) -> None:
    publisher, viewer = people["publisher"].api, people["viewer"].api
    made = publisher.call("POST", f"{holder.path}/items", {"items": [bill(number="ROLE-1")]})
    item = made["results"][0]["item"]["id"]
    assert viewer.call("GET", f"{holder.path}/items/{item}")["number"] == "ROLE-1"
    for method, path, body in (
        ("POST", "/items", {"items": [bill()]}),
        ("POST", f"/items/{item}/publish", None),
        ("POST", "/publications", {"items": [item]}),
        ("POST", f"/items/{item}/document", {"file_name": "a.pdf", "size": 10}),
    ):
        answer = viewer.send(method, holder.path + path, body)
        assert (answer.status_code, answer.json()["code"]) == (403, "publisher_needed"), f"{method} {path}"
        assert {one["name"] for one in answer.json()["details"]["admins"]} >= {"Olga Owner"}
    assert publisher.send("POST", f"{holder.path}/items/{item}/publish").status_code == 202
    assert holder.await_stage(item, "published")["published"]["document_id"]


def test_what_an_account_says_the_caller_may(holder: Customer, people: dict[str, User]) -> None:
    may = {name: people[name].api.send("GET", holder.path) for name in people}
    assert may["admin"].json()["may"] == ["manage", "read", "work"]
    assert may["practice"].json()["may"] == ["manage", "read", "work"]
    assert may["publisher"].json()["may"] == ["read", "work"]
    assert may["viewer"].json()["may"] == ["read"]
    assert may["nobody"].status_code == 404


def test_others_see_provider_organisation_and_status_only(holder: Customer, people: dict[str, User]) -> None:
    path = holder.path + holder.at
    seen = people["viewer"].api.call("GET", path)
    assert (seen["provider"], seen["status"], seen["organisation"]["name"]) == ("xero", "active", holder.organisation)
    assert (seen["created_by"], seen["consent_expires_at"], seen["activated_at"]) == (None, None, None)
    assert people["practice"].api.call("GET", path)["activated_at"]


def test_somebody_of_a_practice_is_an_admin_where_listed_and_nobody_elsewhere(
    holder: Customer, people: dict[str, User]
) -> None:
    practice = people["practice"].api
    assert practice.send("GET", f"{holder.path}/members").status_code == 200
    elsewhere = holder.product.account("Another client")
    assert practice.send("GET", elsewhere.path).status_code == 404
    assert [one["id"] for one in practice.call("GET", "/v1/accounts")["accounts"]] == [holder.id]


def test_people_of_the_pool_without_a_tenant_and_tokens_of_nobody_are_refused(world: World, holder: Customer) -> None:
    forged = holder.product.token[:-6] + "aaaaaa"
    outsider = world.person(None).token
    for token in ("x", forged, outsider):
        answer = holder.api.send("GET", holder.path, authorization=f"Bearer {token}")
        assert answer.status_code == 403, answer.text


def test_the_last_admin_stays(world: World) -> None:
    customer = world.tenant("Last").account()
    first = customer.post("/members", {"user": "a", "name": "Ada", "role": "admin"})
    version = {"if-match": f'"{first["version"]}"'}
    assert customer.refused("DELETE", f"/members/{first['id']}") == (409, "last_admin")
    assert customer.refused("PATCH", f"/members/{first['id']}", {"role": "viewer"}, **version) == (409, "last_admin")
    customer.post("/members", {"user": "b", "name": "Ben", "role": "admin"})
    assert customer.send("DELETE", f"/members/{first['id']}").status_code == 204
