"""Merges carried on by the state machine that is deployed: people take their time, runs die, nothing is done twice."""

from datetime import timedelta
from typing import Any, Final

import pytest

from rehearsal.machine import Run, RunKilled
from rehearsal.world import World
from shared.domain.workflows import Outcome, Step, Workflow
from shared.usecases.run_merge import run_merge
from shared.usecases.run_workflow import LOOKED_AT_AGAIN
from tests.integration.merging.kit import apply, begin, decide, stored, work
from tests.integration.rules_13.api import Api

Task = dict[str, Any]
TASKS: Final = ("where", "wait propose", "wait choose", "wait apply", "wait report")


def workflow_of(api: Api, merge: str) -> Workflow:
    world = api.world
    named = api.ok("GET", f"merges/{merge}")["workflow"]
    found = world.service.workflows.get(world.tenant, world.account_id, named)
    assert found is not None
    return found


def run_of(world: World, workflow: Workflow) -> Run:
    return world.merges.runs[workflow.run]


def look(world: World) -> None:
    """The agenda looks, some minutes later."""
    world.time.pass_by(seconds=LOOKED_AT_AGAIN.total_seconds() + 1)
    world.run_agenda()
    work(world)


def cancel(api: Api, merge: str) -> dict[str, Any]:
    shown: dict[str, Any] = api.ok("POST", f"workflows/{workflow_of(api, merge).id}/cancel")
    work(api.world)
    return shown


def test_a_run_waits_for_people_and_carries_the_merge_to_its_end(api: Api, quickbooks: World) -> None:
    merge = begin(api)
    workflow = workflow_of(api, merge)
    assert (workflow.step, run_of(quickbooks, workflow).entered[-1]) == (Step.CHOOSE, "Choose")
    quickbooks.time.pass_by(days=3)
    look(quickbooks)
    assert workflow_of(api, merge).attempt == 1
    decide(api, merge)
    apply(api, merge)
    workflow = workflow_of(api, merge)
    assert (workflow.outcome, [one.step for one in workflow.steps]) == (
        Outcome.DONE,
        [Step.PROPOSE, Step.CHOOSE, Step.APPLY, Step.REPORT],
    )
    run = run_of(quickbooks, workflow)
    assert run.status == "SUCCEEDED"
    assert [state for state in run.entered if state not in {"Where", "Next"}][:3] == ["Propose", "Choose", "Apply"]
    assert quickbooks.merges.failures == []
    status, problem = api.call("POST", f"workflows/{workflow.id}/cancel")
    assert (status, problem["code"]) == (409, "workflow_not_cancellable")


def test_every_task_is_delivered_twice(api: Api, quickbooks: World) -> None:
    quickbooks.merges.twice = True
    merge = begin(api)
    decide(api, merge)
    apply(api, merge)
    assert workflow_of(api, merge).outcome is Outcome.DONE
    assert [one.id for one in quickbooks.account.merges] == [merge]


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize(
    "task", [pytest.param(one, marks=() if one == "wait choose" else pytest.mark.soak) for one in TASKS]
)
def test_a_run_that_dies_is_followed_by_another(api: Api, quickbooks: World, task: str, when: str) -> None:
    left = [1]

    def die(given: Task) -> None:
        name = f"wait {given['step']}" if given["action"] == "wait" else given["action"]
        if left and name == task:
            left.clear()
            raise RunKilled

    setattr(quickbooks.merges, f"{when}_task", die)
    merge = begin(api)
    look(quickbooks)
    decide(api, merge)
    apply(api, merge)
    look(quickbooks)
    workflow = workflow_of(api, merge)
    assert workflow.outcome is Outcome.DONE
    assert not left or task == "wait report"  # all may be done before a run waits for it
    assert quickbooks.account.active_workflow is None
    assert [one.id for one in quickbooks.account.merges] == [merge]


@pytest.mark.parametrize("step", [Step.PROPOSE, Step.CHOOSE])
def test_cancelled_while_it_waits(api: Api, quickbooks: World, step: Step) -> None:
    before = stored(quickbooks, "rules", "items")
    merge = str(api.ok("POST", "merges", {})["id"])
    quickbooks.merges.carry()
    if step is Step.CHOOSE:
        work(quickbooks)
    assert workflow_of(api, merge).step is step
    shown = cancel(api, merge)
    assert (shown["outcome"], shown["step"]) == ("cancelled", step.value)
    assert workflow_of(api, merge).outcome is Outcome.CANCELLED
    assert api.ok("GET", f"merges/{merge}")["status"] == "discarded"
    status, problem = api.call("POST", f"merges/{merge}/apply")
    assert (status, problem["code"]) == (409, "merge_not_open")
    assert stored(quickbooks, "rules", "items") == before
    begin(api)  # the account may begin another


def test_people_who_never_decide_are_not_waited_for_for_ever(api: Api, quickbooks: World) -> None:
    merge = begin(api)
    quickbooks.merges.time_out(run_of(quickbooks, workflow_of(api, merge)))
    work(quickbooks)
    assert workflow_of(api, merge).outcome is Outcome.TIMED_OUT
    assert api.ok("GET", f"merges/{merge}")["status"] == "discarded"
    assert quickbooks.account.active_workflow is None


def test_a_draft_that_is_discarded_ends_its_workflow(api: Api, quickbooks: World) -> None:
    merge = begin(api)
    api.ok("POST", f"merges/{merge}/discard")
    work(quickbooks)
    assert workflow_of(api, merge).outcome is Outcome.CANCELLED
    assert run_of(quickbooks, workflow_of(api, merge)).status == "SUCCEEDED"


def test_what_is_being_applied_is_not_cancelled(api: Api, quickbooks: World) -> None:
    merge = begin(api)
    decide(api, merge)
    workflow = workflow_of(api, merge)
    api.ok("POST", f"merges/{merge}/apply")
    status, problem = api.call("POST", f"workflows/{workflow.id}/cancel")
    assert (status, problem["code"]) == (409, "workflow_not_cancellable")
    quickbooks.merges.carry()
    quickbooks.merges.time_out(run_of(quickbooks, workflow_of(api, merge)))  # it goes forward all the same
    quickbooks.merges.carry()
    assert run_of(quickbooks, workflow_of(api, merge)).status == "FAILED"
    work(quickbooks)
    assert workflow_of(api, merge).outcome is Outcome.DONE


def test_what_is_cancelled_is_not_applied(api: Api, quickbooks: World) -> None:
    merge = begin(api)
    decide(api, merge)
    api.ok("POST", f"workflows/{workflow_of(api, merge).id}/cancel")
    status, problem = api.call("POST", f"merges/{merge}/apply")
    assert (status, problem["code"]) == (409, "merge_not_open")
    work(quickbooks)
    assert quickbooks.account.merges == ()


def test_a_worker_with_little_time_brings_a_merge_on_nevertheless(api: Api, quickbooks: World) -> None:
    merge = str(api.ok("POST", "merges", {})["id"])
    where = (quickbooks.tenant, quickbooks.account_id, merge)
    invocations = 1
    while not run_merge(quickbooks.service, *where, quickbooks.time() + timedelta(seconds=20)):
        invocations += 1
        assert invocations < 40
    assert invocations > 1
    assert workflow_of(api, merge).step is Step.CHOOSE
