"""The route that begins a change of the main connection: to another software, or another organisation."""

from collections.abc import Mapping
from typing import Any, Final, Self

from pydantic import Field

from functions.connect.connection_routes import CONNECTION, connection_of
from functions.connect.fields import ProviderName, Url
from shared.aws.http import Answer, Model, Request, Route, View
from shared.domain.accounts import Capability
from shared.domain.errors import fail
from shared.domain.workflows import Workflow
from shared.usecases.begin_change import begin_change
from shared.usecases.service import Service


class NewChange(Model):
    provider: ProviderName = Field(description="The software to change to; the one that is connected is as good")
    return_url: Url = Field(description="Where the browser goes after consent; its origin is on the tenant's list")


class ConnectionChangeView(View):
    workflow: str = Field(description="See GET .../workflows/{workflow}, where it can be cancelled too")
    connection: str = Field(description="The new connection: redeem the consent and choose the organisation on it")
    authorize_url: str | None = Field(None, description="Where to send the browser; shown once, good for 15 minutes")

    @classmethod
    def of(cls, workflow: Workflow, authorize_url: str | None = None) -> Self:
        return cls(workflow=workflow.id, connection=workflow.successor or "", authorize_url=authorize_url)


def post_change(service: Service, request: Request) -> Answer:
    body = request.body(NewChange)
    begun = begin_change(
        service,
        request.caller,
        request.in_account,
        connection_of(service, request),
        workflow_id=request.resource_id,
        provider=body.provider,
        return_url=body.return_url,
    )
    return Answer(ConnectionChangeView.of(begun.workflow, begun.authorize_url))


def post_change_again(service: Service, request: Request, outcome: Mapping[str, Any]) -> Answer:
    """The change without its URL, which is shown once: POST .../reconnect of the new connection makes another."""
    account = request.in_account
    workflow = service.workflows.get(account.tenant, account.id, request.resource_id)
    if workflow is None:
        raise fail("not_found", field="workflow")
    return Answer(ConnectionChangeView.of(workflow))


ROUTES: Final[list[Route]] = [
    Route("POST", CONNECTION + "/change", post_change, "Change to another software or organisation", status=202,
          answer=ConnectionChangeView, body=NewChange, capability=Capability.MANAGE, rebuild=post_change_again,
          errors=(
              "connection_not_active", "secondary_connected", "workflow_in_progress", "provider_unknown",
              "provider_not_set_up", "return_url_refused", "conflict",
          ),
          description="Send the browser to `authorize_url`, then redeem and choose the organisation on the new "
          "connection. Its lists are pulled while the one connected now goes on publishing; then the new one takes its "
          "place in one step, what waits in the queue comes back to people with the reason `connection_changed`, and "
          "the old one is disconnected. Until that step a refusal, a cancel or a time-out leaves all as it was.",
          tag="Connections"),
]  # fmt: skip
