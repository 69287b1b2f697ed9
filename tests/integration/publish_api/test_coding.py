"""How documents are coded when they arrive and when people edit them, over the API: each value with its source."""

from dataclasses import replace
from typing import Any

from shared.domain.items import Item
from shared.domain.lists import Kind
from tests.integration.publish_api.conftest import World
from tests.integration.publish_api.test_rule_fields import payment_method, rule


def read(world: World, **changes: Any) -> dict[str, Any]:
    """A bill as it was read from paper, with one line that nobody has coded."""
    line = {"description": "Diesel, 30 litres", "amount": "40.00"}
    return world.bill(source="extracted", due_date=None, lines=[line], **changes)


def arrive(world: World, body: dict[str, Any]) -> dict[str, Any]:
    status, answer, _ = world.call("POST", "items", body)
    assert status == 201, answer
    view: dict[str, Any] = answer["results"][0]["item"]
    return view


def patch(world: World, view: dict[str, Any], **changes: Any) -> dict[str, Any]:
    headers = {"if-match": f'"{view["version"]}"'}
    status, answer, _ = world.call("PATCH", f"items/{view['id']}", changes, headers=headers)
    assert status == 200, answer
    return answer


def ruled(world: World, kind: str, subject: str, **decides: Any) -> dict[str, Any]:
    status, made = rule(world, kind, subject, **decides)
    assert status == 201, made
    return made


def test_a_suppliers_rule_codes_what_arrives_and_says_so(world: World) -> None:
    supplier = world.entries["supplier"].id
    made = ruled(
        world,
        "supplier",
        supplier,
        category={"code": "429"},
        tax_rate={"code": "INPUT2"},
        due_date={"days": 10},
        dimensions=[{"dimension": "Region", "name": "North"}],
        description="Fuel",
    )
    view = arrive(world, read(world))
    line = view["lines"][0]
    assert (line["category"], line["tax_rate"]) == (world.entries["fuel"].id, world.entries["input"].id)
    assert (line["tracking"], view["due_date"]) == ([world.entries["north"].id], "2026-03-21")
    assert view["description"] == "Fuel"
    assert (view["stage"], view["reasons"]) == ("ready", [])
    sources = view["sources"]
    for path in ("lines[0].category", "lines[0].tax_rate", "lines[0].tracking", "due_date", "description"):
        assert sources[path] == "supplier_rule", path
    assert {sources[path] for path in ("contact", "date", "number", "total", "lines[0].amount")} == {"extracted"}
    assert (sources["paid"], sources["destination"], sources["publish_as"]) == tuple(["connection_default"] * 3)
    _, preview, _ = world.call("GET", f"items/{view['id']}/preview")
    assert preview["sources"]["lines[0].category"] == {"source": "supplier_rule", "rule": made["id"]}
    assert preview["sources"]["total"] == {"source": "extracted", "rule": None}
    _, history, _ = world.call("GET", f"items/{view['id']}/timeline")
    coded = next(line for line in history["lines"] if line["what"] == "item.coded")
    assert coded["details"]["rules"] == {"supplier_rule": made["id"]}


def test_a_persons_word_stands_and_null_takes_it_back(world: World) -> None:
    supplier = world.entries["supplier"].id
    cash, card = payment_method(world, "Cash"), payment_method(world, "Card")
    ruled(world, "supplier", supplier, payment_method={"id": card}, category={"code": "429"})
    typed = arrive(world, world.bill(payment_method={"id": cash}))
    assert (typed["payment_method"], typed["sources"]["payment_method"]) == (cash, "manual")
    view = arrive(world, read(world, payment_method={"id": cash}))
    assert (view["payment_method"], view["sources"]["payment_method"]) == (card, "supplier_rule")
    view = patch(world, view, payment_method={"id": cash})
    assert (view["payment_method"], view["sources"]["payment_method"]) == (cash, "manual")
    other = patch(world, view, number="SUP-78")
    assert (other["payment_method"], other["sources"]["number"]) == (cash, "manual")
    back = patch(world, other, payment_method=None)
    assert (back["payment_method"], back["sources"]["payment_method"]) == (card, "supplier_rule")


def test_another_supplier_brings_its_own_rule(world: World) -> None:
    ruled(world, "supplier", world.entries["supplier"].id, category={"code": "429"}, due_date={"days": 10})
    ruled(world, "supplier", world.entries["archived_supplier"].id, description="From before")
    view = arrive(world, read(world))
    moved = patch(world, view, contact={"id": world.entries["archived_supplier"].id})
    assert (moved["lines"][0]["category"], moved["due_date"], moved["description"]) == (None, None, "From before")
    assert (moved["contact"], moved["stage"]) == (None, "needs_review")  # it is archived, and so reads blank


def test_rules_made_later_do_not_touch_what_is_there(world: World) -> None:
    view = arrive(world, read(world))
    ruled(world, "supplier", world.entries["supplier"].id, category={"code": "429"}, paid=True)
    assert world.call("GET", f"items/{view['id']}")[1]["lines"][0]["category"] is None
    edited = patch(world, view, number="SUP-78", date="2026-03-12")
    assert (edited["lines"][0]["category"], edited["paid"]) == (None, False)


def test_the_payment_methods_rule_decides_where_it_goes(world: World) -> None:
    card = payment_method(world)
    supplier = ruled(
        world, "supplier", world.entries["supplier"].id, payment_method={"id": card}, destination="purchases"
    )
    method = ruled(world, "payment_method", card, destination="bank_accounts")
    view = arrive(world, read(world))
    assert (view["destination"], view["sources"]["destination"]) == ("bank_accounts", "payment_method_rule")
    _, preview, _ = world.call("GET", f"items/{view['id']}/preview")
    assert preview["destination"] == "bank_accounts"
    assert preview["sources"]["destination"]["rule"] == method["id"]
    assert preview["sources"]["payment_method"]["rule"] == supplier["id"]
    moved = patch(world, view, payment_method={"id": payment_method(world, "Cash")})
    assert (moved["destination"], moved["sources"]["destination"]) == ("purchases", "supplier_rule")


def test_suggestions_and_fields_with_confidence(world: World) -> None:
    suggested = {"category": {"code": "429"}, "description": "Fuel"}
    view = arrive(world, read(world, suggested=suggested, tax_total="8.00"))
    assert (view["lines"][0]["category"], view["description"]) == (world.entries["fuel"].id, "Fuel")
    assert view["sources"]["lines[0].category"] == view["sources"]["description"] == "suggested"
    status, problem, _ = world.call("POST", "items", read(world, suggested={"category": {"code": "999"}}))
    assert (status, problem["field"]) == (422, "suggested.category")


def test_a_document_is_cut_by_its_suppliers_rule(world: World) -> None:
    split = {"shares": [{"percent": "66.67", "category": "429"}, {"percent": "33.33", "description": "Private"}]}
    ruled(world, "supplier", world.entries["supplier"].id, split=split, tax_rate={"code": "INPUT2"})
    view = arrive(world, read(world, tax_total="8.00"))
    lines = [(line["amount"], line["tax_amount"], line["description"]) for line in view["lines"]]
    assert lines == [("26.67", "5.33", "Diesel, 30 litres"), ("13.33", "2.67", "Private")]
    assert [reason["code"] for reason in view["reasons"]] == ["category_missing", "due_date_missing"]
    assert view["sources"]["lines[1].amount"] == "supplier_rule"
    typed = arrive(world, world.bill())
    assert len(typed["lines"]) == 1


def test_an_item_of_before_there_were_sources_is_a_persons(world: World) -> None:
    view = arrive(world, world.bill())
    item = _stored(world, view["id"])
    old = replace(item, sources={})
    world.service.items.update(old, world.state(view["id"]))
    assert world.call("GET", f"items/{view['id']}")[1]["sources"]["number"] == "manual"


def test_the_connections_default_tax_shows_as_such(world: World) -> None:
    settings = replace(world.connection.settings, default_costs_tax_rate=world.entries["input"].id)
    world.service.connections.update(replace(world.connection, settings=settings))
    view = arrive(world, read(world))
    assert view["lines"][0]["tax_rate"] is None
    assert view["sources"]["lines[0].tax_rate"] == "connection_default"


def _stored(world: World, item: str) -> Item:
    found = world.service.items.get(world.account.tenant, world.account.id, item)
    assert found is not None
    return found


def test_what_the_software_fills_in_for_a_supplier_is_the_last_word(world: World) -> None:
    said = {"default_category_code": "429", "default_tax_rate": "INPUT2", "due_days": 30}
    supplier = replace(world.entries["supplier"], values=said)
    world.write(Kind.SUPPLIERS, supplier)
    view = arrive(world, read(world))
    line = view["lines"][0]
    assert (line["category"], line["tax_rate"]) == (world.entries["fuel"].id, world.entries["input"].id)
    assert (view["due_date"], view["stage"]) == ("2026-04-10", "ready")
    paths = ("lines[0].category", "lines[0].tax_rate", "due_date")
    assert {view["sources"][path] for path in paths} == {"supplier_default"}
    suggested = arrive(world, read(world, number="SUP-79", suggested={"category": {"code": "480"}}))
    assert suggested["sources"]["lines[0].category"] == "suggested"
    ruled(world, "supplier", supplier.id, due_date={"days": 1})
    by_rule = arrive(world, read(world, number="SUP-80"))
    assert (by_rule["due_date"], by_rule["sources"]["due_date"]) == ("2026-03-12", "supplier_rule")
    moved = patch(world, by_rule, contact={"id": world.entries["archived_supplier"].id})
    assert (moved["lines"][0]["category"], moved["due_date"]) == (None, None)


def test_a_persons_rules_follow_the_owner(world: World) -> None:
    card = payment_method(world)
    ruled(world, "user", "anna", payment_method={"id": card}, supplier=world.entries["supplier"].id)
    view = arrive(world, read(world, owner="ben"))
    assert view["payment_method"] is None
    hers = patch(world, view, owner="anna")
    assert (hers["payment_method"], hers["sources"]["payment_method"]) == (card, "user_rule")
    theirs = patch(world, hers, owner="ben")
    assert (theirs["payment_method"], theirs["sources"].get("payment_method")) == (None, None)


def test_an_expense_claim_without_a_supplier_is_of_its_owners(world: World) -> None:
    supplier = world.entries["supplier"].id
    ruled(world, "user", "anna", supplier=supplier)
    item = world.make()["id"]
    body = {"side": "costs", "type": "expense_claim", "currency": "GBP", "date": "2026-03-11", "items": [item]}
    claim = arrive(world, {**body, "owner": "anna"})
    assert (claim["contact"], claim["sources"]["contact"]) == (supplier, "user_rule_if_blank")
    assert (claim["stage"], claim["total"]) == ("ready", "48.00")


def _tracking(view: dict[str, Any]) -> dict[str, str]:
    """Who said each tracking value of the first line, by the value."""
    whole = view["sources"].get("lines[0].tracking", "")
    values = view["lines"][0]["tracking"]
    return {one: view["sources"].get(f"lines[0].tracking[{place}]", whole) for place, one in enumerate(values)}


def test_each_dimension_is_coded_by_whoever_speaks_of_it(world: World) -> None:
    supplier = world.entries["supplier"].id
    north, south, red, blue = (world.entries[name].id for name in ("north", "south", "red", "blue"))
    of_supplier = ruled(world, "supplier", supplier, category={"code": "429"}, dimensions=[{"id": north}])
    of_person = ruled(world, "user", "anna", dimensions=[{"dimension": "Team", "name": "Red"}])
    view = arrive(world, read(world, owner="anna", suggested={"dimensions": [{"id": south}, {"id": blue}]}))
    assert _tracking(view) == {red: "user_rule", north: "supplier_rule"}
    _, preview, _ = world.call("GET", f"items/{view['id']}/preview")
    shown = preview["sources"]
    assert {shown[path]["rule"] for path in ("lines[0].tracking", "lines[0].tracking[1]")} == {
        of_person["id"],
        of_supplier["id"],
    }
    bens = patch(world, view, owner="ben")
    assert _tracking(bens) == {north: "supplier_rule", blue: "suggested"}
    typed = patch(world, bens, lines=[world.line(tracking=[{"id": south}])], owner="anna")
    assert _tracking(typed) == {south: "manual", red: "user_rule"}
    sold = world.make(side="sales", contact=world.entries["customer"].id, owner="anna", lines=[world.line()])
    assert sold["lines"][0]["tracking"] == []  # a person's rule is for costs
