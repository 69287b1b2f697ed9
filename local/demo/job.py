"""The main job: connect Xero, pull its lists, publish a month of papers while the sandbox misbehaves, read it back."""

from typing import Final

from local.api import Api
from local.demo.month import LINKED, UNLINKED, month
from local.demo.other_program import OtherProgram
from local.demo.software import XERO
from local.demo.work import Outcome, Say, Work, file_outcome
from local.person import OWNER
from local.sandbox_client import SandboxControl

WITHOUT_CODE: Final = "Business Bank Account"
FAILING_FILE: Final = "paper-007-*"


class Job:
    """One tenant's program at work against a running stack."""

    def __init__(self, api: Api, sandbox: SandboxControl, app: dict[str, str], say: Say) -> None:
        self._work = Work(api, sandbox, XERO, say)
        self._app = app

    def run(self) -> Outcome:
        """The whole job; raises DemoError, ApiError or PageError where a step does not come off."""
        work = self._work
        work.create_account("Harbour & Finch")
        work.let_in()
        other = OtherProgram(work.sandbox, self._app, XERO.organisation)
        work.choose()
        work.pull_lists()
        self._link_payment_methods()
        work.create_items(month())
        work.count_first()
        self._break_things()
        other.start()
        try:
            work.publish()
        finally:
            other.stop()
        self._send_failed_files_again()
        work.read_back()
        return work.done

    def _link_payment_methods(self) -> None:
        work = self._work
        banks = work.api.pages(f"{work.account}/lists/bank_accounts", "entries")
        bank = next(entry["id"] for entry in banks if entry["name"] == WITHOUT_CODE)
        methods = f"{work.account}/lists/payment_methods"
        work.api.call("POST", methods, {"name": LINKED, "bank_account": bank})
        work.api.call("POST", methods, {"name": UNLINKED})

    def _break_things(self) -> None:
        """Everything goes wrong that may: the token expires, a batch's answer is lost, one file fails."""
        sandbox = self._work.sandbox
        sandbox.tell("/counts/clear")
        sandbox.tell("/xero/tokens", {"expire": "access", "user": OWNER})
        sandbox.fault("PUT", "/Invoices", "commit_then_drop")
        sandbox.fault("PUT", f"/*/*/Attachments/{FAILING_FILE}", "status", times=3, status=500)

    def _send_failed_files_again(self) -> None:
        work = self._work
        failed = [item for item in work.list_items() if file_outcome(item) == "failed"]
        work.done.failed_first = len(failed)
        for item in failed:
            work.say(f"the file of {item['number']} failed: sending it again, the document stays as it is")
            work.api.call("POST", f"{work.account}/items/{item['id']}/publish")
        work.wait_for_files()
