"""What the connector sends, against Xero's published OpenAPI description, by openapi-core.

Needs the description (`xero/xero_accounting.acyclic.strict.json`, Xero's own with cycles cut and unknown request
fields refused) in ../shared/specs beside the checkout or in $LEDGERBRIDGE_SPECS; left out, and said so, otherwise.
The requests are taken off the wire as they leave the transport.
"""

import json
import os
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

import openapi_core
import pytest
from openapi_core import testing

from rehearsal.sandbox_process import SandboxClient
from shared.domain.connections import Destination, PublishAs
from shared.domain.items import ItemType, Side
from shared.domain.lists import Entry, Kind
from shared.domain.publishing import FactKind, Member
from shared.providers import transport
from shared.providers.contract import FileToAttach, Upload, Wanted
from shared.providers.xero.calls import PROVIDER
from tests.contract.xero.kit import World, connected
from tests.contract.xero.test_publishing import SORTS

SPECS = Path(os.environ.get("LEDGERBRIDGE_SPECS") or Path(__file__).resolve().parents[3].parent / "shared" / "specs")
DESCRIPTION = SPECS / "xero" / "xero_accounting.acyclic.strict.json"
if not DESCRIPTION.exists():
    pytest.skip(
        f"Xero's published description is not at {DESCRIPTION}: its check of our requests is LEFT OUT "
        "(put it there or set LEDGERBRIDGE_SPECS)",
        allow_module_level=True,
    )

Sent = list[transport.Call]


@pytest.fixture(scope="module")
def description() -> Any:
    # The published document gives booleans the default "false" as text, which the checker of documents refuses.
    return openapi_core.OpenAPI.from_file_path(str(DESCRIPTION), config=openapi_core.Config(spec_validator_cls=None))


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> Iterator[Sent]:
    """Every call that leaves, in order."""
    calls: Sent = []
    real: Callable[[transport.Call, str, timedelta], transport.Answer] = transport.fetch

    def recorded(call: transport.Call, override: str, deadline: timedelta) -> transport.Answer:
        calls.append(call)
        return real(call, override, deadline)

    monkeypatch.setattr(transport, "fetch", recorded)
    yield calls


def problems(description: Any, call: transport.Call) -> list[str]:
    """What the description has against a request, one line each."""
    parts = urlsplit(call.url)
    content_type = call.headers.get("Content-Type", "application/json")
    # The description has files as base64 octet-streams; Xero's page "Attachments" asks for the file's own type and raw
    # bytes. Of uploads, path and headers are compared.
    upload = "/Attachments/" in parts.path
    request = testing.MockRequest(
        f"{parts.scheme}://{parts.netloc}",
        call.method.lower(),
        unquote(parts.path),
        args={**dict(parse_qsl(parts.query)), **call.params},
        headers=dict(call.headers),
        data=call.content,
        content_type=content_type if call.content is not None else "",
    )
    found = []
    for error in description.iter_request_errors(request):
        if upload and type(error).__name__ == "RequestBodyValidationError":
            continue
        inside = getattr(error.__cause__, "schema_errors", None)
        found += [f"{one.json_path}: {one.message[:150]}" for one in inside] if inside else [repr(error)]
    return found


def unknown_parameters(document: Any, call: transport.Call) -> set[str]:
    """Query parameters that the description does not have: openapi-core lets those pass."""
    path = urlsplit(call.url).path.removeprefix("/api.xro/2.0")
    if path not in document["paths"]:
        return set()  # a path with an id in it: those calls have no parameters
    shared = document["components"]["parameters"]
    listed = document["paths"][path][call.method.lower()].get("parameters", [])
    known = {(shared[one["$ref"].rsplit("/", 1)[1]] if "$ref" in one else one)["name"] for one in listed}
    return set(call.params) - known


def accounting(sent: Sent) -> Sent:
    return [call for call in sent if "/api.xro/2.0/" in call.url]


def everything(world: World) -> None:
    """One call of every sort that the connector makes."""
    cursors = world.pull()
    world.pull({kinds: cursor for kinds, cursor in cursors.items() if cursor})
    world.pull()
    for sort in SORTS.values():
        item, target = sort(world)
        batch, body = world.batch(world.drafted(item, **target))
        PROVIDER.send(world.session, batch, body)
        PROVIDER.find(world.session, batch, frozenset())
    supplier = PROVIDER.new_supplier(
        Entry("e", Kind.SUPPLIERS, "Zoë", values={"email": "z@example.com", "tax_number": "GB1", "currency": "GBP"}),
        "LB" + "C" * 18,
    )
    for _ in range(2):  # the second is refused for its name and looked up
        world.publish(
            (Member("e", "LB" + "D" * 18, dict(supplier.fingerprint), "A"), supplier), fact=FactKind.SUPPLIERS
        )
    for item in (world.item(paid=True), world.item(paid=True, type=ItemType.CREDIT_NOTE)):
        member, draft = world.drafted(item, status=PublishAs.PAID)
        (answer,) = world.publish((member, draft))
        wanted = Wanted(draft.resource, answer.provider_id or "")
        paying = PROVIDER.payment(item, wanted, world.resolved(item), "LB" + "P" * 18)
        batch, body = world.batch(
            (Member(item.id, "LB" + "P" * 18, dict(paying.fingerprint), "A"), paying), fact=FactKind.PAYMENTS
        )
        assert PROVIDER.send(world.session, batch, body)[0].problem is None
        PROVIDER.find(world.session, batch, frozenset())
        file = FileToAttach("a b.pdf", "application/pdf", b"%PDF")
        PROVIDER.attach(world.session, [Upload(wanted, file)], f"{batch.key}-file")
        PROVIDER.attached(world.session, [Upload(wanted, file)])


def test_every_request_is_one_that_xero_describes(sandbox: SandboxClient, description: Any, sent: Sent) -> None:
    sandbox.control("/xero/limits", {"minute": 1000})
    world = connected(sandbox)
    everything(world)
    made = accounting(sent)
    assert {call.method for call in made} == {"GET", "PUT"}
    against = {f"{call.method} {call.url}": found for call in made if (found := problems(description, call))}
    assert against == {}
    document = json.loads(DESCRIPTION.read_text())
    assert {f"{call.url}?{name}" for call in made for name in unknown_parameters(document, call)} == set()


def test_the_check_can_fail(sandbox: SandboxClient, description: Any, sent: Sent) -> None:
    world = connected(sandbox)
    item = world.item(side=Side.SALES)
    batch, body = world.batch(world.drafted(item, destination=Destination.SALES))
    PROVIDER.send(world.session, batch, body)
    call = sent[-1]
    assert call.content is not None
    for good, bad in (
        (b'"AccountID":"', b'"AccountID":"x'),
        (b'"Quantity":1', b'"Quantity":"1"'),
        (b'"Date"', b'"Dat"'),
    ):
        assert good in call.content
        wrong = transport.Call(call.method, call.url, call.params, call.headers, call.content.replace(good, bad))
        assert problems(description, wrong) != []
