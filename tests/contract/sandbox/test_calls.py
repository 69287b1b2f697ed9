"""What surrounds the Accounting API: refusals, limits, idempotency keys and broken answers."""

import concurrent.futures
import json
import time
from typing import Any

import httpx
import pytest

from rehearsal.sandbox_process import ADVISER, Connected, SandboxClient

PUT_BILLS = "PUT /Invoices"


def bill(number: str) -> dict[str, Any]:
    line = {"Description": "Fuel", "Quantity": 1, "UnitAmount": 40}
    return {"Type": "ACCPAY", "Contact": {"Name": "Fuel & Co"}, "InvoiceNumber": number, "LineItems": [line]}


def put_bills(who: Connected, *numbers: str, key: str | None = None) -> httpx.Response:
    headers = {"Idempotency-Key": key} if key else {}
    return who.call("PUT", "/Invoices", json={"Invoices": [bill(number) for number in numbers]}, headers=headers)


def bills_in_books(sandbox: SandboxClient, who: Connected, number: str) -> int:
    rows = sandbox.read(f"/xero/organisations/{who.tenant}/books")["Invoices"]
    return sum(1 for row in rows if row.get("InvoiceNumber") == number)


@pytest.fixture
def owner(sandbox: SandboxClient) -> Connected:
    connected = sandbox.connect()
    assert connected.tenant
    sandbox.control("/counts/clear")
    return connected


def test_refusals_have_the_recorded_shapes(sandbox: SandboxClient, owner: Connected) -> None:
    unknown = owner.call("GET", "/Accounts", headers={"authorization": "Bearer nonsense"})
    assert (unknown.status_code, unknown.json()["Detail"]) == (401, "AuthenticationUnsuccessful")
    assert set(unknown.json()) == {"Type", "Title", "Status", "Detail", "Instance", "Extensions"}
    for tenant in ("", "00000000-0000-0000-0000-000000000000"):
        foreign = owner.call("GET", "/Accounts", headers={"xero-tenant-id": tenant})
        assert (foreign.status_code, foreign.json()["Title"]) == (403, "Forbidden")
    sandbox.control("/xero/tokens", {"expire": "access", "user": "alex.morgan@example.com"})
    expired = owner.call("GET", "/Accounts")
    assert expired.status_code == 401
    assert expired.json()["Detail"].startswith("TokenExpired: token expired at ")


def test_access_tokens_end_after_thirty_minutes_of_the_sandbox_clock(sandbox: SandboxClient, owner: Connected) -> None:
    sandbox.control("/clock", {"advance_seconds": 1_799})
    assert owner.call("GET", "/Accounts").status_code == 200
    sandbox.control("/clock", {"advance_seconds": 1})
    assert owner.call("GET", "/Accounts").status_code == 401


def test_another_persons_organisation_is_forbidden(sandbox: SandboxClient, owner: Connected) -> None:
    adviser = sandbox.connect(ADVISER, organisations=50)
    tenant = adviser.connections()[-1]["tenantId"]
    assert adviser.call("GET", "/Organisation", tenant).status_code == 200
    assert owner.call("GET", "/Organisation", tenant).status_code == 403


def test_scopes_are_checked_for_reading_writing_and_files(sandbox: SandboxClient) -> None:
    reader = sandbox.connect(scope="accounting.invoices.read accounting.settings.read")
    assert reader.call("GET", "/Invoices").status_code == 200
    refused = put_bills(reader, "B1")
    assert refused.status_code == 401
    assert "insufficient_scope" in refused.headers["www-authenticate"]
    assert reader.call("GET", "/Contacts").status_code == 401
    files = reader.call("GET", "/Invoices/00000000-0000-0000-0000-000000000001/Attachments")
    assert "insufficient_scope" in files.headers["www-authenticate"]


def test_consent_withdrawn_in_xero_is_403_and_then_invalid_grant(sandbox: SandboxClient, owner: Connected) -> None:
    sandbox.control("/xero/revoke", {"user": "alex.morgan@example.com"})
    assert owner.call("GET", "/Accounts").status_code == 403
    assert sandbox.refresh(owner.tokens["refresh_token"]).json() == {"error": "invalid_grant"}


def test_paths_work_in_any_case_and_count_as_one_endpoint(sandbox: SandboxClient, owner: Connected) -> None:
    assert owner.call("GET", "/accounts").status_code == 200
    assert owner.call("GET", "/ACCOUNTS").status_code == 200
    assert sandbox.calls("GET /Accounts") == 2


def test_every_answer_tells_what_is_left(owner: Connected) -> None:
    first, second = owner.call("GET", "/Currencies"), owner.call("GET", "/Currencies")
    assert int(first.headers["x-minlimit-remaining"]) == int(second.headers["x-minlimit-remaining"]) + 1
    assert {"x-daylimit-remaining", "x-appminlimit-remaining", "xero-correlation-id"} <= set(second.headers)


def test_the_sixty_first_call_is_answered_429_with_an_empty_body(sandbox: SandboxClient, owner: Connected) -> None:
    sandbox.control("/clock", {"advance_seconds": 60})
    codes = [owner.call("GET", "/Currencies").status_code for _ in range(60)]
    refused = owner.call("GET", "/Currencies")
    assert codes == [200] * 60
    assert (refused.status_code, refused.content, refused.headers["content-length"]) == (429, b"", "0")
    assert (refused.headers["x-rate-limit-problem"], refused.headers["x-minlimit-remaining"]) == ("minute", "0")
    assert 1 <= int(refused.headers["retry-after"]) <= 60
    assert sandbox.read("/counts")["throttled_by"] == {"xero": {"minute": 1}}


def test_retry_after_is_in_the_seconds_of_a_sped_up_clock(sandbox: SandboxClient, owner: Connected) -> None:
    sandbox.control("/clock", {"factor": 2})
    sandbox.control("/xero/limits", {"minute": 0})
    left = int(owner.call("GET", "/Currencies").headers["retry-after"])
    sandbox.control("/clock", {"advance_seconds": left})
    refused = owner.call("GET", "/Currencies")
    assert refused.status_code == 429
    assert 40 <= int(refused.headers["retry-after"]) <= 60  # in our own seconds it would be half of that


def test_the_sixth_call_at_once_is_refused(sandbox: SandboxClient, owner: Connected) -> None:
    sandbox.fault("GET", "/Currencies", "latency", seconds=0.6, times=None)
    with concurrent.futures.ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(lambda _: owner.call("GET", "/Currencies"), range(6)))
    refused = [answer for answer in answers if answer.status_code == 429]
    assert [answer.headers["x-rate-limit-problem"] for answer in refused] == ["concurrent"]
    assert "retry-after" not in refused[0].headers


@pytest.mark.parametrize("problem", ["minute", "day", "concurrent", "appminute"])
def test_each_limiter_problem_can_be_asked_for(sandbox: SandboxClient, owner: Connected, problem: str) -> None:
    sandbox.fault("GET", "/Accounts", "limiter", problem=problem, retry_after=7)
    refused = owner.call("GET", "/Accounts")
    assert (refused.status_code, refused.headers["x-rate-limit-problem"]) == (429, problem)
    assert refused.headers["retry-after"] == "7"
    assert owner.call("GET", "/Accounts").status_code == 200


def test_the_same_key_gets_the_first_answer_and_makes_nothing_new(sandbox: SandboxClient, owner: Connected) -> None:
    first, second = put_bills(owner, "B1", key="k1"), put_bills(owner, "B1", key="k1")
    assert first.status_code == 200
    assert first.content == second.content
    assert bills_in_books(sandbox, owner, "B1") == 1
    mismatch = put_bills(owner, "B2", key="k1")
    assert mismatch.status_code == 400
    assert "Idempotency Key: k1 is used with a different request." in mismatch.text


def test_a_key_is_forgotten_after_six_minutes(sandbox: SandboxClient, owner: Connected) -> None:
    put_bills(owner, "B1", key="k1")
    sandbox.control("/clock", {"advance_seconds": 360})
    put_bills(owner, "B1", key="k1")
    assert bills_in_books(sandbox, owner, "B1") == 2


def test_a_new_access_token_makes_the_key_new_unless_switched_off(sandbox: SandboxClient, owner: Connected) -> None:
    put_bills(owner, "B1", key="k1")
    owner.renew()
    put_bills(owner, "B1", key="k1")
    assert bills_in_books(sandbox, owner, "B1") == 2
    sandbox.control("/xero/options", {"idempotency_bound_to_token": False})
    put_bills(owner, "B2", key="k2")
    owner.renew()
    put_bills(owner, "B2", key="k2")
    assert bills_in_books(sandbox, owner, "B2") == 1


def test_a_refusal_is_kept_under_its_key(sandbox: SandboxClient, owner: Connected) -> None:
    empty = owner.call("PUT", "/Invoices", json={"Invoices": [{"Type": "ACCPAY"}]}, headers={"Idempotency-Key": "k1"})
    again = owner.call("PUT", "/Invoices", json={"Invoices": [{"Type": "ACCPAY"}]}, headers={"Idempotency-Key": "k1"})
    assert empty.status_code == 400
    assert again.content == empty.content


def test_limits_are_checked_before_keys(sandbox: SandboxClient, owner: Connected) -> None:
    put_bills(owner, "B1", key="k1")
    sandbox.control("/xero/limits", {"minute": 0})
    assert put_bills(owner, "B1", key="k1").status_code == 429


def test_commit_then_drop_commits_and_hits_the_kept_answer_too(sandbox: SandboxClient, owner: Connected) -> None:
    sandbox.fault("PUT", "/Invoices", "commit_then_drop", times=2)
    for _ in range(2):
        with pytest.raises(httpx.RemoteProtocolError):
            put_bills(owner, "B1", key="k1")
    assert put_bills(owner, "B1", key="k1").status_code == 200
    assert bills_in_books(sandbox, owner, "B1") == 1
    assert sandbox.read("/counts")["by_status"]["xero"][PUT_BILLS] == {"dropped": 2, "200": 1}


def test_commit_then_status_commits(sandbox: SandboxClient, owner: Connected) -> None:
    sandbox.fault("PUT", "/Invoices", "commit_then_status", status=500)
    broken = put_bills(owner, "B1")
    assert (broken.status_code, broken.headers["content-type"][:9]) == (500, "text/html")
    assert bills_in_books(sandbox, owner, "B1") == 1


def test_a_plain_status_does_not_commit_and_hits_its_occurrence(sandbox: SandboxClient, owner: Connected) -> None:
    sandbox.fault("PUT", "/Invoices", "status", status=503, occurrence=2)
    assert [put_bills(owner, name).status_code for name in ("B1", "B2", "B3")] == [200, 503, 200]
    assert bills_in_books(sandbox, owner, "B2") == 0


def test_a_refused_call_is_no_occurrence(sandbox: SandboxClient, owner: Connected) -> None:
    sandbox.fault("GET", "/Accounts", "status", status=500)
    assert owner.call("GET", "/Accounts", headers={"authorization": "Bearer nonsense"}).status_code == 401
    assert owner.call("GET", "/Accounts").status_code == 500


def test_a_late_commit_is_invisible_to_the_first_look_up(sandbox: SandboxClient, owner: Connected) -> None:
    sandbox.fault("PUT", "/Invoices", "commit_late", visible_after_lookups=1)
    with pytest.raises(httpx.RemoteProtocolError):
        put_bills(owner, "LATE-1")
    seen = [json.dumps(owner.call("GET", "/Invoices").json()).count("LATE-1") for _ in range(2)]
    assert seen == [0, 1]
    assert sandbox.read("/xero/late") == {"waiting": 0}


def test_a_late_commit_can_wait_for_the_clock(sandbox: SandboxClient, owner: Connected) -> None:
    sandbox.fault("PUT", "/Invoices", "commit_late", visible_after_seconds=90, status=504)
    assert put_bills(owner, "LATE-2").status_code == 504
    assert "LATE-2" not in owner.call("GET", "/Invoices").text
    sandbox.control("/clock", {"advance_seconds": 90})
    assert bills_in_books(sandbox, owner, "LATE-2") == 1


def test_a_key_sent_again_while_the_first_call_is_late_makes_one_document(
    sandbox: SandboxClient, owner: Connected
) -> None:
    sandbox.fault("PUT", "/Invoices", "commit_late", visible_after_lookups=5)
    with pytest.raises(httpx.RemoteProtocolError):
        put_bills(owner, "LATE-3", key="k1")
    assert put_bills(owner, "LATE-3", key="k1").status_code == 200
    assert sandbox.read("/xero/late") == {"waiting": 0}
    for _ in range(5):
        owner.call("GET", "/Invoices")
    assert bills_in_books(sandbox, owner, "LATE-3") == 1


def test_a_truncated_answer_breaks_off_after_the_commit(sandbox: SandboxClient, owner: Connected) -> None:
    sandbox.fault("PUT", "/Invoices", "truncate")
    with pytest.raises(httpx.RemoteProtocolError, match="without sending complete"):
        put_bills(owner, "B1")
    assert bills_in_books(sandbox, owner, "B1") == 1


def test_elements_can_come_in_another_order_or_be_missing(sandbox: SandboxClient, owner: Connected) -> None:
    sandbox.fault("PUT", "/Invoices", "reorder")
    numbers = [row["InvoiceNumber"] for row in put_bills(owner, "B1", "B2", "B3").json()["Invoices"]]
    assert numbers == ["B3", "B2", "B1"]
    sandbox.fault("PUT", "/Invoices", "missing", elements=[1])
    numbers = [row["InvoiceNumber"] for row in put_bills(owner, "B4", "B5", "B6").json()["Invoices"]]
    assert numbers == ["B4", "B6"]
    assert bills_in_books(sandbox, owner, "B5") == 1


def test_html_comes_in_place_of_json(sandbox: SandboxClient, owner: Connected) -> None:
    sandbox.fault("PUT", "/Invoices", "html")
    answer = put_bills(owner, "B1")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/html; charset=utf-8")


@pytest.mark.parametrize(("kind", "made"), [("hang", 0), ("commit_then_hang", 1)])
def test_a_hanging_call_can_only_be_given_up(sandbox: SandboxClient, owner: Connected, kind: str, made: int) -> None:
    sandbox.fault("PUT", "/Invoices", kind, seconds=30)
    started = time.monotonic()
    with pytest.raises(httpx.ReadTimeout):
        owner.call("PUT", "/Invoices", json=bill("B1"), timeout=0.3)
    assert time.monotonic() - started < 5
    assert bills_in_books(sandbox, owner, "B1") == made


def test_the_control_interface_is_neither_counted_nor_limited(sandbox: SandboxClient, owner: Connected) -> None:
    sandbox.control("/xero/limits", {"minute": 0, "day": 0, "app_minute": 0})
    for _ in range(3):
        sandbox.read("/xero/organisations")
    assert sandbox.read("/counts")["calls"] == {}
