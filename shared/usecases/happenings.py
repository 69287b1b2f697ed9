"""Events: a line of the account's log for every change by a person or a workflow."""

from shared.domain.accounts import Caller, Event
from shared.domain.ids import new_id
from shared.usecases.service import Service

SYSTEM = "system"


def happened(
    service: Service,
    account: str,
    kind: str,
    *,
    by: Caller | None = None,
    subject: str | None = None,
    before: dict[str, object] | None = None,
    after: dict[str, object] | None = None,
) -> Event:
    """An event of now; `by` None means that the service itself did it."""
    now = service.clock.now()
    actor = by.actor if by else SYSTEM
    return Event(new_id(now), account, now, actor, kind, subject=subject, before=before, after=after)
