from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from sandbox.xero.idempotency import IdempotencyStore, KeyedCall, KeyMismatchError, KeyTooLongError
from sandbox.xero.wire import ApiAnswer, WebhookEvent

NOW = datetime(2026, 3, 2, 10, tzinfo=UTC)
CALL = KeyedCall("k1", "app", "tenant", "token-1", "PUT", "/api.xro/2.0/Invoices?summarizeErrors=false", b'{"a":1}')
EVENT = WebhookEvent("INVOICE", "CREATE", "id", "url", NOW)
DONE = ApiAnswer(200, {"content-type": "application/json"}, b"{}", (EVENT,))


def store(*, bound_to_token: bool = True) -> IdempotencyStore:
    made = IdempotencyStore(bound_to_token)
    assert made.earlier_answer(CALL, NOW) is None
    made.keep(CALL, DONE, NOW)
    return made


def test_the_same_request_gets_the_first_answer_for_six_minutes_without_its_events() -> None:
    kept = store().earlier_answer(CALL, NOW + timedelta(minutes=5, seconds=59))
    assert kept is not None
    assert (kept.status, kept.body, kept.events) == (200, b"{}", ())
    assert store().earlier_answer(CALL, NOW + timedelta(minutes=6)) is None


@pytest.mark.parametrize(
    "other",
    [
        replace(CALL, body=b'{"a":2}'),
        replace(CALL, method="POST"),
        replace(CALL, url="/api.xro/2.0/Invoices"),
    ],
)
def test_another_request_under_the_key_is_refused_in_xeros_words(other: KeyedCall) -> None:
    with pytest.raises(KeyMismatchError) as refused:
        store().earlier_answer(other, NOW)
    assert str(refused.value) == "Idempotency Key: k1 is used with a different request."


def test_a_refused_answer_is_kept_too() -> None:
    kept = IdempotencyStore()
    kept.keep(CALL, ApiAnswer(400, {}, b"no"), NOW)
    again = kept.earlier_answer(CALL, NOW)
    assert again is not None and again.status == 400


def test_keys_are_bound_to_the_access_token_unless_switched_off() -> None:
    refreshed = replace(CALL, access_token="token-2")
    assert store(bound_to_token=True).earlier_answer(refreshed, NOW) is None
    assert store(bound_to_token=False).earlier_answer(refreshed, NOW) is not None


def test_keys_do_not_cross_apps_or_organisations() -> None:
    kept = store(bound_to_token=False)
    assert kept.earlier_answer(replace(CALL, app_id="other"), NOW) is None
    assert kept.earlier_answer(replace(CALL, tenant_id="other"), NOW) is None


def test_a_key_has_at_most_128_characters() -> None:
    assert store().earlier_answer(replace(CALL, key="k" * 128), NOW) is None
    with pytest.raises(KeyTooLongError):
        store().earlier_answer(replace(CALL, key="k" * 129), NOW)
