"""The error codes about webhook endpoints of tenants."""

from typing import Final

from shared.domain.document_codes import Row
from shared.domain.errors import Handling

_ASK = Handling.ASK_USER

REQUEST: Final[list[Row]] = [
    (
        "too_many_endpoints",
        _ASK,
        409,
        "The tenant has as many webhook endpoints as there may be.",
        "Delete one that is not needed any more, or let one take more events.",
    ),
    (
        "endpoint_disabled",
        _ASK,
        409,
        "The webhook endpoint is disabled: it answered 410, failed for five days, or was switched off.",
        'Switch it on again with PATCH {"disabled": false}.',
    ),
    (
        "too_many_replays",
        _ASK,
        409,
        "This message has been replayed as often as one may be.",
        "Read what it told of through the API instead.",
    ),
]
