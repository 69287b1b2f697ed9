"""The API of a world: requests through the handlers that the functions have."""

import json
from dataclasses import replace
from typing import Any
from urllib.parse import urlencode

from functions.connect import oauth_routes
from functions.connect import routes as connect_routes
from functions.merge.app import ROUTES as MERGE_ROUTES
from functions.publish.app import ROUTES as PUBLISH_ROUTES
from functions.refresh.app import ROUTES as REFRESH_ROUTES
from rehearsal.world import World
from shared.aws.entry import entry
from shared.usecases.gate import GATE

SCOPES = "ledgerbridge/read ledgerbridge/work ledgerbridge/manage"


class Api:
    """A machine client of the world's tenant, or the person named. Paths begin below the account, or with a slash."""

    def __init__(self, world: World, person: str | None = None) -> None:
        self.world = world
        self._caller = {"tenant": world.tenant, "subject": "client-1", "is_machine": "true", "scopes": SCOPES}
        if person is not None:
            self._caller |= {"subject": person, "is_machine": "false", "scopes": ""}
        gate = replace(GATE, service=world.new_service, base_url=lambda _: "http://localhost:8000")
        routes = [*PUBLISH_ROUTES, *connect_routes.ROUTES, *oauth_routes.ROUTES, *REFRESH_ROUTES, *MERGE_ROUTES]
        self._handler = entry(routes, gate)

    def call(
        self, method: str, path: str, body: Any = None, *, version: int | None = None, **query: str
    ) -> tuple[int, dict[str, Any]]:
        """One request: status and parsed body (an empty one where the answer is text). `version` goes as If-Match."""
        status, _, text = self.raw(method, path, body, version=version, **query)
        return status, json.loads(text) if text.startswith("{") else {}

    def raw(
        self, method: str, path: str, body: Any = None, *, version: int | None = None, **query: str
    ) -> tuple[int, dict[str, str], str]:
        """One request: status, headers and the answer's text."""
        if not path.startswith("/"):
            path = f"/v1/accounts/{self.world.account_id}/{path}".rstrip("/")
        headers = {"content-type": "application/json"} | ({} if version is None else {"if-match": f'"{version}"'})
        event = {
            "version": "2.0",
            "routeKey": "$default",
            "rawPath": path,
            "rawQueryString": urlencode(query),
            "headers": headers,
            "queryStringParameters": query or None,
            "requestContext": {
                "requestId": "request-1",
                "stage": "$default",
                "http": {"method": method, "path": path},
                "authorizer": {"lambda": self._caller},
            },
            "body": None if body is None else json.dumps(body),
            "isBase64Encoded": False,
        }
        answer = self._handler(event, None)
        return answer["statusCode"], answer.get("headers", {}), answer.get("body") or ""

    def ok(self, method: str, path: str, body: Any = None, *, version: int | None = None, **query: str) -> Any:
        """The body of a request that succeeds."""
        status, answer = self.call(method, path, body, version=version, **query)
        assert status < 300, (status, answer)
        return answer

    def make(self, body: dict[str, Any]) -> dict[str, Any]:
        """A stored item's view."""
        answer = self.ok("POST", "items", body)
        made: dict[str, Any] = answer["results"][0]["item"]
        return made

    def item(self, item: str) -> dict[str, Any]:
        view: dict[str, Any] = self.ok("GET", f"items/{item}")
        return view

    def publish(self, item: str) -> dict[str, Any]:
        """Publish an item, let everything settle, and see it then."""
        self.ok("POST", f"items/{item}/publish")
        self.world.settle()
        return self.item(item)
