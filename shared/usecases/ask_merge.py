"""Have the worker do what a merge asks for next; the agenda looks after it in case the message is lost."""

from datetime import timedelta
from typing import Final

from shared.domain.merges import Merge
from shared.storage.agenda import AgendaKind
from shared.usecases.service import Service

MERGE_SWEEP: Final = timedelta(minutes=5)  # work that is not done by then may have lost its message: it gets another


def guard_merge(service: Service, merge: Merge) -> None:
    """Have the agenda look after a merge, before its work begins."""
    service.agenda.put(AgendaKind.MERGE, service.clock.now() + MERGE_SWEEP, merge.id, merge_message(merge))


def send_merge(service: Service, merge: Merge) -> None:
    """Give a merge to the worker; twice does no harm."""
    service.refresh_queue.send(merge_message(merge), group=merge.tenant)


def merge_message(merge: Merge) -> dict[str, object]:
    """The refresh queue's message that has a merge's work done from where it stands."""
    return {"schema": 1, "kind": "merge", "tenant": merge.tenant, "account": merge.account, "merge": merge.id}
