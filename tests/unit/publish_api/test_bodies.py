"""What a request body may say, before any table is asked."""

import json
from decimal import Decimal
from typing import Any

import pytest
from pydantic import ValidationError

from functions.publish.models import ItemChange, NewItems

LINE = {"description": "Fuel", "amount": "40.00"}
BILL = {
    "side": "costs",
    "type": "invoice",
    "currency": "GBP",
    "tax_mode": "exclusive",
    "total": "48.00",
    "lines": [LINE],
}


def _read(**changes: Any) -> NewItems:
    return NewItems.model_validate_json(json.dumps({**BILL, **changes}))


@pytest.mark.parametrize(
    ("changes", "place"),
    [
        ({"total": "1e400"}, ("total",)),
        ({"total": "NaN"}, ("total",)),
        ({"total": "Infinity"}, ("total",)),
        ({"total": 48.0}, ("total",)),
        ({"total": 48}, ("total",)),
        ({"total": True}, ("total",)),
        ({"total": None}, ("total",)),
        ({"total": "1,000.00"}, ("total",)),
        ({"total": "1.00001"}, ("total",)),
        ({"total": "1234567890123"}, ("total",)),
        ({"total": "٤٨"}, ("total",)),
        ({"total": " 1"}, ("total",)),
        ({"exchange_rate": "0"}, ("exchange_rate",)),
        ({"date": "2026-02-30"}, ("date",)),
        ({"date": "0001-01-01"}, ("date",)),
        ({"date": "2026-03-11T00:00:00Z"}, ("date",)),
        ({"date": 20260311}, ("date",)),
        ({"currency": "gbp"}, ("currency",)),
        ({"number": "a\u0000b"}, ("number",)),
        ({"number": "x" * 256}, ("number",)),
        ({"paid": "true"}, ("paid",)),
        ({"side": None}, ("side",)),
        ({"tenant_id": "x"}, ("tenant_id",)),
        ({"contact": {"id": "x"}}, ("contact", "id")),
        ({"contact": {}}, ("contact",)),
        ({"contact": {"name": "A", "id": "01KKE1ZNM1QSJSBT1ZQT6BP9BG"}}, ("contact",)),
        ({"lines": [LINE] * 201}, ("lines",)),
        ({"lines": [{**LINE, "category": {"code": "1", "name": "2"}}]}, ("lines", 0, "category")),
        ({"lines": [{**LINE, "tracking": [{"name": "North"}]}]}, ("lines", 0, "tracking", 0)),
        ({"lines": [{"amount": "1"}]}, ("lines", 0, "description")),
    ],
)
def test_a_bad_value_is_named_by_its_place(changes: dict[str, Any], place: tuple[Any, ...]) -> None:
    with pytest.raises(ValidationError) as refused:
        _read(**changes)
    assert [error["loc"] for error in refused.value.errors()] == [("items", 0, *place)]


def test_amounts_stay_exact() -> None:
    draft = _read(total="0.30", lines=[{**LINE, "amount": "0.1"}, {**LINE, "amount": "0.2000"}]).items[0].draft()
    assert sum((line.amount for line in draft.lines), Decimal(0)) == draft.total
    assert str(_read(total="-0").items[0].draft().total) == "0"


def test_names_keep_their_letters() -> None:
    odd = 'Zoë & "O\'Neil" <b> \u202e\u05e9\u05dc 你好 \U0001f600'
    assert _read(number=odd).items[0].draft().number == odd


def test_an_edit_tells_absent_from_empty() -> None:
    assert ItemChange.model_validate_json('{"number": null, "total": "4.00"}').changes() == {
        "number": None,
        "total": Decimal("4.00"),
    }
    with pytest.raises(ValidationError):
        ItemChange.model_validate_json('{"lines": null}')
