"""Operator commands against moto: what they make works, and what they refuse leaves nothing behind."""

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.session import get_session
from moto import mock_aws

from ops.__main__ import main
from ops.queues import redrive
from ops.target import Target
from ops.tenants import store
from rehearsal.tables import create_table
from shared.storage.standing import StandingStore
from shared.storage.table import Table

ALL = {"ledgerbridge/read", "ledgerbridge/work", "ledgerbridge/manage"}


@pytest.fixture
def target(monkeypatch: pytest.MonkeyPatch) -> Any:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    with mock_aws():
        session = get_session()

        def client(service: str) -> Any:
            return session.create_client(service)

        sqs = client("sqs")
        pool = client("cognito-idp").create_user_pool(PoolName="clients")["UserPool"]["Id"]
        names = ("PublishQueueUrl", "PublishDeadLettersUrl", "RefreshQueueUrl", "RefreshDeadLettersUrl")
        queues = {name: sqs.create_queue(QueueName=name)["QueueUrl"] for name in names}
        yield Target(
            client,
            {
                "ConnectionsTableName": create_table(client("dynamodb")),
                "UserPoolId": pool,
                "Issuer": "https://issuer.example",
                "JwksUri": "https://issuer.example/jwks.json",
                **queues,
            },
        )


def test_a_tenant_and_its_client(target: Target, capsys: pytest.CaptureFixture[str]) -> None:
    given = ["tenant", "create", "--name", "Product", "--return-url", "https://app.example"]
    assert main(given, target) == 0
    shown = dict(re.findall(r"^(tenant|client id|client secret) +(\S+)", capsys.readouterr().out, re.M))
    tenant = store(target).get(shown["tenant"])
    assert tenant is not None and (tenant.name, tenant.return_urls) == ("Product", ("https://app.example",))
    assert store(target).client_tenant("https://issuer.example", shown["client id"]) == (tenant.id, frozenset(ALL))
    pool = target.client("cognito-idp")
    made = pool.describe_user_pool_client(UserPoolId=target.outputs["UserPoolId"], ClientId=shown["client id"])
    assert set(made["UserPoolClient"]["AllowedOAuthScopes"]) == ALL
    assert made["UserPoolClient"]["AllowedOAuthFlows"] == ["client_credentials"]
    assert made["UserPoolClient"]["ClientSecret"] == shown["client secret"]


def test_a_client_is_taken_away(target: Target, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["tenant", "create", "--name", "Product"], target) == 0
    shown = dict(re.findall(r"^(tenant|client id) +(\S+)", capsys.readouterr().out, re.M))
    client = ["client", "remove", "--client-id", shown["client id"], "--tenant"]
    assert main([*client, "another"], target) == 1
    assert main([*client, shown["tenant"]], target) == 0
    assert store(target).client_tenant("https://issuer.example", shown["client id"]) is None
    clients = target.client("cognito-idp").list_user_pool_clients(UserPoolId=target.outputs["UserPoolId"])
    assert clients["UserPoolClients"] == []
    assert main([*client, shown["tenant"]], target) == 1


def test_publishing_is_held_let_go_and_told_of_a_restore(target: Target, capsys: pytest.CaptureFixture[str]) -> None:
    standing = StandingStore(Table(target.client("dynamodb"), target.outputs["ConnectionsTableName"]))
    assert main(["restored", "--to", "2026-11-22T10:00:00Z"], target) == 1
    assert main(["hold", "on"], target) == 0
    assert standing.get().held
    assert main(["restored", "--to", "2026-11-22T10:00:00Z"], target) == 1  # workers may still be at work
    held = standing.get()
    standing.put(replace(held, held_at=datetime.now(UTC) - timedelta(minutes=16)))
    assert main(["restored", "--to", "2026-11-22T10:00:00Z"], target) == 0
    after = standing.get()
    assert (after.held, after.generation, after.restored_to) == (True, 1, datetime(2026, 11, 22, 10, tzinfo=UTC))
    assert main(["hold", "off"], target) == 0
    assert not standing.get().held
    assert "publishing goes on" in capsys.readouterr().out


def test_refusals(target: Target, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["tenant", "create", "--name", "x", "--return-url", "http://app.example"], target) == 1
    assert main(["client", "add", "--tenant", "nobody", "--name", "x"], target) == 1
    assert main(["issuer", "add", "--issuer", "https://i.example", "--jwks-uri", "http://i.example/jwks"], target) == 1
    assert main(["person", "add", "--issuer", "https://i.example", "--subject", "s", "--tenant", "x"], target) == 1
    assert capsys.readouterr().err.count("not done: ") == 4


def test_issuers_clients_and_people_of_a_tenant(target: Target, capsys: pytest.CaptureFixture[str]) -> None:
    main(["tenant", "create", "--name", "Product"], target)
    tenant = re.findall(r"tenant +(\S+)", capsys.readouterr().out)[0]
    issuer = "https://login.example"
    client = ["client", "add", "--tenant", tenant, "--name", "x", "--issuer", issuer, "--client-id", "c1"]
    assert main(client, target) == 1  # not trusted yet
    assert main(["issuer", "add", "--issuer", issuer, "--jwks-uri", f"{issuer}/jwks"], target) == 0
    assert main(client, target) == 0
    assert store(target).client_tenant(issuer, "c1") == (tenant, frozenset(ALL))
    assert main(["person", "add", "--issuer", issuer, "--subject", "ann", "--tenant", tenant], target) == 0
    assert store(target).subject_tenant(issuer, "ann") == tenant


def test_dead_letters_go_back_to_work(target: Target) -> None:
    sqs = target.client("sqs")
    for number in range(13):
        sqs.send_message(QueueUrl=target.outputs["PublishDeadLettersUrl"], MessageBody=str(number))
    assert redrive(target, "publish", most=5) == 5
    assert redrive(target, "publish") == 8
    counted = sqs.get_queue_attributes(
        QueueUrl=target.outputs["PublishQueueUrl"], AttributeNames=["ApproximateNumberOfMessages"]
    )
    assert counted["Attributes"]["ApproximateNumberOfMessages"] == "13"
    assert redrive(target, "refresh") == 0
