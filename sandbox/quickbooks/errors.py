"""What QuickBooks answers when it refuses: codes, messages and details of Intuit's fault pages.

Sources: developer.intuit.com, "Handling common errors" and "Error codes"; texts recorded by third parties where Intuit
prints none. The gateway's own refusals (401, 403) have lower-case keys and another shape.
"""

from datetime import datetime
from typing import Any

_BUSINESS = "A business validation error has occurred while processing your request"
_INACTIVE = (
    "Something you're trying to use has been made inactive. Check the fields with accounts, customers, items, "
    "vendors or employees."
)


class RefusedError(Exception):
    """A refusal in the shape {"Fault": {"Error": [...]}}."""

    def __init__(
        self,
        code: str,
        message: str,
        detail: str,
        *,
        element: str = "",
        kind: str = "ValidationFault",
        status: int = 400,
    ) -> None:
        super().__init__(f"{code} {message}: {detail}")
        self.status = status
        self._error = {"Message": message, "Detail": detail, "code": code, "element": element}
        self._kind = kind

    def fault(self) -> dict[str, Any]:
        return {"Error": [self._error], "type": self._kind}


def business(detail: str) -> RefusedError:
    """6000, by which most rules of the books are told."""
    return RefusedError("6000", _BUSINESS, f"Business Validation Error: {detail}")


def required(name: str) -> RefusedError:
    detail = f"Required parameter {name} is missing in the request"
    message = "Required param missing, need to supply the required value for the API"
    return RefusedError("2020", message, detail, element=name)


def invalid_type(name: str, wanted: str) -> RefusedError:
    """2010 for a value of the wrong type; the detail's wording is assumed."""
    detail = f"Property Name:{name} specified is unsupported or invalid: {wanted} is expected."
    return RefusedError("2010", "Request has invalid or unsupported property", detail, element=name)


def unknown_property(name: str) -> RefusedError:
    detail = f"Property Name:Can not construct instance: unrecognized field {name} specified is unsupported or invalid"
    return RefusedError("2010", "Request has invalid or unsupported property", detail, element=name)


def invalid_choice(name: str, value: object) -> RefusedError:
    return RefusedError("2170", "Invalid Enumeration", f"Invalid Enumeration : {value}", element=name)


def no_such_reference(name: str, what: str, value: str) -> RefusedError:
    """A reference to something that was never there."""
    detail = f"Invalid Reference Id : {what} element id {value} not found"
    return RefusedError("2500", "Invalid Reference Id", detail, element=name)


def inactive_reference(name: str) -> RefusedError:
    """Something that a document names has been made inactive (or was deleted, which for lists is the same)."""
    return RefusedError("610", "Object Not Found", f"Object Not Found : {_INACTIVE}", element=name)


def not_found() -> RefusedError:
    """A call by an id that is not there."""
    return RefusedError("610", "Object Not Found", f"Object Not Found : {_INACTIVE}")


def deleted_meanwhile() -> RefusedError:
    return RefusedError("610", "Object Not Found", "Object Not Found : Another user has deleted this transaction.")


def stale() -> RefusedError:
    detail = (
        "Stale Object Error : You and root were working on this at the same time. root finished before you did, so "
        "your work was not saved."
    )
    return RefusedError("5010", "Stale Object Error", detail)


def duplicate_name() -> RefusedError:
    detail = (
        "The name supplied already exists. : Another customer, vendor or employee is already using this name. Please "
        "use a different name."
    )
    return RefusedError("6240", "Duplicate Name Exists Error", detail)


def duplicate_number(number: str, kind: str) -> RefusedError:
    detail = (
        "Duplicate Document Number Error : You must specify a different number. This number has already been used. "
        f"DocNumber={number} is assigned to TxnType={kind}"
    )
    return RefusedError("6140", "Duplicate Document Number Error", detail)


def deposited() -> RefusedError:
    detail = (
        "Deposited Transaction cannot be changed : If you want to change this transaction, you must edit the deposit "
        "it appears on and remove it first."
    )
    return RefusedError("6540", "Deposited Transaction cannot be changed", detail)


def closed_books() -> RefusedError:
    detail = (
        "The account period has closed and the account books cannot be updated through through the QBO Services API. "
        "Please use the QBO website to make these changes."
    )
    return RefusedError("6210", "Account Period Closed, Cannot Update Through Services API", detail)


def subscription_ended() -> RefusedError:
    detail = (
        "Subscription period has ended or canceled or there was a billing problem : You can't add data to QuickBooks "
        "Online Plus because your trial or subscription period ended. Visit the QuickBooks Online site to reactivate."
    )
    return RefusedError("6190", "Invalid Company Status", detail)


def not_in_plan(feature: str) -> RefusedError:
    """The company's plan lacks a feature (5020; the wording of the detail is assumed)."""
    detail = f"Permission Denied Error : You do not have access to {feature} in this QuickBooks Online subscription."
    return RefusedError("5020", "Permission Denied Error", detail)


def feature_off(feature: str) -> RefusedError:
    """A feature that the company has not switched on (5030; the wording of the detail is assumed)."""
    detail = f"Feature Not Supported Error : {feature} is not enabled for this company."
    return RefusedError("5030", "Feature Not Supported Error", detail)


def access_lost() -> RefusedError:
    """The person who linked the company has no access to it any more."""
    detail = "Authorization Failure: -11014-You do not have access to use QuickBooks Online Plus."
    return RefusedError("120", "Authorization Failure", detail, kind="AuthorizationFault")


def throttled() -> RefusedError:
    """429; Intuit promises no Retry-After and says to wait 60 seconds."""
    message = "message=ThrottleExceeded; errorCode=003001; statusCode=429"
    detail = "The request limit was reached. Please wait before sending more requests."
    return RefusedError("3001", message, detail, kind="SERVICE", status=429)


def application_error() -> RefusedError:
    message = "An application error has occurred while processing your request"
    return RefusedError("10000", message, f"System Failure Error: {message}", kind="SystemFault", status=500)


def gateway_fault(code: int, message: str, detail: str, kind: str, at: datetime) -> dict[str, Any]:
    """The lower-case shape in which the gateway refuses a token."""
    return {
        "warnings": None,
        "intuitObject": None,
        "fault": {"error": [{"message": message, "detail": detail, "code": str(code), "element": None}], "type": kind},
        "report": None,
        "queryResponse": None,
        "batchItemResponse": [],
        "attachableResponse": [],
        "syncErrorResponse": None,
        "requestId": None,
        "time": int(at.timestamp() * 1000),
        "status": None,
        "cdcresponse": [],
    }
