"""Have the provider's module check an item, and find a way past a lock where the connection's settings say one."""

from dataclasses import dataclass, replace
from typing import Final

from shared.domain.amending import Change, changes, first_open_day, lock_of, may_be_draft, on_day
from shared.domain.connections import Connection, LockedPeriod, PublishAs
from shared.domain.errors import Problem
from shared.domain.items import Item
from shared.providers.contract import Resolved, Target
from shared.usecases.service import Service


@dataclass(frozen=True, slots=True)
class Made:
    """An item with its target, and what the connection's settings changed of it so far."""

    item: Item
    aim: Target
    changes: tuple[Change, ...] = ()
    problems: tuple[Problem, ...] = ()


_LOCKS_IN_TURN: Final = 3  # behind a lock may be another: of the period, of the year, of the accounts' start


def checked_there(
    service: Service, made: Made, resolved: Resolved, connection: Connection, behalf: Connection | None
) -> Made:
    """The provider's own checks. What a lock holds back goes as the connection's settings say, where that helps."""
    provider = service.provider(connection.provider)

    def check(one: Made) -> Made:
        problems = []
        if behalf is not None:
            theirs = replace(one.aim, organisation=behalf.pinned)
            problems += service.provider(behalf.provider).check(one.item, resolved, theirs)
        return replace(one, problems=(*problems, *provider.check(one.item, resolved, one.aim)))

    first = check(made)
    lock = lock_of(first.problems)
    settings = connection.settings
    if lock is None or settings.locked_period is LockedPeriod.REFUSE:
        return first
    if may_be_draft(settings, provider.profile.publish_as.get(made.aim.destination, ())):
        change = Change("publish_as", made.aim.publish_as.value, PublishAs.DRAFT.value, lock.code)
        aim = replace(made.aim, publish_as=PublishAs.DRAFT)
        draft = check(replace(made, aim=aim, changes=(*made.changes, change)))
        return first if lock_of(draft.problems) else draft
    if settings.locked_period is not LockedPeriod.FIRST_OPEN_DAY:
        return first
    moved = first
    for _ in range(_LOCKS_IN_TURN):
        held = lock_of(moved.problems)
        day = first_open_day(held) if held is not None else None
        if day is None:
            break
        item = on_day(moved.item, day)
        moved = check(replace(made, item=item, changes=(*made.changes, *changes(made.item, item, lock.code))))
    return first if lock_of(moved.problems) else moved
