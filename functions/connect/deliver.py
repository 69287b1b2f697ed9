"""The delivery queue's worker: tenants' endpoints are told what happened."""

from datetime import timedelta
from typing import Any

from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType, process_partial_response
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord
from aws_lambda_powertools.utilities.typing import LambdaContext

from shared.aws import log
from shared.usecases.deliver import deliver
from shared.usecases.service import Service

_processor = BatchProcessor(event_type=EventType.SQS)
_service: list[Service] = []


def handler(event: dict[str, Any], context: LambdaContext) -> Any:
    """SQS entry: BatchSize 1, partial batch answer."""
    return process_partial_response(event=event, record_handler=_handle, processor=_processor, context=context)


def _handle(record: SQSRecord, lambda_context: LambdaContext) -> None:
    if not _service:
        _service.append(Service.from_environment())
    service = _service[0]
    body = record.json_body
    deadline = service.clock.now() + timedelta(milliseconds=lambda_context.get_remaining_time_in_millis())
    log.begin(request_id=lambda_context.aws_request_id, tenant=body.get("tenant"))
    try:
        deliver(service, body, deadline)
    finally:
        log.flush()
