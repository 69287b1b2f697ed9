"""Serve the emulator on two inherited, already bound sockets: the AWS endpoint and the API's front door.

Inherited sockets leave no moment in which another process could take a port, and over a restart callers wait in the
backlog instead of being refused.
"""

import argparse
import asyncio
import gc
import os
import socket
import sys
from typing import Any, cast

from hypercorn.asyncio import serve
from hypercorn.config import Config
from ministack.app import app

from local.emulator.front_door import Application, with_front_door


def _port_of(descriptor: int) -> int:
    with socket.socket(fileno=os.dup(descriptor)) as listening:
        return int(listening.getsockname()[1])


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m local.emulator", description=__doc__)
    parser.add_argument("--aws-fd", type=int, required=True, help="bound socket for the AWS endpoint")
    parser.add_argument("--api-fd", type=int, required=True, help="bound socket for the HTTP API")
    given = parser.parse_args()
    if os.environ.get("GATEWAY_PORT") != str(_port_of(given.aws_fd)):
        sys.exit("GATEWAY_PORT must name the port of --aws-fd: functions are told to call it")
    config = Config()
    config.bind = [f"fd://{given.aws_fd}", f"fd://{given.api_fd}"]
    config.keep_alive_timeout = 75
    config.graceful_timeout = 1
    config.loglevel = os.environ.get("LOG_LEVEL", "WARNING")
    front = with_front_door(cast(Application, app), _port_of(given.api_fd))
    # Tables and code of every function stay: no need to look through them for garbage all the time.
    gc.freeze()
    gc.set_threshold(20_000, 20, 50)
    asyncio.run(serve(cast(Any, front), config))


if __name__ == "__main__":
    main()
