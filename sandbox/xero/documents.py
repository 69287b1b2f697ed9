"""Invoices, credit notes and bank transactions: created, updated, moved between statuses.

Source: Xero Accounting API, "Invoices", "Credit notes", "Bank transactions" and "HTTP response codes". That a call
refused for one element (summarizeErrors not false) stores none of the others is assumed; so is that a contact brought
by a refused document is not kept.
"""

from dataclasses import dataclass, field
from decimal import Decimal

from sandbox.xero import contacts, rules, tax
from sandbox.xero.books import Books
from sandbox.xero.formats import (
    NO_ID,
    InvalidElementError,
    Record,
    read_choice,
    read_date,
    read_number,
    read_text,
    stamp,
)  # fmt: skip
from sandbox.xero.lines import LineRules, Problems, read_lines
from sandbox.xero.wire import ApiCall, EventCategory, WebhookEvent

WRONG_CREATE = "Invoice not of valid status for creation"
WRONG_CHANGE = "Invoice not of valid status for modification"
HAS_PAYMENTS = "This document cannot be edited as it has a payment or credit note allocated to it."
NUMBER_TAKEN = "Invoice # must be unique."
CREDIT_NUMBER_TAKEN = "Credit Note # must be unique."  # assumed wording
NOT_FOUND = "An existing {0} with the specified {1} could not be found"
NO_LINES = "One or more line items must be specified"
NO_DUE_DATE = "The document DueDate field must be specified."
WRONG_TOTAL = "The document total does not equal the sum of the lines."
WRONG_SUB_TOTAL = "The document subtotal does not equal the sum of the lines."  # assumed wording
WRONG_TAX_TOTAL = "The document tax total does not equal the sum of the line tax amounts."  # assumed wording
NEGATIVE_TOTAL = "The document total must be greater than or equal to zero"  # assumed wording
NO_BANK_ACCOUNT = "The specified bank account details do not match a known bank account"
OTHER_CURRENCY = "The currency of the transaction must be that of the bank account ({0})."  # assumed wording
NO_UPDATE_BY_PUT = "PUT creates documents; a document that exists is updated by POST."  # assumed
_LINE_TYPES = ("Exclusive", "Inclusive", "NoTax")
_MOVES = {
    None: ("DRAFT", "SUBMITTED", "AUTHORISED"),
    "DRAFT": ("DRAFT", "SUBMITTED", "AUTHORISED", "DELETED"),
    "SUBMITTED": ("DRAFT", "SUBMITTED", "AUTHORISED", "DELETED"),
    "AUTHORISED": ("AUTHORISED", "VOIDED"),
    "PAID": ("PAID",),
}
_BANK_MOVES = {None: ("AUTHORISED",), "AUTHORISED": ("AUTHORISED", "DELETED", "VOIDED")}
_COMPLETE = ("SUBMITTED", "AUTHORISED", "PAID")
_STILL_FREE_WHEN_PAID = ("Reference", "DueDate", "InvoiceNumber", "Url", "Contact")


@dataclass(frozen=True)
class Kind:
    """One of the three sorts of document: its resource, id field, Types, and which free fields Xero keeps."""

    table: str
    id_field: str
    singular: str
    types: tuple[str, ...]
    statuses: tuple[str, ...]
    number_field: str | None
    event: EventCategory | None


_STATUSES = ("DRAFT", "SUBMITTED", "AUTHORISED", "PAID", "VOIDED", "DELETED")
KINDS = {
    "Invoices": Kind(
        "Invoices", "InvoiceID", "invoice", ("ACCPAY", "ACCREC"), _STATUSES, "InvoiceNumber", "INVOICE"
    ),
    "CreditNotes": Kind(
        "CreditNotes", "CreditNoteID", "Credit Note", ("ACCPAYCREDIT", "ACCRECCREDIT"), _STATUSES,
        "CreditNoteNumber", "CREDITNOTE",
    ),
    "BankTransactions": Kind(
        "BankTransactions", "BankTransactionID", "bank transaction", ("SPEND", "RECEIVE"),
        ("AUTHORISED", "DELETED", "VOIDED"), None, None,
    ),
}  # fmt: skip


@dataclass(frozen=True)
class Saved:
    """A stored document, the webhook events of storing it, and warnings to show beside it."""

    record: Record
    events: tuple[WebhookEvent, ...]
    warnings: list[str]


def save(books: Books, call: ApiCall, table: str, element: Record, path: str) -> Saved:
    """One element of a PUT or POST, stored. Raises InvalidElementError, or RefusedError for unreadable values."""
    return _Drafting(books, call, KINDS[table], element, path).save()


@dataclass
class _Drafting:
    """One element on its way into the books. `draft` is the record as it will be, `before` as it was."""

    books: Books
    call: ApiCall
    kind: Kind
    element: Record
    path: str
    before: Record | None = None
    draft: Record = field(default_factory=dict)
    problems: Problems = field(default_factory=Problems)
    events: tuple[WebhookEvent, ...] = ()

    @property
    def _banking(self) -> bool:
        return self.kind.table == "BankTransactions"

    def save(self) -> Saved:
        self.before = self._existing()
        self.draft = dict(self.before) if self.before else self._new()
        self._move()
        if self.before is not None and self.draft["Status"] in ("DELETED", "VOIDED"):
            if self.problems.errors:
                raise InvalidElementError(self.problems.errors)
            self.draft = {**self.before, "Status": self.draft["Status"], **self._nothing_due()}
            return self._stored()
        self._dates()
        self._texts()
        self._currency()
        self._contact()
        self._lines()
        self._check()
        if self.problems.errors:
            raise InvalidElementError(self.problems.errors)
        return self._stored()

    def _at(self, name: str) -> str:
        return f"{self.path}.{name}"

    def _existing(self) -> Record | None:
        """The stored document an element is about: by id, and by POST also by the number of a sales document."""
        kind, given = self.kind, self.element.get(self.kind.id_field)
        if given and given != NO_ID:
            if self.call.method == "PUT":
                raise InvalidElementError([NO_UPDATE_BY_PUT])
            found = self.books.get(kind.table, given)
            if found is None:
                raise InvalidElementError([NOT_FOUND.format(kind.singular, kind.id_field)])
            return found
        number = self.element.get(kind.number_field) if kind.number_field else None
        if self.call.method == "POST" and number and str(self.element.get("Type", "")).startswith("ACCREC"):
            return self.books.find(kind.table, "number", read_text(number, self._at(kind.number_field or "")))
        return None

    def _new(self) -> Record:
        kind = self.kind
        document_type = read_choice(self.element.get("Type"), self._at("Type"), kind.types, f"{kind.singular}Type")
        return {kind.id_field: self.books.new_id(), "Type": document_type, "_app": self.call.app_id}

    def _move(self) -> None:
        current = self.before["Status"] if self.before else None
        wanted = self.element.get("Status") or current or ("AUTHORISED" if self._banking else "DRAFT")
        statuses = self.kind.statuses
        self.draft["Status"] = read_choice(wanted, self._at("Status"), statuses, f"{self.kind.singular}Status")
        if self.draft["Status"] not in (_BANK_MOVES if self._banking else _MOVES).get(current, ()):
            raise InvalidElementError([WRONG_CHANGE if self.before else WRONG_CREATE])
        if self.before is None or not self.before.get("AmountPaid"):
            return
        changed = set(self.element) - {*_STILL_FREE_WHEN_PAID, self.kind.id_field, "Type", "Status"}
        if changed or self.draft["Status"] == "VOIDED":
            self.problems.error(HAS_PAYMENTS)

    def _dates(self) -> None:
        names = ("Date",) if self._banking else ("Date", "DueDate")
        for name in names:
            if self.element.get(name) is not None:
                self.draft[name] = read_date(self.element[name], self._at(name))
        self.draft.setdefault("Date", self.call.now.date().isoformat())

    def _texts(self) -> None:
        """Numbers, references and links that Xero keeps for this Type; the others are dropped without a word.

        Reference is for sales documents and bank transactions; ACCPAYCREDIT keeps neither number nor reference;
        credit notes have no Url. That Url is echoed as sent is assumed.
        """
        kind, draft = self.kind, self.draft
        sales = draft["Type"].startswith("ACCREC")
        kept = [
            name for name, keep in (("Reference", sales or self._banking), ("Url", kind.event != "CREDITNOTE")) if keep
        ]
        if kind.number_field and (sales or kind.table == "Invoices"):
            kept.append(kind.number_field)
        for name in kept:
            if self.element.get(name) is not None:
                draft[name] = read_text(self.element[name], self._at(name))
        if sales and kind.number_field and not draft.get(kind.number_field):
            prefix = "INV" if kind.table == "Invoices" else "CN"
            draft[kind.number_field] = self.books.next_number(prefix, kind.table)
        if "Reference" in kept:
            draft.setdefault("Reference", "")

    def _currency(self) -> None:
        if self._banking:
            self._bank_account()
        given = self.element.get("CurrencyCode")
        of_account = self.draft.get("CurrencyCode")
        code = read_text(given, self._at("CurrencyCode")) if given else of_account or self.books.base_currency
        problem = rules.currency_problem(self.books, code)
        if problem is None and self._banking and of_account not in (None, code):
            problem = OTHER_CURRENCY.format(of_account)
        if problem:
            self.problems.error(problem)
        self.draft["CurrencyCode"] = code
        rate = self.element.get("CurrencyRate")
        if code == self.books.base_currency:
            self.draft["CurrencyRate"] = Decimal(1)
        elif rate is not None:
            self.draft["CurrencyRate"] = read_number(rate, self._at("CurrencyRate"))
        else:
            # Xero takes the day's rate of XE.com; the sandbox keeps one rate for each currency.
            self.draft["CurrencyRate"] = (self.books.get("Currencies", code) or {}).get("_rate", Decimal(1))

    def _bank_account(self) -> None:
        """A spend or receive transaction is in the currency of its bank account."""
        given = self.element.get("BankAccount")
        if given is None and self.before is not None:
            return
        given = given if isinstance(given, dict) else {}
        account = self.books.get("Accounts", given.get("AccountID"))
        if account is None and given.get("Code"):
            account = self.books.find("Accounts", "code", str(given["Code"]))
        if account is None or account["Type"] != "BANK" or account["Status"] != "ACTIVE":
            self.problems.error(NO_BANK_ACCOUNT)
            return
        names = ("AccountID", "Code", "Name")
        self.draft["BankAccount"] = {name: account[name] for name in names if account.get(name)}
        self.draft["CurrencyCode"] = account.get("CurrencyCode") or self.books.base_currency

    def _contact(self) -> None:
        if self.before is not None and self.element.get("Contact") is None:
            return
        try:
            given = self.element.get("Contact")
            contact, self.events = contacts.of_document(self.books, self.call, given, self._at("Contact"))
            self.draft["Contact"] = {"ContactID": contact["ContactID"]}
        except InvalidElementError as refused:
            self.problems.errors.extend(refused.messages)

    def _lines(self) -> None:
        element, draft = self.element, self.draft
        draft["LineAmountTypes"] = read_choice(
            element.get("LineAmountTypes") or draft.get("LineAmountTypes") or "Exclusive",
            self._at("LineAmountTypes"),
            _LINE_TYPES,
            "Xero.API.Library..LineAmountType",
        )
        raw = element.get("LineItems")
        if raw is None and self.before is not None:
            # A new LineAmountTypes, or a move to a status that asks for more, is checked on the lines as they are.
            raw = [
                _as_sent(line, draft["LineAmountTypes"] == self.before["LineAmountTypes"])
                for line in self.before["LineItems"]
            ]
        complete = self._banking or draft["Status"] in _COMPLETE
        line_rules = LineRules(
            self.books, draft["Type"], complete, draft["LineAmountTypes"], self._unitdp(raw, element)
        )
        draft["LineItems"] = read_lines(line_rules, raw or [], self._at("LineItems"), self.problems)
        if not draft["LineItems"] and complete:
            self.problems.error(NO_LINES)
        self._totals()

    def _unitdp(self, raw: object, element: Record) -> int:
        stored_lines = raw is not element.get("LineItems")
        return 4 if stored_lines or self.call.query.get("unitdp") == "4" else 2

    def _totals(self) -> None:
        draft, worked_out = self.draft, tax.totals(self.draft["LineItems"], self.draft["LineAmountTypes"])
        draft.update(SubTotal=worked_out.sub_total, TotalTax=worked_out.total_tax, Total=worked_out.total)
        given_and_wrong = (("SubTotal", WRONG_SUB_TOTAL), ("TotalTax", WRONG_TAX_TOTAL), ("Total", WRONG_TOTAL))
        for name, message in given_and_wrong:
            given = self.element.get(name)
            if given is not None and read_number(given, self._at(name)) != draft[name]:
                self.problems.error(message)
        if worked_out.total < 0:
            self.problems.error(NEGATIVE_TOTAL)

    def _check(self) -> None:
        """What depends on the whole document: due date, number, lock dates, plan, rights."""
        draft, kind, books = self.draft, self.kind, self.books
        approve = self._banking or draft["Status"] == "AUTHORISED"
        if kind.table == "Invoices" and draft["Status"] in _COMPLETE and not draft.get("DueDate"):
            self.problems.error(NO_DUE_DATE)
        if kind.number_field and draft["Type"].startswith("ACCREC"):
            holder = books.find(kind.table, "number", draft[kind.number_field])
            if holder and holder[kind.id_field] != draft[kind.id_field]:
                self.problems.error(NUMBER_TAKEN if kind.table == "Invoices" else CREDIT_NUMBER_TAKEN)
        found = [rules.right_problem(books, self.call.user, draft["Type"], approve=approve)]
        if approve:
            found.append(rules.lock_problem(books, self.call.user, draft["Date"]))
            if self.before is None or self.before["Status"] != "AUTHORISED":
                found.append(rules.approval_problem(books, draft["Type"], draft["Date"]))
        for problem in found:
            if problem:
                self.problems.error(problem)

    def _nothing_due(self) -> Record:
        return {"AmountDue": tax.ZERO} if self.kind.table == "Invoices" else {}

    def _stored(self) -> Saved:
        draft, kind = self.draft, self.kind
        draft["UpdatedDateUTC"] = stamp(self.call.now)
        draft.setdefault("HasAttachments", False)
        if kind.table == "Invoices":
            draft.setdefault("AmountPaid", tax.ZERO)
            draft.setdefault("AmountCredited", tax.ZERO)
            if draft["Status"] not in ("DELETED", "VOIDED"):
                draft["AmountDue"] = draft["Total"] - draft["AmountPaid"] - draft["AmountCredited"]
        if kind.table == "CreditNotes":
            draft["RemainingCredit"] = draft["Total"] - draft.setdefault("AmountPaid", tax.ZERO)
        if self._banking:
            draft["IsReconciled"] = self.element.get("IsReconciled", draft.get("IsReconciled", False)) is True
        self.books.put(kind.table, draft)
        contact = self.books.tables["Contacts"][draft["Contact"]["ContactID"]]
        if draft["Type"].startswith(("ACCPAY", "ACCREC")):
            contacts.mark_side(self.books, contact, supplier=draft["Type"].startswith("ACCPAY"))
        changed = event(self.call, kind, draft, created=self.before is None)
        return Saved(draft, (*self.events, *changed), self.problems.warnings)


def event(call: ApiCall, kind: Kind, record: Record, *, created: bool) -> tuple[WebhookEvent, ...]:
    """The webhook event of a document's change; bank transactions have none."""
    if kind.event is None:
        return ()
    url = f"{contacts.RESOURCE_URL}/{kind.table}/{record[kind.id_field]}"
    data = {"Type": record["Type"], "Status": record["Status"]}
    change = "CREATE" if created else "UPDATE"
    return (WebhookEvent(kind.event, change, record[kind.id_field], url, call.now, data),)  # type: ignore[arg-type]


def _as_sent(line: Record, same_tax_mode: bool) -> Record:
    """A stored line as if sent again; tax and amounts are worked out anew when the tax mode changes."""
    dropped = () if same_tax_mode else ("TaxAmount",)
    return {name: value for name, value in line.items() if name not in dropped}
