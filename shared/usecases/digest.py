"""Once a day every tenant that wants it is told what happened in its accounts, and which of them wait for somebody."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from shared.domain.attention import Attention
from shared.domain.digests import COUNTED, Tally, day_of, next_digest
from shared.domain.outgoing import Endpoint, EventType
from shared.storage.agenda import AgendaKind
from shared.usecases.service import Service
from shared.usecases.tell import tell

NAMED: Final = 50  # accounts that a digest names: those that wait the longest, those where the most happened
_COUNTED: Final = 1000  # waiting accounts that its totals are of
MOST_TALLIES: Final = 50_000  # that it counts: each is of a batch, a request or a document


def plan_digest(service: Service, endpoint: Endpoint) -> None:
    """Plan the tenant's next digest where the endpoint wants one; several plans are one."""
    if endpoint.wants(EventType.DIGEST_DAILY):
        at = next_digest(endpoint.tenant, service.clock.now())
        service.agenda.put(AgendaKind.DIGEST, at, endpoint.tenant, {"tenant": endpoint.tenant})


def send_digest(service: Service, said: Mapping[str, Any], due: datetime) -> None:
    """Tell the tenant, and plan the next digest, while any endpoint wants it."""
    tenant = said["tenant"]
    if not any(one.wants(EventType.DIGEST_DAILY) for one in service.endpoints.of_tenant(tenant)):
        return
    service.agenda.put(AgendaKind.DIGEST, next_digest(tenant, service.clock.now()), tenant, dict(said))
    noted, more = service.attention.page(tenant, None, _COUNTED)
    day = day_of(due)
    happened = service.tallies.of_day(tenant, day, MOST_TALLIES)
    data = {"date": day, **_happened(happened), **_waiting(noted, more=more is not None)}
    tell(service, tenant, None, EventType.DIGEST_DAILY, tenant, data, occasion=day)


def _happened(tallies: Sequence[Tally]) -> dict[str, Any]:
    """What was told of items since the last digest, in all and by account."""
    accounts: dict[str, Counter[str]] = defaultdict(Counter)
    for one in tallies:
        accounts[one.account].update(one.counts)
    most = sorted(accounts.items(), key=lambda one: (-one[1].total(), one[0]))[:NAMED]
    return {
        "happened": _by_event(sum(accounts.values(), Counter())),
        "happened_in": len(accounts),
        "more_happened": len(tallies) == MOST_TALLIES,
        "happened_by_account": [{"account": account, **_by_event(counts)} for account, counts in most],
    }


def _by_event(counts: Mapping[str, int]) -> dict[str, int]:
    """By the events' own names without what they are of: published, refused, needs_review, unknown."""
    return {event.value.removeprefix("item."): counts.get(event.value, 0) for event in COUNTED}


def _waiting(noted: Sequence[Attention], *, more: bool) -> dict[str, Any]:
    totals: Counter[str] = Counter()
    for one in noted:
        totals.update({cause: waiting.count for cause, waiting in one.causes.items()})
    return {
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
