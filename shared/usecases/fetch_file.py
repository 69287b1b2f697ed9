"""Fetch the file of an item from the address it came with, and judge the item anew."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

from shared.aws.public_web import AddressRefused, WebFailed
from shared.domain.accounts import Account
from shared.domain.errors import ConflictError, LedgerbridgeError, Problem
from shared.domain.files import LARGEST_FILE
from shared.domain.items import Document, FetchStatus, FileFetch, Item
from shared.domain.readiness import judged, summary_of
from shared.usecases.arriving_files import SCHEMA, WAITS, ask_fetch, is_awaited, keep, name_of
from shared.usecases.auto_publish import consider
from shared.usecases.create_items import Taken
from shared.usecases.edit_item import Changed, store_change
from shared.usecases.entry_cache import EntryCache
from shared.usecases.integrations import Ways, evaluate
from shared.usecases.service import Service

ACTOR: Final = "ledgerbridge"
LONGEST_FETCH: Final = 60.0  # seconds, for up to 25 MB
_SPARED: Final = 15.0  # seconds of the worker that are left for storing
_TRIES: Final = 3  # of our own write, where somebody edits the item at the same time


def fetch_file(service: Service, said: Mapping[str, Any], deadline: datetime) -> Taken | None:
    """Fetch one file; None where it is not awaited (any more), or is tried again later.

    A file that cannot be had becomes a reason of the item. Raises ValueError on a message of a later version,
    ConflictError where the item changes all the time: the queue brings the message again.
    """
    if said["schema"] > SCHEMA:
        raise ValueError(f"a message of schema {said['schema']} is from a later version")
    account = service.accounts.get(said["tenant"], said["account"])
    item = service.items.get(said["tenant"], said["account"], said["item"])
    if account is None or account.deleted_at is not None or item is None or not _asks_for(item, said):
        return None
    seconds = min(LONGEST_FETCH, (deadline - service.clock.now()).total_seconds() - _SPARED)
    try:
        outcome: Document | Problem = _fetched(service, item, seconds)
    except WebFailed as failed:
        tried = int(said.get("tried", 0))
        if failed.again and tried < len(WAITS):
            ask_fetch(service, item, tried=tried + 1)
            return None
        outcome = _not_fetched(str(failed))
    for left in reversed(range(_TRIES)):
        try:
            return _store(service, account, said, outcome)
        except ConflictError:
            if not left:
                raise
    raise AssertionError("unreachable: the last try returns or raises")


def _asks_for(item: Item, said: Mapping[str, Any]) -> bool:
    return is_awaited(item) and item.fetch is not None and item.fetch.id == said["fetch"]


def _fetched(service: Service, item: Item, seconds: float) -> Document | Problem:
    """The file, kept; or why it is none for us. Raises WebFailed."""
    fetch: FileFetch | None = item.fetch
    if fetch is None:
        return _not_fetched("it is not awaited")
    try:
        answer = service.public_web.fetch(fetch.url, largest=LARGEST_FILE, deadline=max(seconds, 1.0))
        return keep(service, item, answer.body, name_of(fetch))
    except AddressRefused as refused:
        return _not_fetched(str(refused))
    except LedgerbridgeError as refusal:
        return refusal.problem


def _not_fetched(why: str) -> Problem:
    return Problem("file_not_fetched", "file", details={"reason": why})


def _store(service: Service, account: Account, said: Mapping[str, Any], outcome: Document | Problem) -> Taken | None:
    ways = Ways(service, account)
    found = service.items.both(account.tenant, account.id, said["item"], ways.linked)
    if found is None or not _asks_for(found[0], said):
        return None
    item, state, marker = found
    if isinstance(outcome, Document):
        changed = replace(item, document=outcome, fetch=None)
    else:
        fetch = item.fetch and replace(item.fetch, status=FetchStatus.FAILED, problem=outcome)
        changed = replace(item, fetch=fetch)
    problems = evaluate(service, account, changed, ways.of_marker(changed, marker))
    after = judged(replace(state, summary=summary_of(changed)), problems, account.coding_version)
    what = Changed(changed, after, marker, ("document",))
    kind = "item.document" if isinstance(outcome, Document) else "item.document_not_fetched"
    taken = store_change(service, what, ways.linked, actor=ACTOR, what=kind)
    cache = EntryCache(service, account)
    considered = consider(ways, cache, [replace(taken, new=True)])[0]  # it has arrived only now
    return considered if isinstance(considered, Taken) else taken
