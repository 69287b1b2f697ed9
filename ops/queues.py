"""Dead letters back to work."""

from typing import Final

from ops.target import Target

QUEUES: Final = {
    "publish": ("PublishDeadLettersUrl", "PublishQueueUrl"),
    "refresh": ("RefreshDeadLettersUrl", "RefreshQueueUrl"),
    "deliver": ("DeliverDeadLettersUrl", "DeliverQueueUrl"),
}
_AT_ONCE: Final = 10
MOST: Final = 10_000


def redrive(target: Target, queue: str, most: int = MOST) -> int:
    """Move up to `most` messages from a queue's dead letters back into it; returns how many.

    A message is sent before it is deleted: a crash in between delivers it twice, which the workers bear.
    """
    dead, live = (target.outputs[name] for name in QUEUES[queue])
    sqs = target.client("sqs")
    moved = 0
    while moved < most:
        answer = sqs.receive_message(
            QueueUrl=dead,
            MaxNumberOfMessages=min(_AT_ONCE, most - moved),
            AttributeNames=["MessageGroupId"],
            WaitTimeSeconds=1,
        )
        found = answer.get("Messages", [])
        if not found:
            break
        for message in found:
            group = message.get("Attributes", {}).get("MessageGroupId")
            sqs.send_message(QueueUrl=live, MessageBody=message["Body"], **({"MessageGroupId": group} if group else {}))
            sqs.delete_message(QueueUrl=dead, ReceiptHandle=message["ReceiptHandle"])
            moved += 1
    return moved
