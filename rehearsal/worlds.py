"""Many worlds in one process: what is slow to make is made once, AWS's clients and a template of each world's rows."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any, Final
from unittest.mock import patch

from moto import mock_aws
from moto.kms import models, utils

from rehearsal.emulated_dynamodb import EmulatedDynamoDB, forget_tables
from rehearsal.founding import Template, main_of, new_world, template_of
from rehearsal.sandbox_process import SandboxClient
from rehearsal.tables import local_client
from rehearsal.world import World
from shared.aws.clients import Clients

OF_MOTO: Final = ("sqs", "s3", "kms", "secretsmanager")
_templates: dict[tuple[str, str], Template] = {}
_made: dict[str, Any] = {}
# moto makes an RSA pair for every key, for symmetric ones too, which took a twentieth of all the tests' time.
_pair_of = cache(utils.generate_private_key)


@contextmanager
def simulated_aws() -> Iterator[None]:
    """An AWS of its own, empty: the emulator's DynamoDB and moto's other services. Nothing leaves this process."""
    forget_tables()
    named = {"AWS_ACCESS_KEY_ID": "testing", "AWS_SECRET_ACCESS_KEY": "testing", "AWS_DEFAULT_REGION": "eu-west-1"}
    with patch.dict(os.environ, named), patch.object(models, "generate_private_key", _pair_of), mock_aws():
        os.environ.pop("AWS_ENDPOINT_URL", None)
        yield


def clients_on(endpoint: str | None) -> Clients:
    """The clients of a world: DynamoDB Local's at `endpoint`, or the emulator's; the rest moto's, which has to be on.

    Making them takes longer than most of what a test does, so a process makes them once.
    """
    clients = Clients()
    if not _made:
        _made.update({name: getattr(clients, name) for name in OF_MOTO})
    clients.__dict__.update(_made)
    clients.__dict__["dynamodb"] = EmulatedDynamoDB() if endpoint is None else local_client(endpoint)
    return clients


def make_world(sandbox: SandboxClient, endpoint: str | None, provider: str = "xero") -> World:
    """A world in fresh tables; the first of this process pulls the lists, later ones have them from it."""
    sandbox.reset()
    clients = clients_on(endpoint)
    world = new_world(sandbox, clients, _templates.get((sandbox.base, provider)), provider)
    if (sandbox.base, provider) not in _templates:
        _templates[sandbox.base, provider] = template_of(world, main_of(world))
    return world
