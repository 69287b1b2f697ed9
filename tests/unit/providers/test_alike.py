"""What the books are asked before a document is created, and which of their documents look like it."""

from decimal import Decimal
from typing import Any

import pytest

from shared.domain.duplicates import Seen, Sought, seen_there
from shared.providers.contract import CallFailed
from shared.providers.sage import alike as sage
from shared.providers.sage import api as sage_api
from shared.providers.xero import alike as xero
from shared.providers.xero import api as xero_api
from tests.unit.providers.wire_kit import session

WHERE = session("http://127.0.0.1:1")
CONTACT = "6f0e8a52-0000-4000-8000-000000000001"


def sought(marker: str = "m", number: str | None = "A-1", on: str = "2026-03-11", **fields: Any) -> Sought:
    plain: dict[str, Any] = {"contact": CONTACT, "date": on, "currency": "GBP", "total": "48", "number": number}
    return Sought(marker=marker, **{**plain, **fields})


def seen(**fields: Any) -> Seen:
    plain: dict[str, Any] = {
        "document": "d", "marker": None, "contact": CONTACT, "number": "a -1", "date": "2026-03-12", "currency": None,
        "total": "50",
    }  # fmt: skip
    return Seen(**{**plain, **fields})


@pytest.mark.parametrize(
    ("one", "other", "alike"),
    [
        (sought(), seen(), True),
        (sought(), seen(number="A-2"), False),
        (sought(), seen(number=None), False),
        (sought(), seen(contact="else"), False),
        (sought(own=frozenset({"LB1"})), seen(marker="LB1"), False),
        (sought(own=frozenset({"LB1"})), seen(marker="LB2"), True),
        (sought(own_ids=frozenset({"d"})), seen(), False),
        (sought(number=None), seen(), False),
        (sought(number=None), seen(date="2026-03-11", total="48"), True),
        (sought(number=None), seen(date="2026-03-11", total="48", currency="EUR"), False),
    ],
)
def test_which_documents_look_alike(one: Sought, other: Seen, alike: bool) -> None:
    assert seen_there([one], [other]) == {"m": "d" if alike else None}


def ask_xero(monkeypatch: pytest.MonkeyPatch, records: list[dict[str, Any]], *some: Sought) -> tuple[Any, str]:
    asked: list[str] = []

    def get(_: Any, path: str, params: dict[str, str], since: str | None = None) -> dict[str, Any]:
        assert (path, since) == ("/Invoices", None)
        asked.append(params["where"])
        return {"Invoices": records}

    monkeypatch.setattr(xero_api, "get", get)
    told = xero.alike(WHERE, "Invoices", some)
    (where,) = asked
    return told, where


def test_xero_is_asked_for_as_many_as_one_filter_takes(monkeypatch: pytest.MonkeyPatch) -> None:
    told, where = ask_xero(monkeypatch, [], *(sought(f"m{number}", f"A-{number}") for number in range(50)))
    assert 10 < len(told) < 20 and next(iter(told)) == "m0"
    assert where.count("InvoiceNumber==") == len(told) and len(where) < 1700


def test_a_number_with_a_quote_is_asked_for_by_day_and_total(monkeypatch: pytest.MonkeyPatch) -> None:
    found = {
        "InvoiceID": "d", "Type": "ACCPAY", "Status": "PAID", "Contact": {"ContactID": CONTACT}, "CurrencyCode": "GBP",
        "DateString": "2026-03-11T00:00:00", "Total": Decimal("48.00"), "InvoiceNumber": 'A"1',
    }  # fmt: skip
    told, where = ask_xero(monkeypatch, [found], sought(number='A"1'))
    assert told == {"m": "d"}
    assert where == (
        f'Type=="ACCPAY" AND ((Contact.ContactID==Guid("{CONTACT}") AND Date==DateTime(2026,3,11) AND Total==48))'
    )
    assert ask_xero(monkeypatch, [{**found, "Status": "VOIDED"}], sought(number='A"1'))[0] == {"m": None}


def test_more_than_one_page_that_looks_alike_is_no_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(CallFailed):
        ask_xero(monkeypatch, [{}] * 1000, sought())


def test_sage_is_asked_for_one_contacts_documents_around_their_days(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[dict[str, str]] = []

    def rows(_: Any, path: str, params: dict[str, str]) -> list[dict[str, Any]]:
        assert path == "/purchase_invoices"
        asked.append(params)
        return []

    monkeypatch.setattr(sage_api, "rows", rows)
    some = [
        sought("a", on="2026-03-11"), sought("b", on="2026-04-30"), sought("c", contact="else"),
        sought("d", on="2026-12-01"), sought("e", on="2026-03-01"),
    ]  # fmt: skip
    assert sage.alike(WHERE, "purchase_invoices", some) == {"a": None, "b": None}
    (params,) = asked
    assert (params["contact_id"], params["from_date"], params["to_date"]) == (CONTACT, "2026-02-08", "2026-05-31")
