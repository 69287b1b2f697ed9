"""What surrounds BILL's v3 API: log-ins, sessions, limits, refusals and broken answers."""

import concurrent.futures

import httpx
import pytest

from tests.contract.sandbox.bill.kit import OWNER, PASSWORD, TOKEN, TOKEN_NAME, Bill, code

MINUTE, HOUR = 60, 3_600


def test_a_log_in_gives_a_session_for_one_organization(bill: Bill) -> None:
    answer = bill.log_in().json()
    assert set(answer) == {"sessionId", "organizationId", "userId", "trusted"}
    assert (answer["organizationId"], answer["trusted"]) == (bill.organization, False)
    assert answer["organizationId"].startswith("008")
    assert answer["userId"].startswith("006")
    assert bill.call("GET", "/login/session").json()["organizationId"] == bill.organization


@pytest.mark.parametrize(
    ("change", "refused"),
    [
        ({"password": "wrong"}, "BDC_1101"),
        ({"organizationId": "008UNKNOWN"}, "BDC_1101"),
        ({"devKey": "wrong"}, "BDC_1102"),
    ],
)
def test_wrong_log_ins_are_refused_in_an_array(bill: Bill, change: dict[str, str], refused: str) -> None:
    answer = bill.log_in(**{"username": TOKEN_NAME, "password": TOKEN, **change})
    assert code(answer) == (401, refused)
    assert set(answer.json()[0]) == {"timestamp", "code", "severity", "category", "message"}


def test_a_persons_session_ends_after_35_idle_minutes_and_each_call_begins_them_anew(bill: Bill) -> None:
    bill.log_in(OWNER, PASSWORD)
    for _ in range(3):
        bill.sandbox.control("/clock", {"advance_seconds": 34 * MINUTE})
        assert bill.call("GET", "/vendors").status_code == 200
    bill.sandbox.control("/clock", {"advance_seconds": 35 * MINUTE})
    assert code(bill.call("GET", "/vendors")) == (401, "BDC_1109")


def test_a_sync_tokens_session_lasts_48_hours_and_does_no_mfa_operation(bill: Bill) -> None:
    bill.sandbox.control("/clock", {"advance_seconds": 47 * HOUR})
    assert bill.call("GET", "/vendors").status_code == 200
    assert code(bill.call("POST", "/payments", json={})) == (403, "BDC_1361")
    assert code(bill.call("GET", "/bill-approvals/pending-user-approvals")) == (403, "BDC_1361")
    bill.sandbox.control("/clock", {"advance_seconds": 48 * HOUR})
    assert code(bill.call("GET", "/vendors")) == (401, "BDC_1109")


def test_a_session_can_be_lost_in_the_middle_and_a_revoked_token_logs_in_no_more(bill: Bill) -> None:
    bill.sandbox.control("/bill/sessions", {"after_calls": 2})
    assert [bill.call("GET", "/vendors").status_code for _ in range(3)] == [200, 200, 401]
    assert bill.log_in().status_code == 200
    assert bill.sandbox.control("/bill/revoke", {"user": TOKEN_NAME})["revoked"] == 3
    assert code(bill.call("GET", "/vendors")) == (401, "BDC_1109")
    assert code(bill.log_in()) == (401, "BDC_1101")


def test_logging_out_ends_the_session(bill: Bill) -> None:
    assert bill.call("POST", "/logout", json={}).status_code == 200
    assert code(bill.call("GET", "/vendors")) == (401, "BDC_1109")


def test_the_hour_and_its_log_ins_are_limited_until_the_next_hour_begins(bill: Bill) -> None:
    bill.sandbox.control("/bill/limits", {"login_hour": 1})
    assert code(bill.log_in()) == (400, "BDC_1144")
    bill.sandbox.control("/bill/limits", {"hour": 2})
    answers = [bill.call("GET", "/vendors") for _ in range(2)]
    assert code(answers[1]) == (400, "BDC_1144")
    assert "2." in answers[1].json()[0]["message"]
    assert "retry-after" not in answers[1].headers
    bill.sandbox.control("/clock", {"advance_seconds": HOUR})
    assert bill.call("GET", "/vendors").status_code == 200
    assert bill.sandbox.read("/counts")["throttled_by"]["bill"] == {"login_hour": 1, "hour": 1}


def test_three_calls_at_once_and_no_fourth(bill: Bill) -> None:
    bill.fault("GET", "/vendors", "latency", seconds=0.6, times=None)
    with concurrent.futures.ThreadPoolExecutor(4) as pool, httpx.Client(timeout=20) as http:
        answers = list(pool.map(lambda _: http.get(_vendors(bill), headers=_headers(bill)), range(4)))
    refused = [one for one in answers if one.status_code != 200]
    assert [code(one) for one in refused] == [(400, "BDC_1322")]


def _vendors(bill: Bill) -> str:
    return f"{bill.sandbox.base}/bill/connect/v3/vendors"


def _headers(bill: Bill) -> dict[str, str]:
    return {"devKey": "sandbox-bill-dev-key", "sessionId": bill.session}


def test_another_organizations_records_are_not_there(bill: Bill) -> None:
    made = bill.made("/bills", bill.bill())
    second = bill.sandbox.read("/bill/organisations")[1]["organisation_id"]
    other = Bill(bill.sandbox, second)
    assert other.log_in(password="sandbox-sync-token-2").status_code == 200
    assert other.call("GET", f"/bills/{made['id']}").status_code == 404
    assert code(other.log_in()) == (401, "BDC_1101")


def test_unknown_paths_are_not_supported(bill: Bill) -> None:
    assert code(bill.call("GET", "/recurringbills")) == (404, "BDC_1121")
    assert code(bill.call("DELETE", "/bills/00n")) == (404, "BDC_1121")


def test_a_dropped_answer_leaves_one_bill_and_sending_it_again_makes_two(bill: Bill) -> None:
    body = bill.bill("D1")
    bill.fault("POST", "/bills", "commit_then_drop")
    with pytest.raises(httpx.HTTPError):
        bill.call("POST", "/bills", json=body)
    assert len(bill.books()["bills"]) == 1
    bill.made("/bills", body)
    assert len(bill.books()["bills"]) == 2, "there is no idempotency key"
    assert bill.sandbox.read("/counts")["by_status"]["bill"]["POST /bills"] == {"dropped": 1, "201": 1}


def test_a_late_bill_is_not_seen_by_the_first_look_up(bill: Bill) -> None:
    body = bill.bill("L1")
    bill.fault("POST", "/bills", "commit_late")
    with pytest.raises(httpx.HTTPError):
        bill.call("POST", "/bills", json=body)
    assert [len(bill.results("/bills")) for _ in range(2)] == [0, 1]
    assert bill.sandbox.read("/bill/late") == {"waiting": 0}


@pytest.mark.parametrize(("problem", "expected"), [("minute", "BDC_1144"), ("concurrent", "BDC_1322")])
def test_limits_on_request(bill: Bill, problem: str, expected: str) -> None:
    bill.fault("GET", "/vendors", "limiter", problem=problem)
    assert code(bill.call("GET", "/vendors")) == (400, expected)
    assert bill.call("GET", "/vendors").status_code == 200


def test_a_failure_on_request_has_the_shape_of_bills_errors(bill: Bill) -> None:
    bill.fault("POST", "/bills", "status", status=500)
    assert code(bill.call("POST", "/bills", json=bill.bill())) == (500, "BDC_1001")
    assert bill.books()["bills"] == []


def test_an_array_can_be_answered_in_another_order_or_short(bill: Bill) -> None:
    bodies = [bill.bill(f"R{number}") for number in range(3)]
    bill.fault("POST", "/bills/bulk", "reorder")
    made = bill.made("/bills/bulk", bodies)
    assert [one["invoice"]["invoiceNumber"] for one in made] == ["R2", "R1", "R0"]
    bill.fault("POST", "/bills/bulk", "missing", elements=[1])
    assert len(bill.made("/bills/bulk", bodies)) == 2
    assert len(bill.books()["bills"]) == 6
