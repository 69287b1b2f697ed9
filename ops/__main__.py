"""Operator commands: tenants, machine clients, issuers, people, dead letters, holding publishing.

Run as `python -m ops --stack NAME COMMAND`, with AWS credentials of the stack's account.
"""

import argparse
import sys
from collections.abc import Sequence
from datetime import UTC, datetime

from ops.holding import LONGEST_INVOCATION, hold, let_go, restored
from ops.queues import MOST, QUEUES, redrive
from ops.target import Target, deployed
from ops.tenants import add_client, create_tenant, remove_client, store
from shared.domain.accounts import SCOPE_OF
from shared.domain.errors import ConflictError
from shared.domain.ids import is_id
from shared.domain.return_urls import is_origin
from shared.domain.secrets import Secret
from shared.storage.standing import StandingStore
from shared.storage.table import Table
from shared.storage.tenants import Issuer


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m ops", description=__doc__.partition("\n")[0])
    parser.add_argument("--stack", default="ledgerbridge", help="CloudFormation stack (default: %(default)s)")
    parser.add_argument("--region", help="AWS region (default: that of your AWS configuration)")
    areas = parser.add_subparsers(dest="area", required=True, metavar="COMMAND")
    _tenant_commands(areas)
    _issuer_commands(areas)
    moving = areas.add_parser("redrive", help="put a queue's dead letters back to work")
    moving.add_argument("queue", choices=sorted(QUEUES))
    moving.add_argument("--most", type=int, default=MOST, help="messages to move at most (default: %(default)s)")
    holding = areas.add_parser("hold", help="stop all publishing, or let it go on; queues are kept")
    holding.add_argument("switch", choices=["on", "off"])
    after = areas.add_parser("restored", help="say that tables were restored: look up before sending again")
    after.add_argument("--to", required=True, type=_time, help="the point in time, e.g. 2026-11-22T10:00:00Z")
    return parser


def _tenant_commands(areas: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    tenant = areas.add_parser("tenant", help="make a tenant with its first machine client").add_subparsers(
        dest="what", required=True
    )
    create = tenant.add_parser("create")
    create.add_argument("--name", required=True)
    create.add_argument("--return-url", action="append", default=[], help="origin a browser may be sent back to")
    client = areas.add_parser("client", help="give a tenant another machine client, or take one away").add_subparsers(
        dest="what", required=True
    )
    add = client.add_parser("add")
    add.add_argument("--tenant", required=True)
    add.add_argument("--name", required=True)
    add.add_argument("--issuer", help="an issuer of your own; without it the client is made in the stack's user pool")
    add.add_argument("--client-id", help="with --issuer: the client id as its tokens name it")
    remove = client.add_parser("remove")
    remove.add_argument("--tenant", required=True)
    remove.add_argument("--client-id", required=True)
    remove.add_argument("--issuer", help="where it is not of the stack's user pool")


def _issuer_commands(areas: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    issuer = areas.add_parser("issuer", help="trust another issuer of access tokens").add_subparsers(
        dest="what", required=True
    )
    add = issuer.add_parser("add")
    add.add_argument("--issuer", required=True, help="exactly as `iss` says in its tokens")
    add.add_argument("--jwks-uri", required=True)
    add.add_argument("--tenant", help="when every token of this issuer belongs to one tenant")
    person = areas.add_parser("person", help="say whose a person of a shared issuer is").add_subparsers(
        dest="what", required=True
    )
    put = person.add_parser("add")
    put.add_argument("--issuer", required=True)
    put.add_argument("--subject", required=True, help="`sub` of the person's tokens")
    put.add_argument("--tenant", required=True)


def _tenant(target: Target, given: argparse.Namespace) -> None:
    refused = [url for url in given.return_url if not is_origin(url)]
    if refused:
        raise ValueError(f"not an https origin: {', '.join(refused)}")
    made = create_tenant(target, given.name, given.return_url)
    _show_client(made.tenant, made.client_id, made.client_secret)


def _client(target: Target, given: argparse.Namespace) -> None:
    _known_tenant(target, given.tenant)
    if given.what == "remove":
        remove_client(target, given.tenant, given.client_id, given.issuer)
        print(f"client {given.client_id} is refused, at the latest when the authoriser's kept answers have ended")
        return
    if given.issuer is None:
        client_id, secret = add_client(target, given.tenant, given.name)
        _show_client(given.tenant, client_id, secret)
        return
    if not given.client_id:
        raise ValueError("--issuer needs --client-id")
    if store(target).issuer(given.issuer) is None:
        raise LookupError(f"{given.issuer} is not trusted yet: `issuer add` first")
    store(target).put_client(given.issuer, given.client_id, given.tenant, frozenset(SCOPE_OF.values()))
    print(f"tokens of client {given.client_id} of {given.issuer} act for tenant {given.tenant}")


def _issuer(target: Target, given: argparse.Namespace) -> None:
    if given.tenant:
        _known_tenant(target, given.tenant)
    if not given.jwks_uri.startswith("https://"):
        raise ValueError("--jwks-uri must be an https address")
    store(target).put_issuer(Issuer(given.issuer, given.jwks_uri, given.tenant))
    print(f"tokens of {given.issuer} are trusted")


def _person(target: Target, given: argparse.Namespace) -> None:
    _known_tenant(target, given.tenant)
    store(target).put_subject(given.issuer, given.subject, given.tenant)
    print(f"{given.subject} of {given.issuer} belongs to tenant {given.tenant}")


def _redrive(target: Target, given: argparse.Namespace) -> None:
    print(f"{redrive(target, given.queue, given.most)} messages moved back to the {given.queue} queue")


def _hold(target: Target, given: argparse.Namespace) -> None:
    if given.switch == "off":
        let_go(_standing(target))
        print("publishing goes on: every queue is looked at within 5 minutes")
        return
    since = hold(_standing(target), datetime.now(UTC)).held_at
    print(f"publishing is held since {since:%Y-%m-%dT%H:%M:%SZ}; workers end within {LONGEST_INVOCATION}")


def _restored(target: Target, given: argparse.Namespace) -> None:
    restored(_standing(target), given.to, datetime.now(UTC))
    print("items of before now are looked up before they are sent; publishing is still held: `hold off` lets it go on")


def _time(text: str) -> datetime:
    found = datetime.fromisoformat(text)
    if found.tzinfo is None:
        raise argparse.ArgumentTypeError("a time with its zone, e.g. 2026-11-22T10:00:00Z")
    return found.astimezone(UTC)


def _standing(target: Target) -> StandingStore:
    return StandingStore(Table(target.client("dynamodb"), target.outputs["ConnectionsTableName"]))


def _known_tenant(target: Target, tenant: str) -> None:
    if not is_id(tenant) or store(target).get(tenant) is None:
        raise LookupError(f"no tenant {tenant}")


def _show_client(tenant: str, client_id: str, secret: Secret) -> None:
    print(f"tenant         {tenant}\nclient id      {client_id}\nclient secret  {secret.reveal()}   (shown once)")


_COMMANDS = {
    "tenant": _tenant,
    "client": _client,
    "issuer": _issuer,
    "person": _person,
    "redrive": _redrive,
    "hold": _hold,
    "restored": _restored,
}


def main(arguments: Sequence[str], target: Target | None = None) -> int:
    """Run one command; 0 when it was done, 1 with the reason on standard error when it was not."""
    given = _parser().parse_args(arguments)
    try:
        _COMMANDS[given.area](target or deployed(given.stack, given.region), given)
    except (LookupError, ValueError, ConflictError) as error:
        print(f"not done: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
