"""A worker's process that can be killed, or held up, right after any of its effects.

An effect is a call that changes something elsewhere: a write to DynamoDB, a message to a queue, anything but a GET to
the provider. Reads are no effects: to die after a read is to die after the effect before it.
"""

import threading
from collections import defaultdict
from collections.abc import Callable
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest

from rehearsal.units import units_of
from shared.aws.clients import Clients
from shared.providers.deadline import DeadlineTransport

_WRITES = frozenset(
    {
        "put_item",
        "update_item",
        "delete_item",
        "transact_write_items",
        "batch_write_item",
        "send_message",
        "put_object",
    }
)


class Killed(BaseException):
    """The process is gone: no handler of `Exception` sees this, and nothing it does afterwards has any effect."""


@dataclass
class Process:
    """What one process has done so far. `hold` is called once, right after effect number `hold_after`."""

    kill_after: int | None = None
    hold_after: int | None = None
    hold: Callable[[], None] | None = None
    effects: list[str] = field(default_factory=list)
    dead: bool = False
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def begin(self) -> None:
        """Called before every call; a dead process makes none."""
        if self.dead or self.kill_after == 0:
            self.dead = True
            raise Killed

    def did(self, effect: str) -> None:
        """Called after every effect, before its caller hears of it."""
        with self._lock:
            self.effects.append(effect)
            number = len(self.effects)
            if number == self.kill_after:
                self.dead = True
        if self.dead:
            raise Killed
        if number == self.hold_after and self.hold:
            self.hold()


class Running:
    """Which process runs now; processes started inside one another are a stack."""

    def __init__(self) -> None:
        self._stack: list[Process] = []
        self.units: dict[str, float] = defaultdict(float)  # consumed by every call, by the client's method
        # moto is not atomic under threads, DynamoDB is: one call at a time.
        self.one_call = threading.Lock()

    @property
    def now(self) -> Process | None:
        return self._stack[-1] if self._stack else None

    @contextmanager
    def process(self, process: Process) -> Any:
        self._stack.append(process)
        try:
            yield process
        finally:
            self._stack.remove(process)


class _Client:
    """An AWS client whose calls belong to the running process."""

    def __init__(self, inner: Any, running: Running) -> None:
        self._inner = inner
        self._running = running

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._inner, name)
        if not callable(method):
            return method

        def call(*given: Any, **named: Any) -> Any:
            process = self._running.now
            if process is not None:
                process.begin()
            with self._running.one_call:
                answer = method(*given, **named)
                self._running.units[name] += units_of(name, named, answer)
            if process is not None and name in _WRITES:
                process.did(_described(name, named))
            return answer

        return call


def _described(name: str, named: dict[str, Any]) -> str:
    row = named.get("Item") or named.get("Key") or {}
    return f"{name} {row.get('sk', {}).get('S', '') if isinstance(row, dict) else row}".strip()


def watched(clients: Clients, running: Running) -> Clients:
    """The clients with every call told to the running process; in threads they share one lock."""
    for name in ("dynamodb", "sqs", "s3", "kms", "secretsmanager"):
        clients.__dict__[name] = _Client(getattr(clients, name), running)
    return clients


def watch_calls(running: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let every call to the provider be told to the running process."""
    plain = DeadlineTransport.handle_request

    def handle(self: DeadlineTransport, request: httpx.Request) -> httpx.Response:
        process = running.now
        if process is None:
            return plain(self, request)
        process.begin()
        with ExitStack() as answered:
            try:
                answer = plain(self, request)
                answered.callback(answer.close)  # a dead process leaves no connection open
            finally:
                if request.method != "GET":
                    process.did(f"{request.method} {request.url.path.rsplit('2.0', 1)[-1]}")
            answered.pop_all()
            return answer

    monkeypatch.setattr(DeadlineTransport, "handle_request", handle)
