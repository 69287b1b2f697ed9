"""Whether published documents were paid is read back with the refresh, by what changed, whatever their number."""

from collections.abc import Mapping
from typing import Any, Final

import pytest

from rehearsal.founding import refresh
from rehearsal.world import World
from shared.domain.items import PaymentStatus

# The call that brings what has changed, how often a refresh makes it for bills and credit notes, and how a person pays.
CALLS: Final[Mapping[str, tuple[tuple[str, ...], int]]] = {
    "quickbooks": (("GET /cdc",), 1),
    "sage": (("GET /purchase_invoices", "GET /purchase_credit_notes"), 4),
    "bill": (("GET /bills",), 1),
}


def pay(world: World, document_type: str, document_id: str) -> None:
    kind, there = world.software.name, {"table": document_type, "id": document_id}
    wanted: dict[str, Any] = {
        "quickbooks": {"change": {"entity": document_type, "id": document_id, "fields": {"Balance": 0}}},
        "sage": {"pay": there},
        "bill": {"pay": {"bill": document_id}},
    }[kind]
    listed = world.software.books.partition("/")[0]
    world.sandbox.control(f"/{kind}/{listed}/{world.tenant_id}/edit", wanted)


def statuses(world: World) -> dict[str, PaymentStatus | None]:
    return {item: state.published.payment_status for item, state in world.states().items() if state.published}


def made(world: World) -> int:
    return sum(world.calls(call) for call in CALLS[world.software.name][0])


@pytest.mark.parametrize("world", CALLS, indirect=True)
def test_what_was_paid_is_told_by_what_changed(world: World) -> None:
    papers = world.papers
    bodies = [papers.bill(), papers.bill(), papers.bill()]
    if world.software.name != "bill":
        bodies = [papers.supplier_credit(), *bodies, papers.supplier_credit()]
    items = world.create(bodies)
    world.publish(items)
    world.settle()
    world.time.pass_by(minutes=10)
    refresh(world)
    assert set(statuses(world).values()) == {PaymentStatus.UNPAID}
    paid = items[:1] if world.software.name == "bill" else items[:2]
    for item in paid:
        there = world.state(item).published
        assert there is not None
        pay(world, there.document_type, there.document_id)
    world.time.pass_by(hours=24)
    before = made(world)
    refresh(world)
    lists_too = 1 if world.software.name == "quickbooks" else 0  # their changes come by the same call
    assert made(world) - before <= CALLS[world.software.name][1] + lists_too
    assert {item for item, status in statuses(world).items() if status is PaymentStatus.PAID} == set(paid)
    versions = {item: state.version for item, state in world.states().items()}
    world.time.pass_by(hours=24)
    refresh(world)
    assert {item: state.version for item, state in world.states().items()} == versions
