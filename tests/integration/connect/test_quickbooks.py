"""A consent for one QuickBooks company: what the browser says of it is proved before anything is stored."""

import json
from dataclasses import replace
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest

from local.person import Person
from rehearsal.software import software
from shared.domain.connections import Connection
from shared.domain.grants import GrantStatus
from shared.domain.ids import new_id
from tests.integration.connect.conftest import API, HOME, World
from tests.integration.connect.test_disconnecting import agenda, disconnect, grant_status

QUICKBOOKS = software("quickbooks")
MINE, ALSO_HERS, NOBODYS = "9341450000000101", "9341450000000102", "9341450000009999"


@pytest.fixture
def at_quickbooks(world: World) -> World:
    """The deployment with the sandbox as QuickBooks, which does not count calls by the second: none takes its time."""
    world.sandbox.control("/quickbooks/limits", {"second": 1000})
    app = {"client_id": QUICKBOOKS.client_id, "client_secret": QUICKBOOKS.client_secret, "webhook_key": "hook-key"}
    secrets, name = world.service.clients.secretsmanager, f"apps-{new_id(world.time())}"
    arn = secrets.create_secret(Name=name, SecretString=json.dumps({"quickbooks": app}))["ARN"]
    settings = world.service.settings
    world.service.settings = replace(
        settings,
        texts={**settings.texts, "provider_apps_secret": arn},
        provider_urls={"quickbooks": f"{world.sandbox.base}/quickbooks"},
    )
    return world


def came_back(world: World, account: str, realm: str | None) -> dict[str, str]:
    """Consent for the first company; the browser comes back naming `realm`, or what QuickBooks said."""
    body = {"provider": "quickbooks", "return_url": f"{HOME}/back"}
    begun = world.call("POST", f"/v1/accounts/{account}/connections", body)
    assert begun.status == 201, begun.text
    back = Person().consent(begun.json["authorize_url"], home=API, organisations=[QUICKBOOKS.organisation])
    assert back["realmId"] == MINE
    query = urlencode({**back, "realmId": realm or back["realmId"]})
    reply = world.call("GET", f"/oauth/quickbooks/callback?{query}", by={})
    assert reply.status == 302, reply.text
    return dict(parse_qsl(urlsplit(reply.headers["location"]).query))


def connected(world: World) -> Connection:
    """An account of its own on the first company."""
    account = world.account()
    answer = came_back(world, account, None)
    path = f"/v1/accounts/{account}/connections/{answer['connection']}"
    assert world.call("POST", f"{path}/redeem", {"result_code": answer["result_code"]}).status == 200
    assert world.call("PUT", f"{path}/organisation", {"organisation_id": MINE}).status == 200
    return world.connection(account, answer["connection"])


def test_a_company_that_another_account_is_on_is_not_revoked(at_quickbooks: World) -> None:
    world = at_quickbooks
    first, second = connected(world), connected(world)

    def revoked() -> int:
        return world.sandbox.calls("POST /v2/oauth2/tokens/revoke", "quickbooks")

    disconnect(world, first)
    agenda(world)
    assert revoked() == 0
    assert grant_status(world, first) is GrantStatus.LET_GO
    assert grant_status(world, second) is GrantStatus.ACTIVE
    disconnect(world, second)
    agenda(world)
    assert revoked() == 1
    assert grant_status(world, second) is GrantStatus.LET_GO


def grants(world: World) -> int:
    table = world.service.settings.table("vault")
    return len(world.service.clients.dynamodb.scan(TableName=table)["Items"])


@pytest.mark.parametrize("realm", [ALSO_HERS, NOBODYS, "934145/../1", "x" * 300])
def test_a_realm_that_was_changed_in_the_redirect_is_refused_and_nothing_is_stored(
    at_quickbooks: World, realm: str
) -> None:
    answer = came_back(at_quickbooks, at_quickbooks.account(), realm)
    assert (answer["status"], answer["error"]) == ("failed", "organisation_mismatch")
    assert "result_code" not in answer
    assert grants(at_quickbooks) == 0


def test_the_realm_that_was_consented_to_is_taken(at_quickbooks: World) -> None:
    answer = came_back(at_quickbooks, at_quickbooks.account(), None)
    assert answer["status"] == "consented"
    assert grants(at_quickbooks) > 0
