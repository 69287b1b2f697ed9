"""Grants: one consent by one person to one app, kept apart from the connections that use it."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from shared.domain.secrets import Secret


class GrantStatus(StrEnum):
    PENDING = "pending"  # stored by the callback, not yet redeemed by the user who started
    ACTIVE = "active"
    EXPIRED = "expired"  # the provider answered invalid_grant and nothing newer was there
    LET_GO = "let_go"  # revoked or abandoned; tokens shredded


@dataclass(frozen=True, slots=True)
class TokenPair:
    """What a token endpoint answered. `expires_at` is judged by when the answer was received, not by its own clock."""

    access: Secret
    refresh: Secret
    expires_at: datetime
    received_at: datetime
    refresh_expires_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Grant:
    """A grant as stored, its tokens apart (they are ciphertext in the vault, opened by the token code alone).

    `token_version` changes only with a pair. `lease_owner`/`lease_until` fence the refresh. `subject` is the
    provider's id of the person, `consent_event` the provider's id of the consent (Xero: authentication_event_id).
    """

    id: str
    tenant: str
    account: str
    provider: str
    subject: str
    status: GrantStatus
    token_version: int
    access_expires_at: datetime
    consented_at: datetime
    scopes: tuple[str, ...] = ()
    consent_event: str | None = None
    lease_owner: str | None = None
    lease_until: datetime | None = None
    refresh_sent_at: datetime | None = None  # set before a refresh is sent, cleared by the pair it brings
    version: int = 0


REFRESH_MARGIN: Final = timedelta(seconds=90)


def is_fresh(grant: Grant, now: datetime, margin: timedelta = REFRESH_MARGIN) -> bool:
    """Whether the access token may be used for a call that starts now."""
    return grant.status is GrantStatus.ACTIVE and now + margin < grant.access_expires_at


def lease_is_held(grant: Grant, now: datetime) -> bool:
    return grant.lease_until is not None and now < grant.lease_until


def expired(grant: Grant) -> Grant:
    """The grant after the provider's last word; tokens stay until it is let go."""
    return replace(grant, status=GrantStatus.EXPIRED, lease_owner=None, lease_until=None)
