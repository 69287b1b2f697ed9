"""What a connection does by default, and which of an account's connections publishing goes through."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from shared.domain.accounts import Account, Caller, Event
from shared.domain.connections import Connection, Destination, LockedPeriod, PublishAs, Settings, Slot
from shared.domain.errors import LedgerbridgeError, Problem, fail
from shared.domain.items import Side
from shared.domain.lists import Kind
from shared.providers.facts import Profile
from shared.storage.accounts import recoding
from shared.usecases.beside_main import main_of
from shared.usecases.entry_cache import EntryCache
from shared.usecases.happenings import happened
from shared.usecases.integrations import Ways, check_named
from shared.usecases.on_behalf import deliveries
from shared.usecases.readiness import book_of
from shared.usecases.recheck_items import OPEN
from shared.usecases.record_refresh import ask_recheck
from shared.usecases.service import Service
from shared.usecases.update_connection import update_connection

_SLOTS: Final = frozenset({"publishing_integration", "expense_claims_integration"})  # among an account's defaults
MOST_COUNTED: Final = 1000  # items looked through to say how many a new default moves
_PAGE: Final = 250


def change_settings(
    service: Service, caller: Caller, connection: Connection, changes: Mapping[str, Any], *, read_as: int | None
) -> Connection:
    """Change some of a connection's settings (fields of Settings); `read_as` is the settings' version the caller saw.

    What is ready and what is not is worked out anew for the account's open items.

    Raises destination_not_offered, plan_without_bills, invalid_request, tax_rate_not_found, tax_wrong_side,
    precondition_failed, connection_not_active.
    """
    from shared.providers import registry

    profile = registry.profile(connection.provider)

    def change(current: Connection) -> tuple[Connection, Event] | None:
        if not current.is_live:
            raise fail("connection_not_active", status=current.status.value)
        if read_as is not None and current.settings.version != read_as:
            raise fail("precondition_failed", current=current.settings.version)
        wanted = replace(current.settings, **changes)
        if wanted == current.settings:
            return None
        problems = [
            *_unoffered(profile, wanted, changes),
            *(_without_bills(profile, current, wanted) if "costs_destination" in changes else ()),
            *not_taken(profile, changes),
            *_claims_or_locks(profile, wanted, changes),
            *_no_such_delivery(service, current, profile, wanted),
            *_bad_tax_rates(service, current, wanted),
        ]
        if problems:
            raise LedgerbridgeError(*problems)
        after = replace(wanted, version=current.settings.version + 1)
        event = happened(
            service,
            current.account,
            "settings.changed",
            by=caller,
            subject=current.id,
            before={name: str(getattr(current.settings, name)) for name in changes},
            after={name: str(value) for name, value in changes.items()},
        )
        return replace(current, settings=after), event

    recode = recoding(connection.tenant, connection.account)
    before, after = connection.settings.version, update_connection(service, connection, change, beside=recode)
    if after.settings.version != before:
        ask_recheck(service, connection.tenant, connection.account)
    return after


def _unoffered(profile: Profile, wanted: Settings, changes: Mapping[str, Any]) -> list[Problem]:
    sides = (
        (Side.COSTS, "costs_destination", wanted.costs_destination, "publish_as", wanted.publish_as),
        (Side.SALES, "sales_destination", wanted.sales_destination, "sales_publish_as", wanted.sales_publish_as),
    )
    problems = []
    for side, destination_field, destination, status_field, status in sides:
        if side not in profile.destinations and changes.keys().isdisjoint({destination_field, status_field}):
            continue  # a side that the software does not have keeps what nothing reads
        if destination not in profile.destinations.get(side, ()):
            problems.append(Problem("destination_not_offered", field=destination_field))
        offered = profile.publish_as.get(destination, ())
        if offered and status not in offered:  # a destination without statuses of its own takes any setting
            reason = f"{profile.title} offers {', '.join(offered)}"
            problems.append(Problem("invalid_request", field=status_field, details={"reason": reason}))
    return problems


def _without_bills(profile: Profile, connection: Connection, wanted: Settings) -> Iterator[Problem]:
    """Costs that would go where the organisation's plan has nothing."""
    plan = connection.organisation.plan if connection.organisation is not None else None
    if profile.lacks(plan, wanted.costs_destination):
        yield Problem("plan_without_bills", field="costs_destination", details={"plan": plan or ""})


# Settings that only some software has a use for; its profile names those that it takes.
SPECIAL: Final = frozenset(
    {
        "default_costs_tax_rate_without_tax",
        "default_sales_tax_rate_without_tax",
        "default_supplier_address",
        "delivery",
        "bank_match",
        "duplicate_at_provider",
        "costs_paid",
        "sales_paid",
        "tax_policy",
        "tax_from_category",
        "multi_currency",
        "own_rate",
    }
)
_NEW: Final = Settings()


def not_taken(profile: Profile, changes: Mapping[str, Any]) -> list[Problem]:
    """Changes of settings that the software has no use for; what every connection begins with may be said of any."""
    return [
        Problem("invalid_request", field=name, details={"reason": f"{profile.title} has no use for this setting"})
        for name, value in changes.items()
        if name in SPECIAL and value != getattr(_NEW, name) and name not in profile.settings
    ]


def _claims_or_locks(profile: Profile, wanted: Settings, changes: Mapping[str, Any]) -> Iterator[Problem]:
    """How claims arrive, and drafts in the place of what a lock holds back, where the software has no such status."""
    bills = profile.publish_as.get(Destination.PURCHASES, ())
    offered = [one for one in bills if one is not PublishAs.PAID]  # a claim is unpaid: its person is still to be paid
    if "claims_publish_as" in changes and wanted.claims_publish_as not in offered:
        reason = f"{profile.title} offers {', '.join(offered) or 'no status'}"
        yield Problem("invalid_request", field="claims_publish_as", details={"reason": reason})
    drafts = any(PublishAs.DRAFT in statuses for statuses in profile.publish_as.values())
    if "locked_period" in changes and wanted.locked_period is LockedPeriod.DRAFT and not drafts:
        details = {"reason": f"{profile.title} has no drafts"}
        yield Problem("invalid_request", field="locked_period", details=details)


def settings_problems(service: Service, connection: Connection) -> list[Problem]:
    """What is wrong with a connection's settings by now: bills where the plan has none, entries that vanished or
    turned into another side's.
    """
    from shared.providers import registry

    if not connection.is_live or connection.organisation is None:
        return []
    profile, settings = registry.profile(connection.provider), connection.settings
    return [*_without_bills(profile, connection, settings), *_bad_tax_rates(service, connection, settings)]


def _no_such_delivery(
    service: Service, connection: Connection, profile: Profile, wanted: Settings
) -> Iterator[Problem]:
    """A way in that does not work beside the account's main connection."""
    from shared.providers import registry

    if wanted.delivery in {None, connection.settings.delivery} or not profile.deliveries:
        return
    main = main_of(service, connection)
    offered = deliveries(profile, registry.profile(main.provider)) if main is not None else ()
    if wanted.delivery not in offered:
        reason = f"beside this main connection {profile.title} takes documents by: {', '.join(offered) or 'none'}"
        yield Problem("invalid_request", field="delivery", details={"reason": reason})


def _bad_tax_rates(service: Service, connection: Connection, wanted: Settings) -> list[Problem]:
    sides = (
        ("default_costs_tax_rate", wanted.default_costs_tax_rate, "costs"),
        ("default_sales_tax_rate", wanted.default_sales_tax_rate, "sales"),
        ("default_costs_tax_rate_without_tax", wanted.default_costs_tax_rate_without_tax, "costs"),
        ("default_sales_tax_rate_without_tax", wanted.default_sales_tax_rate_without_tax, "sales"),
    )
    named = [(field, entry, side) for field, entry, side in sides if entry is not None]
    if not named:
        return []
    account = service.accounts.get(connection.tenant, connection.account) if connection.organisation else None
    cache = EntryCache(service, account)
    problems = []
    for field, entry_id, side in named:
        entry = cache.get(book_of(account, connection), Kind.TAX_RATES, entry_id) if account is not None else None
        if entry is None or not entry.usable:
            problems.append(Problem("tax_rate_not_found", field=field))
        elif entry.values.get(side) is False:
            problems.append(Problem("tax_wrong_side", field=field))
    return problems


@dataclass(frozen=True, slots=True)
class Defaulted:
    """The account with its new defaults, and how many of its open items go elsewhere by them.

    `looked_at` open items were counted through, of the newest; `whole` is False when there are more.
    """

    account: Account
    moved: int
    looked_at: int
    whole: bool


def change_defaults(service: Service, caller: Caller, account: Account, changes: Mapping[str, Any]) -> Defaulted:
    """Choose the slot that publishing, or expense claims, go through, and what else holds for the whole account.

    Open items follow another slot, what is queued keeps what it was queued for. Raises no_connection for a slot that
    is empty.
    """
    ways = Ways(service, account)
    for field in _SLOTS & changes.keys():
        check_named(ways, changes[field], field)
    values: dict[str, Any] = {
        name: value.value if isinstance(value, Slot) else value for name, value in changes.items()
    }
    event = happened(
        service,
        account.id,
        "defaults.changed",
        by=caller,
        before={name: getattr(account, name) for name in changes},
        after=dict(values),
    )
    wanted = replace(account, **values)
    elsewhere = any(getattr(wanted, slot) != getattr(account, slot) for slot in _SLOTS)
    stored = service.accounts.update(wanted, event, recode=elsewhere)
    after = Ways(service, stored, ways.linked)
    moved, looked_at, whole = _moved(ways, after)
    if moved or not whole:
        ask_recheck(service, account.tenant, account.id)
    return Defaulted(stored, moved, looked_at, whole)


def _moved(before: Ways, after: Ways) -> tuple[int, int, bool]:
    """How many open items go elsewhere, of how many, and whether those were all."""
    account, cursor = before.account, None
    moved = looked_at = 0
    while looked_at < MOST_COUNTED:
        page, cursor = before.service.items.page(account.tenant, account.id, cursor, _PAGE, connections=before.linked)
        looked_at += len(page)
        open_items = [one.state.summary for one in page if one.stage in OPEN]
        before.load(open_items)
        after.load(open_items)
        moved += sum(before.of(one).integration.slot is not after.of(one).integration.slot for one in open_items)
        if cursor is None:
            return moved, looked_at, True
    return moved, looked_at, False
