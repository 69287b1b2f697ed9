"""Bring news to tenants' endpoints: signed, tried again over days, given up in the end. Their order is not promised."""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from math import ceil
from typing import Any, Final

from shared.aws.log import count, logger
from shared.aws.queues import LONGEST_DELAY
from shared.domain.errors import ConflictError
from shared.domain.outgoing import (
    DISABLED_AFTER,
    GONE,
    Delivery,
    DeliveryStatus,
    DisabledBecause,
    Endpoint,
    EventType,
    headers,
    wait_after,
    written,
)
from shared.storage.agenda import AgendaKind
from shared.usecases.endpoint_secrets import valid_secrets
from shared.usecases.service import Service
from shared.usecases.tell import NEWS, SCHEMA

ATTEMPT: Final = "attempt"
POST_DEADLINE: Final = timedelta(seconds=10)
AFTER_POST: Final = timedelta(seconds=5)  # the writes that follow a try; the shortest invocation has time for one
_TRIES: Final = 5  # against other writers of the same endpoint


@dataclass(slots=True)
class _Turn:
    """One message of the queue at work. `failing` are endpoints that a try has failed at in this turn."""

    service: Service
    deadline: datetime
    failing: set[str] = field(default_factory=set)

    def has_time(self) -> bool:
        return self.service.clock.now() + POST_DEADLINE + AFTER_POST < self.deadline


def deliver(service: Service, body: Mapping[str, Any], deadline: datetime) -> None:
    """Do what one message of the delivery queue asks for; `deadline` is when the invocation ends (UTC).

    May be repeated from any point: what was tried already is not tried again by a repeat. Raises ValueError on a
    message of a later version, which stays untouched.
    """
    if body["schema"] > SCHEMA:
        raise ValueError(f"a message of schema {body['schema']} is from a later version")
    turn = _Turn(service, deadline)
    match body["kind"]:
        case "news":
            _bring(turn, body)
        case "attempt":
            _try_again(turn, body)
        case unknown:
            raise ValueError(f"there is no message of kind {unknown}")


def attempt_message(delivery: Delivery) -> dict[str, Any]:
    """The message that has a delivery tried once more; it counts only while nobody else has tried since."""
    return {
        "schema": SCHEMA,
        "kind": ATTEMPT,
        "tenant": delivery.tenant,
        "endpoint": delivery.endpoint,
        "delivery": delivery.id,
        "tries": delivery.tries,
        "replays": delivery.replays,
    }


def _bring(turn: _Turn, body: Mapping[str, Any]) -> None:
    service, tenant, news = turn.service, body["tenant"], body["news"]
    only = body.get("endpoint")
    endpoints = [one for one in service.endpoints.of_tenant(tenant) if only in {None, one.id}]
    for number, one in enumerate(news):
        event = EventType(one["type"])
        for endpoint in endpoints:
            if not endpoint.wants(event):
                continue
            if not turn.has_time():
                service.deliver_queue.send({**body, "kind": NEWS, "news": news[number:]}, group=tenant)
                return
            at = datetime.fromisoformat(body["at"])
            begun = Delivery(one["id"], tenant, endpoint.id, event, at, written(one["payload"]))
            delivery = service.deliveries.begin(begun)
            if delivery.status is DeliveryStatus.PENDING and delivery.tries == 0 and delivery.replays == 0:
                _attempt(turn, endpoint, delivery)


def _try_again(turn: _Turn, body: Mapping[str, Any]) -> None:
    service = turn.service
    where = body["tenant"], body["endpoint"]
    endpoint = service.endpoints.get(*where)
    delivery = service.deliveries.get(*where, body["delivery"])
    if endpoint is None or delivery is None or delivery.status is not DeliveryStatus.PENDING:
        return
    if (delivery.tries, delivery.replays) != (body["tries"], body["replays"]):
        return  # tried, or begun anew, by another message
    if endpoint.disabled_at is not None:
        with suppress(ConflictError):
            service.deliveries.update(replace(delivery, status=DeliveryStatus.FAILED, next_at=None))
        return
    _attempt(turn, endpoint, delivery)


def _attempt(turn: _Turn, endpoint: Endpoint, delivery: Delivery) -> None:
    """One try, and what follows from it: done, another try later, or the end."""
    now = turn.service.clock.now()
    put_off = endpoint.id in turn.failing
    code: int | None = None
    failure: str | None = "put off: another message to this endpoint has just failed"
    if not put_off:
        code, failure = _post(turn.service, endpoint, delivery, now)
    done = replace(delivery, tries=delivery.tries + 1, tried_at=now, code=code, failure=failure, next_at=None)
    if failure is None:
        done = replace(done, status=DeliveryStatus.DELIVERED)
        count("webhooks_delivered")
    else:
        turn.failing.add(endpoint.id)
        count("webhooks_failed")
        done = _planned(turn.service, done, gone=code == GONE)
    with suppress(ConflictError):  # another worker has tried the same at the same time
        turn.service.deliveries.update(done)
    if not put_off:
        _note_health(turn.service, endpoint, now, failed=failure is not None, gone=code == GONE)


def _post(service: Service, endpoint: Endpoint, delivery: Delivery, now: datetime) -> tuple[int | None, str | None]:
    """The status that the endpoint answered, and what is wrong with it; no redirect is followed."""
    from shared.aws.public_web import AddressRefused, WebFailed

    signed = headers(valid_secrets(service, endpoint, now), delivery.id, now, delivery.body)
    try:
        seconds = POST_DEADLINE.total_seconds()
        answer = service.public_web.post(endpoint.url, signed, delivery.body.encode(), seconds)
    except (AddressRefused, WebFailed) as error:
        return None, str(error)
    return answer.status, None if 200 <= answer.status < 300 else f"answered {answer.status}"


def _planned(service: Service, delivery: Delivery, *, gone: bool) -> Delivery:
    """The delivery with its next try, which is asked for before it is written down; or without one, failed."""
    wait = None if gone else wait_after(delivery.tries)
    if wait is None:
        return replace(delivery, status=DeliveryStatus.FAILED)
    at = service.clock.now() + wait
    body = attempt_message(delivery)
    delay = ceil(wait.total_seconds())
    if delay <= LONGEST_DELAY:
        service.deliver_queue.send(body, group=delivery.tenant, delay_seconds=delay)
    else:
        service.agenda.put(AgendaKind.WEBHOOK, at, f"{delivery.endpoint}:{delivery.id}", body)
    return replace(delivery, next_at=at)


def _note_health(service: Service, endpoint: Endpoint, now: datetime, *, failed: bool, gone: bool) -> None:
    """Write to the endpoint what the try says of it, where that is news; disabled when it is gone or fails for days."""
    current: Endpoint | None = endpoint
    for _ in range(_TRIES):
        if current is None or current.disabled_at is not None:
            return
        after = _after_try(current, now, failed=failed, gone=gone)
        if after == current:
            return
        try:
            service.endpoints.update(after)
        except ConflictError:
            current = service.endpoints.get(endpoint.tenant, endpoint.id)
            continue
        if after.disabled_at is not None:
            count("webhook_endpoints_disabled")
            logger.warning("webhook endpoint disabled", extra={"endpoint": endpoint.id})
        return


def _after_try(endpoint: Endpoint, now: datetime, *, failed: bool, gone: bool) -> Endpoint:
    if not failed:
        return replace(endpoint, failing_since=None)
    since = endpoint.failing_since or now
    if gone:
        return replace(endpoint, failing_since=since, disabled_at=now, disabled_because=DisabledBecause.GONE)
    if now - since >= DISABLED_AFTER:
        return replace(endpoint, failing_since=since, disabled_at=now, disabled_because=DisabledBecause.FAILING)
    return replace(endpoint, failing_since=since)
