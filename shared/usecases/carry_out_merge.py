"""The worker's steps of a merge that is applied: contacts made, aliases and mirrors written, then one commit.

Until the commit nobody sees any of it. Choices and the merges in force are frozen: a repeat writes the same bytes.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from shared.domain.accounts import Account
from shared.domain.aliases import MIRROR, AliasRow, AppliedMerge, MirrorRow, RowKey, rows_of
from shared.domain.merges import CREATE, NOT_APPLICABLE, Merge, MergeList, MergeStatus, MergeStep, Proposed, outcome
from shared.usecases.happenings import happened
from shared.usecases.make_contacts import choice_of, make_contacts
from shared.usecases.service import Service

_ROWS: Final = 1000  # written between two looks at the clock
_ROWS_TIME: Final = timedelta(seconds=10)


def prepare(service: Service, _account: Account, merge: Merge, _deadline: datetime) -> Merge:
    """Make the contacts that the new book does not have."""
    for which in MergeList:
        if which.of_contacts:
            make_contacts(service, merge, which)
    return service.merges.update(replace(merge, step=MergeStep.WRITE))


def write(service: Service, account: Account, merge: Merge, deadline: datetime) -> Merge:
    """Write what follows from each list, from where it stands, as far as there is time."""
    first, _, passed = (merge.position or "").partition("|")
    lists = list(MergeList)
    start = lists.index(MergeList(first)) if first else 0
    sources, done = set(merge.sources), int(passed or 0)
    for which in lists[start:]:
        rows = rows_by(service, account, merge, which, made=service.proposals.made(merge, which) or {})
        sources |= {row.book for row in rows if isinstance(row, AliasRow)}
        for place in range(done, len(rows), _ROWS):
            if service.clock.now() + _ROWS_TIME >= deadline:
                position = f"{which.value}|{place}"
                return service.merges.update(replace(merge, position=position, sources=tuple(sorted(sources))))
            service.aliases.write(merge.tenant, merge.account, rows[place : place + _ROWS])
        done = 0
    return service.merges.update(
        replace(merge, step=MergeStep.COMMIT, position=None, sources=tuple(sorted({merge.source, *sources})))
    )


def commit(service: Service, account: Account, merge: Merge, _deadline: datetime) -> Merge:
    """Put the merge in force: from this write on every reader of the account sees all of it."""
    applied = AppliedMerge(merge.id, merge.target, merge.sources)
    after = replace(account, merges=(*account.merges, applied), merging=None).restored()
    done = replace(merge, status=MergeStatus.APPLIED, step=MergeStep.RECOUNT, applied_at=service.clock.now())
    said: dict[str, object] = {
        which: {"mapped": state.mapped, "created": state.created, "not_applicable": state.not_applicable}
        for which, state in merge.lists.items()
    }
    event = happened(service, account.id, "merge.applied", subject=merge.id, after=said)
    event = replace(event, actor=merge.begun_by or event.actor)
    return service.merges.update_with(done, after, event, recode=True)


def rows_by(
    service: Service, account: Account, merge: Merge, which: MergeList, *, made: Mapping[str, str]
) -> Sequence[AliasRow | MirrorRow]:
    """Every alias and mirror of one list, in an order of their own: those led to its entries before are among them.

    `made` are the contacts that were made for old ones.
    """
    proposals = list(service.proposals.proposals(merge, which))
    mapping = _mapped(service, merge, which, proposals, made)
    known = [entry for one in proposals for entry in (one.old, *one.also)]
    led_here = [one.id for one in account.merges if one.target == merge.source]
    keys = [RowKey(MIRROR, which.kind, entry, earlier) for entry in known for earlier in led_here]
    earlier = service.aliases.read(merge.tenant, merge.account, keys).mirrors
    this = AppliedMerge(merge.id, merge.target, (merge.source,))
    aliases, mirrors = rows_of(
        this, which.kind, merge.source, mapping, merges=account.merges, earlier=sorted(earlier, key=_order)
    )
    return [*aliases, *mirrors]


def _mapped(
    service: Service, merge: Merge, which: MergeList, proposals: Iterable[Proposed], made: Mapping[str, str]
) -> dict[str, str | None]:
    """What stands for each old entry of a list, those merged into it as well; None: it does not apply there.

    Entries that are left as they are, are not in it.
    """
    choice = choice_of(service, merge, which)
    found: dict[str, str | None] = {}
    for one in proposals:
        became = outcome(which, one, choice)
        if became == CREATE:
            became = made.get(one.old)
        if became is not None:
            target = None if became == NOT_APPLICABLE else became
            found |= dict.fromkeys((one.old, *one.also), target)
    return found


def _order(row: MirrorRow) -> tuple[str, str]:
    return row.entry, row.merge
