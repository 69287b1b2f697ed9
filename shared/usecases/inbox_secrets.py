"""The secrets that documents for a tenant's inboxes are signed with, and who may come in with them.

A secret follows from our own signing key, the tenant and its id: nothing that could leak is stored. Two are live at
once while a sender goes over from one to the next.
"""

import base64
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Final

from shared.aws.http import Admission
from shared.domain.accounts import Capability, InboxSecret, Tenant
from shared.domain.errors import fail
from shared.domain.secrets import Secret
from shared.domain.signatures import PREFIX, is_signed
from shared.usecases.service import Service

MOST_SECRETS: Final = 2
_PURPOSE: Final = "inbox secret"


def make_secret(service: Service, tenant: Tenant, secret_id: str, now: datetime) -> InboxSecret:
    """Another secret for the tenant's inboxes; under an id that it has already, that one.

    Raises inbox_secrets_full, ConflictError.
    """
    known = next((one for one in tenant.inbox_secrets if one.id == secret_id), None)
    if known is not None:
        return known
    if len(tenant.inbox_secrets) >= MOST_SECRETS:
        raise fail("inbox_secrets_full", live=[one.id for one in tenant.inbox_secrets])
    made = InboxSecret(secret_id, now)
    service.tenants.update(replace(tenant, inbox_secrets=(*tenant.inbox_secrets, made)))
    return made


def end_secret(service: Service, tenant: Tenant, secret_id: str) -> None:
    """Take nothing in any more that is signed with it; raises not_found, ConflictError."""
    left = tuple(one for one in tenant.inbox_secrets if one.id != secret_id)
    if len(left) == len(tenant.inbox_secrets):
        raise fail("not_found", field="secret")
    service.tenants.update(replace(tenant, inbox_secrets=left))


def secret_text(service: Service, tenant: Tenant, secret_id: str) -> Secret:
    """A secret as Standard Webhooks writes it: whsec_ and 32 bytes in base64."""
    text = service.signer.derived(_PURPOSE, f"{tenant.id}|{secret_id}")
    raw = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    return Secret(PREFIX + base64.b64encode(raw).decode())


def admit_signed(service: Service, path: Mapping[str, str], headers: Mapping[str, str], raw: bytes) -> Admission:
    """Let a signed request into an account's inbox.

    Raises signature_refused, alike for a wrong signature, one of another time, and an account that is not there.
    """
    tenant_id = service.accounts.tenant_of(path["account"])
    tenant = service.tenants.get(tenant_id) if tenant_id is not None else None
    account = service.accounts.get(tenant.id, path["account"]) if tenant is not None else None
    if tenant is None or account is None or account.deleted_at is not None:
        raise fail("signature_refused")
    secrets = [secret_text(service, tenant, one.id) for one in tenant.inbox_secrets]
    if not is_signed(secrets, headers, raw, service.clock.now()):
        raise fail("signature_refused")
    return Admission(account, None, frozenset({Capability.WORK}))
