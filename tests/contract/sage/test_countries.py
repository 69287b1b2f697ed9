"""Other countries and plans: Ireland, the United States, Canada; Accounting Start."""

from decimal import Decimal
from typing import Any

import pytest

from shared.domain.connections import Destination, PublishAs
from shared.domain.items import TaxMode
from shared.domain.publishing import Verdict
from shared.providers.sage.calls import PROVIDER
from tests.contract.sage.kit import connected
from tests.contract.sandbox.sage.sage_client import IE, SageClient

D = Decimal


@pytest.mark.parametrize(
    ("business", "currency", "supplier", "rate", "total"),
    [
        (IE, "EUR", "Shannon Stationery", "IE_STANDARD", "49.20"),
        ("Maple Street Bakery Inc", "USD", "Bayside Office Supply", "US_NO_TAX", "40.00"),
        ("Granville Island Paper Ltd", "CAD", "Fraser Valley Paper", "CA_GST_PST_BC", "44.80"),
    ],
)
def test_a_bill_elsewhere(
    sage: SageClient, *, business: str, currency: str, supplier: str, rate: str, total: str
) -> None:
    world = connected(sage, business=business)
    item = world.item(world.line(rate=rate), contact=supplier, currency=currency, total=total)
    answer = world.publish(world.drafted(item))
    assert answer.verdict is Verdict.DONE and D(answer.total or "0") == D(total)


def test_american_lines_need_no_tax_rate(sage: SageClient) -> None:
    world = connected(sage, business="Maple Street Bakery Inc")
    line = world.line(rate="")
    fields: dict[str, Any] = {"contact": "Bayside Office Supply", "currency": "USD", "total": "40.00"}
    item = world.item(line, tax_mode=TaxMode.NONE, **fields)
    assert world.publish(world.drafted(item)).verdict is Verdict.DONE


def test_the_start_plan_takes_money_spent_and_no_bills(sage: SageClient) -> None:
    world = connected(sage, "priya.shah@example.com", "Corner Shop (Start) Ltd")
    item = world.item()
    bill = world.target(item, status=PublishAs.AWAITING_PAYMENT)
    assert [one.code for one in PROVIDER.check(item, world.resolved(item), bill)] == ["plan_without_bills"]
    answer = world.publish(world.drafted(item, destination=Destination.BANK_ACCOUNTS))
    assert answer.verdict is Verdict.DONE
