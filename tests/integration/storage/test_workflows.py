"""Workflows: one at a time on an account, and each write on the version as read."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from shared.domain.errors import ConflictError, LedgerbridgeError, Problem
from shared.domain.ids import new_id
from shared.domain.workflows import Outcome, Step, Stop, Waiting, Workflow, WorkflowKind, begun
from shared.storage.accounts import AccountStore
from shared.storage.table import Table
from shared.storage.workflows import WorkflowStore
from tests.integration.storage.samples import ACCOUNT, TENANT, account, event, fresh_id

T0 = datetime(2026, 3, 2, 9, tzinfo=UTC)


def _workflow(by: str = "kim", at: datetime = T0) -> Workflow:
    about = {"connection": fresh_id(), "successor": fresh_id()}
    return begun(WorkflowKind.CHANGE, new_id(at), account(), at=at, by=by, **about)


def test_an_account_has_one_workflow_at_a_time_and_the_second_is_told_whose(table: Table) -> None:
    accounts, store = AccountStore(table), WorkflowStore(table)
    stored = accounts.create(account(), None, event())
    first = store.create(_workflow(), event())
    assert store.get(TENANT, ACCOUNT, first.id) == first
    read = accounts.get(TENANT, ACCOUNT)
    assert read is not None
    assert (read.active_workflow, read.version) == (first.id, stored.version + 1)
    with pytest.raises(LedgerbridgeError) as refused:
        store.create(_workflow("lee"), event())
    told = refused.value.problem
    assert (told.code, told.details["workflow"], told.details["by"]) == (
        "workflow_in_progress",
        first.id,
        "kim",
    )
    with pytest.raises(ConflictError):
        store.create(first, event())
    with pytest.raises(ConflictError):  # an account as it was before the workflow is not written over it
        accounts.update(stored)
    ended = store.end(first.ended(T0), event())
    assert store.get(TENANT, ACCOUNT, first.id) == ended
    with pytest.raises(ConflictError):
        store.end(ended, event())
    again = store.create(_workflow("lee", T0 + timedelta(days=1)), event())
    assert store.page(TENANT, ACCOUNT, None, 1) == ([again], again.id)
    assert store.page(TENANT, ACCOUNT, again.id, 1) == ([ended], None)


def test_none_begins_on_an_account_that_is_deleted_or_not_there(table: Table) -> None:
    accounts, store = AccountStore(table), WorkflowStore(table)
    with pytest.raises(ConflictError):
        store.create(_workflow(), event())
    there = accounts.create(account(), None, event())
    accounts.update(replace(there, deleted_at=T0))
    with pytest.raises(ConflictError):
        store.create(_workflow(), event())


def test_it_is_written_on_the_version_as_read(table: Table) -> None:
    AccountStore(table).create(account(), None, event())
    store = WorkflowStore(table)
    read = store.create(_workflow(), event())
    moved = store.update(read.moved(Step.ORGANISATION, T0), event())
    with pytest.raises(ConflictError):
        store.update(read.moved(Step.LISTS, T0))
    waits = store.update(replace(moved, waiting=Waiting(Step.ORGANISATION, "token", T0), due_at=T0))
    problem = Problem("connection_expired", details={"status": "expired"})
    stopped = store.update(waits.stopped(Stop(Outcome.FAILED, T0, "kim", problem)))
    assert store.get(TENANT, ACCOUNT, read.id) == stopped
    assert store.get(TENANT, ACCOUNT, fresh_id()) is None
