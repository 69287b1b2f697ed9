"""What a file is, told from its content, and the name it may carry."""

import io
import re
import unicodedata
import zipfile
from typing import Final

LARGEST_FILE: Final = 25 * 1024 * 1024  # bytes: the most any of our providers takes
LONGEST_NAME: Final = 100  # characters, ending included

_ENDINGS: Final = {
    "application/pdf": ("pdf",),
    "image/png": ("png",),
    "image/jpeg": ("jpg", "jpeg"),
    "image/gif": ("gif",),
    "image/tiff": ("tif", "tiff"),
    "image/heic": ("heic", "heif"),
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": ("docx",),
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": ("xlsx",),
    "text/csv": ("csv",),
    "text/plain": ("txt",),
}
_DOCX, _XLSX = list(_ENDINGS)[6:8]
_KNOWN_ENDINGS: Final = frozenset(ending for endings in _ENDINGS.values() for ending in endings)
_BEGINNINGS: Final = (
    (b"%PDF-", "application/pdf"),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
    (b"II*\x00", "image/tiff"),
    (b"MM\x00*", "image/tiff"),
)
# Brands of the ISO base media file format that mean HEIF stills (ISO/IEC 23008-12).
_HEIC_BRANDS: Final = frozenset({b"heic", b"heix", b"heim", b"heis", b"mif1", b"msf1"})
# Text that a browser would run or render: never what a bookkeeper means by a text file.
_MARKUP: Final = re.compile(rb"\s*(<!doctype|<html|<head|<body|<script|<svg|<\?xml|<\?php|<iframe|<!--)", re.IGNORECASE)
# The test text of the European Institute for Computer Antivirus Research, which every virus scanner reports.
_EICAR: Final = b"EICAR-STANDARD-ANTIVIRUS-TEST-FILE"
_FORBIDDEN: Final = frozenset('<>:"/\\|?*+')  # what providers refuse in a file name, Xero's list


def type_of(content: bytes, name: str) -> str | None:
    """The MIME type of a file by its content, or None when it is of no type we take, or not of the one it claims.

    The name only tells CSV from other text, and convicts a file that claims a known type and is another.
    """
    found = _by_content(content, name)
    ending = _ending(name)
    if found is None or (ending in _KNOWN_ENDINGS and ending not in _ENDINGS[found]):
        return None
    return found


def _by_content(content: bytes, name: str) -> str | None:
    for beginning, mime_type in _BEGINNINGS:
        if content.startswith(beginning):
            return mime_type
    if content[4:8] == b"ftyp" and content[8:12] in _HEIC_BRANDS:
        return "image/heic"
    if content.startswith(b"PK\x03\x04"):
        return _office_type(content)
    return _text_type(content, name)


def _office_type(content: bytes) -> str | None:
    """Word or Excel by the parts inside; only the archive's table of contents is read, nothing is unpacked."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            parts = set(archive.namelist())
    except (zipfile.BadZipFile, ValueError, NotImplementedError):
        return None
    if "[Content_Types].xml" not in parts:
        return None
    return _DOCX if "word/document.xml" in parts else _XLSX if "xl/workbook.xml" in parts else None


def _text_type(content: bytes, name: str) -> str | None:
    if not content or b"\x00" in content or _MARKUP.match(content.removeprefix(b"\xef\xbb\xbf")) or _EICAR in content:
        return None
    try:
        content.decode("utf-8")
    except UnicodeDecodeError:
        return None
    return "text/csv" if _ending(name) == "csv" else "text/plain"


def _ending(name: str) -> str:
    _, dot, ending = name.rpartition(".")
    return ending.strip().lower() if dot else ""


def safe_name(name: str, mime_type: str) -> str:
    """The name as it is kept and sent on: no path, no characters that providers refuse, an ending of its type."""
    last = re.split(r"[/\\]", unicodedata.normalize("NFC", name))[-1]
    kept = "".join(one for one in last if one not in _FORBIDDEN and unicodedata.category(one)[0] != "C")
    endings = _ENDINGS[mime_type]
    stem, dot, ending = kept.strip(" .").rpartition(".")
    if not dot:
        stem, ending = ending, ""
    if ending.lower() not in endings:
        ending = endings[0]
    return f"{' '.join(stem.split()).strip(' .')[: LONGEST_NAME - len(ending) - 1] or 'document'}.{ending}"
