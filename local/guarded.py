"""Run a module as `python -m` would, but end it when the process that started it is gone.

`python -m local.guarded MODULE [ARGUMENT...]`: standard input is a pipe that the starter holds open and never writes
to. When it closes, for whatever reason (even a kill -9), this process asks itself to stop. A death signal would do the
same on Linux only.
"""

import os
import runpy
import signal
import sys
import threading


def _stop_with_starter() -> None:
    # Unbuffered: a buffered read would hold a lock that the interpreter waits for at its end.
    while os.read(0, 1024):
        pass
    os.kill(os.getpid(), signal.SIGTERM)


def main() -> None:
    module = sys.argv[1]
    threading.Thread(target=_stop_with_starter, name="guard", daemon=True).start()
    sys.argv = sys.argv[1:]
    runpy.run_module(module, run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
