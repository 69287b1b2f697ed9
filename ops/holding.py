"""Publishing held and let go in the whole stack, and what workers must know after a restore of tables."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from shared.domain.standing import Standing
from shared.storage.standing import StandingStore

# Lambda's longest time limit: a worker that began before the hold has ended after it.
LONGEST_INVOCATION: Final = timedelta(minutes=15)


def hold(store: StandingStore, now: datetime) -> Standing:
    """Stop all publishing. Callers go on queueing: nothing is lost, nothing is sent.

    Workers look once per turn, so one that is at work may go on for LONGEST_INVOCATION.
    """
    standing = store.get()
    if not standing.held:
        standing = replace(standing, held_at=now)
        store.put(standing)
    return standing


def let_go(store: StandingStore) -> None:
    """Let publishing go on; the agenda wakes every queue within minutes."""
    standing = store.get()
    if standing.held:
        store.put(replace(standing, held_at=None))


def restored(store: StandingStore, to: datetime, now: datetime) -> None:
    """Record that tables were set back `to` a point in time. Publishing stays held.

    From here on every item of before `now` is looked up at the provider before it is sent. Raises ValueError unless
    publishing has been held for longer than any worker lives, for until then documents may still be going out.
    """
    standing = store.get()
    if standing.held_at is None or now - standing.held_at < LONGEST_INVOCATION:
        raise ValueError(f"hold publishing first, for at least {LONGEST_INVOCATION}, and restore while it is held")
    if to >= now:
        raise ValueError("the point in time lies ahead")
    earliest = min(to, standing.restored_to) if standing.restored_to else to
    store.put(replace(standing, generation=standing.generation + 1, restored_to=earliest, restored_at=now))
