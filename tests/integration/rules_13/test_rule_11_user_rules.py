"""A person's payment method counts over what was read from the document, or only where nothing was."""

import pytest

from rehearsal.papers import LINKED, UNLINKED
from rehearsal.world import World
from tests.integration.rules_13.api import Api
from tests.integration.rules_13.coding import entry, read, rule


@pytest.mark.parametrize(("when", "kept"), [("if_blank", LINKED), ("always", UNLINKED)])
def test_rule_11_if_blank_leaves_an_extracted_payment_method_and_always_replaces_it(
    world: World, api: Api, when: str, kept: str
) -> None:
    mine = entry(api, "payment_methods", UNLINKED)["id"]
    rule(api, "user", "anna", payment_method=mine, payment_method_when=when)
    found = api.make(read(world, owner="anna", payment_method={"name": LINKED}))
    assert found["payment_method"] == entry(api, "payment_methods", kept)["id"]
    source = {"if_blank": "extracted", "always": "user_rule"}[when]
    assert found["sources"]["payment_method"] == source
    blank = api.make(read(world, owner="anna"))
    assert blank["payment_method"] == mine
    assert blank["sources"]["payment_method"] == {"if_blank": "user_rule_if_blank", "always": "user_rule"}[when]
    assert api.make(read(world, owner="ben"))["payment_method"] is None
    typed = api.make(world.papers.bill(owner="anna", payment_method={"name": LINKED}))
    assert typed["sources"]["payment_method"] == "manual"
    assert typed["payment_method"] == entry(api, "payment_methods", LINKED)["id"]
