"""How an OAuth client shows who it is, and where people may be sent back to."""

import base64
import binascii
from urllib.parse import unquote, urlsplit


def acceptable_redirect(uri: str) -> bool:
    """https anywhere, http on localhost by name only (as Xero's and Intuit's pages have it)."""
    try:
        parts = urlsplit(uri.replace(":*", ":1", 1))
    except ValueError:
        return False
    if parts.scheme == "https":
        return bool(parts.hostname)
    return parts.scheme == "http" and parts.hostname == "localhost"


def same_uri(registered: str, uri: str) -> bool:
    """Whether a URI is the registered one, or of its pattern "http://localhost:*/path" (the sandbox's own ease)."""
    if ":*" not in registered:
        return registered == uri
    pattern, given = urlsplit(registered.replace(":*", "", 1)), urlsplit(uri)
    same_place = (pattern.scheme, pattern.hostname, pattern.path) == (given.scheme, given.hostname, given.path)
    return same_place and not given.query and not given.fragment and given.username is None


def basic_credentials(authorization: str | None) -> tuple[str, str] | None:
    """Client id and secret of a Basic header; None without one, empty when it cannot be read."""
    scheme, _, encoded = (authorization or "").partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        client_id, _, secret = base64.b64decode(encoded, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return ("", "")
    return unquote(client_id), unquote(secret)
