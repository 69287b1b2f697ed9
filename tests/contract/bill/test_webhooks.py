"""The sandbox's notifications in both forms, under both signatures, as the connector reads them."""

import itertools
import uuid
from collections.abc import Iterator

import pytest

from rehearsal.sandbox_process import SandboxClient
from shared.domain.lists import Kind
from shared.domain.secrets import Secret
from tests.contract.bill.kit import PROVIDER, connected
from tests.contract.sandbox.quickbooks.receiver import Receiver


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    target = Receiver()
    yield target
    target.close()


FORMS = list(itertools.product(("string", "object"), ("raw", "minified")))


@pytest.mark.parametrize(("body_form", "signature"), FORMS)
def test_a_changed_vendor_is_noticed(
    sandbox: SandboxClient, receiver: Receiver, body_form: str, signature: str
) -> None:
    world = connected(sandbox, pull=False)
    sandbox.control("/bill/options", {"notification_body": body_form, "notification_signature": signature})
    order = {
        "name": "Changes",
        "status": {"enabled": True},
        "events": [{"type": "vendor.created", "version": "1"}],
        "notificationUrl": receiver.url,
    }
    headers = {"X-Idempotent-Key": str(uuid.uuid4())}
    client = world.desk
    made = client.call("POST", "/subscriptions", service="connect-events", json=order, headers=headers).json()
    address = {"line1": "1 Side Street", "city": "Reno", "zipOrPostalCode": "89501", "country": "US"}
    client.made("/vendors", {"name": "Caf\u00e9 Noir", "address": address})
    told, body = receiver.received.get(timeout=5)
    (notice,) = PROVIDER.notices(body, told, Secret(made["securityKey"])) or []
    assert (notice.organisation, notice.kinds) == (world.organisation.id, frozenset({Kind.SUPPLIERS}))
    assert PROVIDER.notices(body, told, Secret("another key")) is None
    assert PROVIDER.notices(body + b" ", {**told, "x-bill-sha-signature": "AAAA"}, Secret(made["securityKey"])) is None
