"""The secrets that sign what an endpoint is sent. They are derived from our own key and kept nowhere."""

import base64
from datetime import datetime
from typing import Final

from shared.domain.outgoing import SECRET_PREFIX, Endpoint
from shared.domain.secrets import Secret
from shared.usecases.service import Service

_PURPOSE: Final = "webhook endpoint"


def newest_secret(service: Service, endpoint: Endpoint) -> Secret:
    """The endpoint's secret since its last rotation, as Standard Webhooks has it: whsec_ and 32 bytes in base64."""
    return _secret(service, endpoint, endpoint.rotations)


def valid_secrets(service: Service, endpoint: Endpoint, now: datetime) -> list[Secret]:
    """Every secret that signs now, the newest first: after a rotation the one before it for a while."""
    found = [newest_secret(service, endpoint)]
    if endpoint.overlap_until is not None and now < endpoint.overlap_until:
        found.append(_secret(service, endpoint, endpoint.rotations - 1))
    return found


def _secret(service: Service, endpoint: Endpoint, rotation: int) -> Secret:
    text = service.signer.derived(_PURPOSE, f"{endpoint.tenant}|{endpoint.id}|{rotation}")
    raw = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    return Secret(SECRET_PREFIX + base64.b64encode(raw).decode())
