"""The calls to BILL: organization, lists, creating bills and vendors, looking them up, attaching files."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final

from shared.domain.connections import Organisation
from shared.domain.errors import Problem
from shared.domain.items import Item
from shared.domain.lists import Kind
from shared.domain.publishing import Batch, ElementAnswer
from shared.providers.bill import answers, api, approvals, checks, lists, mapping, uploads, webhook
from shared.providers.bill.profile import API, BASE_CURRENCY, PROFILE
from shared.providers.contract import (
    AccessLost,
    CallFailed,
    FileAnswer,
    Known,
    ListPage,
    Session,
    SignsIn,
    Standing,
    Target,
    Upload,
    WholeRefused,
)
from shared.providers.facts import Profile
from shared.providers.transport import Call, broken

MOST_VENDOR_PAGES: Final = 300  # of the whole list, gone through for a name that BILL says is taken


class Bill:
    """BILL, as the contract asks for it."""

    profile: Profile = PROFILE
    check = staticmethod(checks.check)
    draft = staticmethod(mapping.draft)
    new_supplier = staticmethod(mapping.new_supplier)
    payment = staticmethod(mapping.payment)
    body = staticmethod(mapping.body)
    elements = staticmethod(mapping.elements)
    notices = staticmethod(webhook.notices)
    sign_in = staticmethod(api.sign_in)
    filed = staticmethod(uploads.filed)
    name_approver = staticmethod(approvals.name_approver)

    # --- organisations and lists
    def organisations(self, session: Session, consent_event: str | None) -> list[Organisation]:
        """The one organization that the sync token was made in."""
        return [_organisation(session, consent_event or "")]

    def organisation(self, session: Session, subject: str) -> Organisation:  # noqa: ARG002
        """The organization's facts; BILL has no lock dates."""
        return _organisation(session, session.organisation)

    def remove_organisation(self, session: Session, removal_id: str) -> None:
        """Nothing to tell BILL: the person deletes the token there, and our copy of it is shredded."""

    def list_groups(self) -> Sequence[tuple[Kind, ...]]:
        """The lists that come together, essential ones first."""
        return tuple(lists.GROUPS)

    def list_page(self, session: Session, kinds: Sequence[Kind], page: str | None, since: str | None) -> ListPage:
        """One page of a list; dimensions are five lists, one after the other."""
        return lists.list_page(session, kinds, page, since)

    # --- publishing
    def send(self, session: Session, batch: Batch, body: bytes) -> list[ElementAnswer]:
        """POST all at once: BILL makes all of them or none. Vendors that are there already are not made again."""
        if batch.resource == mapping.VENDORS:
            return _send_vendors(session, batch, body)
        told = api.created(api.post(session, "/bills/bulk", {}, body, "application/json"))
        return answers.bills_of(batch.members, api.records(told))

    def find(self, session: Session, batch: Batch, held: frozenset[str]) -> list[ElementAnswer]:  # noqa: ARG002
        """Bills by the marker they carry among what changed since the first send; vendors by their name, there and
        among all.
        """
        if batch.resource == mapping.VENDORS:
            named = answers.named_vendors(session, batch.members)
            return answers.vendors_of(batch.members, [*named, *answers.changed_since(session, batch)])
        return answers.bills_of(batch.members, answers.changed_since(session, batch))

    def standings(self, session: Session, resources: Sequence[str], since: datetime) -> list[Standing]:
        """Bills that were changed since, by their updatedTime."""
        return answers.standings(answers.changed(session, mapping.BILLS, since)) if mapping.BILLS in resources else []

    def known(self, session: Session, item: Item, target: Target, document_id: str) -> Known | None:  # noqa: ARG002
        """GET by id; an unknown id is answered 404 (BDC_1205), one of another form 400 (assumed)."""
        answer = api.request(session, Call("GET", f"{API}/bills/{api.segment(document_id)}"))
        if answer.status in {400, 404}:
            return None
        if answer.status != 200:
            raise api.unexpected(answer)
        told = answer.json()
        if not isinstance(told, dict):
            raise broken("a JSON object was expected")
        return answers.known_bill(target.marker, told) if told.get("id") == document_id else None

    def attach(self, session: Session, uploads_: Sequence[Upload], key: str) -> list[FileAnswer]:  # noqa: ARG002
        """POST one file; BILL files it later, and knows no key that would tell a repeat."""
        return uploads.attach(session, uploads_)

    def attached(self, session: Session, uploads_: Sequence[Upload]) -> list[FileAnswer]:
        """The files that their bills have by name, as far as they are filed."""
        return uploads.attached(session, uploads_)

    def document_url(self, resource: str, document_id: str) -> str | None:
        """A bill's page in BILL."""
        return answers.page_of(document_id) if resource == mapping.BILLS else None


def _organisation(session: Session, organisation_id: str) -> Organisation:
    """The organization's facts. Raises AccessLost where the session is not for it."""
    answer = api.request(session, Call("GET", f"{API}/organizations/{api.segment(organisation_id)}"))
    if answer.status == 404:
        raise AccessLost(Problem("organisation_gone", provider_text=answer.text()))
    if answer.status != 200:
        raise api.unexpected(answer)
    told = answer.json()
    if not isinstance(told, dict) or not isinstance(told.get("id"), str):
        raise broken("no organization in the answer")
    address = told.get("address")
    return Organisation(
        id=told["id"],
        name=str(told.get("name") or ""),
        country=address.get("country") if isinstance(address, Mapping) else None,
        base_currency=BASE_CURRENCY,
        active=not told.get("archived"),
    )


def _send_vendors(session: Session, batch: Batch, body: bytes) -> list[ElementAnswer]:
    """Look the names up first: whether BILL refuses a second vendor of one name is on no page.

    Nor is how it compares names in filters: where a name is taken that was not found, the whole list is gone through.
    """
    there = answers.vendors_of(batch.members, answers.named_vendors(session, batch.members))
    try:
        return [*there, *_made(session, batch, body, there)]
    except WholeRefused as refusal:
        if refusal.problem.code != "supplier_name_taken":
            raise
    there = answers.vendors_of(batch.members, api.pages(session, "/vendors", {}, most=MOST_VENDOR_PAGES))
    return [*there, *_made(session, batch, body, there)]


def _made(session: Session, batch: Batch, body: bytes, there: Sequence[ElementAnswer]) -> list[ElementAnswer]:
    """Create the vendors that no answer names yet."""
    settled = {one.marker for one in there}
    pairs = zip(batch.members, mapping.elements(batch.resource, body), strict=True)
    missing = [(member, element) for member, element in pairs if member.marker not in settled]
    if not missing:
        return []
    some = mapping.body(batch.resource, [element for _, element in missing])
    try:
        told = api.created(api.post(session, "/vendors/bulk", {}, some, "application/json"))
    except CallFailed as failure:
        if not there or not failure.sent:
            raise
        return []  # they are looked up: what the others were answered must not be lost
    return answers.vendors_of([member for member, _ in missing], api.records(told))


PROVIDER: Final[SignsIn] = Bill()
