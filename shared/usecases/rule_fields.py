"""What a rule may decide, checked and looked up: callers name entries by id, code or name, rules keep local ids."""

from dataclasses import replace
from decimal import Decimal
from typing import Any, Final

from shared.domain.coding import Coding, Keyword, Share, Split
from shared.domain.connections import Destination, Slot
from shared.domain.errors import LedgerbridgeError, fail
from shared.domain.item_drafts import ItemDraft
from shared.domain.items import Side
from shared.domain.lists import Book, Kind
from shared.domain.rule_drafts import Decisions, SplitDraft
from shared.domain.rules import DECIDES, AutoPublish, Rule, RuleKind
from shared.domain.split import WHOLE
from shared.usecases.entry_cache import EntryCache
from shared.usecases.integrations import Ways, check_named
from shared.usecases.readiness import book_of, kinds_of
from shared.usecases.references import References, approvers_book

_ENTRIES: Final = {
    "category": Kind.CATEGORIES,
    "tax_rate": Kind.TAX_RATES,
    "project": Kind.PROJECTS,
    "customer": Kind.CUSTOMERS,
    "supplier": Kind.SUPPLIERS,
}
_SUBJECTS: Final = {
    RuleKind.SUPPLIER: Kind.SUPPLIERS,
    RuleKind.CUSTOMER: Kind.CUSTOMERS,
    RuleKind.PAYMENT_METHOD: Kind.PAYMENT_METHODS,
}
_NOT_OF: Final = {RuleKind.SUPPLIER: Destination.SALES, RuleKind.CUSTOMER: Destination.PURCHASES}
_METHODS: Final = frozenset({AutoPublish.ALWAYS, AutoPublish.NEVER, AutoPublish.NONE})
_CONTACTS: Final = frozenset({AutoPublish.YES, AutoPublish.NO})


def subject_book(ways: Ways, cache: EntryCache, kind: RuleKind, subject: str) -> Book:
    """The book that a rule's subject lies in, the current one for a person; raises invalid_request (subject)."""
    current = book_of(ways.account, ways.in_slot(Slot.MAIN))
    if kind is RuleKind.USER:
        return current
    own = Book.own(ways.account.tenant, ways.account.id)
    books = [own] if kind is RuleKind.PAYMENT_METHOD else ways.books()
    listed = _SUBJECTS[kind]
    found = next((book for book in books if cache.get(book, listed, subject)), None)
    if found is None:
        words = listed.value.removesuffix("s").replace("_", " ")
        raise fail("invalid_request", field="subject", reason=f"there is no such {words} in the current books")
    return current if kind is RuleKind.PAYMENT_METHOD else found


def looked_up(ways: Ways, cache: EntryCache, kind: RuleKind, decisions: Decisions, book: Book) -> dict[str, Any]:
    """The fields as a rule keeps them; `book` is where its entries are looked for, unless it names an integration.

    Raises invalid_request naming the field for what a rule of the kind does not decide, for entries that are not
    there, and for what does not go together; no_connection for an integration that is not connected.
    """
    check_decisions(kind, decisions)
    slot: Slot | None = decisions.get("integration")
    check_named(ways, slot)
    return values_of(references_of(ways, cache, slot, book), decisions)


def references_of(ways: Ways, cache: EntryCache, slot: Slot | None, book: Book) -> References:
    """What finds a rule's entries: in the books of the integration that it names, where that is there, else `book`."""
    named = ways.in_slot(slot) if slot is not None else None
    connection = named or next((one for one in ways.linked if book_of(ways.account, one) == book), None)
    if named is not None:
        book = book_of(ways.account, named)
    kinds = None if connection is None else kinds_of(ways.account, connection)
    return References(ways.service, book, cache, kinds, book_of(ways.account, None), approvers_book(ways))


def led_subject(cache: EntryCache, kind: RuleKind, subject: str, book: Book) -> str:
    """Whom a rule for `subject` is for in `book`, where merged lists lead the subject there; else the subject."""
    listed = _SUBJECTS.get(kind)
    if listed is None or kind is RuleKind.PAYMENT_METHOD or cache.led(book, listed, subject).entry == subject:
        return subject
    entry = cache.get(book, listed, subject)
    return entry.id if entry is not None else subject


def values_of(references: References, decisions: Decisions) -> dict[str, Any]:
    """Fields of Coding and Rule with local ids in the place of references; raises invalid_request naming the field."""
    return {name: _value(references, name, value) for name, value in decisions.items()}


def suggestion(references: References, draft: ItemDraft) -> Coding:
    """What is suggested for an item, looked up; raises invalid_request naming the field."""
    try:
        return Coding(**values_of(references, draft.suggested))
    except LedgerbridgeError as refusal:
        field = f"suggested.{refusal.problem.field}"
        raise LedgerbridgeError(replace(refusal.problem, field=field)) from None


def check_whole(rule: Rule) -> None:
    """Refuse what does not go together in a rule as a whole; raises invalid_request."""
    if rule.payment_method_when is not None and rule.payment_method is None:
        raise fail("invalid_request", field="payment_method_when", reason="there is no payment method that it is for")


def check_decisions(kind: RuleKind, decisions: Decisions) -> None:
    """Refuse what a rule of the kind does not decide, and what does not go together; raises invalid_request."""
    for name, value in decisions.items():
        if name not in DECIDES[kind] and value is not None and value != ():
            words = kind.value.replace("_", " ")
            raise fail("invalid_request", field=name, reason=f"a rule for a {words} does not decide this")
    if decisions.get("destination") is _NOT_OF.get(kind, ""):
        side = Side.COSTS if kind is RuleKind.SUPPLIER else Side.SALES
        raise fail("invalid_request", field="destination", reason=f"{side} do not go there")
    if kind is RuleKind.CUSTOMER and decisions.get("integration") not in {None, Slot.MAIN}:
        raise fail("invalid_request", field="integration", reason="sales go through the main connection")
    allowed = _METHODS if kind is RuleKind.PAYMENT_METHOD else _CONTACTS
    if decisions.get("auto_publish") not in {None, *allowed}:
        reason = "one of " + ", ".join(sorted(allowed))
        raise fail("invalid_request", field="auto_publish", reason=reason)
    if decisions.get("split") is not None:
        _check_split(decisions["split"])


def _check_split(split: SplitDraft) -> None:
    if bool(split.shares) == bool(split.keywords):
        raise fail("invalid_request", field="split", reason="name either shares or keywords")
    percent = sum((share.percent for share in split.shares), Decimal(0))
    if split.shares and percent != WHOLE:
        reason = f"the shares come to {percent} percent, not to 100"
        raise fail("invalid_request", field="split.shares", reason=reason)


def _value(references: References, name: str, value: Any) -> Any:
    if value is None:
        return () if name == "dimensions" else None
    if name in _ENTRIES:
        return references.entry(_ENTRIES[name], value, name)
    if name == "payment_method":
        return references.payment_method(value)
    if name == "approver":
        return references.approver(value, Side.COSTS)
    if name == "dimensions":
        return references.tracking(value, name)
    return _split(references, value) if name == "split" else value


def _split(references: References, split: SplitDraft) -> Split:
    shares = []
    for number, share in enumerate(split.shares):
        place = f"split.shares[{number}]"
        shares.append(
            Share(
                percent=share.percent,
                description=share.description,
                category=references.entry(Kind.CATEGORIES, share.category, f"{place}.category"),
                tax_rate=references.entry(Kind.TAX_RATES, share.tax_rate, f"{place}.tax_rate"),
                dimensions=references.tracking(share.dimensions, f"{place}.dimensions"),
                project=references.entry(Kind.PROJECTS, share.project, f"{place}.project"),
            )
        )
    keywords = []
    for number, one in enumerate(split.keywords):
        place = f"split.keywords[{number}].category"
        category = references.entry(Kind.CATEGORIES, one.category, place)
        if category is None:
            raise fail("invalid_request", field=place, reason="a keyword is for a category")
        keywords.append(Keyword(one.keyword, category))
    return Split(tuple(shares), tuple(keywords))
