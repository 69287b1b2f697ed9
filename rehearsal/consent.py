"""Access to one organisation of a sandbox, given as a person would give it."""

import json
from collections.abc import Callable
from datetime import datetime
from typing import cast

import httpx

from rehearsal.sandbox_process import SandboxClient, form_action, hidden
from rehearsal.software import Software
from shared.domain.secrets import Secret
from shared.providers import oauth, registry
from shared.providers.contract import SignsIn
from shared.providers.facts import CredentialFacts, OAuthFacts

_VERIFIER = Secret("v" * 64)


def organisation_id(sandbox: SandboxClient, software: Software) -> str:
    """The provider's own id of the organisation that tests work with."""
    listed, field = software.listed
    rows = sandbox.read(f"/{software.name}/{listed}")
    return next(str(row[field]) for row in rows if row["name"] == software.organisation)


def consented(
    sandbox: SandboxClient, software: Software, now: Callable[[], datetime], organisation: str | None = None
) -> oauth.TokenAnswer:
    """The pair of one consent, or of one sign-in where credentials are typed in; `consent_event` as a grant keeps it.

    The organisation is that which tests work with, unless another one's id is given.
    """
    chosen = organisation or organisation_id(sandbox, software)
    base = f"{sandbox.base}/{software.name}"
    app = oauth.App(software.client_id, Secret(software.client_secret), base, now)
    facts = registry.profile(software.name).access
    if isinstance(facts, CredentialFacts):
        typed = {**software.credentials, facts.organisation_field: chosen}
        provider = cast(SignsIn, registry.provider(software.name))
        pair = provider.sign_in(app, Secret(json.dumps(typed)))
        return oauth.TokenAnswer(pair, chosen, chosen, ())
    return _through_the_pages(sandbox, software, facts, app, chosen)


def _through_the_pages(
    sandbox: SandboxClient, software: Software, facts: OAuthFacts, app: oauth.App, organisation: str
) -> oauth.TokenAnswer:
    redirect_uri = f"http://localhost:5173/oauth/{software.name}/callback"
    url = oauth.authorize_url(facts, app, redirect_uri=redirect_uri, state="s1", code_verifier=_VERIFIER)
    back = _walked(sandbox, url, software.user, organisation)
    told = oauth.exchange(
        facts, app, code=Secret(back.params["code"]), redirect_uri=redirect_uri, code_verifier=_VERIFIER
    )
    if facts.organisation_parameter is None:
        return told
    return oauth.TokenAnswer(told.pair, told.subject, back.params[facts.organisation_parameter], told.scopes)


def _walked(sandbox: SandboxClient, url: str, user: str, organisation: str) -> httpx.URL:
    """Log in and agree; returns where the browser is sent."""
    page = sandbox.http.get(url)
    assert page.status_code == 200, page.text
    answer = sandbox.http.post(sandbox.base + form_action(page.text), data={"user": user})
    if answer.status_code == 200:
        form = {"session": hidden(answer.text, "session"), "decision": "allow"}
        if 'name="organisation"' in answer.text:
            form["organisation"] = organisation
        answer = sandbox.http.post(sandbox.base + form_action(answer.text), data=form)
    assert answer.status_code == 302, answer.text
    return httpx.URL(answer.headers["location"])
