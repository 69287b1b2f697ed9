"""Calls on a consent while a person waits: bounded in time, every failure as a problem the person can read."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final, TypeVar

from shared.domain.connections import Connection
from shared.domain.errors import LedgerbridgeError, Problem, fail
from shared.domain.limits import LimitScope
from shared.providers.contract import AccessLost, CallFailed, LimitReached, Session, TokenRefused
from shared.usecases.access_token import Access, access_token
from shared.usecases.service import Service
from shared.usecases.sessions import consent_session

T = TypeVar("T")

INTERACTIVE: Final = timedelta(seconds=11)  # for all calls of one request: the function has 15


def consent_of(connection: Connection) -> str:
    """The grant that a choice of organisation is made from; raises connection_not_active without one."""
    grant = connection.pending_grant or connection.grant
    if grant is None:
        raise fail("connection_not_active", status=connection.status.value)
    return grant


class Asking:
    """One request's calls on a consent. `call` runs one; a refused token is renewed once."""

    def __init__(self, service: Service, tenant: str, grant_id: str) -> None:
        self.service = service
        self.tenant = tenant
        self.grant_id = grant_id
        self.deadline: datetime = service.clock.now() + INTERACTIVE
        self.access: Access = access_token(service, tenant, grant_id, deadline=self.deadline)

    def session(self, organisation: str) -> Session:
        return consent_session(self.service, self.access, organisation, deadline=self.deadline)

    def call(self, call: Callable[[Session], T], organisation: str = "") -> T:
        """Run one call, for an organisation or for the consent as a whole.

        Raises connection_expired, rate_limited, day_limit, or the provider's own problem.
        """
        try:
            return self._twice(call, organisation)
        except TokenRefused:
            raise fail("connection_expired") from None
        except LimitReached as limit:
            code = "day_limit" if limit.blocked.scope is LimitScope.DAY else "rate_limited"
            raise LedgerbridgeError(Problem(code, until=limit.blocked.until)) from None
        except (AccessLost, CallFailed) as failed:
            raise LedgerbridgeError(failed.problem) from failed

    def _twice(self, call: Callable[[Session], T], organisation: str) -> T:
        try:
            return call(self.session(organisation))
        except TokenRefused:
            refused = self.access.token_version
        self.access = access_token(
            self.service, self.tenant, self.grant_id, refused_version=refused, deadline=self.deadline
        )
        return call(self.session(organisation))
