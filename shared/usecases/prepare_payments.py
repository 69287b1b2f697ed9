"""Make the payment batch of the documents that arrived paid."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from shared.domain.connections import Connection
from shared.domain.errors import Problem
from shared.domain.ids import derived_id, marker_for
from shared.domain.items import Fact, FactOutcome, Published
from shared.domain.publishing import Batch, FactKind, Member
from shared.providers.contract import Draft, Wanted
from shared.usecases.drain import Drain
from shared.usecases.prepare_batch import new_batch, store_batch
from shared.usecases.readiness import prepare

NOT_LINKED: Final = Problem("bank_account_not_linked", "payment_method")


def prepare_payments(drain: Drain, connection: Connection, documents: Batch) -> Batch | None:
    """The batch that pays what is still to be paid of these documents, or None when nothing is (left) to pay.

    Its id follows from the document batch's: a worker that died after making it finds it again and makes no second.
    """
    if not any(member.has_payment for member in documents.members):
        return None
    payments_id = derived_id(documents.id, "payments")
    existing = drain.service.batches.get(documents.tenant, documents.provider, documents.organisation, payments_id)
    if existing is not None:
        return existing if existing.is_open else None
    drafts = payment_drafts(drain, connection, _unpaid(drain, documents))
    if not drafts:
        return None
    batch = new_batch(drain, connection, FactKind.PAYMENTS, payments_id, drafts)
    return store_batch(drain, replace(batch, claim=documents.claim, parent=documents.id), drafts)


def _unpaid(drain: Drain, documents: Batch) -> dict[str, Published]:
    states = drain.states(documents.account, [member.subject for member in documents.members if member.has_payment])
    return {
        item: state.published
        for item, state in states.items()
        if state.published and state.published.payment and state.published.payment.outcome is FactOutcome.PENDING
    }


def payment_drafts(drain: Drain, connection: Connection, unpaid: Mapping[str, Published]) -> list[tuple[Member, Draft]]:
    """A payment for each of these published documents; one that cannot be made any more is written down as failed."""
    account = connection.account
    states, items = drain.states(account, unpaid), drain.claimed_items(account, unpaid)
    drafts = []
    for item_id, item in items.items():
        published = unpaid[item_id]
        marker = marker_for(drain.tenant, f"{item_id}/payment", states[item_id].generation)
        found = prepare(drain.service, drain.account(item.account), item, connection, cache=drain.entries)
        if found.resolved.bank_account is None:  # archived or unlinked since the document went out
            unpaid_now = replace(published, payment=Fact(FactOutcome.FAILED, problem=NOT_LINKED))
            drain.save_state(item.account, replace(states[item_id], published=unpaid_now, last_error=NOT_LINKED))
            continue
        wanted = Wanted(published.document_type, published.document_id)
        draft = drain.provider.payment(found.item, wanted, found.resolved, marker)
        member = Member(item_id, marker, dict(draft.fingerprint), account, refers_to=published.document_id)
        drafts.append((member, draft))
    return drafts
