"""The organisations of a consent, shown for the explicit choice."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Final

from shared.domain.connections import Connection, Organisation, OrganisationOffer
from shared.domain.errors import LedgerbridgeError
from shared.usecases.ask_consent import Asking, consent_of
from shared.usecases.service import Service

FACTS_FOR: Final = 25  # organisations whose country, currency and plan are asked for: one call each
AT_ONCE: Final = 4
ENOUGH_TIME: Final = timedelta(seconds=4)  # left when the last facts may be asked for


def list_organisations(service: Service, connection: Connection) -> list[OrganisationOffer]:
    """What the consent covers, in the provider's order, each with its facts where they could be had in time.

    `already_linked` tells of any live connection of this tenant to it. Raises connection_not_active before a consent
    was redeemed, connection_expired, rate_limited, provider_unavailable.
    """
    asking = Asking(service, connection.tenant, consent_of(connection))
    provider = service.provider(connection.provider)
    event = asking.access.grant.consent_event
    found = asking.call(lambda session: provider.organisations(session, event))
    subject = asking.access.grant.subject

    def with_facts(organisation: Organisation) -> Organisation:
        if organisation.base_currency or service.clock.now() + ENOUGH_TIME > asking.deadline:
            return organisation
        try:
            facts = asking.call(lambda session: provider.organisation(session, subject), organisation.id)
        except LedgerbridgeError:
            return organisation  # one organisation's trouble must not hide the others
        return facts

    # The pool ends with the block: no thread outlives the request.
    with ThreadPoolExecutor(AT_ONCE) as pool:
        shown = [*pool.map(with_facts, found[:FACTS_FOR]), *found[FACTS_FOR:]]
    return [OrganisationOffer(one, _is_linked(service, connection, one.id)) for one in shown]


def _is_linked(service: Service, connection: Connection, organisation: str) -> bool:
    """Only what this tenant may know: another tenant's connection shows at the choice, without saying whose."""
    return any(
        holder.tenant == connection.tenant and holder.connection != connection.id
        for holder in service.organisations.holders(connection.provider, organisation)
    )
