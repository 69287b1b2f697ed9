"""What the demo found, judged against the sandbox's books: a readable report and .local/demo.json."""

from collections import Counter
from collections.abc import Iterable
from decimal import Decimal
from typing import Any, Final

from rich.console import Console
from rich.table import Table

from local.demo.job import Outcome
from local.demo.other_program import ENDPOINT, refused

DOCUMENTS: Final = ("Invoices", "CreditNotes", "BankTransactions")
CREATING: Final = ("PUT /Invoices", "PUT /CreditNotes", "PUT /BankTransactions", "PUT /Payments", "PUT /Contacts")
LONGEST: Final = 90  # seconds, for the Xero job alone


def facts(done: Outcome, units: dict[str, float], clock_factor: int) -> dict[str, Any]:
    """The figures of .local/demo.json."""
    calls: Counter[str] = Counter(done.counts["calls"].get("xero", {}))
    published = [item for item in done.items if item["stage"] == "published"]
    documents = [document for kind in DOCUMENTS for document in done.books[kind]]
    return {
        "provider": "xero",
        "organisation": done.organisation,
        "lists": done.lists,
        "refresh_calls": done.refresh_calls,
        "items": len(done.papers),
        "published": len(published),
        "refused": refusals(done),
        "attachments": sum(len(files) for files in done.books["Attachments"].values()),
        "publish_calls": {name: number for name, number in sorted(calls.items()) if name != ENDPOINT},
        "documents_in_provider": len(documents),
        "duplicates": duplicates(done, documents),
        "throttled": refused(done.counts),
        "token_refreshes": done.counts["token_grants"].get("xero", {}).get("refresh_token 200", 0),
        "write_units_per_item": round(units["write_units"] / max(len(published), 1), 2),
        "read_units_per_item": round(units["read_units"] / max(len(published), 1), 2),
        "clock_factor": clock_factor,
        "seconds": done.seconds,
    }


def refusals(done: Outcome) -> list[dict[str, str]]:
    """Every item that was refused, with the code and remedy that its tenant was told."""
    return [
        {
            "item": done.papers[one["item"]].item["external_id"],
            "code": one["problem"]["code"],
            "remedy": one["problem"]["remedy"],
        }
        for one in done.progress["refused"]
    ]


def duplicates(done: Outcome, documents: Iterable[dict[str, Any]]) -> int:
    """Documents in the books beyond one for each published item."""
    ours = {item["published"]["document_id"] for item in done.items if item["published"]}
    key = {"Invoices": "InvoiceID", "CreditNotes": "CreditNoteID", "BankTransactions": "BankTransactionID"}
    there = [document[id_] for document in documents for id_ in key.values() if id_ in document]
    return len(there) - len(ours)


def complaints(done: Outcome, found: dict[str, Any]) -> list[str]:
    """Everything that is not as it must be; empty when the demo has succeeded."""
    wanted = Counter(paper.refused_with for paper in done.papers.values() if paper.refused_with)
    refused = Counter(one["code"] for one in found["refused"])
    must_publish = len(done.papers) - len(wanted)
    checks = [
        (found["published"] == must_publish, f"{found['published']} published, {must_publish} should be"),
        (refused == wanted, f"refused {refused}, should be {wanted}"),
        (found["documents_in_provider"] == must_publish, f"{found['documents_in_provider']} documents in the books"),
        (found["duplicates"] == 0, f"{found['duplicates']} duplicates"),
        (found["attachments"] == must_publish, f"{found['attachments']} files in the books"),
        (found["throttled"] >= 1, "the limiter never refused a call"),
        (found["token_refreshes"] == 1, f"{found['token_refreshes']} token refreshes for one expired token"),
        (done.failed_first == 1, f"{done.failed_first} files failed at first, one should"),
        (_payments_agree(done), "a paid item has no payment in the books"),
        (_totals_agree(done), "the control totals do not agree with the provider's"),
        (_each_contact_once(done), "a contact was created twice"),
        (found["seconds"] <= LONGEST, f"it took {found['seconds']} s, {LONGEST} at most"),
    ]
    return [complaint for holds, complaint in checks if not holds]


def _payments_agree(done: Outcome) -> bool:
    paid = [paper for paper in done.papers.values() if paper.item.get("publish_as") == "paid"]
    made = {payment["PaymentID"] for payment in done.books["Payments"]}
    recorded = [
        item["published"]["payment"] for item in done.items if item["published"] and item["published"]["payment"]
    ]
    return len(made) == len(paid) == len(recorded) and all(payment["outcome"] == "done" for payment in recorded)


def _totals_agree(done: Outcome) -> bool:
    by_provider = sum((Decimal(str(d["Total"])) for kind in DOCUMENTS for d in done.books[kind]), Decimal(0))
    ours = sum((Decimal(i["published"]["total"]) for i in done.items if i["published"]), Decimal(0))
    refused_by_provider = sum(1 for paper in done.papers.values() if paper.refused_with == "number_taken")
    compared = [total for total in done.progress["totals"] if total["agrees"] is False]
    return by_provider == ours and len(compared) <= refused_by_provider


def _each_contact_once(done: Outcome) -> bool:
    names = Counter(contact["Name"] for contact in done.books["Contacts"] if contact["ContactStatus"] == "ACTIVE")
    return all(number == 1 for number in names.values())


def show(console: Console, found: dict[str, Any], wrong: list[str]) -> None:
    """The report for a person."""
    table = Table(
        title=f"{found['organisation']} in Xero (sandbox, clock x {found['clock_factor']})", show_header=False
    )
    rows = [
        ("Lists pulled", f"{sum(found['lists'].values())} entries in {found['refresh_calls']} calls"),
        ("Items taken in, a PDF each", found["items"]),
        ("Published / refused", f"{found['published']} / {len(found['refused'])}"),
        ("Documents in the books / doubled", f"{found['documents_in_provider']} / {found['duplicates']}"),
        ("Files in the books (one failed, sent again alone)", found["attachments"]),
        ("Calls answered 429 by Xero's limiter", found["throttled"]),
        ("Token refreshes", found["token_refreshes"]),
        ("Write / read units per published item", f"{found['write_units_per_item']} / {found['read_units_per_item']}"),
        ("Seconds", found["seconds"]),
    ]
    for name, value in rows:
        table.add_row(name, str(value))
    console.print(table)
    calls = Table("Calls while publishing", "Number", title=None)
    for name, number in found["publish_calls"].items():
        calls.add_row(name, str(number))
    console.print(calls)
    refused = Table("Refused", "Code", "What the tenant is told to do")
    for one in found["refused"]:
        refused.add_row(one["item"], one["code"], one["remedy"])
    console.print(refused)
    if wrong:
        for complaint in wrong:
            console.print(f"[red]WRONG[/red] {complaint}")
    else:
        console.print(
            "One batch was committed and its answer dropped, the token expired, one file failed, and the limiter"
        )
        console.print("said no: [green]nothing was lost and nothing was doubled.[/green]")
