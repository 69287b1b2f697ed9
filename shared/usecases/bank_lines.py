"""Take bank lines in, each once, and read them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from shared.domain.accounts import Account
from shared.domain.bank_match import BankLine, line_id
from shared.domain.connections import Slot
from shared.domain.errors import ConflictError, LedgerbridgeError, Problem, fail
from shared.domain.integrations import Because, Integration
from shared.domain.item_drafts import Reference
from shared.domain.lists import Kind
from shared.usecases.entry_cache import EntryCache
from shared.usecases.integrations import Ways
from shared.usecases.match_bank_lines import match_line
from shared.usecases.references import Finders
from shared.usecases.service import Service


@dataclass(frozen=True, slots=True)
class LineDraft:
    """A bank line as it comes; the bank account is named as the books have it."""

    bank_account: Reference
    date: date
    amount: Decimal
    currency: str
    external_id: str
    description: str | None = None


@dataclass(frozen=True, slots=True)
class TakenLine:
    """A line that is stored: `new` when this request did it."""

    line: BankLine
    new: bool


def take_bank_lines(service: Service, account: Account, drafts: Sequence[LineDraft]) -> list[TakenLine | Problem]:
    """Store bank lines, each for itself, and match those that exactly one paid item was waiting for.

    A line is known by bank account and external_id: a repeat finds it again, with other content it is a `conflict`. A
    bank account that the books do not have is `invalid_request`. Raises no_connection without a main connection.
    """
    ways = Ways(service, account)
    if ways.in_slot(Slot.MAIN) is None:
        raise fail("no_connection")
    way = ways.way(Integration(Slot.MAIN, Because.MAIN))
    references = Finders(ways, EntryCache(service, account)).of(way)
    results: list[TakenLine | Problem] = []
    for number, draft in enumerate(drafts):
        try:
            entry = references.entry(Kind.BANK_ACCOUNTS, draft.bank_account, f"lines[{number}].bank_account")
        except LedgerbridgeError as refusal:
            results.append(refusal.problem)
            continue
        line = _line(service, account, f"{way.book.provider}:{way.book.organisation}", entry or "", draft)
        results.append(_store(ways, line, number))
    return results


def _line(service: Service, account: Account, book: str, bank_account: str, draft: LineDraft) -> BankLine:
    return BankLine(
        id=line_id(account.tenant, account.id, book, bank_account, draft.external_id),
        tenant=account.tenant,
        account=account.id,
        book=book,
        bank_account=bank_account,
        date=draft.date,
        amount=draft.amount,
        currency=draft.currency,
        external_id=draft.external_id,
        received_at=service.clock.now(),
        description=draft.description,
    )


def _store(ways: Ways, line: BankLine, number: int) -> TakenLine | Problem:
    service = ways.service
    try:
        service.bank_lines.create(line)
    except ConflictError:
        there = service.bank_lines.get(line.tenant, line.account, line.id)
        if there is None or not there.says_the_same(line):
            return Problem("conflict", f"lines[{number}].external_id", details={"line": line.id})
        new = False
    else:
        new = True
    there = service.bank_lines.get(line.tenant, line.account, line.id) or line
    if there.item is None:
        match_line(ways, there)
        there = service.bank_lines.get(line.tenant, line.account, line.id) or there
    return TakenLine(there, new)
