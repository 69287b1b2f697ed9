"""A month of 500 documents sent to the inbox by signed webhook: clean ones publish themselves, the rest say why.

Twenty documents a day in one message, some messages twice, some documents again in another message. Nobody looks at
anything until the month is over; what is in the books then is counted document by document.
"""

import base64
import json
import random
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any, Final

import pytest

from functions.publish.app import ROUTES
from rehearsal.papers import LINKED, UNLINKED
from rehearsal.world import World
from shared.aws.entry import entry
from shared.domain.accounts import Tenant
from shared.domain.ids import new_id
from shared.domain.secrets import Secret
from shared.domain.signatures import signature
from shared.usecases.gate import GATE
from shared.usecases.inbox_secrets import make_secret, secret_text
from tests.integration.publishing.checks import problems
from tests.integration.rules_13.api import Api
from tests.integration.rules_13.automation import automation, entry_id, rule

pytestmark = [pytest.mark.soak, pytest.mark.timeout(880)]

A_DAY: Final = 20
PDF: Final = base64.b64encode(b"%PDF-1.4\n1 0 obj<<>>endobj\ntrailer<<>>\n%%EOF\n").decode()
Body = dict[str, Any]


@dataclass(frozen=True)
class Kind:
    """So many documents of one kind, what keeps them waiting (nothing: they publish themselves), and how they look."""

    name: str
    count: int
    waits: frozenset[str]
    body: Callable[[int], Body]


def paper(place: int, supplier: str, **changes: Any) -> Body:
    """A bill as a reader of documents hands it on, tax included, without any coding."""
    gross = Decimal(60 + 6 * place)
    return {
        "side": "costs",
        "type": "invoice",
        "contact": {"name": supplier},
        "currency": "GBP",
        "tax_mode": "inclusive",
        "total": f"{gross}.00",
        "tax_total": f"{gross / 6}.00",
        "date": f"2026-03-{place % 28 + 1:02d}",
        "due_date": "2026-04-30",
        "confidence": {"total": "0.98"},
        "lines": [{"description": "As agreed", "amount": f"{gross}.00"}],
        **changes,
    }


def power(place: int, **changes: Any) -> Body:
    return paper(place, "Severn Power", number=f"SP-{place:03d}", **changes)


def couriers(place: int) -> Body:
    lines = [{"description": "Parcel to Leeds", "amount": "10.00"}, {"description": "Toll", "amount": "5.00"}]
    return paper(place, "Whitfield & Sons Couriers", number=f"WC-{place}", tax_mode="exclusive", lines=lines) | {
        "total": "18.00",
        "tax_total": "3.00",
    }


def receipt(place: int, supplier: str, owner: str) -> Body:
    return paper(place, supplier, type="receipt", number=f"{owner}-{place}", paid=True, due_date=None, owner=owner)


def coded(place: int, category: str, supplier: str, **changes: Any) -> Body:
    """A paper that brings its coding along."""
    body = paper(place, supplier, **changes)
    return body | {"lines": [line | _codes(category) for line in body["lines"]]}


def _codes(category: str) -> Body:
    return {"category": {"code": category}, "tax_rate": {"code": "INPUT2"}}


def _sale(place: int) -> Body:
    return paper(place, "", side="sales", contact={"name": "City Agency"}, number=f"S-{place}")


def _wrong_sum(place: int) -> Body:
    return power(600 + place) | {"total": "1.00", "tax_total": None}


NOTHING: Final = frozenset[str]()
KINDS: Final = (
    Kind("power", 120, NOTHING, lambda n: power(n, **({"file": {"name": "p.pdf", "content": PDF}} if n < 40 else {}))),
    Kind("telecom", 60, NOTHING, lambda n: paper(n, "Harbour Telecom", number=f"HT-{n}", due_date=None)),
    Kind("couriers", 50, NOTHING, couriers),
    Kind("card", 60, NOTHING, lambda n: receipt(n, "Tidewater Fuel", "anna")),
    Kind("own coding", 50, NOTHING, lambda n: coded(n, "429", "Oakdene Properties", number=f"OP-{n}")),
    Kind("sales", 30, NOTHING, _sale),
    Kind("credits", 20, NOTHING, lambda n: power(300 + n, type="credit_note", due_date=None)),
    Kind("no rule", 25, frozenset({"category_missing", "tax_rate_missing"}), lambda n: paper(n, "Redhill Cleaning")),
    Kind("rule says no", 10, frozenset({"rule_no"}), lambda n: paper(n, "Lumen Software Ltd", number=f"L{n}")),
    Kind("method says never", 10, frozenset({"payment_method_never"}), lambda n: receipt(n, "Fernhill Motors", "ben")),
    Kind("scanned twice", 15, frozenset({"duplicate_suspected"}), power),
    Kind("hardly read", 15, frozenset({"amount_not_sure"}), lambda n: power(400 + n, confidence={"total": "0.41"})),
    Kind("unmapped", 10, frozenset({"value_not_mapped"}), lambda n: coded(n, "99999", "Severn Power", number=f"U{n}")),
    Kind("newcomers", 5, frozenset({"contact_not_in_books"}), lambda n: coded(n, "429", f"New {n} Ltd", number="1")),
    Kind("statements", 5, frozenset({"kept_not_published"}), lambda n: power(500 + n, type="statement")),
    Kind("wrong sums", 10, frozenset({"lines_do_not_add_up"}), _wrong_sum),
    Kind("locked", 5, frozenset({"period_locked"}), lambda n: power(700 + n, date="2025-12-20")),
)
LATE: Final = frozenset({"scanned twice"})  # after what they repeat


class Inbox:
    """A sender of signed webhooks, and what came of its documents by their ids."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.items: dict[str, str] = {}
        world.service.tenants.create(Tenant(world.tenant, "Reader of documents"))
        tenant = world.service.tenants.get(world.tenant)
        assert tenant is not None
        made = make_secret(world.service, tenant, new_id(world.time()), world.time())
        self._secret: Secret = secret_text(world.service, tenant, made.id)
        self._handler = entry(
            ROUTES, replace(GATE, service=world.new_service, base_url=lambda _: "http://localhost:8000")
        )

    def send(self, message: str, documents: list[Body]) -> tuple[int, Counter[str]]:
        """One message: its status, and how many of its documents were created, found or refused."""
        raw = json.dumps({"items": documents}).encode()
        stamp = int(self.world.time().timestamp())
        path = f"/v1/accounts/{self.world.account_id}/inbox"
        event = {
            "version": "2.0",
            "rawPath": path,
            "rawQueryString": "",
            "headers": {
                "content-type": "application/json",
                "webhook-id": message,
                "webhook-timestamp": str(stamp),
                "webhook-signature": signature(self._secret, message, stamp, raw),
            },
            "requestContext": {"requestId": "r", "stage": "$default", "http": {"method": "POST", "path": path}},
            "body": raw.decode(),
            "isBase64Encoded": False,
        }
        answer = self._handler(event, None)
        results = json.loads(answer["body"])["results"]
        for one in results:
            item = one["item"]
            assert self.items.setdefault(item["external_id"], item["id"]) == item["id"]
        return answer["statusCode"], Counter(one["status"] for one in results)


def set_up(api: Api) -> None:
    """The rules of the account, before the month begins."""
    suppliers: dict[str, Body] = {
        "Severn Power": _codes("445"),
        "Harbour Telecom": {**_codes("489"), "due_date": {"days": 30}},
        "Whitfield & Sons Couriers": {
            **_codes("429"),
            "split": {"keywords": [{"keyword": "parcel", "category": {"code": "425"}}]},
        },
        "Tidewater Fuel": {**_codes("449"), "auto_publish": "no"},  # the payment method's rule ranks above
        "Lumen Software Ltd": {**_codes("463"), "auto_publish": "no"},
        "Fernhill Motors": {**_codes("449"), "auto_publish": "yes"},
    }
    for name, decides in suppliers.items():
        rule(api, "supplier", entry_id(api, "suppliers", name), **decides)
    sold = {"category": {"code": "200"}, "tax_rate": {"code": "OUTPUT2"}}
    rule(api, "customer", entry_id(api, "customers", "City Agency"), **sold)
    for owner, method in (("anna", LINKED), ("ben", UNLINKED)):
        rule(api, "user", owner, payment_method={"name": method})
    linked, unlinked = (entry_id(api, "payment_methods", name) for name in (LINKED, UNLINKED))
    rule(api, "payment_method", linked, destination="bank_accounts", auto_publish="always")
    rule(api, "payment_method", unlinked, auto_publish="never")
    automation(api, auto_publish=True)
    api.ok("PATCH", "defaults", {"duplicate_mode": "hold"}, version=api.world.account.version)


def month() -> list[tuple[Kind, Body]]:
    """The documents in the order of their arrival: mixed, second scans last."""
    made = [
        (kind, kind.body(place) | {"external_id": f"{kind.name} {place}"})
        for kind in KINDS
        for place in range(kind.count)
    ]
    random.Random(4).shuffle(made)
    return sorted(made, key=lambda one: one[0].name in LATE)


def why(item: Body) -> frozenset[str]:
    """Why an item waits: what it lacks, else what kept it from publishing itself."""
    return frozenset(reason["code"] for reason in item["reasons"]) or frozenset({item["auto_publish"]["reason"]})


def number_of(record: Body) -> str:
    return str(record.get("InvoiceNumber") or record.get("CreditNoteNumber") or record.get("Reference"))


def known_as(body: Body) -> tuple[str, Decimal]:
    """How a document is found in the books; a purchase credit note's number is not kept there."""
    return "None" if body["type"] == "credit_note" else body["number"], Decimal(body["total"])


def of(records: Iterable[Body], prefix: str) -> list[Body]:
    return [record for record in records if number_of(record).startswith(prefix)]


def accounts(records: Iterable[Body]) -> set[tuple[str, ...]]:
    return {tuple(line["AccountCode"] for line in record["LineItems"]) for record in records}


def test_a_month_of_documents_publishes_itself_but_for_what_needs_a_person(world: World) -> None:
    api, inbox = Api(world), Inbox(world)
    set_up(api)
    arriving = month()
    assert len(arriving) == 500
    for day in range(0, len(arriving), A_DAY):
        documents = [body for _, body in arriving[day : day + A_DAY]]
        assert inbox.send(f"day-{day}", documents) == (201, Counter(created=A_DAY))
        if day % 100 == 0:
            assert inbox.send(f"day-{day}", documents)[0] == 200  # the sender had no answer
            assert inbox.send(f"again-{day}", documents[:5]) == (200, Counter(found=5))
        world.settle()
        world.time.pass_by(days=1)
    found = {name: api.item(item) for name, item in inbox.items.items()}
    assert len(found) == 500
    ended = Counter((name.rpartition(" ")[0], item["stage"] == "published") for name, item in found.items())
    assert ended == Counter({(kind.name, not kind.waits): kind.count for kind in KINDS})
    waiting = {name: item for name, item in found.items() if item["stage"] != "published"}
    reasons = Counter((name.rpartition(" ")[0], why(item)) for name, item in waiting.items())
    assert reasons == Counter({(kind.name, kind.waits): kind.count for kind in KINDS if kind.waits})
    published = {name: item for name, item in found.items() if item["stage"] == "published"}
    assert len(published) == 390
    in_the_books(world, [body for kind, body in arriving if not kind.waits])
    world.items = {item["id"]: {} for item in published.values()}
    assert problems(world) == []


def in_the_books(world: World, wanted: list[Body]) -> None:
    """Exactly these documents, once each, coded as the rules say, with the files that came along."""
    ledger = world.ledger()
    records = list(ledger.documents.values())
    assert Counter((number_of(one), Decimal(str(one["Total"]))) for one in records) == Counter(
        known_as(body) for body in wanted
    )
    assert sum(ledger.files.values()) == sum("file" in body for body in wanted) == 40
    assert accounts(of(records, "SP-")) == {("445",)}
    assert accounts(of(records, "WC-")) == {("425", "429")}
    assert accounts(of(records, "S-")) == {("200",)}
    spent = of(records, "anna-")
    assert (len(spent), accounts(spent), {one["Type"] for one in spent}) == (60, {("449",)}, {"SPEND"})
    assert {one["DueDate"][:7] for one in of(records, "HT-")} == {"2026-03", "2026-04"}  # 30 days on
