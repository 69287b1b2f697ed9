"""The account's rules: made, read, changed and taken away."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from shared.domain.accounts import Account, Caller
from shared.domain.errors import ConflictError, fail
from shared.domain.led_rules import led_rule
from shared.domain.rule_drafts import Decisions
from shared.domain.rule_transfer import refs_of
from shared.domain.rules import Rule, RuleKind, decided, rule_id
from shared.usecases.entry_cache import EntryCache
from shared.usecases.happenings import happened
from shared.usecases.integrations import Ways
from shared.usecases.references import References
from shared.usecases.rule_fields import check_whole, led_subject, looked_up, references_of, subject_book
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


def rule_made_for(service: Service, account: Account, kind: RuleKind, subject: str) -> Rule:
    """The rule that `create_rule` made for a subject; raises not_found."""
    found = Ways(service, account).rules.of(kind, subject)
    return read_rule(service, account, found.id if found else rule_id(account.tenant, account.id, kind, subject))


def create_rule(
    service: Service, caller: Caller, account: Account, *, kind: RuleKind, subject: str, decisions: Decisions
) -> Rule:
    """Make the rule for an entry or a person. Its id follows from that, so that a repeat meets its own work.

    One for an entry of other books is made for the entry that stands for it in those in use.
    Raises rule_exists (naming it) where another rule is there, invalid_request (naming the field), no_connection.
    """
    ways, cache = Ways(service, account), EntryCache(service, account)
    book = subject_book(ways, cache, kind, subject)
    subject = led_subject(cache, kind, subject, book)
    now = service.clock.now()
    rule = Rule(
        id=rule_id(account.tenant, account.id, kind, subject),
        kind=kind,
        subject=subject,
        created_at=now,
        edited_at=now,
        edited_by=caller.actor,
    )
    rule = replace(rule, **looked_up(ways, cache, kind, decisions, book))
    check_whole(rule)
    try:
        service.rules.create(account.tenant, account.id, rule)
    except ConflictError:
        there = service.rules.get(account.tenant, account.id, rule.id)
        if there is not None and decided(there) == decided(rule) and there.edited_by == caller.actor:
            return there
        raise fail("rule_exists", field="subject", rule=rule.id) from None
    _told(service, caller, account, "rule.created", after=rule)
    return rule


def change_rule(
    service: Service, caller: Caller, account: Account, rule: Rule, *, decisions: Decisions, version: int | None
) -> Rule:
    """Change what a rule decides, the named fields alone; None empties one. `version` is the one the caller has read.

    Items that are there already stay as they are until the rule is applied to them. After lists were merged a changed
    rule is in the terms of the books in use throughout; one for an entry of other books stays as it is, and the entry
    that stands for it gets a rule of its own, which is the answer. Raises precondition_failed, invalid_request (naming
    a field that nothing stands for there), rule_exists (naming the entry's own), no_connection, ConflictError.
    """
    if version is not None and version != rule.version:
        raise fail("precondition_failed", current=rule.version)
    ways, cache = Ways(service, account), EntryCache(service, account)
    book = subject_book(ways, cache, rule.kind, rule.subject)
    fields = looked_up(ways, cache, rule.kind, {"integration": rule.integration, **decisions}, book)
    wanted = replace(rule, **fields)
    check_whole(wanted)
    if wanted == rule:
        return rule
    subject = led_subject(cache, rule.kind, rule.subject, book)
    if account.merges:
        references = references_of(ways, cache, wanted.integration, book)
        wanted = _in_terms_of(references, rule, fields, whole=subject != rule.subject)
    after = replace(wanted, edited_at=service.clock.now(), edited_by=caller.actor)
    if subject == rule.subject:
        stored = service.rules.update(account.tenant, account.id, after)
    else:
        stored = _made_beside(service, account, after, subject)
    _told(service, caller, account, "rule.changed", before=rule, after=stored)
    return stored


def _in_terms_of(references: References, rule: Rule, fields: Mapping[str, Any], *, whole: bool) -> Rule:
    """The changed rule with the entries that it keeps led into the books in use.

    `whole`: nothing of other books may stay; raises invalid_request naming the first field that leads nowhere.
    """
    emptied: dict[str, Any] = {name: () if name == "dimensions" else None for name in fields}
    kept = replace(rule, **emptied)
    references.cache.load(references.book, refs_of(kept))
    led, nowhere = led_rule(kept, references.led)
    if whole and nowhere:
        reason = "nothing in the current books stands for what the rule says here: choose anew, or leave it empty"
        raise fail("invalid_request", field=next(iter(nowhere)), reason=reason)
    return replace(led, **fields)


def _made_beside(service: Service, account: Account, rule: Rule, subject: str) -> Rule:
    """Store a changed rule as that of the entry which stands for its subject now; raises rule_exists."""
    id_ = rule_id(account.tenant, account.id, rule.kind, subject)
    own = replace(rule, id=id_, subject=subject, created_at=rule.edited_at, version=0)
    try:
        service.rules.create(account.tenant, account.id, own)
    except ConflictError:
        raise fail("rule_exists", field="subject", rule=id_) from None
    return own


def delete_rule(service: Service, caller: Caller, account: Account, rule: Rule) -> Rule | None:
    """Take a rule away; items that it decided for go by what comes next. Raises ConflictError.

    After lists were merged another rule may be for the same: it is the answer, as it applies to the subject from now.
    """
    service.rules.delete(account.tenant, account.id, rule)
    _told(service, caller, account, "rule.deleted", before=rule)
    return Ways(service, account).rules.of(rule.kind, rule.subject) if account.merges else None


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
    return {"kind": rule.kind.value, "subject": rule.subject, "integration": rule.integration, **decided(rule)}
