"""Conformance rules: what AWS Config holds the account's resources against, as one pack."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypedDict

import pulumi
from pulumi_aws import cfg

from mlops_components.validation import Checker

_NOT_YET = ("eu-central-2", "eu-south-2", "il-central-1", "me-central-1")


@dataclass(frozen=True)
class ManagedRule:
    """One of AWS Config's managed rules: its parameters, and regions of the estate that don't have it."""

    parameters: Mapping[str, str] = field(default_factory=dict)
    not_in: tuple[str, ...] = ()


# By identifier; parameters and regions from the developer guide, List of AWS Config Managed Rules.
RULES: Mapping[str, ManagedRule] = {
    # SageMaker: isolated, in the VPC, encrypted with a customer's key.
    "SAGEMAKER_ENDPOINT_CONFIGURATION_KMS_KEY_CONFIGURED": ManagedRule(),
    "SAGEMAKER_FEATUREGROUP_ENCRYPTION_AT_REST": ManagedRule(not_in=("me-central-1", "me-south-1")),
    "SAGEMAKER_FEATUREGROUP_ONLINE_STORE_ENCRYPTION": ManagedRule(not_in=("me-central-1", "me-south-1")),
    "SAGEMAKER_MODEL_IN_VPC": ManagedRule(not_in=_NOT_YET),
    "SAGEMAKER_MODEL_ISOLATION_ENABLED": ManagedRule(not_in=_NOT_YET),
    "SAGEMAKER_DOMAIN_IN_VPC": ManagedRule(not_in=_NOT_YET),
    "SAGEMAKER_NOTEBOOK_INSTANCE_KMS_KEY_CONFIGURED": ManagedRule(),
    "SAGEMAKER_NOTEBOOK_INSTANCE_INSIDE_VPC": ManagedRule(not_in=_NOT_YET),
    "SAGEMAKER_NOTEBOOK_INSTANCE_ROOT_ACCESS_CHECK": ManagedRule(not_in=_NOT_YET),
    "SAGEMAKER_NOTEBOOK_NO_DIRECT_INTERNET_ACCESS": ManagedRule(),
    # Buckets: private, TLS only, versioned, encrypted, logged.
    "S3_BUCKET_LEVEL_PUBLIC_ACCESS_PROHIBITED": ManagedRule(),
    "S3_BUCKET_SSL_REQUESTS_ONLY": ManagedRule(),
    "S3_BUCKET_VERSIONING_ENABLED": ManagedRule(),
    "S3_BUCKET_SERVER_SIDE_ENCRYPTION_ENABLED": ManagedRule(),
    "S3_BUCKET_ACL_PROHIBITED": ManagedRule(),
    "S3_BUCKET_LOGGING_ENABLED": ManagedRule(),
    "S3_VERSION_LIFECYCLE_POLICY_CHECK": ManagedRule(),
    # Keys: rotated, not about to be lost, not public.
    "CMK_BACKING_KEY_ROTATION_ENABLED": ManagedRule(),
    "KMS_CMK_NOT_SCHEDULED_FOR_DELETION": ManagedRule(not_in=("eu-south-1",)),
    "KMS_KEY_POLICY_NO_PUBLIC_ACCESS": ManagedRule(),
    # Identities: no administrators by policy, no old credentials, no root keys.
    "IAM_POLICY_NO_STATEMENTS_WITH_ADMIN_ACCESS": ManagedRule(not_in=_NOT_YET),
    "IAM_ROOT_ACCESS_KEY_CHECK": ManagedRule(not_in=_NOT_YET),
    "IAM_USER_MFA_ENABLED": ManagedRule(not_in=_NOT_YET),
    "IAM_USER_NO_POLICIES_CHECK": ManagedRule(not_in=_NOT_YET),
    "IAM_USER_UNUSED_CREDENTIALS_CHECK": ManagedRule({"maxCredentialUsageAge": "90"}, _NOT_YET),
    "ACCESS_KEYS_ROTATED": ManagedRule({"maxAccessKeyAge": "90"}, _NOT_YET),
    "ROOT_ACCOUNT_MFA_ENABLED": ManagedRule(not_in=("il-central-1", "me-central-1")),
    # The trail itself: everywhere, encrypted, validated, watched, with data events.
    "MULTI_REGION_CLOUD_TRAIL_ENABLED": ManagedRule(),
    "CLOUD_TRAIL_ENCRYPTION_ENABLED": ManagedRule(),
    "CLOUD_TRAIL_LOG_FILE_VALIDATION_ENABLED": ManagedRule(),
    "CLOUD_TRAIL_CLOUD_WATCH_LOGS_ENABLED": ManagedRule(),
    "CLOUDTRAIL_S3_BUCKET_ACCESS_LOGGING": ManagedRule(),
    "CLOUDTRAIL_S3_DATAEVENTS_ENABLED": ManagedRule(),
    # What the estate stands on.
    "CLOUDWATCH_LOG_GROUP_ENCRYPTED": ManagedRule(),
    "SNS_ENCRYPTED_KMS": ManagedRule(),
    "VPC_DEFAULT_SECURITY_GROUP_CLOSED": ManagedRule(),
    "VPC_FLOW_LOGS_ENABLED": ManagedRule(),
}
# AWS Config API reference, PutConformancePack, TemplateBody.
LONGEST_TEMPLATE = 51_200


class ConformanceRulesArgs(TypedDict):
    """Inputs of `ConformanceRules`."""

    prefix: str
    """Start of every name of the environment; the pack is `{prefix}-baseline`."""
    region: str
    """AWS region code; rules that a region doesn't have are left out there."""
    recorder_name: pulumi.Input[str]
    """Name of the region's configuration recorder, which has to record before rules can be made."""


class ConformanceRules(pulumi.ComponentResource):
    """A conformance pack of reviewed managed rules for SageMaker, S3, KMS, IAM and CloudTrail.

    Its rules report; they change nothing.
    """

    pack_arn: pulumi.Output[str]
    """ARN of the conformance pack."""
    rule_identifiers: pulumi.Output[list[str]]
    """Identifiers of the managed rules in the pack."""

    def __init__(self, name: str, args: ConformanceRulesArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        check = Checker("ConformanceRules", name, args, ConformanceRulesArgs)
        check.aws_name("prefix", f"{check.plain('prefix')}-baseline", "conformance_pack")
        check.finish()
        super().__init__("mlops:index:ConformanceRules", name, {**args}, opts)
        template = template_body(args["region"])
        pack = cfg.ConformancePack(
            name,
            name=f"{args['prefix']}-baseline",
            # Waits for the recorder: without one AWS Config refuses rules.
            template_body=pulumi.Output.from_input(args["recorder_name"]).apply(lambda _: template),
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.pack_arn = pack.arn
        self.rule_identifiers = pulumi.Output.from_input(rules_of(args["region"]))
        self.register_outputs({"pack_arn": self.pack_arn, "rule_identifiers": self.rule_identifiers})


def rules_of(region: str) -> list[str]:
    """Return the identifiers of the rules that a region has."""
    return [identifier for identifier, rule in RULES.items() if region not in rule.not_in]


def template_body(region: str) -> str:
    """Return the pack's template for a region: one AWS::Config::ConfigRule for each managed rule."""
    resources = {}
    for identifier in rules_of(region):
        words = identifier.lower().split("_")
        properties: dict[str, object] = {
            "ConfigRuleName": "-".join(words),
            "Source": {"Owner": "AWS", "SourceIdentifier": identifier},
        }
        if parameters := RULES[identifier].parameters:
            properties["InputParameters"] = dict(parameters)
        logical = "".join(word.capitalize() for word in words)
        resources[logical] = {"Type": "AWS::Config::ConfigRule", "Properties": properties}
    return json.dumps({"Resources": resources}, separators=(",", ":"))
