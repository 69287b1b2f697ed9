"""The calls to Xero: organisations, lists, creating documents, looking them up, attaching files."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

from shared.domain.connections import Organisation
from shared.domain.errors import Problem
from shared.domain.items import Item
from shared.domain.lists import Kind
from shared.domain.publishing import Batch, ElementAnswer, Verdict
from shared.providers.contract import (
    AccessLost,
    CallFailed,
    FileAnswer,
    Known,
    LimitReached,
    ListPage,
    Provider,
    Session,
    Standing,
    Target,
    Upload,
    Wanted,
    WholeRefused,
)
from shared.providers.facts import Profile
from shared.providers.transport import Answer, Call, broken
from shared.providers.xero import api, checks, mapping, webhook
from shared.providers.xero.alike import alike
from shared.providers.xero.answers import found_answers, id_of, known_document, sent_answers, standings
from shared.providers.xero.bank_lines import bank_lines
from shared.providers.xero.faults import messages_of, problem
from shared.providers.xero.lists import REQUESTS, ListRequest
from shared.providers.xero.lookups import changed, look_up, named_contacts
from shared.providers.xero.profile import API, CONNECTIONS, PAGE_SIZE, PROFILE

OFFERS_DESCRIBED: Final = 12  # organisations of one consent that are asked for country, currency and plan
DOCUMENTS_PAID: Final = frozenset({"Invoices", "CreditNotes"})  # money spent or received is the payment itself
_EARLY_APPROVAL: Final = "ApproveTransactionsBeforePeriodLockDate"
_FORBIDDEN_IN_NAMES: Final = str.maketrans(dict.fromkeys('<>:"/\\|?*+\0', "-"))
_REUSED_KEY: Final = "used with a different request"


class Xero:
    """Xero, as the contract asks for it."""

    profile: Profile = PROFILE
    check = staticmethod(checks.check)
    draft = staticmethod(mapping.draft)
    new_supplier = staticmethod(mapping.new_supplier)
    payment = staticmethod(mapping.payment)
    body = staticmethod(mapping.body)
    elements = staticmethod(mapping.elements)
    notices = staticmethod(webhook.notices)
    alike = staticmethod(alike)
    bank_lines = staticmethod(bank_lines)

    # --- organisations and lists
    def organisations(self, session: Session, consent_event: str | None) -> list[Organisation]:
        """The organisations of one consent; the first OFFERS_DESCRIBED with country, currency and plan."""
        params = {"authEventId": consent_event} if consent_event else {}
        answer = api.request(session, Call("GET", CONNECTIONS, params))
        if answer.status != 200:
            raise _unexpected(answer)
        connections = api.records({"connections": answer.json()}, "connections")
        shared = [one for one in connections if one.get("tenantType") == "ORGANISATION"]
        bare = [
            Organisation(id=one["tenantId"], name=one.get("tenantName") or "", removal_id=one.get("id"))
            for one in shared
        ]
        described = [_described(session, one) for one in bare[:OFFERS_DESCRIBED]]
        return [*described, *bare[OFFERS_DESCRIBED:]]

    def organisation(self, session: Session, subject: str) -> Organisation:  # noqa: ARG002
        """The organisation's facts. Xero itself says what the person behind the token may do."""
        actions = api.get(session, "/Organisation/Actions", {})
        exempt = any(
            action.get("Name") == _EARLY_APPROVAL and action.get("Status") == "ALLOWED"
            for action in api.records(actions or {}, "Actions")
        )
        return replace(_organisation(session), lock_exempt=exempt)

    def remove_organisation(self, session: Session, removal_id: str) -> None:
        """Take one organisation off the consent; 404 means that it is off already."""
        answer = api.request(session, Call("DELETE", f"{CONNECTIONS}/{api.segment(removal_id)}"))
        if answer.status not in {200, 204, 404}:
            raise _unexpected(answer)

    def list_groups(self) -> Sequence[tuple[Kind, ...]]:
        """The lists that one request brings, essential ones first."""
        return tuple(request.kinds for request in REQUESTS)

    def list_page(self, session: Session, kinds: Sequence[Kind], page: str | None, since: str | None) -> ListPage:
        """One page of the lists; `page` is Xero's page number with the id that the page before began with."""
        request = next(one for one in REQUESTS if set(kinds) <= set(one.kinds))
        number, _, before = (page or "1:").partition(":")
        params = dict(request.params)
        if request.paged:
            params |= {"page": number, "pageSize": str(PAGE_SIZE)}
        delta = PROFILE.delta_kinds.issuperset(request.kinds)
        started = session.now()
        told = api.get(session, f"/{request.resource}", params, since if delta else None)
        if told is None:
            return ListPage((), None, since)
        records = api.records(told, request.resource)
        first = str(records[0].get("ContactID", "")) if request.paged and records else ""  # contacts alone are paged
        if first and first == before:
            raise broken(f"page {number} of {request.resource} is the page before once more")
        return ListPage(
            entries=tuple(entry for record in records for entry in request.entries(record)),
            next=_next(request, told, int(number), len(records), first),
            cursor=api.cursor(session, told, started) if delta else None,
        )

    # --- publishing
    def send(self, session: Session, batch: Batch, body: bytes) -> list[ElementAnswer]:
        """PUT creates and never updates; with summarizeErrors=false every element has its own outcome."""
        params = {"summarizeErrors": "false"}
        if batch.resource not in {"Contacts", "Payments"}:
            params["unitdp"] = "4"
        answer = api.request(session, _put(f"/{batch.resource}", params, batch.key, "application/json", body))
        if answer.status not in {200, 201}:
            return _refused_whole(batch, answer)
        elements = api.records(api.envelope(answer), batch.resource)
        answers = sent_answers(batch.resource, batch.members, elements)
        return _with_existing(session, batch, answers) if batch.resource == "Contacts" else answers

    def find(self, session: Session, batch: Batch, held: frozenset[str]) -> list[ElementAnswer]:
        """Look the members up among what changed since the first send."""
        elements = look_up(session, batch)
        answers = found_answers(batch.resource, batch.members, elements, held)
        if batch.resource != "Contacts":
            return answers
        answered = {answer.marker for answer in answers}
        missing = [member for member in batch.members if member.marker not in answered]
        return [*answers, *found_answers("Contacts", missing, named_contacts(session, missing), frozenset())]

    def standings(self, session: Session, resources: Sequence[str], since: datetime) -> list[Standing]:
        """Bills, invoices and credit notes that were changed since, with If-Modified-Since, a pass for each."""
        asked = [one for one in resources if one in DOCUMENTS_PAID]
        return [one for resource in asked for one in standings(resource, changed(session, resource, since))]

    def known(self, session: Session, item: Item, target: Target, document_id: str) -> Known | None:
        """GET by id. Xero answers 404 for an id that it does not have; 400 for one that is no GUID is assumed."""
        resource, kind = mapping.sort_of(item, target.destination)
        answer = api.request(session, Call("GET", f"{API}/{resource}/{api.segment(document_id)}"))
        if answer.status in {400, 404}:
            return None
        if answer.status != 200:
            raise _unexpected(answer)
        for element in api.records(api.envelope(answer), resource):
            if (id_of(resource, element) or "").lower() == document_id.lower():
                return known_document(resource, kind, target.marker, element)
        return None

    def attach(self, session: Session, uploads: Sequence[Upload], key: str) -> list[FileAnswer]:
        """PUT one file; Xero replaces a file of the same name, so that a repeated upload never doubles."""
        (upload,) = uploads  # one path, one file
        document, file, facts = upload.document, upload.file, PROFILE.publishing
        if not 0 < len(file.content) <= facts.file_bytes:
            code = "file_too_large" if file.content else "file_missing"
            raise WholeRefused(Problem(code, details={"size": len(file.content), "largest": facts.file_bytes}))
        path = f"{_attachments(document)}/{api.segment(_safe(file.name))}"
        answer = api.request(session, _put(path, {}, key, file.mime_type, file.content))
        if answer.status not in {200, 201}:
            raise _attachment_refused(answer)
        for one in api.records(api.envelope(answer), "Attachments"):
            if isinstance(one.get("AttachmentID"), str):
                return [FileAnswer(file.name, str(one["AttachmentID"]))]
        raise broken("no AttachmentID in the answer to an upload")

    def attached(self, session: Session, uploads: Sequence[Upload]) -> list[FileAnswer]:
        """The files that their documents have by name and size; one call for each document."""
        found = []
        for upload in uploads:
            name, size = upload.file.name, len(upload.file.content)
            told = api.get(session, _attachments(upload.document), {})
            there = [
                str(one["AttachmentID"])
                for one in api.records(told or {"Attachments": []}, "Attachments")
                if one.get("FileName") == _safe(name) and one.get("ContentLength") == size
            ]
            found += [FileAnswer(name, attachment_id) for attachment_id in there[:1]]
        return found

    def document_url(self, resource: str, document_id: str) -> str | None:
        """Only bank transactions have one page for all their types; others get theirs with the answer."""
        if resource != "BankTransactions":
            return None
        return f"https://go.xero.com/Bank/ViewTransaction.aspx?bankTransactionID={document_id}"


def _organisation(session: Session) -> Organisation:
    told = api.get(session, "/Organisation", {})
    found = api.records(told or {}, "Organisations")
    if not found:
        raise broken("no organisation in the answer")
    one = found[0]
    return Organisation(
        id=session.organisation,
        name=one.get("Name") or "",
        country=one.get("CountryCode"),
        base_currency=one.get("BaseCurrency"),
        plan=one.get("Class"),
        timezone=one.get("Timezone"),
        period_lock_date=api.calendar_date(one.get("PeriodLockDate")),
        year_end_lock_date=api.calendar_date(one.get("EndOfYearLockDate")),
        active=one.get("OrganisationStatus", "ACTIVE") == "ACTIVE",
    )


def _described(session: Session, offer: Organisation) -> Organisation:
    """An offer with its facts; bare where they cannot be had now: the choice must not fail for that."""
    try:
        facts = _organisation(replace(session, organisation=offer.id))
    except (CallFailed, LimitReached, AccessLost):
        return offer
    return replace(facts, removal_id=offer.removal_id)


def _next(request: ListRequest, told: Mapping[str, Any], page: int, count: int, first: str) -> str | None:
    """The next page, by Xero's own count of pages where it gives one. Raises CallFailed when it ignored `page`."""
    if not request.paged:
        return None
    pagination = told.get("pagination")
    if isinstance(pagination, dict) and isinstance(pagination.get("pageCount"), int):
        if pagination.get("page", page) != page:
            raise broken(f"page {page} was asked for, page {pagination['page']} came")
        more = page < pagination["pageCount"]
    else:
        more = count == PAGE_SIZE
    return f"{page + 1}:{first}" if more else None


def _put(path: str, params: Mapping[str, str], key: str, content_type: str, content: bytes) -> Call:
    headers = {"Idempotency-Key": key, "Content-Type": content_type}
    return Call("PUT", API + path, params, headers, content)


def _refused_whole(batch: Batch, answer: Answer) -> list[ElementAnswer]:
    """A call that was refused as such. Nothing of it is stored (assumed for 400), unless the key was used before."""
    said = answer.text()
    if answer.status == 400 and _REUSED_KEY not in said:
        told = _json_or_nothing(answer)
        elements = [one for one in told.get("Elements") or [] if isinstance(one, dict) and messages_of(one)]
        refusals = sent_answers(batch.resource, batch.members, elements)
        if len(refusals) == len(batch.members):
            return refusals
        texts = [text for one in elements for text in messages_of(one)] or [str(told.get("Message") or said)]
        raise WholeRefused(problem(texts, batch.resource))
    if answer.status == 413:
        raise WholeRefused(Problem("provider_refused", provider_text=said, details={"status": 413}))
    raise _unexpected(answer)


def _json_or_nothing(answer: Answer) -> dict[str, Any]:
    try:
        return api.envelope(answer)
    except CallFailed:
        return {}


def _unexpected(answer: Answer) -> CallFailed:
    details = {"status": answer.status}
    return CallFailed(Problem("provider_refused", provider_text=answer.text(), details=details), sent=True)


def _with_existing(session: Session, batch: Batch, answers: list[ElementAnswer]) -> list[ElementAnswer]:
    """A contact refused because its name is taken exists: it is looked up by name and is the one that is meant."""
    taken = {one.marker for one in answers if one.problem and one.problem.code == "supplier_name_taken"}
    if not taken:
        return answers
    members = [member for member in batch.members if member.marker in taken]
    try:
        existing = found_answers("Contacts", members, named_contacts(session, members), frozenset())
    except (CallFailed, LimitReached):
        # Left out, they are looked up later: what the others were answered must not be lost.
        return [one for one in answers if one.marker not in taken]
    found = {one.marker: one for one in existing if one.verdict is Verdict.DONE}
    return [found.get(one.marker, one) for one in answers]


def _attachments(document: Wanted) -> str:
    return f"/{document.resource}/{api.segment(document.document_id)}/Attachments"


def _safe(name: str) -> str:
    return name.translate(_FORBIDDEN_IN_NAMES)


def _attachment_refused(answer: Answer) -> Exception:
    if answer.status == 413:
        return WholeRefused(Problem("file_too_large", provider_text=answer.text()))
    if answer.status == 415:
        return WholeRefused(Problem("file_type_refused", provider_text=answer.text()))
    if answer.status == 404:
        return WholeRefused(Problem("document_gone", provider_text=answer.text()))
    if answer.status == 400 and _REUSED_KEY not in answer.text():
        told = _json_or_nothing(answer)
        texts = [text for one in told.get("Elements") or [] for text in messages_of(one)]
        return WholeRefused(problem(texts or [str(told.get("Message") or answer.text())], "Attachments"))
    return _unexpected(answer)


PROVIDER: Final[Provider] = Xero()
