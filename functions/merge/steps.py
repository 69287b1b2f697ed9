"""The tasks of the state machine merge-lists."""

from typing import Any, Final

from aws_lambda_powertools.utilities.typing import LambdaContext

from shared.aws import log
from shared.domain.workflows import Step
from shared.usecases.carry_workflow import Steps, carry
from shared.usecases.follow_merge import abandon_merge, follow_merge, work_at_merge
from shared.usecases.service import Service

STEPS: Final = Steps(
    follow=follow_merge,
    acts={"abandon": abandon_merge},
    set_going={Step.PROPOSE: work_at_merge, Step.APPLY: work_at_merge, Step.REPORT: work_at_merge},
)
_service: list[Service] = []


def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, str]:
    """Step Functions entry: one task of a run; answers {"next"} where the run asks where it is."""
    if not _service:
        _service.append(Service.from_environment())
    run = event["run"]
    log.begin(request_id=context.aws_request_id, tenant=run["tenant"], account=run["account"])
    try:
        return carry(_service[0], STEPS, event)
    finally:
        log.flush()
