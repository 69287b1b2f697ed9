"""The routes of lists and refreshes."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from functions.refresh.models import (
    ConnectionQuery,
    EntriesQuery,
    EntryPage,
    EntryPatch,
    EntryView,
    ListsView,
    ListView,
    NewEntry,
    RefreshBody,
    RefreshProgressView,
    RefreshView,
    ReloadBody,
    ReloadView,
)
from shared.aws.http import Answer, Request, Route
from shared.domain.accounts import Capability
from shared.domain.connections import Connection
from shared.domain.errors import fail
from shared.domain.lists import Entry, EntryStatus, Kind
from shared.domain.refresh_requests import RefreshRequest
from shared.usecases.ask_refresh import ask_refresh, ask_reload
from shared.usecases.own_lists import EntryChange, change_entry, create_entry, read_entry
from shared.usecases.read_lists import entries_page, overview
from shared.usecases.read_refresh import read_refresh
from shared.usecases.service import Service

_LISTS: Final = "/v1/accounts/{account}/lists"
_LIST: Final = _LISTS + "/{kind}"
_ENTRY: Final = _LIST + "/{entry}"
_REFRESH: Final = "/v1/accounts/{account}/connections/{connection}/refresh"


def kind_of(request: Request) -> Kind:
    """The list that a path names; raises not_found."""
    try:
        return Kind(request.path["kind"])
    except ValueError:
        raise fail("not_found", field="kind") from None


def get_lists(service: Service, request: Request) -> Answer:
    """Every list with its counts and health."""
    found = overview(service, request.in_account, request.query(ConnectionQuery).connection)
    return Answer(ListsView(lists=[ListView.of(one) for one in found]))


def get_list(service: Service, request: Request) -> Answer:
    """A page of one list."""
    query = request.query(EntriesQuery)
    entries, position = entries_page(
        service,
        request.in_account,
        kind_of(request),
        connection_id=query.connection,
        q=query.q,
        status=query.status,
        cursor=request.position(),
        limit=query.limit,
    )
    views = [EntryView.of(entry) for entry in entries]
    return Answer(EntryPage(entries=views, next_cursor=request.next_cursor(position)))


def get_entry(service: Service, request: Request) -> Answer:
    """One entry."""
    return _shown(read_entry(service, request.in_account, kind_of(request), request.path["entry"]))


def post_entry(service: Service, request: Request) -> Answer:
    """Make an entry of one's own."""
    body, kind = request.body(NewEntry), kind_of(request)
    account, entry_id = request.in_account, request.resource_id
    return _shown(create_entry(service, account, kind, entry_id, body.wanted(), connection_id=body.connection))


def post_entry_again(service: Service, request: Request, _: Mapping[str, Any]) -> Answer:
    """The entry that the first request made."""
    return _shown(read_entry(service, request.in_account, kind_of(request), request.resource_id))


def patch_entry(service: Service, request: Request) -> Answer:
    """Change, hide, show, delete or restore an entry."""
    return _changed(service, request, request.body(EntryPatch).wanted())


def delete_entry(service: Service, request: Request) -> Answer:
    """Delete an entry here: it stays as inactive, and PATCH with status active restores it."""
    return _changed(service, request, EntryChange(status=EntryStatus.INACTIVE))


def _changed(service: Service, request: Request, wanted: EntryChange) -> Answer:
    kind, entry_id = kind_of(request), request.path["entry"]
    account, version = request.in_account, request.version
    return _shown(change_entry(service, account, kind, entry_id, wanted, by=request.caller, version=version))


def _shown(entry: Entry) -> Answer:
    return Answer(EntryView.of(entry), version=entry.version)


def post_reload(service: Service, request: Request) -> Answer:
    """Read one list whole again."""
    connection = request.body(ReloadBody).connection
    asked = ask_reload(service, request.in_account, kind_of(request), request.resource_id, connection_id=connection)
    return _reloading({one.id: one.connection for one in asked})


def post_reload_again(_service: Service, _request: Request, outcome: Mapping[str, Any]) -> Answer:
    """The refreshes that the first request asked for."""
    return _reloading(outcome["refreshes"])


def _reloading(refreshes: Mapping[str, str]) -> Answer:
    """The answer about refreshes by id, each with its connection."""
    views = [RefreshView(refresh=one, connection=there, status="queued") for one, there in refreshes.items()]
    return Answer(ReloadView(refreshes=views), outcome={"refreshes": dict(refreshes)})


def post_refresh(service: Service, request: Request) -> Answer:
    """Bring every list of a connection up to date."""
    connection, body = _connection(service, request), request.body(RefreshBody)
    kinds = _supplied(service, connection, body.lists) if body.lists is not None else None
    asked: RefreshRequest = ask_refresh(
        service, connection, request.resource_id, reason="asked", kinds=kinds, full=body.full
    )
    return _asked(asked.id, asked.connection)


def _supplied(service: Service, connection: Connection, wanted: Sequence[Kind]) -> frozenset[Kind]:
    """The lists asked for; raises invalid_request for one that the connection does not bring."""
    there = {kind for group in service.provider(connection.provider).list_groups() for kind in group}
    for place, kind in enumerate(wanted):
        if kind not in there:
            raise fail("invalid_request", field=f"lists[{place}]", reason=f"{connection.provider} has no {kind.value}")
    return frozenset(wanted)


def get_refresh(service: Service, request: Request) -> Answer:
    """How far the refresh of a connection is."""
    return Answer(RefreshProgressView.of(*read_refresh(service, _connection(service, request))))


def post_refresh_again(_service: Service, request: Request, outcome: Mapping[str, Any]) -> Answer:
    """The refresh that the first request asked for."""
    return _asked(request.resource_id, str(outcome["connection"]))


def _connection(service: Service, request: Request) -> Connection:
    account = request.in_account
    connection = service.connections.get(account.tenant, account.id, request.path["connection"])
    if connection is None:
        raise fail("not_found", field="connection")
    return connection


def _asked(refresh: str, connection: str) -> Answer:
    view = RefreshView(refresh=refresh, connection=connection, status="queued")
    return Answer(view, outcome={"connection": connection})


_NOT_NOW: Final = ("connection_not_active", "connection_expired")
_OWN: Final = ("list_has_no_entries_of_own", "bank_account_not_found")
_READ, _MANAGE = Capability.READ, Capability.MANAGE

ROUTES: Final = [
    Route("GET", _LISTS, get_lists, "The account's lists", answer=ListsView, query=ConnectionQuery, capability=_READ),
    Route("GET", _LIST, get_list, "The entries of a list", answer=EntryPage, query=EntriesQuery, capability=_READ),
    Route("GET", _ENTRY, get_entry, "An entry", answer=EntryView, capability=_READ),
    Route(
        "POST",
        _LIST,
        post_entry,
        "Make an entry of your own",
        answer=EntryView,
        status=201,
        body=NewEntry,
        capability=_MANAGE,
        rebuild=post_entry_again,
        errors=("supplier_name_taken", "conflict", *_OWN),
    ),
    Route(
        "PATCH",
        _ENTRY,
        patch_entry,
        "Change, hide, delete or restore an entry",
        answer=EntryView,
        body=EntryPatch,
        capability=_MANAGE,
        if_match=True,
        errors=("supplier_name_taken", *_OWN),
    ),
    Route(
        "DELETE",
        _ENTRY,
        delete_entry,
        "Delete an entry here; it stays as inactive and can be restored",
        description="A supplier or customer that is alive in the accounting software returns with its next refresh.",
        answer=EntryView,
        capability=_MANAGE,
        errors=("conflict",),
    ),
    Route(
        "POST",
        _LIST + "/reload",
        post_reload,
        "Read one list whole again, on every connection that supplies it",
        answer=ReloadView,
        status=202,
        body=ReloadBody,
        capability=_MANAGE,
        rebuild=post_reload_again,
        errors=("no_connection", *_NOT_NOW),
    ),
    Route(
        "POST",
        _REFRESH,
        post_refresh,
        "Bring a connection's lists up to date",
        answer=RefreshView,
        status=202,
        body=RefreshBody,
        capability=_MANAGE,
        rebuild=post_refresh_again,
        errors=_NOT_NOW,
        description="All lists, or those named. Beside another refresh of the connection it waits, and then reads only "
        "what that one had begun before this was asked for. The event `refresh.done` ends it, with what changed.",
    ),
    Route(
        "GET",
        _REFRESH,
        get_refresh,
        "How far the refresh of a connection is",
        answer=RefreshProgressView,
        capability=_READ,
        description="The one that was begun last, whatever asked for it, list by list.",
    ),
]
