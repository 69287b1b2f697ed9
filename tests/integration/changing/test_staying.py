"""Changes that come to nothing: the old connection is as it was, and the new consent is let go."""

from collections.abc import Callable
from typing import Any

import pytest

from rehearsal.process import Process
from shared.domain.connections import ConnectionStatus
from shared.domain.errors import LedgerbridgeError
from shared.domain.items import Stage
from shared.domain.workflows import Outcome, Step
from shared.usecases.move_workflow import stop_workflow
from tests.integration.changing.driver import HOME, OURS, Changing

QUICK = {Step.CONSENT, Step.SWITCH}
EARLY = (Step.CONSENT, Step.ORGANISATION, Step.LISTS, Step.SETTLE, Step.SWITCH)


def assert_unchanged(changing: Changing, old: str, before: dict[Any, Any], outcome: Outcome, workflow: str) -> None:
    """Wholly old: what tables say is what they said, nothing is held, and no provider has a consent too many."""
    assert changing.workflow(workflow).outcome is outcome
    assert changing.old_rows(old) == before
    main = changing.main()
    assert (main.id, main.status, main.switching_at) == (old, ConnectionStatus.ACTIVE, None)
    assert {one.status for one in changing.connections() if one.id != old} == {ConnectionStatus.DISCONNECTED}
    assert changing.granted() == changing.held()
    assert changing.world.failures == []


def publishes(changing: Changing) -> None:
    """The old connection still does its work."""
    world = changing.world
    (item,) = world.create([world.papers.bill()])
    world.publish([item])
    world.settle()
    assert world.state(item).stage is Stage.PUBLISHED


@pytest.mark.parametrize(
    "step", [step if step in QUICK else pytest.param(step, marks=pytest.mark.soak) for step in EARLY]
)
def test_cancelled_at_each_step(changing: Changing, step: Step) -> None:
    old = changing.main().id
    before = changing.old_rows(old)
    begun = changing.to(step)
    changing.cancel(begun["workflow"])
    changing.run(begun["workflow"])
    assert_unchanged(changing, old, before, Outcome.CANCELLED, begun["workflow"])
    publishes(changing)


def test_cancelled_while_a_redeemed_consent_of_the_same_person_waits(changing: Changing) -> None:
    """Xero: revoking would end the old connection too; what the new consent brought along is taken off it instead."""
    old = changing.main().id
    before = changing.old_rows(old)
    begun = changing.to(Step.ORGANISATION, "xero", "Maple Street Bakery Inc")
    assert sum(changing.granted().values()) == 2
    changing.cancel(begun["workflow"])
    changing.run(begun["workflow"])
    assert_unchanged(changing, old, before, Outcome.CANCELLED, begun["workflow"])
    publishes(changing)


def test_cancelled_before_the_consent_was_redeemed(changing: Changing) -> None:
    old = changing.main().id
    before = changing.old_rows(old)
    begun = changing.begin(old, "quickbooks")
    answer = changing.walk("quickbooks", begun["authorize_url"], organisation=OURS)
    changing.cancel(begun["workflow"])
    changing.run(begun["workflow"])
    assert_unchanged(changing, old, before, Outcome.CANCELLED, begun["workflow"])
    late = {"result_code": answer["result_code"]}
    assert changing.api.call("POST", f"connections/{begun['connection']}/redeem", late)[1]["code"] == (
        "result_code_invalid"
    )


def test_consent_that_comes_back_after_the_cancel_is_let_go(changing: Changing) -> None:
    old = changing.main().id
    before = changing.old_rows(old)
    begun = changing.begin(old, "quickbooks")
    changing.cancel(begun["workflow"])
    changing.run(begun["workflow"])
    answer = changing.walk("quickbooks", begun["authorize_url"], organisation=OURS)
    assert answer["error"] == "connection_not_active"
    changing.rest()
    assert changing.granted() == changing.held()
    assert changing.main().id == old
    assert changing.old_rows(old) == before


@pytest.mark.soak
@pytest.mark.parametrize("number", range(1, 9))
def test_cancelled_while_the_consent_is_taken_in(changing: Changing, number: int) -> None:
    """The browser comes back in the very moment: whatever has been exchanged already is let go."""
    old = changing.main().id
    before = changing.old_rows(old)
    begun = changing.begin(old, "quickbooks")

    def cancel() -> None:
        changing.cancel(begun["workflow"])
        changing.step(begun["workflow"])

    with changing.world.running.process(Process(hold_after=number, hold=cancel)) as process:
        answer = changing.walk("quickbooks", begun["authorize_url"], organisation=OURS)
    if len(process.effects) < number:
        cancel()
    changing.run(begun["workflow"])
    assert_unchanged(changing, old, before, Outcome.CANCELLED, begun["workflow"])
    assert answer


def test_refused_consent(changing: Changing) -> None:
    old = changing.main().id
    before = changing.old_rows(old)
    begun = changing.begin(old, "quickbooks")
    answer = changing.walk("quickbooks", begun["authorize_url"], organisation=OURS, decision="deny")
    assert answer["error"] == "consent_refused"
    changing.run(begun["workflow"])
    assert_unchanged(changing, old, before, Outcome.REFUSED, begun["workflow"])


def test_lists_that_never_come_in(changing: Changing) -> None:
    """One list fails at every try: the change says so while it waits for it, until its time is over."""
    world, old = changing.world, changing.main().id
    before = changing.old_rows(old)
    begun = changing.begin(old, "sage")
    world.sandbox.fault("GET", "/tax_rates", "status", provider="sage", status=500, times=100)
    changing.consent(begun, "sage", OURS)
    changing.refresh_all()
    shown = changing.api.ok("GET", f"workflows/{begun['workflow']}")
    assert (shown["step"], shown["problem"]) == ("lists", None)
    assert [(one["list"], one["problem"]["code"]) for one in shown["failing"]] == [
        ("tax_rates", "provider_unavailable")
    ]
    workflow = changing.workflow(begun["workflow"])
    assert workflow.step is Step.LISTS
    assert changing.connection(begun["connection"]).lists
    stop_workflow(changing.service, workflow, Outcome.TIMED_OUT, at=Step.LISTS)
    changing.run(begun["workflow"])
    assert_unchanged(changing, old, before, Outcome.TIMED_OUT, begun["workflow"])
    assert changing.api.ok("GET", f"workflows/{begun['workflow']}")["failing"] == []
    publishes(changing)


def test_access_to_the_new_software_is_lost_before_the_switch(changing: Changing) -> None:
    old = changing.main().id
    before = changing.old_rows(old)
    begun = changing.to(Step.SWITCH)
    new = changing.connection(begun["connection"])
    changing.service.connections.update(new.moved(ConnectionStatus.EXPIRED))
    changing.run(begun["workflow"])
    assert_unchanged(changing, old, before, Outcome.FAILED, begun["workflow"])


def test_a_secondary_is_in_the_way_and_said_so_before_any_consent(changing: Changing) -> None:
    old = changing.main().id
    secondary = changing.beside(old)
    before = changing.connections()
    body = {"provider": "quickbooks", "return_url": f"{HOME}/done"}
    status, answer = changing.api.call("POST", f"connections/{old}/change", body)
    assert (status, answer["code"], answer["details"]["connections"]) == (409, "secondary_connected", [secondary])
    assert changing.connections() == before
    assert changing.machine.runs == []


def test_no_secondary_begins_while_the_main_connection_is_changed(changing: Changing) -> None:
    old = changing.main().id
    changing.begin(old, "quickbooks")
    with pytest.raises(LedgerbridgeError, match="workflow_in_progress"):
        changing.beside(old)


def test_two_people_at_once(changing: Changing) -> None:
    old = changing.main().id
    begun = changing.begin(old, "quickbooks")
    body = {"provider": "sage", "return_url": f"{HOME}/done"}
    status, answer = changing.api.call("POST", f"connections/{old}/change", body)
    assert (status, answer["code"]) == (409, "workflow_in_progress")
    assert (answer["details"]["workflow"], answer["details"]["by"]) == (begun["workflow"], "client-1")
    assert len(changing.connections()) == 2


def test_what_may_not_be_done_meanwhile(changing: Changing) -> None:
    """The old connection is not disconnected, none begins beside it, and the same organisation is no change."""
    old = changing.main().id
    begun = changing.to(Step.ORGANISATION, "xero", OURS)
    call: Callable[..., tuple[int, dict[str, Any]]] = changing.api.call
    assert call("POST", f"connections/{old}/disconnect")[1]["code"] == "workflow_in_progress"
    assert call("POST", f"connections/{begun['connection']}/disconnect")[1]["code"] == "workflow_in_progress"
    same = {"organisation_id": changing.offered(begun)[OURS]}
    refused = call("PUT", f"connections/{begun['connection']}/organisation", same)
    assert (refused[0], refused[1]["code"]) == (409, "organisation_connected")
    again = call(
        "POST", f"connections/{begun['connection']}/change", {"provider": "sage", "return_url": f"{HOME}/done"}
    )
    assert (again[0], again[1]["code"]) == (422, "invalid_request")
    assert changing.main().id == old
