"""Requests over the API against the sandbox: made once, found again, decided on, with their files."""

import json
from dataclasses import replace
from datetime import timedelta

import pytest

from rehearsal.sandbox_process import SandboxClient
from shared.domain.approvals import ApprovalOutcome, Ledger
from shared.domain.errors import Problem
from shared.domain.items import TaxMode
from shared.domain.publishing import Verdict
from shared.domain.secrets import Secret
from shared.providers.approvalmax import api
from shared.providers.contract import (
    AccessLost,
    CallFailed,
    FileToAttach,
    LimitReached,
    TokenRefused,
    Upload,
    Wanted,
    WholeRefused,
)
from tests.contract.approvalmax.kit import PROVIDER, D, World, clock, connected, desk
from tests.contract.sandbox.quickbooks.receiver import Receiver

PDF = b"%PDF-1.4\n1 0 obj<<>>endobj\ntrailer<<>>\n%%EOF\n"


@pytest.fixture
def world(sandbox: SandboxClient) -> World:
    return connected(sandbox)


def test_companies_say_which_books_they_work_on(world: World) -> None:
    offered = {one.name: one for one in PROVIDER.organisations(world.session, None)}
    assert offered[desk.GB].ledger == Ledger(desk.GB, "xero", world.xero.tenant)
    assert offered[desk.QBO].ledger == Ledger(desk.QBO, "quickbooks", "9341450000000101")
    assert PROVIDER.organisation(world.session, "").name == desk.GB


def test_where_only_names_are_told_the_ledger_has_a_name(world: World) -> None:
    world.sandbox.control("/approvalmax/options", {"company_shows_ledger": False})
    found = PROVIDER.organisation(world.session, "")
    assert found.ledger == Ledger(desk.GB)


def test_a_company_taken_off_the_consent_is_gone(world: World) -> None:
    world.sandbox.control("/approvalmax/revoke", {"organisation": desk.GB})
    with pytest.raises((TokenRefused, AccessLost)):
        PROVIDER.organisation(world.session, "")


def test_a_request_is_what_the_item_says_and_waits(world: World) -> None:
    item = world.item(world.line("60.00", quantity=D(3)), world.line("20.00"))
    answer = world.publish(item)
    assert (answer.verdict, answer.number, answer.total) == (Verdict.DONE, item.number, "96")
    (stored,) = world.requests()
    assert stored["requestId"] == answer.provider_id and stored["reference"] == world.target(item).marker
    assert (stored["date"], stored["dueDate"], stored["taxType"]) == ("2026-11-02", "2026-12-02", "Exclusive")
    assert [(D(str(one["amount"])), one["accountCode"], one["taxCode"]) for one in stored["lineItems"]] == [
        (D("60.00"), "429", "INPUT2"),
        (D("20.00"), "429", "INPUT2"),
    ]
    assert stored["requestStatus"].lower() == "onapproval"


@pytest.mark.parametrize(
    ("mode", "line", "total"),
    [(TaxMode.INCLUSIVE, {}, "80.00"), (TaxMode.NONE, {"tax_rate": None}, "80.00")],
)
def test_amounts_stand_to_tax_as_the_item_says(world: World, mode: TaxMode, line: dict[str, None], total: str) -> None:
    item = world.item(world.line("80.00", **line), tax_mode=mode, total=D(total))
    assert world.publish(item).total == "80"


def test_a_lost_answer_is_found_by_reference(world: World) -> None:
    batch, body = world.batch(world.drafted(world.item()))
    world.desk.fault("POST", "*/xero/bills", "commit_then_drop")
    with pytest.raises(CallFailed) as lost:
        PROVIDER.send(world.session, batch, body)
    assert lost.value.sent
    (found,) = PROVIDER.find(world.session, batch, frozenset())
    assert (found.verdict, found.provider_id) == (Verdict.DONE, world.requests()[0]["requestId"])


def test_what_never_arrived_is_not_found(world: World) -> None:
    world.publish(world.item())
    batch, _ = world.batch(world.drafted(world.item()))
    assert PROVIDER.find(world.session, batch, frozenset()) == []


def test_two_requests_with_one_reference_are_for_a_person(world: World) -> None:
    batch, body = world.batch(world.drafted(world.item()))
    for _ in range(2):
        PROVIDER.send(world.session, batch, body)
    (found,) = PROVIDER.find(world.session, batch, frozenset())
    assert found.verdict is Verdict.UNKNOWN and found.problem and found.problem.code == "outcome_unknown"


def test_a_request_is_known_by_its_id(world: World) -> None:
    item = world.item()
    answer = world.publish(item)
    known = PROVIDER.known(world.session, item, world.target(item), answer.provider_id or "")
    assert known and known.marker == world.target(item).marker and known.answer.provider_id == answer.provider_id
    assert PROVIDER.known(world.session, item, world.target(item), "00000000-0000-4000-8000-000000000000") is None


@pytest.mark.parametrize(
    ("decision", "outcome"), [("approve", ApprovalOutcome.APPROVED), ("reject", ApprovalOutcome.REJECTED)]
)
def test_decisions_are_read_back_with_when_and_whom(world: World, decision: str, outcome: ApprovalOutcome) -> None:
    answer = world.publish(world.item())
    (before,) = PROVIDER.decisions(world.session, world.organisation, clock() - timedelta(minutes=5))
    assert (before.request, before.outcome, before.by) == (answer.provider_id, ApprovalOutcome.PENDING, None)
    world.desk.decide(decision)
    (after,) = PROVIDER.decisions(world.session, world.organisation, clock() - timedelta(minutes=5))
    assert after.outcome is outcome and after.at is not None and after.by == "Jordan Lee"


def test_bills_pulled_from_the_books_are_among_the_decisions(world: World) -> None:
    invoice = desk.submit(world.xero, "B-77")
    world.desk.pull()
    world.desk.decide("reject")
    (found,) = PROVIDER.decisions(world.session, world.organisation, clock() - timedelta(minutes=5))
    assert (found.number, found.currency, found.total) == ("B-77", "GBP", "96") and invoice in found.page
    assert desk.xero_status(world.xero, invoice) == "DRAFT"


def test_files_go_up_and_are_found_by_name_and_size(world: World) -> None:
    answer = world.publish(world.item())
    wanted = Wanted("xero/bills", answer.provider_id or "")
    upload = Upload(wanted, FileToAttach("paper-1.pdf", "application/pdf", PDF))
    (done,) = PROVIDER.attach(world.session, [upload], "k")
    assert done.attachment_id
    other = Upload(wanted, FileToAttach("paper-2.pdf", "application/pdf", PDF))
    assert [one.name for one in PROVIDER.attached(world.session, [upload, other])] == ["paper-1.pdf"]


def test_a_large_file_is_refused_before_any_call(world: World) -> None:
    upload = Upload(Wanted("xero/bills", "x"), FileToAttach("a.pdf", "application/pdf", b"x" * (3 * 1024 * 1024 + 1)))
    calls = world.permits
    with pytest.raises(WholeRefused) as refused:
        PROVIDER.attach(world.session, [upload], "k")
    assert (refused.value.problem.code, world.permits) == ("file_too_large", calls)


def refusal(world: World) -> Problem:
    batch, body = world.batch(world.drafted(world.item()))
    with pytest.raises(WholeRefused) as refused:
        PROVIDER.send(world.session, batch, body)
    return refused.value.problem


def test_a_plan_without_the_api(world: World) -> None:
    world.sandbox.control(f"/approvalmax/organisations/{world.organisation.id}/edit", {"plan": "Standard"})
    found = refusal(world)
    assert found.code == "plan_lacks_feature" and "is disabled" in (found.provider_text or "")
    with pytest.raises(CallFailed) as failed:
        PROVIDER.decisions(world.session, world.organisation, clock())
    assert failed.value.problem.code == "plan_lacks_feature"


def test_a_company_without_its_bill_workflow(world: World) -> None:
    world.sandbox.control(f"/approvalmax/organisations/{world.organisation.id}/edit", {"bill_workflow": False})
    assert refusal(world).code == "approval_workflow_off"


@pytest.mark.parametrize(
    ("entry", "code"),
    [("account", "account_archived"), ("contact", "supplier_archived"), ("tax", "tax_rate_not_found")],
)
def test_what_the_books_do_not_know_is_refused_with_its_code(world: World, entry: str, code: str) -> None:
    stranger = "00000000-0000-4000-8000-000000000000"
    world.entries[entry] = replace(world.entries[entry], code="nowhere", provider_id=stranger)
    assert refusal(world).code == code


def test_a_message_nobody_has_met_comes_out_as_itself(world: World) -> None:
    body = json.dumps({"title": "Moon phase wrong.", "status": 400, "detail": "Moon phase wrong."})
    world.desk.fault("POST", "*/xero/bills", "status", status=400, body=body)
    assert refusal(world) == Problem("provider_refused", provider_text="Moon phase wrong.")


def test_a_limit_is_waited_for_and_a_token_refused(world: World) -> None:
    world.sandbox.control("/approvalmax/limits", {"reads": 1})
    PROVIDER.decisions(world.session, world.organisation, clock())
    with pytest.raises(LimitReached) as limit:
        PROVIDER.decisions(world.session, world.organisation, clock())
    assert limit.value.blocked.until > clock()
    world.sandbox.control("/approvalmax/tokens", {"expire": "access"})
    with pytest.raises(TokenRefused):
        PROVIDER.organisations(world.session, None)


def test_pages_are_read_to_the_end(world: World) -> None:
    for _ in range(3):
        world.publish(world.item())
    path = api.company(world.session, "/xero/bills")
    assert len(list(api.pages(world.session, path, {"limit": "1"}))) == 3


def test_webhooks_are_signed_by_the_assumed_scheme(world: World) -> None:
    receiver = Receiver()
    try:
        world.sandbox.control("/approvalmax/webhooks", {"url": receiver.url, "key": "portal-key", "validate": False})
        world.publish(world.item())
        world.desk.decide("approve")
        notices = []
        for _ in range(10):
            headers, body = receiver.received.get(timeout=10)
            notices += PROVIDER.notices(body, headers, Secret("portal-key")) or []
            assert PROVIDER.notices(body, headers, Secret("another")) is None
            if notices:
                break
        assert {one.organisation for one in notices} == {world.organisation.id}
        assert all(one.decisions and not one.kinds for one in notices)
    finally:
        receiver.close()
