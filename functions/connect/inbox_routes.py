"""The secrets that documents are signed with on their way into the tenant's inboxes."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from pydantic import Field

from shared.aws.http import Answer, Request, Route, View
from shared.domain.accounts import Capability, InboxSecret, Tenant
from shared.domain.errors import fail
from shared.usecases.inbox_secrets import end_secret, make_secret, secret_text
from shared.usecases.service import Service

_SECRETS: Final = "/v1/tenant/inbox-secrets"


class NewSecretView(View):
    """An inbox secret. `secret` is shown this once; a repeat of the request is answered without it."""

    id: str
    created_at: datetime
    secret: str | None = Field(description="As Standard Webhooks has it: whsec_ and 32 bytes in base64")


class LiveSecretView(View):
    """One of the secrets that are taken now."""

    id: str
    created_at: datetime


class SecretList(View):
    """At most two: that which is signed with, and that which follows it."""

    secrets: list[LiveSecretView]


def _tenant(service: Service, request: Request) -> Tenant:
    tenant = service.tenants.get(request.caller.tenant)
    if tenant is None:
        raise fail("unauthenticated")
    return tenant


def get_secrets(service: Service, request: Request) -> Answer:
    """The live ones, without their texts."""
    live = _tenant(service, request).inbox_secrets
    return Answer(SecretList(secrets=[LiveSecretView(id=one.id, created_at=one.created_at) for one in live]))


def post_secret(service: Service, request: Request) -> Answer:
    """Another secret."""
    tenant = _tenant(service, request)
    made = make_secret(service, tenant, request.resource_id, request.now)
    return Answer(_view(made, secret_text(service, tenant, made.id).reveal()))


def post_secret_again(service: Service, request: Request, outcome: Mapping[str, Any]) -> Answer:
    """The secret of the first request, without its text."""
    live = _tenant(service, request).inbox_secrets
    made = next((one for one in live if one.id == request.resource_id), None)
    if made is None:
        raise fail("not_found", field="secret")
    return Answer(_view(made, None))


def delete_secret(service: Service, request: Request) -> Answer:
    """No more with this one."""
    end_secret(service, _tenant(service, request), request.path["secret"])
    return Answer()


def _view(made: InboxSecret, text: str | None) -> NewSecretView:
    return NewSecretView(id=made.id, created_at=made.created_at, secret=text)


ROUTES: Final[list[Route]] = [
    Route(
        "GET",
        _SECRETS,
        get_secrets,
        "The secrets that the inbox takes now",
        answer=SecretList,
        capability=Capability.MANAGE,
        tag="Tenant",
    ),
    Route(
        "POST",
        _SECRETS,
        post_secret,
        "Another secret to sign documents for the inbox with",
        answer=NewSecretView,
        status=201,
        capability=Capability.MANAGE,
        rebuild=post_secret_again,
        errors=("inbox_secrets_full", "conflict", "not_found"),
        tag="Tenant",
        description=(
            "Two are taken at once: make the next, have every sender sign with it, then end the first. Keep the text; "
            "it is not shown again."
        ),
    ),
    Route(
        "DELETE",
        _SECRETS + "/{secret}",
        delete_secret,
        "End a secret: what is signed with it is refused from now on",
        status=204,
        capability=Capability.MANAGE,
        errors=("conflict",),
        tag="Tenant",
    ),
]
