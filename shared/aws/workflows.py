"""Step Functions: the runs of our state machines, and the tasks in them that wait for an answer."""

import json
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from botocore.exceptions import ClientError
    from types_boto3_stepfunctions.client import SFNClient

# A task that nobody waits with any more: it was answered, its time was up, or its run is over.
_OVER: Final = frozenset({"TaskTimedOut", "TaskDoesNotExist"})


class Machine:
    """One state machine, of standard type: a run's name is taken once and for all."""

    def __init__(self, client: "SFNClient", arn: str) -> None:
        self._client = client
        self._arn = arn

    def begin_run(self, name: str, given: dict[str, str | int]) -> None:
        """Start a run; one that was started under this name already, running or over, stays as it is.

        Raises botocore's errors when Step Functions fails.
        """
        from botocore.exceptions import ClientError

        try:
            self._client.start_execution(stateMachineArn=self._arn, name=name, input=json.dumps(given))
        except ClientError as error:
            if _code(error) != "ExecutionAlreadyExists":
                raise

    def is_on(self, name: str) -> bool:
        """Whether a run of this name is on its way; False for one that ended, failed or never began."""
        from botocore.exceptions import ClientError

        arn = f"{self._arn.replace(':stateMachine:', ':execution:')}:{name}"
        try:
            run = self._client.describe_execution(executionArn=arn)
        except ClientError as error:
            if _code(error) != "ExecutionDoesNotExist":
                raise
            return False
        return run["status"] == "RUNNING"

    def go_on(self, token: str) -> bool:
        """Have the task that waits with this token go on; False when nobody waits with it any more."""
        from botocore.exceptions import ClientError

        try:
            self._client.send_task_success(taskToken=token, output="{}")
        except ClientError as error:
            if _code(error) not in _OVER:
                raise
            return False
        return True


def _code(error: "ClientError") -> str:
    return error.response["Error"]["Code"]
