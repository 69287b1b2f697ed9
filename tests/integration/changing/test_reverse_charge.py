"""An item that Sage would have been told of by its switch, once the account is on Xero, which is told by tax rate."""

from decimal import Decimal
from typing import Any

from rehearsal.software import software
from tests.integration.changing.conftest import MakeChanging
from tests.integration.changing.driver import OURS


def test_it_is_not_published_as_if_nothing_after_a_change(changings: MakeChanging) -> None:
    changing = changings("sage")
    api, papers = changing.api, software("xero").papers
    item = api.make(changing.world.papers.bill(total="40.00", reverse_charge=True))
    assert (item["stage"], item["reverse_charge"]) == ("ready", True)
    changing.change("xero", OURS)
    waiting = api.item(item["id"])
    assert (waiting["stage"], waiting["reverse_charge"]) == ("needs_review", True)

    def coded_as_there(version: int, **line: Any) -> dict[str, Any]:
        body = {"contact": papers.bill()["contact"], "lines": [papers.line(**line)]}
        view: dict[str, Any] = api.ok("PATCH", f"items/{item['id']}", body, version=version)
        return view

    usual = coded_as_there(waiting["version"])
    assert [(one["code"], one["field"]) for one in usual["reasons"]] == [
        ("reverse_charge_by_rate", "lines[0].tax_rate")
    ]
    chosen = coded_as_there(usual["version"], tax_rate={"code": "DRCHARGE20"})
    assert (chosen["stage"], chosen["reasons"]) == ("ready", [])
    assert Decimal(api.publish(item["id"])["published"]["total"]) == Decimal(40)
