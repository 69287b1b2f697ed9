"""A secondary that works on the main connection's books: whether it does, and what follows for it."""

from dataclasses import replace

from shared.domain.approvals import Ledger
from shared.domain.connections import Connection, Destination, Organisation, Settings, Slot
from shared.domain.errors import fail
from shared.usecases.on_behalf import delivery_of
from shared.usecases.service import Service


def main_of(service: Service, connection: Connection) -> Connection | None:
    """The account's main connection, where it is live and has an organisation."""
    every = service.connections.of_account(connection.tenant, connection.account)
    mains = [one for one in every if one.slot is Slot.MAIN and one.is_linked]
    return min(mains, key=lambda one: one.is_ending, default=None)


def on_books_of_main(connection: Connection, main: Connection | None, organisation: Organisation) -> Organisation:
    """The organisation of a secondary with the books it works on, as they are known from the main connection.

    Organisations without books of others come back as they are. Raises organisation_not_of_main.
    """
    ledger = organisation.ledger
    if connection.slot is Slot.MAIN or ledger is None:
        return organisation
    if main is None:
        raise fail("main_connection_missing")
    if not ledger.is_of(main.book, main.pinned.name):
        raise fail("organisation_not_of_main", field="organisation_id", main=main.pinned.name, books=ledger.name)
    return replace(
        organisation,
        ledger=Ledger(main.pinned.name, main.provider, main.pinned.id),
        base_currency=organisation.base_currency or main.pinned.base_currency,
        country=organisation.country or main.pinned.country,
    )


def first_settings(connection: Connection, main: Connection | None) -> Settings:
    """What a new connection does by default: the usual settings, as far as its software offers them."""
    from shared.providers import registry

    settings, profile = connection.settings, registry.profile(connection.provider)
    offered = profile.publish_as.get(Destination.PURCHASES, ())
    if offered and settings.publish_as not in offered:
        settings = replace(settings, publish_as=offered[0])
    if offered and settings.claims_publish_as not in offered:
        settings = replace(settings, claims_publish_as=offered[0])
    if profile.deliveries:
        settings = replace(settings, delivery=delivery_of(connection, main))
    return settings
