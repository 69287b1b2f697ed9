"""Wake the publisher of an organisation: by queue now or soon, by agenda later or in case the message is lost."""

from datetime import datetime, timedelta
from typing import Final

from shared.domain.publishing import WakeUp
from shared.usecases.service import Service

SCHEMA: Final = 1
SWEEP_AFTER: Final = timedelta(minutes=2)  # a queue that nobody has looked at for this long lost its wake-up


def wake_up(service: Service, wake: WakeUp, *, delay_seconds: int = 0) -> None:
    """Send one message that says: look at this organisation. Any number of them does no harm."""
    body = {
        "schema": wake.schema,
        "tenant": wake.tenant,
        "account": wake.account,
        "provider": wake.provider,
        "organisation": wake.organisation,
        "hops": wake.hops,
    }
    service.publish_queue.send(body, group=wake.tenant, delay_seconds=delay_seconds)


def read_wake_up(body: dict[str, object]) -> WakeUp:
    """The wake-up of a message; a newer schema raises ValueError, so that the message stays untouched."""
    schema = body.get("schema")
    if schema != SCHEMA:
        raise ValueError(f"a wake-up of schema {schema} is not for this version")
    texts = {name: str(body[name]) for name in ("tenant", "account", "provider", "organisation")}
    return WakeUp(schema=SCHEMA, hops=int(str(body.get("hops", 0))), **texts)


def remind(service: Service, wake: WakeUp, at: datetime) -> None:
    """Have the agenda wake the organisation at a time: what a queue cannot hold, or may lose."""
    payload = {
        "tenant": wake.tenant,
        "account": wake.account,
        "provider": wake.provider,
        "organisation": wake.organisation,
    }
    service.agenda.put("publish", at, f"{wake.tenant}#{wake.provider}#{wake.organisation}", payload)
