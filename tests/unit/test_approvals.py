"""Which ways in work beside which main software, whose books a company works on, when decisions are looked at."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from shared.domain.approvals import Delivery, Ledger, look_again_in
from shared.domain.connections import Connection, ConnectionStatus, Destination, Organisation, PublishAs, Slot
from shared.domain.errors import LedgerbridgeError
from shared.domain.lists import Book
from shared.providers import registry
from shared.usecases.beside_main import first_settings, on_books_of_main
from shared.usecases.on_behalf import deliveries, delivery_of, on_behalf_of

XERO = Book("T", "A", "xero", "Tenant-1")


def connection(provider: str, slot: Slot, organisation: Organisation | None) -> Connection:
    at = datetime(2026, 11, 1, tzinfo=UTC)
    status = ConnectionStatus.ACTIVE
    return Connection(f"{provider}-1", "T", "A", provider, slot, status, at, "test", organisation=organisation)


MAIN = connection("xero", Slot.MAIN, Organisation("Tenant-1", "Harbour & Finch Ltd", "GB", "GBP"))
QBO = connection("quickbooks", Slot.MAIN, Organisation("934", "Harbour & Finch Ltd", "GB", "GBP"))
SECOND = connection("approvalmax", Slot.APPROVALMAX, None)


def test_through_the_books_only_where_a_bill_can_wait_there() -> None:
    approvalmax = registry.profile("approvalmax")
    assert deliveries(approvalmax, registry.profile("xero")) == (Delivery.LEDGER, Delivery.API)
    assert deliveries(approvalmax, registry.profile("quickbooks")) == (Delivery.API,)
    assert delivery_of(SECOND, MAIN) is Delivery.LEDGER
    assert delivery_of(SECOND, QBO) is Delivery.API
    assert delivery_of(SECOND, None) is None
    assert delivery_of(connection("bill", Slot.BILL, None), MAIN) is None


def test_a_new_connection_does_by_default_what_works_beside_its_main_one() -> None:
    beside_xero, beside_quickbooks = first_settings(SECOND, MAIN), first_settings(SECOND, QBO)
    assert (beside_xero.publish_as, beside_xero.delivery) == (PublishAs.AWAITING_APPROVAL, Delivery.LEDGER)
    assert (beside_quickbooks.publish_as, beside_quickbooks.delivery) == (PublishAs.AWAITING_APPROVAL, Delivery.API)
    assert beside_xero.claims_publish_as is beside_quickbooks.claims_publish_as is PublishAs.AWAITING_APPROVAL
    assert first_settings(MAIN, None) == MAIN.settings


def test_on_behalf_of_a_secondary_a_bill_always_waits() -> None:
    wishes = replace(SECOND.settings, publish_as=PublishAs.PAID, costs_destination=Destination.BANK_ACCOUNTS)
    seen = on_behalf_of(MAIN, replace(SECOND, settings=replace(wishes, attach_files=False)))
    assert (seen.id, seen.provider, seen.pinned) == (MAIN.id, "xero", MAIN.pinned)
    assert (seen.settings.publish_as, seen.settings.costs_destination) == (
        PublishAs.AWAITING_APPROVAL,
        Destination.PURCHASES,
    )
    assert seen.settings.claims_publish_as is PublishAs.AWAITING_APPROVAL
    assert seen.settings.attach_files is False


def test_a_company_of_the_same_books_is_taken_and_knows_them() -> None:
    told = Organisation("c-1", "H&F", ledger=Ledger("H&F", "xero", "tenant-1"))
    taken = on_books_of_main(SECOND, MAIN, told)
    assert taken.ledger == Ledger("Harbour & Finch Ltd", "xero", "Tenant-1") and taken.base_currency == "GBP"
    by_name = Organisation("c-1", "harbour & finch  ltd", ledger=Ledger("harbour & finch  ltd"))
    assert on_books_of_main(SECOND, MAIN, by_name).ledger == taken.ledger


@pytest.mark.parametrize(
    "ledger",
    [
        Ledger("Harbour & Finch Ltd", "xero", "tenant-2"),
        Ledger("Harbour & Finch Ltd", "quickbooks", "Tenant-1"),
        Ledger("Maple Street Bakery Inc"),
        Ledger(""),
    ],
)
def test_a_company_of_other_books_is_refused(ledger: Ledger) -> None:
    with pytest.raises(LedgerbridgeError) as refused:
        on_books_of_main(SECOND, MAIN, Organisation("c-1", "H&F", ledger=ledger))
    assert refused.value.problem.code == "organisation_not_of_main"
    assert not ledger.is_of(XERO, "Harbour & Finch Ltd")


def test_software_with_books_of_its_own_is_not_asked() -> None:
    own = Organisation("008", "Maple Street Bakery Inc")
    assert on_books_of_main(connection("bill", Slot.BILL, None), MAIN, own) == own


def test_looks_grow_apart() -> None:
    waits = [look_again_in(timedelta(hours=age)) for age in (0, 1, 4, 24, 96, 2000)]
    assert waits == [timedelta(minutes=ten * 10) for ten in (1, 1, 6, 36, 144, 144)]
