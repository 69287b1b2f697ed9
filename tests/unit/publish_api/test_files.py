"""Types told from content, and names that no provider trips over."""

import io
import zipfile

import pytest

from shared.domain.files import LONGEST_NAME, safe_name, type_of

DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"


def _zip(*names: str) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name in names:
            archive.writestr(name, "<x/>")
    return packed.getvalue()


@pytest.mark.parametrize(
    ("content", "name", "mime_type"),
    [
        (b"%PDF-1.4 rest", "a.pdf", "application/pdf"),
        (b"%PDF-1.4 rest", "scan", "application/pdf"),
        (b"%PDF-1.4 rest", "a.exe", "application/pdf"),
        (b"%PDF-1.4 rest", "a.jpg", None),
        (b"<html>", "a.pdf", None),
        (b"  <!DOCTYPE html>", "a.txt", None),
        (b"\xef\xbb\xbf<script>", "a.csv", None),
        (b"<?xml version='1.0'?><svg/>", "a", None),
        (b"\x89PNG\r\n\x1a\n", "a.png", "image/png"),
        (b"\xff\xd8\xff\xe0", "a.JPEG", "image/jpeg"),
        (b"II*\x00", "a.tif", "image/tiff"),
        (b"\x00\x00\x00\x18ftypheic", "a.heic", "image/heic"),
        (b"\x00\x00\x00\x18ftypmp42", "a.heic", None),
        (b"date,total\n1,2", "a.csv", "text/csv"),
        (b"hello", "a.txt", "text/plain"),
        (b"hello", "a.pdf", None),
        (b"MZ\x90\x00", "a.exe", None),
        (b"X5O!P%@AP[4\\PZX54(P^)7CC)7}$EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*", "a.txt", None),
        (b"", "a.txt", None),
        (_zip("[Content_Types].xml", "word/document.xml"), "a.docx", DOCX),
        (_zip("[Content_Types].xml", "xl/workbook.xml"), "a.docx", None),
        (_zip("payload.exe"), "a.docx", None),
        (b"PK\x03\x04 broken", "a.xlsx", None),
    ],
)  # fmt: skip
def test_the_type_is_the_contents(content: bytes, name: str, mime_type: str | None) -> None:
    assert type_of(content, name) == mime_type


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("bill.pdf", "bill.pdf"),
        ("../../etc/passwd", "passwd.pdf"),
        ("C:\\temp\\bill.PDF", "bill.PDF"),
        ("a\r\nX-Header: 1.pdf", "aX-Header 1.pdf"),
        ('<b>"q"|?*.pdf', "bq.pdf"),
        ("invoice.exe", "invoice.pdf"),
        (".pdf", "pdf.pdf"),
        ("..", "document.pdf"),
        ("Rechnung März  2026.pdf", "Rechnung März 2026.pdf"),
        ("x" * 300 + ".pdf", "x" * (LONGEST_NAME - 4) + ".pdf"),
    ],
)
def test_names_are_safe(name: str, kept: str) -> None:
    assert safe_name(name, "application/pdf") == kept
