"""The settings that a connection takes over from the one whose place it is to take."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final, TypeVar

from shared.domain.connections import Destination, LockedPeriod, PublishAs, Settings
from shared.domain.items import Side
from shared.providers.facts import Profile
from shared.usecases.change_settings import SPECIAL

T = TypeVar("T")

_USUAL: Final = Settings()


def carried_settings(old: Settings, profile: Profile) -> Settings:
    """What the old connection did, as far as the new software (`profile`) offers it; what it does not is as usual.

    Default tax rates stay the old book's entries: a merge of the lists leads them into the new one, and until then
    what needs them says that they do not resolve.
    """
    no_use = {name: getattr(_USUAL, name) for name in SPECIAL if name not in profile.settings}
    costs = _offered(old.costs_destination, profile.destinations.get(Side.COSTS, ()))
    sales = _offered(old.sales_destination, profile.destinations.get(Side.SALES, ()))
    bills = profile.publish_as.get(Destination.PURCHASES, ())
    drafts = any(PublishAs.DRAFT in statuses for statuses in profile.publish_as.values())
    unlocked = old.locked_period is not LockedPeriod.DRAFT or drafts
    return replace(
        old,
        **no_use,
        costs_destination=costs,
        sales_destination=sales,
        publish_as=_offered(old.publish_as, profile.publish_as.get(costs, ()) or bills),
        sales_publish_as=_offered(old.sales_publish_as, profile.publish_as.get(sales, ())),
        claims_publish_as=_offered(old.claims_publish_as, [one for one in bills if one is not PublishAs.PAID]),
        locked_period=old.locked_period if unlocked else _USUAL.locked_period,
        version=_USUAL.version,
    )


def _offered(wanted: T, offered: Sequence[T]) -> T:
    """What is wanted where it is offered, else the first that is; where nothing is there is nothing to choose."""
    return wanted if wanted in offered or not offered else offered[0]
