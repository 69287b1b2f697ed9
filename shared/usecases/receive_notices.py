"""A provider's webhook: check the signature over the raw bytes, drop repeats, pass on where to look. No more than that.

What a notice says is never believed: the worker fetches the records with our own token.
"""

import hashlib
from collections.abc import Mapping, Sequence
from datetime import timedelta
from importlib import import_module
from importlib.util import find_spec
from itertools import islice
from typing import Any, Final

from shared.domain.errors import fail
from shared.providers import registry
from shared.providers.contract import Notice
from shared.usecases.service import Service

SCHEMA: Final = 1
REPLAYED_WITHIN: Final = timedelta(days=3)  # the same notices again are a replay, or a provider's retry after our 200
# A storm of notices about one organisation becomes one look, made after the storm's first half minute.
GATHERED: Final = timedelta(seconds=30)
MARGIN: Final = timedelta(seconds=2)
_IN_ONE_MESSAGE: Final = 500

Look = dict[str, Any]


def receive_notices(service: Service, provider: str, raw: bytes, headers: Mapping[str, str]) -> bool:
    """Take a webhook in; False when no key of ours signed it. One message goes to the refresh queue, or none.

    Raises provider_unknown, provider_not_set_up, and whatever the queue raises: the provider then sends again.
    """
    module = f"shared.providers.{provider}.webhook"
    if provider not in registry.names() or find_spec(module) is None:  # some send none, and are polled
        raise fail("provider_unknown")
    read = import_module(module).notices
    for key in service.apps.app(provider).webhook_keys:
        found = read(raw, headers, key)
        if found is not None:
            _pass_on(service, provider, found)
            return True
    return False


def _pass_on(service: Service, provider: str, found: Sequence[Notice]) -> None:
    claimed: list[str] = []
    try:
        looks = iter(_looks(service, provider, found, claimed))
        while some := list(islice(looks, _IN_ONE_MESSAGE)):
            body = {"schema": SCHEMA, "kind": "notice", "provider": provider, "notices": some}
            delay = int(service.clock.scale(GATHERED).total_seconds())
            service.refresh_queue.send(body, group=provider, delay_seconds=delay)
    except Exception:
        for message in claimed:
            service.seen.forget(message)
        raise


def _looks(service: Service, provider: str, found: Sequence[Notice], claimed: list[str]) -> list[Look]:
    """Where to look, once per organisation; what was seen before, or is about to be looked at anyway, is left out."""
    by_organisation: dict[str, list[Notice]] = {}
    for notice in found:
        if notice.kinds or notice.decisions:  # else a change that touches nothing of ours
            by_organisation.setdefault(notice.organisation, []).append(notice)
    window = service.clock.scale(GATHERED - MARGIN)
    looks = []
    for organisation, notices in by_organisation.items():
        kinds = sorted(frozenset[str]().union(*(notice.kinds for notice in notices)))
        decisions = any(notice.decisions for notice in notices)
        where = f"{provider}:{organisation}"
        replay = f"notice#{where}#{_hash(sorted({notice.id for notice in notices}))}"
        storm = f"look#{where}#{_hash([*kinds, 'decisions'] if decisions else kinds)}"
        if _first(service, replay, REPLAYED_WITHIN, claimed) and _first(service, storm, window, claimed):
            looks.append({"organisation": organisation, "kinds": kinds, **({"decisions": True} if decisions else {})})
    return looks


def _first(service: Service, message: str, ttl: timedelta, claimed: list[str]) -> bool:
    first = service.seen.first_time(message, ttl, service.clock.now())
    if first:
        claimed.append(message)
    return first


def _hash(texts: Sequence[str]) -> str:
    return hashlib.sha256("|".join(texts).encode()).hexdigest()
