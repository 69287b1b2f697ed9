"""The decision whether a document publishes itself, as a pure function."""

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.auto_publish import (
    Circumstances,
    decide,
    unsure_amount,
    warns_without_category,
)
from shared.domain.auto_published import UNASKED, AutoPublished, Level, Reason
from shared.domain.item_approvals import ItemApprovalState
from shared.domain.items import ItemType

WISHED = Circumstances(
    approval=ItemApprovalState.NONE,
    type=ItemType.INVOICE,
    contact_level=Level.SUPPLIER,
    method=None,
    contact=None,
    account=True,
    exceptions=(),
    ready=True,
    duplicate=False,
    new_contact=False,
    unsure=False,
    never=False,
    refusal=None,
)
ANY = st.builds(
    Circumstances,
    approval=st.sampled_from(ItemApprovalState),
    type=st.sampled_from(ItemType),
    contact_level=st.sampled_from([Level.SUPPLIER, Level.CUSTOMER]),
    method=st.sampled_from([True, False, None]),
    contact=st.sampled_from([True, False, None]),
    account=st.booleans(),
    exceptions=st.sets(st.sampled_from(ItemType)),
    ready=st.booleans(),
    duplicate=st.booleans(),
    new_contact=st.booleans(),
    unsure=st.booleans(),
    never=st.booleans(),
    refusal=st.sampled_from([None, "connection_expired"]),
)


@pytest.mark.parametrize(
    ("change", "level", "reason"),
    [
        ({"approval": ItemApprovalState.PENDING, "method": True}, Level.APPROVAL, Reason.APPROVAL_PENDING),
        ({"approval": ItemApprovalState.REJECTED, "method": True}, Level.APPROVAL, Reason.APPROVAL_REJECTED),
        ({"exceptions": {ItemType.INVOICE}, "method": True}, Level.ITEM_TYPE, Reason.TYPE_EXCLUDED),
        ({"method": False, "contact": True}, Level.PAYMENT_METHOD, Reason.METHOD_NEVER),
        ({"contact": False}, Level.SUPPLIER, Reason.RULE_NO),
        ({"account": False}, Level.ACCOUNT, Reason.ACCOUNT_OFF),
        ({"ready": False, "duplicate": True}, Level.ITEM, Reason.NOT_READY),
        ({"duplicate": True}, Level.ITEM, Reason.DUPLICATE),
        ({"new_contact": True}, Level.ITEM, Reason.NEW_CONTACT),
        ({"unsure": True}, Level.ITEM, Reason.UNSURE_AMOUNT),
        ({"never": True}, Level.CONNECTION, Reason.PROVIDER_NEVER),
        ({"refusal": "connection_paused"}, Level.CONNECTION, "connection_paused"),
    ],
)
def test_what_stops_it_is_named(change: dict[str, object], level: Level, reason: str) -> None:
    assert decide(replace(WISHED, **change)) == AutoPublished(False, level, reason)


@pytest.mark.parametrize(
    ("change", "level", "reason"),
    [
        ({"method": True, "contact": False, "account": False}, Level.PAYMENT_METHOD, Reason.METHOD_ALWAYS),
        ({"contact": True, "account": False}, Level.SUPPLIER, Reason.RULE_YES),
        ({"contact": True, "contact_level": Level.CUSTOMER}, Level.CUSTOMER, Reason.RULE_YES),
        ({"approval": ItemApprovalState.APPROVED}, Level.ACCOUNT, Reason.ACCOUNT_ON),
    ],
)
def test_who_wished_it_is_named(change: dict[str, object], level: Level, reason: str) -> None:
    assert decide(replace(WISHED, **change)) == AutoPublished(True, level, reason)


@given(ANY)
def test_the_levels_hold_for_any_mix(about: Circumstances) -> None:
    decision = decide(about)
    if about.approval in {ItemApprovalState.PENDING, ItemApprovalState.REJECTED} or about.type in about.exceptions:
        assert not decision.decided
    word = next(word for word in (about.method, about.contact, about.account) if word is not None)
    if decision.decided:
        assert word
        assert about.ready
        assert not (about.duplicate or about.new_contact or about.unsure or about.never or about.refusal)
    if decision == UNASKED:
        assert not word


@pytest.mark.parametrize(
    ("confidence", "unsure"),
    [({"total": "0.89"}, True), ({"total": "0.90"}, False), ({"lines[1].tax_amount": "0.5"}, True),
     ({"number": "0.1", "lines[0].description": "0.1"}, False), ({}, False)],
)  # fmt: skip
def test_an_amount_that_was_read_with_doubt(confidence: dict[str, str], unsure: bool) -> None:
    assert unsure_amount({path: Decimal(sure) for path, sure in confidence.items()}, Decimal("0.9")) is unsure


def test_a_rule_that_publishes_needs_a_category() -> None:
    assert warns_without_category(auto_publish=True, category=None, splits=False)
    assert not warns_without_category(auto_publish=True, category="01ARZ3NDEKTSV4RRFFQ69G5FAV", splits=False)
    assert not warns_without_category(auto_publish=False, category=None, splits=False)
