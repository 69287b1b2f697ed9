"""The worker's part of a merge: count, propose, apply and report, in bounded steps that may all be done twice."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import count
from typing import Final

from shared.domain.accounts import Account
from shared.domain.errors import ConflictError
from shared.domain.ids import new_id
from shared.domain.merges import Merge, MergeStatus, MergeStep
from shared.usecases.ask_merge import send_merge
from shared.usecases.carry_out_merge import commit, prepare, write
from shared.usecases.count_uses import Uses
from shared.usecases.follow_merge import follow_merge_to
from shared.usecases.merge_books import books_of
from shared.usecases.propose_mappings import propose_next
from shared.usecases.record_refresh import ask_recheck
from shared.usecases.report_merge import report
from shared.usecases.service import Service

SLICE: Final = timedelta(seconds=60)  # what one step may take at worst: the longest lists compared, written, stored
TRIES: Final = 8  # against people who choose meanwhile, and against a worker with the same message
Do = Callable[[Service, Account, Merge, datetime], Merge]


def run_merge(service: Service, tenant: str, account_id: str, merge_id: str, deadline: datetime) -> bool:
    """Go on with a merge from where its record stands; True when the worker has nothing left to do for it.

    `deadline` is when the invocation ends (UTC); what is left then goes on with a message of its own. One step is done
    in any case: a worker with little time brings it on too. May run again after a crash, and beside another: each step
    ends with a write on the version that it began with.
    """
    failures = 0
    for turn in count():
        account = service.accounts.get(tenant, account_id)
        merge = service.merges.get(tenant, account_id, merge_id)
        if account is None or account.deleted_at is not None or merge is None:
            return True
        if not merge.working:
            follow_merge_to(service, merge)
            return True
        if turn and service.clock.now() + SLICE >= deadline:
            send_merge(service, merge)
            return False
        try:
            _DO[merge.step or MergeStep.COUNT](service, account, merge, deadline)
        except ConflictError:
            failures += 1
            if failures == TRIES:
                raise
    raise AssertionError("the turns do not end")


def _count(service: Service, account: Account, merge: Merge, deadline: datetime) -> Merge:
    """Count who uses the old entries, or as many as there is time for."""
    known = service.proposals.uses(merge) if merge.position is not None else {}
    uses = Uses(service, account, books_of(merge)[0], known)
    position = uses.count(merge.position, deadline - SLICE / 2)
    place = new_id(service.clock.now())
    service.proposals.put_uses(merge, place, uses.counts)
    step = merge.step if position is not None else _AFTER_COUNT[merge.status]
    return service.merges.update(replace(merge, step=step, position=position, uses=place))


_AFTER_COUNT: Final = {MergeStatus.DRAFT: MergeStep.PROPOSE, MergeStatus.APPLIED: MergeStep.REPORT}


def _propose(service: Service, account: Account, merge: Merge, _: datetime) -> Merge:
    after = propose_next(service, account, merge)
    return service.merges.update(replace(after, step=None if after.proposed else MergeStep.PROPOSE))


def _recount(service: Service, account: Account, merge: Merge, deadline: datetime) -> Merge:
    """Items are looked at again once a merge is in force; then who still uses what was left is counted."""
    if merge.position is None:
        ask_recheck(service, merge.tenant, merge.account)
    return _count(service, account, merge, deadline)


_DO: Final[Mapping[MergeStep, Do]] = {
    MergeStep.COUNT: _count,
    MergeStep.PROPOSE: _propose,
    MergeStep.PREPARE: prepare,
    MergeStep.WRITE: write,
    MergeStep.COMMIT: commit,
    MergeStep.RECOUNT: _recount,
    MergeStep.REPORT: report,
}
