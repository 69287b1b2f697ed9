"""The publish worker of the deployed stack is killed, or held up past its lease, right after its effects.

An effect is a write to AWS that came off, or any call but a GET to the provider. To die after a read is to die after
the effect before it. Here are those after which we have not heard what the provider did, and of the others one in every
three, chosen by a fixed seed; tests/soak takes every effect, in one process.
"""

import json
import signal
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from fnmatch import fnmatch
from itertools import count, islice
from random import Random
from typing import Final

import pytest

from tests.e2e import broken
from tests.e2e.small import Small, can_pay, small
from tests.e2e.tenants import ADVISER, Customer, World, wait_for
from tests.e2e.wire import Call, Wire

# Right after these the provider has done its work and we have not heard of it; the others are for `make sweep`.
TELLING: Final = ("PUT /Invoices", "PUT /Invoices/*/Attachments/*")
TELLING_TOO: Final = ("PUT /Contacts", "PUT /Payments")
SHARES: Final = 2  # of the effects, so that several processes of pytest take part
SPACING: Final = 3  # one effect of so many is taken
SEED: Final = 20260311
MOST_EFFECTS: Final = 150
HELPED_EVERY: Final = 4.0  # seconds; the agenda really comes every minute
PATIENCE: Final = 90.0  # seconds until a publication has been taken over and done
# The emulator's words for a worker that is gone: its time was up, held up or on a busy machine, or its process ended.
GONE: Final = ("Task timed out", "Worker process died")

pytestmark = pytest.mark.soak
_names = count(1)

Matches = Callable[[Call], bool]


@pytest.fixture(scope="module")
def customer(world: World) -> Customer:
    return can_pay(world.tenant("Crashes").connected())


@pytest.fixture
def deaf(customer: Customer) -> Iterator[None]:
    """The queue brings nothing: a test calls the workers itself."""
    with broken.deaf(customer.world.stack):
        yield


def call_to(target: str) -> Matches:
    return lambda call: fnmatch(call.target, target)


def effect(number: int) -> Matches:
    return lambda call: call.number == number


def long(test: Callable[..., None]) -> Callable[..., None]:
    """For `make sweep`: effects from the first to the last, in shares."""
    for mark in (pytest.mark.sweep, pytest.mark.timeout(880), pytest.mark.parametrize("share", range(SHARES))):
        test = mark(test)
    return test


@pytest.mark.parametrize("target", [*TELLING, *(pytest.param(one, marks=pytest.mark.sweep) for one in TELLING_TOO)])
def test_killed_before_it_heard_the_provider(customer: Customer, wire: Wire, target: str) -> None:
    assert killed_after(customer, wire, call_to(target)), "the moment came"


@long
def test_killed_after_effects(customer: Customer, wire: Wire, share: int) -> None:
    each_of(share, lambda number: killed_after(customer, wire, effect(number)))


@pytest.mark.usefixtures("deaf")
def test_held_up_before_it_heard_the_provider(customer: Customer, wire: Wire) -> None:
    assert held_up_after(customer, wire, call_to("PUT /Invoices")), "the moment came"


@pytest.mark.sweep
def test_killed_with_the_new_pair_in_its_hands(customer: Customer, wire: Wire) -> None:
    """The old refresh token is used up and the new one lost: the provider's grace makes it good after the lease."""
    customer.world.sandbox.tell("/xero/tokens", {"expire": "access", "user": ADVISER})
    assert killed_after(customer, wire, call_to("POST /connect/token")), "the moment came"
    assert customer.status() == "active"


@long
@pytest.mark.usefixtures("deaf")
def test_held_up_after_effects(customer: Customer, wire: Wire, share: int) -> None:
    """Meanwhile another worker does all the work; the first then goes on as if nothing had happened."""
    each_of(share, lambda number: held_up_after(customer, wire, effect(number)))


def sampled() -> Iterator[int]:
    """The numbers of the effects to take, the same every time."""
    chance = Random(SEED)
    return (first + chance.randrange(SPACING) for first in range(1, MOST_EFFECTS, SPACING))


def each_of(share: int, came: Callable[[int], bool]) -> None:
    for number in islice(sampled(), share, None, SHARES):
        if not came(number):
            assert number > MOST_EFFECTS // 10, "there are more effects than that"
            return
    raise AssertionError(f"a run has more than {MOST_EFFECTS} effects")


def killed_after(customer: Customer, wire: Wire, moment: Matches) -> bool:
    """A small publication whose worker is killed at the moment; whether that came. In the end all is well.

    What waits in the queue is lost as well: the agenda alone brings another worker.
    """
    stack, publication = customer.world.stack, asked_for(customer)
    killed = threading.Event()

    def kill(_: Call) -> None:
        broken.kill_worker(stack)
        killed.set()

    wire.begin()
    wire.after(moment, kill)
    customer.publish(publication.items)
    wait_for("the worker to die or be done", lambda: killed.is_set() or is_over(publication, queue_too=True), PATIENCE)
    died_after = wire.effects[-1]
    if killed.is_set():
        purge(customer)
        broken.lease_passes(customer)
        until_over(publication, lambda: [broken.agenda_comes_due(customer, one) for one in ("publication", "publish")])
        wait_for("the next worker to end", lambda: is_over(publication, queue_too=True), PATIENCE)
    assert publication.wrong() == [], f"killed after {died_after}"
    return killed.is_set()


def held_up_after(customer: Customer, wire: Wire, moment: Matches) -> bool:
    """The same for a worker that stands still from the moment until another has done its work."""
    stack, publication = customer.world.stack, asked_for(customer)
    for item in publication.items:
        customer.post(f"/items/{item}/publish")
    held = threading.Event()

    def hold(_: Call) -> None:
        broken.signal_worker(stack, signal.SIGSTOP)
        held.set()

    broken.kill_worker(stack, but=1)  # those of earlier runs: the one that is stopped must be the one that works
    wire.begin()
    wire.after(moment, hold)
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(worker, customer)
        wait_for("the worker to be held up or done", lambda: held.is_set() or first.done(), PATIENCE)
        assert held.is_set() or not first.exception(), first.exception()
        held_after = wire.effects[-1]
        try:
            if held.is_set():
                broken.lease_passes(customer)
            until_over(publication, lambda: next_worker(customer))
        finally:
            broken.signal_worker(stack, signal.SIGCONT)
        failure = first.exception(PATIENCE)
    allowed = ("ConditionFailed", *GONE)
    assert failure is None or any(one in str(failure) for one in allowed), f"held up after {held_after}: {failure}"
    if failure:
        until_over(publication, lambda: next_worker(customer))  # its message comes again
    assert broken.left_to_do(customer) == [], f"held up after {held_after}"
    assert publication.wrong() == [], f"held up after {held_after}"
    return held.is_set()


def asked_for(customer: Customer) -> Small:
    """A small publication, and nothing in the queue from the ones before."""
    purge(customer)
    return small(customer, f"CRASH-{next(_names)}")


def purge(customer: Customer) -> None:
    stack = customer.world.stack
    stack.client("sqs").purge_queue(QueueUrl=stack.outputs["PublishQueueUrl"])


def is_over(publication: Small, *, queue_too: bool = False) -> bool:
    """Nothing is left to do; with the queue, the worker itself has ended as well."""
    customer = publication.customer
    if broken.left_to_do(customer) or not publication.is_done():
        return False
    return not queue_too or broken.queue_depth(customer.world.stack, "PublishQueueUrl") == 0


def until_over(publication: Small, help_on: Callable[[], object]) -> None:
    """Have something done, and again after a while, until nothing is left to do."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        help_on()
        enough = time.monotonic() + HELPED_EVERY
        while time.monotonic() < enough:
            if is_over(publication):
                return
            time.sleep(0.1)
    raise AssertionError(f"not over: {broken.left_to_do(publication.customer)}, {publication.wrong()}")


def next_worker(customer: Customer) -> None:
    """One that takes over; when it does not live to its end its message comes again, after its lease."""
    try:
        worker(customer)
    except RuntimeError as failure:
        if not any(one in str(failure) for one in GONE):
            raise
        broken.lease_passes(customer)


def worker(customer: Customer) -> None:
    """One invocation of the deployed worker with a wake-up; raises RuntimeError with what it failed of."""
    message = {
        "messageId": "1",
        "receiptHandle": "1",
        "body": json.dumps(broken.wake_up(customer)),
        "attributes": {},
        "messageAttributes": {},
        "eventSource": "aws:sqs",
    }
    customer.world.stack.invoke("PublishWorkerFunction", {"Records": [message]})
