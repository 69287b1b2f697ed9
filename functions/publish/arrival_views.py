"""What callers see of how an item came in."""

from shared.aws.http import View
from shared.domain.items import FetchStatus, FileFetch, Quarantined


class QuarantinedView(View):
    """A member of the document that means nothing here: where it stood, its JSON text, why it was put aside."""

    field: str
    value: str
    reason: str

    @classmethod
    def each(cls, quarantine: tuple[Quarantined, ...]) -> "list[QuarantinedView]":
        return [cls(field=one.field, value=one.value, reason=one.reason) for one in quarantine]


class FetchView(View):
    """A file that is still fetched from its address, or could not be: `reasons` of the item say why."""

    url: str
    status: FetchStatus

    @classmethod
    def maybe(cls, fetch: FileFetch | None) -> "FetchView | None":
        return None if fetch is None else cls(url=fetch.url, status=fetch.status)
