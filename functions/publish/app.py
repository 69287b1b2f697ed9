"""The API of items, publications and rules."""

from typing import Final

from functions.publish import (
    routes_approval,
    routes_bank,
    routes_bulk,
    routes_duplicates,
    routes_export,
    routes_items,
    routes_publications,
    routes_rule_transfer,
    routes_rules,
    routes_unresolved,
)
from functions.publish.routes_inbox import ROUTES as INBOX_ROUTES
from shared.aws.entry import LambdaHandler, entry
from shared.aws.http import Route
from shared.usecases.gate import GATE

ROUTES: Final[list[Route]] = [
    *routes_export.ROUTES,  # before the routes of single items: the first that fits is taken
    *routes_rule_transfer.ROUTES,
    *routes_items.ROUTES,
    *INBOX_ROUTES,
    *routes_publications.ROUTES,
    *routes_rules.ROUTES,
    *routes_duplicates.ROUTES,
    *routes_bulk.ROUTES,
    *routes_bank.ROUTES,
    *routes_approval.ROUTES,
    *routes_unresolved.ROUTES,
]
handler: Final[LambdaHandler] = entry(ROUTES, GATE)
