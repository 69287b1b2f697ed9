"""The pages a person sees while connecting: log-in, consent and errors. Plain forms, so that scripts can use them:
fields `user` and `password`, then checkboxes `organisation` and a button `decision` ("allow" or "deny")."""

from collections.abc import Iterable
from dataclasses import dataclass
from html import escape

from starlette.responses import HTMLResponse

_FRAME = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>{title}</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<style>
body{{font:16px/1.5 system-ui,sans-serif;background:#f2f4f6;color:#222;margin:0}}
main{{max-width:30rem;margin:3rem auto;padding:2rem;background:#fff;border-radius:8px}}
label{{display:block;margin:.5rem 0}}
input[type=text],input[type=password]{{width:100%;padding:.5rem;box-sizing:border-box}}
fieldset{{border:1px solid #ccd;max-height:20rem;overflow:auto}} button{{padding:.6rem 1.2rem;margin:1rem .5rem 0 0}}
.alert{{background:#fde8e8;padding:.6rem 1rem}} .note{{color:#666;font-size:.875rem}}
</style></head><body><main>
{body}
<p class="note">This is a simulated provider for tests. It is not {provider}.</p>
</main></body></html>"""


@dataclass(frozen=True)
class Choice:
    """One organisation that a person can open to an app."""

    id: str
    name: str
    country: str
    currency: str
    connected: bool


def login_page(provider: str, action: str, people: Iterable[str], alert: str | None = None) -> HTMLResponse:
    """`action` is the authorisation request's own path and query; `people` are the e-mail addresses that exist."""
    known = "".join(f'<option value="{escape(email)}">' for email in people)
    body = f"""<h1>Log in to {escape(provider)} (sandbox)</h1>{alert_box(alert)}
<form method="post" action="{escape(action)}">
<label>Email address <input type="text" name="user" list="people" autocomplete="username" required autofocus></label>
<datalist id="people">{known}</datalist>
<label>Password (any, or none) <input type="password" name="password" autocomplete="off"></label>
<button type="submit">Log in</button></form>
<p class="note">People: {", ".join(escape(email) for email in people)}</p>"""
    return page(provider, "Log in", body)


def consent_page(
    provider: str,
    action: str,
    *,
    session: str,
    app_name: str,
    scopes: Iterable[str],
    choices: list[Choice],
    alert: str | None = None,
) -> HTMLResponse:
    """Checkboxes `organisation`, none ticked: the choice is the person's; and `decision`, "allow" or "deny"."""
    wanted = "".join(f"<li>{escape(scope)}</li>" for scope in scopes)
    boxes = "".join(_box(choice) for choice in choices)
    fieldset = f"<fieldset><legend>Organisations to connect</legend>{boxes}</fieldset>" if choices else ""
    body = f"""<h1>{escape(app_name)} wants access to</h1>{alert_box(alert)}
<form method="post" action="{escape(action)}"><input type="hidden" name="session" value="{escape(session)}">
{fieldset}<p>It will be able to use:</p><ul>{wanted}</ul>
<button type="submit" name="decision" value="allow">Allow access</button>
<button type="submit" name="decision" value="deny">Cancel</button></form>"""
    return page(provider, "Allow access", body)


def error_page(provider: str, error: str, detail: str, status: int = 400) -> HTMLResponse:
    body = (
        f'<h1>Sorry, something went wrong</h1><p class="alert" data-error="{escape(error)}">Error: {escape(error)}</p>'
    )
    return page(provider, "Error", f"{body}<p>{escape(detail)}</p>", status)


def _box(choice: Choice) -> str:
    note = " - already connected" if choice.connected else ""
    return (
        f'<label><input type="checkbox" name="organisation" value="{escape(choice.id)}"> '
        f"{escape(choice.name)} ({escape(choice.country)}, {escape(choice.currency)}){note}</label>"
    )


def alert_box(text: str | None) -> str:
    """A line that says what was wrong, or nothing."""
    return f'<p class="alert" role="alert">{escape(text)}</p>' if text else ""


def page(provider: str, title: str, body: str, status: int = 200) -> HTMLResponse:
    """`body` is HTML; the page says that it is not the real provider."""
    headers = {"Cache-Control": "no-store", "X-Frame-Options": "DENY"}
    return HTMLResponse(_FRAME.format(title=escape(title), body=body, provider=escape(provider)), status, headers)
