"""Lists: the entries of a book that items and rules refer to by local id."""

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any, Final

from shared.domain.ids import derived_id

SHARDS: Final = 16
_SURVIVOR_STEPS: Final = 5  # contacts merged into contacts that were merged in turn
OWN_BOOK_PROVIDER: Final = "own"


class Kind(StrEnum):
    """What a list is a list of. Dimension values are entries of `dimensions` whose `parent` is their dimension."""

    CATEGORIES = "categories"
    SUPPLIERS = "suppliers"
    CUSTOMERS = "customers"
    TAX_RATES = "tax_rates"
    BANK_ACCOUNTS = "bank_accounts"
    PAYMENT_METHODS = "payment_methods"
    PRODUCTS = "products"
    PROJECTS = "projects"
    DIMENSIONS = "dimensions"
    CURRENCIES = "currencies"
    USERS = "users"
    APPROVERS = "approvers"


# A connection is active once those of these that its software has are in: without them nothing can be coded.
ESSENTIAL_KINDS: Final = frozenset({Kind.CATEGORIES, Kind.SUPPLIERS, Kind.TAX_RATES})


class EntryStatus(StrEnum):
    ACTIVE = "active"
    INACTIVE = "inactive"


@dataclass(frozen=True, slots=True)
class Book:
    """Where entries live: an organisation in some software, seen from one account, or the account's own lists."""

    tenant: str
    account: str
    provider: str
    organisation: str

    @classmethod
    def own(cls, tenant: str, account: str) -> "Book":
        return cls(tenant, account, OWN_BOOK_PROVIDER, account)

    @property
    def key(self) -> str:
        """The book within its account, as accounts name their books."""
        return f"{self.provider}:{self.organisation}"

    @classmethod
    def of_key(cls, tenant: str, account: str, key: str) -> "Book":
        provider, _, organisation = key.partition(":")
        return cls(tenant, account, provider, organisation)

    def entry_id(self, kind: Kind, provider_id: str) -> str:
        """The local id of what the provider calls `provider_id`: the same at every connection of this organisation."""
        return derived_id(self.tenant, self.account, self.provider, self.organisation, kind, provider_id)

    def named_id(self, kind: Kind, name: str) -> str:
        """The local id of a contact that was made here under a name, before the provider had it."""
        return derived_id(self.tenant, self.account, self.provider, self.organisation, kind, "name", folded(name))


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of a list. `values` are the provider's own, in neutral names where we use them (see below).

    Used values: categories: class (expense, revenue, asset, liability, equity), type, default_tax_rate (provider id),
    payments_enabled; tax_rates: rate (percent as text; costs_rate and sales_rate where they differ; periods, each with
    rate, from and to, where it changes), costs, sales (bool), components; suppliers and customers: email, tax_number,
    currency, address (by the names of Address), and what the software fills in on their documents: default_category
    (provider id) or default_category_code, default_tax_rate (provider id), due_days after due_after (date,
    end_of_month);
    bank_accounts: currency, type (bank, credit_card); payment_methods: bank_accounts ({book key: entry id});
    currencies: code is the ISO code; products: ...; dimension values: parent.
    """

    id: str
    kind: Kind
    name: str
    code: str | None = None
    status: EntryStatus = EntryStatus.ACTIVE
    visible: bool = True
    provider_id: str | None = None
    parent: str | None = None
    survivor: str | None = None
    values: dict[str, Any] = field(default_factory=dict)

    def digest(self) -> str:
        """Eight hexadecimal characters that change when anything the provider said of the entry changes."""
        said = [self.name, self.code, self.status, self.provider_id, self.parent, self.survivor, self.values]
        return hashlib.sha256(json.dumps(said, sort_keys=True, default=str).encode()).hexdigest()[:8]

    @property
    def version(self) -> int:
        """A number that changes with everything a caller sees of the entry: If-Match is compared with it.

        It follows from the content, for most entries are the provider's and a refresh writes only what is new there.
        """
        return int(self.digest(), 16) * 2 + self.visible

    @property
    def usable(self) -> bool:
        return self.status is EntryStatus.ACTIVE and self.survivor is None


def survivor_of(entry: Entry, read: Callable[[str], Entry | None]) -> Entry | None:
    """The entry that stands for one which was merged into another, here or in the software; itself where it was not.

    None where the survivor is not there. Of two that were merged into each other, here one way and in the software the
    other, the one that is alive in the software counts.
    """
    passed = {entry.id: entry}
    while entry.survivor is not None and len(passed) <= _SURVIVOR_STEPS:
        if entry.survivor in passed:
            alive = (one for one in passed.values() if one.status is EntryStatus.ACTIVE)
            return replace(next(alive, entry), survivor=None)
        following = read(entry.survivor)
        if following is None:
            return None
        passed[following.id] = entry = following
    return entry


def shard_of(entry_id: str) -> int:
    """Which of the 16 shards of its kind holds an entry; follows from the id, so a reference is one read."""
    return int(hashlib.sha256(entry_id.encode()).hexdigest()[:2], 16) % SHARDS


def folded(name: str) -> str:
    """A name as it is compared: without case and surplus space. Accents count: Müller is not Muller."""
    return " ".join(name.split()).casefold()
