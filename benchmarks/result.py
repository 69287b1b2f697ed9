"""One benchmark's figures on the screen and in benchmarks/results/, with the machine and the versions they hold for."""

import json
import os
import platform
import subprocess
from collections.abc import Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

from rich.console import Console
from rich.table import Table

ROOT: Final = Path(__file__).resolve().parent.parent
_RESULTS: Final = ROOT / "benchmarks" / "results"
_WIDTH: Final = 120
_PACKAGES: Final = ("httpx", "botocore", "pydantic", "aws-lambda-powertools", "authlib", "xero-python", "moto")


def _processor() -> str:
    lines = Path("/proc/cpuinfo").read_text().splitlines() if Path("/proc/cpuinfo").exists() else []
    models = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return models[0] if models else platform.processor()


def circumstances() -> dict[str, Any]:
    """The machine, how busy it was, and what was measured. Load is that of the last minute, at the end."""
    revision = ["git", "describe", "--always", "--dirty"]
    commit = subprocess.run(revision, cwd=ROOT, capture_output=True, text=True, check=False, timeout=10).stdout.strip()
    return {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "commit": commit,
        "processor": _processor(),
        "processors": os.cpu_count(),
        "load": round(os.getloadavg()[0], 1),
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "packages": {name: version(name) for name in _PACKAGES},
    }


def write(name: str, figures: dict[str, Any]) -> None:
    """Keep the figures as benchmarks/results/<name>.json."""
    _RESULTS.mkdir(exist_ok=True)
    whole = {**figures, "circumstances": circumstances()}
    (_RESULTS / f"{name}.json").write_text(json.dumps(whole, indent=2, ensure_ascii=False) + "\n")


def show(title: str, columns: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """Print one table: the first column to the left, figures to the right."""
    table = Table(title=title, title_justify="left", title_style="bold")
    for number, column in enumerate(columns):
        table.add_column(column, justify="right" if number else "left", no_wrap=not number)
    for row in rows:
        table.add_row(*(f"{cell:.2f}" if isinstance(cell, float) else str(cell) for cell in row))
    Console(highlight=False, width=_WIDTH).print(table)
