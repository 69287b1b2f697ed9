"""What the worker of a merge found out: uses of old entries, proposals by list, contacts it made, its report.

None of it is a fact of its own: each row follows from lists, rules and items as they were. Uses and proposals are
written in a place that one run of the worker made up; the merge's own row names the places that count, so that what a
slower worker writes later is in nobody's way.
"""

import gzip
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any, Final

from shared.domain.merges import Merge, MergeList, Offered, Proposed
from shared.storage.access import access
from shared.storage.codec import SCHEMA, refuse_newer
from shared.storage.keys import account_key, part
from shared.storage.operations import ABSENT, Check, ConditionFailed, Put
from shared.storage.table import Table

AT_ONCE: Final = 300  # proposals a row: some 40 KB packed
_USES_AT_ONCE: Final = 5000
_MADE_AT_ONCE: Final = 5000  # 190 KB: pairs of ids hardly pack
_ANY: Final = Check("attribute_not_exists(#pk) OR attribute_exists(#pk)")
_KEY = "pk T#<tenant>#A#<account>#MG#<merge>"
# How often rules, and open items, use an old entry.
Used = tuple[int, int]


class ProposalStore:
    """Rows of merges that are large, beside the lists that they are about."""

    def __init__(self, table: Table) -> None:
        self._table = table

    # --- uses
    @access("lists", "PutItem", f"{_KEY}, sk U#<place>#<number>", "not there yet: a place is one run's own")
    def put_uses(self, merge: Merge, place: str, uses: Mapping[str, Used]) -> None:
        """Store how often old entries are used, by id, in a place of its own."""
        ids = sorted(uses)
        for number, start in enumerate(range(0, len(ids), _USES_AT_ONCE)):
            some = {one: uses[one] for one in ids[start : start + _USES_AT_ONCE]}
            self._put(merge, f"U#{part(place)}#{number:04}", some)

    @access("lists", "Query", f"{_KEY}, sk begins U#<place>#")
    def uses(self, merge: Merge) -> dict[str, Used]:
        """How often old entries are used, by id, as far as the merge has counted; unused ones are not among them."""
        found: dict[str, Used] = {}
        if merge.uses is not None:
            for row in self._table.query(_pk(merge), f"U#{part(merge.uses)}#"):
                found |= {one: (rules, items) for one, (rules, items) in _opened(row).items()}
        return found

    # --- proposals
    @access("lists", "PutItem", f"{_KEY}, sk P#<list>#<place>#<number>", "not there yet: a place is one run's own")
    def put_proposals(self, merge: Merge, which: MergeList, place: str, proposals: Iterable[Proposed]) -> None:
        """Store the proposals of a list in their order, in a place of their own."""
        source = iter(proposals)
        number = 0
        while some := list(islice(source, AT_ONCE)):
            self._put(merge, f"P#{which.value}#{part(place)}#{number:04}", [_packed(one) for one in some])
            number += 1

    @access("lists", "Query", f"{_KEY}, sk begins P#<list>#<place>#")
    def proposals(self, merge: Merge, which: MergeList, start: int = 0) -> Iterator[Proposed]:
        """The proposals of a list from the `start`th on, in their order, read as they are consumed."""
        state = merge.state_of(which)
        if state is None or state.place is None:
            return
        begins = f"P#{which.value}#{part(state.place)}#"
        first, skipped = divmod(start, AT_ONCE)
        for row in self._table.query(_pk(merge), begins, after=f"{begins}{first - 1:04}" if first else None, page=2):
            yield from map(_unpacked, _opened(row)[skipped:])
            skipped = 0

    # --- contacts made
    @access("lists", "PutItem, Query", f"{_KEY}, sk N#<list>#<place>#<number>, then N#<list>", "neither is there yet")
    def keep_made(self, merge: Merge, which: MergeList, place: str, made: Mapping[str, str]) -> dict[str, str]:
        """Store which new contact each old one became; where that was stored before, that counts and is returned.

        `place` is one run's own. Which place counts is written last: before that nobody sees any of it.
        """
        ids = sorted(made)
        for number, start in enumerate(range(0, len(ids), _MADE_AT_ONCE)):
            some = {one: made[one] for one in ids[start : start + _MADE_AT_ONCE]}
            self._put(merge, f"N#{which.value}#{part(place)}#{number:04}", some)
        try:
            self._put(merge, f"N#{which.value}", place)
        except ConditionFailed:
            return self.made(merge, which) or {}
        return dict(made)

    @access("lists", "GetItem, Query", f"{_KEY}, sk N#<list>, then begins N#<list>#<place>#")
    def made(self, merge: Merge, which: MergeList) -> dict[str, str] | None:
        """Which new contact each old one became; None before they were made."""
        row = self._table.get(_pk(merge), f"N#{which.value}")
        if row is None:
            return None
        found: dict[str, str] = {}
        for some in self._table.query(_pk(merge), f"N#{which.value}#{part(_opened(row))}#"):
            found |= _opened(some)
        return found

    # --- the report
    @access("lists", "PutItem", f"{_KEY}, sk REPORT", "any: a repeat writes what it found")
    def put_report(self, merge: Merge, unmapped: Sequence[tuple[MergeList, Proposed]]) -> None:
        """Store the entries that are used and were left as they are."""
        self._put(merge, "REPORT", [[which.value, _packed(one)] for which, one in unmapped], check=_ANY)

    @access("lists", "GetItem", f"{_KEY}, sk REPORT")
    def report(self, merge: Merge) -> list[tuple[MergeList, Proposed]]:
        """The entries that are used and were left as they are."""
        row = self._table.get(_pk(merge), "REPORT")
        return [] if row is None else [(MergeList(which), _unpacked(one)) for which, one in _opened(row)]

    def _put(self, merge: Merge, sk: str, content: Any, *, check: Check = ABSENT) -> None:
        packed = gzip.compress(json.dumps(content, separators=(",", ":"), ensure_ascii=False).encode(), mtime=0)
        self._table.write(Put({"pk": _pk(merge), "sk": sk, "schema": SCHEMA, "content": packed}, check))


def _opened(row: Mapping[str, Any]) -> Any:
    refuse_newer(row)
    return json.loads(gzip.decompress(row["content"]))


def _packed(one: Proposed) -> list[Any]:
    offered = [[c.entry, c.name, c.code, c.score, list(c.reasons)] for c in one.candidates]
    counts = [one.rules, one.items]
    return [one.old, one.name, one.code, one.parent, one.active, counts, list(one.also), offered, one.fixed]


def _unpacked(said: list[Any]) -> Proposed:
    old, name, code, parent, active, (rules, items), also, offered, fixed = said
    candidates = tuple(Offered(entry, what, number, score, tuple(why)) for entry, what, number, score, why in offered)
    return Proposed(old, name, code, parent, active, rules, items, tuple(also), candidates, fixed)


def _pk(merge: Merge) -> str:
    return account_key(merge.tenant, merge.account, "MG", part(merge.id))
