"""What callers see on the way to publishing: where to send an item's file, and what would be sent for the item."""

from dataclasses import asdict
from datetime import datetime

from pydantic import Field

from functions.publish.views import ProblemView
from shared.aws.http import View
from shared.domain.coding import Source
from shared.domain.connections import Destination, PublishAs, Slot
from shared.domain.integrations import Because
from shared.usecases.item_document import UploadForm
from shared.usecases.preview_item import Preview


class UploadView(View):
    """Send `fields`, then the file as `file`, as multipart/form-data to `url`; then PUT `upload` back to us."""

    url: str
    fields: dict[str, str]
    upload: str
    expires_at: datetime

    @classmethod
    def of(cls, form: UploadForm) -> "UploadView":
        return cls(url=form.url, fields=form.fields, upload=form.upload, expires_at=form.expires_at)


class PayloadView(View):
    """One call's body, exactly as it would be sent for this item alone."""

    resource: str
    body: str


class SourceView(View):
    """Who said a field, and the rule that did."""

    source: Source
    rule: str | None = Field(description="The id of the rule, where one decided")


class ChangeView(View):
    """One thing that would go into the books otherwise than the item says, by the connection's settings."""

    field: str
    before: str
    after: str
    reason: str = Field(description="An error code, such as that of the lock it gives way to, or `connection_settings`")


class PreviewView(View):
    """What publishing would send, and every problem that can be known without a call."""

    integration: Slot
    reason: Because
    connection: str
    provider: str
    organisation: str
    destination: Destination
    publish_as: PublishAs
    sources: dict[str, SourceView] = Field(description="Where each value comes from, by its field's path")
    changes: list[ChangeView]
    payloads: list[PayloadView]
    problems: list[ProblemView]
    warnings: list[ProblemView]
    attaches: str | None
    approver: str | None = Field(description="The name of who is to approve it first there, once it is published")

    @classmethod
    def of(cls, preview: Preview) -> "PreviewView":
        return cls(
            integration=preview.integration.slot,
            reason=preview.integration.reason,
            connection=preview.connection,
            provider=preview.provider,
            organisation=preview.organisation,
            destination=preview.destination,
            publish_as=preview.publish_as,
            sources={
                path: SourceView(source=source, rule=preview.rules.get(source))
                for path, source in preview.sources.items()
            },
            changes=[ChangeView(**asdict(change)) for change in preview.changes],
            payloads=[PayloadView(resource=one.resource, body=one.text) for one in preview.payloads],
            problems=[ProblemView.of(problem) for problem in preview.problems],
            warnings=[ProblemView.of(problem) for problem in preview.warnings],
            attaches=preview.attaches,
            approver=preview.approver,
        )
