"""Execution role: what SageMaker may do for one purpose of one model, and nothing else."""

from collections.abc import Mapping, Sequence
from typing import NotRequired, TypedDict

import pulumi
from pulumi_aws import iam

from mlops_components.documents import (
    Statement,
    assume_role_policy,
    bucket_arn,
    object_arns,
    partition,
    policy,
    repository_arn,
    split_s3_uri,
    statement,
)
from mlops_components.signing_key import SIGN, VERIFY
from mlops_components.validation import Checker

PURPOSES = (
    "pipeline", "processing", "training", "registry", "signing", "verifying", "endpoint", "feature_store", "monitor",
)  # fmt: skip
# What runs a container: it writes logs and metrics, and where it is in a VPC makes network interfaces.
_RUN_CONTAINERS = frozenset(PURPOSES) - {"pipeline", "feature_store"}


class ExecutionRoleArgs(TypedDict):
    """Inputs of `ExecutionRole`."""

    prefix: str
    """Start of every name of the environment; the role is `{prefix}-{role_suffix}`."""
    account: str
    """AWS account id of the environment, 12 digits."""
    region: str
    """AWS region code."""
    role_suffix: str
    """Rest of the role's name, such as `mortgage-approval-training`."""
    purpose: str
    """pipeline, processing, training, registry, signing, verifying, endpoint, feature_store or monitor: decides which
    actions beyond data access are allowed."""
    read_uris: NotRequired[pulumi.Input[list[str]]]
    """S3 URIs (prefixes) whose objects the role reads. Default: none."""
    write_uris: NotRequired[pulumi.Input[list[str]]]
    """S3 URIs (prefixes) under which the role writes and reads back. Default: none."""
    sealed_uris: NotRequired[pulumi.Input[list[str]]]
    """S3 URIs (prefixes, * for any characters) under which the role never writes, though `write_uris` covers them.
    Default: none."""
    key_arns: NotRequired[pulumi.Input[list[str]]]
    """ARNs of the KMS keys of what the role writes and of the volumes. Default: none."""
    read_key_arns: NotRequired[pulumi.Input[list[str]]]
    """ARNs of the KMS keys of what the role only reads. Default: none."""
    image_uris: NotRequired[pulumi.Input[list[str]]]
    """ECR images that the role's jobs or containers run. Default: none."""
    in_vpc: NotRequired[bool]
    """Whether its jobs run in a VPC, and so need network interfaces. Default: true."""
    database_name: NotRequired[pulumi.Input[str]]
    """Glue database of the feature group's offline store. Default: none."""
    model_package_group_arn: NotRequired[pulumi.Input[str]]
    """Model package group that the pipeline registers in, the registry job reads, or the endpoint deploys from.
    Default: none."""
    signing_key_arn: NotRequired[pulumi.Input[str]]
    """KMS key that the signing role signs with, or the verifying role verifies with. Default: none."""
    pipeline_name: NotRequired[str]
    """Pipeline whose jobs the pipeline role creates. Default: none."""
    job_role_arns: NotRequired[pulumi.Input[list[str]]]
    """Roles that the pipeline role passes to the jobs it creates, and no other. Default: none."""
    endpoint_name: NotRequired[pulumi.Input[str]]
    """Endpoint whose captured requests the monitor reads. Default: none."""
    shadow_endpoints: NotRequired[bool]
    """Whether the monitor explains a model on a shadow endpoint, which it makes and deletes. Default: false."""
    permissions_boundary_arn: NotRequired[pulumi.Input[str]]
    """ARN of the managed policy that bounds the role. Default: none."""


class ExecutionRole(pulumi.ComponentResource):
    """A role that only SageMaker of this account can take, with one inline policy for its purpose."""

    role_arn: pulumi.Output[str]
    """ARN of the role; it resolves once the policy is attached, so that what uses it can start at once."""
    role_name: pulumi.Output[str]
    """Name of the role."""

    def __init__(self, name: str, args: ExecutionRoleArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        check = Checker("ExecutionRole", name, args, ExecutionRoleArgs)
        check.one_of("purpose", PURPOSES)
        check.aws_name("role_suffix", f"{check.plain('prefix')}-{check.plain('role_suffix')}", "role")
        check.s3_uri("read_uris")
        check.s3_uri("write_uris")
        check.arn("key_arns", "kms")
        check.arn("read_key_arns", "kms")
        check.arn("job_role_arns", "iam")
        check.arn("model_package_group_arn", "sagemaker")
        check.arn("signing_key_arn", "kms")
        check.s3_uri("sealed_uris")
        check.finish()
        super().__init__("mlops:index:ExecutionRole", name, {**args}, opts)
        child = pulumi.ResourceOptions(parent=self)
        role = iam.Role(
            name,
            name=f"{args['prefix']}-{args['role_suffix']}",
            description=f"SageMaker {args['purpose'].replace('_', ' ')} of {args['prefix']}",
            assume_role_policy=assume_role_policy("sagemaker", args["account"]),
            permissions_boundary=args.get("permissions_boundary_arn"),
            max_session_duration=3600,
            tags={"purpose": args["purpose"]},
            opts=child,
        )
        granted = iam.RolePolicy(
            f"{name}-policy",
            name=args["purpose"],
            role=role.name,
            policy=pulumi.Output.all(
                read_uris=args.get("read_uris") or [],
                write_uris=args.get("write_uris") or [],
                sealed_uris=args.get("sealed_uris") or [],
                key_arns=args.get("key_arns") or [],
                read_key_arns=args.get("read_key_arns") or [],
                job_roles=args.get("job_role_arns") or [],
                image_uris=args.get("image_uris") or [],
                package_group=args.get("model_package_group_arn") or "",
                database=args.get("database_name") or "",
                endpoint=args.get("endpoint_name") or "",
                signing_key=args.get("signing_key_arn") or "",
            ).apply(lambda known: role_policy(args, **known)),
            opts=child,
        )
        self.role_arn = pulumi.Output.all(role.arn, granted.id).apply(lambda pair: str(pair[0]))
        self.role_name = role.name
        self.register_outputs({"role_arn": self.role_arn, "role_name": self.role_name})


def role_policy(
    args: ExecutionRoleArgs,
    *,
    read_uris: Sequence[str] = (),
    write_uris: Sequence[str] = (),
    key_arns: Sequence[str] = (),
    read_key_arns: Sequence[str] = (),
    job_roles: Sequence[str] = (),
    image_uris: Sequence[str] = (),
    package_group: str = "",
    database: str = "",
    endpoint: str = "",
    sealed_uris: Sequence[str] = (),
    signing_key: str = "",
) -> str:
    """Return the identity policy of one purpose; the values known only after deployment come resolved."""
    region = args["region"]
    made = _data_statements(region, read_uris, write_uris, sealed_uris)
    made += _key_statements(key_arns, read_key_arns)
    if args["purpose"] in _RUN_CONTAINERS:
        made += _image_statements(image_uris)
        made += _observability_statements(args)
        if args.get("in_vpc", True):
            made.append(_interfaces_statement())
    purpose: Mapping[str, Sequence[Statement]] = {
        "pipeline": _pipeline_statements(args, package_group, job_roles, image_uris),
        "processing": (),
        "training": (),
        "registry": _registry_statements(package_group),
        "signing": _signing_statements("Sign", SIGN, signing_key),
        "verifying": _signing_statements("VerifySignatures", VERIFY, signing_key),
        "endpoint": _endpoint_statements(args, package_group),
        "feature_store": _feature_store_statements(args, database, write_uris),
        "monitor": _monitor_statements(args, endpoint),
    }
    return policy([*made, *purpose[args["purpose"]]])


def _data_statements(
    region: str, read_uris: Sequence[str], write_uris: Sequence[str], sealed_uris: Sequence[str]
) -> list[Statement]:
    made: list[Statement] = []
    buckets = sorted({bucket_arn(split_s3_uri(uri)[0], region) for uri in [*read_uris, *write_uris]})
    if buckets:
        made.append(statement("ListBuckets", ["s3:GetBucketLocation", "s3:ListBucket"], buckets))
    if read_uris:
        made.append(statement("ReadData", ["s3:GetObject"], object_arns(read_uris, region)))
    if write_uris:
        actions = ["s3:AbortMultipartUpload", "s3:GetObject", "s3:PutObject"]
        made.append(statement("WriteData", actions, object_arns(write_uris, region)))
    if sealed_uris:
        made.append(statement("NeverWrite", ["s3:PutObject"], object_arns(sealed_uris, region), effect="Deny"))
    return made


def _key_statements(key_arns: Sequence[str], read_key_arns: Sequence[str]) -> list[Statement]:
    made: list[Statement] = []
    if read_key_arns:
        made.append(statement("DecryptData", ["kms:Decrypt", "kms:DescribeKey"], sorted(set(read_key_arns))))
    if key_arns:
        keys = sorted(set(key_arns))
        use = [
            "kms:Decrypt",
            "kms:DescribeKey",
            "kms:Encrypt",
            "kms:GenerateDataKey",
            "kms:ReEncryptFrom",
            "kms:ReEncryptTo",
        ]
        made.append(statement("UseKeys", use, keys))
        made.append(
            statement(
                "GrantKeysToVolumes", ["kms:CreateGrant"], keys,
                condition={"Bool": {"kms:GrantIsForAWSResource": "true"}},
            )
        )  # fmt: skip
    return made


def _image_statements(image_uris: Sequence[str]) -> list[Statement]:
    if not image_uris:
        return []
    pull = ["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"]
    return [
        statement("PullImages", pull, sorted({repository_arn(uri) for uri in image_uris})),
        # ecr:GetAuthorizationToken has no resource type (service authorization reference).
        statement("ImageLogin", ["ecr:GetAuthorizationToken"], ["*"]),
    ]


def _observability_statements(args: ExecutionRoleArgs) -> list[Statement]:
    base = f"arn:{partition(args['region'])}:logs:{args['region']}:{args['account']}:log-group:/aws/sagemaker/*"
    write = ["logs:CreateLogGroup", "logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"]
    return [
        statement("WriteLogs", write, [base]),
        # cloudwatch:PutMetricData has no resource type; the namespace is its only bound.
        statement(
            "PutMetrics", ["cloudwatch:PutMetricData"], ["*"],
            condition={"StringLike": {"cloudwatch:namespace": ["/aws/sagemaker/*", "aws/sagemaker/*"]}},
        ),
    ]  # fmt: skip


def _interfaces_statement() -> Statement:
    # SageMaker's own documented set for jobs in a VPC; the Describe actions have no resource type and the rest act on
    # interfaces that don't exist yet.
    actions = [
        "ec2:CreateNetworkInterface", "ec2:CreateNetworkInterfacePermission", "ec2:DeleteNetworkInterface",
        "ec2:DeleteNetworkInterfacePermission", "ec2:DescribeDhcpOptions", "ec2:DescribeNetworkInterfaces",
        "ec2:DescribeSecurityGroups", "ec2:DescribeSubnets", "ec2:DescribeVpcs",
    ]  # fmt: skip
    return statement("NetworkInterfaces", actions, ["*"])


def _pipeline_statements(
    args: ExecutionRoleArgs, package_group: str, job_roles: Sequence[str], image_uris: Sequence[str]
) -> list[Statement]:
    base = f"arn:{partition(args['region'])}:sagemaker:{args['region']}:{args['account']}"
    pipeline = args.get("pipeline_name") or "*"
    jobs = [f"{base}:training-job/pipelines-*", f"{base}:processing-job/pipelines-*"]
    made = [
        statement(
            "RunJobsOfThePipeline",
            [
                "sagemaker:AddTags", "sagemaker:CreateProcessingJob", "sagemaker:CreateTrainingJob",
                "sagemaker:DescribeProcessingJob", "sagemaker:DescribeTrainingJob", "sagemaker:StopProcessingJob",
                "sagemaker:StopTrainingJob",
            ],
            jobs,
        ),
        statement(
            "ReadThePipeline",
            [
                "sagemaker:DescribePipeline", "sagemaker:DescribePipelineExecution",
                "sagemaker:ListPipelineExecutionSteps",
            ],
            [f"{base}:pipeline/{pipeline}", f"{base}:pipeline/{pipeline}/execution/*"],
        ),
    ]  # fmt: skip
    if job_roles:
        passed = {"StringEquals": {"iam:PassedToService": "sagemaker.amazonaws.com"}}
        made.append(statement("PassJobRoles", ["iam:PassRole"], sorted(set(job_roles)), condition=passed))
    if package_group:
        look = ["sagemaker:DescribeModelPackage", "sagemaker:DescribeModelPackageGroup"]
        made.append(statement("ReadModels", look, _package_arns(package_group)))
        made.append(
            statement(
                "RegisterUnapproved", ["sagemaker:CreateModelPackage"], _package_arns(package_group),
                condition={"StringEquals": {"sagemaker:ModelApprovalStatus": "PendingManualApproval"}},
            )
        )  # fmt: skip
    if package_group and image_uris:
        # Registration looks at the image it names (managed policy AmazonSageMakerModelRegistryFullAccess).
        look = ["ecr:BatchGetImage", "ecr:DescribeImages"]
        made.append(statement("LookAtImages", look, sorted({repository_arn(uri) for uri in image_uris})))
    return made


def _registry_statements(package_group: str) -> list[Statement]:
    if not package_group:
        return []
    actions = ["sagemaker:DescribeModelPackage", "sagemaker:DescribeModelPackageGroup", "sagemaker:ListModelPackages"]
    return [statement("ReadVersions", actions, _package_arns(package_group))]


def _signing_statements(sid: str, actions: Sequence[str], signing_key: str) -> list[Statement]:
    return [statement(sid, actions, [signing_key])] if signing_key else []


def _endpoint_statements(args: ExecutionRoleArgs, package_group: str) -> list[Statement]:
    # The execution role reads the rollback alarms (developer guide, auto-rollback configuration).
    alarms = f"arn:{partition(args['region'])}:cloudwatch:{args['region']}:{args['account']}:alarm:{args['prefix']}-*"
    made = [statement("ReadRollbackAlarms", ["cloudwatch:DescribeAlarms"], [alarms])]
    if package_group:
        made.append(statement("ReadModelPackages", ["sagemaker:DescribeModelPackage"], _package_arns(package_group)))
    return made


def _monitor_statements(args: ExecutionRoleArgs, endpoint: str) -> list[Statement]:
    if not endpoint:
        return []
    base = f"arn:{partition(args['region'])}:sagemaker:{args['region']}:{args['account']}"
    actions = ["sagemaker:DescribeEndpoint", "sagemaker:DescribeEndpointConfig"]
    # Every release brings a configuration of another name.
    made = [statement("ReadTheEndpoint", actions, [f"{base}:endpoint/{endpoint}", f"{base}:endpoint-config/*"])]
    if args.get("shadow_endpoints"):
        shadows = [f"{base}:endpoint/sm-clarify-*", f"{base}:endpoint-config/sm-clarify-*"]
        verbs = ("Create", "Delete", "Describe")
        actions = [f"sagemaker:{verb}{noun}" for noun in ("Endpoint", "EndpointConfig") for verb in verbs]
        made += [
            # Clarify names them so itself; no live endpoint of an estate begins with it.
            statement("ShadowEndpoints", ["sagemaker:AddTags", *actions, "sagemaker:InvokeEndpoint"], shadows),
            # Models are named by the provider after the version, so their names have no one start.
            statement("ReadTheModel", ["sagemaker:DescribeModel"], [f"{base}:model/*"]),
        ]
    return made


def _package_arns(package_group: str) -> list[str]:
    packages = package_group.replace(":model-package-group/", ":model-package/")
    return [package_group, f"{packages}/*"]


def _feature_store_statements(args: ExecutionRoleArgs, database: str, write_uris: Sequence[str]) -> list[Statement]:
    made: list[Statement] = []
    if write_uris:
        # The offline store checks who owns the bucket, and hands its owner each object (managed policy
        # AmazonSageMakerFeatureStoreAccess).
        buckets = sorted({bucket_arn(split_s3_uri(uri)[0], args["region"]) for uri in write_uris})
        made.append(statement("ReadBucketOwner", ["s3:GetBucketAcl"], buckets))
        made.append(statement("HandOverObjects", ["s3:PutObjectAcl"], object_arns(write_uris, args["region"])))
    if not database:
        return made
    base = f"arn:{partition(args['region'])}:glue:{args['region']}:{args['account']}"
    resources = [f"{base}:catalog", f"{base}:database/{database}", f"{base}:table/{database}/*"]
    actions = ["glue:CreateTable", "glue:GetDatabase", "glue:GetTable", "glue:UpdateTable"]
    return [*made, statement("OfflineStoreTable", actions, resources)]
