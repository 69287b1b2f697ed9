"""A change of connection on the deployed stack: a person's requests, and what is seen of the workflow's runs."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from botocore.exceptions import ClientError

from local.person import OWNER
from shared.storage.agenda import AgendaKind, AgendaStore
from shared.storage.table import Table
from tests.e2e.tenants import ADVISER, HOME, Customer, wait_for

WHOLE = ["consent", "organisation", "lists", "settle", "switch", "let_go", "offer"]


@dataclass
class Change:
    """A change that was begun: `connection` is the new one."""

    customer: Customer
    workflow: str
    connection: str
    authorize_url: str

    @classmethod
    def begun(cls, customer: Customer, provider: str = "xero") -> "Change":
        body = {"provider": provider, "return_url": f"{HOME}/done"}
        said = customer.post(f"{customer.at}/change", body)
        return cls(customer, said["workflow"], said["connection"], said["authorize_url"])

    # --- a person
    def consent(self, organisation: str, person: str = ADVISER, decision: str = "allow") -> dict[str, str]:
        back = self.customer.consent(self.authorize_url, person, organisations=[organisation], decision=decision)
        if decision == "allow":
            self.customer.post(f"{self.at}/redeem", {"result_code": back["result_code"]})
        return back

    def choose(self, organisation: str) -> None:
        offers = self.customer.get(f"{self.at}/organisations")["organisations"]
        chosen = next(one["organisation"]["id"] for one in offers if one["organisation"]["name"] == organisation)
        self.customer.put(f"{self.at}/organisation", {"organisation_id": chosen})

    def cancel(self) -> dict[str, Any]:
        said: dict[str, Any] = self.customer.post(f"/workflows/{self.workflow}/cancel")
        return said

    # --- looking
    @property
    def at(self) -> str:
        return f"/connections/{self.connection}"

    def seen(self) -> dict[str, Any]:
        found: dict[str, Any] = self.customer.get(f"/workflows/{self.workflow}")
        return found

    def states(self) -> dict[str, str]:
        return {one["step"]: one["state"] for one in self.seen()["steps"]}

    def await_step(self, step: str) -> dict[str, Any]:
        """Until a run waits at a step: its time is known then."""
        found: dict[str, Any] = wait_for(
            f"the change to wait at {step}",
            lambda: one if (one := self.seen())["step"] == step and one["due_at"] else None,
        )
        return found

    def await_end(self, seconds: float = 90) -> dict[str, Any]:
        found: dict[str, Any] = wait_for(
            "the change to end", lambda: one if (one := self.seen())["status"] == "ended" else None, seconds
        )
        return found

    def status(self) -> str:
        return str(self.customer.get(self.at)["status"])

    # --- runs of the state machine
    @property
    def _states(self) -> Any:
        return self.customer.world.stack.client("stepfunctions")

    def _arn(self, attempt: int) -> str:
        machine = self.customer.world.stack.outputs["ChangeMachineArn"]
        return f"{machine.replace(':stateMachine:', ':execution:')}:{self.workflow}-{attempt}"

    def run(self, attempt: int = 1) -> str:
        """How a run stands; "" where there is none."""
        try:
            return str(self._states.describe_execution(executionArn=self._arn(attempt))["status"])
        except ClientError:
            return ""

    def await_run(self, attempt: int, status: str) -> None:
        wait_for(f"run {attempt} to be {status}", lambda: self.run(attempt) == status)

    def kill_run(self, attempt: int = 1) -> None:
        self._states.stop_execution(executionArn=self._arn(attempt))

    def entered(self, attempt: int = 1) -> list[str]:
        """The states that a run has entered, in order."""
        pages = self._states.get_paginator("get_execution_history").paginate(executionArn=self._arn(attempt))
        events = [event for page in pages for event in page["events"]]
        return [event["stateEnteredEventDetails"]["name"] for event in events if "stateEnteredEventDetails" in event]

    def look(self) -> None:
        """Have the agenda look at the workflow now, as it does every few minutes."""
        stack = self.customer.world.stack
        said = {"tenant": self.customer.product.id, "account": self.customer.id, "workflow": self.workflow}
        table = Table(stack.client("dynamodb"), stack.outputs["AgendaTableName"])
        AgendaStore(table).put(AgendaKind.WORKFLOW, datetime.now(UTC), self.workflow, said)
        stack.invoke("AgendaFunction")


def merged(customer: Customer) -> dict[str, Any]:
    """Merge the book before into the current one, as proposed; the workflow at its end."""
    merge = customer.post("/merges", {})
    at = f"/workflows/{merge['workflow']}"
    wait_for("the lists to be compared", lambda: customer.get(at)["step"] == "choose" and customer.get(at)["due_at"])

    def undecided() -> list[str]:
        return [one["list"] for one in customer.get(f"/merges/{merge['id']}")["lists"] if not one["decided"]]

    for which in undecided():
        path = f"/merges/{merge['id']}/lists/{which}"
        wait_for(f"{which} to be decided", lambda path=path: customer.send("PUT", path, {"rest": "accept"}).is_success)
    wait_for("every list to be decided", lambda: not undecided())
    wait_for("the merge to be applied", lambda: customer.send("POST", f"/merges/{merge['id']}/apply").is_success)
    found: dict[str, Any] = wait_for(
        "the merge to end", lambda: one if (one := customer.get(at))["status"] == "ended" else None, 90
    )
    return found


def quickbooks(change: Change, company: str) -> None:
    """All that a person does to change to a QuickBooks company."""
    change.consent(company, OWNER)
    change.choose(company)
