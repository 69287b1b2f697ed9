"""Names that tests of other packages still import from here; the fixtures stand in tests/integration/conftest.py."""

import pytest

from rehearsal.worlds import clients_on, make_world
from tests.integration.conftest import aws, world, worlds

__all__ = ["aws", "clients_on", "make_world", "pretend_credentials", "world", "worlds"]


def pretend_credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
