"""Run in a process of its own: load a handler, let it serve events, say which modules that took.

Run with -I -S: the standard library and an artifact are all there is. Standard input: {"artifact": folder, "handler",
"events", "then": names of functions below}. Standard output, last line: {"answers", "modules", "ours"}.
"""

import json
import sys
from datetime import timedelta
from importlib import import_module
from typing import Any

OURS = ("functions", "shared", "tests")


class Context:
    """What Lambda hands to a handler beside the event."""

    aws_request_id = "request-1"
    function_name = "function"
    invoked_function_arn = "arn:aws:lambda:eu-west-1:123456789012:function:function"
    memory_limit_in_mb = 512

    def get_remaining_time_in_millis(self) -> int:
        return 300_000


def call_provider() -> None:
    """A call that the provider answers: its mapping, its transport and a connection are there then."""
    from shared.domain.secrets import Secret
    from shared.providers.contract import Session
    from shared.usecases.service import Service

    service = Service.from_environment()
    session = Session(
        base_url=service.provider_url("xero"),
        access_token=Secret("token"),
        organisation="organisation",
        deadline=service.clock.now() + timedelta(seconds=20),
        permit=lambda: None,
        observe=lambda reading: None,
        now=service.clock.now,
        pace=1.0,
    )
    service.provider("xero").organisation(session, "subject")


def open_vault() -> None:
    """Seal and open a token pair, as every holder of a grant does."""
    from datetime import UTC, datetime

    from shared.aws.vault import DataKey
    from shared.domain.grants import TokenPair
    from shared.domain.secrets import Secret

    now = datetime.now(UTC)
    key = DataKey("tenant", "grant", bytes(32), b"wrapped")
    key.open(key.seal(TokenPair(Secret("a"), Secret("b"), now, now), 1), 1)


def reach_everything() -> None:
    """Make every store and client that this function's environment allows."""
    from functools import cached_property

    from shared.aws.settings import SettingsError
    from shared.usecases.service import Service

    service = Service.from_environment()
    for name, made in vars(Service).items():
        if isinstance(made, cached_property):
            try:
                getattr(service, name)
            except SettingsError:
                continue


def main() -> None:
    asked: dict[str, Any] = json.load(sys.stdin)
    sys.path.insert(0, asked["artifact"])
    module, _, name = asked["handler"].rpartition(".")
    handler = getattr(import_module(module), name)
    answers = [handler(event, Context()) for event in asked["events"]]
    for then in asked["then"]:
        globals()[then]()
    modules = [one for one, loaded in sys.modules.items() if loaded is not None and one.split(".")[0] not in OURS]
    ours = [one for one in sys.modules if one.split(".")[0] in OURS]
    sys.stdout.write(json.dumps({"answers": answers, "modules": sorted(modules), "ours": sorted(ours)}) + "\n")


if __name__ == "__main__":
    main()
