"""Apply a rule to the open items of the inbox, which it leaves alone unless asked; count first what that would do."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from shared.domain.accounts import Account
from shared.domain.code_item import differences
from shared.domain.errors import ConflictError, LedgerbridgeError, fail
from shared.domain.items import Item, ItemState, Place, Stage
from shared.domain.readiness import judged, summary_of
from shared.domain.rules import Rule, RuleKind, contact_rule
from shared.storage.items import Listed
from shared.usecases.code_items import coded_again
from shared.usecases.edit_item import Changed, store_change
from shared.usecases.entry_cache import EntryCache
from shared.usecases.integrations import Ways, evaluate, prefetch_all
from shared.usecases.service import Service
from shared.usecases.spot_duplicates import compared_anew

SLICE: Final = 50
AFTER_SLICE: Final = timedelta(seconds=20)  # what one slice and the message that goes on from it may need
# A dry run answers within a request, and goes on with the next one: after so many items, or so much time.
MOST_LOOKED_AT: Final = 2000
COUNTS_FOR: Final = timedelta(seconds=10)
_OPEN: Final = frozenset({Stage.RECEIVED, Stage.NEEDS_REVIEW, Stage.READY})


@dataclass(slots=True)
class Counted:
    """What applying a rule, as of one version, would change of the items looked at so far.

    `after` is the last of them where there are more, None once all were looked at.
    """

    version: int
    looked_at: int = 0
    items: int = 0
    fields: int = 0
    after: str | None = None


@dataclass(frozen=True, slots=True)
class _Change:
    """An item that the rule would change: as it is, as it would be, and where it stands."""

    before: Item
    after: Item
    state: ItemState


def count_rule(service: Service, account: Account, rule: Rule, so_far: Counted | None = None) -> Counted:
    """How many open items of the inbox, and fields on them, the rule would change now; nothing is written.

    Goes on from `so_far`, whose counts are in the answer's. Raises invalid_cursor where the rule was changed since.
    """
    if so_far is not None and so_far.version != rule.version:
        raise fail("invalid_cursor", field="cursor")
    counted = so_far or Counted(rule.version)
    ways, enough, until = Ways(service, account), counted.looked_at + MOST_LOOKED_AT, service.clock.now() + COUNTS_FOR
    while True:
        page, counted.after = service.items.page(
            account.tenant, account.id, counted.after, SLICE, connections=ways.linked
        )
        counted.looked_at += len(page)
        for change in _changes(ways, rule, page):
            counted.items += 1
            counted.fields += len(differences(change.before, change.after))
        if counted.after is None or counted.looked_at >= enough or service.clock.now() >= until:
            return counted


def ask_apply(service: Service, account: Account, rule: Rule, *, actor: str) -> None:
    """Have the worker apply a rule to the open items; items that arrive meanwhile follow it anyhow."""
    _send(service, account, rule.id, actor, None)


def apply_rule(
    service: Service, tenant: str, account_id: str, rule_id: str, *, actor: str, cursor: str | None, deadline: datetime
) -> bool:
    """Apply a rule, slice by slice from `cursor` on (None: the newest item), as it is by now.

    False when `deadline` (UTC) came first: a message with the place to go on from was sent. Applying twice changes
    nothing, so that a message may come again. Queued and published items are left alone.
    """
    account = service.accounts.get(tenant, account_id)
    rule = service.rules.get(tenant, account_id, rule_id)
    if account is None or account.deleted_at is not None or rule is None:
        return True
    ways, cache = Ways(service, account), EntryCache(service, account)
    while True:
        page, cursor = service.items.page(tenant, account_id, cursor, SLICE, connections=ways.linked)
        changes = list(_changes(ways, rule, page))
        prefetch_all(ways, cache, [change.after for change in changes])
        for change in changes:
            _store(ways, cache, change, actor)
        if cursor is None:
            return True
        if service.clock.now() + AFTER_SLICE >= deadline:
            _send(service, account, rule_id, actor, cursor)
            return False


def _changes(ways: Ways, rule: Rule, page: Iterable[Listed]) -> Iterator[_Change]:
    """What the rule changes of a page's open items. Those of a contact that was merged into the rule's are its own."""
    listed = [one.state for one in page if one.stage in _OPEN and one.marker is None]
    states = [state for state in listed if state.place is Place.INBOX]
    if rule.kind in {RuleKind.SUPPLIER, RuleKind.CUSTOMER}:
        states = [state for state in states if contact_rule(state.summary.side) is rule.kind and state.summary.contact]
        ways.rules.load((rule.kind, state.summary.contact or "") for state in states)
        states = [state for state in states if _is_of(ways, rule, state.summary.contact)]
    account = ways.account
    items = ways.service.items.batch_get(account.tenant, account.id, [state.item for state in states])
    for state in states:
        item = items.get(state.item)
        if item is None or (rule.kind is RuleKind.USER and item.owner != rule.subject):
            continue
        if rule.kind is RuleKind.PAYMENT_METHOD and item.payment_method != rule.subject:
            continue
        coded = coded_again(ways, item, {rule.kind})
        if differences(item, coded):
            yield _Change(item, coded, state)


def _is_of(ways: Ways, rule: Rule, contact: str | None) -> bool:
    found = ways.rules.of(rule.kind, contact)
    return found is not None and found.id == rule.id


def _store(ways: Ways, cache: EntryCache, change: _Change, actor: str) -> None:
    service, account, item = ways.service, ways.account, change.after
    problems = evaluate(service, account, item, ways.of(item), cache=cache)
    duplicate = compared_anew(ways, item, change.state)
    state = replace(change.state, summary=summary_of(item), reasons=(), duplicate=duplicate)
    state = judged(state, problems, account.coding_version)
    fields = tuple(differences(change.before, item))
    changed = Changed(item, state, None, fields, was=change.state)
    try:
        store_change(service, changed, ways.linked, actor=actor, what="item.coded")
    except (ConflictError, LedgerbridgeError):
        return  # edited or queued at this moment: whoever did it has judged the item as it is


def _send(service: Service, account: Account, rule: str, actor: str, cursor: str | None) -> None:
    body = {"schema": 1, "kind": "apply_rule", "tenant": account.tenant, "account": account.id, "rule": rule}
    service.publish_queue.send({**body, "actor": actor, "cursor": cursor}, group=account.tenant)
