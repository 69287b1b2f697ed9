"""Webhooks of providers: answered within their few seconds, with as little code loaded as that takes.

401 for a wrong or missing signature (a provider's check that we look, Xero's intent to receive, wants exactly that),
200 with an empty body for a right one, 5xx when the notices could not be passed on, so that the provider sends again.
"""

import base64
import binascii
from functools import cache
from typing import Any, Final

from shared.aws import log
from shared.domain.errors import LedgerbridgeError
from shared.usecases.receive_notices import receive_notices
from shared.usecases.service import Service

LARGEST_BODY: Final = 1 << 20  # bytes

_service = cache(Service.from_environment)


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """One webhook, in payload format 2.0."""
    log.begin(request_id=(event.get("requestContext") or {}).get("requestId"))
    provider = (event.get("pathParameters") or {}).get("provider", "")
    try:
        status = _status(provider, event)
    except Exception:
        log.logger.exception("webhook failed")
        status = 503
    log.logger.info("webhook", extra={"provider": provider, "status": status})
    log.flush()
    return {"statusCode": status, "headers": {}, "body": ""}


def _status(provider: str, event: dict[str, Any]) -> int:
    raw = _raw_body(event)
    if raw is None or len(raw) > LARGEST_BODY:
        return 413 if raw else 400
    headers = {name.lower(): value for name, value in (event.get("headers") or {}).items()}
    try:
        signed = receive_notices(_service(), provider, raw, headers)
    except LedgerbridgeError as error:
        return {"provider_unknown": 404, "provider_not_set_up": 401}.get(error.problem.code, 503)
    log.count("webhooks_received" if signed else "webhooks_refused")
    return 200 if signed else 401


def _raw_body(event: dict[str, Any]) -> bytes | None:
    """The very bytes that were signed, however the gateway passed them on."""
    text = event.get("body") or ""
    if not event.get("isBase64Encoded"):
        return str(text).encode()
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error:
        return None
