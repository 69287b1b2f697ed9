"""The sandbox's Sage Accounting as the shell sees it."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from starlette.routing import BaseRoute
from starlette.types import ASGIApp

from sandbox.sage import control
from sandbox.sage.app import SageApp
from sandbox.sage.state import SageState
from sandbox.simulation import SeedChoice, Shell


class SageSimulation:
    """www.sageone.com, oauth.accounting.sage.com and api.accounting.sage.com below /sage."""

    name: ClassVar[str] = "sage"

    def __init__(self, shell: Shell) -> None:
        self.state = SageState(shell)

    def application(self) -> ASGIApp:
        return SageApp(self.state)

    def control_routes(self) -> Sequence[BaseRoute]:
        return control.routes(self.state)

    def reset(self, choice: SeedChoice) -> None:
        self.state.reset(choice)

    def to_snapshot(self) -> dict[str, Any]:
        return self.state.to_snapshot()

    def restore(self, saved: Mapping[str, Any]) -> None:
        self.state.restore(saved)

    def stop(self) -> None:
        """Nothing runs besides the calls: Sage has no webhooks."""
