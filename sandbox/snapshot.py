"""The whole state of the sandbox as one JSON file, so that books and tokens outlive a restart."""

import json
import os
import tempfile
from pathlib import Path
from typing import Any

SCHEMA = 1


class SnapshotUnreadableError(Exception):
    """The file is no snapshot, or one of another schema. It is left as it is."""


def save(path: Path, state: dict[str, Any]) -> None:
    """Replace the file in one step, readable by its owner alone: it holds (sandbox) tokens."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=path.name)
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            json.dump({"schema": SCHEMA, **state}, file)
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def load(path: Path) -> dict[str, Any] | None:
    """The state, or None when there is no file. Raises SnapshotUnreadableError."""
    if not path.exists():
        return None
    try:
        state = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise SnapshotUnreadableError(f"{path} is not JSON") from error
    if not isinstance(state, dict) or state.pop("schema", None) != SCHEMA:
        raise SnapshotUnreadableError(f"{path} is not a snapshot of schema {SCHEMA}")
    return state
