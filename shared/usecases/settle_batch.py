"""Bring one batch to its end: send it, find out what is unknown, write the outcomes to its items, close it."""

from dataclasses import replace

from shared.domain.connections import Connection
from shared.domain.publishing import Batch, BatchStatus, ElementAnswer, FactKind, Member, Verdict
from shared.domain.settling import SENDS_WITH_ONE_KEY, Step, may_conclude_absent, missing, next_step, trusted
from shared.providers.contract import Session
from shared.usecases.access_token import Access
from shared.usecases.conclude_documents import conclude_documents
from shared.usecases.conclude_payments import conclude_payments
from shared.usecases.conclude_suppliers import conclude_suppliers
from shared.usecases.drain import Drain, NotBefore
from shared.usecases.send_batch import send_batch
from shared.usecases.split_batch import resend_absent

_CONCLUDE = {
    FactKind.DOCUMENTS: conclude_documents,
    FactKind.PAYMENTS: conclude_payments,
    FactKind.SUPPLIERS: conclude_suppliers,
}


def settle_batch(drain: Drain, batch: Batch) -> None:
    """Take a batch from wherever it was left to CLOSED, or raise what says when to come back.

    Raises NotBefore while an outcome cannot be known yet, LimitReached, OutOfTime, CallFailed and AccessLost. Every
    step may be repeated: a worker that died anywhere leaves a batch that the next holder settles the same way.
    """
    connection = drain.connection(batch.account, batch.connection)
    todo = [batch]
    while todo:
        current = todo.pop()
        if current.status is BatchStatus.PREPARED:
            todo += reversed(_start(drain, connection, current))
        elif current.status in {BatchStatus.SENDING, BatchStatus.UNKNOWN}:
            todo += reversed(_resolve(drain, connection, current))
        elif current.status is BatchStatus.ANSWERED:
            todo += reversed(_conclude(drain, connection, current))


def _start(drain: Drain, connection: Connection, batch: Batch) -> list[Batch]:
    """Send a prepared batch. What a restore has made uncertain counts as sent before it, and is looked up first."""
    if not _may_be_there(drain, batch):
        return send_batch(drain, connection, batch)
    sent = batch.moved(
        BatchStatus.SENDING,
        attempt=SENDS_WITH_ONE_KEY,  # whatever went out had another key: this one is worth nothing
        epoch=drain.epoch,
        first_sent_at=drain.standing.restored_to,
        sent_at=drain.standing.restored_at,
    )
    return [drain.service.batches.update(sent)]


def _may_be_there(drain: Drain, batch: Batch) -> bool:
    """Whether elements of a prepared batch may have gone out in a time that a restore has taken from our records.

    Suppliers need no look: providers refuse a second one of the same name, and that refusal is looked up.
    """
    standing = drain.standing
    if standing.restored_at is None or batch.fact is FactKind.SUPPLIERS:
        return False
    if standing.unsure_of(batch.created_at):
        return True
    if batch.proven_absent:
        return False
    subjects = [member.subject for member in batch.members]
    items = drain.service.items.batch_get(drain.tenant, batch.account, subjects)
    return any(item not in items or standing.unsure_of(items[item].created_at) for item in subjects)


def _conclude(drain: Drain, connection: Connection, batch: Batch) -> list[Batch]:
    answers = drain.service.batches.answers(batch)
    follow_on = _CONCLUDE[batch.fact](drain, connection, batch, answers)
    if follow_on:
        # The payments of these documents: settled first, and then this batch is concluded once more.
        return [*follow_on, batch]
    drain.service.batches.update(batch.moved(BatchStatus.CLOSED, epoch=drain.epoch))
    return []


def _resolve(drain: Drain, connection: Connection, batch: Batch) -> list[Batch]:
    """One step towards knowing what became of a batch whose answer was lost, cut short, or never written down."""
    if batch.status is BatchStatus.SENDING:
        batch = drain.service.batches.update(batch.moved(BatchStatus.UNKNOWN, epoch=drain.epoch))
    answers = drain.service.batches.answers(batch)
    if not missing(batch.members, answers):  # its worker died between the two writes
        return [drain.service.batches.update(batch.moved(BatchStatus.ANSWERED, epoch=drain.epoch))]
    access = drain.access(connection)
    step = next_step(
        batch,
        drain.now(),
        drain.patience(),
        token=(access.grant_id, access.token_version),
        partly_answered=bool(answers),
    )
    if step.step is Step.RESEND:
        return send_batch(drain, connection, batch)
    if step.step is Step.WAIT and step.at is not None:
        raise NotBefore(step.at)
    return _look_up(drain, connection, batch, answers)


def _look_up(drain: Drain, connection: Connection, batch: Batch, answers: list[ElementAnswer]) -> list[Batch]:
    drain.need_time_for_a_call()
    started = drain.now()
    open_members = missing(batch.members, answers)
    held = drain.service.items.held_documents(drain.tenant, drain.provider_name, drain.organisation, batch.resource)

    def attempt(session: Session, _: Access) -> list[ElementAnswer]:
        return drain.provider.find(session, replace(batch, members=open_members), held)

    found = drain.call(connection, attempt)
    known = [*answers, *_proven(open_members, found)]
    absent = missing(open_members, known)
    if absent and not may_conclude_absent(batch, started, drain.patience()):
        looked = replace(batch, looked_up=batch.looked_up + 1, epoch=drain.epoch)
        return [drain.service.batches.put_answers(looked, known)]
    if not absent:
        return [drain.service.batches.put_answers(batch.moved(BatchStatus.ANSWERED, epoch=drain.epoch), known)]
    return resend_absent(drain, batch, known, absent)


def _proven(members: tuple[Member, ...], found: list[ElementAnswer]) -> list[ElementAnswer]:
    """What a look-up proved. An ambiguous match is certain in one way: only a person can tell, so it is held."""
    ambiguous = [answer for answer in found if answer.verdict is Verdict.UNKNOWN]
    return [*trusted(members, found), *ambiguous]
