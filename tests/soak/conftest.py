from tests.integration.conftest import local_endpoint, one_agenda_shard
from tests.integration.providers.conftest import world, worlds
from tests.integration.publishing.conftest import aws, dynamodb_endpoint, publishing_sandbox

__all__ = ["aws", "dynamodb_endpoint", "local_endpoint", "one_agenda_shard", "publishing_sandbox", "world", "worlds"]
