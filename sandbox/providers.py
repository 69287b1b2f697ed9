"""The simulated providers there are, one line each; one that works on another's ledger comes after it."""

from collections.abc import Callable

from sandbox.approvalmax.simulation import ApprovalMaxSimulation
from sandbox.bill.simulation import BillSimulation
from sandbox.quickbooks.simulation import QuickBooksSimulation
from sandbox.sage.simulation import SageSimulation
from sandbox.simulation import Shell, Simulation
from sandbox.xero.simulation import XeroSimulation

PROVIDERS: tuple[Callable[[Shell], Simulation], ...] = (
    XeroSimulation,
    QuickBooksSimulation,
    SageSimulation,
    BillSimulation,
    ApprovalMaxSimulation,
)


def simulations(shell: Shell) -> dict[str, Simulation]:
    """Every provider by name, in order; `shell.peers` is the same mapping. Raises ValueError for an unknown seed."""
    for make in PROVIDERS:
        made = make(shell)
        shell.peers[made.name] = made
    return shell.peers
