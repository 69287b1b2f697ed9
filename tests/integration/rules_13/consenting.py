"""How a person consents once more, through the API and the provider's own pages, and what must not change by it."""

from dataclasses import replace
from urllib.parse import parse_qsl, urlsplit

from local.person import Person
from rehearsal.world import World
from shared.domain.accounts import Tenant
from tests.integration.rules_13.api import Api

HOME = "https://app.example"
API = "http://localhost:5173"  # where the sandbox's app is sent back to


def returns_home(world: World) -> None:
    """The tenant has an address that browsers may come back to, and the API one of its own."""
    world.service.tenants.create(Tenant(world.tenant, "Product", (HOME,)))
    world.settings = replace(world.settings, texts={**world.settings.texts, "api_base_url": API})


def agree(api: Api, connection: str) -> dict[str, str]:
    """A person reconnects up to the choice of the organisation: the ids of those offered, by name."""
    path = f"connections/{connection}"
    begun = api.ok("POST", f"{path}/reconnect", {"return_url": f"{HOME}/done"})
    back = Person().consent(begun["authorize_url"], home=API)
    status, headers, page = api.raw("GET", f"/oauth/{api.world.software.name}/callback", **back)
    assert status == 302, page
    answer = dict(parse_qsl(urlsplit(headers["location"]).query))
    api.ok("POST", f"{path}/redeem", {"result_code": answer["result_code"]})
    offers = api.ok("GET", f"{path}/organisations")["organisations"]
    return {offer["organisation"]["name"]: offer["organisation"]["id"] for offer in offers}


def kept(api: Api, *items: str) -> dict[str, str]:
    """Rules, settings and items, each as the very text that the API answers."""
    settings = ("defaults", "automation", f"connections/{api.world.connection_id}/settings")
    paths = ["rules", "lists/payment_methods", *settings, *(f"items/{item}" for item in items)]
    answers = {path: api.raw("GET", path) for path in paths}
    assert {status for status, _, _ in answers.values()} == {200}
    return {path: text for path, (_, _, text) in answers.items()}
