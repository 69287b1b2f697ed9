"""Begin to merge the lists of two books: nothing changes until what was chosen is applied."""

from dataclasses import replace

from shared.domain.accounts import Account, Caller
from shared.domain.errors import fail
from shared.domain.ids import numbered_id
from shared.domain.merges import Merge, MergeStatus
from shared.domain.workflows import WorkflowKind, begun
from shared.storage.merges import creating
from shared.usecases.ask_merge import guard_merge
from shared.usecases.happenings import happened
from shared.usecases.merge_books import source_of, target_of
from shared.usecases.run_workflow import begin_workflow
from shared.usecases.service import Service


def begin_merge(
    service: Service,
    account: Account,
    merge_id: str,
    *,
    by: Caller,
    source: str | None = None,
    target: str | None = None,
) -> Merge:
    """Store a draft under an id and begin the workflow that carries it out; a repeat finds it again.

    Books are named as merges name them; None for the book before and the current one. Raises invalid_request (`from`,
    `to`), and workflow_in_progress naming what is at work on the account already and who began it.
    """
    into = target_of(service, account, target)
    old = source_of(service, account, source, into)
    now = service.clock.now()
    workflow = begun(WorkflowKind.MERGE, numbered_id(merge_id, 1), account, at=now, by=by.actor, merge=merge_id)
    merge = Merge(
        merge_id, account.tenant, account.id, old.key, into.key, now, created_by=by.actor, workflow=workflow.id
    )
    said: dict[str, object] = {"from": merge.source, "to": merge.target}
    event = happened(service, account.id, "merge.begun", by=by, subject=merge.id, after=said)
    guard_merge(service, merge)
    begin_workflow(service, workflow, event, creating(merge))
    return found_merge(service, account, merge_id)


def found_merge(service: Service, account: Account, merge_id: str) -> Merge:
    """A merge by its id; raises not_found."""
    found = service.merges.get(account.tenant, account.id, merge_id)
    if found is None:
        raise fail("not_found", field="merge")
    return found


def discard_merge(service: Service, account: Account, merge: Merge, *, by: Caller | None = None) -> Merge:
    """End a draft: nothing was changed by it. A repeat changes nothing.

    Raises merge_not_open once somebody had it applied, ConflictError.
    """
    if merge.status is MergeStatus.DISCARDED:
        return merge
    if merge.status is not MergeStatus.DRAFT:
        raise fail("merge_not_open", status=merge.status.value)
    ended = replace(merge, status=MergeStatus.DISCARDED, step=None, position=None, ended_at=service.clock.now())
    ended = replace(ended, ended_by=by.actor if by else None)
    event = happened(service, account.id, "merge.discarded", by=by, subject=merge.id)
    return service.merges.update(ended, event)
