"""The sandbox's BILL as the shell sees it."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from starlette.routing import BaseRoute
from starlette.types import ASGIApp

from sandbox.bill import control
from sandbox.bill.app import BillApp
from sandbox.bill.calls import PROVIDER
from sandbox.bill.state import BillState
from sandbox.simulation import SeedChoice, Shell


class BillSimulation:
    """gateway.prod.bill.com (and gateway.stage.bill.com) below /bill."""

    name: ClassVar[str] = PROVIDER

    def __init__(self, shell: Shell) -> None:
        self.state = BillState(shell)

    def application(self) -> ASGIApp:
        return BillApp(self.state)

    def control_routes(self) -> Sequence[BaseRoute]:
        return control.routes(self.state)

    def reset(self, choice: SeedChoice) -> None:
        self.state.reset(choice)

    def to_snapshot(self) -> dict[str, Any]:
        return self.state.to_snapshot()

    def restore(self, saved: Mapping[str, Any]) -> None:
        self.state.restore(saved)

    def stop(self) -> None:
        self.state.notifier.stop()
