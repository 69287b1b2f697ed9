"""What the HTTP edge asks of the use cases, in one value."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from shared.aws.http import Begun, Gate, Repeated
from shared.aws.signing import Signer
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
    if found.outcome is None:
        return Begun(found.resource_id)
    return Repeated(found.resource_id, found.outcome)


def _finish(service: Service, scope_key: str, outcome: Mapping[str, Any]) -> None:
    service.idempotency.finish(scope_key, dict(outcome))


def _abandon(service: Service, scope_key: str) -> None:
    service.idempotency.abandon(scope_key)


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
