"""Names that tests of other packages still import from here; the fixtures stand in tests/integration/conftest.py."""

from rehearsal.worlds import clients_on, make_world
from tests.integration.conftest import aws, world, worlds

__all__ = ["aws", "clients_on", "make_world", "world", "worlds"]
