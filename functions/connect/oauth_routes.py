"""The routes of consent: begin, the browser's way back, redeem, organisations and their choice, reconnect."""

from collections.abc import Mapping
from html import escape
from typing import Any, Final

from pydantic import ConfigDict, Field

from functions.connect.change_routes import ROUTES as CHANGE_ROUTES
from functions.connect.connection_models import (
    ConnectionView,
    NewConnection,
    OfferList,
    OfferView,
    OrganisationChoice,
    Reconnection,
    Redemption,
)
from functions.connect.connection_routes import CONNECTION, CONNECTIONS, as_it_is, connection_of, shown
from shared.aws.http import Answer, Query, Request, Route
from shared.domain.accounts import Capability
from shared.domain.catalogue import kind_of
from shared.domain.errors import LedgerbridgeError, fail
from shared.usecases.choose_organisation import choose_organisation
from shared.usecases.handle_callback import handle_callback
from shared.usecases.list_organisations import list_organisations
from shared.usecases.redeem_consent import redeem_consent
from shared.usecases.service import Service
from shared.usecases.sign_in import connect_with_credentials, reconnect_with_credentials
from shared.usecases.start_connection import reconnect, start_connection

_PAGE: Final = (
    "<!doctype html><html lang=en><meta charset=utf-8><title>Connecting did not succeed</title>"
    "<h1>Connecting did not succeed</h1><p>{cause}<p>{remedy}<p>You can close this page.</html>"
)


class CallbackQuery(Query):
    """What the provider's redirect brings; anything else that it adds is ignored."""

    model_config = ConfigDict(extra="ignore")

    state: str | None = None
    code: str | None = None
    error: str | None = None
    realmId: str | None = Field(None, description="QuickBooks: the company of the consent")  # noqa: N815 - Intuit's


def get_callback(service: Service, request: Request) -> Answer:
    said = request.query(CallbackQuery).model_dump(exclude_none=True)
    try:
        target = handle_callback(service, request.path["provider"], said)
    except LedgerbridgeError as error:
        # There is no address of a tenant's to send the browser to: a person reads this.
        kind = kind_of(error.problem)
        page = _PAGE.format(cause=escape(kind.cause), remedy=escape(kind.remedy))
        policy = {"content-security-policy": "default-src 'none'", "referrer-policy": "no-referrer"}
        return Answer(status=kind.http_status, text=page, content_type="text/html; charset=utf-8", headers=policy)
    return Answer(headers={"location": target, "referrer-policy": "no-referrer"})


def post_connection(service: Service, request: Request) -> Answer:
    body = request.body(NewConnection)
    made: dict[str, Any] = {"connection_id": request.resource_id, "provider": body.provider, "slot": body.slot}
    caller, account = request.caller, request.in_account
    if body.credentials is not None:
        typed = body.typed()
        return Answer(shown(request, connect_with_credentials(service, caller, account, **made, credentials=typed)))
    started = start_connection(service, caller, account, **made, return_url=_return_url(body))
    return Answer(shown(request, started.connection, authorize_url=started.authorize_url))


def _return_url(body: Reconnection) -> str:
    if body.return_url is None:
        raise fail("invalid_request", field="return_url", reason="is needed where consent is given in the browser")
    return body.return_url


def post_connection_again(service: Service, request: Request, outcome: Mapping[str, Any]) -> Answer:
    """The connection without its URL: a URL with a state is never shown twice (POST .../reconnect gives a new one)."""
    return Answer(shown(request, connection_of(service, request, request.resource_id)))


def post_redeem(service: Service, request: Request) -> Answer:
    code = request.body(Redemption).result_code
    return Answer(shown(request, redeem_consent(service, request.caller, connection_of(service, request), code)))


def get_organisations(service: Service, request: Request) -> Answer:
    offers = list_organisations(service, connection_of(service, request))
    return Answer(OfferList(organisations=[OfferView.of(offer) for offer in offers]))


def put_organisation(service: Service, request: Request) -> Answer:
    wanted = request.body(OrganisationChoice).organisation_id
    chosen = choose_organisation(service, request.caller, connection_of(service, request), wanted)
    more: dict[str, Any] = {"warnings": list(chosen.warnings), "publish_again": chosen.publish_again}
    return Answer(shown(request, chosen.connection, **more))


def post_reconnect(service: Service, request: Request) -> Answer:
    body = request.body(Reconnection)
    connection = connection_of(service, request)
    if body.credentials is not None:
        return Answer(shown(request, reconnect_with_credentials(service, request.caller, connection, body.typed())))
    started = reconnect(service, request.caller, connection, _return_url(body))
    return Answer(shown(request, started.connection, authorize_url=started.authorize_url))


def post_reconnect_again(service: Service, request: Request, outcome: Mapping[str, Any]) -> Answer:
    """The connection without a URL: one with a state is never shown twice."""
    return as_it_is(service, request, outcome)


_MANAGE = Capability.MANAGE
_OF_CONSENT: Final = ("connection_not_active", "connection_expired", "rate_limited", "provider_unavailable")

ROUTES: Final[list[Route]] = [
    Route("GET", "/oauth/{provider}/callback", get_callback, "Where a provider sends the browser back to", status=302,
          query=CallbackQuery, public=True, errors=("oauth_state_invalid",), tag="Connections",
          description="302 to the return_url with connection, status, and result_code or error. A page for a person "
          "where no state of ours is behind the request.", content_type="text/html"),
    Route("POST", CONNECTIONS, post_connection, "Begin a connection", answer=ConnectionView, status=201,
          body=NewConnection, capability=_MANAGE, rebuild=post_connection_again,
          errors=(
              "provider_unknown", "provider_not_set_up", "return_url_refused", "main_connection_exists", "conflict",
              "secondary_connection_exists", "main_connection_missing", "secondary_not_allowed", "credentials_refused",
          ),
          description="Send the browser to `authorize_url`. An unfinished connection in the same slot is abandoned.",
          tag="Connections"),
    Route("POST", CONNECTION + "/redeem", post_redeem, "Confirm a consent as the user who started it",
          answer=ConnectionView, body=Redemption, capability=_MANAGE, rebuild=as_it_is,
          errors=("result_code_invalid", "conflict"), tag="Connections"),
    Route("GET", CONNECTION + "/organisations", get_organisations, "Organisations of the consent, to choose from",
          answer=OfferList, capability=_MANAGE, errors=_OF_CONSENT, tag="Connections"),
    Route("PUT", CONNECTION + "/organisation", put_organisation, "Choose the organisation", answer=ConnectionView,
          body=OrganisationChoice, capability=_MANAGE, tag="Connections",
          errors=(*_OF_CONSENT, "organisation_gone", "organisation_mismatch", "organisation_connected",
                  "organisation_taken", "conflict"),
          description="At a reconnect only the organisation connected before may be chosen, at a change any but the "
          "one connected now."),
    Route("POST", CONNECTION + "/reconnect", post_reconnect, "Ask for consent anew", answer=ConnectionView,
          body=Reconnection, capability=_MANAGE, rebuild=post_reconnect_again, tag="Connections",
          errors=("connection_not_active", "return_url_refused", "provider_not_set_up", "credentials_refused"),
          description="Nothing about the connection changes until the same organisation has been chosen again."),
    *CHANGE_ROUTES,
]  # fmt: skip
