"""The sandbox's QuickBooks Online as the shell sees it."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from starlette.routing import BaseRoute
from starlette.types import ASGIApp

from sandbox.quickbooks import control
from sandbox.quickbooks.app import QuickBooksApp
from sandbox.quickbooks.state import QuickBooksState
from sandbox.simulation import SeedChoice, Shell


class QuickBooksSimulation:
    """appcenter.intuit.com, oauth.platform.intuit.com and quickbooks.api.intuit.com below /quickbooks."""

    name: ClassVar[str] = "quickbooks"

    def __init__(self, shell: Shell) -> None:
        self.state = QuickBooksState(shell)

    def application(self) -> ASGIApp:
        return QuickBooksApp(self.state)

    def control_routes(self) -> Sequence[BaseRoute]:
        return control.routes(self.state)

    def reset(self, choice: SeedChoice) -> None:
        self.state.reset(choice)

    def to_snapshot(self) -> dict[str, Any]:
        return self.state.to_snapshot()

    def restore(self, saved: Mapping[str, Any]) -> None:
        self.state.restore(saved)

    def stop(self) -> None:
        self.state.webhooks.stop()
