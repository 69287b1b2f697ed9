"""Reconnecting through the API: the same organisation and nothing else, and what failed meanwhile goes in one call."""

from typing import Any

import pytest

from rehearsal.papers import LINKED
from shared.domain.connections import ConnectionStatus
from shared.domain.errors import Problem
from shared.domain.items import Stage
from shared.domain.lists import Kind
from shared.usecases.lose_connection import lose_connection
from tests.integration.changing.conftest import MakeChanging
from tests.integration.changing.driver import HOME, Changing, Row

EXPIRED, REVOKED, BROKEN = ConnectionStatus.EXPIRED, ConnectionStatus.REVOKED, ConnectionStatus.BROKEN
OWNER, COLLEAGUE, ADVISER = (f"{name}@example.com" for name in ("alex.morgan", "maria.rossi", "priya.shah"))
CODES = {EXPIRED: "connection_expired", REVOKED: "connection_expired", BROKEN: "connection_not_active"}
ELSEWHERE = "Maple Street Bakery Inc"


def coded(at: Changing) -> None:
    """A rule, settings of one's own, and a paid item that goes to a linked bank account."""
    world = at.world
    subject = next(
        one.id
        for one in world.service.lists.all(world.connection.book, Kind.SUPPLIERS)
        if one.name == world.papers.supplier
    )
    at.api.ok("POST", "rules", {"kind": "supplier", "subject": subject, "description": "By the rule"})
    wanted, version = {"attach_files": False, "warn_new_supplier": True}, world.connection.settings.version
    at.api.ok("PATCH", f"connections/{world.connection_id}/settings", wanted, version=version)
    world.create([world.papers.paid_bill(payment_method={"name": LINKED})])


def lose(at: Changing, status: ConnectionStatus) -> None:
    code = "organisation_gone" if status is BROKEN else "connection_expired"
    lose_connection(at.service, at.world.connection, status, Problem(code))
    assert at.world.connection.status is status


def begin(at: Changing) -> dict[str, Any]:
    begun: dict[str, Any] = at.api.ok(
        "POST", f"connections/{at.world.connection_id}/reconnect", {"return_url": f"{HOME}/back"}
    )
    return begun


def consent(at: Changing, organisation: str, user: str) -> str:
    """A consent given and redeemed; the path of the connection."""
    begun, path = begin(at), f"connections/{at.world.connection_id}"
    answer = at.walk(at.world.software.name, begun["authorize_url"], organisation=organisation, user=user)
    at.api.ok("POST", f"{path}/redeem", {"result_code": answer["result_code"]})
    return path


def said(at: Changing) -> dict[tuple[str, str, str], Row]:
    """Everything that a reconnect must leave alone, as it is stored: all but its own connection's consent."""
    kept = {
        key: row
        for key, row in at.rows("connections", "lists", "rules", "items").items()
        if not _passes(key[1], key[2])
    }
    own = next(key for key in kept if key[2] == f"C#{at.world.connection_id}")
    kept[own] = {name: kept[own][name] for name in ("id", "provider", "slot", "settings", "activated_at", "created_by")}
    return kept


def _passes(pk: str, sk: str) -> bool:
    """Events, who waits for whom, and what a queue keeps."""
    return "#O#" in pk or pk.endswith(("#E", "#ATTENTION")) or sk == "ATTENTION"


@pytest.mark.parametrize(
    ("provider", "status", "user"),
    [
        ("xero", EXPIRED, OWNER),
        ("xero", BROKEN, COLLEAGUE),
        ("quickbooks", REVOKED, COLLEAGUE),
        pytest.param("xero", REVOKED, OWNER, marks=pytest.mark.soak),
        pytest.param("quickbooks", EXPIRED, OWNER, marks=pytest.mark.soak),
        pytest.param("quickbooks", BROKEN, OWNER, marks=pytest.mark.soak),
        pytest.param("sage", EXPIRED, OWNER, marks=pytest.mark.soak),
        pytest.param("sage", REVOKED, ADVISER, marks=pytest.mark.soak),
        pytest.param("sage", BROKEN, OWNER, marks=pytest.mark.soak),
    ],
)
def test_nothing_changes_and_what_failed_is_published_in_one_call(
    changings: MakeChanging, provider: str, status: ConnectionStatus, user: str
) -> None:
    at = changings(provider)
    world = at.world
    coded(at)
    failed = world.create([world.papers.bill() for _ in range(3)])
    ready = world.create([world.papers.bill()])
    before = said(at)
    documents = len(world.ledger().documents)
    lose(at, status)
    for item in failed:
        assert at.api.call("POST", f"items/{item}/publish")[1]["code"] == CODES[status]
        assert at.api.item(item)["last_error"]["code"] == CODES[status]

    path = consent(at, world.software.organisation, user)
    answer = at.api.ok("PUT", f"{path}/organisation", {"organisation_id": world.tenant_id})
    assert (answer["id"], answer["status"], answer["publish_again"]) == (world.connection_id, "active", CODES[status])
    at.rest()
    after = said(at)
    assert after.keys() == before.keys()
    states = {key for key in before if key[1].endswith("#S")}
    assert {key: after[key] for key in before.keys() - states} == {key: before[key] for key in before.keys() - states}
    (event,) = [one for one in at.events("refresh.done") if (one.after or {})["reason"] == "reconnected"]
    assert (event.after or {})["publish_again"] == {CODES[status]: 3}
    (again,) = at.events("connection.reconnected")
    assert (again.after or {})["publish_again"] == CODES[status]

    wanted = {"filter": {"error_code": answer["publish_again"]}}
    assert at.api.ok("POST", "publications", {**wanted, "dry_run": True})["dry_run"]["ready"] == 3
    at.api.ok("POST", "publications", wanted)
    world.settle()
    assert {world.state(item).stage for item in failed} == {Stage.PUBLISHED}
    assert world.state(ready[0]).stage is Stage.READY
    assert len(world.ledger().documents) == documents + 3
    assert at.granted() == at.held()


@pytest.mark.parametrize("provider", ["xero", "quickbooks"])
def test_another_organisation_is_refused_with_the_offer_of_a_change(changings: MakeChanging, provider: str) -> None:
    at = changings(provider)
    coded(at)
    lose(at, EXPIRED)
    begun = begin(at)
    answer = at.walk(provider, begun["authorize_url"], organisation=ELSEWHERE)
    path = f"connections/{at.world.connection_id}"
    at.api.ok("POST", f"{path}/redeem", {"result_code": answer["result_code"]})
    offers = at.api.ok("GET", f"{path}/organisations")["organisations"]
    other = next(one["organisation"]["id"] for one in offers if one["organisation"]["id"] != at.world.tenant_id)
    before, connection = at.rows("connections", "lists", "rules", "items", "organisations"), at.world.connection
    status, refusal = at.api.call("PUT", f"{path}/organisation", {"organisation_id": other})
    assert (status, refusal["code"]) == (409, "organisation_mismatch")
    details = refusal["details"]
    assert (details["offer"], details["change"]) == ("change", at.world.connection_id)
    assert details["connected"] == connection.pinned.name
    assert "change connection" in refusal["remedy"]
    assert at.rows("connections", "lists", "rules", "items", "organisations") == before
    assert at.world.connection == connection
    begun = at.api.ok("POST", f"{path}/change", {"provider": provider, "return_url": f"{HOME}/back"})
    assert begun["authorize_url"]


def test_a_bulk_request_that_met_the_loss_and_a_document_that_was_to_publish_itself_go_as_well(
    changings: MakeChanging,
) -> None:
    at = changings("xero")
    world = at.world
    bulk = world.create([world.papers.bill() for _ in range(2)])
    world.publish(bulk)  # taken in while all is well, expanded afterwards
    at.api.ok("PATCH", "automation", {"auto_publish": True}, version=world.account.version)
    lose(at, REVOKED)
    world.settle()
    by_itself = at.api.make(world.papers.bill())["id"]
    assert at.api.item(by_itself)["auto_publish"]["reason"] == "connection_expired"
    assert [at.api.item(item)["last_error"]["code"] for item in bulk] == ["connection_expired"] * 2
    path = consent(at, world.software.organisation, OWNER)
    at.api.ok("PUT", f"{path}/organisation", {"organisation_id": world.tenant_id})
    at.rest()
    (event,) = [one for one in at.events("refresh.done") if (one.after or {})["reason"] == "reconnected"]
    assert (event.after or {})["publish_again"] == {"connection_expired": 3}
    at.api.ok("POST", "publications", {"filter": {"error_code": "connection_expired"}})
    world.settle()
    assert {world.state(item).stage for item in [*bulk, by_itself]} == {Stage.PUBLISHED}
    assert world.state(bulk[0]).last_error is None
