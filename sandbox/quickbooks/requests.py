"""The `requestid` of a write: the same one again gets the first answer, and nothing is done a second time.

Source: blogs.intuit.com, "What is request id and its usage" (2015/04/06): unique per company, at most 50 characters.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sandbox.quickbooks.wire import ApiAnswer

LONGEST_REQUEST_ID = 50
# Assumed: Intuit does not say how long it remembers an id.
REMEMBERED = timedelta(hours=24)


@dataclass
class RequestIds:
    """Answers by company and request id, whatever the body of the second request (assumed).

    `honoured` False makes ids meaningless: people report duplicates made under one id.
    """

    honoured: bool = True
    _kept: dict[tuple[str, str], tuple[datetime, ApiAnswer]] = field(default_factory=dict)

    def earlier(self, realm_id: str, request_id: str, now: datetime) -> ApiAnswer | None:
        kept = self._kept.get((realm_id, request_id)) if self.honoured else None
        return kept[1] if kept and now < kept[0] + REMEMBERED else None

    def keep(self, realm_id: str, request_id: str, answer: ApiAnswer, now: datetime) -> None:
        """Remember the first answer; its webhook events are not repeated. Server faults are not kept (assumed)."""
        if answer.status < 500:
            self._kept[realm_id, request_id] = (now, ApiAnswer(answer.status, answer.body))
