"""Let a grant go that no connection uses: its tokens are shredded here, the provider forgets them in its own time."""

from shared.domain.grants import GrantStatus
from shared.usecases.service import Service


def let_go(service: Service, tenant: str, grant_id: str) -> bool:
    """Shred a grant unless a connection of its account still uses it; whether it is gone.

    Nothing is revoked at the provider: revoking ends every organisation of that person for our app, those of other
    connections and other accounts included (Xero, "Token revocation").
    """
    grant = service.grants.get(tenant, grant_id)
    if grant is None or grant.status is GrantStatus.LET_GO:
        return True
    used = any(
        grant_id in {connection.grant, connection.pending_grant}
        for connection in service.connections.of_account(tenant, grant.account)
    )
    if not used:
        service.grants.shred(grant)
    return not used
