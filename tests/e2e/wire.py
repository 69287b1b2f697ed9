"""The lines between a deployed function and all that it calls, in a test's hands: AWS on one, the provider on another.

The function is deployed with these addresses in place of the real ones and knows nothing of it. What passes is counted;
a hook may look at a call before it is passed on, or after it took effect and before its caller hears of it.
"""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from http.client import HTTPConnection, HTTPException, IncompleteRead
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final, cast
from urllib.parse import urlsplit

from local.stack import Stack

_LONGEST: Final = 130.0  # seconds for one call; what hangs in the sandbox ends before
_WRITES: Final = {"PutItem", "UpdateItem", "DeleteItem", "TransactWriteItems", "BatchWriteItem", "SendMessage"}
_OF_ONE_LINE: Final = {"connection", "keep-alive", "transfer-encoding", "content-length", "proxy-connection"}
_XERO: Final = ("/xero/api.xro/2.0", "/xero")


@dataclass(frozen=True)
class Call:
    """A call of the function. `target` is like "DynamoDB UpdateItem", "TrentService Decrypt" (KMS) or "PUT /Invoices".

    `number` counts its effects, the successful writes and everything but GETs to the provider, from 1 on; 0 is none.
    """

    target: str
    body: str
    writes: bool
    status: int = 0
    number: int = 0


@dataclass(frozen=True)
class Answer:
    """An answer as it goes back. Where `whole` is false the line breaks before its end."""

    status: int
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""
    whole: bool = True


class Broken(Exception):
    """The line broke: no answer reached us, or none is to reach the caller."""


Matches = Callable[[Call], bool]
Act = Callable[[Call], Answer | None]


@dataclass
class _Hook:
    matches: Matches
    act: Act
    left: int | None  # how many more calls it is for; None for all


@dataclass
class Wire:
    """Both lines. `aws_url` and `provider_url` are what the function is deployed with."""

    aws_url: str = ""
    provider_url: str = ""
    calls: list[Call] = field(default_factory=list)
    effects: list[str] = field(default_factory=list)
    failures: list[Exception] = field(default_factory=list)  # of hooks: the function only sees its line break
    _before: list[_Hook] = field(default_factory=list)
    _after: list[_Hook] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def begin(self) -> None:
        """Forget what was seen, and every hook."""
        with self._lock:
            for seen in (self.calls, self.effects, self._before, self._after):
                cast(list[Any], seen).clear()

    def before(self, matches: Matches, act: Act, times: int | None = 1) -> None:
        """Do something before such a call is passed on; an answer that `act` gives goes back in place of one."""
        self._before.append(_Hook(matches, act, times))

    def after(self, matches: Matches, act: Act, times: int | None = 1) -> None:
        """Do something when such a call has taken effect and its caller waits for the answer."""
        self._after.append(_Hook(matches, act, times))

    def carry(self, call: Call, pass_on: Callable[[], Answer]) -> Answer:
        """One call from end to end; raises Broken."""
        given = self._act(self._before, call)
        if given is not None:
            return given
        try:
            answer = pass_on()
        except Broken:
            self._act(self._after, self._seen(call, 0))
            raise
        return self._act(self._after, self._seen(call, answer.status)) or answer

    def _seen(self, call: Call, status: int) -> Call:
        with self._lock:
            to_provider = call.target.startswith(("PUT", "POST"))
            if call.writes and (to_provider or 200 <= status < 300):
                self.effects.append(call.target)
                call = replace(call, number=len(self.effects))
            call = replace(call, status=status)
            self.calls.append(call)
        return call

    def _act(self, hooks: list[_Hook], call: Call) -> Answer | None:
        with self._lock:
            due = [hook for hook in hooks if hook.left != 0 and hook.matches(call)]
            for hook in due:
                hook.left = hook.left - 1 if hook.left is not None else None
        try:
            answers = [hook.act(call) for hook in due]
        except Exception as failure:
            self.failures.append(failure)
            raise Broken from failure
        return next((answer for answer in answers if answer is not None), None)


def refusal(status: int, code: str) -> Answer:
    """AWS's answer to a call that failed."""
    body = json.dumps({"__type": code, "message": code}).encode()
    return Answer(status, (("content-type", "application/x-amz-json-1.0"),), body)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def log_message(self, *_: Any) -> None:
        """What passes is in the wire's own list."""

    def _carry(self) -> None:
        server = cast(_Line, self.server)
        body = self.rfile.read(int(self.headers.get("content-length") or 0))
        try:
            answer = server.wire.carry(self._call(body), lambda: server.pass_on(self, body))
        except Broken:
            self.close_connection = True
            return
        self._give(answer)

    do_GET = do_PUT = do_POST = do_DELETE = do_HEAD = _carry  # noqa: N815 - as the server looks them up

    def _call(self, body: bytes) -> Call:
        text = body.decode("utf-8", "replace")
        if target := self.headers.get("x-amz-target"):
            service, _, operation = target.partition(".")
            return Call(f"{service.partition('_')[0]} {operation}", text, operation in _WRITES)
        path = urlsplit(self.path).path
        for prefix in _XERO:
            path = path.removeprefix(prefix)
        return Call(f"{self.command} {path}", text, self.command in {"PUT", "POST"})

    def _give(self, answer: Answer) -> None:
        length = len(answer.body) + (0 if answer.whole else 1)
        head = [f"HTTP/1.1 {answer.status} -", *(f"{name}: {value}" for name, value in answer.headers)]
        text = "\r\n".join([*head, f"content-length: {length}", "", ""]).encode("latin-1")
        try:
            self.wfile.write(text + (b"" if self.command == "HEAD" else answer.body))
        except OSError:  # whoever asked is gone
            self.close_connection = True
        self.close_connection = self.close_connection or not answer.whole


class _Line(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def __init__(self, wire: Wire, upstream: str) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.wire = wire
        self.upstream = urlsplit(upstream).netloc

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A caller that was killed leaves its end open; that is no error of ours."""

    def pass_on(self, asked: BaseHTTPRequestHandler, body: bytes) -> Answer:
        """The answer of the other end. A line of its own for each call: nothing is ever sent twice."""
        connection = HTTPConnection(self.upstream, timeout=_LONGEST)
        headers = {name: value for name, value in asked.headers.items() if name.lower() not in _OF_ONE_LINE}
        try:
            connection.request(asked.command, asked.path, body or None, {**headers, "content-length": str(len(body))})
            answer = connection.getresponse()
            kept = tuple(pair for pair in answer.getheaders() if pair[0].lower() not in _OF_ONE_LINE)
            try:
                return Answer(answer.status, kept, answer.read())
            except IncompleteRead as cut:
                return Answer(answer.status, kept, cut.partial, whole=False)
        except (HTTPException, OSError) as lost:
            raise Broken from lost
        finally:
            connection.close()


@contextmanager
def on_wires(stack: Stack, worker: str = "PublishWorkerFunction") -> Iterator[Wire]:
    """A function of the stack calls AWS and the provider through wires meanwhile."""
    wire = Wire()
    lines = [_Line(wire, stack.aws_endpoint), _Line(wire, stack.sandbox_url)]
    wire.aws_url, wire.provider_url = (line.url for line in lines)
    threads = [threading.Thread(target=line.serve_forever, daemon=True) for line in lines]
    for thread in threads:
        thread.start()
    client, name = stack.client("lambda"), stack.outputs[f"{worker}Name"]
    own: dict[str, str] = client.get_function_configuration(FunctionName=name)["Environment"]["Variables"]
    addresses = {"AWS_ENDPOINT_URL": wire.aws_url, "LEDGERBRIDGE_XERO_URL": f"{wire.provider_url}/xero"}
    try:
        _deploy(client, name, {**own, **addresses})
        yield wire
        assert not wire.failures, wire.failures
    finally:
        for line in lines:
            line.shutdown()
            line.server_close()
        _deploy(client, name, own)


def _deploy(client: Any, name: str, variables: dict[str, str]) -> None:
    client.update_function_configuration(FunctionName=name, Environment={"Variables": variables})
    client.get_waiter("function_updated_v2").wait(FunctionName=name, WaiterConfig={"Delay": 1, "MaxAttempts": 30})
