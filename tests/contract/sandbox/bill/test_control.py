"""The control interface of the sandbox's BILL, and what a restart keeps."""

from pathlib import Path
from typing import Any

import pytest

from rehearsal.sandbox_process import running_sandbox
from tests.contract.sandbox.bill.kit import Bill


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("/bill/limits", {"hour": -1}, 400),
        ("/bill/limits", {"minute": 1}, 400),
        ("/bill/options", {"notification_body": "xml"}, 400),
        ("/bill/sessions", {"organisation": "nobody"}, 404),
        ("/bill/organisations/Northwind%20Studio%20LLC/edit", {"archive": {"table": "vendors", "id": "no"}}, 400),
    ],
)
def test_wrong_orders_are_told(bill: Bill, path: str, body: dict[str, Any], status: int) -> None:
    answer = bill.sandbox.http.post(f"{bill.sandbox.base}/__control{path}", json=body)
    assert (answer.status_code, "error" in answer.json()) == (status, True)


def test_what_a_person_changes_in_bill_shows_in_the_lists(bill: Bill) -> None:
    edit = {"rename": {"table": "vendors", "id": "Office Depot", "name": "ODP"}}
    bill.sandbox.control(f"/bill/organisations/{bill.organization}/edit", edit)
    edit = {"archive": {"table": "vendors", "id": "Delta Air Lines"}}
    bill.sandbox.control(f"/bill/organisations/{bill.organization}/edit", edit)
    active = {one["name"] for one in bill.results("/vendors", filters="archived:eq:false")}
    assert "ODP" in active
    assert not {"Office Depot", "Delta Air Lines"} & active


def test_the_bulk_seed_has_the_totals_asked_for(bill: Bill) -> None:
    bill.sandbox.control("/reset", {"seed": {"contacts": 300, "items": 120, "accounts": 150}})
    books = bill.books()
    assert [len(books[name]) for name in ("vendors", "items", "chart-of-accounts")] == [300, 120, 150]


@pytest.mark.soak
def test_books_sessions_and_files_outlive_a_restart(tmp_path: Path) -> None:
    snapshot = tmp_path / "sandbox.json"
    with running_sandbox("--snapshot", str(snapshot)) as sandbox:
        client = Bill(sandbox, sandbox.read("/bill/organisations")[0]["organisation_id"])
        client.log_in()
        made = client.made("/bills", client.bill(amount=10.01))
        client.call("POST", f"/documents/bills/{made['id']}", params={"name": "a.pdf"}, content=b"file")
        before = client.books()
    with running_sandbox("--snapshot", str(snapshot)) as sandbox:
        again = Bill(sandbox, client.organization, client.session)
        assert again.call("GET", f"/bills/{made['id']}").json()["amount"] == 10.01
        assert again.books() == before
