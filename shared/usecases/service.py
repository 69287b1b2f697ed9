"""The composition root: everything a use case may reach, built on first use."""

import os
from functools import cached_property
from typing import TYPE_CHECKING

from shared.aws.clients import Clients
from shared.aws.clock import Clock
from shared.aws.settings import Settings

if TYPE_CHECKING:
    from datetime import datetime

    from shared.aws.apps import ProviderApps
    from shared.aws.documents import Documents
    from shared.aws.public_web import PublicWeb
    from shared.aws.queues import Queue
    from shared.aws.signing import Signer
    from shared.aws.vault import Vault
    from shared.aws.workflows import Machine
    from shared.domain.limits import Work
    from shared.domain.outgoing import EventType
    from shared.providers.contract import Provider
    from shared.storage.accounts import AccountStore
    from shared.storage.agenda import AgendaStore
    from shared.storage.aliases import AliasStore
    from shared.storage.approvals import ApprovalStore
    from shared.storage.attention import AttentionStore
    from shared.storage.bank_lines import BankLineStore
    from shared.storage.batches import BatchStore
    from shared.storage.bulk_edits import BulkEditStore
    from shared.storage.connections import ConnectionStore
    from shared.storage.deliveries import DeliveryStore
    from shared.storage.endpoints import EndpointStore
    from shared.storage.events import EventStore
    from shared.storage.grants import GrantStore
    from shared.storage.idempotency import IdempotencyStore
    from shared.storage.items import ItemStore
    from shared.storage.leases import LeaseStore
    from shared.storage.lists import ListStore
    from shared.storage.merges import MergeStore
    from shared.storage.organisations import OrganisationStore
    from shared.storage.proposals import ProposalStore
    from shared.storage.publications import PublicationStore
    from shared.storage.rules import RuleStore
    from shared.storage.seen import SeenStore
    from shared.storage.standing import StandingStore
    from shared.storage.states import StateStore
    from shared.storage.table import Consumed, Table
    from shared.storage.tallies import TallyStore
    from shared.storage.tenants import TenantStore
    from shared.storage.watched import WatchedStore
    from shared.storage.windows import WindowStore
    from shared.storage.workflows import WorkflowStore
    from shared.usecases.sessions import Allowance


class Service:
    """One per cold start. Attributes are made when first asked for, so a function loads only what it uses.

    A function that was not given a table, queue or secret meets SettingsError, naming the variable, when it asks.
    """

    def __init__(self, settings: Settings, clock: Clock | None = None, clients: Clients | None = None) -> None:
        self.settings = settings
        self.clock = clock or Clock(settings.clock_factor)
        self.clients = clients or Clients(path_style=settings.is_local)
        # What this process may still call, by provider, organisation and kind of work (usecases.sessions).
        self.allowances: dict[tuple[str, str, Work, str], Allowance] = {}
        # What this process knows of tenants' subscriptions, and which accounts it has noted lately (usecases.tell).
        self.subscriptions: dict[str, tuple[datetime, frozenset[EventType]]] = {}
        self.noted: dict[tuple[str, str], datetime] = {}
        self._tables: dict[str, Table] = {}

    @classmethod
    def from_environment(cls) -> "Service":
        """The service as the function's environment describes it; raises SettingsError listing all that is wrong."""
        return cls(Settings.read(os.environ))

    def table(self, name: str) -> "Table":
        """One of the tables of the design: connections, lists, items, vault, claims, agenda, organisations."""
        from shared.storage.table import Table

        if name not in self._tables:
            self._tables[name] = Table(self.clients.dynamodb, self.settings.table(name), observer=self._count_units)
        return self._tables[name]

    @staticmethod
    def _count_units(cost: "Consumed") -> None:
        from shared.aws.log import consumed

        consumed(cost.read_units, cost.write_units)

    # --- connections table
    @cached_property
    def tenants(self) -> "TenantStore":
        from shared.storage.tenants import TenantStore

        return TenantStore(self.table("connections"))

    @cached_property
    def accounts(self) -> "AccountStore":
        from shared.storage.accounts import AccountStore

        return AccountStore(self.table("connections"))

    @cached_property
    def connections(self) -> "ConnectionStore":
        from shared.storage.connections import ConnectionStore

        return ConnectionStore(self.table("connections"))

    @cached_property
    def events(self) -> "EventStore":
        from shared.storage.events import EventStore

        return EventStore(self.table("connections"))

    @cached_property
    def endpoints(self) -> "EndpointStore":
        from shared.storage.endpoints import EndpointStore

        return EndpointStore(self.table("connections"))

    @cached_property
    def attention(self) -> "AttentionStore":
        from shared.storage.attention import AttentionStore

        return AttentionStore(self.table("connections"))

    @cached_property
    def standing(self) -> "StandingStore":
        from shared.storage.standing import StandingStore

        return StandingStore(self.table("connections"))

    @cached_property
    def workflows(self) -> "WorkflowStore":
        from shared.storage.workflows import WorkflowStore

        return WorkflowStore(self.table("connections"))

    @cached_property
    def merges(self) -> "MergeStore":
        from shared.storage.merges import MergeStore

        return MergeStore(self.table("connections"))

    # --- lists, items, rules
    @cached_property
    def lists(self) -> "ListStore":
        from shared.storage.lists import ListStore

        return ListStore(self.table("lists"))

    @cached_property
    def proposals(self) -> "ProposalStore":
        from shared.storage.proposals import ProposalStore

        return ProposalStore(self.table("lists"))

    @cached_property
    def aliases(self) -> "AliasStore":
        from shared.storage.aliases import AliasStore

        return AliasStore(self.table("lists"))

    @cached_property
    def items(self) -> "ItemStore":
        from shared.storage.items import ItemStore

        return ItemStore(self.table("items"))

    @cached_property
    def publications(self) -> "PublicationStore":
        from shared.storage.publications import PublicationStore

        return PublicationStore(self.table("items"))

    @cached_property
    def approvals(self) -> "ApprovalStore":
        from shared.storage.approvals import ApprovalStore

        return ApprovalStore(self.table("items"))

    @cached_property
    def bank_lines(self) -> "BankLineStore":
        from shared.storage.bank_lines import BankLineStore

        return BankLineStore(self.table("items"))

    @cached_property
    def bulk_edits(self) -> "BulkEditStore":
        from shared.storage.bulk_edits import BulkEditStore

        return BulkEditStore(self.table("items"))

    @cached_property
    def batches(self) -> "BatchStore":
        from shared.storage.batches import BatchStore

        return BatchStore(self.table("items"))

    @cached_property
    def watched(self) -> "WatchedStore":
        from shared.storage.watched import WatchedStore

        return WatchedStore(self.table("items"))

    @cached_property
    def rules(self) -> "RuleStore":
        from shared.storage.rules import RuleStore

        return RuleStore(self.table("rules"))

    # --- the two tables that cross tenants
    @cached_property
    def organisations(self) -> "OrganisationStore":
        from shared.storage.organisations import OrganisationStore

        return OrganisationStore(self.table("organisations"))

    @cached_property
    def agenda(self) -> "AgendaStore":
        from shared.storage.agenda import AgendaStore

        return AgendaStore(self.table("agenda"))

    # --- vault
    @cached_property
    def grants(self) -> "GrantStore":
        from shared.storage.grants import GrantStore

        return GrantStore(self.table("vault"))

    @cached_property
    def vault(self) -> "Vault":
        from shared.aws.vault import Vault

        return Vault(self.clients.kms, self.settings.text("vault_key_arn"))

    # --- claims
    @cached_property
    def leases(self) -> "LeaseStore":
        from shared.storage.leases import LeaseStore

        return LeaseStore(self.table("claims"))

    @cached_property
    def windows(self) -> "WindowStore":
        from shared.storage.windows import WindowStore

        return WindowStore(self.table("claims"))

    @cached_property
    def states(self) -> "StateStore":
        from shared.storage.states import StateStore

        return StateStore(self.table("claims"))

    @cached_property
    def idempotency(self) -> "IdempotencyStore":
        from shared.storage.idempotency import IdempotencyStore

        return IdempotencyStore(self.table("claims"))

    @cached_property
    def seen(self) -> "SeenStore":
        from shared.storage.seen import SeenStore

        return SeenStore(self.table("claims"))

    @cached_property
    def deliveries(self) -> "DeliveryStore":
        from shared.storage.deliveries import DeliveryStore

        return DeliveryStore(self.table("claims"))

    @cached_property
    def tallies(self) -> "TallyStore":
        from shared.storage.tallies import TallyStore

        return TallyStore(self.table("claims"))

    # --- the rest of AWS
    @cached_property
    def publish_queue(self) -> "Queue":
        from shared.aws.queues import Queue

        return Queue(self.clients.sqs, self.settings.queue("publish"))

    @cached_property
    def refresh_queue(self) -> "Queue":
        from shared.aws.queues import Queue

        return Queue(self.clients.sqs, self.settings.queue("refresh"))

    @cached_property
    def deliver_queue(self) -> "Queue":
        from shared.aws.queues import Queue

        return Queue(self.clients.sqs, self.settings.queue("deliver"))

    @cached_property
    def change_machine(self) -> "Machine":
        from shared.aws.workflows import Machine

        return Machine(self.clients.stepfunctions, self.settings.text("change_machine_arn"))

    @cached_property
    def merge_machine(self) -> "Machine":
        from shared.aws.workflows import Machine

        return Machine(self.clients.stepfunctions, self.settings.text("merge_machine_arn"))

    @cached_property
    def documents(self) -> "Documents":
        from shared.aws.documents import Documents

        return Documents(self.clients.s3, self.settings.text("documents_bucket"))

    @cached_property
    def apps(self) -> "ProviderApps":
        from shared.aws.apps import ProviderApps

        return ProviderApps(self.clients.secretsmanager, self.settings.text("provider_apps_secret"))

    @cached_property
    def signer(self) -> "Signer":
        from shared.aws.signing import Signer

        return Signer.from_secret(self.clients.secretsmanager, self.settings.text("signing_secret"))

    @cached_property
    def public_web(self) -> "PublicWeb":
        from shared.aws.public_web import PublicWeb

        return PublicWeb(allow_loopback=self.settings.allow_loopback)

    # --- providers
    def provider(self, name: str) -> "Provider":
        """The connector of one provider, imported on first use; raises provider_unknown."""
        from shared.providers.registry import provider

        return provider(name)

    def provider_url(self, name: str) -> str:
        """What replaces scheme and host of every call to a provider on the local stage; "" for its own addresses."""
        own = self.settings.provider_urls.get(name)
        sandbox = self.settings.provider_urls.get("sandbox")
        return own or (f"{sandbox}/{name}" if sandbox else "")
