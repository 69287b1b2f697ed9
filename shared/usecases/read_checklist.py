"""What is still to be set up on a connection before documents go through it as they should."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from shared.domain.accounts import Account
from shared.domain.connections import Connection, ConnectionStatus
from shared.domain.items import Side
from shared.domain.lists import Book, Kind
from shared.providers.facts import Profile
from shared.usecases.change_settings import settings_problems
from shared.usecases.entry_cache import EntryCache
from shared.usecases.readiness import book_of, kinds_of
from shared.usecases.service import Service


class Step(StrEnum):
    """The steps, in the order in which they make sense."""

    CONSENT = "consent"  # somebody with access to the software has allowed ours
    ORGANISATION = "organisation"
    LISTS = "lists"  # all of them were read, and none fails
    TAX_DEFAULTS = "tax_defaults"  # a rate for documents that name none, for each side
    BANK_ACCOUNT = "bank_account"  # a payment method with a bank account there: for what arrives paid
    SUPPLIER_ADDRESS = "supplier_address"  # a default one, where the software makes no supplier without
    SETTINGS = "settings"  # none names what is gone
    RULES = "rules"  # some supplier, customer or payment method has one


@dataclass(frozen=True, slots=True)
class Check:
    """One step: `lacking` names what keeps it from being done, where there are names to give."""

    step: Step
    done: bool
    lacking: tuple[str, ...] = ()


def read_checklist(service: Service, account: Account, connection: Connection) -> list[Check]:
    """The steps that a connection of its software has, each with whether it is done, without a call."""
    from shared.providers import registry

    lost = {ConnectionStatus.PENDING_CONSENT, ConnectionStatus.EXPIRED, ConnectionStatus.REVOKED}
    chosen = connection.organisation is not None
    checks = [
        Check(Step.CONSENT, not connection.is_ending and connection.status not in lost),
        Check(Step.ORGANISATION, chosen),
    ]
    if chosen:
        checks += _set_up(service, account, connection, registry.profile(connection.provider))
    return checks


def _set_up(service: Service, account: Account, connection: Connection, profile: Profile) -> Iterator[Check]:
    failing = [kind for kind in profile.kinds if not _is_in(connection, kind)]
    yield Check(Step.LISTS, not failing, tuple(kind.value for kind in failing))
    kinds = kinds_of(account, connection)
    if Kind.TAX_RATES in kinds:
        missing = _without_default(connection, profile)
        yield Check(Step.TAX_DEFAULTS, not missing, missing)
    if Kind.BANK_ACCOUNTS in kinds:
        yield Check(Step.BANK_ACCOUNT, _links_bank_account(service, account, connection))
    if "default_supplier_address" in profile.settings:
        settings = connection.settings
        yield Check(
            Step.SUPPLIER_ADDRESS, settings.default_supplier_address is not None or not settings.create_suppliers
        )
    problems = settings_problems(service, connection)
    yield Check(Step.SETTINGS, not problems, tuple(problem.field or "" for problem in problems))
    rules, _ = service.rules.page(account.tenant, account.id, None, 1)
    yield Check(Step.RULES, bool(rules))


def _is_in(connection: Connection, kind: Kind) -> bool:
    health = connection.lists.get(kind)
    return health is not None and health.last_good_at is not None and health.problem is None


def _without_default(connection: Connection, profile: Profile) -> tuple[str, ...]:
    settings = connection.settings
    if settings.tax_from_category:
        return ()
    named = {Side.COSTS: "default_costs_tax_rate", Side.SALES: "default_sales_tax_rate"}
    return tuple(name for side, name in named.items() if side in profile.destinations and not getattr(settings, name))


def _links_bank_account(service: Service, account: Account, connection: Connection) -> bool:
    book = book_of(account, connection)
    cache = EntryCache(service, account)
    methods = service.lists.all(Book.own(account.tenant, account.id), Kind.PAYMENT_METHODS)
    return any(method.usable and cache.linked(method, book) is not None for method in methods)
