"""The refresh queue's worker: lists are brought up to date, items looked at again, notices followed up."""

from datetime import UTC, datetime, timedelta
from typing import Any, Final

from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType, process_partial_response
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord
from aws_lambda_powertools.utilities.typing import LambdaContext

from shared.aws import log
from shared.domain.refresh_requests import SCHEMA, from_body
from shared.usecases.ask_refresh import notices_of, take_notice
from shared.usecases.note_attention import look_at_attention
from shared.usecases.read_decisions import read_decisions, take_decision_notice
from shared.usecases.recheck_items import recheck_items
from shared.usecases.refresh_lists import refresh_lists
from shared.usecases.run_merge import run_merge
from shared.usecases.service import Service

_processor: Final = BatchProcessor(event_type=EventType.SQS)
_service: list[Service] = []


def handler(event: dict[str, Any], context: LambdaContext) -> Any:
    """SQS entry: BatchSize 1, partial batch answer."""
    return process_partial_response(event=event, record_handler=_handle, processor=_processor, context=context)


def _handle(record: SQSRecord, lambda_context: LambdaContext) -> None:
    if not _service:
        _service.append(Service.from_environment())
    service = _service[0]
    deadline = service.clock.now() + timedelta(milliseconds=lambda_context.get_remaining_time_in_millis())
    body = record.json_body
    log.begin(
        request_id=lambda_context.aws_request_id,
        tenant=body.get("tenant"),
        account=body.get("account"),
        connection=body.get("connection"),
    )
    try:
        serve(service, body, message_id=record.message_id, sent_at=_sent_at(record, service), deadline=deadline)
    finally:
        log.flush()


def serve(service: Service, body: dict[str, Any], *, message_id: str, sent_at: datetime, deadline: datetime) -> None:
    """Do what one message asks for; raises ValueError on a message of a later version, which stays untouched."""
    if body["schema"] > SCHEMA:
        raise ValueError(f"a message of schema {body['schema']} is from a later version")
    match body["kind"]:
        case "refresh":
            request = from_body(body, message_id=message_id, sent_at=sent_at)
            outcome = refresh_lists(service, request, deadline)
            log.logger.info("refresh", extra={"refresh": request.id, "reason": request.reason, "outcome": outcome})
        case "recheck":
            recheck_items(service, body["tenant"], body["account"], body.get("cursor"), deadline)
        case "attention":
            look_at_attention(service, body["tenant"], body["account"], body.get("older"))
        case "notice":
            for look in notices_of(body):
                if look.kinds or not look.decisions:
                    take_notice(service, body["provider"], look.organisation, look.kinds)
                if look.decisions:
                    take_decision_notice(service, body["provider"], look.organisation, deadline)
        case "merge":
            run_merge(service, body["tenant"], body["account"], body["merge"], deadline)
        case "decisions":
            read_decisions(service, body["tenant"], body["account"], body["connection"], deadline)
        case unknown:
            raise ValueError(f"there is no message of kind {unknown}")


def _sent_at(record: SQSRecord, service: Service) -> datetime:
    """When SQS took the message in; messages that say themselves when they were asked for do not need it."""
    stamp = record.attributes.sent_timestamp
    return datetime.fromtimestamp(int(stamp) / 1000, tz=UTC) if stamp else service.clock.now()
