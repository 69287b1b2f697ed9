"""Paths of BILL's API as the counts and the late commits name them."""

from sandbox.bill.lists import CLASSIFICATIONS

_WORDS = frozenset(
    {
        *CLASSIFICATIONS,
        "vendors",
        "bills",
        "customers",
        "users",
        "roles",
        "bulk",
        "archive",
        "restore",
        "classifications",
        "documents",
        "upload-status",
        "organizations",
        "login",
        "session",
        "logout",
        "bill-approvals",
        "policies",
        "actions",
        "pending-user-approvals",
        "subscriptions",
        "subscription",
        "security-key",
        "events",
        "catalog",
        "payments",
        "network",
        "vendor-credits",
    }
)


def endpoint(path: str) -> str:
    """A path with its ids as {id}: "/documents/bills/{id}"."""
    return "/" + "/".join(part if part in _WORDS else "{id}" for part in path.strip("/").split("/"))


def collection(path: str) -> str:
    """What a later look-up asks for: "/bills" for every path of bills, "/documents" for every path of documents."""
    parts = path.strip("/").split("/")
    return "/" + "/".join(parts[:2] if parts[0] == "classifications" else parts[:1])
