"""Dead letters back to work, and publishing held and let go as a whole."""

from typing import Final

from ops.target import Target

QUEUES: Final = {
    "publish": ("PublishDeadLettersUrl", "PublishQueueUrl"),
    "refresh": ("RefreshDeadLettersUrl", "RefreshQueueUrl"),
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


def hold(target: Target, *, held: bool) -> int:
    """Stop the publish worker from taking messages, or let it go on; returns how many event sources were switched.

    What is queued stays queued and API callers go on queueing: nothing is lost, nothing is sent. For use after a
    restore of the items or claims table, until everything changed since has been looked up at the provider.
    """
    functions = target.client("lambda")
    mappings = functions.list_event_source_mappings(FunctionName=target.outputs["PublishWorkerFunctionName"])
    found = mappings["EventSourceMappings"]
    for one in found:
        functions.update_event_source_mapping(UUID=one["UUID"], Enabled=not held)
    return len(found)
