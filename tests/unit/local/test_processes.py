"""Child processes: they end with their starter, whatever ends it, and leave nothing behind."""

import os
import select
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from local.artifact import ROOT
from local.processes import Child, StartError, free_port, listening_socket

_SERVE = """
import http.server, subprocess, sys
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
print(child.pid, flush=True)
http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), http.server.SimpleHTTPRequestHandler).serve_forever()
"""
_STARTER = """
import subprocess, sys, time
from local.processes import Child
from pathlib import Path
port, log, cwd, root = sys.argv[1:]
child = Child("x", ["planted", port], log=Path(log), cwd=Path(cwd), environment={"PYTHONPATH": root})
print(child.pid, flush=True)
time.sleep(600)
"""


def alive(pid: int) -> bool:
    listed = subprocess.run(
        ["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True, check=False, timeout=10
    )
    return bool(listed.stdout.strip()) and not listed.stdout.strip().startswith("Z")


def await_end(pid: int) -> None:
    """Wait for a process that is not our child; only asking again can tell."""
    deadline = time.monotonic() + 20
    while alive(pid):
        assert time.monotonic() < deadline, f"process {pid} lives on"
        time.sleep(0.05)


def planted(tmp_path: Path, code: str = _SERVE) -> Path:
    (tmp_path / "planted.py").write_text(code)
    return tmp_path


def child(tmp_path: Path, port: int) -> Child:
    return Child("planted", ["planted", str(port)], log=tmp_path / "log", cwd=planted(tmp_path),
                 environment={"PYTHONPATH": f"{ROOT}"})  # fmt: skip


@pytest.mark.parametrize("kill", [False, True])
def test_stopping_ends_the_process_and_what_it_started(tmp_path: Path, kill: bool) -> None:
    port = free_port()
    started = child(tmp_path, port)
    started.await_answer(f"http://127.0.0.1:{port}/")
    grandchild = int((tmp_path / "log").read_text().split()[0])
    assert alive(grandchild)
    started.stop(kill=kill)
    assert not started.running
    await_end(grandchild)


def test_a_child_ends_when_its_starter_is_killed(tmp_path: Path) -> None:
    port = free_port()
    arguments = [str(port), str(tmp_path / "log"), str(planted(tmp_path)), str(ROOT)]
    starter = subprocess.Popen(
        [sys.executable, "-c", _STARTER, *arguments], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    assert starter.stdout is not None
    assert select.select([starter.stdout], [], [], 20)[0], "the starter never spoke"
    pid = int(starter.stdout.readline())
    assert alive(pid)
    os.kill(starter.pid, signal.SIGKILL)
    starter.wait(20)
    starter.stdout.close()
    await_end(pid)
    grandchildren = (tmp_path / "log").read_text().split()
    for grandchild in grandchildren:
        if grandchild.isdigit() and alive(int(grandchild)):
            os.kill(int(grandchild), signal.SIGKILL)


def test_a_child_that_dies_at_once_shows_the_end_of_its_log(tmp_path: Path) -> None:
    planted(tmp_path, "raise SystemExit('no such day')")
    started = Child("planted", ["planted"], log=tmp_path / "log", cwd=tmp_path, environment={"PYTHONPATH": str(ROOT)})
    with pytest.raises(StartError, match="no such day"):
        started.await_answer("http://127.0.0.1:9/")
    started.stop()


def test_a_wanted_port_is_kept_when_free_and_replaced_when_taken() -> None:
    with listening_socket() as taken:
        port = int(taken.getsockname()[1])
        assert free_port(port) != port
    assert free_port(port) == port
