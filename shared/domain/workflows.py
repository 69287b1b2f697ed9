"""Workflows: work on an account that goes over several steps and waits for people. The record is the truth.

A state machine carries a workflow on, and asks the record where it is before every step: a run that died is started
again from there. A request writes the record first, then has the run that waits look at it.
"""

from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import Final

from shared.domain.accounts import Account
from shared.domain.errors import Problem


class WorkflowKind(StrEnum):
    CHANGE = "change"  # of an account's main connection, to another software or organisation
    MERGE = "merge"  # of the lists of one book into another's


class Step(StrEnum):
    """Where a workflow is: what is being done, or waited for, now."""

    CONSENT = "consent"  # a person consents to the new connection
    ORGANISATION = "organisation"  # a person chooses its organisation
    LISTS = "lists"  # its lists are pulled
    SETTLE = "settle"  # what the old connection has sent is found out
    SWITCH = "switch"
    LET_GO = "let_go"  # the old connection ends
    OFFER = "offer"  # a merge of the lists is offered
    PROPOSE = "propose"  # a counterpart is looked for, for each entry
    CHOOSE = "choose"  # a person decides, list by list
    APPLY = "apply"
    REPORT = "report"


STEPS: Final[dict[WorkflowKind, tuple[Step, ...]]] = {
    WorkflowKind.CHANGE: (
        Step.CONSENT,
        Step.ORGANISATION,
        Step.LISTS,
        Step.SETTLE,
        Step.SWITCH,
        Step.LET_GO,
        Step.OFFER,
    ),
    WorkflowKind.MERGE: (Step.PROPOSE, Step.CHOOSE, Step.APPLY, Step.REPORT),
}
OF_PEOPLE: Final = frozenset({Step.CONSENT, Step.ORGANISATION, Step.CHOOSE})  # a person is awaited
# From these on it goes forward, and is not stopped any more: it has switched, or a person has had it applied.
_DECIDED: Final = frozenset({Step.LET_GO, Step.OFFER, Step.APPLY, Step.REPORT})
_BACK: Final = {(Step.ORGANISATION, Step.CONSENT)}  # another consent is asked for before an organisation is chosen


class Outcome(StrEnum):
    DONE = "done"
    CANCELLED = "cancelled"
    REFUSED = "refused"  # the consent
    TIMED_OUT = "timed_out"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Taken:
    """One step that was begun; `ended_at` None while the workflow is there."""

    step: Step
    began_at: datetime
    ended_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Waiting:
    """What a run of the state machine waits with, and the step it began to wait at."""

    step: Step
    token: str = field(repr=False)
    at: datetime


@dataclass(frozen=True, slots=True)
class Stop:
    """The workflow ends early: what has been begun is undone, then it has this outcome."""

    outcome: Outcome
    at: datetime
    by: str
    problem: Problem | None = None


@dataclass(frozen=True, slots=True)
class Workflow:
    """One workflow. `attempt` numbers the runs of the state machine: those of an earlier one change nothing any more.

    `connection` is the old connection of a change and `successor` the new one; `merge` the merge that it carries out.
    `due_at` is when the step now is given up, None until its time is known. `steps` tells what was begun, in its order.
    `run_at` is when the last run was started.
    """

    id: str
    tenant: str
    account: str
    kind: WorkflowKind
    started_at: datetime
    started_by: str
    steps: tuple[Taken, ...]
    attempt: int = 1
    connection: str | None = None
    successor: str | None = None
    merge: str | None = None
    run_at: datetime | None = None
    waiting: Waiting | None = None
    due_at: datetime | None = None
    stop: Stop | None = None
    outcome: Outcome | None = None
    ended_at: datetime | None = None
    version: int = 0

    @property
    def step(self) -> Step:
        return self.steps[-1].step

    @property
    def moved_at(self) -> datetime:
        """When it came to the step it is at, or was stopped."""
        return self.stop.at if self.stop else self.steps[-1].began_at

    @property
    def run(self) -> str:
        """The name of its run, which Step Functions takes once and for all."""
        return f"{self.id}-{self.attempt}"

    @property
    def is_ended(self) -> bool:
        return self.outcome is not None

    @property
    def is_going(self) -> bool:
        """Whether its steps go on: it is neither ended nor being undone."""
        return self.outcome is None and self.stop is None

    @property
    def is_decided(self) -> bool:
        """Whether what it is for has been done: it cannot be stopped any more."""
        return self.step in _DECIDED

    @property
    def has_news_for_run(self) -> bool:
        """Whether a run waits although there is nothing to wait for any more."""
        return self.waiting is not None and (self.waiting.step is not self.step or not self.is_going)

    def moved(self, to: Step, at: datetime) -> "Workflow":
        """The workflow at another step; a move that is not forward is a bug and raises ValueError."""
        order = STEPS[self.kind]
        forward = to in order and order.index(to) > order.index(self.step)
        if not self.is_going or not (forward or (self.step, to) in _BACK):
            raise ValueError(f"a {self.kind} does not move from {self.step} to {to}")
        steps = (*self.steps[:-1], replace(self.steps[-1], ended_at=at), Taken(to, at))
        return replace(self, steps=steps, due_at=None)

    def stopped(self, stop: Stop) -> "Workflow":
        """The workflow with its early end decided; raises ValueError once it cannot be stopped any more."""
        if not self.is_going or self.is_decided:
            raise ValueError(f"a {self.kind} at {self.step} is not stopped")
        return replace(self, stop=stop, due_at=None)

    def ended(self, at: datetime) -> "Workflow":
        """The workflow at its end: done, or stopped with what it had begun undone."""
        outcome = self.stop.outcome if self.stop else Outcome.DONE
        steps = (*self.steps[:-1], replace(self.steps[-1], ended_at=at))
        return replace(self, steps=steps, outcome=outcome, ended_at=at, due_at=None)


def begun(
    kind: WorkflowKind, workflow_id: str, account: Account, *, at: datetime, by: str, **about: str | None
) -> Workflow:
    """A new workflow of the account at its first step; `about` names its connection, successor or merge."""
    first = (Taken(STEPS[kind][0], at),)
    return Workflow(workflow_id, account.tenant, account.id, kind, at, by, first, **about)  # type: ignore[arg-type]
