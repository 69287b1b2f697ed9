"""Show what publishing an item would send, without a call."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from shared.domain.accounts import Account
from shared.domain.amending import UNPAID, Change
from shared.domain.code_item import sources_shown
from shared.domain.coding import Source
from shared.domain.connections import Connection, Destination, PublishAs
from shared.domain.errors import LedgerbridgeError, Problem, fail
from shared.domain.ids import marker_for
from shared.domain.integrations import Integration
from shared.domain.items import Item, ItemState, Stage
from shared.domain.readiness import coded
from shared.providers.contract import Draft, Provider, Target
from shared.usecases.edit_item import found_item
from shared.usecases.integrations import Ways, prepare_on
from shared.usecases.item_document import file_warning
from shared.usecases.publish_item import is_incomplete, way_of
from shared.usecases.readiness import Prepared
from shared.usecases.service import Service


@dataclass(frozen=True, slots=True)
class Payload:
    """One call's body as it would be sent: `text` is exactly the bytes, as a batch of one."""

    resource: str
    text: str


@dataclass(frozen=True, slots=True)
class Preview:
    """What publishing would do. `payloads` are in the order of sending, and empty while there are problems.

    `warnings` do not keep an item back: its file is too large, its payment is not recorded. `sources` say who said
    each field, by path, `rules` are the ids of the rules among them, by source. `changes` are what the connection's
    settings make go into the books otherwise than the item says.
    """

    integration: Integration
    connection: str
    provider: str
    organisation: str
    destination: Destination
    publish_as: PublishAs
    payloads: tuple[Payload, ...]
    problems: tuple[Problem, ...]
    warnings: tuple[Problem, ...]
    attaches: str | None
    sources: Mapping[str, Source] = field(default_factory=dict)
    rules: Mapping[str, str] = field(default_factory=dict)
    changes: tuple[Change, ...] = ()
    approver: str | None = None  # the name of who is to approve it first there


def preview_item(service: Service, account: Account, item_id: str) -> Preview:
    """The exact payloads and every problem found; raises not_found, no_connection."""
    ways = Ways(service, account)
    item, state, marker = found_item(service, account, item_id, ways.linked)
    way = way_of(ways, item, state) if marker is None else ways.of_marker(item, marker)
    connection = way.connection
    if connection is None:
        raise LedgerbridgeError(way.problem() or Problem("no_connection"))
    provider = service.provider(connection.provider)
    found = prepare_on(service, account, item, way, generation=state.generation)
    if found.target is None:
        raise fail("no_connection")
    problems = _state_problems(state, incomplete=is_incomplete(state, connection)) + found.problems
    return Preview(
        integration=way.integration,
        connection=connection.id,
        provider=connection.provider,
        organisation=connection.pinned.name,
        destination=found.target.destination,
        publish_as=found.target.publish_as,
        payloads=() if problems else tuple(_payloads(provider, found, found.target)),
        problems=problems,
        warnings=tuple(_warnings(item, connection, provider, found)),
        attaches=item.document.file_name if item.document and connection.settings.attach_files else None,
        sources=sources_shown(item, coded(item, connection.settings)),
        rules=item.rules,
        changes=found.changes,
        approver=found.resolved.approver.name if found.resolved.approver is not None else None,
    )


def _warnings(item: Item, connection: Connection, provider: Provider, found: Prepared) -> Iterator[Problem]:
    away, contact = connection.why_not_publishing(), found.resolved.contact
    if away is not None:
        yield away
    if connection.paused_at is not None:
        yield Problem("connection_paused")
    if connection.settings.warn_new_supplier and contact is not None and contact.provider_id is None:
        yield Problem("supplier_new", "contact", details={"name": contact.name})
    if any(change.reason == UNPAID for change in found.changes):
        yield Problem(UNPAID, "publish_as")
    if connection.settings.attach_files:
        too_large = file_warning(item.document, provider.profile.publishing.file_bytes)
        if too_large is not None:
            yield too_large


def _state_problems(state: ItemState, *, incomplete: bool) -> tuple[Problem, ...]:
    if state.stage is Stage.UNKNOWN:
        return (Problem("outcome_unknown"),)
    if state.stage is Stage.PUBLISHED and not incomplete:
        return (Problem("already_published"),)
    if state.claim is not None and state.published is None:
        return (Problem("item_in_claim", details={"claim": state.claim}),)
    return ()


def _payloads(provider: Provider, found: Prepared, target: Target) -> list[Payload]:
    """The new contact if there is one, then the document. A payment names the document's id, so it follows later."""
    contact = found.resolved.contact
    drafts = []
    if contact is not None and contact.provider_id is None:
        # As the worker does it: the contact's marker follows from its entry; the document then names its new id.
        drafts.append(provider.new_supplier(contact, marker_for(found.item.tenant, contact.id, 1)))
    drafts.append(provider.draft(found.item, found.resolved, target))
    return [_payload(provider, draft) for draft in drafts]


def _payload(provider: Provider, draft: Draft) -> Payload:
    return Payload(draft.resource, provider.body(draft.resource, [draft.element]).decode())
