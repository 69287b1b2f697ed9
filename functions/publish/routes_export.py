"""The route that writes items and expense claims as CSV."""

from typing import Final, Literal

from pydantic import Field

from shared.aws.http import Answer, PageQuery, Request, Route
from shared.domain.accounts import Capability
from shared.domain.items import Place, Side, Stage
from shared.usecases.export_items import Exported, export_items
from shared.usecases.service import Service


class ExportQuery(PageQuery):
    """What is exported: items, or expense claims."""

    of: Literal["items", "claims"] = "items"
    side: Side | None = None
    stage: Stage | None = None
    place: Place | None = None
    limit: int = Field(100, ge=1, le=200, description="Items per page")


def get_export(service: Service, request: Request) -> Answer:
    """A page of CSV; where the next one starts is a header."""
    query = request.query(ExportQuery)
    chosen = Exported(query.side, query.stage, query.place, claims=query.of == "claims")
    text, after = export_items(service, request.in_account, chosen, position=request.position(), limit=query.limit)
    cursor = request.next_cursor(after)
    headers = {"content-disposition": f'attachment; filename="{query.of}.csv"', "cache-control": "no-store"}
    more = {} if cursor is None else {"next-cursor": cursor}
    return Answer(text=text, content_type="text/csv; charset=utf-8", headers={**headers, **more})


ROUTES: Final = [
    Route(
        "GET",
        "/v1/accounts/{account}/items/export",
        get_export,
        "Items or expense claims as CSV",
        query=ExportQuery,
        capability=Capability.READ,
        content_type="text/csv",
        description=(
            "One row for each line of an item; a claim has the lines of its items. Amounts are plain decimals; cells "
            "that a spreadsheet would run as formulas begin with an apostrophe. While there is more, the header "
            "`next-cursor` holds the next page's `cursor`; only the first page has a header row, so that the pages "
            "behind each other are one file. A page may be short, or empty, before the last."
        ),
    ),
]
