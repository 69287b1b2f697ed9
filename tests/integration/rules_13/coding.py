"""Documents as they are read from paper, and rules, through the front door."""

from typing import Any

from rehearsal.world import World
from tests.integration.rules_13.api import Api


def read(world: World, **changes: Any) -> dict[str, Any]:
    """A bill as it was read from paper: nobody has coded its line."""
    line = {"description": "Sundries", "amount": "40.00"}
    return world.papers.bill(**{"source": "extracted", "lines": [line], **changes})


def entry(api: Api, kind: str, name: str) -> dict[str, Any]:
    """An entry of a list by its name."""
    found = api.ok("GET", f"lists/{kind}", q=name)["entries"]
    one: dict[str, Any] = next(entry for entry in found if entry["name"] == name)
    return one


def rule(api: Api, kind: str, subject: str, **decides: Any) -> dict[str, Any]:
    made: dict[str, Any] = api.ok("POST", "rules", {"kind": kind, "subject": subject, **decides})
    return made
