"""Compare a cost item with the account's others when it arrives and when it is edited."""

from collections.abc import Iterable
from dataclasses import replace

from shared.domain.duplicates import Duplicate, DuplicateMode, compared, duplicate_key
from shared.domain.items import Item, ItemState
from shared.domain.readiness import judged
from shared.domain.rules import RuleKind
from shared.usecases.integrations import Ways
from shared.usecases.service import Service


class Modes:
    """How the duplicates of an account's items are treated: by the supplier's rule, else by the account's setting.

    The rules of the suppliers of many items are read in one go.
    """

    def __init__(self, ways: Ways, items: Iterable[Item]) -> None:
        self._ways = ways
        comparable = (item.contact for item in items if duplicate_key(item) is not None)
        ways.rules.load((RuleKind.SUPPLIER, contact) for contact in comparable if contact is not None)

    def of(self, item: Item) -> DuplicateMode:
        rule = self._ways.rules.of(RuleKind.SUPPLIER, item.contact) if duplicate_key(item) is not None else None
        return (rule.duplicate_mode if rule is not None else None) or self._ways.account.duplicate_mode


def compared_first(ways: Ways, item: Item, modes: Modes) -> Duplicate | None:
    """How a new item compares with those that are there; None where it is not compared. One read, if any."""
    return _compared(ways, item, modes.of(item))


def looked_again(service: Service, item: Item, state: ItemState) -> ItemState:
    """The state of an item that was stored just now, after another look at those that look like it.

    Two that arrive at the same moment do not see each other before they are stored: the younger gives way then.
    """
    found = state.duplicate
    if found is None or found.of is not None:
        return state
    older = [one for one in service.items.alike(item.tenant, item.account, found.key) if one < item.id]
    if not older:
        return state
    fresh = judged(replace(state, duplicate=replace(found, of=min(older))), state.reasons, state.coding_version)
    return service.items.update_state(item.tenant, item.account, fresh)


def compared_anew(ways: Ways, edited: Item, state: ItemState) -> Duplicate | None:
    """How an edited item compares. What a person has decided stands for as long as it looks the same."""
    mode, before = Modes(ways, [edited]).of(edited), state.duplicate
    if before is not None and before.key == duplicate_key(edited):
        return replace(before, held=mode is DuplicateMode.HOLD)
    return _compared(ways, edited, mode)


def _compared(ways: Ways, item: Item, mode: DuplicateMode) -> Duplicate | None:
    key = duplicate_key(item) if mode is not DuplicateMode.OFF else None
    if key is None:
        return None
    alike = {one for other in _keys(ways, item) for one in ways.service.items.alike(item.tenant, item.account, other)}
    return compared(key, sorted(alike - {item.id}), mode)


def _keys(ways: Ways, item: Item) -> set[str]:
    """What items that look the same are found by: a supplier may be several entries since lists were merged."""
    suppliers = ways.rules.alike(RuleKind.SUPPLIER, item.contact) if item.contact is not None else ()
    keys = (duplicate_key(replace(item, contact=supplier)) for supplier in suppliers)
    return {key for key in keys if key is not None}
