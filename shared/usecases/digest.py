"""Once a day every tenant that wants it is told which of its accounts wait for somebody."""

import hashlib
from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime, time, timedelta
from typing import Any, Final

from shared.domain.attention import Attention
from shared.domain.outgoing import Endpoint, EventType
from shared.storage.agenda import AgendaKind
from shared.usecases.service import Service
from shared.usecases.tell import tell

_FROM: Final = time(6, tzinfo=UTC)  # tenants are spread over the hour that begins then
_SPREAD: Final = 3600  # seconds
NAMED: Final = 50  # accounts that a digest names, the oldest first
_COUNTED: Final = 1000  # accounts that its totals are of


def plan_digest(service: Service, endpoint: Endpoint) -> None:
    """Plan the tenant's next digest where the endpoint wants one; several plans are one."""
    if endpoint.wants(EventType.DIGEST_DAILY):
        at = next_digest(endpoint.tenant, service.clock.now())
        service.agenda.put(AgendaKind.DIGEST, at, endpoint.tenant, {"tenant": endpoint.tenant})


def next_digest(tenant: str, now: datetime) -> datetime:
    """The tenant's own minute of the day, the next time it comes (UTC)."""
    offset = int(hashlib.sha256(tenant.encode()).hexdigest()[:8], 16) % _SPREAD
    today = datetime.combine(now.astimezone(UTC).date(), _FROM) + timedelta(seconds=offset)
    return today if today > now else today + timedelta(days=1)


def send_digest(service: Service, said: Mapping[str, Any], due: datetime) -> None:
    """Tell the tenant, and plan the next digest, while any endpoint wants it."""
    tenant = said["tenant"]
    if not any(one.wants(EventType.DIGEST_DAILY) for one in service.endpoints.of_tenant(tenant)):
        return
    service.agenda.put(AgendaKind.DIGEST, next_digest(tenant, service.clock.now()), tenant, dict(said))
    noted, more = service.attention.page(tenant, None, _COUNTED)
    day = due.date().isoformat()
    tell(service, tenant, None, EventType.DIGEST_DAILY, tenant, _data(day, noted, more=more is not None), occasion=day)


def _data(day: str, noted: list[Attention], *, more: bool) -> dict[str, Any]:
    totals: Counter[str] = Counter()
    for one in noted:
        totals.update({cause: waiting.count for cause, waiting in one.causes.items()})
    return {
        "date": day,
        "accounts_waiting": len(noted),
        "more_accounts": more,
        "totals": dict(sorted(totals.items())),
        "accounts": [
            {
                "account": one.account,
                "since": one.since.isoformat(),
                "causes": {cause: waiting.count for cause, waiting in one.causes.items()},
            }
            for one in noted[:NAMED]
        ],
    }
