"""The lists that are read more than written: classifications, customers, users, roles.

Source: developer.bill.com, reference pages of each (body fields, 50 in one bulk request). The types of accounts are
those of v2's ChartOfAccount in v3's spelling (assumed).
"""

from sandbox.bill.books import Books
from sandbox.bill.formats import Record, bad_field, broken_rule, known_only, read_object, read_text
from sandbox.bill.wire import ApiCall

MOST_IN_BULK = 50
CLASSIFICATIONS = (
    "chart-of-accounts",
    "accounting-classes",
    "departments",
    "locations",
    "jobs",
    "items",
    "employees",
)
ACCOUNT_TYPES = (
    "UNSPECIFIED",
    "ACCOUNTS_PAYABLE",
    "ACCOUNTS_RECEIVABLE",
    "BANK",
    "COST_OF_GOODS_SOLD",
    "CREDIT_CARD",
    "EQUITY",
    "EXPENSE",
    "FIXED_ASSET",
    "INCOME",
    "LONG_TERM_LIABILITY",
    "OTHER_ASSET",
    "OTHER_CURRENT_ASSET",
    "OTHER_CURRENT_LIABILITY",
    "OTHER_EXPENSE",
    "OTHER_INCOME",
    "NON_POSTING",
)
_PLAIN = ("name", "shortName", "description", "parentId")
_FIELDS: dict[str, tuple[str, ...]] = {
    "chart-of-accounts": ("name", "description", "parentId", "account"),
    "items": (*_PLAIN, "type", "price", "expenseChartOfAccountId", "purchaseDescription", "purchaseCost"),
    "employees": ("firstName", "lastName", "shortName", "parentId"),
    "customers": ("name", "companyName", "email", "phone", "description", "accountNumber", "accountType"),
}
_NEEDED: dict[str, tuple[str, ...]] = {"employees": ("lastName",), "customers": ("name", "email")}
_TEXT = 200  # assumed length of names and the like


def create(books: Books, call: ApiCall, table: str, body: object) -> Record:
    """One new entry. Raises RefusedError."""
    return books.create(table, _fields(books, table, read_object(body), creating=True), call.now)


def create_all(books: Books, call: ApiCall, table: str, body: object) -> list[Record]:
    """POST .../bulk: all or none."""
    if not isinstance(body, list) or not 1 <= len(body) <= MOST_IN_BULK:
        raise bad_field(f"size must be between 1 and {MOST_IN_BULK}")
    return [create(books, call, table, element) for element in body]


def update(books: Books, call: ApiCall, table: str, entry: Record, body: object) -> Record:
    """PATCH: the fields sent replace those stored."""
    changes = _fields(books, table, read_object(body), creating=False)
    return books.update(table, {**entry, **changes}, call.now)


def set_archived(books: Books, call: ApiCall, table: str, entry: Record, archived: bool) -> Record:
    """Archive or restore; doing it twice is not an error. Archiving an account archives those below it, restoring
    does not bring them back (as seen from the live service)."""
    if archived and table == "chart-of-accounts":
        for child in [one for one in books.tables[table].values() if one.get("parentId") == entry["id"]]:
            set_archived(books, call, table, child, archived)
    if entry["archived"] == archived:
        return entry
    return books.update(table, {**entry, "archived": archived}, call.now)


def _fields(books: Books, table: str, given: Record, *, creating: bool) -> Record:
    known = _FIELDS.get(table, _PLAIN)
    known_only(given, known)
    needed = _NEEDED.get(table, ("name",))
    draft: Record = {}
    for name in known:
        if name in ("account", "price", "purchaseCost"):
            continue
        required = name in needed and (creating or name in given)
        text = read_text(given.get(name), name, 4_000 if name.endswith("escription") else _TEXT, required=required)
        if text is not None:
            draft[name] = text
    draft |= {name: given[name] for name in ("price", "purchaseCost") if given.get(name) is not None}
    if "account" in given:
        draft["account"] = _account(given["account"])
    if "parentId" in draft and books.get(table, draft["parentId"]) is None:
        raise broken_rule(f"parentId: {draft['parentId']} does not exist")
    return draft


def _account(value: object) -> Record:
    given = read_object(value, "account")
    known_only(given, ("type", "number"), "account.")
    if given.get("type", "UNSPECIFIED") not in ACCOUNT_TYPES:
        raise bad_field(f"account.type: must be one of {', '.join(ACCOUNT_TYPES)}")
    return given
