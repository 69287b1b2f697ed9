"""The calls to Sage: businesses, lists, creating documents, looking them up, attaching files."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from shared.domain.connections import Organisation
from shared.domain.items import Item
from shared.domain.lists import Kind
from shared.domain.publishing import Batch, ElementAnswer, Verdict
from shared.domain.secrets import Secret
from shared.providers.contract import CallFailed, Known, Notice, Provider, Session, Standing, Target
from shared.providers.facts import Profile
from shared.providers.sage import api, attachments, checks, lists, mapping
from shared.providers.sage.alike import alike
from shared.providers.sage.answers import done, id_of, made, marker_of
from shared.providers.sage.lookups import look_up, named_contact, standings
from shared.providers.sage.mapping import (
    CONTACTS,
    OTHER_PAYMENT_TYPES,
    OTHER_PAYMENTS,
    QUICK_ENTRIES,
    QUICK_ENTRY_TYPES,
)
from shared.providers.sage.profile import MULTI_CURRENCY, PROFILE
from shared.providers.transport import broken

MOST_PAGES: Final = 20  # of businesses: more than anybody looks after
_REFUSED: Final = frozenset({400, 404, 422})
_REUSED_ID: Final = "outcome_unknown"


class Sage:
    """Sage Accounting, as the contract asks for it."""

    profile: Profile = PROFILE
    check = staticmethod(checks.check)
    draft = staticmethod(mapping.draft)
    new_supplier = staticmethod(mapping.new_supplier)
    payment = staticmethod(mapping.payment)
    body = staticmethod(mapping.body)
    elements = staticmethod(mapping.elements)
    attach = staticmethod(attachments.attach)
    attached = staticmethod(attachments.attached)
    list_page = staticmethod(lists.list_page)
    alike = staticmethod(alike)

    # --- organisations and lists
    def organisations(self, session: Session, consent_event: str | None) -> list[Organisation]:  # noqa: ARG002
        """The businesses that the person behind the token sees, by name; their facts are asked for one by one."""
        found: list[Organisation] = []
        for number in range(1, MOST_PAGES + 1):
            answer = api.businesses(session, api.BusinessesCall(number))
            if answer.status != 200:
                raise api.unexpected(answer)
            page = api.page_of(api.json_object(answer), number)
            found += [_offer(row) for row in page.rows]
            if not page.more:
                return found
        raise broken(f"more than {MOST_PAGES} pages of businesses")

    def organisation(self, session: Session, subject: str) -> Organisation:  # noqa: ARG002
        """The business's facts; its dates bind everybody. AccessLost where none of its subscriptions is active."""
        business = api.get(session, f"/businesses/{api.segment(session.organisation)}")
        plan = api.plan_of(business)
        settings = api.get(session, "/financial_settings")
        starts = api.calendar_date(settings.get("accounts_start_date"))
        return Organisation(
            id=api.text_of(business, "id") or session.organisation,
            name=api.text_of(business, "name") or api.text_of(business, "displayed_as") or "",
            country=api.ref(business, "country"),
            base_currency=api.ref(settings, "base_currency"),
            plan=plan,
            # The last day before the accounts start is as closed as a locked period.
            period_lock_date=starts - timedelta(days=1) if starts else None,
            year_end_lock_date=api.calendar_date(settings.get("year_end_lockdown_date")),
            features=(MULTI_CURRENCY,) if settings.get("multi_currency_enabled") is True else (),
        )

    def remove_organisation(self, session: Session, removal_id: str) -> None:  # noqa: ARG002
        """A consent covers all businesses of a person: it ends by being revoked; `removal_id` is never given out."""
        raise ValueError("a Sage consent covers all businesses of a person: revoke it instead")

    def list_groups(self) -> Sequence[tuple[Kind, ...]]:
        """The lists that come together, essential ones first."""
        return tuple(group.kinds for group in lists.GROUPS)

    # --- publishing
    def send(self, session: Session, batch: Batch, body: bytes) -> list[ElementAnswer]:
        """POST one element. Its idempotency_id is inside: the same bytes again bring the same answer for a week.

        A contact is looked for by name first: Sage takes a second one of the same name.
        """
        (member,) = batch.members
        if batch.resource == CONTACTS:
            there = _unsent(lambda: named_contact(session, member))
            if there is not None and there.verdict is Verdict.DONE:
                return [there]
        answer = api.post(session, f"/{batch.resource}", body)
        if answer.status == 201:
            told = made(batch.resource, member, api.json_object(answer))
            return [told] if told is not None else []
        if answer.status in _REFUSED:
            problem = api.refusal(answer)
            if problem.code == _REUSED_ID:
                raise CallFailed(problem, sent=True)
            return [ElementAnswer(member.marker, Verdict.REFUSED, problem=problem)]
        raise api.unexpected(answer)

    def find(self, session: Session, batch: Batch, held: frozenset[str]) -> list[ElementAnswer]:  # noqa: ARG002
        """Look the members up; every document carries its marker, so that nobody else's can be taken for ours."""
        return look_up(session, batch)

    def standings(self, session: Session, resources: Sequence[str], since: datetime) -> list[Standing]:
        """Documents that were changed or deleted since."""
        return standings(session, resources, since)

    def known(self, session: Session, item: Item, target: Target, document_id: str) -> Known | None:
        """A read by id. Other payments and quick entries are of the right type as well."""
        resource = mapping.resource_of(item, target.destination)
        answer = api.get_answer(session, f"/{resource}/{api.segment(document_id)}", {})
        if answer.status in {400, 404}:
            return None
        if answer.status != 200:
            raise api.unexpected(answer)
        record = api.json_object(answer)
        if id_of(record) != document_id or not _fits(item, resource, record):
            return None
        return Known(resource, done(resource, target.marker, record), marker_of(record))

    def document_url(self, resource: str, document_id: str) -> str | None:  # noqa: ARG002
        """Sage documents no address of a document's page."""
        return None

    # --- webhooks
    def notices(self, raw: bytes, headers: Mapping[str, str], key: Secret) -> list[Notice] | None:  # noqa: ARG002
        """Sage sends none, so that nothing that arrives can be from Sage."""
        return None


def _offer(row: Mapping[str, Any]) -> Organisation:
    found = api.text_of(row, "id")
    if found is None:
        raise broken("a business has no id")
    return Organisation(id=found, name=api.text_of(row, "displayed_as") or "")


def _unsent(look: Callable[[], ElementAnswer | None]) -> ElementAnswer | None:
    """A look before a call: its failure leaves the call unsent."""
    try:
        return look()
    except CallFailed as failed:
        raise CallFailed(failed.problem, sent=False) from failed


def _fits(item: Item, resource: str, record: Mapping[str, Any]) -> bool:
    if resource == OTHER_PAYMENTS:
        return api.ref(record, "transaction_type") == OTHER_PAYMENT_TYPES[item.side]
    if resource in QUICK_ENTRIES:
        return api.ref(record, "quick_entry_type") == QUICK_ENTRY_TYPES[mapping.is_credit(item)]
    return True


PROVIDER: Final[Provider] = Sage()
