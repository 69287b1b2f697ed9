"""Each message gets its code, and keeps BILL's own words; an unknown one comes out as itself."""

import pytest

from shared.domain.catalogue import CATALOGUE
from shared.domain.errors import ErrorClass
from shared.providers.bill.faults import MESSAGES, problem

# Number, message as it comes, code: the numbers are those of the page.
TEXTS = [
    (1, "BDC_1109 Session is invalid.  Please log in.", "connection_expired"),
    (2, "BDC_1361 Untrusted session.", "connection_expired"),
    (3, "BDC_1101 User name and/or password do not match our records.", "credentials_refused"),
    (4, "BDC_1110 Login is locked.", "credentials_refused"),
    (5, "BDC_1102 Developer key is invalid.", "provider_not_set_up"),
    (6, "BDC_1144 Max number of allowed requests per hour reached: 20000.", "rate_limited"),
    (7, "BDC_1322 Max number of concurrent requests per organization reached.", "rate_limited"),
    (8, "BDC_1107 Organization is locked out.", "provider_unavailable"),
    (9, "BDC_1001 System error occurred.", "provider_unavailable"),
    (10, "BDC_1123 Invalid organization id.", "organisation_gone"),
    (11, "BDC_1002 User does not have permission to create bills", "provider_permission"),
    (12, "BDC_1171 Invoice number already exists.", "number_taken"),
    (13, "BDC_1171 A vendor with the same name already exists.", "supplier_name_taken"),
    (14, "address: must not be null", "supplier_address_missing"),
    (15, "BDC_1002 [3].invoice.invoiceNumber: must not be blank", "number_missing"),
    (16, "BDC_1002 invoice.invoiceDate: must be a date in the format yyyy-MM-dd", "date_missing"),
    (17, "BDC_1002 dueDate: must not be null", "due_date_missing"),
    (18, "BDC_1002 billLineItems: must not be empty", "lines_missing"),
    (19, "BDC_1002 description: size must be between 0 and 4000", "text_too_long"),
    (20, "BDC_1002 payFromChartOfAccountId: 0ca01X is archived", "bank_account_not_found"),
    (21, "BDC_1002 billLineItems[0].classifications.chartOfAccountId: 0ca01X does not exist", "account_archived"),
    (22, "BDC_1002 [1].vendorId: 00901X is archived", "supplier_archived"),
    (23, "BDC_1002 billLineItems[0].classifications.departmentId: 0de01X is archived", "tracking_not_found"),
    (24, "BDC_1002 billLineItems[0].classifications.itemId: 0ii01X does not exist", "product_not_found"),
    (25, "BDC_1002 billLineItems[0].classifications.customerId: 0cu01X does not exist", "entry_inactive"),
    (26, "BDC_1002 File size exceeds the limit of 6 MB.", "file_too_large"),
    (27, "BDC_1002 name: must have a file extension", "file_type_refused"),
    (28, "BDC_1205 Invalid id", "document_gone"),
    (29, "BDC_1002 billLineItems[0].amount: must be a number with at most 2 decimals", "provider_validation"),
    (30, "BDC_1002 approvers: 00601X is not a user who can approve bills", "approver_refused"),
]


@pytest.mark.parametrize(("number", "text", "code"), TEXTS, ids=[f"B{one[0]}" for one in TEXTS])
def test_each_message(number: int, text: str, code: str) -> None:
    met = problem([text])
    assert (met.code, met.provider_text) == (code, text)
    assert next(one for one in MESSAGES if one.pattern.search(text)).number == number


def test_every_message_is_tried_and_in_the_catalogue() -> None:
    assert [number for number, _, _ in TEXTS] == sorted(one.number for one in MESSAGES)
    assert {one.code for one in MESSAGES} <= set(CATALOGUE)


def test_the_most_exact_of_several_decides_and_all_are_kept() -> None:
    met = problem(["BDC_1002 amount: must be a number", "BDC_1002 vendorId: 009 does not exist"])
    assert met.code == "supplier_archived"
    assert met.provider_text == "BDC_1002 amount: must be a number BDC_1002 vendorId: 009 does not exist"


def test_an_unknown_message_comes_out_as_itself() -> None:
    met = problem(["BDC_9999 The moon is not full"])
    assert CATALOGUE[met.code].about is ErrorClass.UNKNOWN
    assert met.provider_text == "BDC_9999 The moon is not full"
