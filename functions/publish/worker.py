"""The publish queue's worker: bulk requests expanded, organisations drained, connections ended, files fetched."""

from datetime import timedelta
from typing import Any

from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType, process_partial_response
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord
from aws_lambda_powertools.utilities.typing import LambdaContext

from shared.aws import log
from shared.usecases.apply_rule import apply_rule
from shared.usecases.conclude_disconnect import conclude_disconnect
from shared.usecases.drain_organisation import drain_organisation
from shared.usecases.expand_publication import expand_publication
from shared.usecases.fetch_file import fetch_file
from shared.usecases.run_bulk_edit import run_bulk_edit
from shared.usecases.service import Service
from shared.usecases.settle_switch import settle_switch
from shared.usecases.wake import read_wake_up

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
    log.begin(request_id=lambda_context.aws_request_id, tenant=body.get("tenant"), account=body.get("account"))
    try:
        match body.get("kind"):
            case "publication":
                expand_publication(service, body["tenant"], body["account"], body["publication"], deadline)
            case "bulk_edit":
                run_bulk_edit(service, body["tenant"], body["account"], body["bulk_edit"], deadline)
            case "apply_rule":
                where = body["tenant"], body["account"], body["rule"]
                apply_rule(service, *where, actor=body["actor"], cursor=body["cursor"], deadline=deadline)
            case "switch":
                settle_switch(service, body, deadline)
            case "disconnect":
                conclude_disconnect(service, body, deadline)
            case "fetch_file":
                fetch_file(service, body, deadline)
            case _:
                drain_organisation(service, read_wake_up(body), deadline)
    finally:
        log.flush()
