"""The file that a document brings along: kept at once, or fetched from its address by a worker."""

import hashlib
import random
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any, Final
from urllib.parse import unquote, urlsplit

from shared.domain.errors import fail
from shared.domain.files import LARGEST_FILE, LONGEST_NAME, safe_name, type_of
from shared.domain.item_drafts import FileDraft
from shared.domain.items import Document, FetchStatus, FileFetch, Item
from shared.storage.agenda import AgendaKind
from shared.usecases.service import Service

SCHEMA: Final = 1
MESSAGE: Final = "fetch_file"
# Seconds to wait before each try after the first, and up to a fifth more, so that what failed together does not come
# again together; the file has not come when the last of them has failed.
WAITS: Final = (30, 300, 750)
# Longer than all of these tries take: after it their message is lost, and the agenda asks for one more.
GUARDED_FOR: Final = timedelta(minutes=45)
_UNNAMED: Final = "document"
# Names that one request waits for: where a name server is slow, each takes seconds.
_HOSTS_LOOKED_UP: Final = 5


@dataclass(slots=True)
class Addresses:
    """The addresses of one request, each looked at before it is stored; the call itself looks again."""

    service: Service
    known: set[str] = field(default_factory=set)

    def check(self, url: str) -> None:
        """Raises address_refused."""
        from shared.aws.public_web import AddressRefused

        try:
            self.service.public_web.check(url, resolves=len(self.known) < _HOSTS_LOOKED_UP)
        except AddressRefused as refused:
            raise fail("address_refused", field="file_url", reason=str(refused)) from None
        self.known.add(url)


def with_file(item: Item, file: FileDraft | None, addresses: Addresses) -> Item:
    """A new item with the file it came with: kept already, or to be fetched.

    Raises file_type_refused, file_too_large, address_refused.
    """
    if file is None:
        return item
    if file.content is not None:
        return replace(item, document=keep(addresses.service, item, file.content, file.name or _UNNAMED))
    if file.url is None:
        return item
    addresses.check(file.url)
    return replace(item, fetch=FileFetch(str(item.version), file.url, file.name))


def fetched_anew(service: Service, item: Item, url: str | None) -> Item:
    """An item whose file is to be fetched (again), from this address; None gives a file up that did not come.

    Raises address_refused.
    """
    if url is None:
        return replace(item, fetch=None)
    Addresses(service).check(url)
    return replace(item, fetch=FileFetch(str(item.version + 1), url))


def keep(service: Service, item: Item, content: bytes, name: str) -> Document:
    """Store a file under what it is made of, so that the same one again is no second one.

    Raises file_too_large, file_type_refused: its type is told by its content, whatever its name says.
    """
    if len(content) > LARGEST_FILE:
        raise fail("file_too_large", field="file", size=len(content), largest=LARGEST_FILE)
    mime_type = type_of(content, name)
    if mime_type is None:
        raise fail("file_type_refused", field="file")
    digest = hashlib.sha256(content).hexdigest()
    key = f"documents/{item.tenant}/{item.account}/arrived/{digest}"
    service.documents.put(key, content)
    return Document(key, safe_name(name, mime_type), mime_type, len(content), digest)


def name_of(fetch: FileFetch) -> str:
    """What a fetched file is called: as it was said, else by the last part of its address."""
    last = unquote(urlsplit(fetch.url).path).rpartition("/")[2]
    return fetch.file_name or last[-LONGEST_NAME:] or _UNNAMED


def is_awaited(item: Item) -> bool:
    return item.fetch is not None and item.fetch.status is FetchStatus.PENDING


def guard_fetch(service: Service, item: Item) -> None:
    """Have the agenda see to it, before the item is written, that its file is fetched although a message is lost."""
    if item.fetch is not None and is_awaited(item):
        at = service.clock.now() + GUARDED_FOR
        service.agenda.put(AgendaKind.FILE, at, f"{item.tenant}#{item.id}", _named(item, item.fetch))


def ask_fetch(service: Service, item: Item, *, tried: int = 0) -> None:
    """Send for the file of an item; `tried` times that was done, the next try waits accordingly."""
    if item.fetch is None or not is_awaited(item):
        return
    body = {"schema": SCHEMA, "kind": MESSAGE, **_named(item, item.fetch), "tried": tried}
    wait = WAITS[tried - 1] if tried else 0
    service.publish_queue.send(body, group=item.tenant, delay_seconds=wait + random.randint(0, wait // 5))  # noqa: S311


def ask_again(service: Service, said: dict[str, Any]) -> None:
    """The agenda's part: a file that is still awaited after all its tries is sent for once more, and guarded anew."""
    item = service.items.get(said["tenant"], said["account"], said["item"])
    if item is None or item.fetch is None or not is_awaited(item) or item.fetch.id != said["fetch"]:
        return
    guard_fetch(service, item)
    body = {"schema": SCHEMA, "kind": MESSAGE, **said, "tried": len(WAITS)}
    service.publish_queue.send(body, group=item.tenant)


def _named(item: Item, fetch: FileFetch) -> dict[str, Any]:
    return {"tenant": item.tenant, "account": item.account, "item": item.id, "fetch": fetch.id}
