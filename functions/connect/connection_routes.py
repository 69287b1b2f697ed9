"""The routes of connections that need no token of a provider: begin, see, pause, set up."""

from collections.abc import Mapping
from typing import Any, Final

from functions.connect.connection_models import (
    ConnectionList,
    ConnectionView,
    NewConnection,
    SettingsPatch,
    SettingsView,
)
from shared.aws.http import Answer, Request, Route
from shared.domain.accounts import Capability
from shared.domain.connections import Connection
from shared.domain.errors import fail
from shared.usecases.change_settings import change_settings
from shared.usecases.pause_connection import pause_connection, resume_connection
from shared.usecases.service import Service
from shared.usecases.start_connection import start_connection

CONNECTIONS: Final = "/v1/accounts/{account}/connections"
CONNECTION: Final = CONNECTIONS + "/{connection}"


def connection_of(service: Service, request: Request, connection_id: str | None = None) -> Connection:
    """The connection named in the path; unknown ones, and those of other accounts, are not found alike."""
    account = request.in_account
    found = service.connections.get(account.tenant, account.id, connection_id or request.path["connection"])
    if found is None:
        raise fail("not_found", field="connection")
    return found


def shown(request: Request, connection: Connection, **more: Any) -> ConnectionView:
    return ConnectionView.of(connection, managed=Capability.MANAGE in request.may, **more)


def get_connections(service: Service, request: Request) -> Answer:
    account = request.in_account
    found = service.connections.of_account(account.tenant, account.id)
    return Answer(ConnectionList(connections=[shown(request, connection) for connection in found]))


def post_connection(service: Service, request: Request) -> Answer:
    body = request.body(NewConnection)
    started = start_connection(
        service,
        request.caller,
        request.in_account,
        connection_id=request.resource_id,
        provider=body.provider,
        slot=body.slot,
        return_url=body.return_url,
    )
    return Answer(shown(request, started.connection, authorize_url=started.authorize_url))


def post_connection_again(service: Service, request: Request, outcome: Mapping[str, Any]) -> Answer:
    """The connection without its URL: a URL with a state is never shown twice (POST .../reconnect gives a new one)."""
    return Answer(shown(request, connection_of(service, request, request.resource_id)))


def get_connection(service: Service, request: Request) -> Answer:
    return Answer(shown(request, connection_of(service, request)))


def post_pause(service: Service, request: Request) -> Answer:
    return Answer(shown(request, pause_connection(service, request.caller, connection_of(service, request))))


def post_resume(service: Service, request: Request) -> Answer:
    return Answer(shown(request, resume_connection(service, request.caller, connection_of(service, request))))


def as_it_is(service: Service, request: Request, outcome: Mapping[str, Any]) -> Answer:
    """The repeat of a POST on a connection: the connection as it is now."""
    return get_connection(service, request)


def get_settings(service: Service, request: Request) -> Answer:
    settings = connection_of(service, request).settings
    return Answer(SettingsView.of(settings), version=settings.version)


def patch_settings(service: Service, request: Request) -> Answer:
    changes = request.body(SettingsPatch).changes()
    connection = connection_of(service, request)
    settings = change_settings(service, request.caller, connection, changes, read_as=request.version).settings
    return Answer(SettingsView.of(settings), version=settings.version)


_READ, _MANAGE = Capability.READ, Capability.MANAGE

ROUTES: Final[list[Route]] = [
    Route("GET", CONNECTIONS, get_connections, "Connections of the account, ended ones included",
          answer=ConnectionList, capability=_READ, tag="Connections"),
    Route("POST", CONNECTIONS, post_connection, "Begin a connection", answer=ConnectionView, status=201,
          body=NewConnection, capability=_MANAGE, rebuild=post_connection_again,
          errors=(
              "provider_unknown", "provider_not_set_up", "return_url_refused", "main_connection_exists", "conflict",
          ),
          description="Send the browser to `authorize_url`. An unfinished connection in the same slot is abandoned.",
          tag="Connections"),
    Route("GET", CONNECTION, get_connection, "One connection", answer=ConnectionView, capability=_READ,
          tag="Connections"),
    Route("POST", CONNECTION + "/pause", post_pause, "Stop publishing through a connection", answer=ConnectionView,
          capability=_MANAGE, rebuild=as_it_is, errors=("connection_not_active", "conflict"), tag="Connections"),
    Route("POST", CONNECTION + "/resume", post_resume, "Go on publishing through a connection",
          answer=ConnectionView, capability=_MANAGE, rebuild=as_it_is, errors=("connection_not_active", "conflict"),
          tag="Connections"),
    Route("GET", CONNECTION + "/settings", get_settings, "What the connection does by default", answer=SettingsView,
          capability=_MANAGE, tag="Settings"),
    Route("PATCH", CONNECTION + "/settings", patch_settings, "Change what the connection does by default",
          answer=SettingsView, body=SettingsPatch, capability=_MANAGE, if_match=True,
          errors=("connection_not_active", "destination_not_offered", "tax_rate_not_found", "tax_wrong_side"),
          tag="Settings"),
]  # fmt: skip
