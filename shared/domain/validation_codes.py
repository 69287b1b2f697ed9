"""The error codes about what a document says and how it is coded."""

from typing import Final

from shared.domain.document_codes import Row
from shared.domain.errors import Handling

_ASK: Final = Handling.ASK_USER

VALIDATION: Final[list[Row]] = [
    ("date_missing", _ASK, 409, "The item has no date.", "Give the document's date."),
    (
        "date_in_future",
        _ASK,
        409,
        "The document's date is later than the accounting software takes.",
        "Correct the date, or publish again when it has come.",
    ),
    ("due_date_missing", _ASK, 409, "A due date is needed for this status.", "Give a due date, or publish as draft."),
    ("number_missing", _ASK, 409, "The document number is missing.", "Give the document's number."),
    ("lines_missing", _ASK, 409, "The item has no lines.", "Give at least one line."),
    ("lines_do_not_add_up", _ASK, 409, "The lines do not add up to the total.", "Correct the lines or the total."),
    ("total_negative", _ASK, 409, "The total is below zero.", "Make it a credit note."),
    ("quantity_negative", _ASK, 409, "A quantity is below zero.", "Use a positive quantity, or a credit note."),
    (
        "tax_wrong_side",
        _ASK,
        409,
        "The tax rate belongs to the other side (sales instead of costs, or the reverse).",
        "Choose a tax rate of the document's side.",
    ),
    (
        "reverse_charge_by_rate",
        _ASK,
        409,
        "The item is under domestic reverse charge, which a tax rate has to say here, and the line's does not.",
        "Choose a tax rate of reverse charge for every line, or clear `reverse_charge`.",
    ),
    (
        "tax_not_for_account",
        _ASK,
        409,
        "The tax rate cannot be used with the category.",
        "Choose a tax rate that fits the category.",
    ),
    ("tax_exceeds_line", _ASK, 409, "The tax is larger than its line.", "Correct the tax or the line."),
    (
        "currency_not_enabled",
        _ASK,
        409,
        "The organisation does not use this currency.",
        "Add the currency in the accounting software and reload.",
    ),
    (
        "currency_of_bank_account",
        _ASK,
        409,
        "The bank account has another currency than the item.",
        "Choose a bank account of the item's currency, or publish as a bill.",
    ),
    (
        "currencies_differ",
        _ASK,
        409,
        "The document, its supplier or customer, its categories and its payment account are not in one currency.",
        "Choose a supplier or customer and accounts of the document's currency.",
    ),
    (
        "account_type_of_destination",
        _ASK,
        409,
        "The linked account is of another type than the destination needs.",
        "Link the payment method to an account of the type named in `type`, or choose another destination.",
    ),
    (
        "product_account",
        _ASK,
        409,
        "The product posts to another category than the line's.",
        "Choose the product's own category, or another product.",
    ),
    (
        "one_per_document",
        _ASK,
        409,
        "The accounting software takes one value for the whole document, and the lines name several.",
        "Give every line the same value, or split the document.",
    ),
    (
        "customer_missing",
        _ASK,
        409,
        "A billable line names no customer or project.",
        "Choose who it is charged on to, or make the line not billable.",
    ),
    (
        "billable_not_allowed",
        _ASK,
        409,
        "A line on this category cannot be charged on to a customer.",
        "Choose an expense, asset, liability or cost of goods sold category, or make the line not billable.",
    ),
    (
        "due_date_before_date",
        _ASK,
        409,
        "The due date is before the document's date.",
        "Correct the due date.",
    ),
    (
        "tax_amount_missing",
        _ASK,
        409,
        "A line's tax is neither stated nor can it be worked out.",
        "State `tax_amount` on the line.",
    ),
    (
        "tax_rate_not_on_lines",
        _ASK,
        409,
        "The tax rate cannot stand on a line: in this country lines are taxable or not.",
        "Choose the code for taxable (TAX) or the one for not taxable (NON).",
    ),
    (
        "text_not_accepted",
        _ASK,
        409,
        "A name or text has characters that the accounting software does not take.",
        "Take them out; names must not hold colons, tabs or line breaks.",
    ),
    ("payment_exceeds_due", _ASK, 409, "The payment is larger than what is due.", "Record the payment by hand."),
    ("text_too_long", _ASK, 409, "A text is longer than the accounting software takes.", "Shorten it."),
    (
        "inventory_account",
        _ASK,
        409,
        "A tracked product needs its inventory account.",
        "Use the product's inventory account.",
    ),
    (
        "provider_validation",
        _ASK,
        409,
        "The accounting software refused the document.",
        "Read its own words in `provider_text` and correct the item.",
    ),
]
