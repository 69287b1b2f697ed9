"""Who may log in to BILL, and the sessions that log-ins make.

Source: developer.bill.com, "API login" (35 minutes without a call end a session), "Token-based sign in" (user name is
the token's name, password its value; 48 hours; no MFA operation).
"""

import hmac
import secrets
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sandbox.bill.formats import LOGIN_STATUS, NO_SESSION, WRONG_DEV_KEY, WRONG_LOGIN, refused
from sandbox.bill.wire import SessionKind

IDLE: Mapping[SessionKind, timedelta] = {"user": timedelta(minutes=35), "token": timedelta(hours=48)}


@dataclass(frozen=True)
class Credential:
    """A way to log in: a person's e-mail address and password, or a sync token's name and value, for one
    organization each."""

    kind: SessionKind
    username: str
    password: str = field(repr=False)
    organization_id: str
    user_id: str


@dataclass
class Session:
    """`calls_left` is set by a test that wants the session lost after so many more calls."""

    kind: SessionKind
    username: str
    organization_id: str
    user_id: str
    dev_key: str = field(repr=False)
    last_call: datetime
    calls_left: int | None = None

    def alive(self, now: datetime) -> bool:
        return now < self.last_call + IDLE[self.kind] and self.calls_left != 0


@dataclass
class Sessions:
    """Developer keys, credentials and every session under way, by its id."""

    dev_keys: set[str]
    credentials: list[Credential]
    sessions: dict[str, Session] = field(default_factory=dict)
    revoked: list[Credential] = field(default_factory=list)

    def log_in(self, dev_key: str, username: str, password: str, organization_id: str, now: datetime) -> str:
        """A new session's id. Raises RefusedError (BDC_1102, BDC_1101)."""
        self.check_key(dev_key)
        for one in self.credentials:
            same = (one.username.casefold(), one.organization_id) == (username.casefold(), organization_id)
            if same and hmac.compare_digest(one.password.encode(), password.encode()):
                session_id = secrets.token_hex(32)
                self.sessions[session_id] = Session(one.kind, username, organization_id, one.user_id, dev_key, now)
                return session_id
        raise refused(LOGIN_STATUS, WRONG_LOGIN)

    def check_key(self, dev_key: str) -> None:
        if dev_key not in self.dev_keys:
            raise refused(LOGIN_STATUS, WRONG_DEV_KEY)

    def used(self, session_id: str, dev_key: str, now: datetime) -> Session:
        """A live session, its idle time begun anew. Raises RefusedError (401 BDC_1109)."""
        session = self.sessions.get(session_id)
        if session is None or session.dev_key != dev_key or not session.alive(now):
            self.sessions.pop(session_id, None)
            raise refused(401, NO_SESSION)
        session.last_call = now
        if session.calls_left is not None:
            session.calls_left -= 1
        return session

    def log_out(self, session_id: str) -> None:
        self.sessions.pop(session_id, None)

    def end(self, organization_id: str | None, after_calls: int) -> int:
        """End every session of an organization (None: of all) after so many more calls; how many it met."""
        met = [one for one in self.sessions.values() if organization_id in {None, one.organization_id}]
        for session in met:
            session.calls_left = after_calls
        return len(met)

    def revoke(self, username: str) -> int:
        """Delete a sync token, or a person's access: its sessions end, it logs in no more; how many it met."""
        wanted = username.casefold()
        kept = [one for one in self.credentials if one.username.casefold() != wanted]
        met = len(self.credentials) - len(kept)
        self.revoked += [one for one in self.credentials if one.username.casefold() == wanted]
        self.credentials = kept
        self.sessions = {key: one for key, one in self.sessions.items() if one.username.casefold() != wanted}
        return met

    def allow(self, username: str) -> int:
        """Make what was revoked anew, under the same names and values; how many."""
        wanted = username.casefold()
        back = [one for one in self.revoked if one.username.casefold() == wanted]
        self.revoked = [one for one in self.revoked if one not in back]
        self.credentials += back
        return len(back)

    def to_snapshot(self) -> dict[str, Any]:
        rows = {key: {**asdict(one), "last_call": one.last_call.isoformat()} for key, one in self.sessions.items()}
        credentials = [asdict(one) for one in self.credentials]
        revoked = [asdict(one) for one in self.revoked]
        return {"dev_keys": sorted(self.dev_keys), "credentials": credentials, "revoked": revoked, "sessions": rows}

    @staticmethod
    def from_snapshot(saved: Mapping[str, Any]) -> "Sessions":
        sessions = Sessions(set(saved["dev_keys"]), [Credential(**one) for one in saved["credentials"]])
        sessions.revoked = [Credential(**one) for one in saved["revoked"]]
        for key, row in saved["sessions"].items():
            sessions.sessions[key] = Session(**{**row, "last_call": datetime.fromisoformat(row["last_call"])})
        return sessions
