"""What Sage says of a contact, and what it fills in on its documents."""

from shared.domain.lists import Kind
from shared.providers.sage.entries import contact


def test_the_defaults_of_a_contact_are_those_of_its_side() -> None:
    record = {
        "id": "c1",
        "name": "A",
        "contact_types": [{"id": "VENDOR"}, {"id": "CUSTOMER"}],
        "default_purchase_ledger_account": {"id": "fuel"},
        "default_sales_ledger_account": {"id": "sales"},
        "default_sales_tax_rate": {"id": "GB_ZERO"},
    }
    found = {entry.kind: entry.values for entry in contact(record)}
    assert found == {
        Kind.SUPPLIERS: {"default_category": "fuel"},
        Kind.CUSTOMERS: {"default_category": "sales", "default_tax_rate": "GB_ZERO"},
    }
    bare = {**record, "default_purchase_ledger_account": None, "default_sales_tax_rate": None}
    assert [entry.values for entry in contact(bare)] == [{}, {"default_category": "sales"}]
