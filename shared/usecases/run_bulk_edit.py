"""Do a bulk edit, or undo it, item by item from where it stands; what was before is kept first."""

from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Final

from shared.domain.accounts import Event
from shared.domain.bulk_edits import BulkEdit, BulkStatus, EditedItem, put_back, record_of
from shared.domain.errors import ConflictError, LedgerbridgeError
from shared.usecases.bulk_edit import bulk_message
from shared.usecases.change_in_bulk import Bulk, edited_by, open_item, store_edited
from shared.usecases.happenings import happened
from shared.usecases.service import Service

SLICE: Final = 20
SLICE_TIME: Final = timedelta(seconds=20)  # what one slice may take at worst
MOST_TOLD: Final = 200  # items whose fields stand in the event; those of all are read with the bulk edit
_TRIES: Final = 3  # against somebody who edits the same item at this moment


def run_bulk_edit(service: Service, tenant: str, account_id: str, edit_id: str, deadline: datetime) -> bool:
    """Go on with a bulk edit; True when nothing is left to do.

    `deadline` is when the invocation ends (UTC); what is left then goes on with a message of its own. May run again
    after a crash: an item that was changed already is found changed.
    """
    account = service.accounts.get(tenant, account_id)
    edit = service.bulk_edits.get(tenant, account_id, edit_id)
    if account is None or edit is None or edit.status in {BulkStatus.DONE, BulkStatus.UNDONE}:
        return True
    bulk = Bulk(service, account)
    items = service.bulk_edits.items(edit)
    try:
        while edit.passed < len(items):
            if service.clock.now() + SLICE_TIME >= deadline:
                service.publish_queue.send(bulk_message(edit), group=tenant)
                return False
            some = items[edit.passed : edit.passed + SLICE]
            known = service.bulk_edits.edited(edit, some)
            for item in some:
                if edit.status is BulkStatus.UNDOING:
                    _undo(bulk, edit, known.get(item))
                else:
                    _do(bulk, edit, item, known.get(item))
            edit = service.bulk_edits.update(replace(edit, passed=edit.passed + len(some)))
        _finish(service, edit)
    except ConflictError:
        return False  # another worker has the same bulk edit in hand and carries on
    return True


def _do(bulk: Bulk, edit: BulkEdit, item: str, known: EditedItem | None) -> None:
    for last in (*[False] * (_TRIES - 1), True):
        try:
            one = edited_by(bulk, item, edit.changes)
            record = record_of(one.item, one.edited)
            # An item that changes no more was changed by a run that died: what that one kept stands.
            if known is None or known.refused or (record.before and record != known):
                bulk.service.bulk_edits.remember(edit, record, again=known is not None)
                known = record
            if one.edited != one.item:
                store_edited(bulk, one, tuple(edit.changes), actor=edit.asked_by, what="item.edited")
        except LedgerbridgeError as refusal:
            refused = EditedItem(item, refused=refusal.problem.code)
            bulk.service.bulk_edits.remember(edit, refused, again=known is not None)
        except ConflictError:
            if not last:
                continue
            bulk.service.bulk_edits.remember(edit, EditedItem(item, refused="conflict"), again=known is not None)
        return


def _undo(bulk: Bulk, edit: BulkEdit, known: EditedItem | None) -> None:
    if known is None or known.undone or not known.before:
        return
    outcome = known
    for _ in range(_TRIES):
        try:
            one = open_item(bulk, known.item)
            back, kept = put_back(one.item, known)
            if back != one.item:
                fields = tuple(name for name in known.before if name not in kept)
                store_edited(bulk, replace(one, edited=back), fields, actor=edit.asked_by, what="item.edit_undone")
            outcome = replace(known, undone=True, kept=kept)
            break
        except LedgerbridgeError as refusal:
            outcome = replace(known, refused=refusal.problem.code, kept=tuple(known.before))
            break
        except ConflictError:
            outcome = replace(known, refused="conflict", kept=tuple(known.before))
    bulk.service.bulk_edits.remember(edit, outcome, again=True)


def _finish(service: Service, edit: BulkEdit) -> None:
    """The event, then the status: an event that is there already is this one's."""
    told = service.bulk_edits.all_edited(edit)
    if edit.status is BulkStatus.UNDOING:
        event = happened(service, edit.account, "items.bulk_edit_undone", subject=edit.id, after=_undone(told))
        service.events.append(edit.tenant, replace(event, actor=edit.asked_by))
        service.bulk_edits.update(replace(edit, status=BulkStatus.UNDONE))
        return
    with suppress(ConflictError):
        service.events.append(edit.tenant, _event(edit, told))
    service.bulk_edits.update(replace(edit, status=BulkStatus.DONE))


def _event(edit: BulkEdit, told: list[EditedItem]) -> Event:
    changed = [one for one in told if one.before and not one.refused]
    before: dict[str, Any] = {"items": {one.item: one.before for one in changed[:MOST_TOLD]}}
    refused = {one.item: one.refused for one in told if one.refused}
    after: dict[str, Any] = {"changes": edit.changes, "items": len(changed), "refused": refused}
    return Event(
        edit.id, edit.account, edit.asked_at, edit.asked_by, "items.bulk_edited", edit.id, before=before, after=after
    )


def _undone(told: list[EditedItem]) -> dict[str, Any]:
    kept = {one.item: list(one.kept) for one in told if one.kept}
    return {"items": sum(one.undone for one in told), "kept": kept}
