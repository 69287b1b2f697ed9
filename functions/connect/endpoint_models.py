"""What tenants send and see about their webhook endpoints."""

import json
from datetime import datetime
from typing import Annotated, Any, Self

from pydantic import AfterValidator, Field

from functions.connect.fields import Name, Patch, Url, left_alone
from shared.aws.http import Model, PageQuery, View
from shared.domain.outgoing import (
    SUBSCRIBABLE,
    Delivery,
    DeliveryStatus,
    DisabledBecause,
    Endpoint,
    EventType,
    message_id,
)


def _subscribable(events: list[EventType]) -> list[EventType]:
    if EventType.ENDPOINT_TEST in events:
        raise ValueError("endpoint.test is sent when it is asked for, and not subscribed to")
    return list(dict.fromkeys(events))


Events = Annotated[list[EventType], Field(min_length=1, max_length=len(SUBSCRIBABLE)), AfterValidator(_subscribable)]


class NewEndpoint(Model):
    url: Url = Field(description="https, and a public address")
    events: Events
    description: Name | None = None


class EndpointPatch(Patch):
    url: Url = Field(default_factory=left_alone)
    events: Events = Field(default_factory=left_alone)
    description: Name | None = None
    disabled: bool = Field(default_factory=left_alone, description="False switches a disabled endpoint on again")

    def changes(self) -> dict[str, Any]:
        given = super().changes()
        if "events" in given:
            given["events"] = tuple(given["events"])
        return given


class EndpointView(View):
    id: str
    url: str
    events: list[EventType]
    description: str | None
    created_at: datetime
    failing_since: datetime | None = Field(description="The first failure after which nothing got through any more")
    disabled_at: datetime | None
    disabled_because: DisabledBecause | None = Field(
        description="`gone`: it answered 410; `failing`: for five days nothing got through; `asked`: by you"
    )
    overlap_until: datetime | None = Field(description="Until then the secret before the last rotation signs as well")
    version: int = Field(description="In quotes, the value of If-Match for changing the endpoint")
    secret: str | None = Field(None, description="Shown once: in the first answer to creating and to rotating")

    @classmethod
    def of(cls, endpoint: Endpoint, secret: str | None = None) -> Self:
        return cls(
            id=endpoint.id,
            url=endpoint.url,
            events=list(endpoint.events),
            description=endpoint.description,
            created_at=endpoint.created_at,
            failing_since=endpoint.failing_since,
            disabled_at=endpoint.disabled_at,
            disabled_because=endpoint.disabled_because,
            overlap_until=endpoint.overlap_until,
            version=endpoint.version,
            secret=secret,
        )


class EndpointList(View):
    endpoints: list[EndpointView]


class TestView(View):
    delivery: str = Field(description="The id of the test message's delivery")


class DeliveryView(View):
    id: str
    webhook_id: str = Field(description="The webhook-id header, the same at every try")
    type: EventType
    at: datetime
    status: DeliveryStatus
    tries: int = Field(description="Since it was first sent, or last replayed")
    tried_at: datetime | None
    next_at: datetime | None
    code: int | None = Field(description="The status that the last try was answered with, if it was")
    failure: str | None
    replays: int
    body: dict[str, Any] = Field(description="What is sent, as JSON")

    @classmethod
    def of(cls, delivery: Delivery) -> Self:
        return cls(
            id=delivery.id,
            webhook_id=message_id(delivery.id),
            type=delivery.type,
            at=delivery.at,
            status=delivery.status,
            tries=delivery.tries,
            tried_at=delivery.tried_at,
            next_at=delivery.next_at,
            code=delivery.code,
            failure=delivery.failure,
            replays=delivery.replays,
            body=json.loads(delivery.body),
        )


class DeliveryQuery(PageQuery):
    pass


class DeliveryPage(View):
    deliveries: list[DeliveryView]
    next_cursor: str | None
