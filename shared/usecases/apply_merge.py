"""Have a merge applied as it was chosen, and undo it: what is in force stands on the account's row alone."""

from collections.abc import Callable
from dataclasses import replace
from typing import Final

from shared.domain.accounts import Account, Caller
from shared.domain.errors import ConflictError, fail
from shared.domain.merges import MOST_APPLIED, Merge, MergeStatus, MergeStep
from shared.domain.workflows import Step
from shared.storage.operations import Operation
from shared.storage.workflows import changed_workflow
from shared.usecases.ask_merge import guard_merge, send_merge
from shared.usecases.begin_merge import found_merge
from shared.usecases.follow_merge import follow_merge_to, workflow_of
from shared.usecases.happenings import happened
from shared.usecases.integrations import Ways
from shared.usecases.record_refresh import ask_recheck
from shared.usecases.service import Service

TRIES: Final = 8  # against other writers of the account: members, defaults, a refresh that makes it active


def apply_merge(service: Service, account: Account, merge_id: str, *, by: Caller) -> Merge:
    """Freeze what was chosen and have the worker write it; a repeat changes nothing.

    Raises not_found, merge_not_open, merge_not_decided naming the lists, merge_books_not_in_use, merge_limit,
    merge_in_progress, ConflictError.
    """

    def begun(account: Account, merge: Merge) -> Merge:
        if merge.status in {MergeStatus.APPLYING, MergeStatus.APPLIED}:
            return merge
        _check(service, account, merge)
        after = replace(merge, status=MergeStatus.APPLYING, step=MergeStep.PREPARE, position=None)
        after = replace(after, begun_at=service.clock.now(), begun_by=by.actor)
        event = happened(service, account.id, "merge.applying", by=by, subject=merge.id)
        guard_merge(service, merge)
        beside = _moved_on(service, merge)
        return service.merges.update_with(after, replace(account, merging=merge.id), event, *beside)

    merge = _tried(service, account, merge_id, begun)
    follow_merge_to(service, merge)
    if merge.working:
        send_merge(service, merge)
    return merge


def _moved_on(service: Service, merge: Merge) -> list[Operation]:
    """The write of its workflow, which cannot be cancelled from then on; raises merge_not_open where it just was."""
    workflow = workflow_of(service, merge)
    if workflow is None:
        return []
    if not workflow.is_going:
        raise fail("merge_not_open", status=merge.status.value)
    return [changed_workflow(workflow.moved(Step.APPLY, service.clock.now()))]


def undo_merge(service: Service, account: Account, merge_id: str, *, by: Caller) -> Merge:
    """Take a merge back in one write: what it wrote counts no more. In any order; a repeat changes nothing.

    Raises not_found, merge_not_open, merge_in_progress, ConflictError.
    """

    def undone(account: Account, merge: Merge) -> Merge:
        if merge.status is MergeStatus.UNDONE:
            return merge
        if merge.status is not MergeStatus.APPLIED:
            raise fail("merge_not_open", status=merge.status.value)
        _alone(account)
        after = replace(merge, status=MergeStatus.UNDONE, step=None, position=None)
        after = replace(after, ended_at=service.clock.now(), ended_by=by.actor)
        left = tuple(one for one in account.merges if one.id != merge.id)
        event = happened(service, account.id, "merge.undone", by=by, subject=merge.id)
        return service.merges.update_with(after, replace(account, merges=left), event, recode=True)

    merge = _tried(service, account, merge_id, undone)
    ask_recheck(service, account.tenant, account.id)
    return merge


def _tried(service: Service, account: Account, merge_id: str, change: Callable[[Account, Merge], Merge]) -> Merge:
    """A change of a merge and its account as both are stored now."""
    for _ in range(TRIES):
        merge = found_merge(service, account, merge_id)
        stored = service.accounts.get(account.tenant, account.id)
        if stored is None:
            raise fail("not_found")
        try:
            return change(stored, merge)
        except ConflictError:
            continue
    raise ConflictError("the account or the merge is being changed by others all the time")


def _check(service: Service, account: Account, merge: Merge) -> None:
    """Raises why a draft is not applied now."""
    if merge.status is not MergeStatus.DRAFT:
        raise fail("merge_not_open", status=merge.status.value)
    if merge.step is not None or merge.undecided:
        raise fail("merge_not_decided", lists=[which.value for which in merge.undecided])
    if merge.target not in {book.key for book in Ways(service, account).books()}:
        raise fail("merge_books_not_in_use", to=merge.target)
    if len(account.merges) >= MOST_APPLIED:
        raise fail("merge_limit", most=MOST_APPLIED)
    _alone(account)


def _alone(account: Account) -> None:
    """What a merge writes follows from those in force: none comes or goes while one is being applied."""
    if account.merging is not None:
        raise fail("merge_in_progress", merge=account.merging)
