"""What QuickBooks' records say of whether our documents were paid."""

from decimal import Decimal
from typing import Any

import pytest

from shared.domain.ids import marker_for
from shared.domain.items import PaymentStatus
from shared.providers.contract import Standing
from shared.providers.quickbooks.answers import standing
from shared.providers.quickbooks.profile import PROFILE

OURS = f"Fuel\n{marker_for('tenant', 'item', 1)}"


def record(**changes: Any) -> dict[str, Any]:
    return {"Id": "7", "PrivateNote": OURS, "TotalAmt": Decimal(48), "Balance": Decimal(48), **changes}


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({}, PaymentStatus.UNPAID),
        ({"Balance": Decimal("0.01")}, PaymentStatus.UNPAID),
        ({"Balance": 0}, PaymentStatus.PAID),
        ({"Balance": 0, "TotalAmt": 0, "PrivateNote": f"Voided - {OURS}"}, PaymentStatus.VOIDED),
    ],
)
def test_what_is_open_tells_whether_it_was_paid(changes: dict[str, Any], status: PaymentStatus) -> None:
    (found,) = standing("Bill", [record(**changes)])
    assert (found.document_id, PROFILE.payment_statuses[found.status]) == ("7", status)


def test_a_deleted_document_is_known_by_its_id() -> None:
    assert standing("Bill", [{"Id": "7", "status": "Deleted"}]) == [Standing("Bill", "7", "Deleted")]
    assert PROFILE.payment_statuses["Deleted"] is PaymentStatus.VOIDED


def test_nothing_is_told_of_other_peoples_documents_or_without_a_balance() -> None:
    bare = {name: value for name, value in record().items() if name != "Balance"}
    assert standing("VendorCredit", [bare, record(PrivateNote="Fuel"), record(Id=None)]) == []
