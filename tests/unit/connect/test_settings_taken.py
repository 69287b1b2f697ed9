"""Settings that only some software has a use for are refused elsewhere, by name."""

from dataclasses import fields

import pytest

from shared.domain.connections import Settings, TaxPolicy
from shared.providers import registry
from shared.usecases.change_settings import not_taken

OTHERWISE = {
    "bank_match": True,
    "costs_paid": True,
    "sales_paid": True,
    "tax_policy": TaxPolicy.PROVIDER,
    "tax_from_category": True,
    "multi_currency": False,
    "own_rate": False,
}


@pytest.mark.parametrize("provider", registry.names())
def test_a_switch_that_the_software_does_not_have_is_refused_by_name(provider: str) -> None:
    profile = registry.profile(provider)
    refused = not_taken(profile, OTHERWISE)
    assert {one.field for one in refused} == OTHERWISE.keys() - set(profile.settings)
    assert {one.code for one in refused} <= {"invalid_request"}


@pytest.mark.parametrize("provider", registry.names())
def test_what_a_connection_begins_with_may_be_said_of_any(provider: str) -> None:
    said = {one.name: getattr(Settings(), one.name) for one in fields(Settings)}
    assert not_taken(registry.profile(provider), said) == []


def test_a_default_of_being_paid_is_offered_where_documents_can_arrive_paid() -> None:
    for name in registry.names():
        profile = registry.profile(name)
        paid = any("paid" in statuses for statuses in profile.publish_as.values())
        assert paid is ("costs_paid" in profile.settings) is ("sales_paid" in profile.settings), name
