"""The ledgers that ApprovalMax works on, as it sees them: the lists it holds, the bills it pulls, what it writes back.

Source: support.approvalmax.com, "What data is exchanged between Xero and ApprovalMax?" (bills awaiting approval are
pulled; approved ones become Awaiting Payment, rejected ones Draft), "What happens after an approval / rejection?"
(QuickBooks Online: an approved request is created there, a rejected one is not), "What is the Pulling from connected
Organisation feature? (QuickBooks Online)" (bills made there come in as Approved). ApprovalMax uses the ledgers' own
APIs: it obeys their rules, and its changes raise their webhooks. Its calls count for no client of theirs.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, Protocol

from sandbox.approvalmax.answers import Record

DocumentState = Literal["waiting", "approved", "draft", "gone"]


class LedgerRefusedError(Exception):
    """The ledger refused what ApprovalMax wanted to write; the text is the ledger's."""


@dataclass(frozen=True)
class File:
    """A file of a request. `content` is never part of a repr."""

    name: str
    content: bytes = field(repr=False)


class Ledger(Protocol):
    """One organisation of one ledger. Records are in the API's field names."""

    @property
    def kind(self) -> Literal["xero", "quickbooks"]: ...

    @property
    def external_id(self) -> str:
        """What the ledger's API calls the organisation: Xero's tenant id, QuickBooks' realm id."""
        ...

    @property
    def name(self) -> str: ...

    @property
    def country(self) -> str: ...

    @property
    def currency(self) -> str: ...

    def lists(self) -> Mapping[str, list[Record]]:
        """The lists that ApprovalMax holds of the ledger, active entries only, by the last part of their path."""
        ...

    def bills(self) -> Mapping[str, Record]:
        """Bills to pull, by the ledger's id: a request's fields without its own ids, times and status."""
        ...

    def state_of(self, document_id: str) -> DocumentState: ...

    def settle(self, document_id: str, now: datetime, *, approved: bool) -> None:
        """Write the decision on a bill that was pulled back to it. Raises LedgerRefusedError."""
        ...

    def create(self, request: Record, files: list[File], now: datetime) -> str:
        """The bill of an approved request; returns the ledger's id. Raises LedgerRefusedError."""
        ...
