"""From an access token to a tenant: which issuer, which client or person, which scopes."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from shared.domain.accounts import Caller
from shared.storage.tenants import Issuer
from shared.usecases.service import Service

if TYPE_CHECKING:
    from shared.aws.tokens import Tokens


def identify_caller(service: Service, tokens: "Tokens", token: str) -> Caller | None:
    """The caller behind a valid token, or None for a valid token of nobody we know.

    A client of the issuer's table is a machine; its scopes are those both granted by the token and allowed by an
    operator. Anybody else is a person. Raises BadToken, KeysUnavailable.
    """
    issuer = _trusted(service, tokens.issuer_of(token))
    if issuer is None:
        return None
    claims = tokens.claims(token, issuer.issuer, issuer.jwks_uri)
    return _machine(service, issuer, claims) or _person(service, issuer, claims)


def _trusted(service: Service, name: str) -> Issuer | None:
    """The stack's own issuer, or one that an operator added; the address of its keys never comes from the token."""
    if name == service.settings.text("default_issuer"):
        return Issuer(name, service.settings.text("default_jwks_uri"))
    return service.tenants.issuer(name)


def _machine(service: Service, issuer: Issuer, claims: Mapping[str, Any]) -> Caller | None:
    client = claims.get("client_id") or claims.get("azp")
    # A token that names both a client and another subject was given to a person through that client.
    if not isinstance(client, str) or claims.get("sub", client) != client:
        return None
    found = service.tenants.client_tenant(issuer.issuer, client)
    if found is None or (issuer.tenant is not None and issuer.tenant != found[0]):
        return None
    granted = frozenset(str(claims.get("scope") or claims.get("scp") or "").split())
    return Caller(found[0], client, is_machine=True, scopes=granted & found[1])


def _person(service: Service, issuer: Issuer, claims: Mapping[str, Any]) -> Caller | None:
    subject = claims.get("sub")
    if not isinstance(subject, str) or not subject:
        return None
    tenant = issuer.tenant or service.tenants.subject_tenant(issuer.issuer, subject)
    return Caller(tenant, subject, is_machine=False) if tenant else None
