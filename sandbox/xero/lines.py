"""Reading and checking the lines of a document: accounts, tax types, items, tracking, amounts.

Messages are Xero's own where they are known from its description or from recorded answers; those marked assumed are
not, and stand in constants so that a recorded wording can replace them.
"""

from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from sandbox.xero import tax
from sandbox.xero.books import Books, folded
from sandbox.xero.formats import Record, cents, post_data_invalid, read_number, read_text

MOST_TRACKING_PER_LINE = 2
TRACKING_UNKNOWN = "The tracking category or option '{0}' could not be found or is not active."  # assumed wording
TRACKING_TOO_MANY = "A maximum of 2 tracking categories can be specified on a line item."  # assumed wording
ITEM_UNKNOWN = "Item code '{0}' is not valid"
NEGATIVE_QUANTITY = "Quantity must not be less than zero"  # wording of a third party's help page, see X34
_NOT_ON_LINES = ("DEBTORS", "CREDITORS", "BANKCURRENCYGAIN", "RETAINEDEARNINGS", "UNPAIDEXPCLM", "TRACKINGTRANSFERS")
_TAX_SIDES = {"sales": "ACCREC RECEIVE", "purchases": "ACCPAY SPEND"}
_APPLIES = {
    "ASSET": "CanApplyToAssets",
    "EQUITY": "CanApplyToEquity",
    "EXPENSE": "CanApplyToExpenses",
    "LIABILITY": "CanApplyToLiabilities",
    "REVENUE": "CanApplyToRevenue",
}


@dataclass(frozen=True)
class LineRules:
    """What the checks of a line depend on: the document's Type, whether it enters the ledger, and its tax mode."""

    books: Books
    document_type: str
    complete: bool
    line_amount_types: str
    unitdp: int


@dataclass
class Problems:
    """Messages gathered for one element: errors refuse it, warnings go with it."""

    errors: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)

    def error(self, message: str) -> None:
        """Add an error once, however many lines share it."""
        if message not in self.errors:
            self.errors.append(message)


def read_lines(rules: LineRules, raw: Any, path: str, problems: Problems) -> list[Record]:
    """The lines of a document as stored. Raises RefusedError (400) for what is not a list of objects."""
    if not isinstance(raw, list) or not all(isinstance(line, dict) for line in raw):
        raise post_data_invalid(f"Error converting value to a list of LineItem. Path '{path}'.")
    return [_line(rules, line, f"{path}[{at}]", problems) for at, line in enumerate(raw)]


def _line(rules: LineRules, raw: Record, path: str, problems: Problems) -> Record:
    item = _item(rules, raw, path, problems)
    line: Record = {
        "LineItemID": raw.get("LineItemID") or rules.books.new_id(),
        "Description": read_text(raw.get("Description") or item.get("Description", ""), f"{path}.Description"),
        "ItemCode": item.get("Code"),
        "ValidationErrors": [],
    }
    if not line["Description"]:
        problems.error("The description field is mandatory for each line item.")
    line.update(_amounts(rules, raw, item, path, problems))
    account = _account(rules, raw, item, path, problems)
    line["AccountCode"] = account.get("Code") if account else None
    line["AccountID"] = account["AccountID"] if account else None
    line.update(_tax(rules, raw, line, account=account, item=item, problems=problems))
    line["Tracking"] = _tracking(rules.books, raw.get("Tracking") or [], path, problems)
    return line


def _item(rules: LineRules, raw: Record, path: str, problems: Problems) -> Record:
    """Defaults of the line's product or service for this side of the ledger; empty without one."""
    if not raw.get("ItemCode"):
        return {}
    code = read_text(raw["ItemCode"], f"{path}.ItemCode")
    item = rules.books.find("Items", "code", code)
    if item is None:
        problems.error(ITEM_UNKNOWN.format(code))
        return {}
    purchase = rules.document_type.startswith(("ACCPAY", "SPEND"))
    details = item.get("PurchaseDetails" if purchase else "SalesDetails") or {}
    description = item.get("PurchaseDescription" if purchase else "Description") or item.get("Name", "")
    return {"Code": item["Code"], "Description": description, **details}


def _amounts(rules: LineRules, raw: Record, item: Record, path: str, problems: Problems) -> Record:
    given = {
        name: read_number(raw[name], f"{path}.{name}")
        for name in ("Quantity", "UnitAmount", "LineAmount", "DiscountRate")
        if raw.get(name) is not None
    }
    quantity = given.get("Quantity", Decimal(1)).quantize(Decimal("0.0001"), ROUND_HALF_UP)
    if quantity < 0:
        problems.error(NEGATIVE_QUANTITY)
    if given.get("DiscountRate") and not rules.document_type.startswith("ACCREC"):
        problems.error(f"Discounts may not be applied to {rules.document_type} invoices.")
    unit = given.get("UnitAmount", item.get("UnitPrice"))
    if unit is None:
        unit = given["LineAmount"] / quantity if given.get("LineAmount") and quantity else Decimal(0)
        unit = unit.quantize(Decimal("0.0001"), ROUND_HALF_UP)
        derived = True
    else:
        unit = unit.quantize(Decimal(1).scaleb(-rules.unitdp), ROUND_HALF_UP)
        derived = False
    line: Record = {"Quantity": quantity, "UnitAmount": unit}
    if given.get("DiscountRate"):
        line["DiscountRate"] = given["DiscountRate"]
    expected = cents(given["LineAmount"]) if derived and "LineAmount" in given else tax.line_amount(line)
    if "LineAmount" in given and cents(given["LineAmount"]) != expected:
        problems.error(
            f"The line total {given['LineAmount']:.2f} does not match the expected line total {expected:.2f}"
        )
    line["LineAmount"] = expected
    return line


def _account(rules: LineRules, raw: Record, item: Record, path: str, problems: Problems) -> Record | None:
    books, code = rules.books, raw.get("AccountCode") or item.get("AccountCode")
    if raw.get("AccountID"):
        account, label = books.get("Accounts", raw["AccountID"]), str(raw["AccountID"])
    elif code:
        label = read_text(code, f"{path}.AccountCode")
        account = books.find("Accounts", "code", label)
    else:
        if rules.complete:
            problems.error("Account code or ID must be specified")
        return None
    if account is None and not rules.complete:
        # Recorded from Xero: a draft keeps going without the account, with a warning.
        problems.warnings.append(f"Account code '{label}' has been removed as it does not match a recognised account.")
        return None
    if account is None or account["Type"] == "BANK" or account.get("SystemAccount") in _NOT_ON_LINES:
        problems.error(f"Account code '{label}' is not a valid code for this document.")
        return None
    if account["Status"] != "ACTIVE":
        problems.error(
            f"Account code '{account.get('Code') or label}' has been archived, or has been deleted. "
            "Each line item must reference a valid account."
        )
        return None
    return account


def _tax(
    rules: LineRules, raw: Record, line: Record, *, account: Record | None, item: Record, problems: Problems
) -> Record:
    """TaxType and TaxAmount of a line: given, else the item's, else the account's own."""
    if rules.line_amount_types == "NoTax":
        return {"TaxType": "NONE", "TaxAmount": tax.ZERO}
    chosen = raw.get("TaxType") or item.get("TaxType")
    tax_type = str(chosen or (account or {}).get("TaxType") or "NONE")
    rate = rules.books.get("TaxRates", tax_type)
    if rate is None or rate["Status"] != "ACTIVE":
        problems.error(f"The TaxType code '{tax_type}' does not exist or cannot be used for this type of transaction.")
        return {"TaxType": tax_type, "TaxAmount": tax.ZERO}
    if account is not None and not rate[_APPLIES[account["Class"]]]:
        problems.error(f"The TaxType code '{tax_type}' cannot be used with account code '{account.get('Code')}'.")
    elif chosen and rate["_side"] in _TAX_SIDES and not _fits(rules.document_type, _TAX_SIDES[rate["_side"]]):
        problems.error(f"The TaxType code '{tax_type}' does not exist or cannot be used for this type of transaction.")
    amount = tax.line_tax(line["LineAmount"], rate["EffectiveRate"], rules.line_amount_types)
    if raw.get("TaxAmount") is not None:
        amount = cents(read_number(raw["TaxAmount"], "TaxAmount"))
        if abs(amount) > abs(line["LineAmount"]):
            problems.error("The tax amount cannot be greater than the line amount.")
    return {"TaxType": tax_type, "TaxAmount": amount}


def _fits(document_type: str, kinds: str) -> bool:
    return any(document_type.startswith(kind) for kind in kinds.split())


def _tracking(books: Books, raw: Any, path: str, problems: Problems) -> list[Record]:
    if not isinstance(raw, list) or not all(isinstance(one, dict) for one in raw):
        raise post_data_invalid(f"Error converting value to a list of TrackingCategory. Path '{path}.Tracking'.")
    if len(raw) > MOST_TRACKING_PER_LINE:
        problems.error(TRACKING_TOO_MANY)
    chosen = [_tracked(books, one) for one in raw]
    for one, found in zip(raw, chosen, strict=True):
        if found is None:
            label = one.get("Option") or one.get("TrackingOptionID") or one.get("Name") or ""
            problems.error(TRACKING_UNKNOWN.format(label))
    return [found for found in chosen if found is not None]


def _tracked(books: Books, one: Record) -> Record | None:
    """An active category and option, by ids or by names."""
    for category in books.tables["TrackingCategories"].values():
        by_id = category["TrackingCategoryID"] == str(one.get("TrackingCategoryID", "")).lower()
        if category["Status"] != "ACTIVE" or not (
            by_id or folded(category["Name"]) == folded(str(one.get("Name", "")))
        ):
            continue
        for option in category["Options"]:
            same = option["TrackingOptionID"] == str(one.get("TrackingOptionID", "")).lower()
            if option["Status"] == "ACTIVE" and (same or folded(option["Name"]) == folded(str(one.get("Option", "")))):
                return {
                    "Name": category["Name"],
                    "Option": option["Name"],
                    "TrackingCategoryID": category["TrackingCategoryID"],
                    "TrackingOptionID": option["TrackingOptionID"],
                }
    return None
