"""The API of consent: the one API function that may open the vault."""

from typing import Final

from functions.connect.oauth_routes import ROUTES
from shared.aws.entry import LambdaHandler, entry
from shared.usecases.gate import GATE

handler: Final[LambdaHandler] = entry(ROUTES, GATE)
