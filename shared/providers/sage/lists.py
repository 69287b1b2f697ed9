"""Sage's lists: what each is asked for, page by page; in a delta what changed, then what is gone.

Sources: "Pagination" (200 rows a page, `$next` is null at the end) and the API description's `updated_or_created_since`
(inclusive) and `deleted_since` (exclusive).
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final, Literal

from shared.domain.lists import Entry, Kind
from shared.providers.contract import CallFailed, ListPage, Session, WholeRefused
from shared.providers.sage import api, entries
from shared.providers.sage.profile import PAGE_SIZE, PROFILE, SMALL_PLANS
from shared.providers.transport import broken

# Changes within the second a pass began in, or while its first answer was made, come again with the next delta.
DELTA_OVERLAP: Final = timedelta(seconds=2)


# Which plans have a list ("Endpoint Availability"): every one, all but the small ones, Accounting Plus alone.
Plans = Literal["all", "not_small", "plus"]


@dataclass(frozen=True, slots=True)
class Resource:
    """One of Sage's lists: its path, what is asked for, how its rows are read, whether it tells what was deleted."""

    path: str
    attributes: str
    read: Callable[[Mapping[str, Any]], Iterator[Entry]]
    params: Mapping[str, str] = field(default_factory=dict)
    tells_deleted: bool = False
    plans: Plans = "all"


@dataclass(frozen=True, slots=True)
class Group:
    """Lists of ours that come together, and the requests that bring them, one after the other."""

    kinds: tuple[Kind, ...]
    resources: tuple[Resource, ...]

    @property
    def has_delta(self) -> bool:
        return PROFILE.delta_kinds.issuperset(self.kinds)


_K = Kind
# Transaction analysis alone: group analysis is about contacts and products.
_TRANSACTIONS: Final = {"analysis_type_level": "TRANSACTION"}
# In the order in which they are pulled: what a connection cannot do without comes first.
GROUPS: Final = (
    Group((_K.CATEGORIES,), (Resource("/ledger_accounts", entries.ACCOUNT_ATTRIBUTES, entries.account),)),
    Group(
        (_K.SUPPLIERS, _K.CUSTOMERS),
        (Resource("/contacts", entries.CONTACT_ATTRIBUTES, entries.contact, tells_deleted=True),),
    ),
    Group(
        (_K.TAX_RATES,),
        # Percentages of the past are needed for papers of the past.
        (Resource("/tax_rates", entries.TAX_ATTRIBUTES, entries.tax_rate, {"include_historical_data": "true"}),),
    ),
    Group(
        (_K.BANK_ACCOUNTS,),
        (Resource("/bank_accounts", entries.BANK_ATTRIBUTES, entries.bank_account, tells_deleted=True),),
    ),
    Group(
        (_K.DIMENSIONS,),
        (
            Resource(
                "/analysis_types", entries.TYPE_ATTRIBUTES, entries.analysis_type, _TRANSACTIONS, plans="not_small"
            ),
            Resource(
                "/analysis_type_categories",
                entries.CATEGORY_ATTRIBUTES,
                entries.analysis_category,
                _TRANSACTIONS,
                plans="not_small",
            ),
        ),
    ),
    Group((_K.CURRENCIES,), (Resource("/currencies", "", entries.currency),)),
    Group(
        (_K.PRODUCTS,),
        (
            Resource("/products", entries.PRODUCT_ATTRIBUTES, entries.product, tells_deleted=True),
            Resource("/services", entries.PRODUCT_ATTRIBUTES, entries.service, tells_deleted=True),
            Resource("/stock_items", entries.PRODUCT_ATTRIBUTES, entries.stock_item, tells_deleted=True, plans="plus"),
        ),
    ),
)


@dataclass(frozen=True, slots=True)
class Step:
    """One request of a pass. `deleted`: it asks for what is gone; `since` is None in a full pass."""

    resource: Resource
    since: str | None
    deleted: bool = False

    def params(self, page: int) -> dict[str, str]:
        """What is asked for."""
        asked = {"page": str(page), "items_per_page": str(PAGE_SIZE), **self.resource.params}
        if self.resource.attributes:
            asked["attributes"] = self.resource.attributes
        if self.since is not None:
            asked["deleted_since" if self.deleted else "updated_or_created_since"] = self.since
        return asked


@dataclass(frozen=True, slots=True)
class Place:
    """Where a pass stands: its step, the page to ask for, and how many rows the step's list had at its first page."""

    step: int = 0
    number: int = 1
    total: int = -1

    @classmethod
    def read(cls, text: str | None) -> "Place":
        """From the text that `ListPage.next` was."""
        return cls(*(int(part) for part in text.split(":"))) if text else cls()

    def __str__(self) -> str:
        return f"{self.step}:{self.number}:{self.total}"


def list_page(session: Session, kinds: Sequence[Kind], page: str | None, since: str | None) -> ListPage:
    """One page of the lists; the pass goes through the group's requests in their order.

    Raises CallFailed when a list has become shorter between two pages: rows may have moved to a page already read.
    """
    group = next(one for one in GROUPS if set(kinds) <= set(one.kinds))
    steps = _steps(group, since)
    place = Place.read(page)
    step = steps[place.step]
    started = session.now()
    found, answered = _asked(session, step, place)
    if -1 < found.total < place.total:
        raise broken(f"{step.resource.path} became shorter while it was read")
    cursor = None
    if group.has_delta:
        elapsed = session.now() - started
        cursor = api.moment(answered - elapsed * session.pace - DELTA_OVERLAP)
    shown, gone = _sorted_out(group, step, found)
    return ListPage(shown, _next(steps, place, found), cursor, gone)


def _asked(session: Session, step: Step, place: Place) -> tuple[api.Page, datetime]:
    """A step's page and when it was answered; no rows where the business's plan does not have the list."""
    call = api.BusinessCall(session.organisation, "GET", step.resource.path, step.params(place.number))
    try:
        answer = api.request(session, call)
    except WholeRefused as refused:
        if not _is_of_larger_plan(session, step, place):
            raise CallFailed(refused.problem, sent=True) from refused
        return api.Page((), more=False, total=-1), session.now() - api.CLOCKS_DIFFER
    if answer.status != 200:
        raise api.unexpected(answer)
    return api.page_of(api.json_object(answer), place.number), api.answered_at(answer, session)


def _is_of_larger_plan(session: Session, step: Step, place: Place) -> bool:
    """Whether the plan is why a list was refused. Stock items need the rights that products need, which came first."""
    if step.resource.plans == "plus":
        return place.step > 0
    if step.resource.plans == "all":
        return False
    return api.plan_of(api.get(session, f"/businesses/{api.segment(session.organisation)}")) in SMALL_PLANS


def _steps(group: Group, since: str | None) -> list[Step]:
    if since is None or not group.has_delta:
        return [Step(resource, None) for resource in group.resources]
    changed = [Step(resource, since) for resource in group.resources]
    return [*changed, *(Step(one, since, deleted=True) for one in group.resources if one.tells_deleted)]


def _next(steps: Sequence[Step], place: Place, found: api.Page) -> str | None:
    if found.more:
        return str(Place(place.step, place.number + 1, found.total))
    return str(Place(place.step + 1)) if place.step + 1 < len(steps) else None


def _sorted_out(group: Group, step: Step, found: api.Page) -> tuple[tuple[Entry, ...], tuple[tuple[Kind, str], ...]]:
    """The entries of a page, and in a delta the kinds in which a row is no longer shown."""
    shown = () if step.deleted else tuple(entry for row in found.rows for entry in step.resource.read(row))
    if step.since is None:
        return shown, ()
    here = {(entry.kind, entry.provider_id) for entry in shown}
    rows = [one_id for row in found.rows if (one_id := api.text_of(row, "id"))]
    # A contact that is no supplier any more is gone from that list alone. Dimensions keep their ids marked.
    gone = [(kind, one_id) for one_id in rows for kind in group.kinds if (kind, one_id) not in here]
    return shown, tuple(gone) if len(group.kinds) > 1 or step.deleted else ()
