"""A main connection that publishes on behalf of a secondary: into books in which others then approve the document."""

from dataclasses import replace

from shared.domain.approvals import Delivery
from shared.domain.connections import Connection, Destination, PublishAs
from shared.providers.facts import Profile


def delivery_of(secondary: Connection, main: Connection | None) -> Delivery | None:
    """How documents reach the secondary; None for software that there is one way to, or while there is no main one."""
    from shared.providers import registry

    if main is None:
        return None
    offered = deliveries(registry.profile(secondary.provider), registry.profile(main.provider))
    return secondary.settings.delivery or next(iter(offered), None)


def deliveries(profile: Profile, main: Profile) -> tuple[Delivery, ...]:
    """The ways in that work beside this main software: through the books only where a bill can wait there."""
    waits = PublishAs.AWAITING_APPROVAL in main.publish_as.get(Destination.PURCHASES, ()) and main.approval_statuses
    return tuple(way for way in profile.deliveries if way is not Delivery.LEDGER or waits)


def on_behalf_of(main: Connection, secondary: Connection) -> Connection:
    """The main connection as items meet it that go through the books for a secondary: with the secondary's settings.

    For coding, checking and mapping alone: it is never stored.
    """
    settings = replace(
        secondary.settings,
        costs_destination=Destination.PURCHASES,
        publish_as=PublishAs.AWAITING_APPROVAL,
        claims_publish_as=PublishAs.AWAITING_APPROVAL,
        delivery=Delivery.LEDGER,
    )
    return replace(main, settings=settings)
