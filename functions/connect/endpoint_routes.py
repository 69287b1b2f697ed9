"""The routes of the tenant's webhook endpoints."""

from collections.abc import Mapping
from typing import Any, Final

from functions.connect.endpoint_models import (
    DeliveryPage,
    DeliveryQuery,
    DeliveryView,
    EndpointList,
    EndpointPatch,
    EndpointView,
    NewEndpoint,
    TestView,
)
from shared.aws.http import Answer, Request, Route
from shared.domain.accounts import Capability
from shared.domain.outgoing import Endpoint
from shared.usecases.endpoint_secrets import newest_secret
from shared.usecases.manage_endpoints import (
    change_endpoint,
    create_endpoint,
    found_delivery,
    found_endpoint,
    replay_delivery,
    rotate_secret,
    try_endpoint,
)
from shared.usecases.service import Service

_ENDPOINTS: Final = "/v1/webhook-endpoints"
_ENDPOINT: Final = _ENDPOINTS + "/{endpoint}"
_DELIVERIES: Final = _ENDPOINT + "/deliveries"


def _endpoint(service: Service, request: Request) -> Endpoint:
    return found_endpoint(service, request.caller.tenant, request.path["endpoint"])


def get_endpoints(service: Service, request: Request) -> Answer:
    found = service.endpoints.of_tenant(request.caller.tenant)
    return Answer(EndpointList(endpoints=[EndpointView.of(endpoint) for endpoint in found]))


def post_endpoint(service: Service, request: Request) -> Answer:
    body = request.body(NewEndpoint)
    wanted = Endpoint(
        id=request.resource_id,
        tenant=request.caller.tenant,
        url=body.url,
        events=tuple(body.events),
        created_at=request.now,
        description=body.description,
    )
    return _with_secret(service, create_endpoint(service, wanted))


def _with_secret(service: Service, endpoint: Endpoint) -> Answer:
    secret = newest_secret(service, endpoint).reveal()
    return Answer(EndpointView.of(endpoint, secret), version=endpoint.version)


def post_endpoint_again(service: Service, request: Request, outcome: Mapping[str, Any]) -> Answer:
    """The repeat shows no secret: whoever lost the first answer rotates it."""
    endpoint = found_endpoint(service, request.caller.tenant, request.resource_id)
    return Answer(EndpointView.of(endpoint), version=endpoint.version)


def get_endpoint(service: Service, request: Request) -> Answer:
    endpoint = _endpoint(service, request)
    return Answer(EndpointView.of(endpoint), version=endpoint.version)


def patch_endpoint(service: Service, request: Request) -> Answer:
    endpoint = _endpoint(service, request)
    request.check_version(endpoint.version)
    endpoint = change_endpoint(service, endpoint, request.body(EndpointPatch).changes())
    return Answer(EndpointView.of(endpoint), version=endpoint.version)


def delete_endpoint(service: Service, request: Request) -> Answer:
    service.endpoints.delete(_endpoint(service, request))
    return Answer()


def post_secret(service: Service, request: Request) -> Answer:
    return _with_secret(service, rotate_secret(service, _endpoint(service, request), request.resource_id))


def endpoint_again(service: Service, request: Request, outcome: Mapping[str, Any]) -> Answer:
    return get_endpoint(service, request)


def post_test(service: Service, request: Request) -> Answer:
    delivery = try_endpoint(service, _endpoint(service, request), request.resource_id)
    return Answer(TestView(delivery=delivery), outcome={"delivery": delivery})


def post_test_again(service: Service, request: Request, outcome: Mapping[str, Any]) -> Answer:
    return Answer(TestView(delivery=outcome["delivery"]))


def get_deliveries(service: Service, request: Request) -> Answer:
    endpoint, query = _endpoint(service, request), request.query(DeliveryQuery)
    found, after = service.deliveries.page(endpoint.tenant, endpoint.id, request.position(), query.limit)
    views = [DeliveryView.of(delivery) for delivery in found]
    return Answer(DeliveryPage(deliveries=views, next_cursor=request.next_cursor(after)))


def get_delivery(service: Service, request: Request) -> Answer:
    return Answer(DeliveryView.of(found_delivery(service, _endpoint(service, request), request.path["delivery"])))


def post_replay(service: Service, request: Request) -> Answer:
    endpoint = _endpoint(service, request)
    delivery = found_delivery(service, endpoint, request.path["delivery"])
    return Answer(DeliveryView.of(replay_delivery(service, endpoint, delivery)))


def post_replay_again(service: Service, request: Request, outcome: Mapping[str, Any]) -> Answer:
    return get_delivery(service, request)


_READ, _MANAGE = Capability.READ, Capability.MANAGE
_TAG: Final = "Webhooks of yours"

ROUTES: Final[list[Route]] = [
    Route("GET", _ENDPOINTS, get_endpoints, "Where you are told what happened", answer=EndpointList,
          capability=_READ, tag=_TAG),
    Route("POST", _ENDPOINTS, post_endpoint, "Be told what happens", answer=EndpointView, status=201,
          body=NewEndpoint, capability=_MANAGE, rebuild=post_endpoint_again, errors=("too_many_endpoints",), tag=_TAG,
          description="Messages are signed as Standard Webhooks has it (headers webhook-id, webhook-timestamp, "
          "webhook-signature); answer 2xx within 10 seconds. Each is sent at least once, under the same webhook-id at "
          "every try; their order is not promised. A try that fails is repeated after 5 s, 5 min, 30 min, 2 h, 5 h, "
          "10 h, 14 h, 20 h and 24 h. 410 ends the endpoint, as five days without a success do. The `secret` is shown "
          "in this answer alone. What happens in the ten seconds after a change may still go by the old "
          "subscriptions."),
    Route("GET", _ENDPOINT, get_endpoint, "One endpoint, and how it does", answer=EndpointView, capability=_READ,
          tag=_TAG),
    Route("PATCH", _ENDPOINT, patch_endpoint, "Change an endpoint, or switch it off and on", answer=EndpointView,
          body=EndpointPatch, capability=_MANAGE, if_match=True, tag=_TAG),
    Route("DELETE", _ENDPOINT, delete_endpoint, "Be told no more", status=204, capability=_MANAGE,
          errors=("conflict",), tag=_TAG),
    Route("POST", _ENDPOINT + "/secret", post_secret, "Rotate the secret", answer=EndpointView, capability=_MANAGE,
          rebuild=endpoint_again, errors=("conflict",), tag=_TAG,
          description="For 24 hours messages carry two signatures, by the new secret and by the one before it."),
    Route("POST", _ENDPOINT + "/test", post_test, "Have a test message sent", answer=TestView, status=202,
          capability=_MANAGE, rebuild=post_test_again, errors=("endpoint_disabled",), tag=_TAG),
    Route("GET", _DELIVERIES, get_deliveries, "Messages of the last 30 days, newest first", answer=DeliveryPage,
          query=DeliveryQuery, capability=_READ, tag=_TAG),
    Route("GET", _DELIVERIES + "/{delivery}", get_delivery, "One message, and how it was taken", answer=DeliveryView,
          capability=_READ, tag=_TAG),
    Route("POST", _DELIVERIES + "/{delivery}/replay", post_replay, "Send a message again", answer=DeliveryView,
          status=202, capability=_MANAGE, rebuild=post_replay_again,
          errors=("endpoint_disabled", "too_many_replays", "conflict"), tag=_TAG,
          description="Under its own webhook-id, with all its tries anew; 20 times at most."),
]  # fmt: skip
