"""Many worlds in one process: what is slow to make is made once, AWS's clients and a template of each world's rows."""

from typing import Any, Final

from rehearsal.founding import Template, main_of, new_world, template_of
from rehearsal.sandbox_process import SandboxClient
from rehearsal.tables import local_client
from rehearsal.world import World
from shared.aws.clients import Clients

SERVICES: Final = ("dynamodb", "sqs", "s3", "kms", "secretsmanager")
_templates: dict[tuple[str, str], Template] = {}
_made: dict[str | None, dict[str, Any]] = {}


def clients_on(endpoint: str | None) -> Clients:
    """The clients of a world, on the DynamoDB Local at `endpoint` or all on moto, which has to be on already.

    Making them takes longer than most of what a test does, so a process makes them once.
    """
    clients = Clients()
    if endpoint not in _made:
        if endpoint is not None:
            clients.__dict__["dynamodb"] = local_client(endpoint)
        _made[endpoint] = {name: getattr(clients, name) for name in SERVICES}
    clients.__dict__.update(_made[endpoint])
    return clients


def make_world(sandbox: SandboxClient, endpoint: str | None, provider: str = "xero") -> World:
    """A world in fresh tables; the first of this process pulls the lists, later ones have them from it."""
    sandbox.reset()
    clients = clients_on(endpoint)
    world = new_world(sandbox, clients, _templates.get((sandbox.base, provider)), provider)
    if (sandbox.base, provider) not in _templates:
        _templates[sandbox.base, provider] = template_of(world, main_of(world))
    return world
