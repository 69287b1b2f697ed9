"""Each message gets its code, and keeps QuickBooks' own words; an unknown one comes out as itself."""

import json
from typing import Any

import pytest

from shared.domain.catalogue import CATALOGUE
from shared.domain.errors import ErrorClass
from shared.providers.contract import AccessLost, CallFailed, LimitReached, WholeRefused
from shared.providers.quickbooks import api
from shared.providers.quickbooks.faults import MESSAGES, problem
from shared.providers.transport import Call
from tests.unit.providers.wire_kit import answer, session, wire

BUSINESS = "6000 A business validation error has occurred while processing your request : Business Validation Error: "
# Number, message as it comes, code. Numbers up to 38 are those of the messages users meet, in the order of the page.
TEXTS = [
    (1, "Your QuickBooks subscription is inactive", "provider_subscription"),
    (2, BUSINESS + "You can only use one foreign currency per transaction.", "currencies_differ"),
    (
        3,
        "6210 Account Period Closed, Cannot Update Through Services API : The account period has closed",
        "period_locked",
    ),
    (4, BUSINESS + "Make sure all your transactions have a VAT rate before you save.", "tax_rate_missing"),
    (4, BUSINESS + "Make sure all your transactions have a GST/HST rate before you save.", "tax_rate_missing"),
    (5, BUSINESS + "One or more charge lines have no tax code associated with them.", "tax_rate_missing"),
    (6, "5020 Permission Denied Error : You do not have access to Bills in this subscription.", "plan_without_bills"),
    (7, "To publish you need a linked payment account", "bank_account_not_linked"),
    (8, "Your connection has expired", "connection_expired"),
    (
        9,
        "120 Authorization Failure : -11014-You do not have access to use QuickBooks Online Plus.",
        "provider_permission",
    ),
    (10, "3200 message=AuthenticationFailed; errorCode=003200; statusCode=401 : Token expired", "connection_expired"),
    (11, "invalid_grant : Incorrect or invalid refresh token", "connection_expired"),
    (12, "6190 Invalid Company Status : Subscription period has ended or canceled", "provider_subscription"),
    (13, "5020 Permission Denied Error : You do not have access to classes", "plan_lacks_feature"),
    (14, "5030 Feature Not Supported Error", "plan_lacks_feature"),
    (15, "610 Object Not Found : Something you're trying to use has been made inactive.", "entry_inactive"),
    (16, "2500 Invalid Reference Id : Accounts element id 99 not found", "account_archived"),
    (17, "2500 Invalid Reference Id : Names element id 99 not found", "entry_inactive"),
    (18, "6240 Duplicate Name Exists Error : The name supplied already exists.", "supplier_name_taken"),
    (19, "6140 Duplicate Document Number Error : DocNumber=B-7 is assigned to TxnType=Bill", "number_taken"),
    (20, "5010 Stale Object Error : You and root were working on this", "provider_unavailable"),
    (21, "6070 Amount calculation incorrect in the request", "lines_do_not_add_up"),
    (22, "6100 Invalid tax code : Line tax code must be TAX or NON", "tax_rate_not_on_lines"),
    (23, BUSINESS + "You cannot use an Accounts Payable account on the lines.", "account_not_valid"),
    (24, BUSINESS + "When you use Accounts Payable, you must choose a vendor in the Name field.", "supplier_missing"),
    (25, "2020 Required param missing : Required parameter AccountRef is missing in the request", "category_missing"),
    (26, BUSINESS + "The due date is before the transaction date.", "due_date_before_date"),
    (27, BUSINESS + "For billable expenses you must use an account of one of the following", "billable_not_allowed"),
    (28, BUSINESS + "Invalid billable status NotBillable: the target is not reimbursable.", "billable_not_allowed"),
    (29, BUSINESS + "The account currency must match the transaction or home currency.", "currency_of_bank_account"),
    (30, "2500 Invalid Reference Id : TaxCode element id 9 not found", "tax_rate_not_found"),
    (31, "500 Unsupported Operation : Operation is not supported.", "text_not_accepted"),
    (32, BUSINESS + "Names cannot contain colons, tabs or lines", "text_not_accepted"),
    (33, "3001 message=ThrottleExceeded; errorCode=003001; statusCode=429", "rate_limited"),
    (34, BUSINESS + "This deposited transaction cannot be changed.", "document_moved_on"),
    (35, BUSINESS + "The vendor on one of the bills does not match the vendor on that bill.", "supplier_merged"),
    (36, "The upload exceeds 100 MB", "file_too_large"),
    (37, BUSINESS + "Class tracking is not enabled.", "feature_off"),
    (38, "Choose a combined tax code", "tax_rate_not_combined"),
    (39, "610 Object Not Found : Another user has deleted this transaction.", "document_gone"),
    (40, "2020 Required param missing : Required parameter ItemRef is missing", "product_missing"),
    (41, "2020 Required param missing : Required parameter Line is missing in the request", "lines_missing"),
    (42, "2020 Required param missing : Required parameter CurrencyRef is missing", "currencies_differ"),
    (43, BUSINESS + "If this line is billable, you must specify a customer.", "customer_missing"),
    (44, BUSINESS + "Multi Currency should be enabled to perform this operation", "currency_not_enabled"),
    (45, "The file type is not supported", "file_type_refused"),
    (46, "2050 String length is either shorter or longer than supported by specification", "text_too_long"),
    (47, "3100 message=ApplicationAuthorizationFailed; errorCode=003100; statusCode=403", "organisation_gone"),
    (48, BUSINESS + "Transaction amount must be 0 or greater.", "total_negative"),
    (49, "10000 An application error has occurred while processing your request", "provider_unavailable"),
]


@pytest.mark.parametrize(("number", "text", "code"), TEXTS, ids=[f"Q{one[0]}-{at}" for at, one in enumerate(TEXTS)])
def test_each_message(number: int, text: str, code: str) -> None:
    met = problem([text])
    assert (met.code, met.provider_text) == (code, text)
    assert next(one for one in MESSAGES if one.pattern.search(text)).number == number


def test_every_message_is_tried_and_in_the_catalogue() -> None:
    assert {number for number, _, _ in TEXTS} == {one.number for one in MESSAGES} == set(range(1, 50))
    assert {one.code for one in MESSAGES} <= set(CATALOGUE)


def test_an_unknown_message_comes_out_as_itself() -> None:
    met = problem(["6888 Something new : The moon is not full"])
    assert met.code == "provider_refused" and CATALOGUE[met.code].about is ErrorClass.UNKNOWN
    assert met.provider_text == "6888 Something new : The moon is not full"
    assert met.details == {"provider_code": "6888"}


def test_the_number_that_is_taken_is_named() -> None:
    text = "6140 Duplicate Document Number Error : DocNumber=B-7 is assigned to TxnType=Bill"
    assert problem([text]).details == {"number": "B-7", "provider_code": "6140"}


UPPER = {
    "Fault": {"Error": [{"Message": "Duplicate Name", "Detail": "taken", "code": "6240"}], "type": "ValidationFault"}
}
GATEWAY = {
    "warnings": None,
    "fault": {
        "error": [
            {"message": "message=ApplicationAuthorizationFailed", "detail": "no", "code": "3100", "element": None}
        ],
        "type": "SERVICE",
    },
}


def throttle(code: str) -> dict[str, Any]:
    return {"Fault": {"Error": [{"Message": "message=ThrottleExceeded", "code": code}], "type": "SERVICE"}}


@pytest.mark.parametrize(
    ("status", "told", "raised"),
    [
        (400, UPPER, WholeRefused),
        (200, UPPER, WholeRefused),
        (403, GATEWAY, AccessLost),
        (400, GATEWAY, AccessLost),
        (403, throttle("3001"), LimitReached),
        (400, throttle("003001"), LimitReached),
        (200, throttle("3001"), LimitReached),
        (429, throttle("3001"), LimitReached),
        (500, UPPER, CallFailed),
        (400, {"Fault": {"Error": [{"code": "10000"}], "type": "SystemFault"}}, CallFailed),
        (200, [], CallFailed),
        (404, {}, CallFailed),
    ],
)
def test_a_fault_is_read_before_the_status(status: int, told: Any, raised: type[Exception]) -> None:
    with wire(answer(json.dumps(told).encode(), status)) as server, pytest.raises(raised):
        api.read(*_called(server.base))


def _called(base: str) -> tuple[Any, Any]:
    held = session(base)
    return held, api.post(held, "/batch", {}, b"{}", "application/json")


def test_html_may_have_done_it() -> None:
    with wire(answer(b"<html>504</html>", 200, "text/html")) as server, pytest.raises(CallFailed) as failed:
        api.read(*_called(server.base))
    assert failed.value.sent


def test_every_call_names_the_minor_version_and_the_company() -> None:
    with wire(answer(b"{}")) as server:
        api.request(session(server.base), Call("GET", api.url(session(server.base), "/preferences")))
    assert server.requests[0].startswith(b"GET /v3/company/tenant-1/preferences?minorversion=75 ")
