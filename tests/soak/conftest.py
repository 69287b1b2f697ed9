from tests.integration.changing.conftest import changings
from tests.integration.conftest import aws, one_agenda_shard, world_dynamodb, world_of
from tests.integration.providers.conftest import world, worlds

__all__ = ["aws", "changings", "one_agenda_shard", "world", "world_dynamodb", "world_of", "worlds"]
