"""The sandbox's Xero as the shell sees it."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from starlette.routing import BaseRoute
from starlette.types import ASGIApp

from sandbox.simulation import SeedChoice, Shell
from sandbox.xero import control
from sandbox.xero.app import XeroApp
from sandbox.xero.state import XeroState


class XeroSimulation:
    """login.xero.com, identity.xero.com and api.xero.com below /xero."""

    name: ClassVar[str] = "xero"

    def __init__(self, shell: Shell) -> None:
        self.state = XeroState(shell.clock, shell.counts, shell.faults, shell.seed)

    def application(self) -> ASGIApp:
        return XeroApp(self.state)

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
