"""Which of BILL's bills and vendors are ours: bills by marker, vendors by name, never by position.

Sources: developer.bill.com, "Create multiple bills" (an array of bills is answered; that it holds their descriptions is
on that page), "Get list of bills", "Search operations with lists".
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Final

from shared.domain.errors import Problem
from shared.domain.ids import find_marker
from shared.domain.lists import folded
from shared.domain.publishing import Batch, ElementAnswer, Member, Verdict
from shared.providers.bill import api
from shared.providers.bill.mapping import BILLS
from shared.providers.contract import Known, Session, Standing, amount_text

Record = Mapping[str, Any]

LOOK_BACK: Final = timedelta(minutes=2)  # before the first send, for clocks that differ
_MOST_SHOWN: Final = 5
_PAGE: Final = "https://app.bill.com/Bill?id="  # assumed: where a person sees a bill
ARCHIVED: Final = "ARCHIVED"  # ours, for a record whose `archived` is true
_DETAILS: Final = ("approvalStatus", "paymentStatus")


def page_of(bill_id: str) -> str:
    return _PAGE + bill_id


def bills_of(members: Sequence[Member], records: Iterable[Record]) -> list[ElementAnswer]:
    """The members whose marker a bill carries; a marker on two bills is for a person to sort out."""
    marked = _by(records, marker_of)
    answers = []
    for member in members:
        found = marked.get(member.marker, {})
        if len(found) == 1:
            answers.append(done(member.marker, next(iter(found.values()))))
        elif found:
            problem = Problem("outcome_unknown", details={"found": sorted(found)[:_MOST_SHOWN]})
            answers.append(ElementAnswer(member.marker, Verdict.UNKNOWN, problem=problem))
    return answers


def vendors_of(members: Sequence[Member], records: Iterable[Record]) -> list[ElementAnswer]:
    """The members whose name an active vendor has; of several a person has to choose."""
    active = _by((one for one in records if not one.get("archived")), _name_of)
    answers = []
    for member in members:
        found = active.get(member.fingerprint["name"], {})
        if len(found) == 1:
            answers.append(ElementAnswer(member.marker, Verdict.DONE, provider_id=next(iter(found))))
        elif found:
            problem = Problem("supplier_name_taken", details={"found": sorted(found)[:_MOST_SHOWN]})
            answers.append(ElementAnswer(member.marker, Verdict.REFUSED, problem=problem))
    return answers


def _name_of(record: Record) -> str:
    return folded(str(record.get("name") or ""))


def _by(records: Iterable[Record], key: Callable[[Record], str | None]) -> dict[str, dict[str, Record]]:
    """Records by what they are known by, and then by id: a record that came twice is one."""
    found: dict[str, dict[str, Record]] = defaultdict(dict)
    for record in records:
        record_id, name = record.get("id"), key(record)
        if isinstance(record_id, str) and record_id and name:
            found[name][record_id] = record
    return found


def marker_of(record: Record) -> str | None:
    """The marker on the last line of a bill's description."""
    lines = str(record.get("description") or "").strip().splitlines()
    return find_marker(lines[-1]) if lines else None


def done(marker: str, record: Record) -> ElementAnswer:
    """A bill that is in BILL, as the answer for the member of this marker. An archived bill is as good as void."""
    invoice = record.get("invoice")
    status = next((str(record[name]) for name in _DETAILS if record.get(name)), None)
    return ElementAnswer(
        marker=marker,
        verdict=Verdict.DONE,
        provider_id=str(record["id"]),
        number=invoice.get("invoiceNumber") if isinstance(invoice, Mapping) else None,
        status=ARCHIVED if record.get("archived") else status,
        total=_amount(record.get("amount")),
        url=page_of(str(record["id"])),
        voided=bool(record.get("archived")),
    )


def standings(records: Iterable[Record]) -> list[Standing]:
    """How bills of ours stand."""
    return [
        Standing(BILLS, str(record["id"]), ARCHIVED if record.get("archived") else str(record["paymentStatus"]))
        for record in records
        if record.get("id") and record.get("paymentStatus") and marker_of(record)
    ]


def known_bill(marker: str, record: Record) -> Known:
    """A bill that was asked for by its id, with the marker that it carries, if any."""
    return Known(BILLS, done(marker, record), marker_of(record))


def _amount(value: object) -> str | None:
    return amount_text(Decimal(value)) if isinstance(value, int | Decimal) else None


# --- looking up
def changed_since(session: Session, batch: Batch) -> list[dict[str, Any]]:
    """The batch's collection from shortly before its first send on."""
    return changed(session, batch.resource, (batch.first_sent_at or batch.created_at) - LOOK_BACK)


def changed(session: Session, resource: str, at: datetime) -> list[dict[str, Any]]:
    """What was changed of a collection since a time."""
    return list(api.pages(session, f"/{resource}", {"filters": api.since(at)}))


def named_vendors(session: Session, members: Sequence[Member]) -> list[dict[str, Any]]:
    """The vendors that may have the members' names, whoever made them and whenever: one call for each name.

    How a quote is written inside a filter is on no page: such a name is asked for by what stands before it.
    """
    found: list[dict[str, Any]] = []
    for member in members:
        name = str(member.fingerprint["spelt"])
        before, quote, _ = name.partition('"')
        if quote and not before.strip():
            found += api.pages(session, "/vendors", {})
            continue
        operator = "sw" if quote else "eq"
        found += api.pages(session, "/vendors", {"filters": f'name:{operator}:"{before}"'})
    return found
