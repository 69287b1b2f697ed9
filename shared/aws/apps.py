"""Our apps at the providers: client id, secret and webhook key, from Secrets Manager."""

import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from shared.domain.errors import fail
from shared.domain.secrets import Secret

if TYPE_CHECKING:
    from types_boto3_secretsmanager.client import SecretsManagerClient

KEPT: Final = (
    300.0  # seconds for which the secret's value is kept, so a rotation reaches every function in five minutes
)


@dataclass(frozen=True, slots=True)
class ProviderApp:
    """One provider's app. `earlier_webhook_key` is set while a key is being rotated, and only then."""

    client_id: str
    client_secret: Secret
    webhook_key: Secret | None = None
    earlier_webhook_key: Secret | None = None

    @property
    def webhook_keys(self) -> tuple[Secret, ...]:
        """The keys that a webhook may be signed with now."""
        return tuple(key for key in (self.webhook_key, self.earlier_webhook_key) if key)


class ProviderApps:
    """The secret holds {"xero": {"client_id", "client_secret", "webhook_key", "earlier_webhook_key"?}, ...}."""

    def __init__(
        self, client: "SecretsManagerClient", secret_id: str, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._client = client
        self._secret_id = secret_id
        self._monotonic = monotonic
        self._kept: tuple[float, dict[str, Any]] | None = None

    def app(self, provider: str) -> ProviderApp:
        """The app for a provider; raises provider_not_set_up where its id or secret has not been stored."""
        said = self._apps().get(provider)
        if not isinstance(said, dict) or not said.get("client_id") or not said.get("client_secret"):
            raise fail("provider_not_set_up", field="provider", provider=provider)
        return ProviderApp(
            client_id=said["client_id"],
            client_secret=Secret(said["client_secret"]),
            webhook_key=_secret(said.get("webhook_key")),
            earlier_webhook_key=_secret(said.get("earlier_webhook_key")),
        )

    def _apps(self) -> dict[str, Any]:
        if self._kept is None or self._kept[0] <= self._monotonic():
            text = self._client.get_secret_value(SecretId=self._secret_id)["SecretString"]
            self._kept = (self._monotonic() + KEPT, json.loads(text))
        return self._kept[1]


def _secret(text: str | None) -> Secret | None:
    return Secret(text) if text else None
