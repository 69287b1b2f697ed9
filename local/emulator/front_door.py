"""Give the HTTP API an address of its own, http://localhost:PORT/, as a custom domain does on AWS.

Why: the emulator knows an HTTP API by a host name like `1a2b3c4d.execute-api.localhost`, which plain resolvers do not
resolve, and refuses `localhost` as a custom domain; providers accept http://localhost redirect URIs only. Requests that
arrive on the API's own port get the host name of a custom domain, which the deploy registers through the public API.
"""

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

API_DOMAIN = "api.ledgerbridge.test"

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]


def with_front_door(application: Application, api_port: int) -> Application:
    """The application, seeing API_DOMAIN as the host of every HTTP request that arrived on `api_port`."""

    async def serve(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and (scope.get("server") or ("", 0))[1] == api_port:
            headers = [(name, value) for name, value in scope["headers"] if name != b"host"]
            scope = {**scope, "headers": [(b"host", API_DOMAIN.encode()), *headers]}
        await application(scope, receive, send)

    return serve
