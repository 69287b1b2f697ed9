"""What tests of automatic publishing say to the API."""

from typing import Any

from rehearsal.papers import LINKED
from tests.integration.rules_13.api import Api


def entry_id(api: Api, kind: str, name: str) -> str:
    """The local id of an entry by its name."""
    found = api.ok("GET", f"lists/{kind}", q=name)["entries"]
    return str(next(one["id"] for one in found if one["name"] == name))


def rule(api: Api, kind: str, subject: str, **decides: Any) -> dict[str, Any]:
    made: dict[str, Any] = api.ok("POST", "rules", {"kind": kind, "subject": subject, **decides})
    return made


def supplier_rule(api: Api, auto_publish: str, **decides: Any) -> dict[str, Any]:
    """The rule of the supplier that papers name."""
    subject = entry_id(api, "suppliers", api.world.papers.supplier)
    return rule(api, "supplier", subject, auto_publish=auto_publish, **decides)


def method_rule(api: Api, auto_publish: str) -> dict[str, Any]:
    """The rule of the payment method that paid papers name."""
    return rule(api, "payment_method", entry_id(api, "payment_methods", LINKED), auto_publish=auto_publish)


def automation(api: Api, **changes: Any) -> dict[str, Any]:
    """Change what the account does by itself."""
    said: dict[str, Any] = api.ok("PATCH", "automation", changes, version=api.world.account.version)
    return said


def decision(item: dict[str, Any]) -> tuple[bool, str, str]:
    said = item["auto_publish"]
    return said["decided"], said["level"], said["reason"]
