"""A secondary connection goes: rules and items that name it fall back to the main one."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from shared.domain.connections import Connection, Slot
from shared.domain.errors import ConflictError
from shared.domain.items import ItemState, Stage
from shared.domain.readiness import set_back, summary_of
from shared.domain.rules import Rule
from shared.storage.items import Listed
from shared.usecases.happenings import SYSTEM
from shared.usecases.integrations import Ways
from shared.usecases.service import Service
from shared.usecases.set_back import DISCONNECTED, set_item_back
from shared.usecases.update_connection import update_connection

SLICE: Final = 50
RULES_AT_ONCE: Final = 100
RULES_NAMED: Final = 100  # in the connection's record, and so in the event
AFTER_SLICE: Final = timedelta(seconds=20)  # what one slice and the message that goes on from it may need
_TRIES: Final = 6
_DONE: Final = "done"  # as a position: behind every item
_OPEN: Final = frozenset({Stage.RECEIVED, Stage.NEEDS_REVIEW, Stage.READY})


def fall_back(service: Service, connection: Connection, deadline: datetime) -> bool:
    """Items first, while rules and defaults still say which were to go through it; then the rules.

    True when all is done; False when `deadline` (UTC) comes first: the connection's record says where to go on.
    Nothing is to be done for a main connection, as items keep naming the main one, whichever that will be.
    """
    if connection.slot is Slot.MAIN:
        return True
    return _items(service, connection, deadline) and _rules(service, connection, deadline)


def _items(service: Service, connection: Connection, deadline: datetime) -> bool:
    tenant, account_id = connection.tenant, connection.account
    account = service.accounts.get(tenant, account_id)
    stored = service.connections.get(tenant, account_id, connection.id)
    position = stored.closing.position if stored is not None and stored.closing is not None else None
    if account is None or position == _DONE:
        return True
    ways = Ways(service, account)
    while position != _DONE:
        if service.clock.now() + AFTER_SLICE >= deadline:
            return False
        page, position = service.items.page(tenant, account_id, position, SLICE, connections=ways.linked)
        position = position or _DONE
        affected = _affected(ways, connection, page)
        _fallen(service, connection, affected)
        _remember(service, connection, position, sum(DISCONNECTED not in state.reasons for state in affected))
    return True


def _affected(ways: Ways, connection: Connection, page: Iterable[Listed]) -> list[ItemState]:
    """The open items of a page that were to go through the connection, or name its slot."""
    open_items = [one.state for one in page if one.stage in _OPEN]
    ways.load(state.summary for state in open_items)
    return [state for state in open_items if ways.of(state.summary).integration.slot is connection.slot]


def _fallen(service: Service, connection: Connection, states: Iterable[ItemState]) -> None:
    for state in states:
        if state.summary.integration is connection.slot:
            _renamed(service, connection, state.item)
        else:
            set_item_back(service, connection.tenant, connection.account, state)


def _renamed(service: Service, connection: Connection, item_id: str) -> None:
    """Empty the item's own wish, and let it wait for a person; a person's own edit at this moment stands."""
    for _ in range(_TRIES):
        found = service.items.both(connection.tenant, connection.account, item_id, [connection])
        if found is None:
            return
        item, state, marker = found
        if item.integration is not connection.slot or state.stage not in _OPEN or marker is not None:
            return
        emptied = replace(item, integration=None)
        waiting = set_back(replace(state, summary=summary_of(emptied)), DISCONNECTED)
        try:
            service.items.update(emptied, waiting, connections=[connection])
        except ConflictError:
            continue
        return
    raise ConflictError("the item changes too often")


def _rules(service: Service, connection: Connection, deadline: datetime) -> bool:
    cursor = None
    while True:
        if service.clock.now() + AFTER_SLICE >= deadline:
            return False
        page, cursor = service.rules.page(connection.tenant, connection.account, cursor, RULES_AT_ONCE)
        naming = [rule for rule in page if rule.integration is connection.slot]
        if naming:
            _name_rules(service, connection, [rule.id for rule in naming])
        for rule in naming:
            _emptied(service, connection, rule)
        if cursor is None:
            return True


def _emptied(service: Service, connection: Connection, rule: Rule) -> None:
    current: Rule | None = rule
    for _ in range(_TRIES):
        if current is None or current.integration is not connection.slot:
            return
        after = replace(current, integration=None, edited_at=service.clock.now(), edited_by=SYSTEM)
        try:
            service.rules.update(connection.tenant, connection.account, after)
        except ConflictError:
            current = service.rules.get(connection.tenant, connection.account, rule.id)
        else:
            return
    raise ConflictError("the rule changes too often")


def _name_rules(service: Service, connection: Connection, rules: list[str]) -> None:
    """Written before the rules change, so that none is changed without being named."""

    def named(current: Connection) -> tuple[Connection] | None:
        closing = current.closing
        if closing is None:
            return None
        known = tuple(dict.fromkeys([*closing.rules, *rules]))[:RULES_NAMED]
        return None if known == closing.rules else (replace(current, closing=replace(closing, rules=known)),)

    update_connection(service, connection, named)


def _remember(service: Service, connection: Connection, position: str, fallen: int) -> None:
    def remembered(current: Connection) -> tuple[Connection] | None:
        closing = current.closing
        if closing is None or closing.position == position:
            return None
        now = replace(closing, position=position, set_back=closing.set_back + fallen)
        return (replace(current, closing=now),)

    update_connection(service, connection, remembered)
