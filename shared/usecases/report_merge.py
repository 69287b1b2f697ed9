"""What a merge that was applied has left: entries that rules and open items use and that were mapped to nothing."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from typing import Final

from shared.domain.accounts import Account
from shared.domain.merges import ListDecision, Merge, MergeList, Proposed, outcome
from shared.usecases.happenings import happened
from shared.usecases.make_contacts import choice_of
from shared.usecases.service import Service

MOST_SHOWN: Final = 200
_NO_CONCERN: Final = frozenset({ListDecision.KEPT, ListDecision.NOT_OFFERED})


def report(service: Service, account: Account, merge: Merge, _deadline: datetime) -> Merge:
    """Store the entries left although something uses them, as counted after applying, and tell their number."""
    left = sorted(_left(service, merge), key=lambda one: (-one[1].rules - one[1].items, one[0].value, one[1].old))
    service.proposals.put_report(merge, left[:MOST_SHOWN])
    said: dict[str, object] = {which.value: sum(one == which for one, _ in left) for which, _ in left}
    event = happened(service, account.id, "merge.reported", subject=merge.id, after={"unmapped_used": said})
    return service.merges.update(replace(merge, step=None, left_used=len(left)), event)


def _left(service: Service, merge: Merge) -> Iterator[tuple[MergeList, Proposed]]:
    uses = service.proposals.uses(merge)
    for which in MergeList:
        state = merge.state_of(which)
        if state is None or state.decision in _NO_CONCERN:
            continue
        choice = choice_of(service, merge, which)
        for one in service.proposals.proposals(merge, which):
            rules, items = uses.get(one.old, (0, 0))
            if outcome(which, one, choice) is None and (rules or items):
                yield which, replace(one, rules=rules, items=items, candidates=())
