"""The API of the tenant, accounts, members, connections, settings and events."""

from typing import Final

from functions.connect.routes import ROUTES
from shared.aws.entry import LambdaHandler, entry
from shared.usecases.gate import GATE

handler: Final[LambdaHandler] = entry(ROUTES, GATE)
