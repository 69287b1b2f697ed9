"""Match paid cost items to bank lines: by themselves where exactly one fits, else by a person."""

from dataclasses import replace

from shared.domain.bank_match import BankLine, candidates, is_matched
from shared.domain.errors import ConflictError, fail
from shared.domain.items import Item, ItemState, Stage
from shared.domain.readiness import coded, judged
from shared.usecases.create_items import Taken
from shared.usecases.edit_item import Changed, found_item, store_change
from shared.usecases.integrations import Ways, evaluate
from shared.usecases.service import Service

MATCHER = "bank match"  # the actor of what nobody in particular did


def book_text(ways: Ways, item: Item) -> str:
    """The book that the item's bank account must be of."""
    book = ways.of(item).book
    return f"{book.provider}:{book.organisation}"


def is_on(ways: Ways, item: Item) -> bool:
    return ways.of(item).settings.bank_match


def _is_matched(ways: Ways, item: Item) -> bool:
    """Whether it is looked for at the bank, paid by its connection's default among others."""
    return is_matched(coded(item, ways.of(item).settings))


def lines_for(ways: Ways, item: Item) -> list[BankLine]:
    """The free lines that may have paid an item, the nearest in time first; none for items that are not matched."""
    if not _is_matched(ways, item):
        return []
    free = ways.service.bank_lines.free(item.tenant, item.account, item.currency, item.total)
    return candidates(item, free, book_text(ways, item), ways.service.clock.now().date())


def match_item(ways: Ways, taken: Taken) -> Taken:
    """Match an item that was just stored, where bank match is on and exactly one line fits; else it waits for one."""
    item, state, marker = taken.item, taken.state, taken.marker
    if item.bank_line is not None or marker is not None or state.stage in {Stage.PUBLISHED, Stage.UNKNOWN}:
        return taken
    if not is_on(ways, item) or not _is_matched(ways, item):
        return taken
    ways.service.bank_lines.wait(item)  # before the look: a line that arrives meanwhile finds the item
    found = lines_for(ways, item)
    if len(found) != 1:
        return taken
    try:
        return replace(pay(ways, taken, found[0], actor=MATCHER), new=taken.new)
    except ConflictError:
        return taken  # another item was faster, or somebody edits this one: its own look comes then


def rematched(ways: Ways, before: Item, taken: Taken) -> Taken:
    """After an edit: an item that is another payment now frees its line, and one that is paid looks for one."""
    if before.bank_line is not None and taken.item.bank_line is None:
        let_go(ways.service, before)
    return match_item(ways, taken)


def match_line(ways: Ways, line: BankLine) -> None:
    """Match a line that has just arrived with the one item that waits for it, if that has no other choice."""
    service, fitting = ways.service, []
    for item_id in service.bank_lines.waiting(line):
        found = service.items.both(line.tenant, line.account, item_id, ways.linked)
        if found is None or not _still_waits(ways, found[0], found[1], line):
            service.bank_lines.wait_no_more(line, item_id)
        elif found[2] is None and is_on(ways, found[0]) and lines_for(ways, found[0]) == [line]:
            fitting.append(Taken(*found, new=False))
    if len(fitting) != 1:
        return
    try:
        pay(ways, fitting[0], line, actor=MATCHER)
    except ConflictError:
        return  # whoever was faster has matched, or edited it


def _still_waits(ways: Ways, item: Item, state: ItemState, line: BankLine) -> bool:
    is_open = state.stage not in {Stage.PUBLISHED, Stage.UNKNOWN} and item.bank_line is None
    return is_open and _is_matched(ways, item) and (item.currency, item.total) == (line.currency, line.amount)


def pay(ways: Ways, taken: Taken, line: BankLine, *, actor: str) -> Taken:
    """Have a line pay an item: the item is paid from its bank account, on its day unless it names one.

    Raises bank_line_taken where the line pays another item, ConflictError when somebody else changes the item.
    """
    service, item = ways.service, taken.item
    try:
        service.bank_lines.take(line, item.id)
    except ConflictError:
        raise fail("bank_line_taken", field="line") from None
    paid_on = item.paid_on or line.date
    edited = replace(item, bank_line=line.id, bank_account=line.bank_account, paid_on=paid_on)
    stored = _stored(ways, taken, edited, actor, "item.bank_matched")
    service.bank_lines.wait_no_more(line, item.id)
    if item.bank_line not in {None, line.id}:
        let_go(service, item)
    return stored


def match_by_hand(ways: Ways, item_id: str, line_id: str | None, *, actor: str) -> Taken:
    """A person's choice of the line that paid an item, or with None of none.

    Raises not_found, bank_match_off, bank_line_not_fitting, bank_line_taken, publication_in_progress,
    already_published, outcome_unknown, invalid_request (no such line); ConflictError.
    """
    service, account = ways.service, ways.account
    item, state, marker = found_item(service, account, item_id, ways.linked)
    if not is_on(ways, item):
        raise fail("bank_match_off")
    if marker is not None:
        raise fail("publication_in_progress")
    if state.stage is Stage.PUBLISHED:
        raise fail("already_published")
    if state.stage is Stage.UNKNOWN:
        raise fail("outcome_unknown")
    taken = Taken(item, state, marker, new=False)
    if line_id == item.bank_line:
        return taken
    if line_id is None:
        freed = _stored(ways, taken, replace(item, bank_line=None, bank_account=None), actor, "item.bank_unmatched")
        let_go(service, item)
        return freed
    line = service.bank_lines.get(account.tenant, account.id, line_id)
    if line is None:
        raise fail("invalid_request", field="line", reason="there is no such bank line")
    told = (line.amount, line.currency, line.book)
    if not _is_matched(ways, item) or told != (item.total, item.currency, book_text(ways, item)):
        raise fail("bank_line_not_fitting", field="line")
    return pay(ways, taken, line, actor=actor)


def let_go(service: Service, before: Item) -> None:
    """Free the line that an item was paid by before it changed."""
    line = before.bank_line and service.bank_lines.get(before.tenant, before.account, before.bank_line)
    if line:
        service.bank_lines.let_go(line, before.id)


def _stored(ways: Ways, taken: Taken, edited: Item, actor: str, what: str) -> Taken:
    problems = evaluate(ways.service, ways.account, edited, ways.of(edited))
    state = judged(replace(taken.state, reasons=()), problems, ways.account.coding_version)
    changed = Changed(edited, state, taken.marker, ("bank_line",))
    return store_change(ways.service, changed, ways.linked, actor=actor, what=what)
