"""Lists over HTTP: what callers see, make, change, hide and restore."""

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from functions.refresh.app import ROUTES
from shared.aws.entry import entry
from shared.aws.signing import Signer
from shared.domain.ids import new_id
from shared.domain.lists import Book, Entry, EntryStatus, Kind
from shared.usecases.gate import GATE
from shared.usecases.refresh_lists import refresh_lists
from tests.integration.refresh.conftest import GROUPS, World, said
from tests.integration.refresh.test_refresh_lists import request

SCOPES = "ledgerbridge/read ledgerbridge/work ledgerbridge/manage"


class Api:
    """Calls the area's handler as API Gateway does; `etag` is of the last answer. If-Match is * unless a test says."""

    def __init__(self, world: World) -> None:
        world.service.signer = Signer(lambda: b"key")  # type: ignore[misc]
        texts = {**world.service.settings.texts, "api_base_url": "http://localhost"}
        world.service.settings = replace(world.service.settings, texts=texts)
        self.world = world
        self.etag = ""
        self.handler = entry(ROUTES, replace(GATE, service=lambda: world.service))

    def __call__(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        tenant: str | None = None,
        scopes: str = SCOPES,
        headers: dict[str, str | None] | None = None,
        **query: str,
    ) -> tuple[int, Any]:
        caller = {"tenant": tenant or self.world.tenant, "subject": "client", "is_machine": True, "scopes": scopes}
        path = f"/v1/accounts/{self.world.account_id}{path}"
        sent: dict[str, str | None] = {"if-match": "*", **(headers or {})}
        event = {
            "version": "2.0",
            "routeKey": f"{method} {path}",
            "rawPath": path,
            "headers": {name: value for name, value in sent.items() if value is not None},
            "queryStringParameters": query or None,
            "requestContext": {
                "requestId": "r-1",
                "http": {"method": method, "path": path},
                "authorizer": {"lambda": caller},
                "stage": "$default",
            },
            "body": body if isinstance(body, str) else json.dumps(body) if body is not None else None,
            "isBase64Encoded": False,
        }
        answer = self.handler(event, None)
        self.etag = answer["headers"].get("etag", "")
        return answer["statusCode"], json.loads(answer["body"]) if answer["body"] else None


@pytest.fixture
def api(world: World) -> Api:
    return Api(world)


@pytest.fixture
def connected(world: World) -> World:
    world.provider.pages[GROUPS[0]] = [[said(Kind.CATEGORIES, "k1", code="400"), said(Kind.BANK_ACCOUNTS, "b1")]]
    world.time.pass_by(seconds=1)
    refresh_lists(world.service, request(world), world.deadline)
    bank = said(Kind.BANK_ACCOUNTS, "b1", "Current account")
    book = world.connection.book
    world.service.lists.write(book, Kind.BANK_ACCOUNTS, [replace(bank, id=book.entry_id(Kind.BANK_ACCOUNTS, "b1"))])
    world.messages()
    return world


def test_every_list_with_count_and_health(connected: World, api: Api) -> None:
    status, body = api("GET", "/lists")
    assert status == 200
    lists = {one["kind"]: one for one in body["lists"]}
    assert lists["suppliers"]["entries"] == 3
    assert lists["suppliers"]["problem"] is None
    assert lists["suppliers"]["last_good_at"]
    assert lists["payment_methods"]["source"] == "own"


def test_search_status_and_pages(connected: World, api: Api) -> None:
    found = []
    cursor: dict[str, str] = {}
    while True:
        status, body = api("GET", "/lists/suppliers", limit="1", **cursor)
        assert status == 200
        found += [one["provider_id"] for one in body["entries"]]
        if body["next_cursor"] is None:
            break
        cursor = {"cursor": body["next_cursor"]}
    assert sorted(found) == ["c1", "c2", "c3"]
    _, body = api("GET", "/lists/categories", q="400")
    assert [one["code"] for one in body["entries"]] == ["400"]
    _, body = api("GET", "/lists/suppliers", status="inactive")
    assert body["entries"] == []
    assert api("GET", "/lists/suppliers", cursor="x")[0] == 400
    assert api("GET", "/lists/nothing")[0] == 404
    assert api("GET", "/lists/suppliers", status="gone")[0] == 422


def test_a_payment_method_is_linked_to_a_bank_account_of_the_book(connected: World, api: Api) -> None:
    bank = connected.entry(Kind.BANK_ACCOUNTS, "b1")
    status, method = api("POST", "/lists/payment_methods", {"name": "Company card"})
    assert (status, method["own"], method["bank_accounts"]) == (201, True, None)
    before = connected.account.coding_version
    read = {"if-match": f'"{method["version"]}"'}
    status, linked = api("PATCH", f"/lists/payment_methods/{method['id']}", {"bank_account": bank.id}, headers=read)
    assert (status, linked["bank_accounts"]) == (200, {"xero:org-1": bank.id})
    assert connected.account.coding_version > before
    assert [body["kind"] for body, _ in connected.messages()] == ["recheck"]
    assert [event.kind for event in connected.events("entry.changed")] == ["entry.changed"]
    wrong = connected.entry(Kind.CATEGORIES, "k1").id
    status, problem = api("PATCH", f"/lists/payment_methods/{method['id']}", {"bank_account": wrong})
    assert (status, problem["code"], problem["field"]) == (409, "bank_account_not_found", "bank_account")
    _, unlinked = api("PATCH", f"/lists/payment_methods/{method['id']}", {"bank_account": None})
    assert not unlinked["bank_accounts"]


def test_a_new_supplier_is_made_once_per_name(connected: World, api: Api) -> None:
    key = {"idempotency-key": "k-1"}
    status, made = api("POST", "/lists/suppliers", {"name": "Corner  Shop", "email": "a@b.example"}, headers=key)
    assert (status, made["name"], made["provider_id"]) == (201, "Corner Shop", None)
    assert api("POST", "/lists/suppliers", {"name": "Corner  Shop", "email": "a@b.example"}, headers=key)[1] == made
    status, problem = api("POST", "/lists/suppliers", {"name": "corner shop"})
    assert (status, problem["code"]) == (409, "supplier_name_taken")
    assert problem["details"]["entry"] == made["id"]


def test_lists_of_the_provider_take_no_entries_of_our_own(connected: World, api: Api) -> None:
    assert api("POST", "/lists/categories", {"name": "Travel"})[1]["code"] == "list_has_no_entries_of_own"
    entry_id = connected.entry(Kind.CATEGORIES, "k1").id
    status, problem = api("PATCH", f"/lists/categories/{entry_id}", {"name": "Travel"})
    assert (status, problem["code"]) == (409, "list_has_no_entries_of_own")


def test_without_a_connection_lists_are_kept_by_hand(world: World, api: Api) -> None:
    status, made = api("POST", "/lists/categories", {"name": "Travel", "code": "500"})
    assert status == 201
    own = Book.own(world.tenant, world.account_id)
    assert world.service.lists.entry(own, Kind.CATEGORIES, made["id"]) is not None
    _, body = api("GET", "/lists")
    assert {one["source"] for one in body["lists"]} == {"own"}
    assert api("POST", "/lists/categories/reload", {})[1]["code"] == "no_connection"


def test_without_a_connection_every_list_that_makes_sense_is_kept_by_hand(world: World, api: Api) -> None:
    rate = api("POST", "/lists/tax_rates", {"name": "20%", "rate": "20"})[1]
    assert rate["values"] == {"rate": "20"}
    region = api("POST", "/lists/dimensions", {"name": "Region"})[1]
    north = api("POST", "/lists/dimensions", {"name": "North", "parent": region["id"]})[1]
    assert north["parent"] == region["id"]
    bank = api("POST", "/lists/bank_accounts", {"name": "Current", "currency": "GBP"})[1]
    card = api("POST", "/lists/payment_methods", {"name": "Card", "bank_account": bank["id"]})[1]
    assert card["bank_accounts"] == {f"own:{world.account_id}": bank["id"]}
    for kind, body, field in (
        ("dimensions", {"name": "Deeper", "parent": north["id"]}, "parent"),
        ("projects", {"name": "Roof", "parent": region["id"]}, "parent"),
        ("projects", {"name": "Roof", "rate": "20"}, "rate"),
    ):
        status, problem = api("POST", f"/lists/{kind}", body)
        assert (status, problem["field"]) == (422, field)
    assert api("POST", "/lists/users", {"name": "Anna"})[1]["code"] == "list_has_no_entries_of_own"
    assert {one["kind"] for one in api("GET", "/lists")[1]["lists"] if one["entries"]} == {
        "tax_rates", "dimensions", "bank_accounts", "payment_methods",
    }  # fmt: skip


def test_deleted_here_is_inactive_until_restored_whatever_a_refresh_says(connected: World, api: Api) -> None:
    entry_id = connected.entry(Kind.CATEGORIES, "k1").id
    status, deleted = api("DELETE", f"/lists/categories/{entry_id}")
    assert (status, deleted["status"]) == (200, "inactive")
    connected.provider.pages[GROUPS[0]][0][0] = said(Kind.CATEGORIES, "k1", "Renamed")
    connected.time.pass_by(seconds=1)
    refresh_lists(connected.service, request(connected, full=True), connected.deadline)
    _, after = api("GET", f"/lists/categories/{entry_id}")
    assert (after["name"], after["status"]) == ("Renamed", "inactive")
    _, restored = api("PATCH", f"/lists/categories/{entry_id}", {"status": "active"})
    assert restored["status"] == "active"


@pytest.mark.parametrize("full", [True, False])
def test_a_supplier_deleted_here_returns_while_the_software_has_it(connected: World, api: Api, full: bool) -> None:
    kept, gone = (connected.entry(Kind.SUPPLIERS, one).id for one in ("c1", "c2"))
    for one in (kept, gone):
        assert api("DELETE", f"/lists/suppliers/{one}")[1]["status"] == "inactive"
    if full:
        connected.provider.pages[GROUPS[1]][0][1] = said(Kind.SUPPLIERS, "c2", active=False)
    before = connected.account.coding_version
    connected.time.pass_by(seconds=1)
    refresh_lists(connected.service, request(connected, full=full), connected.deadline)
    assert api("GET", f"/lists/suppliers/{kept}")[1]["status"] == "active"
    assert api("GET", f"/lists/suppliers/{gone}")[1]["status"] == ("inactive" if full else "active")
    assert connected.account.coding_version > before


def test_one_deleted_while_a_refresh_runs_stays_so_until_the_next(connected: World, api: Api) -> None:
    entry_id = connected.entry(Kind.SUPPLIERS, "c1").id

    def delete(group: tuple[Kind, ...], page: int) -> None:
        if group == GROUPS[1] and page == 1:
            connected.time.pass_by(seconds=1)
            api("DELETE", f"/lists/suppliers/{entry_id}")

    connected.provider.before_page = delete
    connected.time.pass_by(seconds=1)
    refresh_lists(connected.service, request(connected, full=True), connected.deadline)
    assert api("GET", f"/lists/suppliers/{entry_id}")[1]["status"] == "inactive"
    connected.provider.before_page = None
    connected.time.pass_by(seconds=1)
    refresh_lists(connected.service, request(connected, full=True), connected.deadline)
    assert api("GET", f"/lists/suppliers/{entry_id}")[1]["status"] == "active"


@pytest.mark.parametrize("kind", [Kind.SUPPLIERS, Kind.PAYMENT_METHODS])
def test_a_change_names_the_version_that_was_read(connected: World, api: Api, kind: Kind) -> None:
    if kind is Kind.SUPPLIERS:
        entry_id = connected.entry(kind, "c1").id
    else:
        entry_id = api("POST", f"/lists/{kind}", {"name": "Card"})[1]["id"]
    path = f"/lists/{kind}/{entry_id}"
    before = api("GET", path)[1]
    read = {"if-match": api.etag}
    assert api.etag == f'"{before["version"]}"'
    assert api("PATCH", path, {"visible": False}, headers={"if-match": ""})[1]["code"] == "precondition_failed"
    changed = api("PATCH", path, {"visible": False}, headers=read)[1]
    assert changed["visible"] is False
    assert changed["version"] != before["version"]
    status, problem = api("PATCH", path, {"status": "inactive"}, headers=read)
    assert (status, problem["code"], problem["details"]) == (
        412,
        "precondition_failed",
        {"current": changed["version"]},
    )
    assert api("GET", path)[1]["status"] == "active"


def test_a_change_without_a_version_is_not_taken(connected: World, api: Api) -> None:
    path = f"/lists/categories/{connected.entry(Kind.CATEGORIES, 'k1').id}"
    assert api("PATCH", path, {"visible": False}, headers={"if-match": None})[1]["code"] == "precondition_required"


def test_what_is_inactive_there_is_not_restored_here(connected: World, api: Api) -> None:
    connected.provider.pages[GROUPS[1]][0][0] = said(Kind.SUPPLIERS, "c1", active=False)
    connected.time.pass_by(seconds=1)
    refresh_lists(connected.service, request(connected, full=True), connected.deadline)
    entry_id = connected.entry(Kind.SUPPLIERS, "c1").id
    status, problem = api("PATCH", f"/lists/suppliers/{entry_id}", {"status": "active"})
    assert (status, problem["code"]) == (409, "list_has_no_entries_of_own")


def test_hidden_stays_hidden(connected: World, api: Api) -> None:
    entry_id = connected.entry(Kind.CATEGORIES, "k1").id
    assert api("PATCH", f"/lists/categories/{entry_id}", {"visible": False})[1]["visible"] is False
    connected.provider.pages[GROUPS[0]][0][0] = said(Kind.CATEGORIES, "k1", "Renamed", code="400")
    connected.time.pass_by(seconds=1)
    refresh_lists(connected.service, request(connected), connected.deadline)
    assert connected.entry(Kind.CATEGORIES, "k1").visible is False


@pytest.mark.parametrize(
    "body",
    [{}, {"name": ""}, {"name": " "}, {"name": 5}, {"name": "x" * 256}, {"status": "gone"}, {"bank_account": "x"},
     {"other": 1}, {"name": "a\x00b"}, {"currency": "pounds"}, []],
)  # fmt: skip
def test_bad_bodies_are_named(connected: World, api: Api, body: Any) -> None:
    entry_id = connected.entry(Kind.CATEGORIES, "k1").id
    status, problem = api("PATCH", f"/lists/categories/{entry_id}", body)
    assert (status, problem["code"]) == (422, "invalid_request")


def test_refresh_and_reload_are_accepted_once(connected: World, api: Api) -> None:
    key = {"idempotency-key": "k-2"}
    status, asked = api("POST", f"/connections/{connected.connection_id}/refresh", {}, headers=key)
    assert (status, asked["status"]) == (202, "queued")
    assert api("POST", f"/connections/{connected.connection_id}/refresh", {}, headers=key)[1] == asked
    ((body, delay),) = connected.messages()
    assert (body["refresh"], body["kinds"], delay) == (asked["refresh"], "all", 0)
    status, _ = api("POST", "/lists/suppliers/reload", {})
    ((body, _),) = connected.messages()
    assert (status, body["kinds"], body["full"]) == (202, ["suppliers"], True)


def test_others_see_nothing_and_readers_change_nothing(connected: World, api: Api) -> None:
    entry_id = connected.entry(Kind.CATEGORIES, "k1").id
    calls: list[tuple[str, str, Any]] = [
        ("GET", "/lists", None),
        ("GET", "/lists/categories", None),
        ("GET", f"/lists/categories/{entry_id}", None),
        ("POST", "/lists/suppliers", {"name": "x"}),
        ("PATCH", f"/lists/categories/{entry_id}", {"visible": True}),
        ("DELETE", f"/lists/categories/{entry_id}", None),
        ("POST", "/lists/categories/reload", {}),
        ("POST", f"/connections/{connected.connection_id}/refresh", {}),
    ]
    for method, path, body in calls:
        assert api(method, path, body, tenant="OTHER")[0] == 404
        if method != "GET":
            status, problem = api(method, path, body, scopes="ledgerbridge/read ledgerbridge/work")
            assert (status, problem["code"]) == (403, "scope_missing")
    assert api("GET", f"/lists/categories/{new_id(connected.time.at)}")[0] == 404
    assert api("GET", "/lists/categories/nothing")[0] == 404
    assert api("GET", "/lists", connection=new_id(connected.time.at + timedelta(1)))[0] == 404


def test_a_survivor_is_shown(connected: World, api: Api) -> None:
    book = connected.connection.book
    entry_id = book.entry_id(Kind.SUPPLIERS, "c2")
    merged = Entry(entry_id, Kind.SUPPLIERS, "Old", status=EntryStatus.INACTIVE, provider_id="c2", survivor="S")
    connected.service.lists.write(book, Kind.SUPPLIERS, [merged])
    assert api("GET", f"/lists/suppliers/{entry_id}")[1]["survivor"] == "S"
