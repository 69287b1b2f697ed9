"""The minute's entry: EventBridge Scheduler wakes it, it does what is due."""

from datetime import timedelta
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from shared.aws import log
from shared.usecases.run_agenda import run_agenda
from shared.usecases.service import Service

_service: list[Service] = []


def handler(_event: dict[str, Any], context: LambdaContext) -> dict[str, int]:
    """Scheduler entry. Answers how many rows were due and how many of them failed."""
    if not _service:
        _service.append(Service.from_environment())
    service = _service[0]
    log.begin(request_id=context.aws_request_id)
    deadline = service.clock.now() + timedelta(milliseconds=context.get_remaining_time_in_millis())
    try:
        levels = run_agenda(service, deadline)
        log.logger.info("agenda", extra={"rows": levels.rows, "failed": levels.failed})
    finally:
        log.flush()
    return {"rows": levels.rows, "failed": levels.failed}
