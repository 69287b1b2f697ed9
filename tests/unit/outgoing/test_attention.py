"""What of an account waits for somebody, and since when it is known; the tenant's minute for its digest."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from shared.domain.attention import Attention, Cause, Waiting, counted, looked_at, of_item
from shared.domain.connections import Connection, ConnectionStatus, ListHealth, Organisation, Slot
from shared.domain.digests import next_digest
from shared.domain.errors import Problem
from shared.domain.items import ItemState, ItemType, Place, Published, Side, Stage, Summary
from shared.domain.lists import Kind

NOW = datetime(2026, 3, 11, 9, tzinfo=UTC)
SOON, LATE = NOW + timedelta(days=29), NOW + timedelta(days=31)
CONNECTION = Connection(
    id="c", tenant="t", account="a", provider="xero", slot=Slot.MAIN, status=ConnectionStatus.ACTIVE, created_at=NOW,
    created_by="test", organisation=Organisation("o", "Bakery"), consent_expires_at=LATE,
)  # fmt: skip
STATE = ItemState("i", Stage.READY, Place.INBOX, Summary(Side.COSTS, ItemType.INVOICE, "GBP", Decimal(1)))
FAILED = Problem("provider_refused")
PUBLISHED = Published("c", "o", "d", "Invoices", NOW, "AUTHORISED")


@pytest.mark.parametrize(
    ("connection", "cause"),
    [
        (CONNECTION, None),
        (replace(CONNECTION, consent_expires_at=SOON), Cause.CONNECTION_EXPIRING),
        (replace(CONNECTION, status=ConnectionStatus.REVOKED, consent_expires_at=SOON), Cause.CONNECTION_EXPIRED),
        (replace(CONNECTION, status=ConnectionStatus.DISCONNECTED, consent_expires_at=SOON), None),
        (replace(CONNECTION, parked_until=LATE), Cause.PUBLISHING_PARKED),
        (replace(CONNECTION, lists={Kind.SUPPLIERS: ListHealth(Kind.SUPPLIERS, problem=FAILED)}), Cause.LIST_FAILING),
    ],
)
def test_connections_that_wait(connection: Connection, cause: Cause | None) -> None:
    assert dict(counted([connection], [], NOW)) == ({cause: 1} if cause else {})


@pytest.mark.parametrize(
    ("state", "cause"),
    [
        (STATE, None),
        (replace(STATE, stage=Stage.NEEDS_REVIEW), Cause.ITEMS_WAITING),
        (replace(STATE, stage=Stage.NEEDS_REVIEW, place=Place.CLAIM), None),
        (replace(STATE, last_error=FAILED), Cause.ITEMS_FAILED),
        (replace(STATE, stage=Stage.NEEDS_REVIEW, last_error=FAILED), Cause.ITEMS_FAILED),
        (replace(STATE, last_error=FAILED, place=Place.ARCHIVE), None),
        (replace(STATE, stage=Stage.PUBLISHED, place=Place.ARCHIVE, published=PUBLISHED), None),
        (
            replace(STATE, stage=Stage.PUBLISHED, place=Place.ARCHIVE, published=PUBLISHED, last_error=FAILED),
            Cause.ITEMS_FAILED,
        ),
        (replace(STATE, stage=Stage.UNKNOWN, place=Place.ARCHIVE, last_error=FAILED), Cause.ITEMS_UNKNOWN),
    ],
)
def test_items_that_wait(state: ItemState, cause: Cause | None) -> None:
    assert of_item(state) is cause


def test_a_cause_keeps_the_time_since_which_it_is_known() -> None:
    noted = Attention("t", "a", NOW, "chain")
    first = looked_at(noted, {Cause.ITEMS_FAILED: 2}, NOW + timedelta(minutes=5))
    assert first is not None
    assert first.causes == {"items_failed": Waiting(2, NOW)}
    later = NOW + timedelta(hours=1)
    second = looked_at(first, {Cause.ITEMS_FAILED: 1, Cause.ITEMS_WAITING: 7}, later)
    assert second is not None
    assert second.causes == {"items_failed": Waiting(1, NOW), "items_waiting": Waiting(7, later)}
    assert second.since == NOW
    third = looked_at(second, {Cause.ITEMS_WAITING: 7}, later + timedelta(hours=1))
    assert third is not None
    assert (third.since, third.chain) == (later, "chain")
    assert looked_at(third, {}, later) is None


def test_every_tenant_has_its_minute_once_a_day() -> None:
    for tenant in ("one", "another"):
        first = next_digest(tenant, NOW)
        assert first.hour == 6
        assert NOW < first <= NOW + timedelta(days=1)
        assert next_digest(tenant, first) - first == timedelta(days=1)
        assert next_digest(tenant, first - timedelta(seconds=1)) == first
