"""The lease on an organisation's publishing: one holder at a time, in all accounts and functions."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Final

from shared.aws.log import count
from shared.domain.ids import new_id
from shared.domain.limits import Work
from shared.domain.publishing import WakeUp
from shared.domain.standing import Standing
from shared.usecases.drain import Drain
from shared.usecases.entry_cache import EntryCache
from shared.usecases.service import Service
from shared.usecases.sessions import settle_calls

# After the invocation's own end: a holder is dead before anyone else can own its lease.
LEASE_GRACE: Final = timedelta(seconds=15)


@contextmanager
def publishing_lease(service: Service, wake: WakeUp, standing: Standing, deadline: datetime) -> Iterator[Drain | None]:
    """A turn at the organisation of `wake` until `deadline`, the end of the invocation; None while somebody has it.

    Calls that were granted and not made are given back when a turn has ended as it should.
    """
    name = f"publish#{wake.provider}#{wake.organisation}"
    owner = new_id(service.clock.now())
    epoch = service.leases.acquire(name, owner, deadline + LEASE_GRACE, service.clock.now())
    if epoch is None:
        count("wake_ups_found_lease_held")
        yield None
        return
    try:
        yield Drain(
            service,
            wake.tenant,
            wake.provider,
            wake.organisation,
            standing.epoch(epoch),
            deadline,
            EntryCache(service),
            standing,
        )
        settle_calls(service, wake.provider, wake.organisation, Work.PUBLISH)
    finally:
        service.leases.release(name, owner, epoch)
