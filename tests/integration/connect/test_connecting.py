"""From an account to a chosen organisation, through the sandbox's own consent pages, and everything that may not be."""

from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest

from shared.domain.connections import ConnectionStatus
from shared.domain.grants import GrantStatus
from tests.integration.connect.conftest import HOME, World


def test_a_connection_is_made_step_by_step(world: World) -> None:
    account = world.account()
    begun = world.started(account)
    assert begun["status"] == "pending_consent"
    answer = world.consented(begun["authorize_url"])
    assert (answer["connection"], answer["status"], answer["x"]) == (begun["id"], "consented", "1")
    path = f"/v1/accounts/{account}/connections/{begun['id']}"
    # Before redeeming the consent can do nothing.
    assert world.call("GET", f"{path}/organisations").code == "connection_not_active"
    redeemed = world.call("POST", f"{path}/redeem", {"result_code": answer["result_code"]})
    assert (redeemed.status, redeemed.json["status"]) == (200, "choosing_organisation")

    offers = world.call("GET", f"{path}/organisations").json["organisations"]
    assert len(offers) >= 3
    first = offers[0]["organisation"]
    assert first["country"] and first["base_currency"] and not offers[0]["already_linked"]

    assert world.call("PUT", f"{path}/organisation", {"organisation_id": "nowhere"}).code == "organisation_gone"
    chosen = world.call("PUT", f"{path}/organisation", {"organisation_id": first["id"]})
    assert (chosen.status, chosen.json["status"], chosen.json["warnings"]) == (200, "importing", [])

    connection = world.connection(account, begun["id"])
    assert connection.pinned.id == first["id"] and connection.pending_grant is None
    assert connection.consent_expires_at is not None
    (message,) = world.messages()
    assert (message["kind"], message["connection"], message["kinds"]) == ("refresh", connection.id, "all")
    kinds = [event.kind for event in reversed(world.events(account))]
    assert kinds == [
        "account.created", "connection.started", "connection.consented", "connection.redeemed",
        "connection.organisation_chosen",
    ]  # fmt: skip
    # Choosing once more is the same choice.
    assert world.call("PUT", f"{path}/organisation", {"organisation_id": first["id"]}).status == 200
    assert not world.messages()


def test_no_secret_is_stored_outside_the_vault(world: World) -> None:
    account = world.account()
    connection = world.connected(account)
    sealed = world.service.grants.sealed(world.tenant, connection.grant or "")
    assert sealed is not None
    grant, wrapped, ciphertext = sealed
    pair = world.service.vault.unwrap(world.tenant, grant.id, wrapped).open(ciphertext, grant.token_version)
    tables = world.service.settings.tables.values()
    stored = str([world.service.clients.dynamodb.scan(TableName=name)["Items"] for name in tables])
    queue = world.service.settings.queue("refresh")
    stored += str(world.service.clients.sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10).get("Messages"))
    for secret in (pair.access.reveal(), pair.refresh.reveal()):
        assert secret not in stored


def test_consent_refused_leads_back_with_a_code(world: World) -> None:
    begun = world.started(world.account())
    answer = world.consented(begun["authorize_url"], decision="deny")
    assert (answer["status"], answer["error"]) == ("failed", "consent_refused")


def state_of(authorize_url: str) -> str:
    return parse_qs(urlsplit(authorize_url).query)["state"][0]


def test_a_forged_state_leads_nowhere(world: World) -> None:
    reply = world.call("GET", "/oauth/xero/callback?state=forged&code=abc", by={})
    assert (reply.status, reply.headers["content-type"]) == (400, "text/html; charset=utf-8")
    assert "location" not in reply.headers


def test_a_state_works_once(world: World) -> None:
    begun = world.started(world.account())
    state = state_of(begun["authorize_url"])
    assert world.came_back({"state": state, "error": "access_denied"})["error"] == "consent_refused"
    assert world.call("GET", f"/oauth/xero/callback?state={state}&code=abc", by={}).status == 400


def test_a_state_ends_after_fifteen_minutes(world: World) -> None:
    begun = world.started(world.account())
    world.time.ahead += timedelta(minutes=15, seconds=1)
    state = state_of(begun["authorize_url"])
    assert world.call("GET", f"/oauth/xero/callback?state={state}&code=abc", by={}).status == 400


def test_a_state_of_another_provider_is_refused_and_used_up(world: World) -> None:
    state = state_of(world.started(world.account())["authorize_url"])
    assert world.call("GET", f"/oauth/sage/callback?state={state}&code=abc", by={}).status == 400
    assert world.call("GET", f"/oauth/xero/callback?state={state}&code=abc", by={}).status == 400


def test_a_code_that_the_provider_does_not_know(world: World) -> None:
    begun = world.started(world.account())
    answer = world.came_back({"state": state_of(begun["authorize_url"]), "code": "injected"})
    assert answer["error"] == "code_exchange_failed"


def test_a_result_code_is_useless_to_anybody_else(world: World) -> None:
    """A connect link that somebody else opened, and a result code that was seen by somebody else."""
    admins = [{"user": user, "name": user, "role": "admin"} for user in ("ann", "bob")]
    account = world.account(first_member=admins[0])
    assert world.call("POST", f"/v1/accounts/{account}/members", admins[1]).status == 201
    begun = world.started(account, by=world.person("ann"))
    answer = world.consented(begun["authorize_url"])
    path = f"/v1/accounts/{account}/connections/{begun['id']}/redeem"
    body = {"result_code": answer["result_code"]}
    assert world.call("POST", path, body, by=world.person("bob")).code == "result_code_invalid"
    assert world.call("POST", path, body, by=world.machine(world.tenant)).code == "result_code_invalid"
    assert world.call("POST", path, {"result_code": "guess"}, by=world.person("ann")).code == "result_code_invalid"
    # Neither try has used it up.
    assert world.call("POST", path, body, by=world.person("ann")).status == 200
    assert world.call("POST", path, body, by=world.person("ann")).code == "result_code_invalid"


def test_a_result_code_belongs_to_its_connection_and_its_time(world: World) -> None:
    first, second = world.account(), world.account()
    answer = world.consented(world.started(first)["authorize_url"])
    other = world.started(second)
    path = f"/v1/accounts/{second}/connections/{other['id']}/redeem"
    assert world.call("POST", path, {"result_code": answer["result_code"]}).code == "result_code_invalid"
    late = world.consented(other["authorize_url"])
    world.time.ahead += timedelta(minutes=11)
    assert world.call("POST", path, {"result_code": late["result_code"]}).code == "result_code_invalid"


@pytest.mark.parametrize(
    "url",
    ["https://evil.example/back", f"{HOME}.evil.example/", "https://app.example@evil.example/", "http://app.example/"],
)
def test_return_urls_outside_the_list_are_refused(world: World, url: str) -> None:
    body = {"provider": "xero", "return_url": url}
    reply = world.call("POST", f"/v1/accounts/{world.account()}/connections", body)
    assert (reply.status, reply.code) == (422, "return_url_refused")


def test_one_main_connection_but_an_unfinished_one_gives_way(world: World) -> None:
    account = world.account()
    unfinished = world.started(account)
    connection = world.connected(account)
    assert world.connection(account, unfinished["id"]).status is ConnectionStatus.DISCONNECTED
    body = {"provider": "xero", "return_url": HOME}
    reply = world.call("POST", f"/v1/accounts/{account}/connections", body)
    assert (reply.status, reply.code) == (409, "main_connection_exists")
    assert reply.json["details"]["connection"] == connection.id


def test_a_repeat_with_the_same_key_makes_one_connection_and_shows_no_url_again(world: World) -> None:
    account = world.account()
    first = world.started(account, idempotency_key="k1")
    again = world.started(account, idempotency_key="k1")
    assert again["id"] == first["id"] and first["authorize_url"] and again["authorize_url"] is None
    body = {"provider": "xero", "return_url": f"{HOME}/other"}
    reply = world.call("POST", f"/v1/accounts/{account}/connections", body, idempotency_key="k1")
    assert (reply.status, reply.code) == (422, "idempotency_key_reused")


def test_an_organisation_of_another_tenant_is_taken_without_saying_whose(world: World) -> None:
    account = world.account()
    organisation = world.connected(account).pinned.id
    world.caller = world.machine(world.other_tenant)
    account = world.account()
    begun = world.started(account)
    answer = world.consented(begun["authorize_url"])
    path = f"/v1/accounts/{account}/connections/{begun['id']}"
    world.call("POST", f"{path}/redeem", {"result_code": answer["result_code"]})
    offers = world.call("GET", f"{path}/organisations").json["organisations"]
    assert not any(offer["already_linked"] for offer in offers)
    reply = world.call("PUT", f"{path}/organisation", {"organisation_id": organisation})
    assert (reply.status, reply.code) == (409, "organisation_taken")
    assert world.tenant not in reply.text
    after = world.connection(account, begun["id"], world.other_tenant)
    assert (after.status, after.organisation) == (ConnectionStatus.CHOOSING_ORGANISATION, None)


def test_the_same_organisation_in_two_accounts_of_a_tenant_is_allowed_with_a_warning(world: World) -> None:
    first = world.connected(world.account())
    account = world.account()
    begun = world.started(account)
    answer = world.consented(begun["authorize_url"])
    path = f"/v1/accounts/{account}/connections/{begun['id']}"
    world.call("POST", f"{path}/redeem", {"result_code": answer["result_code"]})
    offers = {
        one["organisation"]["id"]: one for one in world.call("GET", f"{path}/organisations").json["organisations"]
    }
    assert offers[first.pinned.id]["already_linked"]
    reply = world.call("PUT", f"{path}/organisation", {"organisation_id": first.pinned.id})
    assert (reply.status, reply.json["warnings"]) == (200, ["organisation_also_linked"])


def reconsented(world: World, account: str, connection: str) -> str:
    path = f"/v1/accounts/{account}/connections/{connection}"
    begun = world.call("POST", f"{path}/reconnect", {"return_url": f"{HOME}/back"})
    assert begun.status == 200, begun.text
    answer = world.consented(begun.json["authorize_url"])
    assert world.call("POST", f"{path}/redeem", {"result_code": answer["result_code"]}).status == 200
    return path


def test_reconnecting_with_another_organisation_alters_nothing(world: World) -> None:
    account = world.account()
    connection = world.connected(account)
    path = reconsented(world, account, connection.id)
    before = world.connection(account, connection.id)
    offers = world.call("GET", f"{path}/organisations").json["organisations"]
    another = next(one["organisation"]["id"] for one in offers if one["organisation"]["id"] != connection.pinned.id)
    reply = world.call("PUT", f"{path}/organisation", {"organisation_id": another})
    assert (reply.status, reply.code) == (409, "organisation_mismatch")
    assert world.connection(account, connection.id) == before


def test_reconnecting_keeps_the_connection_and_lets_the_old_grant_go(world: World) -> None:
    account = world.account()
    connection = world.connected(account)
    path = reconsented(world, account, connection.id)
    chosen = world.call("PUT", f"{path}/organisation", {"organisation_id": connection.pinned.id})
    assert chosen.status == 200, chosen.text
    after = world.connection(account, connection.id)
    assert after.grant != connection.grant and after.pending_grant is None
    old = world.service.grants.get(world.tenant, connection.grant or "")
    assert old is not None and old.status is GrantStatus.LET_GO
    assert "connection.reconnected" in {event.kind for event in world.events(account)}


def test_pause_and_resume(world: World) -> None:
    account = world.account()
    path = f"/v1/accounts/{account}/connections/{world.connected(account).id}"
    assert world.call("POST", f"{path}/pause").json["paused_at"]
    assert world.call("POST", f"{path}/resume").json["paused_at"] is None
    pending = world.started(world.account())
    assert pending["status"] == "pending_consent"
