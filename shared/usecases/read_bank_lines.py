"""Read the books' unreconciled bank transactions as bank lines, where bank match is on."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Final

from shared.aws.log import count, logger
from shared.domain.accounts import Account
from shared.domain.bank_match import LOOKED_BACK, BankLine, line_id
from shared.domain.bank_reading import BankPage, BankPass, BankReading, ToldLine
from shared.domain.connections import Connection
from shared.domain.errors import ConflictError
from shared.domain.lists import Kind
from shared.domain.money import rounded
from shared.providers.contract import CallFailed, Provider, Session, TellsBankLines
from shared.usecases.integrations import Ways
from shared.usecases.match_bank_lines import match_line
from shared.usecases.record_refresh import record_bank_reading
from shared.usecases.service import Service

Ask = Callable[[Callable[[Session], BankPage]], BankPage]
FULL_EVERY: Final = timedelta(days=7)  # as of lists: what a pass missed is seen by the next one
RESUMED_WITHIN: Final = timedelta(hours=1)  # a pass that stood still for longer begins anew: its pages have moved
MOST_PAGES: Final = 400


def read_bank_lines(
    service: Service, connection: Connection, provider: Provider, ask: Ask, *, asked_at: datetime
) -> None:
    """Store what was spent and not reconciled in the last six months, each once; only what changed since the last time.

    Nothing where bank match is off, where the software does not tell, or where this was read after `asked_at`. What is
    reconciled or gone by now is taken away again, unless it has paid an item. What cannot be read now is left to the
    next refresh. `ask` makes a call; it raises LimitReached, AccessLost and OutOfTime, which are the caller's: the next
    turn goes on with the page that was not read.
    """
    reading, now = connection.bank_reading or BankReading(), service.clock.now()
    if not connection.settings.bank_match or not isinstance(provider, TellsBankLines):
        return
    account = service.accounts.get(connection.tenant, connection.account)
    if account is None or (reading.read_at is not None and reading.read_at >= asked_at):
        return
    under_way = _under_way(reading, now)
    since = None if under_way.full else reading.since
    first_day = (now - LOOKED_BACK).date()
    try:
        for _ in range(MOST_PAGES):
            told = ask(_asking(provider, under_way.page, since, first_day))
            count("bank_lines_read", _take(service, account, connection, told.lines))
            under_way = replace(under_way, page=told.next, cursor=under_way.cursor or told.cursor)
            reading = replace(reading, under_way=under_way) if told.next else _ended(reading, under_way)
            connection = record_bank_reading(service, connection, reading)
            if told.next is None:
                return
    except CallFailed as failed:
        logger.info("bank lines could not be read", extra={"code": failed.problem.code})


def _under_way(reading: BankReading, now: datetime) -> BankPass:
    stopped = reading.under_way
    if stopped is not None and now - stopped.began <= RESUMED_WITHIN:
        return stopped
    full = reading.since is None or reading.full_at is None or now - reading.full_at >= FULL_EVERY
    return BankPass(began=now, full=full)


def _ended(reading: BankReading, whole: BankPass) -> BankReading:
    full_at = whole.began if whole.full else reading.full_at
    return BankReading(since=whole.cursor or reading.since, read_at=whole.began, full_at=full_at)


def _asking(
    provider: TellsBankLines, page: str | None, since: str | None, first_day: date
) -> Callable[[Session], BankPage]:
    return lambda session: provider.bank_lines(session, page, since, first_day)


def _take(service: Service, account: Account, connection: Connection, told: Iterable[ToldLine]) -> int:
    """Bring our lines to what is told; returns how many changed. What we published ourselves is nobody's payment."""
    lines = {_line(service, connection, one).id: one for one in told if one.marker is None}
    known = service.bank_lines.several(account.tenant, account.id, lines)
    accounts = [(Kind.BANK_ACCOUNTS, _account(connection, one)) for one in lines.values()]
    entries = service.lists.entries(connection.book, accounts) if accounts else {}
    ways, changed = Ways(service, account), 0
    for one_id, one in lines.items():
        line, there = _line(service, connection, one), known.get(one_id)
        if there is not None and one.is_open and there.says_the_same(line):
            continue
        if there is not None and not service.bank_lines.drop(there):
            continue  # it has paid an item
        changed += there is not None
        if one.is_open and line.bank_account in entries:
            changed += there is None
            _add(ways, line)
    return changed


def _add(ways: Ways, line: BankLine) -> None:
    try:
        ways.service.bank_lines.create(line)
    except ConflictError:
        return  # another turn was here
    match_line(ways, line)


def _account(connection: Connection, told: ToldLine) -> str:
    return connection.book.entry_id(Kind.BANK_ACCOUNTS, told.bank_account)


def _line(service: Service, connection: Connection, told: ToldLine) -> BankLine:
    book = connection.book.key
    bank_account = _account(connection, told)
    return BankLine(
        id=line_id(connection.tenant, connection.account, book, bank_account, told.document),
        tenant=connection.tenant,
        account=connection.account,
        book=book,
        bank_account=bank_account,
        date=told.date,
        amount=rounded(told.amount, told.currency),
        currency=told.currency,
        external_id=told.document,
        received_at=service.clock.now(),
        description=told.description,
    )
