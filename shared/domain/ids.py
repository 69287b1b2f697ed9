"""Identifiers: ULIDs for our own records, derived ids for list entries, markers for documents at the provider."""

import hashlib
import re
import secrets
from datetime import datetime
from typing import Final

_CROCKFORD: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_ULID: Final = re.compile(r"[0-7][0-9A-HJKMNP-TV-Z]{25}\Z")
MARKER_PREFIX: Final = "LB"
_MARKER_CHARACTERS: Final = 18
_TIME_CHARACTERS: Final = 10  # of a ULID: its first 48 bits (and two that are always 0)
_MARKER: Final = re.compile(rf"{MARKER_PREFIX}[0-9A-HJKMNP-TV-Z]{{{_MARKER_CHARACTERS}}}")


def _encode(number: int, characters: int) -> str:
    return "".join(_CROCKFORD[(number >> (5 * place)) & 31] for place in reversed(range(characters)))


def new_id(at: datetime) -> str:
    """A ULID: 48 bits of the time in milliseconds, then 80 random bits, so that ids sort by creation."""
    return _encode((int(at.timestamp() * 1000) << 80) | secrets.randbits(80), 26)


def is_id(text: str) -> bool:
    """Whether a text from outside is a well-formed id; everything that becomes part of a key passes through here."""
    return _ULID.match(text) is not None


def derived_id(*parts: str) -> str:
    """An id that follows from its parts alone, in the form of a ULID.

    A list entry's id comes from its book, kind and the provider's id: the same organisation connected again finds
    the same entries, and a refresh needs no table of ids.
    """
    digest = hashlib.sha256("|".join(parts).encode()).digest()
    return _encode(int.from_bytes(digest, "big") & ((1 << 128) - 1), 26)


def numbered_id(first: str, number: int) -> str:
    """The id of the `number`th (0 to 65,535) of several records that one request makes under the ULID `first`.

    It has that ULID's time and then the number: what comes together lies together, in the order it came in, and a
    repeat of the request finds what the first try stored.
    """
    digest = hashlib.sha256(f"{first}|{number}".encode()).digest()
    return first[:_TIME_CHARACTERS] + _encode(number << 64 | int.from_bytes(digest[:8], "big"), 26 - _TIME_CHARACTERS)


def marker_for(tenant: str, item: str, generation: int) -> str:
    """What a document carries at the provider so that we find it again: one per item and publish generation."""
    digest = hashlib.sha256(f"{tenant}|{item}|{generation}".encode()).digest()
    return MARKER_PREFIX + _encode(int.from_bytes(digest, "big"), _MARKER_CHARACTERS)


def find_marker(text: str | None) -> str | None:
    """The marker inside a provider's field (a link, a note, a reference), or None."""
    found = _MARKER.search(text or "")
    return found.group(0) if found else None
