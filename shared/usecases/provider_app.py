"""Our app at a provider, ready for its OAuth endpoints."""

from datetime import timedelta
from typing import TYPE_CHECKING, Final

from shared.usecases.service import Service

if TYPE_CHECKING:
    from shared.providers.oauth import App

TOKEN_CALL: Final = timedelta(seconds=10)  # for one call of a token endpoint


def provider_app(service: Service, provider: str) -> "App":
    """The app, with the address to call it at; raises provider_not_set_up."""
    from shared.providers.oauth import App

    app = service.apps.app(provider)
    return App(
        client_id=app.client_id,
        client_secret=app.client_secret,
        base_url=service.provider_url(provider),
        now=service.clock.now,
        pace=service.clock.pace,
        deadline=TOKEN_CALL,
    )


def redirect_uri(service: Service, provider: str) -> str:
    """Where a provider sends the browser back to: one address per provider, so answers cannot be mixed up."""
    return f"{service.settings.text('api_base_url').rstrip('/')}/oauth/{provider}/callback"
