"""Each message comes out with its code; an unknown one as itself; the page's table is the program's."""

from pathlib import Path

import pytest

from shared.domain.catalogue import CATALOGUE
from shared.domain.errors import ErrorClass, Problem
from shared.providers.approvalmax.fault_table import table
from shared.providers.approvalmax.faults import MESSAGES, messages_of, problem

PAGE = Path(__file__).parents[4] / "docs" / "providers" / "approvalmax.md"


def refusal(detail: str, *parameters: tuple[str, str]) -> list[str]:
    """A refusal as the API writes it."""
    listed = [{"path": path, "name": path, "value": "x", "errorMessage": said} for path, said in parameters]
    error = {"code": "invalidInput", "title": "Invalid input.", "parameters": listed}
    return messages_of(
        {"type": "/api/errors/invalidInput", "title": "Invalid input.", "detail": detail, "error": error}
    )


@pytest.mark.parametrize(
    ("texts", "code"),
    [
        (refusal("The 1f0c is disabled."), "plan_lacks_feature"),
        (refusal("", ("requestStatus", "unrecognized value OnApproval")), "provider_validation"),
        (refusal("", ("lineItems[0].accountId", "account not found")), "account_archived"),
        (refusal("", ("lineItems[0].taxCode", "invalid tax code")), "tax_rate_not_found"),
        (refusal("", ("lineItems[0].taxCode", "is required")), "tax_rate_missing"),
        (refusal("", ("contactId", "contact is archived")), "supplier_archived"),
        (refusal("", ("currencyCode", "currency is not active")), "currency_not_enabled"),
        (refusal("", ("lineItems[1].itemCode", "unknown item")), "product_not_found"),
        (refusal("", ("lineItems[1].tracking[0]", "option not found")), "tracking_not_found"),
        (refusal("", ("documentNumber", "already exists")), "number_taken"),
        (refusal("", ("date", "is required")), "date_missing"),
        (refusal("", ("lineItems", "must not be empty")), "lines_missing"),
        (refusal("The bill workflow of this company is not active."), "approval_workflow_off"),
        (refusal("File exceeds the maximum of 3 MB."), "file_too_large"),
        (refusal("A request takes at most 9 files."), "too_many_files"),
        (messages_of({"errors": {"currencyCode": ["The value is not valid."]}}), "currency_not_enabled"),
        (refusal("Request not found."), "document_gone"),
    ],
)
def test_a_message_comes_out_with_its_code(texts: list[str], code: str) -> None:
    found = problem(texts)
    assert found.code == code and found.provider_text and code in CATALOGUE


def test_an_unknown_message_comes_out_as_itself() -> None:
    found = problem(messages_of({"title": "Moon phase wrong.", "detail": "Mercury is in retrograde."}))
    assert found == Problem("provider_refused", provider_text="Mercury is in retrograde. Moon phase wrong.")
    assert CATALOGUE["provider_refused"].about is ErrorClass.UNKNOWN


@pytest.mark.parametrize("told", [None, [], "text", {}, {"error": "text"}, {"errors": []}, {"title": 7}])
def test_what_is_no_refusal_has_no_message(told: object) -> None:
    assert messages_of(told) == []


def test_every_message_has_a_known_code_and_a_number_of_its_own() -> None:
    assert all(one.code in CATALOGUE for one in MESSAGES)
    assert sorted(one.number for one in MESSAGES) == list(range(1, len(MESSAGES) + 1))


def test_the_page_shows_the_table_as_it_is() -> None:
    assert table() in PAGE.read_text()
