"""What Xero refuses: one element among many, a batch as a whole, a supplier; and what only a person can tell."""

import json
from dataclasses import replace
from typing import Any

import pytest

from rehearsal.papers import bill, sales_invoice, supplier_credit
from rehearsal.world import World
from shared.domain.catalogue import kind_of
from shared.domain.ids import marker_for
from shared.domain.items import Stage
from shared.providers import transport
from tests.integration.publishing.checks import assert_sound, ledger, stages

TAKEN = "HF-TAKEN"


def poisoned(world: World, count: int) -> tuple[list[str], str]:
    """`count` sales invoices, one of which has a number that Xero has already: only Xero can know."""
    world.publish(world.create([sales_invoice(number=TAKEN)]))
    world.settle()
    bodies = [sales_invoice() for _ in range(count - 1)]
    bodies.insert(count * 2 // 3, sales_invoice(number=TAKEN))
    ids = world.create(bodies)
    return ids, ids[count * 2 // 3]


def assert_only_refused(world: World, ids: list[str], poison: str) -> None:
    assert world.failures == []
    assert_sound(world)
    for item in ids:
        assert (world.state(item).published is None) == (item == poison)
    error = world.state(poison).last_error
    assert error is not None
    assert (error.code, error.provider_text) == ("number_taken", "Invoice # must be unique.")
    assert kind_of(error).cause
    assert kind_of(error).remedy


def test_one_poison_element_in_fifty_named_by_xero(world: World) -> None:
    ids, poison = poisoned(world, 50)
    world.publish(ids)
    world.settle()
    assert_only_refused(world, ids, poison)
    assert world.calls("PUT /Invoices") == 2  # the first invoice, and all fifty


def test_one_poison_element_in_fifty_refused_whole(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """As if Xero overlooked summarizeErrors=false: a 400 for all, in which only the poison element is named."""
    ids, poison = poisoned(world, 50)
    plain = transport.fetch

    def fetch(call: transport.Call, *rest: Any) -> transport.Answer:
        if "summarizeErrors" in call.params:
            call = replace(call, params={**call.params, "summarizeErrors": "true"})
        return plain(call, *rest)

    monkeypatch.setattr(transport, "fetch", fetch)
    world.publish(ids)
    world.settle()
    assert_only_refused(world, ids, poison)
    assert world.calls("PUT /Invoices") <= 2 + 2 * 6


@pytest.mark.parametrize("whole", [True, False])
def test_a_refusal_after_a_lost_answer_is_looked_up(world: World, whole: bool) -> None:
    """Sent again under a key that Xero no longer knows, our own document's number is taken: by that very document."""
    (item,) = world.create([sales_invoice()])
    refused = {
        "Url": f"https://ledgerbridge.invalid/d/{marker_for(world.tenant, item, 1)}",
        "StatusAttributeString": "ERROR",
        "ValidationErrors": [{"Message": "Invoice # must be unique."}],
    }
    body = {"Message": "A validation exception occurred", "Elements": [refused]} if whole else {"Invoices": [refused]}
    world.sandbox.fault("PUT", "/Invoices", "commit_then_drop")
    status = 400 if whole else 200
    world.sandbox.fault("PUT", "/Invoices", "status", occurrence=2, status=status, body=json.dumps(body))
    world.publish([item])
    world.settle()
    assert_sound(world)
    assert stages(world) == {"published": 1}


def test_a_supplier_that_is_there_already_is_the_one_that_is_meant(world: World) -> None:
    """Somebody made the contact in Xero after the last refresh."""
    ids = world.create([bill(contact={"name": "Greenway Skips"}) for _ in range(3)])
    other = world.sandbox.connect()
    made = other.call("PUT", "/Contacts", json={"Contacts": [{"Name": "greenway skips"}]})
    assert made.status_code == 200, made.text
    world.publish(ids)
    world.settle()
    assert_sound(world)
    assert stages(world) == {"published": 3}
    assert ledger(world).contacts["greenway skips"] == 1


def test_what_cannot_be_told_apart_is_held_for_a_person(world: World) -> None:
    """The answer for a purchase credit note is lost, and a person makes one that looks just like it."""
    (item,) = world.create([supplier_credit(number="CN-9")])
    world.sandbox.fault("PUT", "/CreditNotes", "commit_then_drop", times=3)
    world.publish([item])
    world.deliver()
    world.sandbox.fault("GET", "/CreditNotes", "status", status=503, times=3)
    world.deliver()  # sent three times, the look-up fails
    (there,) = world.books()["CreditNotes"]
    other = world.sandbox.connect()
    twin = {
        "Type": "ACCPAYCREDIT",
        "Contact": {"ContactID": there["Contact"]["ContactID"]},
        "Date": "2026-03-11",
        "LineAmountTypes": "Exclusive",
        "CurrencyCode": "GBP",
        "CreditNoteNumber": "CN-9",
        "Status": "AUTHORISED",
        "LineItems": [
            {"Description": "Sundries", "Quantity": 1, "LineAmount": 40, "AccountCode": "429", "TaxType": "INPUT2"}
        ],
    }
    made = other.call("PUT", "/CreditNotes", json={"CreditNotes": [twin]})
    assert made.status_code == 200, made.text
    world.settle()
    state = world.state(item)
    assert state.stage is Stage.UNKNOWN
    assert state.last_error is not None
    assert state.last_error.code == "outcome_unknown"
    assert world.markers() == []
    assert world.calls("PUT /CreditNotes") == 4  # three of ours, and the person's


def test_a_document_voided_meanwhile_is_done_and_not_made_again(world: World) -> None:
    (item,) = world.create([bill()])
    world.sandbox.fault("PUT", "/Invoices", "commit_then_drop", times=3)
    world.sandbox.fault("GET", "/Invoices", "status", status=503, times=3)
    world.publish([item])
    world.deliver()
    world.deliver()
    (there,) = world.books()["Invoices"]
    edit = {"void": {"table": "Invoices", "id": there["InvoiceID"]}}
    world.sandbox.control(f"/xero/organisations/{world.tenant_id}/edit", edit)
    world.settle()
    found = world.state(item).published
    assert found is not None
    assert found.document_id == there["InvoiceID"]
    assert len(world.books()["Invoices"]) == 1
