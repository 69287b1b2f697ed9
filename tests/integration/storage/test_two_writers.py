"""Every conditional rule under several writers at once, on DynamoDB Local: one wins, and nothing is torn."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from functools import partial
from threading import Barrier
from typing import Any

import pytest

from shared.domain.accounts import Role
from shared.domain.errors import ConflictError, LedgerbridgeError
from shared.domain.limits import Ask, LimitFigures, Report, Slice, Work
from shared.domain.publishing import BatchStatus, PendingMarker
from shared.storage.accounts import AccountStore
from shared.storage.batches import BatchStore
from shared.storage.connections import ConnectionStore
from shared.storage.grants import GrantStore
from shared.storage.idempotency import Begun, IdempotencyStore
from shared.storage.items import ItemStore
from shared.storage.leases import LeaseStore
from shared.storage.lists import ListStore
from shared.storage.organisations import OrganisationStore
from shared.storage.seen import SeenStore
from shared.storage.states import OAuthState, StateStore
from shared.storage.table import Table
from shared.storage.windows import WindowStore
from tests.integration.storage.samples import (
    ACCOUNT,
    CONNECTION,
    NOW,
    QUEUE,
    TENANT,
    account,
    batch,
    connection,
    event,
    fresh_id,
    grant,
    item,
    marker,
    member,
    state,
)
from tests.integration.storage.test_lists import BOOK, SUPPLIERS, own

pytestmark = pytest.mark.dynamodb_local
MINUTE = timedelta(minutes=1)
ROUNDS = 8


def at_once(*acts: Callable[[], Any]) -> list[Any]:
    """Run all acts in threads that start together; None stands for the ones that were refused."""
    start = Barrier(len(acts))

    def run(act: Callable[[], Any]) -> Any:
        start.wait(timeout=30)
        with suppress(ConflictError, LedgerbridgeError):
            return act()
        return None

    with ThreadPoolExecutor(len(acts)) as threads:
        return [done.result(timeout=60) for done in [threads.submit(run, act) for act in acts]]


def winners(results: list[Any]) -> int:
    return sum(result is not None and result is not False for result in results)


def test_a_claim_and_an_edit_never_both_succeed_on_the_same_content(local_table: Table) -> None:
    store = ItemStore(local_table)
    here = [connection()]

    def claim(queued: PendingMarker, reads_first: int) -> PendingMarker:
        for _ in range(reads_first):  # lets the edit, a slower transaction, come first now and then
            store.both(TENANT, ACCOUNT, queued.item, here)
        return store.claim(queued, "batch-1")

    for turn in range(ROUNDS):
        one = item()
        store.create(one, state(one))
        queued = marker(one.id)
        store.put_marker(queued)
        edit = partial(store.update, one, state(one), marker=queued, keep_queued=True, connections=here)
        edited, claimed = at_once(edit, partial(claim, queued, turn))
        assert winners([edited, claimed]) == 1
        standing = store.both(TENANT, ACCOUNT, one.id, here)
        assert standing is not None
        assert standing[0].version == (1 if edited else 0)
        assert (standing[2] and standing[2].batch) == ("batch-1" if claimed else None)


def test_an_edit_of_an_item_read_unqueued_loses_to_a_claim_made_meanwhile(local_table: Table) -> None:
    store = ItemStore(local_table)
    one = item()
    store.create(one, state(one))
    queued = marker(one.id)
    store.put_marker(queued)
    store.claim(queued, "batch-1")
    with pytest.raises(LedgerbridgeError) as refused:
        store.update(one, state(one), connections=[connection()])
    assert refused.value.problem.code == "publication_in_progress"


def test_a_marker_is_claimed_by_one_batch(local_table: Table) -> None:
    store = ItemStore(local_table)
    for _ in range(ROUNDS):
        queued = marker()
        store.put_marker(queued)
        claims = at_once(
            *(lambda number=number, queued=queued: store.claim(queued, f"b{number}") for number in range(4))
        )
        assert winners(claims) == 1


def test_a_lease_goes_to_one_and_its_epochs_only_grow(local_table: Table) -> None:
    store = LeaseStore(local_table)
    for turn in range(ROUNDS):
        epochs = at_once(
            *(lambda n=n, turn=turn: store.acquire("org", f"w{turn}-{n}", NOW + MINUTE, NOW) for n in range(4))
        )
        (epoch,) = [one for one in epochs if one is not None]
        assert epoch == turn + 1
        owner = f"w{turn}-{epochs.index(epoch)}"
        assert store.release("org", owner, epoch)


def test_no_more_calls_are_given_out_than_the_window_has(local_table: Table) -> None:
    figures = LimitFigures(per_minute=60, per_day=5000, app_per_minute=10_000, publish_slots=3)
    stores = [WindowStore(local_table) for _ in range(6)]
    asks = [Ask(Work.PUBLISH, 13, Report(f"w{number}", NOW, MINUTE)) for number in range(6)]
    slices = at_once(
        *(
            lambda store=store, ask=ask: store.take_slice("xero", "org", ask, figures)
            for store, ask in zip(stores, asks, strict=True)
        )
    )
    assert sum(len(taken.turns) for taken in slices if isinstance(taken, Slice)) == 60


def test_a_state_is_taken_by_one(local_table: Table) -> None:
    store = StateStore(local_table)
    for number in range(ROUNDS):
        store.put(
            OAuthState(f"h{number}", TENANT, ACCOUNT, "kim", CONNECTION, "xero", "connect", "https://a", NOW + MINUTE)
        )
        assert winners(at_once(*[lambda number=number: store.take(f"h{number}", NOW)] * 4)) == 1


def test_a_slot_is_taken_by_one(local_table: Table) -> None:
    store = ConnectionStore(local_table)
    for _ in range(ROUNDS):
        account_id = fresh_id()
        several = [connection(id=fresh_id(), account=account_id) for _ in range(3)]
        made = at_once(*(partial(store.create, one, event("started", account=account_id)) for one in several))
        assert winners(made) == 1
        assert len(store.of_account(TENANT, account_id)) == 1


def test_the_last_admin_stays_under_two_who_leave(local_table: Table) -> None:
    store = AccountStore(local_table)
    for _ in range(ROUNDS):
        here = account(id=fresh_id())
        kim, lee = member("kim", account=here.id), member("lee", account=here.id)
        store.create(here, kim, event(account=here.id))
        current = store.put_member(here, lee, event(account=here.id))
        left = at_once(
            *(
                lambda one=one, current=current: store.remove_member(current, one, event(account=current.id))
                for one in (kim, lee)
            )
        )
        assert winners(left) == 1
        assert [one.role for one in store.members(TENANT, here.id)] == [Role.ADMIN]


def test_one_pair_per_token_version(local_table: Table) -> None:
    store = GrantStore(local_table)
    for _ in range(ROUNDS):
        old = grant()
        store.create(old, b"sealed-1", b"key")
        leases = at_once(*(lambda n=n, old=old: store.take_lease(old, f"w{n}", NOW + MINUTE, NOW) for n in range(4)))
        assert winners(leases) == 1
        after = replace(old, token_version=2)
        pairs = at_once(
            *(lambda n=n, after=after: (n, store.store_pair(after, f"sealed-2-{n}".encode(), 1)) for n in range(4))
        )
        (winner,) = [one[0] for one in pairs if one is not None]
        kept = store.sealed(TENANT, old.id)
        assert kept is not None
        assert kept[2] == f"sealed-2-{winner}".encode()


def test_the_end_of_a_grant_is_one_workers_to_announce(local_table: Table) -> None:
    store = GrantStore(local_table)
    old = grant()
    store.create(old, b"sealed-1", b"key")
    assert winners(at_once(*[lambda: store.mark_expired(old, 1)] * 6)) == 1


def test_a_batch_moves_once_per_version(local_table: Table) -> None:
    store = BatchStore(local_table)
    made = store.create(batch(), b"{}")
    moves = at_once(*[lambda: store.update(made.moved(BatchStatus.SENDING))] * 4)
    assert winners(moves) == 1


def test_a_batch_of_an_earlier_epoch_loses_to_the_fence_or_comes_before_it(local_table: Table) -> None:
    store = BatchStore(local_table)
    for turn in range(ROUNDS):
        late = batch(epoch=turn)

        def fence(epoch: int = turn + 1) -> bool:
            store.fence(*QUEUE, epoch)
            return True

        made, fenced = at_once(lambda late=late: store.create(late, b"{}"), fence)
        assert fenced
        assert (store.get(*QUEUE, late.id) is not None) == (made is not None)
        with pytest.raises(ConflictError):
            store.create(batch(epoch=turn), b"{}")


def test_a_supplier_name_made_by_many_at_once_is_one_entry(local_table: Table) -> None:
    store = ListStore(local_table)

    def make(name: str) -> bool:
        store.put_own(own(name), BOOK)
        return True

    for number in range(ROUNDS):
        made = at_once(*(lambda name=f"Ümit {number}": make(name) for _ in range(4)))
        assert winners(made) == 1
    assert len(list(store.all(BOOK, SUPPLIERS))) == ROUNDS


def test_an_organisation_goes_to_one_tenant(local_table: Table) -> None:
    store = OrganisationStore(local_table)

    def link(tenant: str, organisation: str) -> bool:
        store.link("xero", organisation, tenant, ACCOUNT, CONNECTION)
        return True

    for number in range(ROUNDS):
        linked = at_once(*(partial(link, fresh_id(), f"org{number}") for _ in range(3)))
        assert winners(linked) == 1
        assert len(store.holders("xero", f"org{number}")) == 1


def test_one_request_begins_per_idempotency_key_and_one_message_is_new(local_table: Table) -> None:
    keys, seen = IdempotencyStore(local_table), SeenStore(local_table)
    for number in range(ROUNDS):
        begun = at_once(*(lambda n=n, k=f"k{number}": keys.begin(k, "body", f"r{n}", NOW) for n in range(4)))
        assert [one for one in begun if one] == [Begun(f"r{[bool(one) for one in begun].index(True)}")]
        assert winners(at_once(*[lambda m=f"m{number}": seen.first_time(m, MINUTE, NOW)] * 4)) == 1
