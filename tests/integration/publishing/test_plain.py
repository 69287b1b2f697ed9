"""A month of papers with nothing going wrong: what ends up in the books is what was asked for, once."""

from decimal import Decimal

from local.demo.month import month
from rehearsal.world import PDF, World
from shared.domain.items import FactOutcome
from tests.integration.publishing.checks import assert_sound, ledger

SHARED_NEW = "þórsmörk guiding ehf"


def test_a_month_of_papers(world: World) -> None:
    papers = month()
    ids = world.create([paper.item for paper in papers], file=PDF)
    expected = {item: paper.refused_with for item, paper in zip(ids, papers, strict=True)}

    world.publish(ids)
    world.settle()

    assert world.failures == []
    assert_sound(world)
    states, books = world.states(), ledger(world)
    twins = [item for item, body in world.items.items() if body.get("number") == "HF-2026-300"]
    assert sorted(states[item].published is None for item in twins) == [False, True]  # whichever came first
    expected |= {item: "number_taken" if states[item].published is None else None for item in twins}
    for item, code in expected.items():
        state = states[item]
        if code is None:
            assert state.published is not None, (item, state.reasons, state.last_error)
            document = books.documents[state.published.document_id]
            assert Decimal(document["Total"]) == Decimal(world.items[item]["total"])
            assert document["CurrencyCode"] == world.items[item]["currency"]
            assert state.published.destination is not None
            assert state.published.destination.value == world.items[item]["destination"]
            assert state.published.attachment is not None
            assert state.published.attachment.outcome is FactOutcome.DONE
        else:
            assert state.published is None
            found = [problem.code for problem in (*state.reasons, *([state.last_error] if state.last_error else []))]
            assert code in found
    paid = [item for item, body in world.items.items() if body.get("publish_as") == "paid"]
    assert len(paid) == 12
    assert sum(books.payments.values()) == 12
    assert books.contacts[SHARED_NEW] == 1
    # One call per kind of document and 50 elements, and the suppliers of all before them.
    assert world.calls("PUT /Contacts") == 1
    assert world.calls("PUT /Invoices") == 2
    assert world.calls("PUT /CreditNotes") == 1
    assert world.calls("PUT /BankTransactions") == 1
    assert world.sandbox.read("/counts")["throttled"] == 0
