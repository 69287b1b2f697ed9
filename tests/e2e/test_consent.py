"""Consent: who may give it for whom, what happens when it is refused, taken back, or given for something else."""

from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

import httpx
import pytest

from local.person import Person
from tests.e2e.broken import a_quarter_of_an_hour_passes
from tests.e2e.tenants import ADVISER, HOME, Customer, Product, World, next_organisation, wait_for


@pytest.fixture(scope="module")
def product(world: World) -> Product:
    return world.tenant("Consent")


def callback(world: World, **query: str) -> httpx.Response:
    """The browser coming back from Xero, as anybody can pretend."""
    address = f"{world.stack.api_url}/oauth/xero/callback"
    return httpx.get(address, params=query, timeout=30, follow_redirects=False)


def state_of(authorize_url: str) -> str:
    return dict(parse_qsl(urlsplit(authorize_url).query))["state"]


def assert_page_for_a_person(answer: httpx.Response) -> None:
    assert answer.status_code == 400, answer.text
    assert answer.headers["content-type"].startswith("text/html")
    assert "location" not in answer.headers
    assert "did not succeed" in answer.text


def test_a_forged_state_leads_nowhere(world: World) -> None:
    assert_page_for_a_person(callback(world, state="forged-" + "x" * 36, code="anything"))
    assert_page_for_a_person(callback(world, code="anything"))
    assert_page_for_a_person(callback(world, state="x" * 5000, code="anything"))


def test_a_state_is_good_once(product: Product) -> None:
    customer = product.account()
    url = customer.start()
    customer.consent(url, organisations=[next_organisation()])
    assert_page_for_a_person(callback(product.world, state=state_of(url), code="another"))


def test_a_state_of_a_quarter_of_an_hour_ago_is_refused(product: Product) -> None:
    customer = product.account()
    url = customer.start()
    a_quarter_of_an_hour_passes(product.world.stack, state_of(url))
    assert_page_for_a_person(callback(product.world, state=state_of(url), code="late"))
    assert customer.status() == "pending_consent"


def test_a_foreign_state_connects_nothing_of_ours(product: Product) -> None:
    """Somebody who got hold of a state gives a consent of their own to it: nobody can use what comes of it."""
    attacker, victim = product.world.tenant("Attacker").account(), product.account()
    theirs, ours = urlsplit(attacker.start()), victim.start()
    query = {**dict(parse_qsl(theirs.query)), "state": state_of(ours)}
    back = attacker.consent(urlunsplit(theirs._replace(query=urlencode(query))), organisations=[next_organisation()])
    assert back["connection"] == victim.connection, "the state says whose it is, not who opened it"
    for path in (f"{attacker.path}{attacker.at}", f"{victim.path}{victim.at}"):
        answer = attacker.api.send("POST", f"{path}/redeem", {"result_code": back["result_code"]})
        assert answer.json()["code"] in {"result_code_invalid", "not_found"}, answer.text
    assert (victim.status(), attacker.status()) == ("pending_consent", "pending_consent")


def test_a_link_opened_by_somebody_else_gains_nothing(product: Product) -> None:
    customer = product.account()
    alice, mallory = product.on_behalf_of("alice"), product.on_behalf_of("mallory")
    url = customer.start(alice)
    back = customer.consent(url, organisations=[next_organisation()])
    path = f"{customer.path}{customer.at}/redeem"
    for somebody in (mallory, product.api, product.world.tenant("Elsewhere").api):
        answer = somebody.send("POST", path, {"result_code": back["result_code"]})
        assert answer.json()["code"] in {"result_code_invalid", "not_found"}, answer.text
    assert customer.refused("GET", f"{customer.at}/organisations")[0] == 409
    redeemed = alice.send("POST", path, {"result_code": back["result_code"]})
    assert redeemed.status_code == 200, "the wrong ones did not use it up"
    again = alice.send("POST", path, {"result_code": back["result_code"]})
    assert again.json()["code"] == "result_code_invalid"


def test_a_result_code_is_of_one_connection(product: Product) -> None:
    one, other = product.account(), product.account()
    back = one.consent(one.start(), organisations=[next_organisation()])
    other.consent(other.start(), organisations=[next_organisation()])
    refused = other.refused("POST", f"{other.at}/redeem", {"result_code": back["result_code"]})
    assert refused == (409, "result_code_invalid")


def test_a_refused_consent_comes_home_with_its_reason(product: Product) -> None:
    customer = product.account()
    back = customer.consent(customer.start(), decision="deny")
    assert (back["status"], back["error"]) == ("failed", "consent_refused")
    assert "result_code" not in back
    assert customer.status() == "pending_consent"


def test_the_browser_goes_home_only_where_the_tenant_says(product: Product) -> None:
    customer = product.account()
    for elsewhere in ("http://localhost:8898/done", "https://evil.example/done", f"{HOME}@evil.example/"):
        body = {"provider": "xero", "return_url": elsewhere}
        assert customer.refused("POST", "/connections", body)[1] == "return_url_refused"


def test_an_organisation_of_another_tenant_is_refused_without_saying_whose(product: Product) -> None:
    holder = product.world.tenant("Holder").connected()
    customer = product.account()
    back = customer.consent(customer.start(), organisations=[holder.organisation])
    customer.post(f"{customer.at}/redeem", {"result_code": back["result_code"]})
    answer = customer.choose(holder.organisation)
    assert (answer.status_code, answer.json()["code"]) == (409, "organisation_taken")
    assert holder.product.id not in answer.text
    assert holder.id not in answer.text
    assert customer.status() == "choosing_organisation"


def test_the_same_organisation_twice_in_one_tenant_is_allowed_with_a_warning(product: Product) -> None:
    first, second = product.connected(), product.account()
    back = second.consent(second.start(), organisations=[first.organisation])
    second.post(f"{second.at}/redeem", {"result_code": back["result_code"]})
    assert second.choose(first.organisation).json()["warnings"] == ["organisation_also_linked"]


@pytest.mark.soak
@pytest.mark.parametrize(
    "token_ends", [True, False], ids=["found out by the token call", "found out by the call itself"]
)
def test_a_revoked_consent_is_noticed_once_and_mended_by_a_new_one(product: Product, token_ends: bool) -> None:
    customer, sandbox = product.connected(), product.world.sandbox
    items = customer.items(3, "REVOKED")
    assert sandbox.tell("/xero/revoke", {"user": ADVISER})["revoked"] >= 1
    if token_ends:
        sandbox.tell("/xero/tokens", {"expire": "access", "user": ADVISER})
    customer.publish(items)
    wait_for("the connection to be out of service", lambda: customer.status() == "expired")
    assert customer.get(customer.at)["problem"]["code"] == "connection_expired"
    another = customer.item(number="REVOKED-3")["id"]  # those that are queued already stay as they are
    for _ in range(2):
        assert customer.refused("POST", f"{customer.at}/refresh", {})[0] == 409
        assert customer.refused("POST", f"/items/{another}/publish")[0] == 409
    assert len(customer.events("connection.expired")) == 1
    assert {customer.seen(item)["stage"] for item in items} <= {"queued", "publishing"}, "items are kept"
    assert not [one for one in customer.documents() if one["InvoiceNumber"].startswith("REVOKED")]
    attention = customer.api.call("GET", "/v1/accounts?attention=true&limit=200")["accounts"]
    assert customer.id in {one["id"] for one in attention}

    answer = customer.reconnect()
    assert (answer.status_code, answer.json()["status"]) == (200, "active")
    product.world.stack.invoke("AgendaFunction")
    found = customer.settled(items)
    assert {one["stage"] for one in found.values()} == {"published"}
    there = [one["InvoiceNumber"] for one in customer.documents()]
    assert [there.count(f"REVOKED-{one}") for one in range(3)] == [1, 1, 1]
    assert len(customer.events("connection.reconnected")) == 1
    again = {"filter": {"error_code": answer.json()["publish_again"]}}  # what was refused meanwhile, in one call
    customer.post("/publications", again)
    assert customer.await_stage(another, "published")["last_error"] is None
    there = [one["InvoiceNumber"] for one in customer.documents()]
    assert [there.count(f"REVOKED-{one}") for one in range(4)] == [1, 1, 1, 1]


def test_another_organisation_at_a_reconnect_is_refused(product: Product) -> None:
    customer: Customer = product.connected()
    answer = customer.reconnect(organisation=next_organisation())
    assert (answer.status_code, answer.json()["code"]) == (409, "organisation_mismatch")
    assert answer.json()["details"]["offer"] == "change"
    assert customer.status() == "active"
    assert customer.get(customer.at)["organisation"]["name"] == customer.organisation


def test_what_comes_home_holds_no_token(product: Product) -> None:
    customer = product.account()
    back = Person(ADVISER).consent(customer.start(), home=HOME, organisations=[next_organisation()])
    assert set(back) == {"connection", "status", "result_code"}
    product.world.secrets.keep("result code", back["result_code"])
