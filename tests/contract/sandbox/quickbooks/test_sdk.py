"""Intuit's OAuth client and python-quickbooks as clients of the sandbox: what they understand, other clients will."""

# mypy: disable-error-code="attr-defined, no-untyped-call, assignment"
# (the SDKs carry no types)

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from intuitlib.client import AuthClient
from intuitlib.enums import Scopes
from intuitlib.exceptions import AuthClientError
from quickbooks import QuickBooks
from quickbooks.batch import batch_create
from quickbooks.cdc import change_data_capture
from quickbooks.exceptions import AuthorizationException, ObjectNotFoundException, QuickbooksException
from quickbooks.objects import Account, Bill, Customer, Vendor
from quickbooks.objects.attachable import Attachable
from quickbooks.objects.base import AttachableRef
from quickbooks.objects.detailline import AccountBasedExpenseLine, AccountBasedExpenseLineDetail

from rehearsal.sandbox_process import SandboxClient, running_sandbox
from tests.contract.sandbox.quickbooks.desk import CLIENT_ID, CLIENT_SECRET, REDIRECT_URI, US, base, calls, consent


@pytest.fixture(scope="module")
def punctual_sandbox() -> Iterator[SandboxClient]:
    """A sandbox whose clock no other test has moved: intuit-oauth takes no id_token issued in the future."""
    with running_sandbox() as client:
        yield client


@pytest.fixture
def sandbox(punctual_sandbox: SandboxClient) -> SandboxClient:
    punctual_sandbox.reset()
    punctual_sandbox.control("/quickbooks/limits", {"second": 1000})
    return punctual_sandbox


@pytest.fixture
def log_in(sandbox: SandboxClient, monkeypatch: pytest.MonkeyPatch) -> Callable[[], tuple[AuthClient, QuickBooks]]:
    monkeypatch.setenv("OAUTHLIB_INSECURE_TRANSPORT", "1")
    monkeypatch.setattr(QuickBooks, "api_url_v3", f"{base(sandbox)}/v3")

    def made() -> tuple[AuthClient, QuickBooks]:
        auth = _auth_client(sandbox)
        back = consent(sandbox, US, scope="com.intuit.quickbooks.accounting openid profile email")
        auth.get_bearer_token(back.params["code"], realm_id=back.params["realmId"])
        auth.environment = "production"
        client = QuickBooks(
            auth_client=auth, refresh_token=auth.refresh_token, company_id=auth.realm_id, minorversion=75
        )
        return auth, client

    return made


def _auth_client(sandbox: SandboxClient) -> AuthClient:
    discovery = f"{base(sandbox)}/.well-known/openid_configuration"
    return AuthClient(CLIENT_ID, CLIENT_SECRET, REDIRECT_URI, discovery)


def _bill(amount: float, account: str = "12") -> Any:
    line = AccountBasedExpenseLine()
    line.Amount = amount
    line.AccountBasedExpenseLineDetail = AccountBasedExpenseLineDetail()
    line.AccountBasedExpenseLineDetail.AccountRef = {"value": account}
    bill = Bill()
    bill.VendorRef = {"value": "55"}
    bill.TxnDate = "2026-03-11"
    bill.Line.append(line)
    return bill


def test_the_authorization_url_leads_to_the_log_in_page(sandbox: SandboxClient) -> None:
    url = _auth_client(sandbox).get_authorization_url([Scopes.ACCOUNTING], state_token="s9")
    page = sandbox.http.get(url)
    assert page.status_code == 200
    assert "Log in to QuickBooks" in page.text


def test_the_id_token_verifies_and_the_user_info_names_the_person(log_in: Callable[[], Any]) -> None:
    auth, _ = log_in()
    assert auth.id_token, "intuit-oauth keeps an id_token only when its signature is right"
    assert auth.get_user_info().json()["email"] == "priya.shah@example.com"


def test_refresh_keeps_the_company_and_revocation_ends_it(log_in: Callable[[], Any]) -> None:
    auth, client = log_in()
    before = auth.access_token
    auth.refresh()
    assert auth.access_token != before
    assert Account.count(qb=client) == 20
    assert auth.revoke() is True
    with pytest.raises(AuthClientError) as refused:
        auth.refresh()
    assert (refused.value.status_code, b"invalid_grant" in refused.value.content) == (400, True)


def test_lists_come_page_by_page(log_in: Callable[[], Any]) -> None:
    _, client = log_in()
    first = Account.all(start_position=1, max_results=15, qb=client)
    second = Account.all(start_position=16, max_results=15, qb=client)
    names = [one.Name for one in (*first, *second)]
    assert (len(first), len(second), len(set(names))) == (15, 5, 20)
    assert [one.DisplayName for one in Vendor.where("DisplayName LIKE 'O\\'Neil%'", qb=client)] == ["O'Neil & Sons"]
    assert [one.FullyQualifiedName for one in Customer.filter(Job=True, qb=client)] == ["Green Gardens:Summer Terrace"]


def test_a_bill_is_created_changed_found_and_deleted(log_in: Callable[[], Any]) -> None:
    _, client = log_in()
    saved = _bill(100).save(qb=client)
    assert (saved.TotalAmt, saved.SyncToken, saved.VendorRef.name) == (100, "0", "Bright Office Supplies")
    saved.PrivateNote = "Changed"
    saved.save(qb=client)
    found = Bill.get(int(saved.Id), qb=client)
    assert (found.PrivateNote, found.SyncToken) == ("Changed", "1")
    found.delete(qb=client)
    with pytest.raises(ObjectNotFoundException):
        Bill.get(int(saved.Id), qb=client)
    changed = change_data_capture([Bill, Vendor], found.MetaData["CreateTime"], qb=client)
    assert [one.Id for one in changed.Bill._object_list] == [saved.Id]
    assert not hasattr(changed, "Vendor")


def test_a_refusal_is_read_as_such(log_in: Callable[[], Any]) -> None:
    _, client = log_in()
    with pytest.raises(QuickbooksException) as refused:
        _bill(100, account="4").save(qb=client)
    assert refused.value.error_code == 6000
    assert "Accounts Payable" in refused.value.detail


def test_a_batch_tells_elements_apart(log_in: Callable[[], Any], sandbox: SandboxClient) -> None:
    _, client = log_in()
    answer = batch_create([_bill(1), _bill(2, account="999"), _bill(3)], qb=client)
    assert sorted(one.TotalAmt for one in answer.successes) == [1, 3]
    assert [fault.Error[0].code for fault in answer.faults] == ["2500"]
    assert calls(sandbox, "POST /batch") == 1


def test_a_file_is_attached_to_a_bill(log_in: Callable[[], Any], sandbox: SandboxClient) -> None:
    _, client = log_in()
    saved = _bill(5).save(qb=client)
    link = AttachableRef()
    link.EntityRef = saved.to_ref()
    attachable = Attachable()
    attachable.AttachableRef.append(link)
    attachable.FileName, attachable.ContentType = "receipt.pdf", "application/pdf"
    attachable._FileBytes = b"%PDF-1.7 receipt"
    made = attachable.save(qb=client)
    assert sandbox.http.get(made.TempDownloadUri).content == b"%PDF-1.7 receipt"
    found = Attachable.where(
        f"AttachableRef.EntityRef.Type = 'bill' AND AttachableRef.EntityRef.value = '{saved.Id}'", qb=client
    )
    assert [one.FileName for one in found] == ["receipt.pdf"]


def test_an_expired_token_is_told_apart(log_in: Callable[[], Any], sandbox: SandboxClient) -> None:
    _, client = log_in()
    sandbox.control("/quickbooks/tokens", {"expire": "access"})
    with pytest.raises(AuthorizationException):
        Account.all(qb=client)
