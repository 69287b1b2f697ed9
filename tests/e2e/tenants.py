"""Tenants of the deployed stack at work: what the tests do over HTTP, and every secret that it brought about."""

import hashlib
import secrets
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import count
from typing import Any, Final
from urllib.parse import parse_qsl, urlsplit

import httpx

from local.api import Api, machine_token
from local.person import Person
from local.sandbox_client import SandboxControl
from local.stack import Stack
from ops.target import Target
from ops.tenants import create_tenant, store

HOME: Final = "http://localhost:8899"  # where a tenant's own product would be; nobody listens there
ADVISER: Final = "priya.shah@example.com"  # sees fifty organisations; the small ones are alike
PATIENCE: Final = 60.0  # seconds, on a busy machine
PDF: Final = b"%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"

# An organisation may be live with one tenant only, so every test takes one of its own.
_organisations = count(1)


def next_organisation() -> str:
    return f"Practice Client {next(_organisations):02d} Ltd"


def wait_for(what: str, found: Callable[[], Any], seconds: float = PATIENCE) -> Any:
    """The first truthy answer of `found`, asked again and again: the stack can only be asked.

    Every question costs the stack more than the work that is waited for, so they come further and further apart.
    """
    end, pause = time.monotonic() + seconds, 0.1
    while not (answer := found()):
        assert time.monotonic() < end, f"waited {seconds:.0f} s for {what}"
        time.sleep(pause)
        pause = min(0.5, pause * 1.3)
    return answer


@dataclass
class Secrets:
    """Every value that must not be found outside the vault, by what it is."""

    values: dict[str, str] = field(default_factory=dict)

    def keep(self, what: str, value: str) -> str:
        self.values[value] = what
        return value


@dataclass
class World:
    """The stack, its sandbox, and what the tests know of both."""

    stack: Stack
    sandbox: SandboxControl
    secrets: Secrets

    @property
    def target(self) -> Target:
        return Target(self.stack.client, self.stack.outputs)

    def tenant(self, name: str = "A product") -> "Product":
        """A new tenant with a machine client."""
        made = create_tenant(self.target, name, [HOME])
        secret = self.secrets.keep("client secret", made.client_secret.reveal())
        token = machine_token(self.stack.outputs["TokenUrl"], made.client_id, secret)
        return Product(self, made.tenant, self.secrets.keep("access token of a machine", token))

    def person(self, tenant: str | None) -> "User":
        """Somebody of the stack's user pool who belongs to a tenant, or to none; a member of no account yet."""
        cognito, pool = self.stack.client("cognito-idp"), self.stack.outputs["UserPoolId"]
        name = f"person-{secrets.token_hex(6)}"
        password = self.secrets.keep("password", f"Aa1!{secrets.token_urlsafe(18)}")
        client = cognito.create_user_pool_client(
            UserPoolId=pool, ClientName=name, ExplicitAuthFlows=["ALLOW_USER_PASSWORD_AUTH"]
        )["UserPoolClient"]["ClientId"]
        cognito.admin_create_user(UserPoolId=pool, Username=name, TemporaryPassword=password, MessageAction="SUPPRESS")
        cognito.admin_set_user_password(UserPoolId=pool, Username=name, Password=password, Permanent=True)
        answer = cognito.initiate_auth(
            ClientId=client, AuthFlow="USER_PASSWORD_AUTH", AuthParameters={"USERNAME": name, "PASSWORD": password}
        )["AuthenticationResult"]
        token = self.secrets.keep("access token of a person", answer["AccessToken"])
        subject = cognito.get_user(AccessToken=token)["Username"]
        attributes = cognito.admin_get_user(UserPoolId=pool, Username=subject)["UserAttributes"]
        sub = next(one["Value"] for one in attributes if one["Name"] == "sub")
        if tenant is not None:
            store(self.target).put_subject(self.stack.outputs["Issuer"], sub, tenant)
        return User(sub, token, Api(self.stack.api_url, token, tries=1))


@dataclass(frozen=True)
class User:
    """A person: `id` as tokens and members name it, and an API that speaks for the person."""

    id: str
    token: str
    api: Api


class Product:
    """A tenant's program. Its API shows every failure: nothing is repeated behind a test's back."""

    def __init__(self, world: World, tenant: str, token: str) -> None:
        self.world = world
        self.id = tenant
        self.token = token
        self.api = Api(world.stack.api_url, token, tries=1)

    def on_behalf_of(self, person: str) -> Api:
        return Api(self.world.stack.api_url, self.token, tries=1, **{"on-behalf-of": person})

    def account(self, name: str = "Hart & Sons", **more: Any) -> "Customer":
        made = self.api.call("POST", "/v1/accounts", {"name": name, **more})
        return Customer(self, made["id"])

    def connected(self, organisation: str | None = None) -> "Customer":
        """A new account with a Xero organisation whose lists are in."""
        customer = self.account()
        customer.connect(organisation)
        customer.await_lists()
        return customer


class Customer:
    """One account of a tenant. Paths given to `get` and its like are below the account."""

    def __init__(self, product: Product, account: str) -> None:
        self.product = product
        self.world = product.world
        self.api = product.api
        self.id = account
        self.path = f"/v1/accounts/{account}"
        self.organisation = ""
        self.organisation_id = ""
        self.connection = ""

    # --- calls
    def get(self, path: str = "") -> Any:
        return self.api.call("GET", self.path + path)

    def post(self, path: str, body: Any = None, **headers: str) -> Any:
        return self.api.call("POST", self.path + path, body, **headers)

    def put(self, path: str, body: Any = None) -> Any:
        return self.api.call("PUT", self.path + path, body)

    def send(self, method: str, path: str, body: Any = None, **headers: str) -> httpx.Response:
        return self.api.send(method, self.path + path, body, **headers)

    def pages(self, path: str, entries: str) -> Iterator[Any]:
        return self.api.pages(self.path + path, entries)

    def refused(self, method: str, path: str, body: Any = None, **headers: str) -> tuple[int, str]:
        """Status and code of a call that must fail."""
        answer = self.send(method, path, body, **headers)
        assert answer.is_error, answer.text
        assert answer.headers["content-type"] == "application/problem+json"
        return answer.status_code, answer.json()["code"]

    # --- connecting
    @property
    def at(self) -> str:
        return f"/connections/{self.connection}"

    def start(self, api: Api | None = None) -> str:
        """Begin connecting Xero; returns the URL for the browser."""
        body = {"provider": "xero", "return_url": f"{HOME}/done"}
        begun = (api or self.api).call("POST", f"{self.path}/connections", body)
        self.connection = begun["id"]
        return self._with_state_kept(begun["authorize_url"])

    def _with_state_kept(self, authorize_url: str) -> str:
        self.world.secrets.keep("OAuth state", dict(parse_qsl(urlsplit(authorize_url).query))["state"])
        return authorize_url

    def consent(self, authorize_url: str, person: str = ADVISER, **how: Any) -> dict[str, str]:
        """Through the consent pages; `organisation` of `how` chooses what is ticked. The query that came home."""
        back = Person(person).consent(authorize_url, home=HOME, **how)
        if "result_code" in back:
            self.world.secrets.keep("result code", back["result_code"])
        return back

    def choose(self, name: str) -> httpx.Response:
        """Choose an organisation of the redeemed consent by its name."""
        offers = self.get(f"{self.at}/organisations")["organisations"]
        chosen = next(offer["organisation"] for offer in offers if offer["organisation"]["name"] == name)
        self.organisation, self.organisation_id = name, chosen["id"]
        return self.send("PUT", f"{self.at}/organisation", {"organisation_id": chosen["id"]})

    def connect(self, organisation: str | None = None, person: str = ADVISER) -> None:
        """All of it, up to the choice of the organisation."""
        name = organisation or next_organisation()
        back = self.consent(self.start(), person, organisations=[name])
        self.post(f"{self.at}/redeem", {"result_code": back["result_code"]})
        answer = self.choose(name)
        assert answer.status_code == 200, answer.text

    def reconnect(self, person: str = ADVISER, organisation: str | None = None) -> httpx.Response:
        """Consent anew and choose an organisation, the same unless another is named."""
        asked = self.post(f"{self.at}/reconnect", {"return_url": f"{HOME}/done"})
        name = organisation or self.organisation
        back = self.consent(self._with_state_kept(asked["authorize_url"]), person, organisations=[name])
        self.post(f"{self.at}/redeem", {"result_code": back["result_code"]})
        offers = self.get(f"{self.at}/organisations")["organisations"]
        chosen = next(offer["organisation"]["id"] for offer in offers if offer["organisation"]["name"] == name)
        return self.send("PUT", f"{self.at}/organisation", {"organisation_id": chosen})

    def status(self) -> str:
        return str(self.get(self.at)["status"])

    def lists(self) -> dict[str, dict[str, Any]]:
        """The lists' state by kind."""
        return {one["kind"]: one for one in self.get("/lists")["lists"]}

    def await_lists(self) -> None:
        def all_in() -> bool:
            pulled = [one for one in self.lists().values() if one["source"] == "provider"]
            return self.status() == "active" and bool(pulled) and all(one["last_good_at"] for one in pulled)

        wait_for("the lists to come in", all_in)

    def refresh(self, *, full: bool = False) -> dict[str, Any]:
        """Refresh every list and wait for its event, which is returned."""
        asked = self.post(f"{self.at}/refresh", {"full": full})["refresh"]

        def done() -> dict[str, Any] | None:
            happened = self.events("refresh.done") + self.events("refresh.failed")
            return next((one for one in happened if asked in str(one)), None)

        found: dict[str, Any] = wait_for("the refresh to be done", done)
        return found

    def events(self, kind: str = "") -> list[dict[str, Any]]:
        """The account's events of a kind, newest first."""
        return [one for one in self.pages("/events", "events") if one["kind"].startswith(kind)]

    def entry(self, kind: str, name: str) -> dict[str, Any]:
        """An entry of a list by name or code."""
        entries = self.pages(f"/lists/{kind}", "entries")
        found: dict[str, Any] = next(one for one in entries if name in {one["name"], one["code"]})
        return found

    def rule(self, supplier: str) -> dict[str, Any]:
        """Make a rule: a supplier's documents go through the main connection."""
        subject = self.entry("suppliers", supplier)["id"]
        made: dict[str, Any] = self.post("/rules", {"subject": subject, "integration": "main"})
        return made

    # --- items
    def item(self, **changes: Any) -> dict[str, Any]:
        """Take one item in; a bill of 120.00 unless told otherwise."""
        result = self.post("/items", {"items": [bill(**changes)]})["results"][0]
        assert result["item"], result
        item: dict[str, Any] = result["item"]
        return item

    def items(self, number: int, prefix: str, **changes: Any) -> list[str]:
        """Take several bills in, alike but for their numbers; returns their ids."""
        papers = [bill(number=f"{prefix}-{one}", **changes) for one in range(number)]
        results = self.post("/items", {"items": papers})["results"]
        return [one["item"]["id"] for one in results]

    def seen(self, item: str) -> dict[str, Any]:
        found: dict[str, Any] = self.get(f"/items/{item}")
        return found

    def attach(self, item: str, content: bytes = PDF, name: str = "paper.pdf") -> httpx.Response:
        """Send a file with the presigned form and complete it."""
        where = f"/items/{item}/document"
        form = self.post(
            where, {"file_name": name, "size": len(content), "sha256": hashlib.sha256(content).hexdigest()}
        )
        sent = httpx.post(form["url"], data=form["fields"], files={"file": (name, content)}, timeout=30)
        sent.raise_for_status()
        return self.send("PUT", where, {"upload": form["upload"]})

    def publish(self, items: list[str]) -> str:
        """Publish in bulk; the id of the publication."""
        return str(self.post("/publications", {"items": items})["publication"]["id"])

    def settled(self, items: list[str], seconds: float = PATIENCE) -> dict[str, dict[str, Any]]:
        """The items once none of them is on its way any more."""
        wanted = set(items)

        def done() -> dict[str, dict[str, Any]] | None:
            found = {one["id"]: one for one in self.pages("/items", "items") if one["id"] in wanted}
            moving = [one for one in found.values() if one["stage"] in {"queued", "publishing"}]
            return found if not moving and all(_said(one) for one in found.values()) else None

        found: dict[str, dict[str, Any]] = wait_for("the items to settle", done, seconds)
        return found

    def await_stage(self, item: str, *stages: str, seconds: float = PATIENCE) -> dict[str, Any]:
        found: dict[str, Any] = wait_for(
            f"the item to be {' or '.join(stages)}",
            lambda: one if (one := self.seen(item))["stage"] in stages else None,
            seconds,
        )
        return found

    # --- the provider's side
    def books(self) -> dict[str, Any]:
        return self.world.sandbox.books(self.organisation)

    def documents(self) -> list[dict[str, Any]]:
        """Bills and sales invoices in the provider's books."""
        invoices: list[dict[str, Any]] = list(self.books()["Invoices"])
        return invoices

    def edit_books(self, **changes: Any) -> None:
        self.world.sandbox.tell(f"/xero/organisations/{self.organisation}/edit", changes)


def _said(item: dict[str, Any]) -> bool:
    """Whether a settled item says what became of it; one that was just asked for is still `ready`."""
    return item["stage"] != "ready" or item["last_error"] is not None


def bill(**changes: Any) -> dict[str, Any]:
    """A supplier's bill of 100.00 and 20 % tax, as the API takes it."""
    line = {
        "description": "Paper",
        "amount": "100.00",
        "category": {"code": "429"},
        "tax_rate": {"code": "INPUT2"},
    }
    item = {
        "side": "costs",
        "type": "invoice",
        "contact": {"name": "Northgate Stationers"},
        "currency": "GBP",
        "date": "2026-03-11",
        "due_date": "2026-04-10",
        "tax_mode": "exclusive",
        "total": "120.00",
        "tax_total": "20.00",
        "destination": "purchases",
        "publish_as": "awaiting_payment",
        "number": "B-1",
        "lines": [line],
    }
    return {**item, **changes}
