"""The routes of workflows: see them step by step, and cancel one."""

from collections.abc import Mapping
from typing import Any, Final

from functions.connect.workflow_models import WorkflowPage, WorkflowView
from shared.aws.http import Answer, PageQuery, Request, Route
from shared.domain.accounts import Capability
from shared.domain.errors import fail
from shared.domain.workflows import Workflow
from shared.usecases.cancel_workflow import cancel_workflow
from shared.usecases.follow_change import failing_lists
from shared.usecases.service import Service

_WORKFLOWS: Final = "/v1/accounts/{account}/workflows"
_WORKFLOW: Final = _WORKFLOWS + "/{workflow}"


def _workflow(service: Service, request: Request) -> Workflow:
    account = request.in_account
    found = service.workflows.get(account.tenant, account.id, request.path["workflow"])
    if found is None:
        raise fail("not_found", field="workflow")
    return found


def get_workflows(service: Service, request: Request) -> Answer:
    account, query = request.in_account, request.query(PageQuery)
    found, after = service.workflows.page(account.tenant, account.id, request.position(), query.limit)
    views = [WorkflowView.of(workflow) for workflow in found]
    return Answer(WorkflowPage(workflows=views, next_cursor=request.next_cursor(after)))


def get_workflow(service: Service, request: Request) -> Answer:
    workflow = _workflow(service, request)
    return Answer(WorkflowView.of(workflow, failing_lists(service, workflow)))


def post_cancel(service: Service, request: Request) -> Answer:
    return Answer(WorkflowView.of(cancel_workflow(service, request.caller, _workflow(service, request))))


def as_it_is(service: Service, request: Request, outcome: Mapping[str, Any]) -> Answer:
    return get_workflow(service, request)


ROUTES: Final[list[Route]] = [
    Route("GET", _WORKFLOWS, get_workflows, "Changes of connection and merges of the account, newest first",
          answer=WorkflowPage, query=PageQuery, capability=Capability.READ, tag="Workflows"),
    Route("GET", _WORKFLOW, get_workflow, "One workflow, step by step", answer=WorkflowView,
          capability=Capability.READ, tag="Workflows"),
    Route("POST", _WORKFLOW + "/cancel", post_cancel, "Cancel a workflow", answer=WorkflowView, status=202,
          capability=Capability.MANAGE, rebuild=as_it_is, errors=("workflow_not_cancellable", "conflict"),
          description="Until a change has switched, or a merge was applied. What it had begun is undone after the "
          "answer: `status` is stopping, then ended. Once more changes nothing.", tag="Workflows"),
]  # fmt: skip
