"""The tasks of the state machine change-connection: each asks the record, does its part, and may be repeated."""

from typing import Any, Final

from aws_lambda_powertools.utilities.typing import LambdaContext

from shared.aws import log
from shared.domain.workflows import Step, Workflow
from shared.usecases.carry_workflow import Run, current, give_up, wait_at, where
from shared.usecases.move_workflow import advance_workflow, end_workflow
from shared.usecases.service import Service

_service: list[Service] = []


def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, str]:
    """Step Functions entry: {"action", "run": the machine's input, ...}. Answers {"next"} where the run asks where."""
    if not _service:
        _service.append(Service.from_environment())
    run = Run.of(event["run"])
    log.begin(request_id=context.aws_request_id, tenant=run.tenant, account=run.account)
    try:
        return serve(_service[0], run, event)
    finally:
        log.flush()
