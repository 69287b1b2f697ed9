"""The account's rules: made, read, changed and taken away."""

from dataclasses import dataclass, replace

from shared.domain.accounts import Account, Caller
from shared.domain.connections import Slot
from shared.domain.errors import ConflictError, fail
from shared.domain.lists import Kind
from shared.domain.rules import Rule, RuleKind, rule_id
from shared.usecases.happenings import happened
from shared.usecases.integrations import Ways, check_named
from shared.usecases.readiness import EntryCache
from shared.usecases.service import Service


@dataclass(frozen=True, slots=True)
class RulePage:
    """A page of rules; `position` is where to go on, None at the end."""

    rules: list[Rule]
    position: str | None


def read_rules(service: Service, account: Account, *, position: str | None, limit: int) -> RulePage:
    return RulePage(*service.rules.page(account.tenant, account.id, position, limit))


def read_rule(service: Service, account: Account, rule: str) -> Rule:
    """One rule; raises not_found."""
    found = service.rules.get(account.tenant, account.id, rule)
    if found is None:
        raise fail("not_found", field="rule")
    return found


def create_rule(
    service: Service, caller: Caller, account: Account, *, kind: RuleKind, subject: str, integration: Slot | None
) -> Rule:
    """Make the rule for an entry. Its id follows from the entry, so that a repeat meets its own work.

    Raises rule_exists (naming it) where another rule is there, invalid_request (subject), no_connection.
    """
    ways, cache = Ways(service, account), EntryCache(service)
    entry = next((found for book in ways.books() if (found := cache.get(book, Kind.SUPPLIERS, subject))), None)
    if entry is None:
        raise fail("invalid_request", field="subject", reason="there is no such supplier in the current books")
    check_named(ways, integration)
    now = service.clock.now()
    rule = Rule(
        id=rule_id(account.tenant, account.id, kind, entry.id),
        kind=kind,
        subject=entry.id,
        created_at=now,
        edited_at=now,
        edited_by=caller.actor,
        integration=integration,
    )
    try:
        service.rules.create(account.tenant, account.id, rule)
    except ConflictError:
        there = service.rules.get(account.tenant, account.id, rule.id)
        if there is not None and there.integration is integration and there.edited_by == caller.actor:
            return there
        raise fail("rule_exists", field="subject", rule=rule.id) from None
    _told(service, caller, account, "rule.created", after=rule)
    return rule


def change_rule(
    service: Service, caller: Caller, account: Account, rule: Rule, *, integration: Slot | None, version: int | None
) -> Rule:
    """Change what a rule decides; `version` is the one the caller has read. Raises precondition_failed, no_connection,
    ConflictError.
    """
    if version is not None and version != rule.version:
        raise fail("precondition_failed", current=rule.version)
    check_named(Ways(service, account), integration)
    if integration is rule.integration:
        return rule
    after = replace(rule, integration=integration, edited_at=service.clock.now(), edited_by=caller.actor)
    stored = service.rules.update(account.tenant, account.id, after)
    _told(service, caller, account, "rule.changed", before=rule, after=stored)
    return stored


def delete_rule(service: Service, caller: Caller, account: Account, rule: Rule) -> None:
    """Take a rule away; items that it decided for go by what comes next. Raises ConflictError."""
    service.rules.delete(account.tenant, account.id, rule)
    _told(service, caller, account, "rule.deleted", before=rule)


def _told(
    service: Service,
    caller: Caller,
    account: Account,
    kind: str,
    *,
    before: Rule | None = None,
    after: Rule | None = None,
) -> None:
    """The event, and a new coding version: what was worked out under the old rule is worked out anew when read."""
    service.accounts.bump_coding_version(account.tenant, account.id)
    either = after or before
    event = happened(
        service,
        account.id,
        kind,
        by=caller,
        subject=either.id if either else None,
        before=_said(before),
        after=_said(after),
    )
    service.events.append(account.tenant, event)


def _said(rule: Rule | None) -> dict[str, object] | None:
    if rule is None:
        return None
    return {"kind": rule.kind.value, "subject": rule.subject, "integration": rule.integration}
