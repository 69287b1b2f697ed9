"""Workflows by account, newest first. An account has at most one that is not ended: its row names it."""

from dataclasses import replace
from itertools import islice
from typing import Final

from shared.domain.accounts import Event
from shared.domain.errors import fail
from shared.domain.workflows import Workflow
from shared.storage.access import access
from shared.storage.codec import decode
from shared.storage.events import appended
from shared.storage.keys import account_key, part, tenant_key
from shared.storage.operations import Check, ConditionFailed, Operation, Put, Update
from shared.storage.rows import new, record_in, replaced
from shared.storage.table import Table

_WORKFLOW: Final = "pk T#<tenant>#A#<account>, sk WF#<workflow>"
_FREE: Final = Check(
    "attribute_exists(#pk) AND attribute_not_exists(#active_workflow) AND attribute_not_exists(#deleted_at)"
)


def starting(workflow: Workflow) -> tuple[Operation, Operation]:
    """The writes that begin a workflow, for a transaction with what belongs to it: the record, and the account's row.

    The second holds only while the account has no other workflow: see `refusal`.
    """
    return new(_key(workflow), workflow), Update(
        _account(workflow), {"active_workflow": workflow.id}, _FREE, add={"version": 1}
    )


def changed_workflow(workflow: Workflow) -> Put:
    """The write of a changed workflow on the version it was read as, for a transaction; the row gets the next one."""
    return replaced(_key(workflow), workflow)


class WorkflowStore:
    """Workflows by account."""

    def __init__(self, table: Table) -> None:
        self._table = table

    @access(
        "connections",
        "TransactWriteItems",
        f"{_WORKFLOW}; account, event",
        "record not there yet, the account has no other workflow and is not deleted",
    )
    def create(self, workflow: Workflow, event: Event, *beside: Operation) -> Workflow:
        """Store a new workflow, with `beside` (rows of the same table), all or nothing.

        Raises workflow_in_progress naming the account's other workflow and who started it; ConflictError when this
        very one is there already, or what is beside it may not be written.
        """
        try:
            self._table.transact([*starting(workflow), appended(workflow.tenant, event), *beside])
        except ConditionFailed as refused:
            self.refuse_second(workflow)
            raise refused from None
        return workflow

    @access("connections", "GetItem twice", "account, then the workflow at work on it")
    def refuse_second(self, workflow: Workflow) -> None:
        """Tell why `starting` did not hold, where it is another workflow; raises workflow_in_progress."""
        row = self._table.get(*_account(workflow))
        holder = (row or {}).get("active_workflow")
        if holder is None or holder == workflow.id:
            return
        other = self.get(workflow.tenant, workflow.account, holder)
        told = {"kind": other.kind.value, "step": other.step.value, "by": other.started_by} if other else {}
        raise fail("workflow_in_progress", workflow=holder, **told)

    @access("connections", "GetItem", _WORKFLOW)
    def get(self, tenant: str, account: str, workflow: str) -> Workflow | None:
        return record_in(Workflow, self._table.get(account_key(tenant, account), f"WF#{part(workflow)}"))

    @access("connections", "Query", "pk T#<tenant>#A#<account>, sk begins WF#, newest first")
    def page(self, tenant: str, account: str, cursor: str | None, limit: int) -> tuple[list[Workflow], str | None]:
        """Up to `limit` workflows, newest first, and where to go on (None at the end)."""
        after = None if cursor is None else f"WF#{part(cursor)}"
        rows = self._table.query(account_key(tenant, account), "WF#", after=after, newest_first=True, page=limit + 1)
        found = [decode(Workflow, row) for row in islice(rows, limit + 1)]
        return found[:limit], found[limit - 1].id if len(found) > limit else None

    @access("connections", "PutItem or TransactWriteItems", f"{_WORKFLOW}; event", "version as read")
    def update(self, workflow: Workflow, event: Event | None = None) -> Workflow:
        """Store a changed workflow and return it with its next version; raises ConflictError."""
        change = changed_workflow(workflow)
        if event is None:
            self._table.write(change)
        else:
            self._table.transact([change, appended(workflow.tenant, event)])
        return replace(workflow, version=workflow.version + 1)

    @access(
        "connections",
        "TransactWriteItems",
        f"{_WORKFLOW}; account, events",
        "version as read, the account's workflow is this one",
    )
    def end(self, workflow: Workflow, *events: Event) -> Workflow:
        """Store a workflow at its end: the account may begin another. Returns it with its next version.

        Raises ConflictError.
        """
        mine = Check("#active_workflow = :workflow", {"workflow": workflow.id})
        free = Update(_account(workflow), {"active_workflow": None}, mine, add={"version": 1})
        told = [appended(workflow.tenant, event) for event in events]
        self._table.transact([changed_workflow(workflow), free, *told])
        return replace(workflow, version=workflow.version + 1)


def _key(workflow: Workflow) -> tuple[str, str]:
    return account_key(workflow.tenant, workflow.account), f"WF#{part(workflow.id)}"


def _account(workflow: Workflow) -> tuple[str, str]:
    return tenant_key(workflow.tenant, "ACCOUNTS"), part(workflow.account)
