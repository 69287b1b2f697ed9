"""The codec: what goes in comes out, and what must not be written is refused."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.accounts import Event, Tenant
from shared.domain.connections import ListHealth
from shared.domain.errors import Problem
from shared.domain.lists import Kind
from shared.domain.publishing import ControlTotal, Publication, PublicationStatus
from shared.domain.secrets import Secret
from shared.storage.codec import NotStorable, SchemaTooNew, decode, encode, json_text, time_text
from shared.storage.wire import from_wire, row_from_wire, row_to_wire, to_wire
from tests.integration.storage import samples

NOW = samples.NOW


def _records() -> list[Any]:
    item = samples.item()
    health = ListHealth(Kind.SUPPLIERS, NOW, NOW, "2025-11-03T09:30:00", 17, Problem("busy", until=NOW))
    return [
        samples.account(current_book="xero:org", deleted_at=NOW),
        samples.member("kim"),
        samples.event(before={"a": 1}, after={"b": [1.5, None, "x"]}),
        samples.connection(lists={"suppliers": health}, problem=Problem("busy", details={"code": "400"})),
        item,
        samples.state(item, published=samples.published(), reasons=(Problem("category_missing", "lines[0].category"),)),
        samples.marker(batch="01JBT"),
        samples.batch(),
        samples.grant(lease_until=NOW),
        Publication(
            "p",
            "t",
            "a",
            "kim",
            NOW,
            ("i1", "i2"),
            PublicationStatus.RUNNING,
            refused=(("i1", Problem("busy")),),
            expected=(ControlTotal("GBP", "purchases", 2, "240.00"),),
        ),
    ]


@pytest.mark.parametrize("record", _records(), ids=lambda record: type(record).__name__)
def test_records_come_back_as_they_were(record: Any) -> None:
    stored = row_from_wire(row_to_wire(encode(record)))
    assert decode(type(record), stored) == record


def test_none_comes_back_where_the_default_is_a_value() -> None:
    endless = Tenant("t", "Receipts Ltd", consent_limit_days=None)
    assert decode(Tenant, row_from_wire(row_to_wire(encode(endless)))) == endless


def test_nothing_empty_is_written() -> None:
    stored = encode(samples.account())
    assert "current_book" not in stored
    assert "reasons" not in encode(samples.state(samples.item()))
    assert all(value is not None for value in stored.values())


def test_a_newer_schema_is_refused_before_anything_is_read_from_it() -> None:
    with pytest.raises(SchemaTooNew) as refused:
        decode(Event, {"schema": 2, "id": "unreadable by us"})
    assert refused.value.found == 2


def test_attributes_that_are_not_known_are_ignored() -> None:
    stored = encode(samples.account()) | {"from_an_older_version": "x"}
    assert decode(type(samples.account()), stored) == samples.account()


@dataclass(frozen=True)
class _WithSecret:
    token: Secret


@dataclass(frozen=True)
class _WithFloat:
    amount: float


@dataclass(frozen=True)
class _WithAny:
    anything: dict[str, Any]


@pytest.mark.parametrize(
    "record",
    [_WithSecret(Secret("s")), _WithFloat(1.5), _WithAny({"token": Secret("s")})],
    ids=["secret", "float", "in"],
)
def test_secrets_and_floats_are_never_stored(record: Any) -> None:
    with pytest.raises(NotStorable):
        encode(record)


def test_a_secret_has_no_attribute_value() -> None:
    with pytest.raises(TypeError):
        to_wire(Secret("s"))


def test_times_without_a_zone_are_refused() -> None:
    with pytest.raises(NotStorable):
        time_text(datetime(2025, 11, 3))  # noqa: DTZ001


@given(st.datetimes(timezones=st.just(UTC)), st.datetimes(timezones=st.just(timezone(timedelta(hours=5)))))
def test_stored_times_compare_as_times_do(one: datetime, other: datetime) -> None:
    if one.year < 1000 or other.year < 1001:  # no strftime padding there, and no ledger either
        return
    assert (time_text(one) < time_text(other)) == (one < other)
    assert datetime.fromisoformat(time_text(one)) == one


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.text() | st.binary(), st.lists, max_leaves=5))
def test_plain_values_come_back_from_the_wire(value: Any) -> None:
    assert from_wire(to_wire(value)) == value


def test_json_keeps_amounts_and_dates_as_text() -> None:
    assert json_text({"a": Decimal("1.10"), "d": date(2025, 1, 2)}) == '{"a":"1.10","d":"2025-01-02"}'
