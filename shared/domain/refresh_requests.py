"""The refresh queue's messages about a connection's lists, and how an interrupted refresh remembers its place."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Final

from shared.domain.lists import Kind
from shared.domain.refreshing import Counts

SCHEMA: Final = 1
HOPS: Final = 60  # messages one refresh may send itself; then the agenda takes over
ALL: Final = "all"
RECONNECTED: Final = "reconnected"  # the reason of the refresh that follows a new consent
GUARD: Final = "guard"  # marks the agenda's copy of a request, which counts only if the message itself was lost


@dataclass(frozen=True, slots=True)
class Position:
    """Where a pass stopped. `epoch` is the refresh lease's: what the pass had seen counts only for the next holder.

    `page` is the next to ask for, None before the first. `since` is the cursor a delta starts from.
    `cursor` is the first page's: the next delta must start from when the pass began, not from when it ended.
    """

    kinds: tuple[Kind, ...]
    page: str | None
    full: bool
    began: datetime
    epoch: int
    since: str | None = None
    cursor: str | None = None


@dataclass(frozen=True, slots=True)
class RefreshRequest:
    """A wish that lists be as the provider had them at `requested_at` or later. `kinds` None means every list.

    `hops` counts the messages one refresh has sent itself, `tries` the retries after lists that failed.
    """

    id: str
    tenant: str
    account: str
    connection: str
    reason: str
    requested_at: datetime
    kinds: frozenset[Kind] | None = None
    full: bool = False
    hops: int = 0
    tries: int = 0
    position: Position | None = None
    counts: dict[Kind, Counts] = field(default_factory=dict)
    calls: int = 0

    def body(self) -> dict[str, Any]:
        """The message, readable by `from_body`."""
        return {
            "schema": SCHEMA,
            "kind": "refresh",
            "refresh": self.id,
            "tenant": self.tenant,
            "account": self.account,
            "connection": self.connection,
            "reason": self.reason,
            "requested_at": self.requested_at.isoformat(),
            "kinds": ALL if self.kinds is None else sorted(self.kinds),
            "full": self.full,
            "hops": self.hops,
            "tries": self.tries,
            "position": _position_body(self.position) if self.position else None,
            "counts": {kind: counts.as_dict() for kind, counts in self.counts.items()},
            "calls": self.calls,
        }

    def again(self, position: Position | None = None) -> "RefreshRequest":
        """The request as it goes on in a later message."""
        return replace(self, hops=self.hops + 1, position=position)


def from_body(body: Mapping[str, Any], *, message_id: str, sent_at: datetime) -> RefreshRequest:
    """A request from a message of the refresh queue.

    What the sender left out comes from the queue: `message_id` names the refresh, `sent_at` is when it was asked for,
    so that a message delivered twice asks for nothing twice. Raises ValueError on a schema from a later deploy.
    """
    if body["schema"] > SCHEMA:
        raise ValueError(f"a refresh message of schema {body['schema']} is from a later version")
    kinds = body.get("kinds", ALL)
    return RefreshRequest(
        id=body.get("refresh") or message_id,
        tenant=body["tenant"],
        account=body["account"],
        connection=body["connection"],
        reason=body.get("reason", "unknown"),
        requested_at=datetime.fromisoformat(body["requested_at"]) if body.get("requested_at") else sent_at,
        kinds=None if kinds == ALL else frozenset(Kind(kind) for kind in kinds),
        full=bool(body.get("full")),
        hops=int(body.get("hops", 0)),
        tries=int(body.get("tries", 0)),
        position=_position(body["position"]) if body.get("position") else None,
        counts={Kind(kind): Counts(**counts) for kind, counts in body.get("counts", {}).items()},
        calls=int(body.get("calls", 0)),
    )


def _position_body(position: Position) -> dict[str, Any]:
    return {
        "kinds": list(position.kinds),
        "page": position.page,
        "full": position.full,
        "began": position.began.isoformat(),
        "epoch": position.epoch,
        "since": position.since,
        "cursor": position.cursor,
    }


def _position(body: Mapping[str, Any]) -> Position:
    return Position(
        kinds=tuple(Kind(kind) for kind in body["kinds"]),
        page=body["page"],
        full=body["full"],
        began=datetime.fromisoformat(body["began"]),
        epoch=body["epoch"],
        since=body["since"],
        cursor=body["cursor"],
    )
