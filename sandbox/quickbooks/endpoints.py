"""Names of the endpoints below /v3/company/{realmId}, to count and to break by."""


def endpoint(path: str) -> str:
    """A path with its ids taken out: "/bill", "/bill/{id}", "/query"."""
    segments = path.strip("/").lower().split("/")
    return "/" + "/".join([segments[0], *("{id}" for _ in segments[1:])])
