"""Log lines and metrics as JSON: account, connection and request ids on every line, secrets on none."""

import re
from collections.abc import Mapping
from threading import Lock
from typing import Any, Final

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.logging.formatter import LambdaPowertoolsFormatter
from aws_lambda_powertools.metrics import MetricUnit

from shared.domain.secrets import Secret

SERVICE: Final = "ledgerbridge"
NAMESPACE: Final = "Ledgerbridge"
MASK: Final = "***"
_SECRET_NAMES: Final = re.compile(
    r"(access|refresh|id)_?token|(^|_)(secret|password|authorization|verifier|cookie)$|client_secret", re.I
)
# A code or state may be a problem's or a connection's, which are plain words, or OAuth's, which never are.
_MAYBE_SECRET_NAMES: Final = re.compile(r"(^|_)(code|state)$", re.I)
_PLAIN_WORD: Final = re.compile(r"[a-z]+(_[a-z]+)*\Z")
# Bearer headers, JWTs and OAuth parameters inside free text, such as the message of somebody else's exception.
_SECRET_TEXTS: Final = re.compile(
    r"(?i)(bearer\s+|basic\s+|(?:access_token|refresh_token|id_token|client_secret|code|code_verifier|state)=)[^\s&\"']+"
    r"|eyJ[\w-]{8,}\.[\w-]+\.[\w-]*"
)


def masked(value: Any) -> Any:
    """A copy of a loggable value with everything that looks like a secret replaced by ***."""
    if isinstance(value, Secret):
        return MASK
    if isinstance(value, str):
        return _SECRET_TEXTS.sub(lambda hit: (hit.group(1) or "") + MASK, value)
    if isinstance(value, Mapping):
        return {
            name: MASK if isinstance(name, str) and _is_secret(name, inner) else masked(inner)
            for name, inner in value.items()
        }
    if isinstance(value, list | tuple):
        return [masked(inner) for inner in value]
    if value is None or isinstance(value, bool | int | float):
        return value
    return masked(str(value))  # an exception among them: it would be written as its text


def _is_secret(name: str, value: Any) -> bool:
    if _MAYBE_SECRET_NAMES.search(name):
        return isinstance(value, str) and not _PLAIN_WORD.match(value)
    return _SECRET_NAMES.search(name) is not None


class _Formatter(LambdaPowertoolsFormatter):
    """The last station before a line is written: what a caller forgot to mask is masked here."""

    def serialize(self, log: Any) -> str:
        return super().serialize(masked(log))


logger: Final = Logger(service=SERVICE, logger_formatter=_Formatter(utc=True), use_rfc3339=True)
metrics: Final = Metrics(namespace=NAMESPACE, service=SERVICE)
_units: Final = {"read_units": 0.0, "write_units": 0.0}
_lock: Final = Lock()


def begin(**ids: str | None) -> None:
    """Start the log context of one event: whatever an earlier event left behind is gone."""
    logger.clear_state()
    logger.append_keys(**{name: value for name, value in ids.items() if value})


def bind(**ids: str | None) -> None:
    """Add ids (account, connection, item, ...) to every further line of this event."""
    logger.append_keys(**{name: value for name, value in ids.items() if value})


def count(step: str, value: float = 1) -> None:
    """Count a business step (documents_published, tokens_refreshed, ...); written out by `flush`."""
    metrics.add_metric(name=step, unit=MetricUnit.Count, value=value)


def gauge(name: str, value: float, unit: MetricUnit = MetricUnit.Count) -> None:
    """Report a level (oldest_pending_seconds, parked_connections, ...); written out by `flush`."""
    metrics.add_metric(name=name, unit=unit, value=value)


def consumed(read_units: float, write_units: float) -> None:
    """Add what a DynamoDB call cost to the event's totals; written out by `flush`."""
    with _lock:
        _units["read_units"] += read_units
        _units["write_units"] += write_units


def flush() -> None:
    """Write the event's metrics, if any, as one line of CloudWatch's embedded format."""
    with _lock:
        for name, value in _units.items():
            if value:
                metrics.add_metric(name=name, unit=MetricUnit.Count, value=value)
        _units.update(read_units=0.0, write_units=0.0)
    if metrics.metric_set:
        metrics.flush_metrics()
