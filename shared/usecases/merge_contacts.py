"""Merge suppliers, or customers, of one book into one of them. Items and their codings stay as they are."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from shared.domain.accounts import Account, Caller
from shared.domain.errors import fail
from shared.domain.lists import Book, Entry, Kind, survivor_of
from shared.domain.merging import Conflict, Filled, filled_entry, filled_rule
from shared.domain.rules import Rule, RuleKind, decided, rule_id
from shared.usecases.happenings import happened
from shared.usecases.own_lists import placed
from shared.usecases.record_refresh import ask_recheck
from shared.usecases.service import Service

MOST_AT_ONCE: Final = 50  # entries merged by one request
RULES_OF: Final = {Kind.SUPPLIERS: RuleKind.SUPPLIER, Kind.CUSTOMERS: RuleKind.CUSTOMER}


@dataclass(frozen=True, slots=True)
class Merged:
    """What a merge left: the survivor, those that lead to it now, and their values that gave way to its own."""

    survivor: Entry
    merged: tuple[str, ...]
    conflicts: tuple[Conflict, ...]


def merge_contacts(
    service: Service, account: Account, kind: Kind, survivor_id: str, merged_ids: Sequence[str], *, by: Caller
) -> Merged:
    """Lead contacts to a survivor: by id, by name and by the provider's id, also in refreshes to come.

    The survivor's values and those of its rule win, its blanks are filled, what gives way is reported. Repeated, it
    goes on where it stopped and changes nothing that is done. Raises not_found, invalid_request naming the entry that
    cannot be merged, ConflictError when somebody changes one of them meanwhile.
    """
    if kind not in RULES_OF:
        raise fail("not_found", field="kind")
    book, survivor = placed(service, account, kind, survivor_id)
    if not survivor.usable:
        reason = "it was itself merged, or is inactive: merge into the entry that is used"
        raise fail("invalid_request", field="survivor", reason=reason, survivor=survivor.survivor)
    others = _others(service, book, survivor, merged_ids)
    rules = _Rules(service, account, kind, survivor, others)
    from_rules = rules.fill(by)
    survivor, from_entries = _fill_entry(service, book, survivor, others)
    new = [other for other in others if other.survivor is None]
    for other in new:
        _lead(service, book, other, survivor)
    rules.give_way()
    done = Merged(survivor, tuple(other.id for other in others), from_entries.conflicts + from_rules.conflicts)
    if new or rules.changed:
        _announce(service, account, done, rules, by)
    return done


def _others(service: Service, book: Book, survivor: Entry, ids: Sequence[str]) -> list[Entry]:
    """The entries to merge, each checked; those that lead to the survivor already are among them."""
    found = service.lists.entries(book, [(survivor.kind, one) for one in ids])
    others = []
    for number, one in enumerate(dict.fromkeys(ids)):
        entry = found.get(one)
        problem = "there is no such entry in the survivor's books" if entry is None else None
        if entry is not None and entry.id == survivor.id:
            problem = "an entry is not merged into itself"
        elif entry is not None and entry.survivor is not None:
            end = survivor_of(entry, lambda other: service.lists.entry(book, survivor.kind, other))
            problem = None if end is not None and end.id == survivor.id else "it was merged into another one"
        elif entry is not None and entry.provider_id is not None and survivor.provider_id is None:
            problem = "the accounting software has this one and not the survivor: merge them the other way round"
        if entry is None or problem is not None:
            raise fail("invalid_request", field=f"merged[{number}]", reason=problem)
        others.append(entry)
    return others


def _lead(service: Service, book: Book, other: Entry, survivor: Entry) -> None:
    """Merge one, and lead those that were merged into it earlier straight to the survivor: there are no long chains."""
    before = service.lists.overrides(book, other.kind)
    service.lists.merge_into(book, other, survivor)
    for entry_id, override in before.items():
        if override.merged_into == other.id:
            earlier = service.lists.entry(book, other.kind, entry_id)
            if earlier is not None:
                service.lists.merge_into(book, earlier, survivor)


def _fill_entry(service: Service, book: Book, survivor: Entry, others: Sequence[Entry]) -> tuple[Entry, Filled]:
    """Fill the blanks of a survivor that was made here; what the provider says of its own entries is the provider's."""
    if survivor.provider_id is not None:
        return survivor, Filled({}, ())
    found = filled_entry(survivor, others)
    if not found.values:
        return survivor, found
    values = {name: value for name, value in found.values.items() if name != "code"}
    after = replace(survivor, code=found.values.get("code", survivor.code), values={**survivor.values, **values})
    service.lists.update_own(after, book, survivor)
    return after, found


class _Rules:
    """The rules of the contacts that become one: the survivor's takes over, the others' places lead to it."""

    def __init__(
        self, service: Service, account: Account, kind: Kind, survivor: Entry, others: Sequence[Entry]
    ) -> None:
        self.service, self.account = service, account
        self.kind, self.subject = RULES_OF[kind], survivor.id
        tenant = account.tenant
        self.ids = {other.id: rule_id(tenant, account.id, self.kind, other.id) for other in others}
        self.own_id = rule_id(tenant, account.id, self.kind, survivor.id)
        found = service.rules.batch_get(tenant, account.id, [self.own_id, *self.ids.values()])
        self.own = found.get(self.own_id)
        # A place that leads elsewhere already is answered by another rule than its own.
        self.others = {other: found[id_] for other, id_ in self.ids.items() if id_ in found and found[id_].id == id_}
        self.changed = bool(self.others)

    def fill(self, by: Caller) -> Filled:
        """Fill the blanks of the survivor's rule, or make it."""
        found = filled_rule(self.own, self.others.values())
        if not found.values:
            return found
        tenant, account, now = self.account.tenant, self.account.id, self.service.clock.now()
        if self.own is not None:
            after = replace(self.own, edited_at=now, edited_by=by.actor, **found.values)
            self.service.rules.update(tenant, account, after)
        else:
            after = Rule(
                id=self.own_id,
                kind=self.kind,
                subject=self.subject,
                created_at=now,
                edited_at=now,
                edited_by=by.actor,
                **found.values,
            )
            self.service.rules.create(tenant, account, after)
        return found

    def give_way(self) -> None:
        """Lead whoever asks for the others' rules to the survivor's, whether they had one or not."""
        for other, id_ in self.ids.items():
            self.service.rules.lead(
                self.account.tenant, self.account.id, id_, other, self.own_id, expected=self.others.get(other)
            )


def _announce(service: Service, account: Account, done: Merged, rules: _Rules, by: Caller) -> None:
    """The log keeps what the rules said before; items are looked at again."""
    service.accounts.bump_coding_version(account.tenant, account.id)
    said = {rule.subject: decided(rule) for rule in [*rules.others.values(), *([rules.own] if rules.own else [])]}
    event = happened(
        service,
        account.id,
        "contacts.merged",
        by=by,
        subject=done.survivor.id,
        before={"rules": said},
        after={"kind": done.survivor.kind.value, "merged": list(done.merged), "conflicts": len(done.conflicts)},
    )
    service.events.append(account.tenant, event)
    ask_recheck(service, account.tenant, account.id)
