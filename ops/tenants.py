"""Make tenants and their machine clients."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from ops.target import Target
from shared.domain.accounts import SCOPE_OF, Tenant
from shared.domain.ids import new_id
from shared.domain.secrets import Secret
from shared.storage.table import Table
from shared.storage.tenants import Issuer, TenantStore


@dataclass(frozen=True)
class MadeTenant:
    """A tenant and its first machine client; the secret is shown once and kept by Cognito alone."""

    tenant: str
    client_id: str
    client_secret: Secret


def store(target: Target) -> TenantStore:
    return TenantStore(Table(target.client("dynamodb"), target.outputs["ConnectionsTableName"]))


def create_tenant(target: Target, name: str, return_urls: Sequence[str] = ()) -> MadeTenant:
    """A tenant with one machine client that has every scope.

    `return_urls` are the origins a browser may be sent back to after consent. The tenant is written first: a client
    that could not be made leaves a tenant that nobody can act for, and `add_client` makes another.
    """
    tenants = store(target)
    tenant = new_id(datetime.now(UTC))
    tenants.create(Tenant(tenant, name, tuple(return_urls)))
    issuer = target.outputs["Issuer"]
    if tenants.issuer(issuer) is None:
        tenants.put_issuer(Issuer(issuer, target.outputs["JwksUri"]))
    client_id, secret = add_client(target, tenant, name)
    return MadeTenant(tenant, client_id, secret)


def add_client(target: Target, tenant: str, name: str) -> tuple[str, Secret]:
    """Another machine client of a tenant, in the template's own user pool: its id and its secret."""
    scopes = sorted(SCOPE_OF.values())
    made = target.client("cognito-idp").create_user_pool_client(
        UserPoolId=target.outputs["UserPoolId"],
        ClientName=f"{name} ({tenant})",
        GenerateSecret=True,
        AllowedOAuthFlows=["client_credentials"],
        AllowedOAuthFlowsUserPoolClient=True,
        AllowedOAuthScopes=scopes,
    )["UserPoolClient"]
    store(target).put_client(target.outputs["Issuer"], made["ClientId"], tenant, frozenset(scopes))
    return made["ClientId"], Secret(made["ClientSecret"])


def remove_client(target: Target, tenant: str, client_id: str, issuer: str | None = None) -> None:
    """Refuse a machine client of a tenant, and delete it where it is of the template's own user pool.

    The row goes first: tokens that were given out are refused as soon as the authoriser's answer is no longer kept.
    """
    store(target).remove_client(issuer or target.outputs["Issuer"], client_id, tenant)
    if issuer is None:
        target.client("cognito-idp").delete_user_pool_client(
            UserPoolId=target.outputs["UserPoolId"], ClientId=client_id
        )
