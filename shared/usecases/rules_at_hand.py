"""The rules that can apply to the items at hand: found by what they are for, so that no other rule is read."""

from collections.abc import Iterable

from shared.domain.accounts import Account
from shared.domain.rules import Rule, RuleKind, rule_id
from shared.usecases.service import Service

Ask = tuple[RuleKind, str]


class RulesAtHand:
    """The rules one invocation has read; one that is not there is remembered as missing."""

    def __init__(self, service: Service, account: Account) -> None:
        self._service = service
        self._account = account
        self._rules: dict[Ask, Rule | None] = {}

    def load(self, asks: Iterable[Ask]) -> None:
        """Read the rules that were not read before, in one call of the store for all."""
        wanted = {ask for ask in asks if ask not in self._rules}
        if not wanted:
            return
        tenant, account = self._account.tenant, self._account.id
        ids = {rule_id(tenant, account, *ask): ask for ask in wanted}
        found = self._service.rules.batch_get(tenant, account, ids)
        self._rules |= {ask: self._awake(found.get(rule)) for rule, ask in ids.items()}

    def _awake(self, rule: Rule | None) -> Rule | None:
        """The rule, unless it rests until lists are merged or codings restored."""
        return None if rule is None or self._account.is_at_rest(rule.edited_at) else rule

    def of(self, kind: RuleKind, subject: str | None) -> Rule | None:
        """The rule for an entry or a person, if there is one."""
        if subject is None:
            return None
        self.load([(kind, subject)])
        return self._rules[(kind, subject)]
