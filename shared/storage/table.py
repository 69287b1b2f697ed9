"""One DynamoDB table: reads are strongly consistent, writes have conditions, retries have a bound."""

import random
import secrets
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING, Any, Final

from botocore.exceptions import ClientError, HTTPClientError

from shared.domain.errors import fail
from shared.storage.operations import (
    WRITER,
    Check,
    ConditionFailed,
    Delete,
    Operation,
    Operations,
    Write,
    expression,
    wire_key,
)
from shared.storage.wire import Row, row_from_wire, row_to_wire

if TYPE_CHECKING:
    from types_boto3_dynamodb.client import DynamoDBClient

ATTEMPTS: Final = 6
_BACKOFF: Final = 0.05  # seconds, doubled each time, with full jitter
_LONGEST_BACKOFF: Final = 1.0
_READ_AT_ONCE: Final = 100  # keys that BatchGetItem takes
_WRITE_AT_ONCE: Final = 25  # rows that BatchWriteItem takes
_WORTH_A_RANGE: Final = 8  # rows, below which reading one by one cannot cost much more than a range
_THROTTLED: Final = frozenset(
    {
        "ProvisionedThroughputExceededException",
        "ThrottlingException",
        "RequestLimitExceeded",
        "TransactionInProgressException",
        "TransactionConflictException",
    }
)
# Reasons of a cancelled transaction after which the same transaction may succeed.
_PASSING: Final = frozenset({"TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded"})
_READS: Final = frozenset({"get_item", "batch_get_item", "query"})
_METHOD: Final = {"Put": "put_item", "Update": "update_item", "Delete": "delete_item"}


@dataclass(frozen=True, slots=True)
class Consumed:
    """What one call cost, in read or write units, as DynamoDB reported it."""

    table: str
    operation: str
    read_units: float = 0.0
    write_units: float = 0.0


Observer = Callable[[Consumed], None]


class Table:
    """A table with string keys pk and sk, reached through a low-level client that somebody else made.

    Rows are plain dicts. `observer` is told what every call consumed. Any method raises `busy` when DynamoDB throttles
    or does not answer within the client's time-outs and our bounded retries; nothing was changed then, unless said.
    """

    def __init__(
        self,
        client: "DynamoDBClient",
        name: str,
        *,
        observer: Observer | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.name = name
        self._client = client
        self._observer = observer
        self._sleep = sleep

    # --- reading
    def get(self, pk: str, sk: str) -> Row | None:
        answer = self._call("get_item", TableName=self.name, Key=wire_key(pk, sk), ConsistentRead=True)
        return row_from_wire(answer["Item"]) if "Item" in answer else None

    def batch_get(self, keys: Iterable[tuple[str, str]]) -> Iterator[Row]:
        """The rows that are there, in no order; keys the service left unprocessed are asked for again."""
        distinct = iter(dict.fromkeys(keys))
        while some := list(islice(distinct, _READ_AT_ONCE)):
            left: list[Any] = [wire_key(*key) for key in some]
            for wait in self._waits():
                answer = self._call("batch_get_item", RequestItems={self.name: {"Keys": left, "ConsistentRead": True}})
                yield from map(row_from_wire, answer["Responses"].get(self.name, []))
                left = answer.get("UnprocessedKeys", {}).get(self.name, {}).get("Keys", [])
                if not left:
                    break
                wait()

    def among(self, pk: str, sks: Iterable[str]) -> Iterator[Row]:
        """Those of a partition's rows that are named and there, in no order.

        Named rows that lie close together (items that arrived together) are read as a range: DynamoDB rounds the sum
        of a range's rows up to 4 KB, and every row that is read by its key. Once half of the rows in the range are
        strangers, the rest is read by key.
        """
        left = sorted(set(sks))
        while len(left) >= _WORTH_A_RANGE:
            wanted = set(left)
            rows = list(islice(self.query(pk, left[0], until=left[-1], page=len(left)), len(left)))
            found = [row for row in rows if row["sk"] in wanted]
            yield from found
            if len(rows) < len(left):
                return
            left = [sk for sk in left if sk > rows[-1]["sk"]]
            if 2 * len(found) <= len(rows):
                break
        yield from self.batch_get((pk, sk) for sk in left)

    def query(
        self,
        pk: str,
        begins: str = "",
        *,
        after: str | None = None,
        until: str | None = None,
        newest_first: bool = False,
        where: Check | None = None,
        page: int | None = None,
    ) -> Iterator[Row]:
        """The rows of a partition whose sk begins with a text, in order of sk, page by page as they are consumed.

        `after` is the sk to go on behind (in the direction of reading), `until` the largest sk wanted, `where` a
        filter that costs as much as reading without it, `page` how many rows one call reads.
        """
        request = self._query_request(pk, begins, until, where) | {"ScanIndexForward": not newest_first}
        if page:
            request["Limit"] = page
        if after is not None:
            request["ExclusiveStartKey"] = wire_key(pk, after)
        while True:
            answer = self._call("query", **request)
            yield from map(row_from_wire, answer["Items"])
            if "LastEvaluatedKey" not in answer:
                return
            request["ExclusiveStartKey"] = answer["LastEvaluatedKey"]

    def count(self, pk: str, begins: str, where: Check | None = None) -> int:
        request = self._query_request(pk, begins, None, where) | {"Select": "COUNT"}
        total = 0
        while True:
            answer = self._call("query", **request)
            total += int(answer["Count"])
            if "LastEvaluatedKey" not in answer:
                return total
            request["ExclusiveStartKey"] = answer["LastEvaluatedKey"]

    def _query_request(self, pk: str, begins: str, until: str | None, where: Check | None) -> dict[str, Any]:
        text, values = "#pk = :pk", {"pk": pk, **(where.values if where else {})}
        if until is not None:
            text += " AND #sk BETWEEN :begins AND :until"
            values |= {"begins": begins or "\x00", "until": until}
        elif begins:
            text += " AND begins_with(#sk, :begins)"
            values |= {"begins": begins}
        request = {"TableName": self.name, "ConsistentRead": True, "KeyConditionExpression": text}
        if where:
            request["FilterExpression"] = where.text
        return request | expression(text, where.text if where else "", values=values)

    # --- writing
    def write(self, operation: Write) -> Row | None:
        """Run one conditional write: an Update returns the row after it, a Delete the row that was there.

        Raises ConditionFailed. A write that was carried out although its answer was lost counts as done.
        """
        request: dict[str, Any] = {"TableName": self.name, "ReturnValuesOnConditionCheckFailure": "ALL_OLD"}
        if operation.name != "Put":
            request["ReturnValues"] = "ALL_OLD" if operation.name == "Delete" else "ALL_NEW"
        try:
            answer = self._call(_METHOD[operation.name], **request, **operation.request())
        except ClientError as error:
            if _code(error) != "ConditionalCheckFailedException":
                raise
            item = error.response.get("Item")
            found = row_from_wire(item) if item else None  # type: ignore[arg-type]
            if _is_ours(operation, found):
                return found
            raise ConditionFailed(found) from None
        except HTTPClientError as lost:
            found = self.get(*operation.key)
            if _is_ours(operation, found):
                return found
            raise fail("busy") from lost
        return row_from_wire(answer["Attributes"]) if "Attributes" in answer else None

    def transact(self, operations: Operations) -> None:
        """Run up to 100 writes, all or none. Raises ConditionFailed for the first that may not be."""
        items = [{operation.name: self._in_transaction(operation)} for operation in operations]
        token = secrets.token_hex(18)
        for wait in self._waits():
            try:
                self._call("transact_write_items", TransactItems=items, ClientRequestToken=token)
            except ClientError as error:
                if _code(error) != "TransactionCanceledException":
                    raise
                self._judge(error, operations)
                wait()
            except HTTPClientError as lost:
                if any(_is_ours(one, self.get(*one.key)) for one in operations if one.writer):
                    return
                raise fail("busy") from lost
            else:
                return

    def _in_transaction(self, operation: Operation) -> dict[str, Any]:
        return {
            "TableName": self.name,
            "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
            **operation.request(),
        }

    def _judge(self, error: ClientError, operations: Operations) -> None:
        """Return where the transaction may be tried again; raise what its reasons say otherwise."""
        reasons: list[Mapping[str, Any]] = error.response.get("CancellationReasons", [])  # type: ignore[assignment]
        for index, reason in enumerate(reasons):
            if reason.get("Code") == "ConditionalCheckFailed":
                item = reason.get("Item")
                found = row_from_wire(item) if item else None
                if _is_ours(operations[index], found):
                    continue
                raise ConditionFailed(found, index)
        if not any(reason.get("Code") in _PASSING for reason in reasons):
            raise error

    def batch_put(self, rows: Iterable[Row]) -> int:
        """Write rows without conditions, 25 a call, as they are produced; returns how many.

        For rows that a lease and a digest record fence: a refresh's. Rows that the service left
        unprocessed are sent again, with a bound.
        """
        written = 0
        source = iter(rows)
        while some := list(islice(source, _WRITE_AT_ONCE)):
            distinct = {(row["pk"], row["sk"]): row for row in some}
            left: list[Any] = [{"PutRequest": {"Item": row_to_wire(row)}} for row in distinct.values()]
            for wait in self._waits():
                answer = self._call("batch_write_item", RequestItems={self.name: left})
                left = answer.get("UnprocessedItems", {}).get(self.name, [])
                if not left:
                    break
                wait()
            written += len(some)
        return written

    # --- calling
    def _waits(self) -> Iterator[Callable[[], None]]:
        """Up to ATTEMPTS tries; each is given how to wait before the next. Raises `busy` when they are used up."""
        for attempt in range(ATTEMPTS):
            longest = min(_LONGEST_BACKOFF, _BACKOFF * 2**attempt)
            yield partial(self._pause, longest)
        raise fail("busy")

    def _pause(self, longest: float) -> None:
        self._sleep(random.uniform(0, longest))  # noqa: S311 - jitter, no secret

    def _call(self, method: str, **request: Any) -> dict[str, Any]:
        if self._observer:
            request["ReturnConsumedCapacity"] = "TOTAL"
        for wait in self._waits():
            try:
                answer: dict[str, Any] = getattr(self._client, method)(**request)
            except ClientError as error:
                if _code(error) not in _THROTTLED:
                    raise
                wait()
            else:
                self._tell(method, answer.get("ConsumedCapacity"))
                return answer
        raise AssertionError("the waits end with an exception")

    def _tell(self, method: str, consumed: Any) -> None:
        if self._observer is None or not consumed:
            return
        several = consumed if isinstance(consumed, list) else [consumed]
        units = sum(float(one.get("CapacityUnits", 0)) for one in several)
        is_read = method in _READS
        self._observer(Consumed(self.name, method, units if is_read else 0.0, 0.0 if is_read else units))


def _code(error: ClientError) -> str:
    return error.response.get("Error", {}).get("Code", "")


def _is_ours(operation: Operation, found: Row | None) -> bool:
    """Whether an earlier try of this very write was carried out, though its answer never came."""
    if isinstance(operation, Delete):
        return False
    return found is not None and operation.writer is not None and found.get(WRITER) == operation.writer
