"""Where a browser may be sent back to after consent: addresses of origins on the tenant's list, and nowhere else."""

import re
from collections.abc import Mapping, Sequence
from typing import Final
from urllib.parse import SplitResult, parse_qsl, urlencode, urlsplit, urlunsplit

LONGEST: Final = 2000
# Browsers read a backslash as a slash and drop control characters: neither has a place in an honest URL.
_SUSPICIOUS: Final = re.compile(r"[\x00-\x20\x7f\\]")
_LOCAL: Final = "localhost"


def origin_of(url: str) -> str | None:
    """scheme://host[:port] of an https URL, or of http://localhost; None for anything else."""
    if len(url) > LONGEST or _SUSPICIOUS.search(url):
        return None
    try:
        parts: SplitResult = urlsplit(url)
        port = parts.port
    except ValueError:
        return None
    host = parts.hostname
    if not host or "@" in parts.netloc or (parts.scheme != "https" and not (parts.scheme == "http" and host == _LOCAL)):
        return None
    usual = {"https": 443, "http": 80}[parts.scheme]
    return f"{parts.scheme}://{host}" + (f":{port}" if port and port != usual else "")


def is_origin(url: str) -> bool:
    """Whether a text is an origin and nothing more, as the tenant's list wants them."""
    return origin_of(url) == url.rstrip("/").lower()


def is_allowed(url: str, origins: Sequence[str]) -> bool:
    """Whether the URL's origin is on the list, compared whole and never by its beginning."""
    origin = origin_of(url)
    return origin is not None and origin in {origin_of(known) for known in origins}


def with_answer(url: str, answer: Mapping[str, str]) -> str:
    """The URL with the answer's values added to its query; its fragment is dropped."""
    parts = urlsplit(url)
    kept = [(name, value) for name, value in parse_qsl(parts.query, keep_blank_values=True) if name not in answer]
    return urlunsplit((parts.scheme, parts.netloc, parts.path or "/", urlencode([*kept, *answer.items()]), ""))
