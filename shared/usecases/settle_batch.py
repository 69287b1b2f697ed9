"""Bring one batch to its end: send it, find out what is unknown, write the outcomes to its items, close it."""

from collections.abc import Sequence
from dataclasses import replace

from shared.domain.connections import Connection
from shared.domain.errors import Problem
from shared.domain.publishing import Answered, Batch, BatchStatus, FactKind
from shared.domain.settling import SENDS_WITH_ONE_KEY, Step, missing, next_step
from shared.usecases.conclude_documents import conclude_documents, finish_documents
from shared.usecases.conclude_payments import conclude_payments
from shared.usecases.conclude_suppliers import conclude_suppliers
from shared.usecases.drain import Drain, NotBefore
from shared.usecases.look_up import look_up
from shared.usecases.send_batch import send_batch
from shared.usecases.unknown_messages import count_unknown
from shared.usecases.withdraw import withdraw

_CONCLUDE = {
    FactKind.DOCUMENTS: conclude_documents,
    FactKind.PAYMENTS: conclude_payments,
    FactKind.SUPPLIERS: conclude_suppliers,
}


def settle_or_pass(drain: Drain, batch: Batch) -> None:
    """Settle a batch; one that fails at a provider which works otherwise waits alone, and others go past it.

    What cannot be told from its elements waits with it: documents of its resource where they carry no marker, and
    items whose supplier is among them. While it rests nothing of it can be at the provider: only the latter wait.
    """
    if batch.resource in drain.closed_resources:
        return
    try:
        settle_batch(drain, batch)
    except NotBefore as early:
        if early.failing is None and not early.alone and not early.rests:
            raise
        drain.passed.append(early)
        if early.alone:
            return
        if batch.fact is FactKind.SUPPLIERS:
            drain.waiting_suppliers |= {member.subject for member in batch.members}
        elif not early.rests and not all(member.carries_marker for member in batch.members):
            drain.closed_resources.add(batch.resource)


def settle_batch(drain: Drain, batch: Batch) -> None:
    """Take a batch from wherever it was left to CLOSED, or raise what says when to come back.

    Raises NotBefore while an outcome cannot be known yet, LimitReached, OutOfTime, CallFailed and AccessLost. Every
    step may be repeated: a worker that died anywhere leaves a batch that the next holder settles the same way.
    Through a connection that is ending nothing is sent any more: what never went out is withdrawn, what did is looked
    up.
    """
    connection = drain.connection(batch.account, batch.connection)
    todo = [batch]
    try:
        while todo:
            todo += reversed(_step(drain, connection, todo.pop()))
    except Exception:
        drain.write_held()  # a person sees what is there, whatever still has to follow
        raise


def _step(drain: Drain, connection: Connection, batch: Batch) -> list[Batch]:
    """What is to be settled next in the batch's place; nothing once it is closed or split."""
    if batch.status is BatchStatus.PREPARED:
        if connection.is_ending and not _may_be_there(drain, batch):
            return withdraw(drain, connection, batch)
        if batch.rests_until is not None and drain.now() < batch.rests_until:
            raise NotBefore(batch.rests_until, rests=True)
        return _start(drain, connection, batch)
    if batch.status in {BatchStatus.SENDING, BatchStatus.UNKNOWN}:
        return _resolve(drain, connection, batch)
    return _conclude(drain, connection, batch) if batch.status is BatchStatus.ANSWERED else []


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
    if drain.pooled is not None and batch.fact is FactKind.DOCUMENTS and any(one.has_file for one in batch.members):
        drain.pooled.append((batch, answers))
    else:
        finish(drain, connection, [(begun(drain, batch), answers)])
    return []


def finish(drain: Drain, connection: Connection, answered: Sequence[Answered]) -> None:
    """Close batches whose outcomes are written; documents first get their files."""
    documents = [(batch, answers) for batch, answers in answered if batch.fact is FactKind.DOCUMENTS]
    if documents:
        finish_documents(drain, connection, documents)
    for batch, answers in answered:
        drain.service.batches.update(batch.moved(BatchStatus.CLOSED, epoch=drain.epoch))
        count_unknown(answer.problem for answer in answers)


def begun(drain: Drain, batch: Batch) -> Batch:
    """Files that were left go up from now on: written down first, for whoever comes when this worker has died."""
    if not batch.files_left:
        return batch
    return drain.service.batches.update(replace(batch, files_left=False, epoch=drain.epoch))


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
        may_resend=not connection.is_ending,
    )
    if step.step is Step.RESEND:
        return send_batch(drain, connection, batch)
    if step.step is Step.WAIT and step.at is not None:
        failing = batch.failure or Problem("provider_unavailable")
        raise NotBefore(step.at, failing=failing if batch.rounds else None)
    return look_up(drain, connection, batch, answers)
