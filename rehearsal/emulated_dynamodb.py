"""DynamoDB in the caller's own process: the emulator that `make up` deploys to, called without HTTP and the SDK.

Of what a test of a whole world costs, the SDK's signing and parsing and a server's Java were two thirds. The emulator
(ministack) counts a consistent query as one unit however much it reads: figures are taken on DynamoDB Local.
"""

import base64
import json
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Final, cast

import orjson
from botocore.exceptions import ClientError
from ministack.services import dynamodb


class _FastJson:
    """`json` for the emulator: every request and answer is JSON, which took a tenth of all the tests' time."""

    JSONDecodeError: Final = json.JSONDecodeError
    loads: Final = staticmethod(orjson.loads)

    @staticmethod
    def dumps(value: Any, **how: Any) -> str:
        return orjson.dumps(value).decode() if how == {"ensure_ascii": False} else json.dumps(value, **how)


def _json_response(data: dict[str, Any], status: int = 200) -> tuple[int, dict[str, str], bytes]:
    return status, {}, orjson.dumps(data)


_ONE_CALL: Final = threading.Lock()  # the emulator takes one request at a time, as its own server does
_emulator: Final = cast(Any, dynamodb)
# It checks the grammar of a condition at every call; ours are few and always the same.
_emulator._condition_syntax_error = cache(_emulator._condition_syntax_error)
_emulator.json, _emulator.json_response = _FastJson, _json_response

Listener = Callable[[str, dict[str, Any]], None]
"""Is told an operation ("PutItem") and its parameters."""


class EmulatedDynamoDB:
    """Answers like boto3's low-level client, with `put_item` and its like; every instance sees the same tables.

    `listeners` are told of every call of this instance before it is made.
    """

    def __init__(self) -> None:
        self.listeners: list[Listener] = []

    def get_paginator(self, method: str) -> "Paginator":
        return Paginator(getattr(self, method))

    def __getattr__(self, method: str) -> Callable[..., dict[str, Any]]:
        operation = "".join(word.capitalize() for word in method.split("_"))

        def call(**request: Any) -> dict[str, Any]:
            for listener in self.listeners:
                listener(operation, request)
            return _answer(operation, request)

        self.__dict__[method] = call
        return call


@dataclass(frozen=True)
class Paginator:
    """Asks on until an answer says no more where it stopped."""

    method: Callable[..., dict[str, Any]]

    def paginate(self, **request: Any) -> Iterator[dict[str, Any]]:
        while True:
            answer = self.method(**request)
            yield answer
            if "LastEvaluatedKey" not in answer:
                return
            request["ExclusiveStartKey"] = answer["LastEvaluatedKey"]


def forget_tables() -> None:
    """Take every table away."""
    with _ONE_CALL:
        _emulator.reset()


def packed(rows: Sequence[dict[str, Any]]) -> bytes:
    """Rows, as attribute values, for `fill`."""
    return orjson.dumps(rows, default=_base64)


def fill(table: str, rows: bytes) -> None:
    """Put rows into a table that the emulator has taken before, from another one, and need not look at again."""
    with _ONE_CALL:
        there = _emulator._tables[table]
        for row in orjson.loads(rows):
            _emulator._set_item(there, row["pk"]["S"], row["sk"]["S"], row)


def _answer(operation: str, request: dict[str, Any]) -> dict[str, Any]:
    body = orjson.dumps(request, default=_base64)
    headers = {"x-amz-target": f"DynamoDB_20120810.{operation}"}
    with _ONE_CALL:
        status, _, text = _at_once(_emulator.handle_request("POST", "/", headers, body, {}))
    answer: dict[str, Any] = json.loads(text, object_hook=_bytes_of) if b'{"B":' in text else orjson.loads(text)
    if status == 200:
        return answer
    code = answer.pop("__type").rpartition("#")[2]
    message = answer.get("message") or answer.get("Message") or ""
    raise ClientError(cast(Any, {**answer, "Error": {"Code": code, "Message": message}}), operation)


def _at_once(coroutine: Any) -> Any:
    """What a coroutine that waits for nothing comes to."""
    try:
        coroutine.send(None)
    except StopIteration as done:
        return done.value
    raise RuntimeError("the emulator's DynamoDB waits for something: it needs a loop")


def _base64(value: object) -> str:
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    raise TypeError(f"a {type(value).__name__} is no attribute value")


def _bytes_of(found: dict[str, Any]) -> dict[str, Any]:
    """An attribute value of bytes as the SDK has it; others as they are."""
    if len(found) == 1 and isinstance(held := found.get("B"), str):
        return {"B": base64.b64decode(held)}
    return found
