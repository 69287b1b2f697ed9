"""The routes of rules."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any, Final

from functions.publish.rule_models import ApplyBody, ApplyView, DeletedRule, NewRule, RuleList, RulePatch, RuleView
from shared.aws.http import Answer, PageQuery, Request, Route
from shared.domain.accounts import Capability
from shared.domain.rules import Rule
from shared.usecases.apply_rule import Counted, ask_apply, count_rule
from shared.usecases.manage_rules import (
    change_rule,
    create_rule,
    delete_rule,
    read_rule,
    read_rules,
    rule_made_for,
)
from shared.usecases.service import Service

_RULES: Final = "/v1/accounts/{account}/rules"
_RULE: Final = _RULES + "/{rule}"


def get_rules(service: Service, request: Request) -> Answer:
    limit = request.query(PageQuery).limit
    page = read_rules(service, request.in_account, position=request.position(), limit=limit)
    views = [RuleView.of(rule) for rule in page.rules]
    return Answer(RuleList(rules=views, next_cursor=request.next_cursor(page.position)))


def get_rule(service: Service, request: Request) -> Answer:
    return _shown(read_rule(service, request.in_account, request.path["rule"]))


def post_rule(service: Service, request: Request) -> Answer:
    body = request.body(NewRule)
    made = create_rule(
        service,
        request.caller,
        request.in_account,
        kind=body.kind,
        subject=body.subject,
        decisions=body.decisions(),
    )
    return _shown(made)


def post_rule_again(service: Service, request: Request, _: Mapping[str, Any]) -> Answer:
    """The rule that the first request made: it follows from the body, which is the same."""
    body = request.body(NewRule)
    return _shown(rule_made_for(service, request.in_account, body.kind, body.subject))


def patch_rule(service: Service, request: Request) -> Answer:
    rule = read_rule(service, request.in_account, request.path["rule"])
    decisions = request.body(RulePatch).decisions()
    changed = change_rule(
        service, request.caller, request.in_account, rule, decisions=decisions, version=request.version
    )
    return _shown(changed)


def delete_one(service: Service, request: Request) -> Answer:
    rule = read_rule(service, request.in_account, request.path["rule"])
    instead = delete_rule(service, request.caller, request.in_account, rule)
    return Answer(DeletedRule.of(rule).model_copy(update={"instead": instead.id if instead is not None else None}))


def post_apply(service: Service, request: Request) -> Answer:
    """Count what applying a rule would change, or have it applied."""
    account = request.in_account
    rule = read_rule(service, account, request.path["rule"])
    body = request.body(ApplyBody)
    if body.dry_run:
        position = request.opened(body.cursor)
        found = count_rule(service, account, rule, None if position is None else Counted(**position))
        counts = {"looked_at": found.looked_at, "items": found.items, "fields": found.fields}
        following = request.next_cursor(None if found.after is None else asdict(found))
        return _applied(request, {**counts, "complete": found.after is None, "next_cursor": following})
    ask_apply(service, account, rule, actor=request.caller.actor)
    return _applied(request, {})


def post_apply_again(service: Service, request: Request, outcome: Mapping[str, Any]) -> Answer:
    """What the first request was told."""
    return _applied(request, outcome)


def _applied(request: Request, counts: Mapping[str, Any]) -> Answer:
    dry = request.body(ApplyBody).dry_run
    shown = {name: counts.get(name) for name in ("looked_at", "items", "fields", "complete", "next_cursor")}
    view = ApplyView(rule=request.path["rule"], dry_run=dry, **shown)
    return Answer(view, status=200 if dry else 202, outcome=dict(counts))


def _shown(rule: Rule) -> Answer:
    return Answer(RuleView.of(rule), version=rule.version)


_READ, _MANAGE = Capability.READ, Capability.MANAGE

ROUTES: Final = [
    Route("GET", _RULES, get_rules, "The account's rules", answer=RuleList, query=PageQuery, capability=_READ),
    Route("GET", _RULE, get_rule, "A rule", answer=RuleView, capability=_READ),
    Route("POST", _RULES, post_rule, "Make a rule", answer=RuleView, status=201, body=NewRule, capability=_MANAGE,
          rebuild=post_rule_again, errors=("rule_exists", "no_connection"),
          description="Items that arrive from now on follow the rule, and those that it is applied to. Its integration "
                      "is the exception: open items go by it at once, queued ones do not."),
    Route("PATCH", _RULE, patch_rule, "Change a rule", answer=RuleView, body=RulePatch, capability=_MANAGE,
          if_match=True, errors=("no_connection", "rule_exists"),
          description="Where lists were merged, the rule of an entry of other books stays as it is: the entry that "
                      "stands for it in the current books gets a rule of its own, whose id the answer names."),
    Route("POST", _RULE + "/apply", post_apply, "Apply a rule to the open items", answer=ApplyView, status=202,
          other_status=200, body=ApplyBody, capability=_MANAGE, rebuild=post_apply_again, errors=("invalid_cursor",),
          description="The open items of the inbox that it is for are coded by the rule as it is now; what a person "
                      "said of them stays. A dry run answers 200 with what would change; where there are more items "
                      "than one request looks at, ask again with its `next_cursor`: the last answer counts them all."),
    Route("DELETE", _RULE, delete_one, "Take a rule away", answer=DeletedRule, capability=_MANAGE,
          errors=("conflict",)),
]  # fmt: skip
