"""The routes of connections that need neither a provider's token nor our app's secret: see, pause, set up, end."""

from collections.abc import Mapping
from typing import Any, Final

from functions.connect.automation_models import ChecklistView
from functions.connect.connection_models import (
    ConnectionList,
    ConnectionView,
    Disconnection,
    SettingsPatch,
    SettingsView,
)
from functions.connect.models import AccountView
from shared.aws.http import Answer, Request, Route
from shared.domain.accounts import Capability
from shared.domain.connections import Connection
from shared.domain.errors import fail
from shared.usecases.change_settings import change_settings, settings_problems
from shared.usecases.disconnect_connection import disconnect_connection
from shared.usecases.pause_connection import pause_connection, resume_connection
from shared.usecases.read_checklist import read_checklist
from shared.usecases.service import Service
from shared.usecases.suspend_codings import restore_codings

CONNECTIONS: Final = "/v1/accounts/{account}/connections"
CONNECTION: Final = CONNECTIONS + "/{connection}"
RESTORE: Final = "/v1/accounts/{account}/codings/restore"


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


def get_connection(service: Service, request: Request) -> Answer:
    return Answer(shown(request, connection_of(service, request)))


def post_pause(service: Service, request: Request) -> Answer:
    return Answer(shown(request, pause_connection(service, request.caller, connection_of(service, request))))


def post_resume(service: Service, request: Request) -> Answer:
    return Answer(shown(request, resume_connection(service, request.caller, connection_of(service, request))))


def post_disconnect(service: Service, request: Request) -> Answer:
    body, connection = request.body(Disconnection), connection_of(service, request)
    after = disconnect_connection(service, request.caller, connection, body.mode, confirmed=body.confirm)
    return Answer(shown(request, after))


def post_restore(service: Service, request: Request) -> Answer:
    return Answer(AccountView.of(restore_codings(service, request.caller, request.in_account), request.may))


def post_restore_again(service: Service, request: Request, outcome: Mapping[str, Any]) -> Answer:
    """The account as it is now."""
    return Answer(AccountView.of(request.in_account, request.may))


def as_it_is(service: Service, request: Request, outcome: Mapping[str, Any]) -> Answer:
    """The repeat of a POST on a connection: the connection as it is now."""
    return get_connection(service, request)


def get_settings(service: Service, request: Request) -> Answer:
    connection = connection_of(service, request)
    settings, problems = connection.settings, settings_problems(service, connection)
    return Answer(SettingsView.of(settings, problems), version=settings.version)


def patch_settings(service: Service, request: Request) -> Answer:
    changes = request.body(SettingsPatch).changes()
    connection = connection_of(service, request)
    after = change_settings(service, request.caller, connection, changes, read_as=request.version)
    view = SettingsView.of(after.settings, settings_problems(service, after))
    return Answer(view, version=after.settings.version)


def get_checklist(service: Service, request: Request) -> Answer:
    connection = connection_of(service, request)
    return Answer(ChecklistView.of(read_checklist(service, request.in_account, connection)))


_READ, _MANAGE = Capability.READ, Capability.MANAGE

ROUTES: Final[list[Route]] = [
    Route("GET", CONNECTIONS, get_connections, "Connections of the account, ended ones included",
          answer=ConnectionList, capability=_READ, tag="Connections"),
    Route("GET", CONNECTION, get_connection, "One connection", answer=ConnectionView, capability=_READ,
          tag="Connections"),
    Route("POST", CONNECTION + "/pause", post_pause, "Stop publishing through a connection", answer=ConnectionView,
          capability=_MANAGE, rebuild=as_it_is, errors=("connection_not_active", "conflict"), tag="Connections"),
    Route("POST", CONNECTION + "/resume", post_resume, "Go on publishing through a connection",
          answer=ConnectionView, capability=_MANAGE, rebuild=as_it_is, errors=("connection_not_active", "conflict"),
          tag="Connections"),
    Route("POST", CONNECTION + "/disconnect", post_disconnect, "Disconnect", answer=ConnectionView, status=202,
          body=Disconnection, capability=_MANAGE, rebuild=as_it_is, tag="Connections",
          errors=("secondary_connected", "workflow_in_progress", "confirmation_needed", "conflict"),
          description="Nothing new goes through the connection from here on. What was sent is looked up, for half an "
          "hour at most, then it is `disconnected`: its place is free, its queued items wait for a person with the "
          "reason `connection_disconnected`, and the provider is told. Nothing of lists and codings is deleted, "
          "whatever the `mode`: connecting the same organisation again finds them. Where a secondary goes, defaults, "
          "rules and items that name it fall to the main connection. `disconnection` tells how far it is."),
    Route("POST", RESTORE, post_restore, "Have rules and codings count again that rest since a disconnection",
          answer=AccountView, capability=_MANAGE, rebuild=post_restore_again, errors=("conflict",), tag="Connections",
          description="The undo of `merge_later`: they are as they were, for nothing of them was rewritten."),
    Route("GET", CONNECTION + "/checklist", get_checklist, "What is still to be set up on the connection",
          answer=ChecklistView, capability=_MANAGE, tag="Settings"),
    Route("GET", CONNECTION + "/settings", get_settings, "What the connection does by default", answer=SettingsView,
          capability=_MANAGE, tag="Settings"),
    Route("PATCH", CONNECTION + "/settings", patch_settings, "Change what the connection does by default",
          answer=SettingsView, body=SettingsPatch, capability=_MANAGE, if_match=True,
          errors=("connection_not_active", "destination_not_offered", "plan_without_bills", "tax_rate_not_found",
                  "tax_wrong_side"),
          tag="Settings"),
]  # fmt: skip
