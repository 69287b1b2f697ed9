"""Names of the API's endpoints, to count by."""

API_PREFIX = "/v3.1"


def endpoint(path: str) -> str:
    """A path with its ids taken out: "/attachments/{id}/file"."""
    first, *rest = path.strip("/").split("/")
    named = [part if part in ("file", "release", "lead") else "{id}" for part in rest]
    return "/" + "/".join([first, *named])


def collection(path: str) -> str:
    """The first segment of a path."""
    return path.strip("/").partition("/")[0]
