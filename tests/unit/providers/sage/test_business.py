"""No call goes out without X-Business: by type, by the code's shape, and on the wire."""

import ast
import contextlib
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from shared.domain.lists import Kind
from shared.domain.publishing import Batch, BatchStatus, FactKind, Member
from shared.providers.contract import AccessLost, CallFailed, FileToAttach, LimitReached, Session, Upload, Wanted
from shared.providers.sage.api import BusinessCall
from shared.providers.sage.calls import PROVIDER
from tests.unit.providers.sage.kit import BILL, BUSINESS, MARKER, NOW, RESOLVED, TARGET
from tests.unit.providers.wire_kit import answer, session, wire

FOLDER = Path(__file__).resolve().parents[4] / "shared" / "providers" / "sage"
FILE = Upload(Wanted("purchase_invoices", "d1"), FileToAttach("a.pdf", "application/pdf", b"x"))


@pytest.mark.parametrize("business", ["", " ", "a b", "x\r\nX-Business: y", "a/b", "0" * 65])
def test_a_call_without_a_business_cannot_be_made(business: str) -> None:
    with pytest.raises(ValueError, match="names its business"):
        BusinessCall(business, "GET", "/contacts")


def test_only_one_module_makes_calls() -> None:
    """Whatever else could reach the wire would have to import it from transport."""
    outward = {"Call", "perform", "fetch", "client", "address"}
    found: dict[str, set[str]] = {}
    for path in FOLDER.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ImportFrom) and node.module == "shared.providers.transport":
                found.setdefault(path.name, set()).update({one.name for one in node.names} & outward)
            assert not (isinstance(node, ast.Import) and any(one.name.startswith("http") for one in node.names))
    assert {name for name, names in found.items() if names} == {"api.py"}


def batch(resource: str = "purchase_invoices") -> tuple[Batch, bytes]:
    draft = PROVIDER.draft(BILL, RESOLVED, TARGET)
    fingerprint = {"name": "new", "spelt": "New", "type": "VENDOR"} if resource == "contacts" else draft.fingerprint
    member = Member(BILL.id, MARKER, dict(fingerprint), "A")
    known: dict[str, Any] = {
        "tenant": "T",
        "account": "A",
        "connection": "C",
        "provider": "sage",
        "organisation": BUSINESS.id,
    }
    made = Batch(
        id="B",
        claim="B",
        fact=FactKind.DOCUMENTS,
        resource=resource,
        key="B",
        status=BatchStatus.SENDING,
        members=(member,),
        created_at=NOW,
        **known,
    )
    return made, b"{}"


CALLS: dict[str, Callable[[Session], object]] = {
    "organisation": lambda s: PROVIDER.organisation(s, "me"),
    **{
        f"list {kinds[0]}": partial(PROVIDER.list_page, kinds=kinds, page=None, since=None)
        for kinds in PROVIDER.list_groups()
    },
    "changes": lambda s: PROVIDER.list_page(s, (Kind.SUPPLIERS,), None, "2026-03-11T00:00:00+00:00"),
    "send": lambda s: PROVIDER.send(s, *batch()),
    "send a contact": lambda s: PROVIDER.send(s, *batch("contacts")),
    "find": lambda s: PROVIDER.find(s, batch()[0], frozenset()),
    "find a payment": lambda s: PROVIDER.find(s, batch("contact_payments")[0], frozenset()),
    "find a contact": lambda s: PROVIDER.find(s, batch("contacts")[0], frozenset()),
    "known": lambda s: PROVIDER.known(s, BILL, TARGET, "d1"),
    "attach": lambda s: PROVIDER.attach(s, [FILE], "k"),
    "attached": lambda s: PROVIDER.attached(s, [FILE]),
}


@pytest.mark.parametrize("name", CALLS)
@pytest.mark.parametrize(("status", "body"), [(200, b'{"$items": [], "$next": null}'), (422, b"[]"), (403, b"[]")])
def test_every_call_on_the_wire_names_the_business(name: str, status: int, body: bytes) -> None:
    with wire(answer(body, status)) as server:
        with contextlib.suppress(CallFailed, AccessLost, LimitReached):  # what answers mean is other tests' business
            CALLS[name](session(server.base, organisation=BUSINESS.id))
        assert server.requests
        for request in server.requests:
            assert f"x-business: {BUSINESS.id}".encode() in request.lower(), request[:200]


@pytest.mark.parametrize("name", CALLS)
def test_nothing_is_sent_while_no_business_is_chosen(name: str) -> None:
    with wire(answer(b"{}")) as server:
        with pytest.raises(ValueError, match="names its business"):
            CALLS[name](session(server.base, organisation=""))
        assert server.requests == []


def test_the_list_of_businesses_alone_names_none() -> None:
    with wire(answer(b'{"$items": [{"id": "b1", "displayed_as": "One"}], "$next": null}')) as server:
        found = PROVIDER.organisations(session(server.base, organisation=""), None)
        assert [one.name for one in found] == ["One"]
        assert len(server.requests) == 1 and b"x-business" not in server.requests[0].lower()


def test_an_answer_that_names_another_business_is_not_believed() -> None:
    body = b'{"$items": [], "$next": null}'
    with wire(answer(body, X_Business="another")) as server, pytest.raises(AccessLost) as lost:
        PROVIDER.list_page(session(server.base, organisation=BUSINESS.id), (Kind.CATEGORIES,), None, None)
    assert lost.value.problem.code == "organisation_mismatch"
    assert len(server.requests) == 1
