"""The control interface and the snapshot."""

from datetime import datetime, timedelta
from pathlib import Path

import pytest

from rehearsal.sandbox_process import SandboxClient, running_sandbox


def test_organisations_of_three_countries_are_seeded(sandbox: SandboxClient) -> None:
    rows = sandbox.read("/xero/organisations")
    assert {("GB", "GBP"), ("US", "USD"), ("AU", "AUD")} <= {(row["country"], row["currency"]) for row in rows}
    assert all(row["organisation_id"] != row["tenant_id"] for row in rows)


def test_an_edit_shows_in_the_api_and_in_the_books(sandbox: SandboxClient) -> None:
    owner = sandbox.connect()
    sandbox.control(f"/xero/organisations/{owner.tenant}/edit", {"lock_date": "2026-01-31"})
    assert sandbox.read(f"/xero/organisations/{owner.tenant}/books")["Organisation"]["PeriodLockDate"] == "2026-01-31"
    assert "PeriodLockDate" in owner.call("GET", "/Organisation").json()["Organisations"][0]


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("/reset", {"seed": "huge"}, 400),
        ("/reset", {"sede": "small"}, 400),
        ("/reset", [1], 400),
        ("/clock", {"factor": 0}, 400),
        ("/faults", [{"fault": {"kind": "boom"}}], 400),
        ("/xero/tokens", {"expire": "everything"}, 400),
        ("/xero/tokens", {"expire": "access", "user": "mallory"}, 404),
        ("/xero/limits", {"minute": -1}, 400),
        ("/xero/apps", {"name": "no id"}, 400),
        ("/xero/organisations/none/edit", {"lock_date": None}, 404),
    ],
)
def test_wrong_orders_are_refused_with_a_reason(sandbox: SandboxClient, path: str, body: object, status: int) -> None:
    answer = sandbox.http.post(f"{sandbox.base}/__control{path}", json=body)
    assert answer.status_code == status
    assert answer.json()["error"]


def test_reset_ends_tokens_faults_and_counts(sandbox: SandboxClient) -> None:
    owner = sandbox.connect()
    sandbox.fault("GET", "*", "html", times=None)
    sandbox.control("/reset", {"seed": {"contacts": 300, "items": 20, "accounts": 80}})
    assert owner.call("GET", "/Organisation", "x").status_code == 401
    assert sandbox.read("/faults") == {"faults": []}
    fresh = sandbox.connect()
    books = sandbox.read(f"/xero/organisations/{fresh.tenant}/books")
    assert len(books["Contacts"]) >= 300
    assert fresh.call("GET", "/Organisation").status_code == 200


def test_the_clock_goes_back_to_the_real_time_on_request_alone(sandbox: SandboxClient) -> None:
    """Who runs a stack beside the sandbox has moved its clock along, and goes on after a reset."""
    sandbox.control("/clock", {"advance_seconds": 864_000, "factor": 7})
    ahead = datetime.fromisoformat(sandbox.read("/clock")["now"])
    sandbox.control("/reset")
    assert datetime.fromisoformat(sandbox.read("/clock")["now"]) >= ahead
    sandbox.control("/clock", {"anew": True})
    anew = sandbox.read("/clock")
    assert datetime.fromisoformat(anew["now"]) < ahead - timedelta(days=9)
    assert anew["factor"] == 1


def test_a_snapshot_keeps_books_and_tokens_over_a_restart(tmp_path: Path) -> None:
    file = tmp_path / "sandbox.json"
    with running_sandbox("--snapshot", str(file)) as first:
        before = first.connect()
        row = {"Type": "ACCPAY", "Contact": {"Name": "Kept & Co"}, "InvoiceNumber": "KEPT-1"}
        line = {"Description": "Fuel", "Quantity": 1, "UnitAmount": 40}
        assert before.call("PUT", "/Invoices", json=row | {"LineItems": [line]}).status_code == 200
        first.control("/clock", {"advance_seconds": 600})
        now = first.read("/clock")["now"]
        tenant = before.tenant
    assert file.stat().st_mode & 0o077 == 0
    with running_sandbox("--snapshot", str(file)) as second:
        before.sandbox = second
        assert "KEPT-1" in before.call("GET", "/Invoices", tenant).text
        assert second.read("/clock")["now"] > now
        before.renew()
