"""What published items still lack: the document that a person named, approver, file and payment, each for itself."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace

from shared.domain.connections import Connection
from shared.domain.errors import ConflictError
from shared.domain.items import FactOutcome
from shared.domain.publishing import PendingMarker
from shared.usecases.attach_files import attach_files
from shared.usecases.drain import Drain
from shared.usecases.name_approvers import name_approvers
from shared.usecases.pay_again import pay_again
from shared.usecases.settle_batch import settle_or_pass
from shared.usecases.take_over_document import take_over_documents


def complete_published(drain: Drain, connection: Connection, markers: Sequence[PendingMarker]) -> None:
    """Serve markers that make no document. A marker goes when all that it asks for was tried.

    Files come before payments: concluding a payment takes its marker away. Raises what stops a turn; markers stay
    then, and what was done is not done again.
    """
    named = [marker for marker in markers if marker.take_over]
    both = [marker for marker in markers if marker.pay_only and not marker.take_over]
    others = [marker for marker in markers if not (marker.pay_only or marker.take_over)]
    files = [marker for marker in others if marker.attach_only]
    if named:
        both += take_over_documents(drain, connection, named)
    name_approvers(drain, connection, [*others, *both])
    for marker in others:
        if not marker.attach_only:
            with suppress(ConflictError):  # edited in this moment: it stays queued
                drain.service.items.delete_marker(marker)
    _ask_again(drain, connection, [marker for marker in both if marker.attach_only])
    # Without `attach_only` the marker stays: its payment comes next.
    attach_files(drain, connection, [*files, *(replace(marker, attach_only=False) for marker in both)])
    for batch in pay_again(drain, connection, both):
        settle_or_pass(drain, batch)


def _ask_again(drain: Drain, connection: Connection, markers: Sequence[PendingMarker]) -> None:
    """Files that failed and are asked for together with a payment are pending once more."""
    states = drain.states(connection.account, [marker.item for marker in markers])
    for state in states.values():
        file = state.published.attachment if state.published else None
        if state.published is not None and file is not None and file.outcome is FactOutcome.FAILED:
            pending = replace(state.published, attachment=replace(file, outcome=FactOutcome.PENDING))
            drain.save_state(connection.account, replace(state, published=pending))
