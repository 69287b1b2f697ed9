"""The rules that can apply to the items at hand: found by what they are for, so that no other rule is read."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace

from shared.domain.accounts import Account
from shared.domain.lists import Book
from shared.domain.rules import Rule, RuleKind, foremost, rule_id
from shared.usecases.readiness import book_of
from shared.usecases.service import Service
from shared.usecases.subjects_at_hand import Ask, SubjectsAtHand


class RulesAtHand:
    """The rules one invocation has read; one that is not there is remembered as missing.

    Lists may have been merged: then the rule of the entry that a subject is, or leads to, in the books in use counts
    first, else the last edited of those whose entries lead there. `books` are those in use, the current one first.
    """

    def __init__(self, service: Service, account: Account, books: Callable[[], list[Book]] | None = None) -> None:
        self._service = service
        self._account = account
        self._subjects = SubjectsAtHand(service, account, books or (lambda: [book_of(account, None)]))
        self._alike: dict[Ask, tuple[str, ...]] = {}
        self._rules: dict[Ask, Rule | None] = {}
        self._shadowed: dict[Ask, tuple[Rule, ...]] = {}

    def load(self, asks: Iterable[Ask]) -> None:
        """Read the rules that were not read before, in one call of the store for all."""
        wanted = {ask for ask in asks if ask not in self._rules}
        if not wanted:
            return
        tenant, account = self._account.tenant, self._account.id
        subjects = self._subjects.of(wanted)
        ids = {(kind, one): rule_id(tenant, account, kind, one) for (kind, _), some in subjects.items() for one in some}
        found = self._service.rules.batch_get(tenant, account, set(ids.values()))
        awake = {ask: rule for ask, one in ids.items() if (rule := found.get(one)) and self._is_awake(rule)}
        for ask in wanted:
            self._alike[ask] = subjects[ask]
            self._decide(ask, awake)

    def _decide(self, ask: Ask, rules: Mapping[Ask, Rule]) -> None:
        kind, subject = ask
        own, *others = self._alike[ask]
        chosen, shadowed = foremost(
            rules.get((kind, own)), [rules[kind, one] for one in others if (kind, one) in rules]
        )
        self._rules[ask] = replace(chosen, subject=subject) if chosen is not None else None
        self._shadowed[ask] = shadowed

    def _is_awake(self, rule: Rule) -> bool:
        """Whether the rule counts; one at rest waits until lists are merged or codings restored."""
        return not self._account.is_at_rest(rule.edited_at)

    def of(self, kind: RuleKind, subject: str | None) -> Rule | None:
        """The rule for an entry or a person, if there is one; as if it were for this one where it is another's."""
        if subject is None:
            return None
        self.load([(kind, subject)])
        return self._rules[kind, subject]

    def shadowed(self, kind: RuleKind, subject: str) -> tuple[Rule, ...]:
        """The rules that would apply too, of entries that lead to the same one, and do not because another does."""
        self.load([(kind, subject)])
        return self._shadowed[kind, subject]

    def alike(self, kind: RuleKind, subject: str) -> tuple[str, ...]:
        """The entries that are one since lists were merged: that of the books in use first; the subject alone else."""
        self.load([(kind, subject)])
        return self._alike[kind, subject]
