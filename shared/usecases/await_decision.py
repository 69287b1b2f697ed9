"""Documents that people decide on: the decision is awaited, and read back at times that grow apart."""

from datetime import datetime, timedelta

from shared.domain.approvals import SOONEST, Awaiting
from shared.domain.limits import window_start
from shared.domain.publishing import Batch, ElementAnswer, Member
from shared.storage.agenda import AgendaKind
from shared.usecases.drain import Drain
from shared.usecases.service import Service


def await_decision(drain: Drain, batch: Batch, member: Member, answer: ElementAnswer, approval: str) -> None:
    """Have the decision on a document read back, before the item says that it is awaited."""
    service, now = drain.service, drain.now()
    if approval not in drain.reminded:
        drain.reminded.add(approval)
        plan_look(service, batch.tenant, batch.account, approval, now + service.clock.scale(SOONEST))
    service.approvals.await_decision(
        Awaiting(
            tenant=batch.tenant,
            account=batch.account,
            connection=approval,
            through=batch.connection,
            item=member.subject,
            marker=member.marker,
            resource=batch.resource,
            document_id=answer.provider_id or "",
            sent_at=batch.first_sent_at or now,
        )
    )


def plan_look(service: Service, tenant: str, account: str, connection: str, at: datetime) -> None:
    """Have the agenda look, at the clock's next full step: looks planned for about the same time are one."""
    step = max(service.clock.scale(SOONEST), timedelta(seconds=1))
    body = {"tenant": tenant, "account": account, "connection": connection}
    service.agenda.put(AgendaKind.APPROVAL, window_start(at, step) + step, connection, body)
