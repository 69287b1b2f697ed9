"""State machines in a test's hands: the same definitions as the template deploys, run step by step in this process.

Runs wait, are killed, time out and are delivered their tasks twice when a test says so. Made for what the definitions
of this project use: tasks that call one function, with or without a token, choices, and the two ends.
"""

import json
import re
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

ROOT: Final = Path(__file__).resolve().parent.parent
CHANGE: Final = ROOT / "functions" / "connect" / "change_connection.asl.json"
MERGE: Final = ROOT / "functions" / "merge" / "merge_lists.asl.json"
TIMED_OUT: Final = "States.Timeout"
SECONDS: Final = 3600  # of every time-out, unless a test says otherwise
_MOST_STATES: Final = 200
_EXPRESSION: Final = re.compile(r"\{% \$(?P<path>[\w.]+)(?: = '(?P<word>\w+)')? %\}")
Serve = Callable[[dict[str, Any]], dict[str, str]]
Json = dict[str, Any]


class RunKilled(Exception):
    """The run, not the task, ended in this moment."""


@dataclass
class Run:
    """One run: `token` is what it waits with, `entered` the states it has been in."""

    name: str
    given: Json
    state: str
    input: Json
    status: str = "RUNNING"
    token: str | None = None
    entered: list[str] = field(default_factory=list)


@dataclass
class RehearsedMachine:
    """A machine by its definition; `serve` is the function that its tasks call.

    Runs go on when `carry` is called, not before: who starts or answers one has ended by then. `twice` delivers every
    task twice, `before_task` and `after_task` may raise: a task that failed, or RunKilled.
    """

    path: Path
    serve: Serve
    seconds: Mapping[str, int] = field(default_factory=dict)
    runs: dict[str, Run] = field(default_factory=dict)
    twice: bool = False
    before_task: Callable[[Json], None] = lambda _: None
    after_task: Callable[[Json], None] = lambda _: None
    failures: list[BaseException] = field(default_factory=list)
    _ready: list[Run] = field(default_factory=list)
    _answered: set[str] = field(default_factory=set)
    _tokens: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        text = re.sub(r"\$\{(\w+Seconds)\}", lambda hit: str(self.seconds.get(hit[1], SECONDS)), self.path.read_text())
        self._definition: Json = json.loads(text)

    # --- what the service asks (shared.aws.workflows.Machine)
    def begin_run(self, name: str, given: dict[str, str | int]) -> None:
        if name not in self.runs:
            run = Run(name, json.loads(json.dumps(given)), self._definition["StartAt"], {})
            self.runs[name] = run
            self._ready.append(run)

    def is_on(self, name: str) -> bool:
        return name in self.runs and self.runs[name].status == "RUNNING"

    def go_on(self, token: str) -> bool:
        self._answered.add(token)
        run = next((one for one in self.runs.values() if one.token == token and one.status == "RUNNING"), None)
        if run is None:
            return False
        run.token = None
        self._advance(run, {})
        self._ready.append(run)
        return True

    # --- in a test's hands
    def carry(self) -> None:
        """Let every run go on until it waits or ends."""
        while self._ready:
            run = self._ready.pop(0)
            for _ in range(_MOST_STATES):
                if run.status != "RUNNING" or run.token is not None:
                    break
                self._enter(run)
            else:
                raise AssertionError(f"a run without end: {run.entered[-12:]}")

    @property
    def is_busy(self) -> bool:
        """Whether a run could go on now."""
        return bool(self._ready)

    def kill(self, run: Run) -> None:
        """As the stack's restart does."""
        run.status, run.token = "ABORTED", None

    def time_out(self, run: Run) -> None:
        """The time of the task that a run waits at is over."""
        assert run.token is not None
        run.token = None
        self._caught(run, TIMED_OUT)
        self._ready.append(run)

    # --- the language
    def _enter(self, run: Run) -> None:
        state = self._definition["States"][run.state]
        run.entered.append(run.state)
        match state["Type"]:
            case "Choice":
                chosen = (one["Next"] for one in state["Choices"] if self._value(one["Condition"], run))
                run.state = next(chosen, state["Default"])
            case "Succeed":
                run.status = "SUCCEEDED"
            case "Fail":
                run.status = "FAILED"
            case "Task":
                try:
                    self._task(run, state)
                except RunKilled:
                    self.kill(run)

    def _task(self, run: Run, state: Json) -> None:
        token = None
        if state["Resource"].endswith(".waitForTaskToken"):
            self._tokens[run.name] += 1
            token = f"{run.name}|{run.state}|{self._tokens[run.name]}"
        answer: dict[str, str] = {}
        tries = 1 + int(state["Retry"][-1]["MaxAttempts"])
        for attempt in range(tries):
            try:
                answer = self._call(self._value(state["Arguments"]["Payload"], run, token=token))
                break
            except RunKilled:
                raise
            except Exception as failure:
                self.failures.append(failure)
                if attempt + 1 == tries:
                    self._caught(run, type(failure).__name__)
                    return
        if token is not None and token not in self._answered:
            run.token = token
            return
        self._advance(run, answer)

    def _call(self, payload: Json) -> dict[str, str]:
        sent = json.dumps(payload)
        self.before_task(payload)
        answer = self.serve(json.loads(sent))
        self.after_task(payload)
        if self.twice:
            answer = self.serve(json.loads(sent))
        return answer

    def _advance(self, run: Run, answer: dict[str, str]) -> None:
        state = self._definition["States"][run.state]
        run.input = self._value(state["Output"], run, result={"Payload": answer})
        run.state = state["Next"]

    def _caught(self, run: Run, error: str) -> None:
        (catch,) = self._definition["States"][run.state]["Catch"]
        run.input = self._value(catch["Output"], run, error=error)
        run.state = catch["Next"]

    def _value(self, said: Any, run: Run, *, token: str | None = None, result: Any = None, error: str = "") -> Any:
        """A template with its expressions worked out."""
        if isinstance(said, dict):
            return {k: self._value(v, run, token=token, result=result, error=error) for k, v in said.items()}
        if not (isinstance(said, str) and said.startswith("{%")):
            return said
        context = {"Execution": {"Input": run.given}, "Task": {"Token": token}}
        states = {"context": context, "input": run.input, "result": result, "errorOutput": {"Error": error}}
        return _worked_out(said, {"states": states})


def _worked_out(expression: str, known: Json) -> Any:
    """An expression of the kinds that our definitions have: a path, or a path compared with a word."""
    found = _EXPRESSION.fullmatch(expression)
    if found is None:
        raise ValueError(f"an expression that rehearsals do not know: {expression}")
    value: Any = known
    for name in found["path"].split("."):
        value = value[name]
    return value if found["word"] is None else value == found["word"]
