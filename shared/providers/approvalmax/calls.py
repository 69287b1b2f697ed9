"""The calls to ApprovalMax: companies, requests made over its API, decisions on them."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from shared.domain.approvals import Decision, Ledger
from shared.domain.connections import Organisation
from shared.domain.errors import Problem
from shared.domain.items import Item
from shared.domain.lists import Kind
from shared.domain.publishing import Batch, ElementAnswer
from shared.providers.approvalmax import answers, api, checks, mapping, uploads, webhook
from shared.providers.approvalmax.profile import API, PROFILE
from shared.providers.contract import AccessLost, CallFailed, Decides, Known, ListPage, Session, Target
from shared.providers.facts import Profile
from shared.providers.transport import Call, broken

LOOK_BACK: Final = timedelta(minutes=2)  # before the first send, for clocks that differ
# Assumed: how /companies says which books a company works on. The documents name companyId and name alone: without
# this field the name decides.
LEDGER_FIELD: Final = "integration"
_LEDGERS: Final = {"xero": "xero", "quickbooks": "quickbooks", "qbooks": "quickbooks", "quickbooksonline": "quickbooks"}


class ApprovalMax:
    """ApprovalMax, as the contract asks for it."""

    profile: Profile = PROFILE
    check = staticmethod(checks.check)
    draft = staticmethod(mapping.draft)
    new_supplier = staticmethod(mapping.new_supplier)
    payment = staticmethod(mapping.payment)
    body = staticmethod(mapping.body)
    elements = staticmethod(mapping.elements)
    notices = staticmethod(webhook.notices)
    attach = staticmethod(uploads.attach)
    attached = staticmethod(uploads.attached)

    # --- organisations and lists
    def organisations(self, session: Session, consent_event: str | None) -> list[Organisation]:  # noqa: ARG002
        """The companies of the consent, each with the books it works on as far as it is told."""
        return [_organisation(one) for one in api.records(api.get(session, "/companies")) if one.get("companyId")]

    def organisation(self, session: Session, subject: str) -> Organisation:  # noqa: ARG002
        """The company's facts. Raises AccessLost when it is no longer among those of the consent."""
        found = [one for one in self.organisations(session, None) if one.id == session.organisation]
        if not found:
            raise AccessLost(Problem("organisation_gone"))
        return found[0]

    def remove_organisation(self, session: Session, removal_id: str) -> None:
        """No call takes one company off a consent: a person does so in ApprovalMax, and our tokens are shredded."""

    def list_groups(self) -> Sequence[tuple[Kind, ...]]:
        """None: items are coded with the lists of the books."""
        return ()

    def list_page(
        self,
        session: Session,  # noqa: ARG002
        kinds: Sequence[Kind],  # noqa: ARG002
        page: str | None,  # noqa: ARG002
        since: str | None,  # noqa: ARG002
    ) -> ListPage:
        """There are no lists to read (`list_groups`)."""
        raise ValueError("ApprovalMax has no lists of its own")

    # --- publishing
    def send(self, session: Session, batch: Batch, body: bytes) -> list[ElementAnswer]:
        """POST one request. It starts the company's bill workflow (assumed: the API's create has no second step)."""
        headers = {"Content-Type": "application/json"}
        url = API + api.company(session, f"/{batch.resource}")
        record = api.created(api.request(session, Call("POST", url, {}, headers, body)))
        (member,) = batch.members
        if not isinstance(record.get("requestId"), str):
            raise broken("no requestId in the answer to a new request")
        # Whether the answer repeats the reference is on no page: one call makes one request, and this is it.
        return [answers.done(member.marker, record)]

    def find(self, session: Session, batch: Batch, held: frozenset[str]) -> list[ElementAnswer]:  # noqa: ARG002
        """Requests made since shortly before the first send, by the marker in their reference."""
        since = (batch.first_sent_at or batch.created_at) - LOOK_BACK
        params = {"createdAtOrAfter": api.stamp(since)}
        if len(batch.members) == 1:
            params["reference"] = batch.members[0].marker
        found = api.pages(session, api.company(session, f"/{batch.resource}"), params)
        return answers.found_answers(batch.members, found)

    def known(self, session: Session, item: Item, target: Target, document_id: str) -> Known | None:  # noqa: ARG002
        """GET by id; that an unknown id is answered 404, and one of another form 400, is assumed."""
        ledger = target.organisation.ledger
        resource = mapping.FAMILIES.get(ledger.provider or "") if ledger is not None else None
        if resource is None:
            return None
        path = api.company(session, f"/{resource}/{api.segment(document_id)}")
        answer = api.request(session, Call("GET", API + path))
        if answer.status in {400, 404}:
            return None
        if answer.status != 200:
            raise api.unexpected(answer)
        told = answer.json()
        record = told.get("payload", told) if isinstance(told, dict) else None
        if not isinstance(record, dict):
            raise broken("a JSON object was expected")
        same = str(record.get("requestId") or "").lower() == document_id.lower()
        return answers.known_request(resource, target.marker, record) if same else None

    def document_url(self, resource: str, document_id: str) -> str | None:  # noqa: ARG002
        """Nothing is known of its pages' addresses; requests bring theirs along."""
        return None

    # --- decisions
    def decisions(self, session: Session, organisation: Organisation, since: datetime) -> list[Decision]:
        """Requests that were modified since a time, with what was decided and by whom."""
        ledger = organisation.ledger
        resource = mapping.FAMILIES.get(ledger.provider or "") if ledger is not None else None
        if resource is None:
            return []
        params = {"modifiedAtOrAfter": api.stamp(since)}
        records = [
            one for one in api.pages(session, api.company(session, f"/{resource}"), params) if one.get("requestId")
        ]
        names = _names(session) if answers.authors(records) else {}
        return [answers.decision(record, names) for record in records]


def _organisation(record: Mapping[str, Any]) -> Organisation:
    name = str(record.get("name") or "")
    return Organisation(id=str(record["companyId"]).lower(), name=name, ledger=_ledger(record, name))


def _ledger(record: Mapping[str, Any], name: str) -> Ledger:
    told = record.get(LEDGER_FIELD)
    kind = _LEDGERS.get(str(told.get("type") or "").replace(" ", "").lower()) if isinstance(told, Mapping) else None
    external = told.get("externalId") if isinstance(told, Mapping) else None
    if kind is None or not isinstance(external, str) or not external:
        return Ledger(name)
    return Ledger(str(told.get("name") or name) if isinstance(told, Mapping) else name, kind, external)


def _names(session: Session) -> dict[str, str]:
    """The company's people by id; none where they cannot be had: a decision does not depend on a name.

    Assumed: the address, and the fields `userId`, `firstName`, `lastName`, `name`, `email`.
    """
    try:
        people = api.records(api.get(session, api.company(session, "/users")))
    except CallFailed:
        return {}
    return {str(one.get("userId") or one.get("id") or ""): _name(one) for one in people}


def _name(person: Mapping[str, Any]) -> str:
    full = " ".join(str(person[part]) for part in ("firstName", "lastName") if person.get(part))
    return full or str(person.get("name") or person.get("email") or "")


PROVIDER: Final[Decides] = ApprovalMax()
