"""Changes of connection on the deployed state machine: to the end, over a restart and a killed run, and given up."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest

from tests.e2e.changing import WHOLE, Change, merged, quickbooks
from tests.e2e.tenants import Customer, World, next_organisation, wait_for

pytestmark = pytest.mark.soak
COMPANY = "Harbour & Finch Ltd"


def still_publishes(customer: Customer, number: str) -> None:
    """The account's connection is the one from before, and works."""
    assert customer.status() == "active"
    item = customer.item(number=number)["id"]
    customer.publish([item])
    customer.await_stage(item, "published")


@contextmanager
def deployed_with(world: World, **parameters: str) -> Iterator[None]:
    """The stack with other parameters of the template, for a while."""
    before = world.stack.options
    world.stack.options = replace(before, parameters={**before.parameters, **parameters})
    world.stack.deploy()
    try:
        yield
    finally:
        world.stack.options = before
        world.stack.deploy()


def test_a_change_and_a_merge_go_through_every_step_and_are_seen_doing_so(world: World) -> None:
    customer = world.tenant("Changes").connected()
    change = Change.begun(customer, "quickbooks")
    first = change.await_step("consent")
    assert (first["status"], first["cancellable"], first["kind"]) == ("running", True, "change")
    assert [one["waits_for"] for one in first["steps"]] == ["person", "person", *["service"] * 5]
    other = customer.send(
        "POST", f"{customer.at}/change", {"provider": "xero", "return_url": "http://localhost:8899/x"}
    )
    assert (other.status_code, other.json()["code"]) == (409, "workflow_in_progress")
    assert change.workflow in other.text
    quickbooks(change, COMPANY)
    ended = change.await_end()
    assert (ended["outcome"], ended["problem"]) == ("done", None)
    assert change.states() == dict.fromkeys(WHOLE, "done")
    change.await_run(1, "SUCCEEDED")
    assert change.entered()[2::3] == [
        "AwaitConsent",
        "AwaitOrganisation",
        "PullLists",
        "Settle",
        "Switch",
        "LetGo",
        "OfferMerge",
        "Over",
    ]
    assert (change.status(), customer.get("/workflows")["workflows"][0]["id"]) == ("active", change.workflow)
    assert customer.refused("POST", f"/workflows/{change.workflow}/cancel") == (409, "workflow_not_cancellable")
    wait_for("the old connection to end", lambda: customer.status() == "disconnected", 90)

    merge = merged(customer)
    assert (merge["kind"], merge["outcome"]) == ("merge", "done")
    assert [one["state"] for one in merge["steps"]] == ["done"] * 4
    states, machine = world.stack.client("stepfunctions"), world.stack.outputs["MergeMachineArn"]
    run = f"{machine.replace(':stateMachine:', ':execution:')}:{merge['id']}-1"
    wait_for("its run to end", lambda: states.describe_execution(executionArn=run)["status"] == "SUCCEEDED")


def test_a_person_is_awaited_over_a_restart_of_the_stack(world: World) -> None:
    customer = world.tenant("Restarts").connected()
    organisation = next_organisation()
    change = Change.begun(customer)
    change.await_step("consent")
    change.consent(organisation)
    change.await_step("organisation")
    world.stack.restart()
    wait_for("the run to be known as dead", lambda: change.run(1) not in {"RUNNING", ""})
    assert change.seen()["step"] == "organisation"
    change.look()
    change.await_run(2, "RUNNING")
    change.choose(organisation)
    assert change.await_end()["outcome"] == "done"
    assert change.status() == "active"


def test_a_killed_run_is_followed_by_another_and_what_it_left_changes_nothing(world: World) -> None:
    customer = world.tenant("Kills").connected()
    organisation = next_organisation()
    change = Change.begun(customer)
    change.await_step("consent")
    change.kill_run()
    change.consent(organisation)  # nobody is told
    assert change.seen()["step"] == "organisation"
    change.look()
    change.await_step("organisation")
    assert change.entered(2)[2] == "AwaitOrganisation"
    before = change.seen()
    late = {"run": {"tenant": customer.product.id, "account": customer.id, "workflow": change.workflow, "attempt": 1}}
    tasks: list[dict[str, Any]] = [
        {"action": "where"},
        {"action": "wait", "step": "organisation", "seconds": 1, "token": "of a run that is gone"},
        {"action": "give_up", "step": "organisation", "error": "States.Timeout"},
        {"action": "abandon"},
        {"action": "switch"},
    ]
    for task in tasks:
        said = world.stack.invoke("ChangeStepsFunction", {**late, **task})
        assert said == ({"next": "over"} if task["action"] == "where" else {})
    assert change.seen() == before
    change.choose(organisation)
    assert change.await_end()["outcome"] == "done"
    assert change.status() == "active"


def test_a_change_is_cancelled_and_another_refused_and_all_is_as_it_was(world: World) -> None:
    customer = world.tenant("Stays").connected()
    change = Change.begun(customer)
    change.await_step("consent")
    change.consent(next_organisation())
    change.await_step("organisation")
    assert change.cancel()["status"] in {"stopping", "ended"}
    ended = change.await_end()
    assert (ended["outcome"], ended["stopped_by"]) == ("cancelled", ended["started_by"])
    assert change.states()["organisation"] == "stopped"
    assert change.status() == "disconnected"
    again = Change.begun(customer)
    again.await_step("consent")
    again.consent(next_organisation(), decision="deny")
    assert again.await_end()["outcome"] == "refused"
    still_publishes(customer, "STAYS-1")


def test_a_consent_that_never_comes_is_given_up_in_time(world: World) -> None:
    customer = world.tenant("Waits").connected()
    with deployed_with(world, ConsentSeconds="4"):
        change = Change.begun(customer)
        ended = change.await_end()
    assert (ended["outcome"], ended["step"]) == ("timed_out", "consent")
    change.await_run(1, "SUCCEEDED")
    assert change.entered() == [
        *("Where", "Next", "AwaitConsent"),
        *("GiveUp", "Where", "Next", "Abandon"),
        *("Where", "Next", "Over"),
    ]
    assert change.status() == "disconnected"
    still_publishes(customer, "WAITS-1")
