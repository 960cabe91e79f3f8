"""What the delivery role may do, and the boundary of every role of an environment, as pure policy documents.

Actions and the resource types they take: AWS service authorization reference. The delivery role deploys resources that
`mlops_estate.program` declares, all named `{prefix}-...` or tagged `project: mlops-estate` by its providers.
"""

from collections.abc import Sequence

from mlops_components.delivery_audit import recording_statements
from mlops_components.delivery_costs import cost_boundary_statements
from mlops_components.delivery_reach import PROJECT as PROJECT
from mlops_components.delivery_reach import Reach as Reach
from mlops_components.documents import Statement, dns_suffix, partition, policy, statement

_REGIONAL = (
    "access-analyzer", "guardduty", "inspector2", "macie2", "securityhub",
    "application-autoscaling", "athena", "backup", "backup-storage", "cloudformation", "cloudwatch", "ec2", "ecr",
    "events", "glue", "kms", "lambda", "logs", "s3", "sagemaker", "scheduler", "secretsmanager", "sns", "sqs",
)  # fmt: skip
_READ_RECORDS = (
    "cloudtrail:Describe*", "cloudtrail:Get*", "cloudtrail:List*", "cloudtrail:LookupEvents", "config:Describe*",
    "config:Get*", "config:List*", "config:SelectResourceConfig", "guardduty:Get*", "guardduty:List*",
    "iam:GenerateCredentialReport", "iam:Get*", "iam:List*", "iam:SimulatePrincipalPolicy", "inspector2:List*",
    "macie2:Get*", "macie2:List*", "securityhub:Describe*", "securityhub:Get*",
)  # fmt: skip
_CHANGE_ROLES = (
    "iam:AttachRolePolicy", "iam:CreateRole", "iam:DeleteRolePolicy", "iam:DetachRolePolicy",
    "iam:PutRolePermissionsBoundary", "iam:PutRolePolicy",
)  # fmt: skip
_KEEP_ROLES = (
    "iam:DeleteRole", "iam:GetRole", "iam:GetRolePolicy", "iam:ListAttachedRolePolicies",
    "iam:ListInstanceProfilesForRole", "iam:ListRolePolicies", "iam:ListRoleTags", "iam:TagRole", "iam:UntagRole",
    "iam:UpdateAssumeRolePolicy", "iam:UpdateRole", "iam:UpdateRoleDescription",
)  # fmt: skip
_PASSED_TO = (
    "backup.amazonaws.com", "budgets.amazonaws.com", "lambda.amazonaws.com", "sagemaker.amazonaws.com",
    "scheduler.amazonaws.com", "vpc-flow-logs.amazonaws.com",
)  # fmt: skip
_SERVICE_ROLES = (
    "backup.amazonaws.com/AWSServiceRoleForBackup",
    "restore-testing.backup.amazonaws.com/AWSServiceRoleForBackupRestoreTesting",
    "sagemaker.amazonaws.com/AWSServiceRoleForAmazonSageMakerNotebooks",
    "sagemaker.application-autoscaling.amazonaws.com/AWSServiceRoleForApplicationAutoScaling_SageMakerEndpoint",
)
BUCKET_SETTINGS = (
    "s3:CreateBucket", "s3:DeleteBucket", "s3:DeleteBucketPolicy", "s3:ListBucket", "s3:ListBucketVersions",
    "s3:ListTagsForResource",
    "s3:PutEncryptionConfiguration", "s3:PutLifecycleConfiguration", "s3:TagResource", "s3:UntagResource",
    # The provider reads and sets each setting of a bucket by an action of its own; none reads or writes an object.
    "s3:GetAccelerateConfiguration", "s3:GetBucket*", "s3:GetEncryptionConfiguration",
    "s3:GetLifecycleConfiguration", "s3:GetReplicationConfiguration", "s3:PutBucket*",
)  # fmt: skip
TRAINING_CODE = (
    "s3:DeleteObject", "s3:DeleteObjectVersion", "s3:GetObject", "s3:GetObjectTagging", "s3:PutObject",
    "s3:PutObjectTagging",
)  # fmt: skip
CODE_KEYS = ("*source/*", "*/masking/*")
"""Keys of the code that the estate uploads itself."""

_DETECTIVE_ROLES = (
    "access-analyzer.amazonaws.com/AWSServiceRoleForAccessAnalyzer",
    "guardduty.amazonaws.com/AWSServiceRoleForAmazonGuardDuty",
    "inspector2.amazonaws.com/AWSServiceRoleForAmazonInspector2",
    "macie.amazonaws.com/AWSServiceRoleForAmazonMacie",
    "securityhub.amazonaws.com/AWSServiceRoleForSecurityHub",
)

# On what carries no project's tag: neither another project's nor, as at a creation, any.
_UNTAGGED = {"Null": {"aws:ResourceTag/project": "true"}}


def boundary_policy(reach: Reach, state_bucket: str, state_key_arn: str, secrets_key_arn: str) -> str:
    """Return the boundary: the most that delivery, and every role delivery makes, can ever do.

    A boundary grants nothing, so whole services stand in it; what it leaves out is the point. No role under it makes a
    role without it or changes it, touches users, the OIDC provider or the delivery role, or harms Pulumi's state.
    """
    services = [f"{service}:*" for service in _REGIONAL]
    here = {"StringEquals": {"aws:RequestedRegion": reach.region}}
    return policy(
        [
            # A ceiling, not a grant: what a role may do within it is its own policy's to say.
            statement("ServicesInTheRegion", services, ["*"], condition=here),
            *cost_boundary_statements(reach),
            # One by one: nothing that delivery makes can stop what records it.
            *recording_statements(reach),
            # An auditor's role reads what was recorded and who is who; to change identities takes what follows.
            statement("ReadRecords", _READ_RECORDS, ["*"]),
            *_role_statements(reach),
            detective_roles_statement(reach),
            service_roles_statement(reach),
            *_keep_statements(reach, state_bucket, [state_key_arn, secrets_key_arn]),
        ]
    )


def delivery_policy(reach: Reach, state_bucket: str, state_key_arn: str, secrets_key_arn: str) -> str:
    """Return what the delivery role may do: use Pulumi's state, and deploy one environment."""
    return policy(
        [
            *_state_statements(reach, state_bucket, state_key_arn, secrets_key_arn),
            *_storage_statements(reach),
            *_key_statements(reach),
            *_network_statements(reach),
            *_learning_statements(reach),
            *_watching_statements(reach),
            *_role_statements(reach),
        ]
    )


def _role_statements(reach: Reach) -> list[Statement]:
    bounded = {"StringEquals": {"iam:PermissionsBoundary": reach.boundary_arn}}
    passed = {"StringEquals": {"iam:PassedToService": list(_PASSED_TO)}}
    return [
        statement("ChangeBoundedRoles", _CHANGE_ROLES, [reach.roles], condition=bounded),
        statement("KeepRoles", _KEEP_ROLES, [reach.roles]),
        statement("PassRoles", ["iam:PassRole"], [reach.roles], condition=passed),
    ]


def detective_roles_statement(reach: Reach) -> Statement:
    """Let each detective control make its service's role where the account has none (their user guides)."""
    roles = [reach.arn("iam", f"role/aws-service-role/{role}", region=False) for role in _DETECTIVE_ROLES]
    return statement("DetectiveServiceRoles", ["iam:CreateServiceLinkedRole"], roles)


def service_roles_statement(reach: Reach) -> Statement:
    """Return what makes a service's own role where there is none: as the first domain, target, vault or test does."""
    services = {"StringEquals": {"iam:AWSServiceName": [role.partition("/")[0] for role in _SERVICE_ROLES]}}
    roles = [reach.arn("iam", f"role/aws-service-role/{role}", region=False) for role in _SERVICE_ROLES]
    return statement("ServiceRoles", ["iam:CreateServiceLinkedRole"], roles, condition=services)


def _keep_statements(reach: Reach, bucket: str, key_arns: Sequence[str]) -> list[Statement]:
    arn = f"arn:{partition(reach.region)}:s3:::{bucket}"
    settings = [
        "s3:DeleteBucket", "s3:DeleteBucketPolicy", "s3:DeleteObjectVersion", "s3:PutBucket*",
        "s3:PutEncryptionConfiguration", "s3:PutLifecycleConfiguration",
    ]  # fmt: skip
    keys = [
        "kms:CreateGrant", "kms:DisableKey", "kms:DisableKeyRotation", "kms:PutKeyPolicy", "kms:ScheduleKeyDeletion",
        "kms:TagResource", "kms:UntagResource",
    ]  # fmt: skip
    return [
        statement("KeepTheState", settings, [arn, f"{arn}/*"], effect="Deny"),
        statement("KeepItsKeys", keys, key_arns, effect="Deny"),
        # Every role, however its trust policy names the one that asks: only a service works as a role of the estate.
        statement("TakeNoRole", ["sts:AssumeRole"], ["*"], effect="Deny"),
    ]


def _state_statements(reach: Reach, bucket: str, state_key_arn: str, secrets_key_arn: str) -> list[Statement]:
    arn = f"arn:{partition(reach.region)}:s3:::{bucket}"
    through_s3 = {"StringEquals": {"kms:ViaService": f"s3.{reach.region}.{dns_suffix(reach.region)}"}}
    return [
        statement("ListState", ["s3:GetBucketLocation", "s3:ListBucket"], [arn]),
        # No version is ever deleted: a superseded or deleted state can be brought back.
        statement("WriteState", ["s3:DeleteObject", "s3:GetObject", "s3:PutObject"], [f"{arn}/*"]),
        statement(
            "StateKey", ["kms:Decrypt", "kms:DescribeKey", "kms:GenerateDataKey"], [state_key_arn],
            condition=through_s3,
        ),
        statement("SecretsKey", ["kms:Decrypt", "kms:DescribeKey", "kms:Encrypt"], [secrets_key_arn]),
    ]  # fmt: skip


def _storage_statements(reach: Reach) -> list[Statement]:
    base = f"arn:{partition(reach.region)}:s3:::{reach.prefix}"
    end = f"{reach.account}-{reach.region}"
    glue = ["database/*", "table/*", "userDefinedFunction/*", "catalog"]
    return [
        statement("Buckets", BUCKET_SETTINGS, [f"{base}-*-{end}"]),
        # Of all objects, only the code of training and masking.
        statement("TrainingCode", TRAINING_CODE, [f"{base}-models-{end}/{key}" for key in CODE_KEYS]),
        # Glue checks the catalogue with every database, and the database with every table; whoever deletes a database
        # deletes its tables and functions.
        statement(
            "Catalogue",
            [
                "glue:CreateDatabase", "glue:CreateTable", "glue:DeleteDatabase", "glue:DeleteTable",
                "glue:GetDataCatalogEncryptionSettings", "glue:GetDatabase", "glue:GetPartitionIndexes",
                "glue:GetTable", "glue:GetTags", "glue:PutDataCatalogEncryptionSettings", "glue:TagResource",
                "glue:UntagResource", "glue:UpdateDatabase", "glue:UpdateTable",
            ],
            [reach.arn("glue", part) for part in glue],
        ),
    ]  # fmt: skip


def _key_statements(reach: Reach) -> list[Statement]:
    asked = {"StringEquals": {"aws:RequestTag/project": PROJECT}, **_UNTAGGED}
    owned = {"StringEquals": {"aws:ResourceTag/project": PROJECT}}
    keys = [reach.arn("kms", "key/*")]
    return [
        # A key that is being created has no ARN and no tag yet; the tag asked for binds it. One that has another
        # project's tag can't be tagged over, and so not be taken.
        statement("CreateKeys", ["kms:CreateKey", "kms:TagResource"], ["*"], condition=asked),
        statement(
            "EstateKeys",
            [
                "kms:CreateAlias", "kms:CreateGrant", "kms:Decrypt", "kms:DeleteAlias", "kms:DescribeKey",
                "kms:EnableKeyRotation", "kms:GenerateDataKey", "kms:GetKeyPolicy", "kms:GetKeyRotationStatus",
                "kms:ListResourceTags", "kms:PutKeyPolicy", "kms:ScheduleKeyDeletion", "kms:TagResource",
                "kms:UntagResource", "kms:UpdateAlias", "kms:UpdateKeyDescription",
            ],
            keys, condition=owned,
        ),
        statement(
            "Aliases", ["kms:CreateAlias", "kms:DeleteAlias", "kms:UpdateAlias"],
            [reach.arn("kms", f"alias/{reach.prefix}-*")],
        ),
        # kms:ListAliases has no resource type.
        statement("ListAliases", ["kms:ListAliases"], ["*"]),
    ]  # fmt: skip


def _network_statements(reach: Reach) -> list[Statement]:
    owned = {"StringEquals": {"aws:ResourceTag/project": PROJECT}}
    here = {"StringEquals": {"aws:RequestedRegion": reach.region}}
    return [
        # The Describe actions have no resource type; a Create names a network whose parts don't exist yet.
        statement(
            "CreateNetwork",
            [
                "ec2:CreateFlowLogs", "ec2:CreateRouteTable", "ec2:CreateSecurityGroup", "ec2:CreateSubnet",
                "ec2:CreateVpc", "ec2:CreateVpcEndpoint", "ec2:Describe*",
            ],
            ["*"], condition=here,
        ),
        # Tags decide what may be changed, so what is there already can't be tagged.
        statement(
            "TagWhatIsCreated", ["ec2:CreateTags"], [reach.arn("ec2", "*")],
            condition={"StringLike": {"ec2:CreateAction": ["Authorize*", "Create*"]}},
        ),
        statement(
            "ChangeNetwork",
            [
                "ec2:AssociateRouteTable", "ec2:AuthorizeSecurityGroup*", "ec2:CreateTags", "ec2:DeleteFlowLogs",
                "ec2:DeleteRouteTable",
                "ec2:DeleteSecurityGroup", "ec2:DeleteSubnet", "ec2:DeleteTags", "ec2:DeleteVpc",
                "ec2:DeleteVpcEndpoints", "ec2:DisassociateRouteTable", "ec2:ModifySecurityGroupRules",
                "ec2:ModifySubnetAttribute", "ec2:ModifyVpcAttribute", "ec2:ModifyVpcEndpoint",
                "ec2:RevokeSecurityGroup*",
            ],
            [reach.arn("ec2", "*")], condition=owned,
        ),
        # The network's default security group was made, untagged, by AWS; its rules are taken away.
        statement(
            "EmptyDefaultGroup",
            ["ec2:CreateTags", "ec2:RevokeSecurityGroupEgress", "ec2:RevokeSecurityGroupIngress"],
            [reach.arn("ec2", "security-group/*")], condition=_UNTAGGED,
        ),
    ]  # fmt: skip


def _learning_statements(reach: Reach) -> list[Statement]:
    kinds = (
        "*-job-definition", "endpoint", "endpoint-config", "feature-group", "model", "model-package-group",
        "monitoring-schedule", "pipeline",
    )  # fmt: skip
    nouns = (
        # The four monitors', and nothing else: data quality, model quality, bias, explainability.
        "*JobDefinition", "Endpoint", "EndpointConfig", "FeatureGroup", "Model", "ModelPackageGroup",
        "MonitoringSchedule", "Pipeline",
    )  # fmt: skip
    actions = [f"sagemaker:{verb}{noun}" for noun in nouns for verb in ("Create", "Delete", "Describe")]
    actions += [f"sagemaker:Update{noun}" for noun in ("Endpoint", "FeatureGroup", "MonitoringSchedule", "Pipeline")]
    actions += [f"sagemaker:{verb}ModelPackageGroupPolicy" for verb in ("Delete", "Get", "Put")]
    actions += ["sagemaker:AddTags", "sagemaker:DeleteTags", "sagemaker:ListTags"]
    scaling = [
        "DeleteScalingPolicy", "DeregisterScalableTarget", "ListTagsForResource", "PutScalingPolicy",
        "RegisterScalableTarget", "TagResource", "UntagResource",
    ]  # fmt: skip
    control = ["CreateResource", "DeleteResource", "GetResource", "GetResourceRequestStatus", "UpdateResource"]
    here = {"StringEquals": {"aws:RequestedRegion": reach.region}}
    packages = [reach.arn("sagemaker", "model-package/*")]
    return [
        # Models and configurations are named after the model and by the provider, so their names have no one start.
        statement("Learning", sorted(actions), [reach.arn("sagemaker", f"{kind}/*") for kind in kinds]),
        statement("ReadVersions", ["sagemaker:DescribeModelPackage"], packages),
        statement(
            "Scaling", [f"application-autoscaling:{action}" for action in scaling],
            [reach.arn("application-autoscaling", "scalable-target/*")],
        ),
        # DescribeScal* and Cloud Control's actions have no resource type; Cloud Control acts with the caller's rights.
        statement(
            "CloudControl",
            ["application-autoscaling:DescribeScal*", *(f"cloudformation:{action}" for action in control)],
            ["*"], condition=here,
        ),
    ]  # fmt: skip


def _watching_statements(reach: Reach) -> list[Statement]:
    def named(service: str, actions: Sequence[str], resource: str, *, region: bool = True) -> Statement:
        sid = f"Watch{service.capitalize()}"
        return statement(
            sid, [f"{service}:{action}" for action in actions], [reach.arn(service, resource, region=region)]
        )

    topics = [
        "CreateTopic", "DeleteTopic", "GetTopicAttributes", "ListTagsForResource", "SetTopicAttributes", "Subscribe",
        "TagResource", "UntagResource",
    ]  # fmt: skip
    groups = [
        "CreateLogDelivery", "CreateLogGroup", "DeleteLogGroup", "ListTagsForResource", "PutRetentionPolicy",
        "TagResource", "UntagResource", "AssociateKmsKey",
    ]  # fmt: skip
    alarms = ["DeleteAlarms", "DescribeAlarms", "ListTagsForResource", "PutMetricAlarm", "TagResource",
              "UntagResource"]  # fmt: skip
    budgets = ["ListTagsForResource", "ModifyBudget", "TagResource", "UntagResource", "ViewBudget"]
    return [
        named("sns", topics, f"{reach.prefix}-*"),
        # A subscription is read and ended by its own ARN, which begins with the topic's; these two take `*` only.
        statement("Subscriptions", ["sns:GetSubscriptionAttributes", "sns:Unsubscribe"], ["*"]),
        named("logs", groups, f"log-group:/{reach.prefix}/*"),
        named("cloudwatch", alarms, f"alarm:{reach.prefix}-*"),
        named("budgets", budgets, f"budget/{reach.prefix}-*", region=False),
    ]
