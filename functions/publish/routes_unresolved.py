"""The route of entries that lead nowhere in the lists in use."""

from typing import Final, Self

from pydantic import Field

from shared.aws.http import Answer, Query, Request, Route, View
from shared.domain.accounts import Capability
from shared.domain.lists import Kind
from shared.usecases.read_unresolved import Unresolved, read_unresolved
from shared.usecases.service import Service


class UnresolvedQuery(Query):
    cursor: str | None = Field(None, max_length=4096, description="`next_cursor` of the answer before; valid 24 hours")


class UnresolvedView(View):
    """An entry that rules or open items name and that leads nowhere; null where it is in no book that is remembered."""

    kind: Kind
    id: str
    rules: int
    items: int
    name: str | None
    code: str | None
    book: str | None = Field(description="provider:organisation, the book that it is in")

    @classmethod
    def of(cls, one: Unresolved) -> Self:
        return cls(**{name: getattr(one, name) for name in cls.model_fields})


class UnresolvedPage(View):
    """Those most used first."""

    entries: list[UnresolvedView]
    next_cursor: str | None


def get_unresolved(service: Service, request: Request) -> Answer:
    """What rules and open items name that is not in the lists in use."""
    position = request.opened(request.query(UnresolvedQuery).cursor)
    page = read_unresolved(service, request.in_account, position)
    views = [UnresolvedView.of(one) for one in page.entries]
    return Answer(UnresolvedPage(entries=views, next_cursor=request.next_cursor(page.position)))


ROUTES: Final = [
    Route(
        "GET",
        "/v1/accounts/{account}/unresolved",
        get_unresolved,
        "Entries that rules and open items name, and that lead nowhere in the lists in use",
        answer=UnresolvedPage,
        query=UnresolvedQuery,
        errors=("invalid_cursor",),
        capability=Capability.READ,
        description="After other software was connected, or lists of before were reinstated. Merge the lists, or code "
        "anew. An account with much to look through is answered in several pages, each counting for itself.",
    ),
]
