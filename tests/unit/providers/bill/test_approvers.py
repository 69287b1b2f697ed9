"""Who is named before whom, and what is left alone."""

from datetime import UTC, datetime
from typing import Any

import pytest

from shared.domain.errors import Problem
from shared.domain.secrets import Secret
from shared.providers.bill import api, approvals
from shared.providers.contract import Session, Wanted
from shared.providers.transport import Answer, Call

NOW = datetime(2026, 3, 11, tzinfo=UTC)
SESSION = Session(
    "", Secret('{"devKey": "k", "sessionId": "s"}'), "008A", NOW, lambda: None, lambda _reading: None, lambda: NOW
)


def row(user: str, order: int) -> dict[str, Any]:
    return {"userId": user, "status": "WAITING", "approverOrder": order}


def named(monkeypatch: pytest.MonkeyPatch, *rows: dict[str, Any]) -> tuple[Problem | None, list[bytes]]:
    """What naming "006A" comes to on a bill with these approvers, and the bodies of the calls that it took."""
    sent: list[bytes] = []

    def answered(_session: Session, call: Call) -> Answer:
        sent.append(call.content or b"")
        return Answer(200, {"content-type": "application/json"}, b'{"response_status": 0}')

    monkeypatch.setattr(api, "get", lambda *_: {"id": "00nA", "approvers": list(rows)})
    monkeypatch.setattr(api, "request", answered)
    return approvals.name_approver(SESSION, Wanted("bills", "00nA"), "006A"), sent


def test_those_of_the_policies_follow_in_their_order(monkeypatch: pytest.MonkeyPatch) -> None:
    problem, (body,) = named(monkeypatch, row("006C", 1), row("006B", 0), row("006A", 2))
    assert problem is None
    assert b"%5B%22006A%22%2C+%22006B%22%2C+%22006C%22%5D" in body


def test_one_who_is_first_is_not_named_again(monkeypatch: pytest.MonkeyPatch) -> None:
    assert named(monkeypatch, row("006B", 1), row("006A", 0)) == (None, [])


def test_a_bill_with_a_group_is_left_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    problem, sent = named(monkeypatch, {"groupId": "agpA", "status": "WAITING", "approverOrder": 0})
    assert problem is not None and problem.code == "approver_refused"
    assert sent == []
