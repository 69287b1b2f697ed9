"""Apply rules to items: once when they arrive, and again where a person changes what decides which rules apply."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from shared.domain.code_item import coded_by, said_by_person, source_of
from shared.domain.coding import RULED, Coding, Source
from shared.domain.errors import Problem
from shared.domain.items import Item, ItemType, Side, TimelineEntry
from shared.domain.rules import RuleKind, Words, contact_rule, sources_of, words_of
from shared.usecases.contact_defaults import ContactDefaults
from shared.usecases.entry_cache import EntryCache
from shared.usecases.integrations import Ways
from shared.usecases.service import Service
from shared.usecases.subjects_at_hand import Ask

ARRIVAL: Final = frozenset(RuleKind)
_CONTACTS: Final = frozenset({RuleKind.SUPPLIER, RuleKind.CUSTOMER})
# A field that is emptied may be what a rule had to give way for.
_RULED_FIELDS: Final = frozenset(
    {"payment_method", "due_date", "description", "destination", "publish_as", "reverse_charge", "approver"}
)


def coded_on_arrival(ways: Ways, cache: EntryCache, arrived: Sequence[Item | Problem]) -> list[Item | Problem]:
    """New items with their rules and their contacts' own defaults applied, in their order; problems pass by.

    Only the rules that can apply are read, in two calls of the store for all: those for contacts and owners, then those
    for the payment methods that the items have by now; and the tracking values that there is to choose between.
    """
    items = [one for one in arrived if isinstance(one, Item)]
    ways.rules.load(ask for item in items for ask in _asks(item))
    defaults = ContactDefaults(ways, cache)
    kinds = ARRIVAL - {RuleKind.PAYMENT_METHOD}
    ways.dimensions.load((item, _asked(ways, item, kinds, defaults)) for item in items)
    first = {item.id: _coded(ways, item, kinds, defaults) for item in items}
    ways.rules.load(ask for item in first.values() for ask in _method(item))
    settled = {RuleKind.PAYMENT_METHOD}
    return [_coded(ways, first[one.id], settled) if isinstance(one, Item) else one for one in arrived]


def coded_again(ways: Ways, item: Item, kinds: Collection[RuleKind], defaults: ContactDefaults | None = None) -> Item:
    """The item with its rules of these kinds asked again; those of other kinds keep what they had decided.

    The payment method's rule is always asked, and last: others may have settled another method, and where it gives way
    their word on where the document goes counts again. Of an item at rest no rule is asked: it keeps what they decided.
    """
    if ways.account.is_at_rest(item.created_at):
        return item
    silent = words_of(RuleKind.PAYMENT_METHOD, None)
    coded = coded_by(item, silent, ways.dimensions.of(item, silent))
    coded = _coded(ways, coded, set(kinds) - {RuleKind.PAYMENT_METHOD}, defaults)
    return _coded(ways, coded, {RuleKind.PAYMENT_METHOD})


def coded_after_edit(
    ways: Ways, before: Item, edited: Item, changes: Mapping[str, Any], *, cache: EntryCache | None = None
) -> Item:
    """An edited item whose changed fields are the person's word.

    Rules are asked again where the edit says which apply (contact, owner, side, payment method), or empties a field
    that they may fill; other edits leave what rules decided at the item's arrival.
    """
    said = said_by_person(before, edited, changes)
    kinds = set(_asked_by(before, said, changes))
    if said.payment_method != before.payment_method:
        kinds.add(RuleKind.PAYMENT_METHOD)
        if source_of(before, "destination") is Source.PAYMENT_METHOD_RULE:
            kinds |= _CONTACTS  # their word on where it goes had given way
    defaults = ContactDefaults(ways, cache or EntryCache(ways.service, ways.account))
    return coded_again(ways, said, kinds, defaults) if kinds else said


def _asked_by(before: Item, said: Item, changes: Mapping[str, Any]) -> Iterable[RuleKind]:
    if any(value is None and name in _RULED_FIELDS for name, value in changes.items()):
        yield from ARRIVAL
    due_by_rule = source_of(before, "due_date") in {Source.SUPPLIER_RULE, Source.CUSTOMER_RULE}
    if said.contact != before.contact or said.side is not before.side or (due_by_rule and said.date != before.date):
        yield from _CONTACTS
    if said.owner != before.owner or said.side is not before.side:
        yield RuleKind.USER


def _asks(item: Item) -> Iterable[Ask]:
    if item.contact is not None and item.type is not ItemType.EXPENSE_CLAIM:
        yield contact_rule(item.side), item.contact
    if item.owner is not None and item.side is Side.COSTS:
        yield RuleKind.USER, item.owner


def _method(item: Item) -> Iterable[Ask]:
    if item.payment_method is not None and item.type is not ItemType.EXPENSE_CLAIM:
        yield RuleKind.PAYMENT_METHOD, item.payment_method


def _coded(ways: Ways, item: Item, kinds: Collection[RuleKind], defaults: ContactDefaults | None = None) -> Item:
    if item.type is ItemType.EXPENSE_CLAIM:
        return _claimed(ways, item) if RuleKind.USER in kinds else item
    ids = dict(item.rules)
    for kind in kinds:
        rule = ways.rules.of(kind, _subject(item, kind))
        for source in sources_of(kind):
            ids.pop(source, None)
            if rule is not None:
                ids[source] = rule.id
    words = _asked(ways, item, kinds, defaults)
    coded = coded_by(item, words, ways.dimensions.of(item, words))
    return replace(coded, rules={source: ids[source] for source in sorted(_deciding(coded)) if source in ids})


def _asked(ways: Ways, item: Item, kinds: Collection[RuleKind], defaults: ContactDefaults | None) -> Words:
    """What the item's rules of these kinds say, and, where a contact's are asked, its own defaults."""
    words: dict[Source, Coding | None] = {}
    if defaults is not None and _CONTACTS & set(kinds):
        words[Source.SUPPLIER_DEFAULT] = defaults.of(item)
    for kind in kinds:
        words |= words_of(kind, ways.rules.of(kind, _subject(item, kind)))
    return words


def _subject(item: Item, kind: RuleKind) -> str | None:
    """What the rule of a kind for an item is keyed by; None where there is no such rule for it.

    People's rules are for the costs that they hand in.
    """
    if kind in _CONTACTS:
        return item.contact if kind is contact_rule(item.side) else None
    if kind is RuleKind.PAYMENT_METHOD:
        return item.payment_method
    return item.owner if item.side is Side.COSTS else None


def _claimed(ways: Ways, claim: Item) -> Item:
    """An expense claim that names nobody is of its owner's own supplier."""
    rule = ways.rules.of(RuleKind.USER, claim.owner)
    if claim.contact is not None or rule is None or rule.supplier is None:
        return claim
    sources = {**claim.sources, "contact": Source.USER_RULE_IF_BLANK}
    return replace(claim, contact=rule.supplier, sources=sources, rules={Source.USER_RULE_IF_BLANK: rule.id})


def _deciding(item: Item) -> set[Source]:
    return {source for source in item.sources.values() if source in RULED}


def tell_coding(service: Service, item: Item, actor: str = "") -> None:
    """A line into the item's history: the fields that rules decided, and by which."""
    if not item.rules:
        return
    ruled = {path: source.value for path, source in sorted(item.sources.items()) if source in RULED}
    details: dict[str, object] = {"rules": dict(item.rules), "fields": ruled}
    entry = TimelineEntry(service.clock.now(), actor, "item.coded", details)
    service.items.append_timeline(item.tenant, item.account, item.id, entry)
