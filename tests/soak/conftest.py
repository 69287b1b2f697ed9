from tests.integration.changing.conftest import changings
from tests.integration.conftest import one_agenda_shard
from tests.integration.providers.conftest import world, worlds
from tests.integration.publishing.conftest import aws

__all__ = ["aws", "changings", "one_agenda_shard", "world", "worlds"]
