"""What surrounds a call: request ids, limits, faults, late commits, formats and snapshots."""

import threading
from pathlib import Path
from typing import Any

import httpx
import pytest

from rehearsal.sandbox_process import SandboxClient, running_sandbox
from tests.contract.sandbox.quickbooks.desk import GB, US, Body, american_bill, bill, calls, connect, fault


def documents(desk: Any, entity: str = "Bill") -> int:
    return len(desk.books()[entity])


def test_the_same_request_id_gets_the_first_answer(sandbox: SandboxClient) -> None:
    desk = connect(sandbox)
    first = desk.post("Bill", bill(), requestid="r-1")
    assert desk.post("Bill", bill(), requestid="r-1") == first
    other = connect(sandbox, US)
    assert other.post("Bill", american_bill(), requestid="r-1")["VendorRef"] == first["VendorRef"]
    assert (documents(desk), documents(other)) == (1, 1)


def test_request_ids_may_be_ignored_on_request(sandbox: SandboxClient) -> None:
    desk = connect(sandbox)
    sandbox.control("/quickbooks/options", {"honours_request_ids": False})
    for _ in range(2):
        desk.post("Bill", bill(), requestid="r-1")
    assert documents(desk) == 2


def test_a_request_id_has_at_most_50_characters(sandbox: SandboxClient) -> None:
    assert connect(sandbox).refused("Bill", bill(), requestid="x" * 51)["code"] == "2010"


@pytest.mark.parametrize(
    ("limits", "path", "problem"),
    [
        ({"minute": 2, "second": 100}, "/preferences", "minute"),
        ({"second": 2}, "/preferences", "second"),
        ({"batch_minute": 2}, "/batch", "batch"),
    ],
)
def test_a_limit_used_up_is_429_without_retry_after(
    sandbox: SandboxClient, limits: dict[str, int], path: str, problem: str
) -> None:
    desk = connect(sandbox)
    sandbox.control("/clock", {"factor": 0.001})  # no window ends within the test
    sandbox.control("/quickbooks/limits", limits)
    body: Body = (
        {"json": {"BatchItemRequest": [{"bId": "1", "Query": "select * from Term"}]}} if path == "/batch" else {}
    )
    sent = [desk.call("POST" if body else "GET", path, **body) for _ in range(3)]
    assert [one.status_code for one in sent] == [200, 200, 429]
    assert "retry-after" not in sent[2].headers
    fault_body = sent[2].json()["Fault"]
    assert (fault_body["Error"][0]["code"], fault_body["type"]) == ("3001", "SERVICE")
    assert sandbox.read("/counts")["throttled_by"]["quickbooks"] == {problem: 1}


def test_ten_at_once_per_company_and_app(sandbox: SandboxClient) -> None:
    desk = connect(sandbox)
    sandbox.control("/quickbooks/limits", {"concurrent": 1})
    fault(sandbox, "GET", "/preferences", "latency", seconds=1.0)
    slow: list[httpx.Response] = []
    thread = threading.Thread(target=lambda: slow.append(httpx.get(str(url), headers=headers, timeout=10)))
    held = desk.call("GET", "/term/1").request
    url, headers = str(held.url).replace("/term/1", "/preferences"), dict(held.headers)
    thread.start()
    while not sandbox.read("/faults")["faults"][0]["fired"]:
        pass
    assert desk.call("GET", "/term/1").status_code == 429
    thread.join()
    assert slow[0].status_code == 200
    assert desk.call("GET", "/term/1").status_code == 200


def test_a_lost_answer_leaves_the_document(sandbox: SandboxClient) -> None:
    desk = connect(sandbox)
    fault(sandbox, "POST", "/bill", "commit_then_drop")
    with pytest.raises(httpx.RemoteProtocolError):
        desk.call("POST", "/bill", json=bill(DocNumber="S-1"))
    assert desk.query("select * from Bill where DocNumber = 'S-1'")["maxResults"] == 1


def test_a_late_commit_is_seen_by_the_second_look_up(sandbox: SandboxClient) -> None:
    desk = connect(sandbox)
    fault(sandbox, "POST", "/batch", "commit_late", status=504)
    items = {"BatchItemRequest": [{"bId": "1", "operation": "create", "Bill": bill(DocNumber="S-1")}]}
    assert desk.call("POST", "/batch", json=items).status_code == 504
    seen = [desk.query("select * from Bill").get("maxResults", 0) for _ in range(2)]
    assert seen == [0, 1]


def test_gateway_pages_and_server_faults(sandbox: SandboxClient) -> None:
    desk = connect(sandbox)
    fault(sandbox, "GET", "/preferences", "status", status=503)
    fault(sandbox, "GET", "/preferences", "status", status=500)
    fault(sandbox, "GET", "/preferences", "html")
    offline, broken, page = (desk.call("GET", "/preferences") for _ in range(3))
    assert (offline.status_code, offline.headers["content-type"].split(";")[0]) == (503, "text/html")
    assert (broken.status_code, broken.json()["Fault"]["type"]) == (500, "SystemFault")
    assert (page.status_code, page.text[:6]) == (200, "<html>")


def test_batch_answers_may_come_in_another_order_or_short(sandbox: SandboxClient) -> None:
    desk = connect(sandbox)
    fault(sandbox, "POST", "/batch", "reorder")
    fault(sandbox, "POST", "/batch", "missing", elements=[0])
    items = [{"operation": "create", "Bill": bill()} for _ in range(3)]
    assert [row["bId"] for row in desk.batch(*items)] == ["3", "2", "1"]
    assert [row["bId"] for row in desk.batch(*items)] == ["2", "3"]
    assert documents(desk) == 6


def test_without_accept_json_the_answer_is_xml(sandbox: SandboxClient) -> None:
    desk = connect(sandbox)
    answer = desk.call("GET", "/vendor/55", headers={"accept": "*/*"})
    assert '<Vendor domain="QBO" sparse="false"><DisplayName>Bright Office Supplies</DisplayName>' in answer.text
    refused = desk.call("GET", "/vendor/999", headers={"accept": "application/xml"})
    assert '<Fault type="ValidationFault"><Error code="610" element="">' in refused.text


def test_minor_versions_are_counted_and_change_nothing(sandbox: SandboxClient) -> None:
    desk = connect(sandbox)
    old = desk.call("GET", "/vendor/55", params={"minorversion": "4"}).json()["Vendor"]
    assert old == desk.call("GET", "/vendor/55").json()["Vendor"]
    assert sandbox.read("/quickbooks/minor-versions") == {"4": 1, "75": 1}


def test_endpoints_are_counted_without_their_ids(sandbox: SandboxClient) -> None:
    desk = connect(sandbox)
    desk.call("GET", "/vendor/55")
    desk.post("Bill", bill())
    assert (calls(sandbox, "GET /vendor/{id}"), calls(sandbox, "POST /bill")) == (1, 1)


@pytest.mark.soak
def test_a_snapshot_keeps_books_tokens_and_files(tmp_path: Path) -> None:
    file = str(tmp_path / "state.json")
    with running_sandbox("--snapshot", file) as first:
        desk = connect(first)
        made = desk.post("Bill", bill(DocNumber="S-1"))
        before = desk.books()
        first.control("/snapshot")
    with running_sandbox("--snapshot", file) as second:
        desk.sandbox = second
        assert desk.books() == before
        assert desk.call("GET", f"/bill/{made['Id']}").json()["Bill"] == made
        assert desk.refused("Bill", bill(DocNumber="s-1"))["code"] == "6140"


def test_only_an_administrator_of_the_company_keeps_access(sandbox: SandboxClient) -> None:
    desk = connect(sandbox)
    desk.edit(access_lost=True)
    answer = desk.call("GET", f"/companyinfo/{GB}")
    assert (answer.status_code, answer.json()["Fault"]["Error"][0]["code"]) == (400, "120")
