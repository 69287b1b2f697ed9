"""The API of items and publications."""

from typing import Final

from functions.publish import routes_items, routes_publications
from shared.aws.entry import LambdaHandler, entry
from shared.usecases.gate import GATE

handler: Final[LambdaHandler] = entry([*routes_items.ROUTES, *routes_publications.ROUTES], GATE)
