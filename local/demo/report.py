"""What the demo found, judged against the sandbox's books: a readable report and .local/demo.json."""

from collections import Counter
from decimal import Decimal
from typing import Any, Final

from rich.console import Console
from rich.table import Table

from local.demo.other_program import ENDPOINT, refused
from local.demo.work import Outcome

LONGEST: Final = 90  # seconds, for the Xero job alone


def facts(done: Outcome, units: dict[str, float], clock_factor: int) -> dict[str, Any]:
    """The figures of .local/demo.json."""
    name = done.software.provider
    calls: Counter[str] = Counter(done.counts["calls"].get(name, {}))
    published = [item for item in done.items if item["stage"] == "published"]
    documents = done.software.documents(done.books)
    grants = done.counts["token_grants"].get(name, {})
    return {
        "provider": done.software.name,
        "organisation": done.organisation,
        "lists": done.lists,
        "refresh_calls": done.refresh_calls,
        "items": len(done.papers),
        "published": len(published),
        "refused": refusals(done),
        "attachments": done.software.files(done.books),
        "publish_calls": {call: number for call, number in sorted(calls.items()) if call != ENDPOINT},
        "documents_in_provider": len(documents),
        "duplicates": len(documents) - len({item["published"]["document_id"] for item in published}),
        "throttled": refused(done.counts, name),
        "token_refreshes": grants.get("refresh_token 200", 0),
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


def complaints(done: Outcome, found: dict[str, Any]) -> list[str]:
    """Everything of the Xero job that is not as it must be; empty when it has succeeded."""
    checks = [
        (found["throttled"] >= 1, "the limiter never refused a call"),
        (found["token_refreshes"] == 1, f"{found['token_refreshes']} token refreshes for one expired token"),
        (done.failed_first == 1, f"{done.failed_first} files failed at first, one should"),
        (_payments_agree(done), "a paid item has no payment in the books"),
        (_each_contact_once(done), "a contact was created twice"),
        (found["seconds"] <= LONGEST, f"it took {found['seconds']} s, {LONGEST} at most"),
    ]
    return [*short_complaints(done, found), *(complaint for holds, complaint in checks if not holds)]


def short_complaints(done: Outcome, found: dict[str, Any]) -> list[str]:
    """What must hold of every software: each paper once in the books with its file, or refused as it must be."""
    wanted = Counter(paper.refused_with for paper in done.papers.values() if paper.refused_with)
    refused_with = Counter(one["code"] for one in found["refused"])
    must_publish = len(done.papers) - wanted.total()
    checks = [
        (found["published"] == must_publish, f"{found['published']} published, {must_publish} should be"),
        (refused_with == wanted, f"refused {refused_with}, should be {wanted}"),
        (found["documents_in_provider"] == must_publish, f"{found['documents_in_provider']} documents in the books"),
        (found["duplicates"] == 0, f"{found['duplicates']} duplicates"),
        (found["attachments"] == must_publish, f"{found['attachments']} files in the books"),
        (_totals_agree(done), "the control totals do not agree with the provider's"),
    ]
    return [f"{done.software.title}: {complaint}" for holds, complaint in checks if not holds]


def _payments_agree(done: Outcome) -> bool:
    paid = [paper for paper in done.papers.values() if paper.item.get("publish_as") == "paid"]
    made = {payment["PaymentID"] for payment in done.books["Payments"]}
    recorded = [
        item["published"]["payment"] for item in done.items if item["published"] and item["published"]["payment"]
    ]
    return len(made) == len(paid) == len(recorded) and all(payment["outcome"] == "done" for payment in recorded)


def _totals_agree(done: Outcome) -> bool:
    by_provider = sum((Decimal(total) for _, total in done.software.documents(done.books)), Decimal(0))
    ours = sum((Decimal(i["published"]["total"]) for i in done.items if i["published"]), Decimal(0))
    refused_by_provider = sum(1 for paper in done.papers.values() if paper.refused_with == "number_taken")
    compared = [total for total in done.progress["totals"] if total["agrees"] is False]
    return by_provider == ours and len(compared) <= refused_by_provider


def _each_contact_once(done: Outcome) -> bool:
    names = Counter(contact["Name"] for contact in done.books["Contacts"] if contact["ContactStatus"] == "ACTIVE")
    return all(number == 1 for number in names.values())


def show(console: Console, title: str, found: dict[str, Any]) -> None:
    """The report of one job for a person."""
    table = Table(
        title=f"{found['organisation']} in {title} (sandbox, clock x {found['clock_factor']})", show_header=False
    )
    rows = [
        ("Lists pulled", f"{sum(found['lists'].values())} entries in {found['refresh_calls']} calls"),
        ("Items taken in, a PDF each", found["items"]),
        ("Published / refused", f"{found['published']} / {len(found['refused'])}"),
        ("Documents in the books / doubled", f"{found['documents_in_provider']} / {found['duplicates']}"),
        ("Files in the books", found["attachments"]),
        (f"Calls answered 429 by {title}", found["throttled"]),
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
    if "automatic" in found:
        _show_automatic(console, found["automatic"])
    if "change" in found:
        _show_change(console, found["change"])


def _show_automatic(console: Console, found: dict[str, Any]) -> None:
    """What became of the documents that arrived by webhook."""
    title = f"{found['documents']} documents by webhook: {found['published']} published themselves, these wait"
    waiting = Table("Document", "Why it waits for a person", title=title)
    for one in found["waiting"]:
        waiting.add_row(one["item"], ", ".join(one["reasons"]))
    console.print(waiting)


def _show_change(console: Console, found: dict[str, Any]) -> None:
    """What became of the rules when the software changed."""
    title = (
        f"From {found['from']} to {found['to']}: {found['mapped']} entries mapped, {found['created']} contacts made, "
        f"{found['published']} documents published on, {found['duplicates']} doubled; undone afterwards"
    )
    rules = Table("Supplier with a rule", "In Xero", "In QuickBooks", title=title)
    for one in found["rules"]:
        rules.add_row(one["supplier"], one["before"], one["now"])
    console.print(rules)


def conclude(console: Console, wrong: list[str], *, month: bool) -> None:
    """The last word: what is wrong, or that nothing is. `month` tells that the Xero job was among the jobs."""
    for complaint in wrong:
        console.print(f"[red]WRONG[/red] {complaint}")
    if not wrong:
        more = "; a file failed, and the limiter said no" if month else ""
        console.print(f"Answers were lost after the commit and access ended on the way{more}:")
        console.print("[green]nothing was lost and nothing was doubled.[/green]")
