"""Whether a published document was paid is read back with the refresh."""

from rehearsal.founding import refresh
from rehearsal.world import World
from tests.integration.rules_13.api import Api


def test_what_somebody_paid_in_the_books_is_shown_on_the_item(world: World) -> None:
    api = Api(world)
    first, second = world.create([world.papers.bill(), world.papers.bill()])
    for item in (first, second):
        shown = api.publish(item)["published"]
        assert shown["payment_status"] is None
    world.time.pass_by(minutes=10)
    refresh(world)
    assert api.item(first)["published"]["payment_status"] == "unpaid"
    paid = api.item(first)["published"]["document_id"]
    world.sandbox.control(f"/xero/organisations/{world.tenant_id}/edit", {"pay": paid})
    world.time.pass_by(hours=24)
    refresh(world)
    shown = {item: api.item(item)["published"] for item in (first, second)}
    assert (shown[first]["payment_status"], shown[first]["status"]) == ("paid", "PAID")
    assert (shown[second]["payment_status"], shown[second]["status"]) == ("unpaid", "AUTHORISED")
    lines = [line["what"] for line in api.ok("GET", f"items/{first}/timeline")["lines"]]
    assert lines.count("item.paid") == 1
    calls = world.calls("GET /Invoices")
    world.time.pass_by(hours=24)
    refresh(world)
    assert world.calls("GET /Invoices") == calls + 1
