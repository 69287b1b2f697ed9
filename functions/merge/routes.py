"""The routes of merges."""

from collections.abc import Mapping
from typing import Any, Final

from functions.merge.models import (
    ListBody,
    MappingPage,
    MappingView,
    MergeListView,
    MergePage,
    MergePreviewView,
    MergeView,
    NewMerge,
)
from shared.aws.http import Answer, PageQuery, Request, Route
from shared.domain.accounts import Capability
from shared.domain.errors import fail
from shared.domain.merges import Merge, MergeList
from shared.usecases.apply_merge import apply_merge, undo_merge
from shared.usecases.begin_merge import begin_merge, found_merge
from shared.usecases.choose_mappings import choose_mappings
from shared.usecases.follow_merge import withdraw_merge
from shared.usecases.preview_merge import preview_merge
from shared.usecases.read_merge import chosen_page
from shared.usecases.service import Service

_MERGES: Final = "/v1/accounts/{account}/merges"
_MERGE: Final = _MERGES + "/{merge}"
_LIST: Final = _MERGE + "/lists/{kind}"


def post_merge(service: Service, request: Request) -> Answer:
    """Begin a merge: a draft that changes nothing."""
    body = request.body(NewMerge)
    merge = begin_merge(
        service, request.in_account, request.resource_id, by=request.caller, source=body.from_, target=body.to
    )
    return Answer(MergeView.of(merge))


def post_merge_again(service: Service, request: Request, _: Mapping[str, Any]) -> Answer:
    """The merge that the first request began, as it is now."""
    return _shown(service, found_merge(service, request.in_account, request.resource_id))


def get_merges(service: Service, request: Request) -> Answer:
    """A page of the account's merges."""
    account, limit = request.in_account, request.query(PageQuery).limit
    merges, position = service.merges.page(account.tenant, account.id, request.position(), limit)
    page = MergePage(merges=[MergeView.of(one) for one in merges], next_cursor=request.next_cursor(position))
    return Answer(page)


def get_merge(service: Service, request: Request) -> Answer:
    """A merge's outline, and its report once it is applied."""
    return _shown(service, _named(service, request))


def get_list(service: Service, request: Request) -> Answer:
    """A page of one list's old entries, with what they become."""
    limit, position = request.query(PageQuery).limit, request.position() or 0
    which = _list_of(request)
    page, following = chosen_page(service, _named(service, request), which, position=position, limit=limit)
    views = [MappingView.of(one) for one in page]
    return Answer(MappingPage(entries=views, next_cursor=request.next_cursor(following)))


def put_list(service: Service, request: Request) -> Answer:
    """Say what the entries of one list become."""
    which, said = _list_of(request), request.body(ListBody).said()
    merge = choose_mappings(service, request.in_account, request.path["merge"], which, said)
    return Answer(MergeListView.of(which, merge.state_of(which)))


def get_preview(service: Service, request: Request) -> Answer:
    """What applying a merge would do."""
    found = preview_merge(service, request.in_account, _named(service, request))
    return Answer(MergePreviewView.of(found))


def post_apply(service: Service, request: Request) -> Answer:
    """Have a merge applied."""
    return _shown(service, apply_merge(service, request.in_account, request.path["merge"], by=request.caller))


def post_undo(service: Service, request: Request) -> Answer:
    """Undo a merge."""
    return _shown(service, undo_merge(service, request.in_account, request.path["merge"], by=request.caller))


def post_discard(service: Service, request: Request) -> Answer:
    """End a draft."""
    account = request.in_account
    return _shown(service, withdraw_merge(service, account, _named(service, request), by=request.caller))


def post_again(service: Service, request: Request, _: Mapping[str, Any]) -> Answer:
    """The merge as it is now."""
    return _shown(service, _named(service, request))


def _named(service: Service, request: Request) -> Merge:
    return found_merge(service, request.in_account, request.path["merge"])


def _list_of(request: Request) -> MergeList:
    try:
        return MergeList(request.path["kind"])
    except ValueError:
        raise fail("not_found", field="kind") from None


def _shown(service: Service, merge: Merge) -> Answer:
    unmapped = service.proposals.report(merge) if merge.left_used else []
    return Answer(MergeView.of(merge, unmapped))


_MANAGE: Final = Capability.MANAGE
_NOT_APPLIED: Final = (
    "merge_not_open",
    "merge_not_decided",
    "merge_books_not_in_use",
    "merge_limit",
    "merge_in_progress",
)

ROUTES: Final = [
    Route(
        "POST",
        _MERGES,
        post_merge,
        "Begin to merge the lists of two books",
        answer=MergeView,
        status=201,
        body=NewMerge,
        capability=_MANAGE,
        rebuild=post_merge_again,
        errors=("workflow_in_progress", "conflict"),
        description="After another software or organisation was connected, or after an account with lists of its own "
        "was connected. Nothing changes until the merge is applied. The lists appear in the outline as their entries "
        "have been compared.",
    ),
    Route("GET", _MERGES, get_merges, "The account's merges", answer=MergePage, query=PageQuery, capability=_MANAGE),
    Route("GET", _MERGE, get_merge, "The outline of a merge, and its report", answer=MergeView, capability=_MANAGE),
    Route(
        "GET",
        _LIST,
        get_list,
        "The old entries of one list, and what they become",
        answer=MappingPage,
        query=PageQuery,
        capability=_MANAGE,
        errors=("merge_not_proposed",),
    ),
    Route(
        "PUT",
        _LIST,
        put_list,
        "Say what the entries of one list become, or skip it",
        answer=MergeListView,
        body=ListBody,
        capability=_MANAGE,
        errors=("merge_not_open", "merge_not_proposed", "mapping_does_not_fit", "conflict"),
        description="Replaces what was said of this list before. When other dimensions are chosen, their values are "
        "compared anew and what was said of those values is forgotten.",
    ),
    Route(
        "GET",
        _MERGE + "/preview",
        get_preview,
        "What applying a merge would do",
        answer=MergePreviewView,
        capability=_MANAGE,
        errors=("merge_not_open", "merge_not_proposed"),
        description="Nothing is stored. Lists that are not decided yet count as they stand.",
    ),
    Route(
        "POST",
        _MERGE + "/apply",
        post_apply,
        "Apply a merge as it was chosen",
        answer=MergeView,
        status=202,
        capability=_MANAGE,
        rebuild=post_again,
        errors=(*_NOT_APPLIED, "conflict"),
        description="Nobody sees any of it before all of it is in force. Rules and items stay as they are. The outline "
        "then lists what was left although something uses it.",
    ),
    Route(
        "POST",
        _MERGE + "/undo",
        post_undo,
        "Undo a merge that was applied",
        answer=MergeView,
        capability=_MANAGE,
        rebuild=post_again,
        errors=("merge_not_open", "merge_in_progress", "conflict"),
        description="Several merges are undone in any order. Rules and items are what they would be without it; a rule "
        "that was changed since keeps the change. Contacts that it made stay in the lists.",
    ),
    Route(
        "POST",
        _MERGE + "/discard",
        post_discard,
        "End a draft",
        answer=MergeView,
        capability=_MANAGE,
        rebuild=post_again,
        errors=("merge_not_open", "conflict"),
    ),
]
