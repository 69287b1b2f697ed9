"""The API's authoriser (REQUEST, simple responses): an access token becomes a tenant, a caller and scopes."""

from functools import cache
from typing import Any, Final

from shared.aws import log
from shared.aws.tokens import BadToken, Tokens
from shared.usecases.identify_caller import identify_caller
from shared.usecases.service import Service

_DENIED: Final[dict[str, Any]] = {"isAuthorized": False}
_service = cache(Service.from_environment)
_tokens: Final = Tokens()


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Allow with {tenant, subject, is_machine, scopes} as context, or deny without saying why.

    A failure of ours (keys or tables that do not answer) raises, so that it is an error and not kept as a refusal.
    """
    log.begin(request_id=(event.get("requestContext") or {}).get("requestId"))
    token = _bearer(event)
    if token is None:
        return _DENIED
    try:
        caller = identify_caller(_service(), _tokens, token)
    except BadToken as refused:
        log.logger.info("token refused", extra={"reason": str(refused)})
        return _DENIED
    if caller is None:
        log.logger.info("token of nobody we know")
        return _DENIED
    context_values = {
        "tenant": caller.tenant,
        "subject": caller.subject,
        "is_machine": "true" if caller.is_machine else "false",
        "scopes": " ".join(sorted(caller.scopes)),
    }
    return {"isAuthorized": True, "context": context_values}


def _bearer(event: dict[str, Any]) -> str | None:
    headers = {name.lower(): value for name, value in (event.get("headers") or {}).items()}
    scheme, _, token = str(headers.get("authorization", "")).partition(" ")
    return token.strip() if scheme.lower() == "bearer" and token.strip() else None
