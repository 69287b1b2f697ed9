"""The routes of bank lines, and of the items that were paid by them."""

from collections.abc import Mapping
from datetime import date as calendar_date
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

from pydantic import Field, field_validator, model_validator

from functions.publish.values import Amount, Currency, Day, EntryRef, ExternalId, Id, Text
from functions.publish.views import ItemView, ProblemView, item_view
from shared.aws.http import Answer, Model, PageQuery, Request, Route, View
from shared.domain.accounts import Capability
from shared.domain.bank_match import BankLine
from shared.domain.errors import LedgerbridgeError, Problem
from shared.usecases.bank_lines import LineDraft, TakenLine, take_bank_lines
from shared.usecases.create_items import Taken
from shared.usecases.integrations import Ways
from shared.usecases.match_bank_lines import lines_for, match_by_hand
from shared.usecases.read_items import Seen, read_item
from shared.usecases.service import Service

MOST_LINES: Final = 100  # per request
_ACCOUNT: Final = "/v1/accounts/{account}"


class NewLine(Model):
    """A line of a bank account; `amount` is what left the account, below zero what came in."""

    bank_account: EntryRef = Field(description="The bank account in the books")
    date: Day
    amount: Amount
    currency: Currency
    external_id: ExternalId = Field(description="Your own id within the bank account: a repeat finds the line again")
    description: Text | None = None

    @field_validator("amount")
    @classmethod
    def _moves_money(cls, value: Decimal) -> Decimal:
        if not value:
            raise ValueError("a bank line moves money")
        return value

    def draft(self) -> LineDraft:
        return LineDraft(
            bank_account=self.bank_account.reference(),
            date=self.date,
            amount=self.amount,
            currency=self.currency,
            external_id=self.external_id,
            description=self.description,
        )


class NewLines(Model):
    """1 to 100 lines: {"lines": [...]}. One line may also be sent bare; its fields are then named lines[0]..."""

    lines: list[NewLine] = Field(min_length=1, max_length=MOST_LINES)

    @model_validator(mode="before")
    @classmethod
    def _one(cls, value: Any) -> Any:
        return {"lines": [value]} if isinstance(value, dict) and "lines" not in value else value


class LineChoice(Model):
    """The bank line that paid the item; null takes it back."""

    line: Id | None


class BankLineView(View):
    """A bank line; `item` is the one that it paid."""

    id: str
    bank_account: str
    date: calendar_date
    amount: Decimal
    currency: str
    external_id: str
    description: str | None
    received_at: datetime
    item: str | None

    @classmethod
    def of(cls, line: BankLine) -> "BankLineView":
        return cls(**{name: getattr(line, name) for name in cls.model_fields})


class LineResult(View):
    """What became of one line of a request: `created`, `found` (it was there, the same), or `refused`."""

    index: int
    status: str
    line: BankLineView | None = None
    problem: ProblemView | None = None


class LineResults(View):
    results: list[LineResult]


class LinePage(View):
    lines: list[BankLineView]
    next_cursor: str | None


class ItemLines(View):
    """The line that an item was paid by, and those that fit it, the nearest in time first."""

    matched: BankLineView | None
    candidates: list[BankLineView]


def post_lines(service: Service, request: Request) -> Answer:
    """Take bank lines in; each for itself."""
    lines = request.body(NewLines).lines
    taken = take_bank_lines(service, request.in_account, [one.draft() for one in lines])
    if len(taken) == 1 and isinstance(taken[0], Problem):
        raise LedgerbridgeError(taken[0])
    return Answer(LineResults(results=[_result(number, one) for number, one in enumerate(taken)]))


def post_lines_again(service: Service, request: Request, _: Mapping[str, Any]) -> Answer:
    """The same lines, found again by what they are."""
    return post_lines(service, request)


def _result(number: int, taken: TakenLine | Problem) -> LineResult:
    if isinstance(taken, Problem):
        return LineResult(index=number, status="refused", problem=ProblemView.of(taken))
    return LineResult(index=number, status="created" if taken.new else "found", line=BankLineView.of(taken.line))


def get_lines(service: Service, request: Request) -> Answer:
    """A page of bank lines."""
    account, query = request.in_account, request.query(PageQuery)
    found, after = service.bank_lines.page(account.tenant, account.id, request.position(), query.limit)
    return Answer(LinePage(lines=[BankLineView.of(line) for line in found], next_cursor=request.next_cursor(after)))


def get_item_lines(service: Service, request: Request) -> Answer:
    """The bank lines of one item."""
    account = request.in_account
    item = read_item(service, account, request.path["item"]).item
    matched = service.bank_lines.get(account.tenant, account.id, item.bank_line) if item.bank_line else None
    fitting = lines_for(Ways(service, account), item)
    return Answer(
        ItemLines(
            matched=BankLineView.of(matched) if matched else None,
            candidates=[BankLineView.of(line) for line in fitting],
        )
    )


def post_item_line(service: Service, request: Request) -> Answer:
    """A person's choice of the line."""
    line, item = request.body(LineChoice).line, request.path["item"]
    ways = Ways(service, request.in_account)
    return _shown(service, request, match_by_hand(ways, item, line, actor=request.caller.actor))


def post_item_line_again(service: Service, request: Request, _: Mapping[str, Any]) -> Answer:
    """The item as it is now."""
    return _shown(service, request, read_item(service, request.in_account, request.path["item"]))


def _shown(service: Service, request: Request, seen: Seen | Taken) -> Answer:
    return Answer(item_view(seen, Ways(service, request.in_account)), version=seen.item.version)


_READ, _WORK = Capability.READ, Capability.WORK
_CLOSED: Final = ("already_published", "outcome_unknown", "publication_in_progress", "conflict")

ROUTES: Final = [
    Route(
        "POST",
        _ACCOUNT + "/bank-lines",
        post_lines,
        "Take bank lines in",
        answer=LineResults,
        status=201,
        body=NewLines,
        capability=_WORK,
        rebuild=post_lines_again,
        errors=("no_connection", "conflict"),
        description=(
            "Every line has a result of its own: created, found (its external_id was known in its bank account, with "
            "the same content) or refused. A line that fits exactly one waiting item is matched to it at once, where "
            "bank match is on."
        ),
    ),
    Route("GET", _ACCOUNT + "/bank-lines", get_lines, "Bank lines", answer=LinePage, query=PageQuery, capability=_READ),
    Route(
        "GET",
        _ACCOUNT + "/items/{item}/bank-lines",
        get_item_lines,
        "The bank lines that may have paid an item",
        answer=ItemLines,
        capability=_READ,
        description=(
            "For paid receipts and invoices of costs: lines of equal total and currency that pay no item, within 30 "
            "days of the document's date, or 10 of its due date where it has one, of the last six months."
        ),
    ),
    Route(
        "POST",
        _ACCOUNT + "/items/{item}/bank-line",
        post_item_line,
        "Choose the bank line that paid an item",
        answer=ItemView,
        body=LineChoice,
        capability=_WORK,
        rebuild=post_item_line_again,
        errors=("bank_match_off", "bank_line_taken", "bank_line_not_fitting", *_CLOSED),
    ),
]
