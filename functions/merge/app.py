"""The API of merges."""

from typing import Final

from functions.merge import routes
from shared.aws.entry import LambdaHandler, entry
from shared.aws.http import Route
from shared.usecases.gate import GATE

ROUTES: Final[list[Route]] = [*routes.ROUTES]
handler: Final[LambdaHandler] = entry(ROUTES, GATE)
