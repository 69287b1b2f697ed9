"""One TLS context for all clients of this process: making one takes longer than most calls on one machine."""

import ssl
from functools import cache

import httpx


@cache
def tls() -> ssl.SSLContext:
    return httpx.create_ssl_context()
