"""The API of lists and refreshes."""

from typing import Final

from functions.refresh.routes import ROUTES
from shared.aws.entry import LambdaHandler, entry
from shared.usecases.gate import GATE

handler: Final[LambdaHandler] = entry(ROUTES, GATE)
