"""The sandbox's one server: every provider under its own name, the control interface under /__control."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Mount, Route

from sandbox import control, snapshot
from sandbox.clock import SandboxClock
from sandbox.counts import CallCounts
from sandbox.faults import FaultBoard
from sandbox.providers import simulations
from sandbox.simulation import SeedChoice, Shell, Simulation
from sandbox.wire import TrackedConnection

SAVE_EVERY_SECONDS = 15.0
_START_PAGE = """<!doctype html><html lang="en"><title>Sandbox</title><h1>Simulated accounting providers</h1>
<p>Each provider has its own paths below its name, as /xero for login.xero.com, identity.xero.com and api.xero.com;
/__control reads and steers them. See sandbox/README.md.</p></html>"""


@dataclass
class Sandbox:
    """All state of one running sandbox. With a snapshot file it starts from the file and is saved to it."""

    clock: SandboxClock = field(default_factory=SandboxClock)
    counts: CallCounts = field(default_factory=CallCounts)
    faults: FaultBoard = field(default_factory=FaultBoard)
    seed: SeedChoice = "small"
    snapshot_file: Path | None = None
    simulations: dict[str, Simulation] = field(init=False)
    _saved_at_call: int = -1

    def __post_init__(self) -> None:
        self.simulations = simulations(Shell(self.clock, self.counts, self.faults, self.seed))
        state = snapshot.load(self.snapshot_file) if self.snapshot_file else None
        if state:
            self.clock.restore(state["clock"]["offset"], self.clock.factor)
            for name, simulation in self.simulations.items():
                if name in state:  # a provider that is younger than the snapshot starts from its seed
                    simulation.restore(state[name])

    def reset(self, seed: SeedChoice | None = None) -> None:
        """Books, tokens, faults and counts as at the start; the clock keeps its time. Raises ValueError."""
        for simulation in self.simulations.values():
            simulation.reset(self.seed if seed is None else seed)
        self.faults.clear()
        self.counts.clear()

    def save(self) -> bool:
        """Write the snapshot; False when the sandbox runs without one."""
        if self.snapshot_file is None:
            return False
        state: dict[str, Any] = {"clock": {"offset": self.clock.offset()}}
        state |= {name: simulation.to_snapshot() for name, simulation in self.simulations.items()}
        snapshot.save(self.snapshot_file, state)
        self._saved_at_call = self.counts.total
        return True

    async def save_now_and_then(self) -> None:
        """Save while there were calls since the last time: a terminal that is closed loses seconds, not everything."""
        while True:
            await asyncio.sleep(SAVE_EVERY_SECONDS)
            if self.counts.total != self._saved_at_call:
                self.save()

    def application(self) -> Starlette:
        """The ASGI application with every provider and the control interface."""
        each = self.simulations.items()
        steering = [Mount(f"/__control/{name}", routes=simulation.control_routes()) for name, simulation in each]
        providers = [Mount(f"/{name}", app=simulation.application()) for name, simulation in each]
        shell = [Route("/", _start_page), Mount("/__control", routes=control.routes(self))]
        return Starlette(routes=[*steering, *shell, *providers], lifespan=self._lifespan)

    @contextlib.asynccontextmanager
    async def _lifespan(self, _app: Starlette) -> AsyncIterator[None]:
        saver = asyncio.create_task(self.save_now_and_then())
        try:
            yield
        finally:
            saver.cancel()
            self.save()
            for simulation in self.simulations.values():
                simulation.stop()


def listening_socket(port: int) -> socket.socket:
    """A loopback socket; port 0 takes a free one. Raises OSError when the port is taken."""
    # The protocol is named because asyncio switches Nagle off only then: without it every answer takes 40 ms.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(("127.0.0.1", port))
    # From now on callers wait instead of being refused: the address is printed before the first call is served.
    listener.listen(2048)
    return listener


def uvicorn_server(sandbox: Sandbox) -> uvicorn.Server:
    """A server for `listening_socket`. Idle connections stay open for 75 s, for the sake of pooled clients."""
    config = uvicorn.Config(
        sandbox.application(),
        http=TrackedConnection,
        ws="none",
        lifespan="on",
        log_level="warning",
        access_log=False,
        proxy_headers=False,
        server_header=False,
        timeout_keep_alive=75,
        timeout_graceful_shutdown=3,
    )
    return uvicorn.Server(config)


async def _start_page(_request: Request) -> Response:
    return HTMLResponse(_START_PAGE)
