"""Proposals of the other lists, and of entries that compete."""

from typing import Any

from rapidfuzz.fuzz import ratio

from shared.domain.lists import Entry, EntryStatus, Kind
from shared.domain.mapping import Proposal, propose, propose_values
from shared.domain.mapping_scores import Reason


def entry(
    kind: Kind, name: str, code: str | None = None, *, at: str = "", parent: str | None = None, **values: Any
) -> Entry:
    return Entry(id=f"{at}{name}", kind=kind, name=name, code=code, parent=parent, values=values)


def supplier(name: str, **values: Any) -> Entry:
    return entry(Kind.SUPPLIERS, name, **values)


def one(kind: Kind, old: Entry, *new: Entry) -> Proposal:
    return propose(kind, [old], new, ratio)[0]


def chosen(proposal: Proposal) -> str | None:
    return proposal.proposed.entry.name if proposal.proposed else None


def test_a_contact_is_found_by_tax_number_before_email_and_by_email_before_a_likely_name() -> None:
    old = supplier("Oak Print", tax_number="GB 123 4567 89", email="accounts@oak.example")
    by_number = supplier("Quercus Media Limited", tax_number="123456789")
    by_email = supplier("Oak and Partners", email="Accounts@Oak.example")
    by_words = supplier("Oak Printing House")
    found = one(Kind.SUPPLIERS, old, by_words, by_email, by_number)
    assert [candidate.entry for candidate in found.candidates] == [by_number, by_email, by_words]
    assert found.candidates[0].reasons == (Reason.SAME_TAX_NUMBER,)
    assert Reason.SAME_EMAIL in found.candidates[1].reasons
    assert found.accepted
    assert not one(Kind.SUPPLIERS, old, by_words).accepted


def test_a_firm_with_and_without_its_legal_form_is_one() -> None:
    assert one(Kind.SUPPLIERS, supplier("Lumen Software Ltd"), supplier("Lumen Software Limited")).accepted
    assert not one(Kind.SUPPLIERS, supplier("Lumen Software Ltd"), supplier("Lumen Hardware Ltd")).accepted


def test_a_name_is_not_enough_where_tax_numbers_or_currencies_differ() -> None:
    old = supplier("City Taxis", tax_number="GB111111111", currency="GBP")
    assert one(Kind.SUPPLIERS, old, supplier("City Taxis")).accepted
    assert not one(Kind.SUPPLIERS, old, supplier("City Taxis", tax_number="GB222222222")).accepted
    assert not one(Kind.SUPPLIERS, old, supplier("City Taxis", currency="EUR")).accepted


def test_of_branches_with_one_tax_number_the_one_named_alike_is_proposed() -> None:
    branches = [supplier(name, tax_number="GB123456789") for name in ("Post Leeds", "Post York", "Post Hull")]
    assert chosen(one(Kind.SUPPLIERS, supplier("Post York", tax_number="123456789"), *branches)) == "Post York"


def test_a_product_is_found_by_its_code() -> None:
    old = entry(Kind.PRODUCTS, "A4 paper, box of five reams", "PAPER-A4")
    same_code = entry(Kind.PRODUCTS, "Copier paper", "paper-a4")
    found = one(Kind.PRODUCTS, old, entry(Kind.PRODUCTS, "A5 paper, box of five reams", "PAPER-A5"), same_code)
    assert found.proposed is not None
    assert found.proposed.entry == same_code
    assert Reason.SAME_CODE in found.proposed.reasons
    assert found.accepted


def test_names_that_differ_in_a_number_or_a_size_alone_are_left_to_a_person() -> None:
    for mine, other in (
        ("Kitchen extension, north wing, phase 1", "Kitchen extension, north wing, phase 2"),
        ("Site rent, east depot and workshop 2025", "Site rent, east depot and workshop 2026"),
        ("Work shirt, long sleeve, navy, size M", "Work shirt, long sleeve, navy, size L"),
    ):
        for kind in (Kind.PRODUCTS, Kind.PROJECTS, Kind.CATEGORIES):
            values = {"class": "expense"}
            found = one(kind, Entry("old", kind, mine, values=values), Entry("new", kind, other, values=values))
            assert chosen(found) == other
            assert not found.accepted


def test_bank_accounts_go_by_number_and_never_across_currencies_or_cards() -> None:
    old = entry(Kind.BANK_ACCOUNTS, "Business Bank Account", type="bank", currency="GBP", number="4234")
    same_number = entry(Kind.BANK_ACCOUNTS, "Lloyds", type="bank", currency="GBP", number="4234")
    euro = entry(Kind.BANK_ACCOUNTS, "Business Bank Account", at="euro", type="bank", currency="EUR")
    card = entry(Kind.BANK_ACCOUNTS, "Business Bank Account", at="card", type="credit_card", currency="GBP")
    found = one(Kind.BANK_ACCOUNTS, old, euro, card, same_number)
    assert [candidate.entry for candidate in found.candidates] == [same_number]
    assert found.accepted


def dimension(name: str, *values: str) -> list[Entry]:
    root = entry(Kind.DIMENSIONS, name)
    return [root, *(entry(Kind.DIMENSIONS, value, at=f"{name}/", parent=root.id) for value in values)]


def test_dimensions_belong_together_by_their_values_and_then_the_values_by_name() -> None:
    old = [*dimension("Region", "North", "South", "Eastside"), *dimension("Department", "Retail", "Head Office")]
    new = [*dimension("Classes", "Retail", "Wholesale"), *dimension("Locations", "south", "North", "Head Office:Annex")]
    found = {proposal.old.name: proposal for proposal in propose(Kind.DIMENSIONS, old, new, ratio)}
    assert {name: chosen(proposal) for name, proposal in found.items()} == {
        "Region": "Locations",
        "Department": "Classes",
    }
    assert Reason.SAME_VALUES in found["Region"].candidates[0].reasons
    regions = [value for value in old if value.parent == "Region"]
    places = [value for value in new if value.parent == "Locations"]
    values = {proposal.old.name: proposal for proposal in propose_values(regions, places, ratio)}
    assert {name: chosen(proposal) for name, proposal in values.items()} == {
        "North": "North",
        "South": "south",
        "Eastside": None,
    }


def account(name: str, code: str | None = None, **values: Any) -> Entry:
    return entry(Kind.CATEGORIES, name, code, **{"class": "expense", **values})


def test_two_old_entries_may_go_onto_one_that_is_best_for_both() -> None:
    found = propose(
        Kind.CATEGORIES, [account("Rent"), account("Rent", "2", at="old")], [account("Rent"), account("Rates")], ratio
    )
    assert [chosen(proposal) for proposal in found] == ["Rent", "Rent"]


def test_only_between_equals_the_one_that_is_free_comes_first() -> None:
    news = [account("Courier north"), account("Courier south")]
    found = propose(Kind.CATEGORIES, [account("Courier one"), account("Courier two")], news, ratio)
    assert {chosen(proposal) for proposal in found} == {"Courier north", "Courier south"}


def test_accounts_of_unknown_class_are_never_accepted_unseen() -> None:
    unknown = Entry(id="u", kind=Kind.CATEGORIES, name="Rent")
    found = one(Kind.CATEGORIES, account("Rent"), unknown)
    assert chosen(found) == "Rent"
    assert not found.accepted


def test_what_is_hidden_merged_or_inactive_is_not_proposed() -> None:
    gone = Entry("1", Kind.CATEGORIES, "Rent", status=EntryStatus.INACTIVE, values={"class": "expense"})
    hidden = Entry("2", Kind.CATEGORIES, "Rent", visible=False, values={"class": "expense"})
    merged = Entry("3", Kind.CATEGORIES, "Rent", survivor="4", values={"class": "expense"})
    assert one(Kind.CATEGORIES, account("Rent"), gone, hidden, merged).candidates == ()


def test_a_rate_for_both_sides_is_not_accepted_onto_one_for_a_single_side() -> None:
    def rate(name: str, *, costs: bool, sales: bool) -> Entry:
        return entry(Kind.TAX_RATES, name, rate="20", costs=costs, sales=sales)

    both = rate("20.0% S", costs=True, sales=True)
    costs = rate("20% (VAT on Expenses)", costs=True, sales=False)
    sales = rate("20% (VAT on Income)", costs=False, sales=True)
    assert one(Kind.TAX_RATES, costs, both).accepted
    assert not one(Kind.TAX_RATES, both, costs).accepted
    assert one(Kind.TAX_RATES, costs, sales).candidates == ()
