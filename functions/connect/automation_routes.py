"""The routes of what an account does by itself."""

from typing import Final

from functions.connect.automation_models import AutomationPatch, AutomationView
from shared.aws.http import Answer, Request, Route
from shared.domain.accounts import Capability
from shared.usecases.change_automation import change_automation
from shared.usecases.service import Service

_AUTOMATION: Final = "/v1/accounts/{account}/automation"


def get_automation(service: Service, request: Request) -> Answer:
    account = request.in_account
    return Answer(AutomationView.of(account), version=account.version)


def patch_automation(service: Service, request: Request) -> Answer:
    account = request.in_account
    request.check_version(account.version)
    stored = change_automation(service, request.caller, account, request.body(AutomationPatch).changes())
    return Answer(AutomationView.of(stored), version=stored.version)


ROUTES: Final[list[Route]] = [
    Route("GET", _AUTOMATION, get_automation, "What the account does by itself", answer=AutomationView,
          capability=Capability.MANAGE, tag="Settings"),
    Route("PATCH", _AUTOMATION, patch_automation, "Change what the account does by itself", answer=AutomationView,
          body=AutomationPatch, capability=Capability.MANAGE, if_match=True, tag="Settings",
          description="A document is asked once, when it has arrived: its approval, the excepted types, the rule of "
          "its payment method, of its supplier or customer, this switch; then whether it is ready, looks like another, "
          "names a contact that the books do not have, holds an amount that is not sure, and whether its connection "
          "takes it. GET item says in `auto_publish` what was decided, at which level and why."),
]  # fmt: skip
