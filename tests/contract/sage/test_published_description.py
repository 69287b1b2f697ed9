"""What we send and ask for against Sage's published description (Swagger 2.0, v3.1), by jsonschema.

Needs `sage/sage_accounting.checked.strict.json` in ../shared/specs beside the checkout or in $LEDGERBRIDGE_SPECS; left
out, and said so, otherwise.
"""

import json
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from shared.domain.connections import PublishAs
from shared.domain.items import Item, ItemType, TaxMode
from shared.domain.lists import Entry, Kind
from shared.providers.contract import Draft, FileToAttach, Target, Upload, Wanted
from shared.providers.sage import answers, attachments, lists, mapping
from shared.providers.sage.mapping import WRAPPERS
from tests.unit.providers.sage.kit import (
    BANK_TARGET,
    BILL,
    CREDIT,
    INVOICE,
    LINE,
    MARKER,
    QUICK_TARGET,
    RESOLVED,
    SALES_TARGET,
    TARGET,
    D,
)

jsonschema = pytest.importorskip("jsonschema")

SPECS = Path(os.environ.get("LEDGERBRIDGE_SPECS") or Path(__file__).resolve().parents[3].parent / "shared" / "specs")
DESCRIPTION = SPECS / "sage" / "sage_accounting.checked.strict.json"
if not DESCRIPTION.exists():
    pytest.skip(
        f"Sage's published description is not at {DESCRIPTION}: the check of our bodies is LEFT OUT "
        "(put it there or set LEDGERBRIDGE_SPECS)",
        allow_module_level=True,
    )
DOCUMENT: dict[str, Any] = json.loads(DESCRIPTION.read_text(encoding="utf-8"))
RICH = replace(
    BILL,
    description="March",
    lines=(replace(LINE, tracking=("north",), product="book", quantity=D(3)), replace(LINE, product="hours")),
    total=D("96.00"),
    currency="EUR",
    exchange_rate=D("1.25"),
)
DRAFT = replace(TARGET, publish_as=PublishAs.DRAFT)
PAPERS: tuple[tuple[Item, Target], ...] = (
    (BILL, TARGET),
    (RICH, DRAFT),
    (CREDIT, TARGET),
    (BILL, BANK_TARGET),
    (BILL, QUICK_TARGET),
    (CREDIT, QUICK_TARGET),
    (INVOICE, SALES_TARGET),
    (replace(INVOICE, type=ItemType.CREDIT_NOTE), SALES_TARGET),
    (INVOICE, BANK_TARGET),
    (INVOICE, QUICK_TARGET),
    (replace(BILL, tax_mode=TaxMode.INCLUSIVE, lines=(replace(LINE, amount=D("48.00")),)), TARGET),
    *((replace(one, reverse_charge=True), TARGET) for one in (BILL, CREDIT)),
    *(
        (replace(one, reverse_charge=False), SALES_TARGET)
        for one in (INVOICE, replace(INVOICE, type=ItemType.CREDIT_NOTE))
    ),
)


def problems(path: str, body: bytes) -> list[str]:
    """What the description finds wrong with a POST's body."""
    parameters = DOCUMENT["paths"][path]["post"]["parameters"]
    schema = next(one["schema"] for one in parameters if one["in"] == "body")
    checker = jsonschema.Draft4Validator({**schema, "definitions": DOCUMENT["definitions"]})
    return [f"{error.json_path}: {error.message[:200]}" for error in checker.iter_errors(json.loads(body))]


def posted(draft: Draft) -> list[str]:
    return problems(f"/{draft.resource}", mapping.body(draft.resource, [draft.element]))


@pytest.mark.parametrize(("item", "target"), PAPERS)
def test_documents_are_as_described(item: Item, target: Target) -> None:
    assert posted(mapping.draft(item, RESOLVED, target)) == []


@pytest.mark.parametrize("item", [BILL, CREDIT, RICH, INVOICE])
def test_payments_are_as_described(item: Item) -> None:
    assert posted(mapping.payment(item, Wanted("purchase_invoices", "d1"), RESOLVED, MARKER)) == []


@pytest.mark.parametrize("kind", [Kind.SUPPLIERS, Kind.CUSTOMERS])
def test_contacts_are_as_described(kind: Kind) -> None:
    values = {"email": "a@example.com", "tax_number": "GB123456789", "currency": "EUR"}
    assert posted(mapping.new_supplier(Entry("01NEW", kind, "Fenland Timber", values=values), MARKER)) == []


def test_files_are_as_described() -> None:
    file = FileToAttach("paper.pdf", "application/pdf", b"%PDF-")
    assert problems("/attachments", attachments.body(Upload(Wanted("purchase_invoices", "d1"), file))) == []


@pytest.mark.parametrize("resource", WRAPPERS)
def test_the_switch_of_reverse_charge_is_where_we_send_it(resource: str) -> None:
    """And no other document has one: what is published as such is held back."""
    found = problems(f"/{resource}", mapping.body(resource, [{"vat_reverse_charge": True}]))
    sent = resource.endswith(("_invoices", "_credit_notes"))
    assert any("vat_reverse_charge" in one for one in found) is not sent


def test_a_misspelt_field_would_be_seen() -> None:
    element = {**mapping.draft(BILL, RESOLVED, TARGET).element, "vendor_ref": "x"}
    assert problems("/purchase_invoices", mapping.body("purchase_invoices", [element]))


def described(path: str) -> set[str]:
    return {one["name"] for one in DOCUMENT["paths"][path]["get"]["parameters"]}


def fields(path: str) -> set[str]:
    """The fields of one record of a list."""
    schema = DOCUMENT["paths"][f"{path}/{{key}}"]["get"]["responses"]["200"]["schema"]
    return set(DOCUMENT["definitions"][schema["$ref"].rpartition("/")[2]]["properties"])


@pytest.mark.parametrize(
    "resource", [one for group in lists.GROUPS for one in group.resources], ids=lambda one: one.path
)
def test_lists_are_asked_for_what_they_have(resource: lists.Resource) -> None:
    """Filters and attributes; a list that has `deleted_since` is asked for it."""
    step = lists.Step(resource, None)
    assert set(step.params(1)) <= described(resource.path)
    assert set(filter(None, resource.attributes.split(","))) <= fields(resource.path)
    has_delta = "updated_or_created_since" in described(resource.path)
    assert has_delta == next(group.has_delta for group in lists.GROUPS if resource in group.resources)
    assert resource.tells_deleted == ("deleted_since" in described(resource.path))


@pytest.mark.parametrize("resource", [one for one in WRAPPERS if one != "contacts"])
def test_look_ups_use_filters_that_there_are(resource: str) -> None:
    searchable = resource not in {"other_payments", "contact_payments"}
    assert ("search" in described(f"/{resource}")) == searchable
    assert {"deleted_since", "updated_or_created_since", "attributes"} <= described(f"/{resource}")
    asked = answers.DOCUMENT_ATTRIBUTES if searchable else answers.PAYMENT_ATTRIBUTES
    assert set(asked.split(",")) <= fields(f"/{resource}")
