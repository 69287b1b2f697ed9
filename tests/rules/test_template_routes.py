"""Each route of the template reaches the function whose code answers it, and takes a token unless the code says not."""

from pathlib import Path

import pytest

from functions.connect import oauth_routes, webhook
from functions.connect import routes as connect_routes
from functions.merge import app as merge_app
from functions.publish import app as publish_app
from functions.refresh import app as refresh_app
from local import template
from shared.aws.http import Route

RESOURCES = template.load(Path(__file__).resolve().parent.parent.parent / "template.yaml")["Resources"]
ANSWERED: dict[str, list[Route]] = {
    "ConnectFunction": connect_routes.ROUTES,
    "OAuthFunction": oauth_routes.ROUTES,
    "RefreshFunction": refresh_app.ROUTES,
    "MergeFunction": merge_app.ROUTES,
    "PublishFunction": publish_app.ROUTES,
}
# The signed raw body is the webhook's whole request: it has no route table.
WEBHOOK = "POST /v1/webhooks/{provider}"


def deployed() -> dict[str, tuple[str, bool]]:
    """Route key -> (logical id of its function, whether it is public)."""
    found = {}
    for resource in RESOURCES.values():
        if resource["Type"] == "AWS::ApiGatewayV2::Route":
            properties = resource["Properties"]
            integration = properties["Target"]["Fn::Sub"].removeprefix("integrations/${").removesuffix("}")
            (function, _) = RESOURCES[integration]["Properties"]["IntegrationUri"]["Fn::GetAtt"]
            found[properties["RouteKey"]] = (function, properties["AuthorizationType"] == "NONE")
    return found


@pytest.mark.parametrize("function", ANSWERED)
def test_every_route_of_the_code_is_deployed_to_its_function(function: str) -> None:
    written = {f"{route.method} {route.path}": (function, route.public) for route in ANSWERED[function]}
    assert {key: found for key, found in deployed().items() if found[0] == function} == written


def test_webhooks_have_a_function_of_their_own() -> None:
    assert callable(webhook.handler)
    assert {key: found for key, found in deployed().items() if found[0] == "WebhookFunction"} == {
        WEBHOOK: ("WebhookFunction", True)
    }


def test_every_permission_names_the_function_of_its_integration() -> None:
    for name, resource in RESOURCES.items():
        if resource["Type"] == "AWS::ApiGatewayV2::Integration":
            (function, _) = resource["Properties"]["IntegrationUri"]["Fn::GetAtt"]
            permission = RESOURCES[name.replace("Integration", "Permission")]["Properties"]
            assert permission["FunctionName"] == {"Ref": function}
            assert permission["Principal"] == "apigateway.amazonaws.com"
