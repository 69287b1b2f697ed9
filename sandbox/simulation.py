"""What a simulated provider offers the shell, and what the shell lends it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, Protocol

from starlette.routing import BaseRoute
from starlette.types import ASGIApp

from sandbox.clock import SandboxClock
from sandbox.counts import CallCounts
from sandbox.faults import FaultBoard

# "small", or how many records of each list one big organisation has: contacts, items, accounts, tax_rates.
SeedChoice = str | Mapping[str, int]


class Simulation(Protocol):
    """One provider: its own paths under /<name>, its control interface under /__control/<name>."""

    name: ClassVar[str]

    def application(self) -> ASGIApp:
        """The provider's real paths, below one host."""
        ...

    def control_routes(self) -> Sequence[BaseRoute]:
        """What tests and people read and steer beyond clock, counts and faults."""
        ...

    def reset(self, choice: SeedChoice) -> None:
        """Back to seeded books and no tokens. Raises ValueError for an unknown seed."""
        ...

    def to_snapshot(self) -> dict[str, Any]:
        """Everything that outlives a restart, as JSON."""
        ...

    def restore(self, saved: Mapping[str, Any]) -> None:
        """The state that `to_snapshot` gave."""
        ...

    def stop(self) -> None:
        """End what runs besides the calls: webhooks under way."""
        ...


@dataclass
class Shell:
    """What all simulations share. `peers` holds those made before: who works on a ledger finds it there by name."""

    clock: SandboxClock
    counts: CallCounts
    faults: FaultBoard
    seed: SeedChoice
    peers: dict[str, Simulation] = field(default_factory=dict)
