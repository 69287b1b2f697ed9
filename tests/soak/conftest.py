from tests.integration.conftest import local_endpoint
from tests.integration.providers.conftest import world, worlds
from tests.integration.publishing.conftest import aws, dynamodb_endpoint, publishing_sandbox

__all__ = ["aws", "dynamodb_endpoint", "local_endpoint", "publishing_sandbox", "world", "worlds"]
