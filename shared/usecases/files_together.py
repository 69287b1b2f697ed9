"""Files of several batches' documents go up together, where one upload takes several: few calls, and full ones."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace

from shared.domain.connections import Connection
from shared.domain.limits import LimitScope
from shared.domain.publishing import Answered, Batch
from shared.providers.contract import LimitReached
from shared.usecases.drain import Drain, NotBefore
from shared.usecases.settle_batch import begun, finish


@contextmanager
def files_together(drain: Drain) -> Iterator[None]:
    """A turn in which concluded batches wait for `upload_together`; what is left at its end is the next turn's.

    That the limit of documents is reached does not hold files up, for they have one of their own. But what would not
    fill an upload then waits for the documents that come after.
    """
    drain.pooled = [] if _files_a_call(drain) > 1 else None
    try:
        yield
        for connection in _connections(drain):
            upload_together(drain, connection)
    except LimitReached as limit:
        for connection in _connections(drain) if limit.blocked.scope is LimitScope.CLASS else ():
            upload_together(drain, connection, but_for_a_rest=True)
        raise
    finally:
        _leave(drain)
        drain.pooled = None


def upload_together(drain: Drain, connection: Connection, *, but_for_a_rest: bool = False) -> None:
    """Finish the connection's waiting batches; `but_for_a_rest`, all but a last one whose files fill no upload."""
    if drain.pooled is None:
        return
    mine = [one for one in drain.pooled if one[0].connection == connection.id]
    rest = _rest(drain, mine) if but_for_a_rest else None
    mine = [one for one in mine if one[0] is not rest]
    drain.pooled = [one for one in drain.pooled if one not in mine]
    mine = [(begun(drain, batch), answers) for batch, answers in mine]
    try:
        finish(drain, connection, mine)
    except NotBefore as early:
        if not early.alone:
            raise
        for one in mine:  # a file that rests holds up its own batch alone
            _finish_or_pass(drain, connection, one)


def _finish_or_pass(drain: Drain, connection: Connection, answered: Answered) -> None:
    """Close a batch whose files have been tried: nothing is called any more. One with a file at rest waits alone."""
    try:
        finish(drain, connection, [answered])
    except NotBefore as early:
        drain.passed.append(early)


def _connections(drain: Drain) -> list[Connection]:
    found = dict.fromkeys((batch.account, batch.connection) for batch, _ in drain.pooled or ())
    return [drain.connection(*one) for one in found]


def _rest(drain: Drain, answered: Sequence[Answered]) -> Batch | None:
    """The last of these batches, where the files of the others fill their uploads. No batch is left twice for that."""
    files = [sum(member.has_file for member in batch.members) for batch, _ in answered]
    full = _files_a_call(drain)
    if not files or answered[-1][0].files_left or sum(files) % full == 0 or sum(files[:-1]) % full:
        return None
    return answered[-1][0]


def _leave(drain: Drain) -> None:
    """Write down that nothing of these batches' files has gone up: the next turn need not look for them."""
    drain.write_held()
    for batch, _ in drain.pooled or ():
        if not batch.files_left:
            drain.service.batches.update(replace(batch, files_left=True, epoch=drain.epoch))


def _files_a_call(drain: Drain) -> int:
    return drain.provider.profile.publishing.files_per_call
