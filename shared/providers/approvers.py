"""What software offers beside the contract in which a document's first approver can be chosen."""

from typing import Protocol, runtime_checkable

from shared.domain.errors import Problem
from shared.providers.contract import Provider, Resolved, Session, Wanted


def approver_of(resolved: Resolved) -> str | None:
    """The provider's id of who is to approve the document first, if the item names somebody whom it knows."""
    return resolved.approver.provider_id if resolved.approver is not None else None


@runtime_checkable
class NamesApprovers(Provider, Protocol):
    """Software in which a document that is there can be given an approver; one who is the first already stays so."""

    def name_approver(self, session: Session, document: Wanted, approver_id: str) -> Problem | None:
        """Put somebody first among those who approve a document. None when that is so, else why it was refused.

        May be repeated. Raises CallFailed, LimitReached, TokenRefused and AccessLost.
        """
        ...
