"""SQS: wake-ups and work for the queue workers."""

import json
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from types_boto3_sqs.client import SQSClient

LONGEST_DELAY: Final = 900  # seconds, SQS's own bound for DelaySeconds; beyond it the agenda remembers


class Queue:
    """One standard queue. Messages of one `group` (a tenant) share their turn fairly with other groups'."""

    def __init__(self, client: "SQSClient", url: str) -> None:
        self._client = client
        self._url = url

    def send(self, body: dict[str, Any], *, group: str, delay_seconds: int = 0) -> None:
        """Put one message on the queue.

        `delay_seconds` is 0 to 900 (SQS's own bound); raises ValueError beyond it, botocore's errors when SQS fails.
        """
        if not 0 <= delay_seconds <= LONGEST_DELAY:
            raise ValueError(f"a message waits 0 to {LONGEST_DELAY} seconds, not {delay_seconds}")
        self._client.send_message(
            QueueUrl=self._url,
            MessageBody=json.dumps(body, separators=(",", ":")),
            DelaySeconds=delay_seconds,
            MessageGroupId=group,
        )
