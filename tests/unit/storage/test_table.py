"""Table under a client that throttles, loses answers and leaves work undone."""

from collections.abc import Iterable
from typing import Any

import pytest
from botocore.exceptions import ClientError, ReadTimeoutError

from shared.domain.errors import LedgerbridgeError
from shared.storage.operations import ABSENT, Check, ConditionFailed, Put, Update
from shared.storage.table import ATTEMPTS, Consumed, Table


class ScriptedClient:
    """Answers from a list per method; an exception in the list is raised."""

    def __init__(self, **answers: list[Any]) -> None:
        self.answers = answers
        self.calls: list[tuple[str, dict[str, Any]]] = []

    def __getattr__(self, method: str) -> Any:
        def call(**request: Any) -> Any:
            self.calls.append((method, request))
            script = self.answers[method]
            answer = script.pop(0) if len(script) > 1 else script[0]
            if callable(answer):
                answer = answer(request)
            if isinstance(answer, Exception):
                raise answer
            return answer

        return call

    def count(self, method: str) -> int:
        return sum(called == method for called, _ in self.calls)


def _error(code: str, **more: Any) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": ""}, **more}, "Operation")  # type: ignore[typeddict-item]


def _timeout() -> ReadTimeoutError:
    return ReadTimeoutError(endpoint_url="http://127.0.0.1")


def _table(client: ScriptedClient, **more: Any) -> tuple[Table, list[float]]:
    slept: list[float] = []
    return Table(client, "t", sleep=slept.append, **more), slept  # type: ignore[arg-type]


_ROW = {"pk": "a", "sk": "b"}


def test_throttling_is_waited_out_with_growing_jitter() -> None:
    throttled = _error("ProvisionedThroughputExceededException")
    client = ScriptedClient(get_item=[throttled, throttled, {"Item": {"pk": {"S": "a"}}}])
    table, slept = _table(client)
    assert table.get("a", "b") == {"pk": "a"}
    assert len(slept) == 2
    assert 0 <= slept[0] <= 0.05
    assert 0 <= slept[1] <= 0.1


def test_throttling_without_end_is_busy_after_a_bound() -> None:
    client = ScriptedClient(get_item=[_error("ThrottlingException")])
    table, _ = _table(client)
    with pytest.raises(LedgerbridgeError) as busy:
        table.get("a", "b")
    assert busy.value.problem.code == "busy"
    assert client.count("get_item") == ATTEMPTS


def test_a_write_carried_out_though_its_answer_was_lost_counts_as_done() -> None:
    put = Put(_ROW, ABSENT)
    client = ScriptedClient(put_item=[_timeout()], get_item=[{"Item": put.request()["Item"]}])
    _table(client)[0].write(put)
    assert client.calls[-1][1]["ConsistentRead"] is True


def test_a_write_that_never_arrived_is_not_assumed() -> None:
    client = ScriptedClient(put_item=[_timeout()], get_item=[{}])
    with pytest.raises(LedgerbridgeError) as busy:
        _table(client)[0].write(Put(_ROW, ABSENT))
    assert busy.value.problem.code == "busy"


def test_a_row_somebody_else_wrote_is_no_lost_answer_of_ours() -> None:
    theirs = Put(_ROW, ABSENT).request()["Item"]
    client = ScriptedClient(put_item=[_timeout()], get_item=[{"Item": theirs}])
    with pytest.raises(LedgerbridgeError):
        _table(client)[0].write(Put(_ROW, ABSENT))


def test_the_clients_own_retry_meets_its_first_try() -> None:
    update = Update(("a", "b"), {"x": 1}, Check("#x = :before", {"before": 0}))
    after = {"pk": {"S": "a"}, "sk": {"S": "b"}, "x": {"N": "1"}, "w": {"S": update.writer}}
    client = ScriptedClient(update_item=[_error("ConditionalCheckFailedException", Item=after)])
    row = _table(client)[0].write(update)
    assert row is not None
    assert row["x"] == 1


def test_a_failed_condition_says_what_was_found() -> None:
    found = {"pk": {"S": "a"}, "sk": {"S": "b"}, "w": {"S": "somebody else"}}
    client = ScriptedClient(put_item=[_error("ConditionalCheckFailedException", Item=found)])
    with pytest.raises(ConditionFailed) as refused:
        _table(client)[0].write(Put(_ROW, ABSENT))
    assert refused.value.found == {"pk": "a", "sk": "b", "w": "somebody else"}


def _cancelled(*codes: str) -> ClientError:
    return _error("TransactionCanceledException", CancellationReasons=[{"Code": code} for code in codes])


def test_conflicting_transactions_are_tried_again_under_the_same_token() -> None:
    client = ScriptedClient(transact_write_items=[_cancelled("None", "TransactionConflict"), {}])
    table, slept = _table(client)
    table.transact([Put(_ROW, ABSENT), Put({"pk": "c", "sk": "d"}, ABSENT)])
    first, second = (request["ClientRequestToken"] for _, request in client.calls)
    assert first == second
    assert len(slept) == 1


def test_a_cancelled_transaction_names_the_operation() -> None:
    client = ScriptedClient(transact_write_items=[_cancelled("None", "ConditionalCheckFailed")])
    with pytest.raises(ConditionFailed) as refused:
        _table(client)[0].transact([Put(_ROW, ABSENT), Put({"pk": "c", "sk": "d"}, ABSENT)])
    assert refused.value.index == 1


def test_a_transaction_whose_answer_was_lost_is_looked_up() -> None:
    put = Put(_ROW, ABSENT)
    client = ScriptedClient(transact_write_items=[_timeout()], get_item=[{"Item": put.request()["Item"]}])
    _table(client)[0].transact([put])
    client = ScriptedClient(transact_write_items=[_timeout()], get_item=[{}])
    with pytest.raises(LedgerbridgeError):
        _table(client)[0].transact([Put(_ROW, ABSENT)])


def test_unprocessed_rows_and_keys_are_sent_again_until_none_is_left() -> None:
    def half(request: dict[str, Any]) -> dict[str, Any]:
        left = request["RequestItems"]["t"]
        return {"UnprocessedItems": {"t": left[: len(left) // 2]}}

    client = ScriptedClient(batch_write_item=[half])
    written = _table(client)[0].batch_put({"pk": "a", "sk": str(number)} for number in range(60))
    assert written == 60
    sent = [len(request["RequestItems"]["t"]) for _, request in client.calls]
    assert sent == [25, 12, 6, 3, 1, 25, 12, 6, 3, 1, 10, 5, 2, 1]


def test_rows_that_stay_unprocessed_are_an_error_not_a_loss() -> None:
    client = ScriptedClient(batch_write_item=[lambda request: {"UnprocessedItems": dict(request["RequestItems"])}])
    with pytest.raises(LedgerbridgeError):
        _table(client)[0].batch_put([_ROW])
    assert client.count("batch_write_item") == ATTEMPTS


def test_keys_left_unread_are_read_again() -> None:
    key = {"pk": {"S": "a"}, "sk": {"S": "b"}}
    client = ScriptedClient(
        batch_get_item=[{"Responses": {}, "UnprocessedKeys": {"t": {"Keys": [key]}}}, {"Responses": {"t": [key]}}]
    )
    assert list(_table(client)[0].batch_get([("a", "b"), ("a", "b")])) == [{"pk": "a", "sk": "b"}]


def test_an_observer_is_told_what_was_consumed() -> None:
    told: list[Consumed] = []
    client = ScriptedClient(
        get_item=[{"ConsumedCapacity": {"CapacityUnits": 1.0}}],
        transact_write_items=[{"ConsumedCapacity": [{"CapacityUnits": 4.0}]}],
    )
    table, _ = _table(client, observer=told.append)
    table.get("a", "b")
    table.transact([Put(_ROW, ABSENT)])
    assert [(one.read_units, one.write_units) for one in told] == [(1.0, 0.0), (0.0, 4.0)]


class _Partition(ScriptedClient):
    """Answers queries and batch reads from rows that are there."""

    def __init__(self, sks: Iterable[str]) -> None:
        self.there = sorted(sks)
        super().__init__(query=[self._query], batch_get_item=[self._batch])

    def _query(self, request: dict[str, Any]) -> dict[str, Any]:
        values = request["ExpressionAttributeValues"]
        first, last = values[":begins"]["S"], values[":until"]["S"]
        rows = [sk for sk in self.there if first <= sk <= last][: request["Limit"]]
        more = {"LastEvaluatedKey": {}} if len(rows) == request["Limit"] else {}
        return {"Items": [{"pk": {"S": "a"}, "sk": {"S": sk}} for sk in rows], **more}

    def _batch(self, request: dict[str, Any]) -> dict[str, Any]:
        keys = [key for key in request["RequestItems"]["t"]["Keys"] if key["sk"]["S"] in self.there]
        return {"Responses": {"t": keys}}


def _among(there: Iterable[str], wanted: Iterable[str]) -> tuple[list[str], _Partition]:
    client = _Partition(there)
    found = [row["sk"] for row in _table(client)[0].among("a", wanted)]
    assert len(set(found)) == len(found)
    return sorted(found), client


def test_rows_that_lie_together_are_read_as_a_range() -> None:
    there = [f"{number:03}" for number in range(300)]
    wanted = there[100:200]
    found, client = _among(there, reversed(wanted))
    assert found == wanted
    assert (client.count("query"), client.count("batch_get_item")) == (1, 0)


def test_rows_among_few_strangers_are_read_as_ranges_and_those_that_are_not_there_are_left_out() -> None:
    there = [f"{number:03}" for number in range(300) if number % 10]
    wanted = [f"{number:03}" for number in range(300) if number % 3]
    found, client = _among(there, wanted)
    assert found == [sk for sk in wanted if sk in there]
    assert client.count("query") >= 2


def test_rows_among_many_strangers_are_read_by_key_after_one_range() -> None:
    there = [f"{number:04}" for number in range(2000)]
    wanted = there[::20]
    found, client = _among(there, wanted)
    assert found == wanted
    assert client.count("query") == 1
    assert client.count("batch_get_item") == 1


def test_a_few_rows_are_read_by_key() -> None:
    found, client = _among(["1", "2", "3"], ["3", "1", "4"])
    assert found == ["1", "3"]
    assert client.count("query") == 0
