"""What the HTTP edge asks of the use cases, in one value."""

from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime
from typing import Any, Final

from shared.aws.http import Begun, Gate, Repeated
from shared.aws.signing import Signer
from shared.domain.errors import ConflictError
from shared.storage import idempotency
from shared.usecases.admission import admit, allow
from shared.usecases.service import Service


def _now(service: Service) -> datetime:
    return service.clock.now()


def _signer(service: Service) -> Signer:
    return service.signer


def _base_url(service: Service) -> str:
    return service.settings.text("api_base_url").rstrip("/")


def _begin(service: Service, scope_key: str, body_hash: str, resource_id: str) -> Begun | Repeated:
    found = service.idempotency.begin(scope_key, body_hash, resource_id, service.clock.now())
    if isinstance(found, idempotency.Begun):
        return Begun(found.resource_id)
    return Repeated(found.resource_id, found.outcome)


def _finish(service: Service, scope_key: str, outcome: Mapping[str, Any]) -> None:
    with suppress(ConflictError):  # a repeat that took over has kept its own outcome of the same resource
        service.idempotency.finish(scope_key, dict(outcome))


def _abandon(service: Service, scope_key: str) -> None:
    with suppress(ConflictError):
        service.idempotency.give_up(scope_key, service.clock.now())


GATE: Final = Gate(
    service=Service.from_environment,
    now=_now,
    signer=_signer,
    base_url=_base_url,
    admit=admit,
    allow=allow,
    begin=_begin,
    finish=_finish,
    abandon=_abandon,
)
