"""What the connector sends, against Intuit's XSDs (Apache-2.0, of its SDKs), by the checker that comes with them.

Needs `intuit/*.xsd` and `tools/qbo_xsd_check.py` in ../shared/specs beside the checkout or in $LEDGERBRIDGE_SPECS; left
out, and said so, otherwise. The checker knows fields, types and enumerations; which fields are required it does not.
"""

import importlib.util
import json
import os
from pathlib import Path
from typing import Any

import pytest

from rehearsal.sandbox_process import SandboxClient
from shared.domain.items import TaxMode
from shared.domain.lists import Entry, Kind
from shared.providers.contract import FileToAttach, Upload, Wanted
from shared.providers.quickbooks.calls import PROVIDER
from shared.providers.quickbooks.uploads import metadata
from tests.contract.quickbooks.kit import World, connected
from tests.contract.quickbooks.test_publishing import SORTS, D
from tests.contract.sandbox.quickbooks import desk

SPECS = Path(os.environ.get("LEDGERBRIDGE_SPECS") or Path(__file__).resolve().parents[3].parent / "shared" / "specs")
TOOL = SPECS / "tools" / "qbo_xsd_check.py"
if not (TOOL.exists() and (SPECS / "intuit" / "Finance.xsd").exists()):
    pytest.skip(
        f"Intuit's XSDs and their checker are not in {SPECS}: their check of our bodies is LEFT OUT "
        "(put them there or set LEDGERBRIDGE_SPECS)",
        allow_module_level=True,
    )


@pytest.fixture(scope="module")
def checker() -> Any:
    spec = importlib.util.spec_from_file_location("qbo_xsd_check", TOOL)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.Checker(str(SPECS / "intuit"))


def elements_of(body: bytes) -> list[tuple[str, Any]]:
    """The records of a batch's body by entity, numbers as JSON has them."""
    found = []
    for element in json.loads(body)["BatchItemRequest"]:
        assert set(element) - {"bId", "operation"} and len(element) == 3
        assert element["operation"] == "create" and len(element["bId"]) <= 10
        entity = next(name for name in element if name not in {"bId", "operation"})
        found.append((entity, element[entity]))
    return found


def problems(checker: Any, body: bytes) -> list[str]:
    return [problem for entity, record in elements_of(body) for problem in checker.check(entity, record)]


@pytest.mark.parametrize("name", SORTS)
def test_every_kind_of_document(checker: Any, sandbox: SandboxClient, name: str) -> None:
    realm, make = SORTS[name]
    world = connected(sandbox, realm)
    item, destination, bank = make(world)
    _, body = world.batch(world.drafted(item, destination, bank))
    assert problems(checker, body) == []
    assert elements_of(body)[0][0] == name.partition(" ")[0]


def with_everything(world: World) -> bytes:
    line = world.line(
        tracking=("Retail", "Head Office"), customer="Riverside Cafe", billable=True, tax_amount=D("7.99")
    )
    item = world.item(line, total=D("47.99"), description="Two\nlines", exchange_rate=D(1))
    return world.batch(world.drafted(item))[1]


def test_a_bill_with_everything(checker: Any, sandbox: SandboxClient) -> None:
    assert problems(checker, with_everything(connected(sandbox))) == []


def test_gross_amounts_and_contacts(checker: Any, sandbox: SandboxClient) -> None:
    world = connected(sandbox, desk.CA)
    item = world.item(world.line("42.00"), tax_mode=TaxMode.INCLUSIVE, total=D("42.00"))
    assert problems(checker, world.batch(world.drafted(item))[1]) == []
    values = {"email": "hello@example.com", "currency": "CAD"}
    for kind in (Kind.SUPPLIERS, Kind.CUSTOMERS):
        draft = PROVIDER.new_supplier(Entry("x", kind, "New One", values=values), "LB0000000000000000A1")
        assert problems(checker, PROVIDER.body(draft.resource, [draft.element])) == []


def test_what_goes_with_a_file(checker: Any) -> None:
    told = metadata(Upload(Wanted("Bill", "12"), FileToAttach("a.pdf", "application/pdf", b"x")))
    assert checker.check("Attachable", json.loads(told)) == []


def test_the_checker_finds_what_is_wrong(checker: Any, sandbox: SandboxClient) -> None:
    told = json.loads(with_everything(connected(sandbox)))
    bill = told["BatchItemRequest"][0]["Bill"]
    bill["VendorRef"]["value"] = 56
    bill["GlobalTaxCalculation"] = "Excluded"
    bill["Surprise"] = 1
    assert len(problems(checker, json.dumps(told).encode())) == 3
