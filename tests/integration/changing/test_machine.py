"""Changes carried on by the state machine that is deployed: its runs are killed, time out and get their tasks twice."""

from collections.abc import Callable, Iterable
from typing import Any, Final

import pytest

from rehearsal.machine import RehearsedMachine, Run, RunKilled
from rehearsal.software import software
from shared.domain.workflows import Outcome, Step, Workflow
from shared.usecases.follow_workflow import LOST_AFTER
from shared.usecases.run_workflow import LOOKED_AT_AGAIN
from tests.integration.changing.driver import Changing
from tests.integration.changing.test_changing import assert_changed
from tests.integration.changing.test_staying import assert_unchanged, publishes

Task = dict[str, Any]
TimeOut = Callable[[Changing, RehearsedMachine, str], None]
COMPANY: Final = software("quickbooks").organisation
WAITS: Final = {Step.CONSENT: "AwaitConsent", Step.ORGANISATION: "AwaitOrganisation", Step.LISTS: "PullLists"}
BEFORE = ("where", "wait consent", "wait organisation", "wait lists", "wait settle", "switch")
AFTER = ("let_go", "offer")
SOAK: Final = pytest.mark.soak


def named(task: Task) -> str:
    """What a task is: its action, and the step of a wait."""
    return f"wait {task['step']}" if task["action"] == "wait" else str(task["action"])


# Every task before and after its effect; quick runs take the two that matter most.
POINTS: Final = [
    pytest.param(task, when, marks=() if (task, when) in {("switch", "after"), ("wait settle", "before")} else SOAK)
    for task in (*BEFORE, *AFTER)
    for when in ("before", "after")
]


class Failing:
    """Fails the tasks of a name, so many times."""

    def __init__(self, name: str, error: type[Exception] = OSError, times: int = 1) -> None:
        self.name, self.error, self.left = name, error, times

    def __call__(self, task: Task) -> None:
        if self.left and named(task) == self.name:
            self.left -= 1
            raise self.error(self.name)


@pytest.fixture
def machine(changing: Changing) -> RehearsedMachine:
    """The machine of changes."""
    made = changing.world.changes
    changing.world.parts["change_machine"] = made
    return made


def carry_on(changing: Changing, machine: RehearsedMachine) -> None:
    """Runs and workers go on as far as they can without a person or the agenda's next look."""
    for _ in range(30):
        machine.carry()
        changing.refresh_all()
        changing.world.deliver_due()
        soon = [message for message in changing.world.queue if message.body.get("kind") in {"switch", "disconnect"}]
        if soon:
            changing.world.time.pass_until(min(message.due for message in soon))
        elif not machine.is_busy and not changing.refreshes.messages:
            return
    raise AssertionError("it goes on and on")


def look(changing: Changing, machine: RehearsedMachine, passed: float = LOOKED_AT_AGAIN.total_seconds()) -> None:
    """The agenda looks, some time later."""
    changing.world.time.pass_by(seconds=passed + 1)
    changing.world.run_agenda()
    carry_on(changing, machine)


def brought_to(changing: Changing, machine: RehearsedMachine, step: Step | None = None) -> dict[str, Any]:
    """A change to QuickBooks whose run waits at a step; all that a person does where none is named."""
    begun = changing.begin(changing.main().id, "quickbooks")
    machine.carry()
    if step is Step.CONSENT or not changing.workflow(begun["workflow"]).is_going:
        return begun
    answer = changing.walk("quickbooks", begun["authorize_url"], organisation=COMPANY)
    changing.redeem(begun, answer)
    machine.carry()
    if step is Step.ORGANISATION or not changing.workflow(begun["workflow"]).is_going:
        return begun
    changing.choose(begun, COMPANY)
    machine.carry()
    return begun


def through(changing: Changing, machine: RehearsedMachine) -> tuple[dict[str, Any], Workflow]:
    """A change with all that a person does; the agenda looks until it has ended."""
    begun = brought_to(changing, machine)
    carry_on(changing, machine)
    for _ in range(6):
        if changing.workflow(begun["workflow"]).is_ended:
            break
        look(changing, machine)
    changing.rest()
    return begun, changing.workflow(begun["workflow"])


def run_of(machine: RehearsedMachine, workflow: str, attempt: int = 1) -> Run:
    return machine.runs[f"{workflow}-{attempt}"]


def test_a_run_carries_a_change_to_its_end(changing: Changing, machine: RehearsedMachine) -> None:
    old = changing.main().id
    begun, ended = through(changing, machine)
    assert (ended.outcome, ended.attempt) == (Outcome.DONE, 1)
    run = run_of(machine, ended.id)
    assert run.status == "SUCCEEDED"
    assert [state for state in run.entered if state not in {"Where", "Next"}] == [
        *("AwaitConsent", "AwaitOrganisation", "PullLists", "Settle", "Switch", "LetGo", "OfferMerge"),
        "Over",
    ]
    assert_changed(changing, old, begun["connection"])
    assert machine.failures == []


def test_every_task_is_delivered_twice(changing: Changing, machine: RehearsedMachine) -> None:
    old, machine.twice = changing.main().id, True
    begun, ended = through(changing, machine)
    assert (ended.outcome, run_of(machine, ended.id).status) == (Outcome.DONE, "SUCCEEDED")
    assert len(changing.events("connection.changed")) == len(changing.events("merge.offered")) == 1
    assert_changed(changing, old, begun["connection"])


@pytest.mark.parametrize(("task", "when"), POINTS)
def test_a_task_that_fails_once_is_tried_again(
    changing: Changing, machine: RehearsedMachine, task: str, when: str
) -> None:
    old = changing.main().id
    setattr(machine, f"{when}_task", Failing(task))
    begun, ended = through(changing, machine)
    assert (ended.outcome, ended.attempt) == (Outcome.DONE, 1)
    assert len(machine.failures) == 1
    assert_changed(changing, old, begun["connection"])


@pytest.mark.parametrize(("task", "when"), POINTS)
def test_a_run_that_dies_at_a_task_is_followed_by_another(
    changing: Changing, machine: RehearsedMachine, task: str, when: str
) -> None:
    old = changing.main().id
    setattr(machine, f"{when}_task", Failing(task, RunKilled))
    begun, ended = through(changing, machine)
    assert run_of(machine, ended.id).status == "ABORTED"
    assert ended.outcome is Outcome.DONE
    if (task, when) != ("offer", "after"):  # all was done then
        assert run_of(machine, ended.id, 2).status == "SUCCEEDED"
    assert_changed(changing, old, begun["connection"])


@SOAK
def test_a_task_that_always_fails_before_the_switch_leaves_all_as_it_was(
    changing: Changing, machine: RehearsedMachine
) -> None:
    old = changing.main().id
    for task in BEFORE[1:]:
        before = changing.old_rows(old)
        machine.before_task = Failing(task, times=99)
        begun, ended = through(changing, machine)
        assert ended.stop is not None
        assert ended.stop.problem is not None
        assert (ended.stop.problem.code, ended.stop.problem.details["step"]) == ("workflow_failed", task.split()[-1])
        assert_unchanged(changing, old, before, Outcome.FAILED, begun["workflow"])
    machine.before_task = lambda _: None
    publishes(changing)


@pytest.mark.parametrize("task", AFTER)
def test_after_the_switch_a_task_is_tried_until_it_is_done(
    changing: Changing, machine: RehearsedMachine, task: str
) -> None:
    old = changing.main().id
    machine.before_task = Failing(task, times=9)
    begun, ended = through(changing, machine)
    assert (ended.outcome, ended.attempt) == (Outcome.DONE, 3)
    assert [run.status for run in machine.runs.values()] == ["FAILED", "FAILED", "SUCCEEDED"]
    assert_changed(changing, old, begun["connection"])


def by_the_machine(changing: Changing, machine: RehearsedMachine, workflow: str) -> None:
    machine.time_out(run_of(machine, workflow))
    machine.carry()


def by_the_agenda(changing: Changing, machine: RehearsedMachine, workflow: str) -> None:
    """The machine may have begun to count anew, with another run."""
    machine.kill(run_of(machine, workflow))
    look(changing, machine)
    assert run_of(machine, workflow, 2).token is not None
    due_at = changing.workflow(workflow).due_at
    assert due_at is not None
    look(changing, machine, (due_at - changing.world.time()).total_seconds())


@pytest.mark.parametrize(
    ("how", "steps"), [(by_the_machine, WAITS), (by_the_agenda, (Step.CONSENT, Step.ORGANISATION))]
)
def test_time_is_over_at_each_waiting_point(
    changing: Changing, machine: RehearsedMachine, how: TimeOut, steps: Iterable[Step]
) -> None:
    old = changing.main().id
    for step in steps:
        before = changing.old_rows(old)
        begun = brought_to(changing, machine, step)
        assert run_of(machine, begun["workflow"]).entered[-1] == WAITS[step]
        if step is Step.LISTS:
            changing.refreshes.messages.clear()
        how(changing, machine, begun["workflow"])
        changing.rest()
        ended = changing.workflow(begun["workflow"])
        assert (ended.step, ended.outcome) == (step, Outcome.TIMED_OUT)
        assert_unchanged(changing, old, before, Outcome.TIMED_OUT, begun["workflow"])
    publishes(changing)


def test_cancelled_at_each_waiting_point(changing: Changing, machine: RehearsedMachine) -> None:
    old = changing.main().id
    for step in WAITS:
        before = changing.old_rows(old)
        begun = brought_to(changing, machine, step)
        changing.cancel(begun["workflow"])
        machine.carry()
        changing.refreshes.messages.clear()
        changing.rest()
        assert_unchanged(changing, old, before, Outcome.CANCELLED, begun["workflow"])
        assert run_of(machine, begun["workflow"]).status == "SUCCEEDED"


def test_a_run_whose_token_was_never_kept_is_followed_by_another(changing: Changing, machine: RehearsedMachine) -> None:
    """What waits with a token that nobody knows waits until its time is over; the agenda does not."""
    serve = machine.serve
    machine.serve = lambda task: {} if named(task) == "wait consent" else serve(task)
    begun = brought_to(changing, machine, Step.CONSENT)
    machine.serve = serve
    assert run_of(machine, begun["workflow"]).token is not None
    assert changing.workflow(begun["workflow"]).waiting is None
    look(changing, machine)
    assert changing.workflow(begun["workflow"]).attempt == 1
    look(changing, machine, LOST_AFTER.total_seconds())
    found = changing.workflow(begun["workflow"])
    assert found.attempt == 2
    assert found.waiting is not None
    assert found.waiting.token == run_of(machine, begun["workflow"], 2).token
