"""What callers see of workflows: the steps, in words that a person can read."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any, Final, Literal, Self

from pydantic import Field

from shared.aws.http import View
from shared.aws.problems import describe
from shared.domain.connections import ListHealth
from shared.domain.workflows import OF_PEOPLE, STEPS, Outcome, Step, Taken, Workflow, WorkflowKind

_WORDS: Final = {
    Step.CONSENT: "Consent to the new connection",
    Step.ORGANISATION: "Choose its organisation",
    Step.LISTS: "Pull its lists",
    Step.SETTLE: "Find out what the old connection has sent",
    Step.SWITCH: "Switch to the new connection",
    Step.LET_GO: "End the old connection",
    Step.OFFER: "Offer to merge the lists",
    Step.PROPOSE: "Look for counterparts of the old entries",
    Step.CHOOSE: "Decide, list by list, what they become",
    Step.APPLY: "Write what was decided",
    Step.REPORT: "Report what was left out",
}


class StepView(View):
    step: str = Field(examples=["consent", "lists", "switch", "choose"])
    title: str
    state: Literal["done", "now", "ahead", "stopped", "never"] = Field(
        description="stopped: the workflow ended early here. never: it ended before this step"
    )
    waits_for: Literal["person", "service"] = Field(description="Whose turn it is at this step")
    began_at: datetime | None
    ended_at: datetime | None


class FailingView(View):
    list: str = Field(examples=["tax_rates"])
    problem: dict[str, Any] = Field(description="Code, cause and remedy: for a missing right somebody has to act")


class WorkflowView(View):
    """A change of connection, or a merge of lists."""

    id: str
    kind: WorkflowKind
    status: Literal["running", "stopping", "ended"] = Field(
        description="stopping: it ends early, and what it had begun is being undone"
    )
    outcome: Outcome | None = Field(description="How it ended, or is about to")
    step: str = Field(description="Where it is now, or was last")
    steps: list[StepView] = Field(description="In their order")
    due_at: datetime | None = Field(description="When this step is given up; all is as it was then")
    cancellable: bool
    connection: str | None = Field(description="Of a change: the old connection")
    successor: str | None = Field(description="Of a change: the new connection")
    merge: str | None = Field(description="Of a merge: what to read and decide")
    problem: dict[str, Any] | None = Field(description="Why it ended early, where there is more to say")
    failing: list[FailingView] = Field(
        description="Of a change that waits for lists: those that could not be read, and are tried again. Only where "
        "one workflow is asked for"
    )
    started_at: datetime
    started_by: str
    stopped_by: str | None = Field(description="Who had it end early")
    ended_at: datetime | None

    @classmethod
    def of(cls, workflow: Workflow, failing: Iterable[ListHealth] = ()) -> Self:
        stop = workflow.stop
        return cls(
            id=workflow.id,
            kind=workflow.kind,
            status="ended" if workflow.is_ended else "stopping" if stop else "running",
            outcome=workflow.outcome or (stop.outcome if stop else None),
            step=workflow.step.value,
            steps=[_step(workflow, step) for step in STEPS[workflow.kind]],
            due_at=workflow.due_at,
            cancellable=workflow.is_going and not workflow.is_decided,
            connection=workflow.connection,
            successor=workflow.successor,
            merge=workflow.merge,
            problem=describe(stop.problem) if stop and stop.problem else None,
            failing=[FailingView(list=one.kind.value, problem=describe(one.problem)) for one in failing if one.problem],
            started_at=workflow.started_at,
            started_by=workflow.started_by,
            stopped_by=stop.by if stop else None,
            ended_at=workflow.ended_at,
        )


class WorkflowPage(View):
    workflows: list[WorkflowView]
    next_cursor: str | None


def _step(workflow: Workflow, step: Step) -> StepView:
    taken = next((one for one in reversed(workflow.steps) if one.step is step), None)
    return StepView(
        step=step.value,
        title=_WORDS[step],
        state=_state(workflow, step, taken),
        waits_for="person" if step in OF_PEOPLE else "service",
        began_at=taken.began_at if taken else None,
        ended_at=taken.ended_at if taken else None,
    )


def _state(workflow: Workflow, step: Step, taken: Taken | None) -> Literal["done", "now", "ahead", "stopped", "never"]:
    early = workflow.stop is not None
    if step is workflow.step:
        return "stopped" if early else "done" if workflow.is_ended else "now"
    order = STEPS[workflow.kind]
    if order.index(step) > order.index(workflow.step):
        return "never" if early else "ahead"
    return "done" if taken else "never"
