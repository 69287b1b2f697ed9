"""The routes of the catalogue, the tenant, accounts, members, defaults and events."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from functions.connect.automation_routes import ROUTES as AUTOMATION_ROUTES
from functions.connect.connection_routes import ROUTES as CONNECTION_ROUTES
from functions.connect.endpoint_routes import ROUTES as ENDPOINT_ROUTES
from functions.connect.inbox_routes import ROUTES as INBOX_ROUTES
from functions.connect.models import (
    AccountPage,
    AccountQuery,
    AccountView,
    ChangedDefaultsView,
    DefaultsPatch,
    DefaultsView,
    ErrorList,
    ErrorView,
    EventPage,
    EventQuery,
    EventView,
    MemberList,
    MemberPatch,
    MemberView,
    NewAccount,
    NewMember,
    ProviderList,
    ProviderView,
    TenantPatch,
    TenantView,
)
from functions.connect.workflow_routes import ROUTES as WORKFLOW_ROUTES
from shared.aws.http import Answer, Request, Route
from shared.domain.accounts import Account, Capability, Member, Tenant
from shared.domain.catalogue import CATALOGUE
from shared.domain.errors import fail
from shared.usecases.change_settings import change_defaults
from shared.usecases.manage_accounts import change_tenant, create_account, delete_account, list_accounts, list_waiting
from shared.usecases.manage_members import add_member, change_member, remove_member
from shared.usecases.read_providers import read_providers
from shared.usecases.service import Service

_HERE: Final = Path(__file__).parent
_ACCOUNT: Final = "/v1/accounts/{account}"
_MEMBERS: Final = _ACCOUNT + "/members"
_MEMBER: Final = _MEMBERS + "/{member}"


def get_providers(service: Service, request: Request) -> Answer:
    return Answer(ProviderList(providers=[ProviderView.of(profile) for profile in read_providers()]))


def get_errors(service: Service, request: Request) -> Answer:
    return Answer(ErrorList(errors=[ErrorView.of(kind) for kind in CATALOGUE.values()]))


def _tenant(service: Service, request: Request) -> Tenant:
    tenant = service.tenants.get(request.caller.tenant)
    if tenant is None:
        raise fail("unauthenticated")
    return tenant


def get_tenant(service: Service, request: Request) -> Answer:
    tenant = _tenant(service, request)
    return Answer(TenantView.of(tenant), version=tenant.version)


def patch_tenant(service: Service, request: Request) -> Answer:
    tenant = _tenant(service, request)
    request.check_version(tenant.version)
    tenant = change_tenant(service, tenant, request.body(TenantPatch).changes())
    return Answer(TenantView.of(tenant), version=tenant.version)


def post_account(service: Service, request: Request) -> Answer:
    body = request.body(NewAccount)
    account = Account(request.resource_id, request.caller.tenant, body.name, request.now)
    first = body.first_member.member(request.resource_id, account.id) if body.first_member else None
    return Answer(AccountView.of(create_account(service, request.caller, account, first)))


def post_account_again(service: Service, request: Request, outcome: Mapping[str, Any]) -> Answer:
    account = service.accounts.get(request.caller.tenant, request.resource_id)
    if account is None:
        raise fail("not_found", field="account")
    return Answer(AccountView.of(account))


def get_accounts(service: Service, request: Request) -> Answer:
    query = request.query(AccountQuery)
    if query.attention:
        waiting, after = list_waiting(service, request.caller, request.position(), query.limit)
        views = [AccountView.of(account, attention=attention) for account, attention in waiting]
    else:
        found, after = list_accounts(service, request.caller, request.position(), query.limit)
        views = [AccountView.of(account) for account in found]
    return Answer(AccountPage(accounts=views, next_cursor=request.next_cursor(after)))


def get_account(service: Service, request: Request) -> Answer:
    return Answer(AccountView.of(request.in_account, request.may))


def remove_account(service: Service, request: Request) -> Answer:
    delete_account(service, request.caller, request.in_account)
    return Answer()


def get_members(service: Service, request: Request) -> Answer:
    account = request.in_account
    members = service.accounts.members(account.tenant, account.id)
    return Answer(MemberList(members=[MemberView.of(member) for member in members]))


def post_member(service: Service, request: Request) -> Answer:
    account = request.in_account
    wanted = request.body(NewMember).member(request.resource_id, account.id)
    member = add_member(service, request.caller, account, wanted)
    return Answer(MemberView.of(member), version=member.version)


def post_member_again(service: Service, request: Request, outcome: Mapping[str, Any]) -> Answer:
    member = _member(service, request, request.resource_id)
    return Answer(MemberView.of(member), version=member.version)


def _member(service: Service, request: Request, member_id: str) -> Member:
    account = request.in_account
    member = service.accounts.member(account.tenant, account.id, member_id)
    if member is None:
        raise fail("not_found", field="member")
    return member


def patch_member(service: Service, request: Request) -> Answer:
    member = _member(service, request, request.path["member"])
    request.check_version(member.version)
    wanted = replace(member, **request.body(MemberPatch).changes())
    changed = change_member(service, request.caller, request.in_account, member, wanted)
    return Answer(MemberView.of(changed), version=changed.version)


def delete_member(service: Service, request: Request) -> Answer:
    member = _member(service, request, request.path["member"])
    remove_member(service, request.caller, request.in_account, member)
    return Answer()


def get_defaults(service: Service, request: Request) -> Answer:
    account = request.in_account
    return Answer(DefaultsView.of(account), version=account.version)


def patch_defaults(service: Service, request: Request) -> Answer:
    account = request.in_account
    request.check_version(account.version)
    done = change_defaults(service, request.caller, account, request.body(DefaultsPatch).changes())
    return Answer(ChangedDefaultsView.after(done), version=done.account.version)


def get_events(service: Service, request: Request) -> Answer:
    account, query = request.in_account, request.query(EventQuery)
    found, after = service.events.page(account.tenant, account.id, request.position(), query.limit, query.subject)
    views = [EventView.of(event) for event in found]
    return Answer(EventPage(events=views, next_cursor=request.next_cursor(after)))


def get_openapi(service: Service, request: Request) -> Answer:
    return Answer(text=(_HERE / "openapi.json").read_text("utf-8"), headers={"cache-control": "max-age=300"})


def get_docs(service: Service, request: Request) -> Answer:
    text = (_HERE / "docs.html").read_text("utf-8")
    policy = "default-src 'none'; connect-src 'self'; script-src 'unsafe-inline'; style-src 'unsafe-inline'"
    headers = {"content-security-policy": policy, "cache-control": "max-age=300"}
    return Answer(text=text, content_type="text/html; charset=utf-8", headers=headers)


_READ, _MANAGE = Capability.READ, Capability.MANAGE

ROUTES: Final[list[Route]] = [
    Route("GET", "/v1/providers", get_providers, "Providers, what they offer and the steps to show before connecting",
          answer=ProviderList, tag="Catalogue"),
    Route("GET", "/v1/errors", get_errors, "Every error code with cause, remedy and handling",
          answer=ErrorList, tag="Catalogue"),
    Route("GET", "/v1/tenant", get_tenant, "Your own settings", answer=TenantView, tag="Tenant"),
    Route("PATCH", "/v1/tenant", patch_tenant, "Change your own settings", answer=TenantView, body=TenantPatch,
          capability=_MANAGE, if_match=True, tag="Tenant"),
    Route("POST", "/v1/accounts", post_account, "Create an account", answer=AccountView, status=201, body=NewAccount,
          capability=_MANAGE, rebuild=post_account_again, tag="Accounts"),
    Route("GET", "/v1/accounts", get_accounts, "Accounts that the caller may see, newest first", answer=AccountPage,
          query=AccountQuery, errors=("scope_missing",), tag="Accounts"),
    Route("GET", _ACCOUNT, get_account, "One account, and what the caller may do in it", answer=AccountView,
          capability=_READ, tag="Accounts"),
    Route("DELETE", _ACCOUNT, remove_account, "Take an account out of use", status=204, capability=_MANAGE,
          errors=("main_connection_exists", "conflict"), tag="Accounts"),
    Route("GET", _MEMBERS, get_members, "People of the account and their roles", answer=MemberList,
          capability=_MANAGE, tag="Members"),
    Route("POST", _MEMBERS, post_member, "Add a person", answer=MemberView, status=201, body=NewMember,
          capability=_MANAGE, rebuild=post_member_again, errors=("conflict",), tag="Members"),
    Route("PATCH", _MEMBER, patch_member, "Change a person's name or role", answer=MemberView, body=MemberPatch,
          capability=_MANAGE, if_match=True, errors=("last_admin",), tag="Members"),
    Route("DELETE", _MEMBER, delete_member, "Take a person out of the account", status=204, capability=_MANAGE,
          errors=("last_admin", "conflict"), tag="Members"),
    *INBOX_ROUTES,
    *CONNECTION_ROUTES,
    *ENDPOINT_ROUTES,
    *WORKFLOW_ROUTES,
    Route("GET", _ACCOUNT + "/defaults", get_defaults, "Which connections publishing goes through",
          answer=DefaultsView, capability=_MANAGE, tag="Settings"),
    Route("PATCH", _ACCOUNT + "/defaults", patch_defaults, "Choose the connections publishing goes through",
          answer=ChangedDefaultsView, body=DefaultsPatch, capability=_MANAGE, if_match=True, errors=("no_connection",),
          tag="Settings"),
    *AUTOMATION_ROUTES,
    Route("GET", _ACCOUNT + "/events", get_events, "What happened in the account, newest first", answer=EventPage,
          query=EventQuery, capability=_READ, tag="Events"),
    Route("GET", "/v1/openapi.json", get_openapi, "This description", public=True, tag="Catalogue"),
    Route("GET", "/docs", get_docs, "This description as a page for people", public=True, tag="Catalogue",
          content_type="text/html"),
]  # fmt: skip
