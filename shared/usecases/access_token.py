"""The fenced refresh: one valid access token for a grant, whoever asks, however many ask at once.

Rotating refresh tokens make a double refresh fatal, so a refresh is fenced by a lease on the grant and written on
condition of its token_version before anyone uses it. Nothing is assumed about what was lost on the way: a pair whose
write failed is written again until the deadline, an answer that never came is asked for again within the provider's
grace, and invalid_grant counts only if no newer pair turns up.
"""

import random
import time
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final
from uuid import uuid4

from shared.aws.log import count, logger
from shared.domain.errors import ConflictError, LedgerbridgeError, Problem, fail
from shared.domain.grants import REFRESH_MARGIN, Grant, GrantStatus, TokenPair, is_fresh, lease_is_held
from shared.domain.secrets import Secret
from shared.usecases.lose_connection import grant_expired
from shared.usecases.provider_app import TOKEN_CALL, provider_app
from shared.usecases.service import Service

if TYPE_CHECKING:
    from shared.aws.vault import DataKey
    from shared.providers.contract import CallFailed
    from shared.providers.facts import Profile

LEASE: Final = timedelta(seconds=30)  # longer than the call and the write after it
PATIENCE: Final = timedelta(seconds=20)  # how long a caller waits in all, unless it says otherwise
LATE_PAIR: Final = timedelta(seconds=3)  # how long a pair may still be on its way from a holder that was overtaken
_SHORTEST_POLL: Final = 0.1  # seconds
_LONGEST_POLL: Final = 1.0
_MOST_CALLS: Final = 4  # of the token endpoint for one caller


@dataclass(frozen=True, slots=True)
class Access:
    """A valid access token. `token_version` names the pair it is of; `fresh_until` is when to ask again."""

    token: Secret
    token_version: int
    grant: Grant
    fresh_until: datetime

    @property
    def grant_id(self) -> str:
        return self.grant.id

    def is_fresh(self, now: datetime) -> bool:
        return now < self.fresh_until


def access_token(
    service: Service,
    tenant: str,
    grant_id: str,
    *,
    refused_version: int | None = None,
    deadline: datetime | None = None,
) -> Access:
    """The grant's access token, refreshed where it is old or where `refused_version` is the one that was refused.

    Raises connection_expired when the grant is dead (its connections have been marked), provider_not_set_up, and
    provider_unavailable or busy when no token could be had before `deadline` (UTC; 20 seconds from now by default).
    """
    turn = _Turn(service, tenant, grant_id, refused_version, deadline or service.clock.now() + PATIENCE)
    while True:
        found = turn.look()
        if found is not None:
            return found
        turn.wait()


class _Turn:
    """One caller's way to a token: look, take the lease, refresh; or wait for whoever holds the lease."""

    def __init__(
        self, service: Service, tenant: str, grant_id: str, refused_version: int | None, deadline: datetime
    ) -> None:
        self.service = service
        self.tenant = tenant
        self.grant_id = grant_id
        self.refused_version = refused_version
        self.deadline = deadline
        self.owner = uuid4().hex
        self.margin = service.clock.scale(REFRESH_MARGIN)
        self.poll = _SHORTEST_POLL
        self.calls = 0
        self.failure = Problem("busy")

    # --- looking and waiting
    def look(self) -> Access | None:
        """A token if there is one or one could be got; None when it is to be looked for again after a wait."""
        grant, wrapped, sealed = self._read()
        now = self.service.clock.now()
        wanted = self.refused_version is None or grant.token_version > self.refused_version
        # Unwrapped before anything is sent: from here on no failure of KMS can cost us a pair.
        key = self.service.vault.unwrap(self.tenant, grant.id, wrapped)
        if wanted and is_fresh(grant, now, self.margin):
            return self._access(grant, key.open(sealed, grant.token_version))
        if lease_is_held(grant, now):
            return None
        try:
            self.service.grants.take_lease(grant, self.owner, now + LEASE, now)
        except ConflictError:
            return None
        return self._refresh_under_lease(grant, key)

    def wait(self) -> None:
        """Until it makes sense to look again; raises what stood in the way when the deadline comes first."""
        left = (self.deadline - self.service.clock.now()).total_seconds()
        if left <= 0:
            raise LedgerbridgeError(self.failure)
        time.sleep(min(left, self.poll * random.uniform(0.5, 1.0)))  # noqa: S311 - jitter, no secret
        self.poll = min(_LONGEST_POLL, self.poll * 1.5)

    def _read(self) -> tuple[Grant, bytes, bytes]:
        found: tuple[Grant, bytes, bytes] | None = self.service.grants.sealed(self.tenant, self.grant_id)
        if found is None:
            raise fail("connection_expired")
        grant = found[0]
        if grant.status is GrantStatus.EXPIRED:
            grant_expired(self.service, grant)  # a worker that died between the two writes is made good
        if grant.status in {GrantStatus.EXPIRED, GrantStatus.LET_GO}:
            raise fail("connection_expired")
        if grant.status is GrantStatus.PENDING:
            raise fail("connection_not_active")
        return found

    def _access(self, grant: Grant, pair: TokenPair) -> Access:
        return Access(pair.access, grant.token_version, grant, grant.access_expires_at - self.margin)

    # --- refreshing
    def _refresh_under_lease(self, seen: Grant, key: "DataKey") -> Access | None:
        grant, _, sealed = self._read()
        if grant.token_version != seen.token_version:
            self._let_go(grant)
            return None
        pair = key.open(sealed, grant.token_version)
        from shared.providers.contract import CallFailed
        from shared.providers.oauth import InvalidGrant, LostAnswer

        try:
            new = self._call(grant, pair)
        except InvalidGrant:
            self._after_invalid_grant(seen)
            return None
        except LostAnswer as lost:
            self._after_lost_answer(grant, lost)
            return None
        except CallFailed as failed:
            self._note(failed)
            self._let_go(grant)
            return None
        except LedgerbridgeError:
            self._let_go(grant)
            raise
        return self._store(grant, new, key)

    def _call(self, grant: Grant, pair: TokenPair) -> TokenPair:
        from shared.providers import oauth
        from shared.providers.contract import SignsIn
        from shared.providers.facts import CredentialFacts

        self.calls += 1
        if self.calls > _MOST_CALLS:
            raise LedgerbridgeError(self.failure)
        app = provider_app(self.service, grant.provider)
        self.service.grants.mark_sent(grant, self.owner, self.service.clock.now())
        count("token_calls")
        facts = _profile(grant).access
        if not isinstance(facts, CredentialFacts):
            return oauth.refresh(facts, app, refresh_token=pair.refresh)
        connector = self.service.provider(grant.provider)
        if not isinstance(connector, SignsIn):
            raise TypeError(f"{grant.provider} states credentials and has no sign_in")
        return connector.sign_in(app, pair.refresh)

    def _store(self, grant: Grant, pair: TokenPair, key: "DataKey") -> Access:
        """Write the pair before its first use. It is the only copy, so this is tried until the deadline."""
        after = replace(
            grant,
            status=GrantStatus.ACTIVE,
            token_version=grant.token_version + 1,
            access_expires_at=pair.expires_at,
            lease_owner=None,
            lease_until=None,
            refresh_sent_at=None,
        )
        sealed = key.seal(pair, after.token_version)
        last = max(self.deadline, self.service.clock.now() + TOKEN_CALL)
        while True:
            try:
                stored = self.service.grants.store_pair(after, sealed, grant.token_version)
            except ConflictError:
                return self._overtaken(after, sealed, pair)
            except Exception:
                if self.service.clock.now() >= last:
                    logger.exception("a token pair could not be stored", extra={"grant": grant.id})
                    raise
                time.sleep(random.uniform(0.05, 0.3))  # noqa: S311 - jitter, no secret
            else:
                count("tokens_refreshed")
                return self._access(stored, pair)

    def _overtaken(self, after: Grant, sealed: bytes, pair: TokenPair) -> Access:
        """The condition failed: our own earlier write arrived after all, or another holder has stored a newer pair."""
        grant, wrapped, stored = self._read()
        if stored == sealed:
            return self._access(grant, pair)
        logger.warning("another refresh was faster", extra={"grant": grant.id, "ours": after.token_version})
        key = self.service.vault.unwrap(self.tenant, grant.id, wrapped)
        return self._access(grant, key.open(stored, grant.token_version))

    # --- what may go wrong
    def _after_invalid_grant(self, seen: Grant) -> None:
        """Dead, unless a newer pair turns up: of a holder that was overtaken while it was writing."""
        until = self.service.clock.now() + (LATE_PAIR if seen.refresh_sent_at else timedelta(0))
        while True:
            grant, _, _ = self._read()
            if grant.token_version != seen.token_version:
                return
            if self.service.clock.now() >= until:
                break
            time.sleep(_SHORTEST_POLL)
        if self.service.grants.mark_expired(grant, grant.token_version):
            logger.warning("the provider no longer accepts a grant", extra={"grant": grant.id})
        self._read()  # expired: marks the connections and raises; a pair that came in between: look again

    def _after_lost_answer(self, grant: Grant, lost: "CallFailed") -> None:
        """The old token again while the provider still takes it; where it has no grace, consent is needed anew."""
        logger.warning("the answer to a token call was lost", extra={"grant": grant.id, "why": lost.problem.code})
        self._note(lost)
        self._let_go(grant)
        if _profile(grant).oauth.rotation_grace is None:
            self.service.grants.mark_expired(grant, grant.token_version)
            self._read()

    def _note(self, failed: "CallFailed") -> None:
        self.failure = Problem("provider_unavailable", provider_text=failed.problem.provider_text)

    def _let_go(self, grant: Grant) -> None:
        self.service.grants.release_lease(grant, self.owner)


def _profile(grant: Grant) -> "Profile":
    from shared.providers import registry

    return registry.profile(grant.provider)
