"""Which items look like one document: a small row for each item that is compared, found by what they have in common."""

from shared.domain.duplicates import Duplicate
from shared.domain.items import Item
from shared.storage.codec import SCHEMA
from shared.storage.keys import account_key, part
from shared.storage.operations import Check, Delete, Operation, Put

LIKENESS = "pk T#<tenant>#A#<account>#D, sk <key>#<item>"


def likeness_operations(item: Item, before: Duplicate | None, after: Duplicate | None) -> list[Operation]:
    """The writes for an item whose key was `before`'s and is `after`'s; none where it stays."""
    old, new = before.key if before else None, after.key if after else None
    if old == new:
        return []
    operations: list[Operation] = []
    ours = Check("attribute_not_exists(#pk) OR #item = :item", {"item": item.id})
    if old is not None:
        operations.append(Delete(_key(item, old), ours))
    if new is not None:
        pk, sk = _key(item, new)
        operations.append(Put({"pk": pk, "sk": sk, "schema": SCHEMA, "item": item.id}, ours))
    return operations


def alike_key(tenant: str, account: str, key: str) -> tuple[str, str]:
    """The partition, and what the rows of one key begin with."""
    return account_key(tenant, account, "D"), f"{part(key)}#"


def _key(item: Item, key: str) -> tuple[str, str]:
    pk, begins = alike_key(item.tenant, item.account, key)
    return pk, begins + part(item.id)
