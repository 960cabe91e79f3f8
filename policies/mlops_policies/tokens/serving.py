"""APIs before models: `aws-native` names of what the `aws` provider has, beside those of API Gateway's own rules."""

from __future__ import annotations

from mlops_policies.tokens import Alias

ALIASES: dict[str, Alias] = {
    "aws-native:apigateway:UsagePlan": Alias(
        "aws:apigateway/usagePlan:UsagePlan",
        {"throttle": "throttleSettings", "quota": "quotaSettings", "usagePlanName": "name"},
    ),
    "aws-native:apigatewayv2:Integration": Alias(
        "aws:apigatewayv2/integration:Integration", {"timeoutInMillis": "timeoutMilliseconds"}
    ),
}
