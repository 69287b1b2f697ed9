"""The sandbox's ApprovalMax as the shell sees it."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from starlette.routing import BaseRoute
from starlette.types import ASGIApp

from sandbox.approvalmax import control
from sandbox.approvalmax.app import PROVIDER, ApprovalMaxApp
from sandbox.approvalmax.state import ApprovalMaxState
from sandbox.simulation import SeedChoice, Shell


class ApprovalMaxSimulation:
    """identity.approvalmax.com and public-api.approvalmax.com below /approvalmax; works on the ledgers before it."""

    name: ClassVar[str] = PROVIDER

    def __init__(self, shell: Shell) -> None:
        self.state = ApprovalMaxState(shell)

    def application(self) -> ASGIApp:
        return ApprovalMaxApp(self.state)

    def control_routes(self) -> Sequence[BaseRoute]:
        return control.routes(self.state)

    def reset(self, choice: SeedChoice) -> None:
        self.state.reset(choice)

    def to_snapshot(self) -> dict[str, Any]:
        return self.state.to_snapshot()

    def restore(self, saved: Mapping[str, Any]) -> None:
        self.state.restore(saved)

    def stop(self) -> None:
        self.state.stop()
