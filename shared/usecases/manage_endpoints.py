"""A tenant's webhook endpoints: where it wants to hear of what, tried out, and told again what it missed."""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from typing import Any

from shared.domain.errors import ConflictError, fail
from shared.domain.outgoing import (
    MOST_ENDPOINTS,
    MOST_REPLAYS,
    OVERLAP,
    Delivery,
    DeliveryStatus,
    DisabledBecause,
    Endpoint,
    EventType,
    News,
)
from shared.usecases.deliver import attempt_message
from shared.usecases.digest import plan_digest
from shared.usecases.public_addresses import check_address
from shared.usecases.service import Service
from shared.usecases.tell import news_message


def create_endpoint(service: Service, endpoint: Endpoint) -> Endpoint:
    """Store a new endpoint; a repeat under the same id meets its own.

    Raises invalid_request for an address that is not called, too_many_endpoints.
    """
    check_address(service, endpoint.url, "url")
    if len(service.endpoints.of_tenant(endpoint.tenant)) >= MOST_ENDPOINTS:
        there = service.endpoints.get(endpoint.tenant, endpoint.id)
        if there is None:
            raise fail("too_many_endpoints", most=MOST_ENDPOINTS)
        return there
    plan_digest(service, endpoint)
    with suppress(ConflictError):
        service.endpoints.create(endpoint)
    return found_endpoint(service, endpoint.tenant, endpoint.id)


def found_endpoint(service: Service, tenant: str, endpoint_id: str) -> Endpoint:
    """An endpoint of the tenant; raises not_found."""
    found = service.endpoints.get(tenant, endpoint_id)
    if found is None:
        raise fail("not_found", field="endpoint")
    return found


def change_endpoint(service: Service, endpoint: Endpoint, changes: Mapping[str, Any]) -> Endpoint:
    """Change url, events, description or `disabled`; what is switched on again begins without a failure.

    Raises invalid_request, ConflictError.
    """
    if "url" in changes:
        check_address(service, changes["url"], "url")
    wanted = dict(changes)
    disabled = wanted.pop("disabled", None)
    changed = replace(endpoint, **wanted)
    if disabled is True and endpoint.disabled_at is None:
        now = service.clock.now()
        changed = replace(changed, disabled_at=now, disabled_because=DisabledBecause.ASKED)
    elif disabled is False:
        changed = replace(changed, disabled_at=None, disabled_because=None, failing_since=None)
    plan_digest(service, changed)
    return service.endpoints.update(changed)


def rotate_secret(service: Service, endpoint: Endpoint, request_id: str) -> Endpoint:
    """Give the endpoint a new secret; the one before it goes on signing beside it for a day. Raises ConflictError.

    A repeat of the same request finds what it did.
    """
    if endpoint.rotated_by == request_id:
        return endpoint
    until = service.clock.now() + OVERLAP
    rotated = replace(endpoint, rotations=endpoint.rotations + 1, rotated_by=request_id, overlap_until=until)
    return service.endpoints.update(rotated)


def try_endpoint(service: Service, endpoint: Endpoint, request_id: str) -> str:
    """Have a test message sent to the endpoint, now; returns the delivery's id. Raises endpoint_disabled."""
    _check_enabled(endpoint)
    news = News(EventType.ENDPOINT_TEST, None, endpoint.id, request_id, {"endpoint": endpoint.id})
    body = news_message(endpoint.tenant, [news], service.clock.now(), endpoint.id)
    service.deliver_queue.send(body, group=endpoint.tenant)
    return news.id(endpoint.tenant)


def found_delivery(service: Service, endpoint: Endpoint, delivery_id: str) -> Delivery:
    """A delivery of the endpoint; raises not_found (they are kept for 30 days)."""
    found = service.deliveries.get(endpoint.tenant, endpoint.id, delivery_id)
    if found is None:
        raise fail("not_found", field="delivery")
    return found


def replay_delivery(service: Service, endpoint: Endpoint, delivery: Delivery) -> Delivery:
    """Send a message once more with the same id, with all its tries anew.

    Raises endpoint_disabled, too_many_replays, ConflictError.
    """
    _check_enabled(endpoint)
    if delivery.replays >= MOST_REPLAYS:
        raise fail("too_many_replays", most=MOST_REPLAYS)
    again = replace(
        delivery,
        status=DeliveryStatus.PENDING,
        tries=0,
        next_at=service.clock.now(),
        replays=delivery.replays + 1,
    )
    again = service.deliveries.update(again)
    service.deliver_queue.send(attempt_message(again), group=endpoint.tenant)
    return again


def _check_enabled(endpoint: Endpoint) -> None:
    if endpoint.disabled_at is not None:
        raise fail("endpoint_disabled", reason=str(endpoint.disabled_because))
