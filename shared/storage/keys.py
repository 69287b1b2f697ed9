"""The parts of keys that several nouns share. Every key begins with tenant and account where there are any."""

from shared.domain.lists import Book


def part(text: str) -> str:
    """A text from outside as part of a key: without separators; no two texts alike. Raises ValueError."""
    if not text:
        raise ValueError("an empty text is not part of a key")
    return text.replace("%", "%25").replace("#", "%23")


def tenant_key(tenant: str, *rest: str) -> str:
    return "#".join(["T", part(tenant), *rest])


def account_key(tenant: str, account: str, *rest: str) -> str:
    return tenant_key(tenant, "A", part(account), *rest)


def queue_key(tenant: str, provider: str, organisation: str) -> str:
    """Where the pending markers and batches of one organisation lie, over all accounts of the tenant."""
    return tenant_key(tenant, "O", organisation_part(provider, organisation))


def organisation_part(provider: str, organisation: str) -> str:
    return f"{part(provider)}:{part(organisation)}"


def book_key(book: Book, *rest: str) -> str:
    return account_key(book.tenant, book.account, "B", organisation_part(book.provider, book.organisation), *rest)
