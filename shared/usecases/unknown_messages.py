"""Messages of a provider that nobody has met reach the user as they are, and are counted so that we learn them."""

from collections.abc import Iterable

from shared.aws.log import count, logger
from shared.domain.errors import Problem

_UNKNOWN = "provider_refused"


def count_unknown(problems: Iterable[Problem | None]) -> None:
    """Count those of the problems whose message is not in the catalogue. The log says how they were, not what of."""
    unknown = [problem for problem in problems if problem is not None and problem.code == _UNKNOWN]
    if unknown:
        count("unknown_provider_messages", len(unknown))
        details = [{name: str(value)[:40] for name, value in problem.details.items()} for problem in unknown]
        logger.warning("a provider's message is not in the catalogue", extra={"details": details})
