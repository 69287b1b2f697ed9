"""Faults on request: which call is hit, and how its answer goes wrong.

A fault is counted only against calls that the provider would have accepted (token, scopes, limits all good), so a
"second call" does not depend on how often a client was throttled before.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from fnmatch import fnmatchcase
from typing import Any, Literal, get_args

FaultKind = Literal[
    "latency",
    "hang",
    "status",
    "limiter",
    "commit_then_drop",
    "commit_then_status",
    "commit_then_hang",
    "commit_late",
    "truncate",
    "html",
    "reorder",
    "missing",
]
LimiterProblem = Literal["minute", "day", "concurrent", "appminute"]
# These take the place of the call: the provider's books never see it.
BEFORE_COMMIT: frozenset[FaultKind] = frozenset({"hang", "status", "limiter", "commit_late"})


class FaultRefusedError(ValueError):
    """A fault that cannot be registered; the text names the field."""


@dataclass
class Fault:
    """One registered fault with its counters.

    seconds: real seconds of a latency (before the call is worked on) or of a hang (the connection is then aborted).
    status, body: of status, commit_then_status, commit_late (a drop when no status is given) and html.
    retry_after: seconds sent by a limiter fault; without it, the time left in the window (sandbox seconds, both).
    visible_after_lookups, visible_after_seconds (sandbox seconds): when a commit_late becomes visible.
    elements: indexes that a missing fault takes out of the answer.
    containing: only calls whose body has this text are hit: one document that a provider cannot digest.
    kept: the answer of a status fault is what the call's idempotency key answers from now on, where there are keys.
    occurrence: the first matching call to hit, from 1; times: how many calls in all, None for every later one.
    """

    id: int
    provider: str
    method: str
    path: str
    kind: FaultKind
    occurrence: int = 1
    times: int | None = 1
    seconds: float | None = None
    status: int | None = None
    body: str | None = None
    problem: LimiterProblem = "minute"
    retry_after: int | None = None
    visible_after_lookups: int | None = None
    visible_after_seconds: float | None = None
    elements: tuple[int, ...] = (0,)
    containing: str | None = None
    kept: bool = False
    seen: int = 0
    fired: int = 0

    def matches(self, provider: str, method: str, path: str, body: bytes) -> bool:
        return (
            self.provider == provider
            and self.method in {"*", method.upper()}
            and fnmatchcase(path.lower(), self.path.lower())
            and (self.containing is None or self.containing.encode() in body)
        )

    def due(self) -> bool:
        return self.seen >= self.occurrence and (self.times is None or self.fired < self.times)


@dataclass(frozen=True)
class Hit:
    """What happens to one call: the sum of the latencies in real seconds, and at most one further fault."""

    latency: float = 0.0
    fault: Fault | None = None

    def kind(self) -> FaultKind | None:
        return self.fault.kind if self.fault else None


class FaultBoard:
    """All registered faults, in the order in which they were registered."""

    def __init__(self) -> None:
        self._faults: list[Fault] = []
        self._next_id = 1

    def add(self, raw: list[Mapping[str, Any]]) -> list[int]:
        """Register all or none. Raises FaultRefusedError naming the field at fault."""
        parsed = [_parse(self._next_id + index, one) for index, one in enumerate(raw)]
        self._next_id += len(parsed)
        self._faults.extend(parsed)
        return [fault.id for fault in parsed]

    def clear(self) -> None:
        self._faults = []

    def as_json(self) -> list[dict[str, Any]]:
        return [asdict(fault) for fault in self._faults]

    def take(self, provider: str, method: str, path: str, body: bytes = b"") -> Hit:
        """Count one accepted call against every matching fault and say what becomes of it.

        Latencies add up; of the others the first due one fires, and one that was due behind it fires next time.
        """
        matching = [fault for fault in self._faults if fault.matches(provider, method, path, body)]
        for fault in matching:
            fault.seen += 1
        due = [fault for fault in matching if fault.due()]
        slow = [fault for fault in due if fault.kind == "latency"]
        broken = next((fault for fault in due if fault.kind != "latency"), None)
        for fault in [*slow, *([broken] if broken else [])]:
            fault.fired += 1
        return Hit(sum(fault.seconds or 0.0 for fault in slow), broken)


def reordered(body: bytes) -> bytes:
    """The JSON answer with its longest list turned round; an answer without a list stays as it is."""
    return _with_list(body, lambda elements: elements[::-1])


def without_elements(body: bytes, indexes: tuple[int, ...]) -> bytes:
    """The JSON answer with elements taken out of its longest list."""
    return _with_list(body, lambda elements: [e for index, e in enumerate(elements) if index not in indexes])


def _with_list(body: bytes, change: Any) -> bytes:
    document = json.loads(body)
    if isinstance(document, list):
        return json.dumps(change(document)).encode()
    lists = {key: value for key, value in document.items() if isinstance(value, list)} if document else {}
    if not lists:
        return body
    key = max(lists, key=lambda name: len(lists[name]))
    return json.dumps({**document, key: change(lists[key])}).encode()


def _parse(fault_id: int, raw: Mapping[str, Any]) -> Fault:
    where = {key: raw[key] for key in ("provider", "method", "path", "occurrence", "times") if key in raw}
    what = raw.get("fault")
    unknown = set(raw) - {"provider", "method", "path", "occurrence", "times", "fault"}
    if unknown:
        raise FaultRefusedError(f"unknown field {sorted(unknown)[0]}")
    if not isinstance(what, Mapping) or what.get("kind") not in get_args(FaultKind):
        raise FaultRefusedError(f"fault.kind must be one of {', '.join(get_args(FaultKind))}")
    allowed = {field.name for field in fields(Fault)} - {"id", "seen", "fired", *where}
    if extra := set(what) - allowed:
        raise FaultRefusedError(f"unknown field fault.{sorted(extra)[0]}")
    options = {**what, "elements": tuple(what.get("elements", (0,)))}
    fault = Fault(id=fault_id, **{"provider": "xero", "method": "*", "path": "*", **where, **options})
    return _checked(fault)


def _checked(fault: Fault) -> Fault:
    fault.method = fault.method.upper()
    if fault.occurrence < 1:
        raise FaultRefusedError("occurrence counts from 1")
    if fault.times is not None and fault.times < 1:
        raise FaultRefusedError("times must be at least 1, or null for every later call")
    if fault.kind == "latency" and not fault.seconds:
        raise FaultRefusedError("fault.seconds is needed for latency")
    if fault.kind in {"status", "commit_then_status"} and fault.status is None:
        raise FaultRefusedError(f"fault.status is needed for {fault.kind}")
    if fault.status is not None and not 200 <= fault.status <= 599:
        raise FaultRefusedError("fault.status must be an HTTP status from 200 to 599")
    if fault.problem not in get_args(LimiterProblem):
        raise FaultRefusedError(f"fault.problem must be one of {', '.join(get_args(LimiterProblem))}")
    return fault
