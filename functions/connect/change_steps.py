"""The tasks of the state machine change-connection."""

from typing import Any, Final

from aws_lambda_powertools.utilities.typing import LambdaContext

from shared.aws import log
from shared.domain.workflows import Step
from shared.usecases.abandon_change import abandon_change
from shared.usecases.carry_workflow import Steps, carry
from shared.usecases.follow_change import follow_change
from shared.usecases.let_old_go import let_old_go, offer_merge
from shared.usecases.service import Service
from shared.usecases.settle_switch import ask_settling
from shared.usecases.switch_connections import switch_connections

# Lists are set going by the choice of the organisation, and guarded by the agenda.
STEPS: Final = Steps(
    follow=follow_change,
    acts={
        "switch": switch_connections,
        "let_go": let_old_go,
        "offer": offer_merge,
        "abandon": abandon_change,
    },
    set_going={Step.SETTLE: ask_settling},
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
