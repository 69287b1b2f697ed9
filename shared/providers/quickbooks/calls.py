"""The calls to QuickBooks: companies, lists, creating documents, looking them up, attaching files."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import Any, Final

from shared.domain.connections import Organisation
from shared.domain.items import Item, ItemType
from shared.domain.lists import Kind
from shared.domain.publishing import Batch, ElementAnswer, Verdict
from shared.providers.contract import (
    CallFailed,
    Known,
    LimitReached,
    ListPage,
    Provider,
    Session,
    Standing,
    Target,
    WholeRefused,
)
from shared.providers.facts import Profile
from shared.providers.quickbooks import api, checks, lists, mapping, uploads, webhook
from shared.providers.quickbooks.alike import alike
from shared.providers.quickbooks.answers import CONTACTS, done, id_of, marker_of, page_of, sent_answers
from shared.providers.quickbooks.lookups import look_up, named, standings
from shared.providers.quickbooks.profile import (
    BILLABLE,
    CLASS_PER_DOCUMENT,
    CLASSES,
    COST_CUSTOMERS,
    LOCATIONS,
    MULTI_CURRENCY,
    PROFILE,
    SALES_TAX,
)
from shared.providers.transport import broken

# Where a company's own switches stand in "Preferences".
_SWITCHES: Final = (
    (MULTI_CURRENCY, "CurrencyPrefs", "MultiCurrencyEnabled"),
    (SALES_TAX, "TaxPrefs", "UsingSalesTax"),
    (CLASSES, "AccountingInfoPrefs", "ClassTrackingPerTxnLine"),
    (CLASS_PER_DOCUMENT, "AccountingInfoPrefs", "ClassTrackingPerTxn"),
    (LOCATIONS, "AccountingInfoPrefs", "TrackDepartments"),
    (BILLABLE, "VendorAndPurchasesPrefs", "BillableExpenseTracking"),
    (COST_CUSTOMERS, "VendorAndPurchasesPrefs", "TrackingByCustomer"),
)
# SubscriptionStatus of a company that takes no more data; that these are all such words is assumed.
_ENDED: Final = frozenset({"EXPIRED", "CANCELLED", "CANCELED", "SUSPENDED"})
_GONE_CODES: Final = frozenset({"document_gone", "entry_inactive"})


class QuickBooks:
    """QuickBooks Online, as the contract asks for it."""

    profile: Profile = PROFILE
    check = staticmethod(checks.check)
    draft = staticmethod(mapping.draft)
    new_supplier = staticmethod(mapping.new_supplier)
    payment = staticmethod(mapping.payment)
    body = staticmethod(mapping.body)
    elements = staticmethod(mapping.elements)
    attach = staticmethod(uploads.attach)
    attached = staticmethod(uploads.attached)
    notices = staticmethod(webhook.notices)
    alike = staticmethod(alike)

    # --- organisations and lists
    def organisations(self, session: Session, consent_event: str | None) -> list[Organisation]:
        """The one company of the consent: that the token opens it is the proof that the consent is for it."""
        if not consent_event:
            return []
        return [_company(replace(session, organisation=consent_event))]

    def organisation(self, session: Session, subject: str) -> Organisation:  # noqa: ARG002
        """The company's facts. Closed books are closed for everybody."""
        return _company(session)

    def remove_organisation(self, session: Session, removal_id: str) -> None:  # noqa: ARG002
        """A consent is for one company: it ends by being revoked, and `removal_id` is never given out."""
        raise ValueError("a QuickBooks consent covers one company: revoke it instead")

    def list_groups(self) -> Sequence[tuple[Kind, ...]]:
        """The lists that one request brings, essential ones first."""
        return lists.GROUPS

    def list_page(self, session: Session, kinds: Sequence[Kind], page: str | None, since: str | None) -> ListPage:
        """One page of the lists; changes of all that change data capture knows come together."""
        return lists.list_page(session, kinds, page, since)

    # --- publishing
    def send(self, session: Session, batch: Batch, body: bytes) -> list[ElementAnswer]:
        """One batch; its elements are independent and each has its own outcome. Faults come with status 200 too."""
        answer = api.batch(session, {"requestid": batch.key}, body)
        told = api.read(session, answer)
        found = api.elements(told, "BatchItemResponse")
        answers = sent_answers(batch.resource, batch.members, found)
        return _with_existing(session, batch, answers) if batch.resource in CONTACTS else answers

    def find(self, session: Session, batch: Batch, held: frozenset[str]) -> list[ElementAnswer]:  # noqa: ARG002
        """Look the members up; every document carries its marker, so that nobody else's can be taken for ours."""
        return look_up(session, batch)

    def standings(self, session: Session, resources: Sequence[str], since: datetime) -> list[Standing]:
        """Documents that were changed since, all collections in one call of change data capture."""
        return standings(session, resources, since)

    def known(self, session: Session, item: Item, target: Target, document_id: str) -> Known | None:
        """A read by id. Of a Purchase the way it was paid must fit as well."""
        entity = mapping.entity_of(item, target.destination)
        try:
            told = api.get(session, f"/{entity.lower()}/{api.segment(document_id)}", {})
        except WholeRefused as refused:
            if refused.problem.code in _GONE_CODES:
                return None
            raise CallFailed(refused.problem, sent=True) from refused
        record = told.get(entity)
        if not isinstance(record, Mapping) or id_of(record) != document_id or not _fits(item, target, record):
            return None
        return Known(entity, done(entity, target.marker, record), marker_of(record))

    def document_url(self, resource: str, document_id: str) -> str | None:
        """Where a person sees the document."""
        return page_of(resource, {"Id": document_id})


def _company(session: Session) -> Organisation:
    info = _record(_read(session, f"/companyinfo/{api.segment(session.organisation)}"), "CompanyInfo")
    preferences = _record(_read(session, "/preferences"), "Preferences")
    named_values = {
        str(one.get("Name")): str(one.get("Value") or "")
        for one in info.get("NameValue") or []
        if isinstance(one, Mapping)
    }
    closed = _part(preferences, "AccountingInfoPrefs").get("BookCloseDate")
    return Organisation(
        id=session.organisation,
        name=str(info.get("CompanyName") or ""),
        country=info.get("Country") or None,
        base_currency=api.ref(_part(preferences, "CurrencyPrefs"), "HomeCurrency"),
        plan=named_values.get("OfferingSku") or None,
        timezone=info.get("DefaultTimeZone") or None,
        period_lock_date=_date(closed),
        active=named_values.get("SubscriptionStatus", "").upper() not in _ENDED,
        features=tuple(name for name, part, switch in _SWITCHES if _part(preferences, part).get(switch) is True),
    )


def _read(session: Session, path: str) -> dict[str, Any]:
    """A GET whose refusal is a failure of ours to ask rightly."""
    try:
        return api.get(session, path, {})
    except WholeRefused as refused:
        raise CallFailed(refused.problem, sent=True) from refused


def _record(told: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = told.get(name)
    if not isinstance(found, Mapping):
        raise broken(f"no {name} in the answer")
    return found


def _part(record: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = record.get(name)
    return found if isinstance(found, Mapping) else {}


def _date(text: object) -> date | None:
    try:
        return date.fromisoformat(text[:10]) if isinstance(text, str) else None
    except ValueError:
        return None


def _fits(item: Item, target: Target, record: Mapping[str, Any]) -> bool:
    kind = mapping.payment_type(target.destination) if "PaymentType" in record else None
    credit = item.type is ItemType.CREDIT_NOTE
    return record.get("PaymentType") == kind and ("PaymentType" not in record or bool(record.get("Credit")) == credit)


def _with_existing(session: Session, batch: Batch, answers: list[ElementAnswer]) -> list[ElementAnswer]:
    """A contact refused because its name is taken may exist: it is looked up by name and is the one that is meant.

    Not so where the name is taken by a contact of the other kind, or by an employee: that stays a refusal.
    """
    taken = {one.marker for one in answers if one.problem and one.problem.code == "supplier_name_taken"}
    if not taken:
        return answers
    members = [member for member in batch.members if member.marker in taken]
    try:
        existing = named(session, batch.resource, members)
    except (CallFailed, LimitReached):
        # Left out, they are looked up later: what the others were answered must not be lost.
        return [one for one in answers if one.marker not in taken]
    found = {one.marker: one for one in existing if one.verdict is Verdict.DONE}
    return [found.get(one.marker, one) for one in answers]


PROVIDER: Final[Provider] = QuickBooks()
