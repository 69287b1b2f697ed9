"""Connecting, refreshing, merging and disconnecting are for admins; people of a practice are admins where listed."""

from dataclasses import replace
from typing import Any

import pytest

from rehearsal.world import World
from tests.integration.rules_13.api import Api
from tests.integration.rules_13.automation import entry_id
from tests.integration.rules_13.consenting import HOME, returns_home

OTHER = "Redhill Cleaning"  # a supplier that the books know, to be merged with the one that papers name


@pytest.fixture
def people(api: Api) -> None:
    """A viewer, a publisher, and somebody of a practice who is listed as no more than a viewer."""
    for user, role, kind in (
        ("vic", "viewer", "business"),
        ("pat", "publisher", "business"),
        ("acc", "viewer", "practice"),
    ):
        api.ok("POST", "members", {"user": user, "name": user.title(), "role": role, "kind": kind})


def requests(api: Api) -> list[tuple[str, Any]]:
    """Refresh, merge, disconnect, connect: in the order in which one person can do them all."""
    survivor, other = (entry_id(api, "suppliers", name) for name in (api.world.papers.supplier, OTHER))
    connection = f"connections/{api.world.connection_id}"
    return [
        (f"{connection}/refresh", {}),
        ("lists/suppliers/merge", {"survivor": survivor, "merged": [other]}),
        (f"{connection}/disconnect", None),
        ("connections", {"provider": "xero", "return_url": HOME}),
    ]


@pytest.mark.usefixtures("people")
@pytest.mark.parametrize("user", ["vic", "pat"])
def test_rule_01_who_is_no_admin_is_refused_and_nothing_happens(world: World, api: Api, user: str) -> None:
    returns_home(world)
    before, names = world.connection, [path for path, _ in requests(api)]
    entries, called = api.raw("GET", "lists/suppliers"), world.sandbox.read("/counts")["total"]
    answers = [Api(world, user).call("POST", path, body) for path, body in requests(api)]
    assert [(status, said["code"]) for status, said in answers] == [(403, "admin_needed")] * len(names)
    assert world.connection == before
    assert len(api.ok("GET", "connections")["connections"]) == 1
    assert api.raw("GET", "lists/suppliers")[2] == entries[2]
    assert world.sandbox.read("/counts")["total"] == called


@pytest.mark.usefixtures("people")
def test_rule_01_somebody_of_a_practice_may_in_a_clients_account_and_not_in_another(world: World, api: Api) -> None:
    returns_home(world)
    elsewhere = replace(world, account_id=api.ok("POST", "/v1/accounts", {"name": "Another client"})["id"])
    wanted = requests(api)
    for path, body in wanted:
        assert Api(elsewhere, "acc").call("POST", path, body)[0] == 404, path
    done = []
    for path, body in wanted:
        done.append(Api(world, "acc").call("POST", path, body)[0])
        world.settle()
    assert done == [202, 200, 202, 201]
    assert world.connection.status == "disconnected"
