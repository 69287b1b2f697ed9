import json
from typing import Any

import pytest

from sandbox.faults import FaultBoard, FaultRefusedError, reordered, without_elements


def board(*faults: dict[str, Any]) -> FaultBoard:
    made = FaultBoard()
    made.add(list(faults))
    return made


def on(path: str, kind: str, method: str = "PUT", **options: Any) -> dict[str, Any]:
    where: dict[str, Any] = {name: options.pop(name) for name in ("occurrence", "times") if name in options}
    return {"provider": "xero", "method": method, "path": path, **where, "fault": {"kind": kind, **options}}


def kinds(faults: FaultBoard, calls: int, path: str = "/Invoices") -> list[str | None]:
    return [faults.take("xero", "PUT", path).kind() for _ in range(calls)]


def test_the_next_matching_call_is_hit_once() -> None:
    faults = board(on("/Invoices", "commit_then_drop"))
    assert faults.take("xero", "POST", "/Invoices").fault is None
    assert faults.take("xero", "PUT", "/Contacts").fault is None
    assert kinds(faults, 2) == ["commit_then_drop", None]


def test_occurrence_and_times_choose_the_calls() -> None:
    faults = board(on("/Invoices", "truncate", occurrence=2, times=2))
    assert kinds(faults, 4) == [None, "truncate", "truncate", None]
    assert (faults.as_json()[0]["seen"], faults.as_json()[0]["fired"]) == (4, 2)


def test_a_body_may_choose_the_calls() -> None:
    faults = board(on("/Invoices", "status", status=500, times=None, containing="poison"))
    bodies = [b"a bill", b"a poisoned bill", b"", b"poison"]
    assert [faults.take("xero", "PUT", "/Invoices", body).kind() for body in bodies] == [None, "status", None, "status"]


def test_without_an_end_every_later_call_is_hit() -> None:
    assert kinds(board(on("*", "html", times=None)), 3) == ["html"] * 3


def test_two_faults_for_the_next_call_hit_one_after_the_other() -> None:
    faults = board(on("/Invoices", "commit_then_drop"), on("/Invoices", "status", status=500))
    assert kinds(faults, 3) == ["commit_then_drop", "status", None]


def test_a_latency_comes_on_top_of_another_fault() -> None:
    faults = board(on("*", "latency", seconds=0.5), on("*", "latency", seconds=0.25), on("*", "html"))
    hit = faults.take("xero", "PUT", "/Invoices")
    assert (hit.latency, hit.kind()) == (0.75, "html")


def test_paths_are_globs_in_any_case() -> None:
    faults = board(on("/invoices/*/attachments/*", "missing", times=None))
    assert kinds(faults, 1, "/Invoices/1/Attachments/a.pdf") == ["missing"]
    assert kinds(faults, 1, "/Invoices/1") == [None]


@pytest.mark.parametrize(
    ("raw", "field"),
    [
        ({"fault": {"kind": "explode"}}, "fault.kind"),
        ({"fault": {"kind": "status"}}, "fault.status"),
        ({"fault": {"kind": "latency"}}, "fault.seconds"),
        ({"fault": {"kind": "html", "colour": 1}}, "fault.colour"),
        ({"fault": {"kind": "limiter", "problem": "hour"}}, "fault.problem"),
        ({"occurence": 2, "fault": {"kind": "html"}}, "occurence"),
        ({"occurrence": 0, "fault": {"kind": "html"}}, "occurrence"),
        ({"times": 0, "fault": {"kind": "html"}}, "times"),
    ],
)
def test_a_wrong_fault_is_refused_by_its_field_and_none_is_kept(raw: dict[str, Any], field: str) -> None:
    faults = FaultBoard()
    with pytest.raises(FaultRefusedError, match=field):
        faults.add([on("/Invoices", "html"), raw])
    assert faults.as_json() == []


def test_elements_are_turned_round_or_taken_out() -> None:
    body = json.dumps({"Id": "x", "Warnings": [], "Invoices": [1, 2, 3]}).encode()
    assert json.loads(reordered(body))["Invoices"] == [3, 2, 1]
    assert json.loads(without_elements(body, (0, 2)))["Invoices"] == [2]
    assert reordered(b'{"Id":"x"}') == b'{"Id":"x"}'
