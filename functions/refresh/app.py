"""The API of lists and refreshes."""

from typing import Final

from functions.refresh import contact_routes, routes
from shared.aws.entry import LambdaHandler, entry
from shared.aws.http import Route
from shared.usecases.gate import GATE

ROUTES: Final[list[Route]] = [*routes.ROUTES, *contact_routes.ROUTES]
handler: Final[LambdaHandler] = entry(ROUTES, GATE)
