"""Attachables and the multipart upload, as the Attachable page has them."""

import hashlib
import json
from typing import Any

import httpx

from rehearsal.sandbox_process import SandboxClient
from tests.contract.sandbox.quickbooks.desk import Body, Desk, bill, connect

PDF = b"%PDF-1.7\r\n\r\nbinary \x00\xff\r\n"


def upload(desk: Desk, *files: tuple[Body, bytes]) -> httpx.Response:
    """One upload of several files, each with its metadata."""
    parts: list[tuple[str, tuple[str, Any, str]]] = []
    for at, (metadata, content) in enumerate(files, 1):
        parts.append((f"file_metadata_{at:02d}", ("attachment.json", json.dumps(metadata), "application/json")))
        parts.append((f"file_content_{at:02d}", (metadata["FileName"], content, "application/pdf")))
    return desk.call("POST", "/upload", files=parts)


def metadata(bill_id: str, name: str = "receipt.pdf") -> Body:
    link = {"EntityRef": {"type": "Bill", "value": bill_id}, "IncludeOnSend": False}
    return {"AttachableRef": [link], "FileName": name, "ContentType": "application/pdf"}


def test_several_files_of_one_upload_are_answered_one_by_one(sandbox: SandboxClient) -> None:
    desk = connect(sandbox)
    ids = [desk.post("Bill", bill())["Id"] for _ in range(2)]
    answer = upload(
        desk,
        (metadata(ids[0], "a.pdf"), PDF),
        (metadata("9999", "b.pdf"), PDF),
        (metadata(ids[1], "c.exe"), PDF),
        (metadata(ids[1], "d.pdf"), PDF + b"2"),
    )
    assert answer.status_code == 200
    rows = answer.json()["AttachableResponse"]
    assert ["Fault" in row for row in rows] == [False, True, True, False]
    assert [row["Fault"]["Error"][0]["code"] for row in rows[1:3]] == ["2500", "2010"]
    made = rows[0]["Attachable"]
    assert (made["Size"], made["FileName"]) == (len(PDF), "a.pdf")
    assert made["AttachableRef"] == metadata(ids[0])["AttachableRef"]
    assert sandbox.http.get(made["TempDownloadUri"]).content == PDF
    digests = [one["sha256"] for one in desk.books()["Files"]]
    assert digests == [hashlib.sha256(PDF).hexdigest(), hashlib.sha256(PDF + b"2").hexdigest()]


def test_an_upload_takes_20_files_or_one(sandbox: SandboxClient) -> None:
    desk = connect(sandbox)
    bill_id = desk.post("Bill", bill())["Id"]
    files = [(metadata(bill_id, f"{at}.pdf"), PDF) for at in range(21)]
    assert upload(desk, *files).json()["Fault"]["Error"][0]["code"] == "2010"
    assert len(upload(desk, *files[:20]).json()["AttachableResponse"]) == 20
    desk.edit(one_file_per_upload=True)
    assert upload(desk, *files[:2]).status_code == 400
    assert upload(desk, files[0]).status_code == 200
    assert len(desk.books()["Attachable"]) == 21


def test_files_of_a_document_are_found_by_their_reference(sandbox: SandboxClient) -> None:
    desk = connect(sandbox)
    first, second = (desk.post("Bill", bill())["Id"] for _ in range(2))
    upload(desk, (metadata(first, "a.pdf"), PDF), (metadata(second, "b.pdf"), PDF))
    where = f"AttachableRef.EntityRef.Type = 'bill' and AttachableRef.EntityRef.value = '{second}'"
    (found,) = desk.query(f"select * from Attachable where {where}")["Attachable"]
    assert found["FileName"] == "b.pdf"
    address = desk.call("GET", f"/download/{found['Id']}")
    assert sandbox.http.get(address.text).content == PDF


def test_a_lost_answer_leaves_the_files(sandbox: SandboxClient) -> None:
    desk = connect(sandbox)
    bill_id = desk.post("Bill", bill())["Id"]
    where = {"provider": "quickbooks", "method": "POST", "path": "/upload"}
    sandbox.control("/faults", [{**where, "fault": {"kind": "commit_then_status", "status": 504}}])
    assert upload(desk, (metadata(bill_id), PDF)).status_code == 504
    assert desk.query("select count(*) from Attachable") == {"totalCount": 1}


def test_a_note_is_attached_changed_and_deleted(sandbox: SandboxClient) -> None:
    desk = connect(sandbox)
    bill_id = desk.post("Bill", bill())["Id"]
    link = {"EntityRef": {"type": "Bill", "value": bill_id}}
    made = desk.post("Attachable", {"Note": "first", "AttachableRef": [link]})
    changed = desk.post("Attachable", {**made, "Note": "second"})
    assert (changed["Note"], changed["SyncToken"]) == ("second", "1")
    assert desk.post("Attachable", changed, operation="delete")["status"] == "Deleted"
    assert desk.refused("Attachable", {"AttachableRef": [link]})["code"] == "2020"
