"""Rotated secret: a random key that nobody chooses, prints or stores in a state, made anew by schedule."""

from collections.abc import Mapping
from typing import Any, NotRequired, TypedDict

import pulumi
from pulumi_aws import cloudwatch, iam, lambda_, secretsmanager

from mlops_components.deletion import protects
from mlops_components.documents import (
    Statement,
    assume_role_policy,
    dns_suffix,
    partition,
    policy,
    statement,
    tls_only,
)
from mlops_components.private_network import RETENTION_DAYS
from mlops_components.validation import Checker
from mlops_pipelines.rotation import HANDLER, package

RECOVERY_DAYS = {"dev": 0, "staging": 7, "prod": 30}
LOG_RETENTION_DAYS = {"dev": 30, "staging": 90, "prod": 365}
ROTATION_DAYS = 90
KEY_BYTES = 32
RUNTIME = "python3.13"
TIMEOUT_SECONDS = 30


class RotatedSecretArgs(TypedDict):
    """Inputs of `RotatedSecret`."""

    prefix: str
    """Start of every name; the secret is `{prefix}/{secret_name}`, its function `{prefix}-{secret_name}-rotation`."""
    account: str
    """AWS account id of the environment, 12 digits."""
    region: str
    """AWS region code."""
    environment_class: NotRequired[str]
    """dev, staging or prod; decides the defaults below. Default: prod."""
    secret_name: str
    """Rest of the secret's name, such as `pseudonymisation`: lower-case letters, digits and hyphens."""
    description: str
    """What the secret is for."""
    key_arn: pulumi.Input[str]
    """ARN of the KMS key of the secret and of the function's environment."""
    logs_key_arn: pulumi.Input[str]
    """ARN of the KMS key of the function's log."""
    alarm_topic_arn: NotRequired[pulumi.Input[str]]
    """ARN of the SNS topic that is told when a rotation fails. Default: none."""
    rotation_days: NotRequired[int]
    """Days between two rotations, 1 to 1000. Default: 90."""
    key_bytes: NotRequired[int]
    """Length of the key in bytes, 32 to 4096. Default: 32."""
    recovery_days: NotRequired[int]
    """Days for which a deleted secret can be restored: 0 (not at all) or 7 to 30. Default: 0 in dev, 7 in staging, 30
    in prod."""
    log_retention_days: NotRequired[int]
    """Days for which the function's log is kept, one of CloudWatch's periods. Default: 30 in dev, 90 in staging, 365
    in prod."""
    subnet_ids: NotRequired[pulumi.Input[list[str]]]
    """Private subnets of the function, in a network with an endpoint of Secrets Manager. Default: none, outside of any
    network."""
    security_group_ids: NotRequired[pulumi.Input[list[str]]]
    """Security groups of the function; required with `subnet_ids`. Default: none."""
    protect: NotRequired[bool]
    """Whether Pulumi refuses to delete the secret and the log. Default: false in dev, else true."""


class RotatedSecret(pulumi.ComponentResource):
    """A secret of Secrets Manager and the function that rotates it, at once and then by schedule.

    The first value is made by the first rotation, so no value is in a program, a state or a preview. The secret answers
    its own account over TLS alone. Secrets Manager calls the function for each step and tries a failed rotation again
    by itself, so nothing waits in a dead-letter queue, which takes asynchronous events alone; an alarm says that a
    rotation fails.
    """

    secret_arn: pulumi.Output[str]
    """ARN of the secret; it resolves once its policy and its rotation stand."""
    secret_name: pulumi.Output[str]
    """Name of the secret."""
    function_name: pulumi.Output[str]
    """Name of the function that rotates it."""

    def __init__(self, name: str, args: RotatedSecretArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        check = Checker("RotatedSecret", name, args, RotatedSecretArgs)
        _check(check)
        check.finish()
        super().__init__("mlops:index:RotatedSecret", name, {**args}, opts)
        self._base, self._args = name, args
        self._class = args.get("environment_class") or "prod"
        self._child = pulumi.ResourceOptions(parent=self)
        self._kept = pulumi.ResourceOptions(parent=self, protect=protects(args))
        secret, answered = self._secret()
        function, ready = self._function(secret)
        rotation = secretsmanager.SecretRotation(
            f"{name}-rotation",
            secret_id=secret.arn,
            rotation_lambda_arn=function.arn,
            rotation_rules={"automatically_after_days": int(args.get("rotation_days") or ROTATION_DAYS)},
            opts=pulumi.ResourceOptions(parent=self, depends_on=[answered, *ready]),
        )
        self._alarm(function)
        self.secret_arn = pulumi.Output.all(secret.arn, rotation.id).apply(lambda pair: str(pair[0]))
        self.secret_name = secret.name
        self.function_name = function.name
        self.register_outputs(
            {
                "secret_arn": self.secret_arn,
                "secret_name": self.secret_name,
                "function_name": self.function_name,
            }
        )

    def _secret(self) -> tuple[secretsmanager.Secret, secretsmanager.SecretPolicy]:
        args = self._args
        window = args.get("recovery_days")
        secret = secretsmanager.Secret(
            self._base,
            name=f"{args['prefix']}/{args['secret_name']}",
            description=args["description"],
            kms_key_id=args["key_arn"],
            recovery_window_in_days=RECOVERY_DAYS[self._class] if window is None else int(window),
            opts=self._kept,
        )
        answered = secretsmanager.SecretPolicy(
            f"{self._base}-policy",
            secret_arn=secret.arn,
            policy=secret_policy(args["account"]),
            block_public_policy=True,
            opts=self._child,
        )
        return secret, answered

    def _function(self, secret: secretsmanager.Secret) -> tuple[lambda_.Function, list[pulumi.Resource]]:
        name, args = self._base, self._args
        log = cloudwatch.LogGroup(
            f"{name}-log",
            name=f"/{args['prefix']}/{args['secret_name']}-rotation",
            kms_key_id=args["logs_key_arn"],
            retention_in_days=int(args.get("log_retention_days") or LOG_RETENTION_DAYS[self._class]),
            opts=self._kept,
        )
        role = iam.Role(
            f"{name}-role",
            name=function_name(args),
            description=f"Rotates {args['prefix']}/{args['secret_name']}",
            assume_role_policy=assume_role_policy("lambda", args["account"]),
            opts=self._child,
        )
        granted = iam.RolePolicy(
            f"{name}-role-policy",
            name="rotation",
            role=role.name,
            policy=pulumi.Output.all(secret.arn, args["key_arn"], log.arn).apply(
                lambda known: rotation_policy(args, *known)
            ),
            opts=self._child,
        )
        network: Any = {"subnet_ids": args.get("subnet_ids"), "security_group_ids": args.get("security_group_ids")}
        function = lambda_.Function(
            f"{name}-function",
            name=function_name(args),
            description=f"Rotates {args['prefix']}/{args['secret_name']}",
            role=role.arn,
            runtime=RUNTIME,
            architectures=["arm64"],
            handler=HANDLER,
            code=pulumi.AssetArchive({file: pulumi.StringAsset(text) for file, text in package().items()}),
            timeout=TIMEOUT_SECONDS,
            environment={"variables": {"KEY_BYTES": str(int(args.get("key_bytes") or KEY_BYTES))}},
            kms_key_arn=args["key_arn"],
            logging_config={"log_format": "Text", "log_group": log.name},
            # A rotation is one call after the other. Dev accounts may have too few to reserve one (Lambda quotas).
            reserved_concurrent_executions=None if self._class == "dev" else 1,
            vpc_config=network if args.get("subnet_ids") is not None else None,
            opts=pulumi.ResourceOptions(parent=self, depends_on=[granted]),
        )
        permission = lambda_.Permission(
            f"{name}-permission",
            function=function.name,
            statement_id="SecretsManagerOfThisAccount",
            action="lambda:InvokeFunction",
            principal="secretsmanager.amazonaws.com",
            source_account=args["account"],
            opts=self._child,
        )
        return function, [granted, permission]

    def _alarm(self, function: lambda_.Function) -> None:
        topic = self._args.get("alarm_topic_arn")
        if topic is None:
            return
        cloudwatch.MetricAlarm(
            f"{self._base}-failing",
            name=f"{function_name(self._args)}-failing",
            alarm_description="A rotation of the secret fails; the value before it stays in use",
            namespace="AWS/Lambda",
            metric_name="Errors",
            dimensions={"FunctionName": function.name},
            statistic="Sum",
            period=300,
            evaluation_periods=1,
            threshold=0,
            comparison_operator="GreaterThanThreshold",
            treat_missing_data="notBreaching",
            alarm_actions=[topic],
            opts=self._child,
        )


def function_name(args: Mapping[str, Any]) -> str:
    """Return the name of the function, and of its role."""
    return f"{args['prefix']}-{args['secret_name']}-rotation"


def secret_policy(account: str) -> str:
    """Return the secret's resource policy: it grants nothing, and refuses other accounts and plain connections."""
    return policy(
        [
            tls_only(["secretsmanager:*"], ["*"]),
            statement(
                "RefuseOtherAccounts", ["secretsmanager:*"], ["*"], effect="Deny", principal="*",
                condition={
                    "StringNotEquals": {"aws:PrincipalAccount": account},
                    "BoolIfExists": {"aws:PrincipalIsAWSService": "false"},
                },
            ),
        ]
    )  # fmt: skip


def rotation_policy(args: Mapping[str, Any], secret_arn: str, key_arn: str, log_arn: str) -> str:
    """Return what the function may do: rotate this one secret, which names this function, and write its log."""
    region = args["region"]
    own = f"arn:{partition(region)}:lambda:{region}:{args['account']}:function:{function_name(args)}"
    made: list[Statement] = [
        statement(
            "RotateTheSecret",
            [
                "secretsmanager:DescribeSecret", "secretsmanager:GetSecretValue", "secretsmanager:PutSecretValue",
                "secretsmanager:UpdateSecretVersionStage",
            ],
            [secret_arn],
            condition={"StringEquals": {"secretsmanager:resource/AllowRotationLambdaArn": own}},
        ),
        statement(
            "UseItsKey", ["kms:Decrypt", "kms:GenerateDataKey"], [key_arn],
            condition={"StringEquals": {"kms:ViaService": f"secretsmanager.{region}.{dns_suffix(region)}"}},
        ),
        # Lambda decrypts the environment with the function's role (Lambda developer guide, environment variables).
        statement(
            "ReadItsEnvironment", ["kms:Decrypt"], [key_arn],
            condition={"StringEquals": {"kms:EncryptionContext:aws:lambda:FunctionArn": own}},
        ),
        statement(
            "WriteItsLog", ["logs:CreateLogStream", "logs:PutLogEvents"], [f"{log_arn.removesuffix(':*')}:*"]
        ),
    ]  # fmt: skip
    if args.get("subnet_ids") is not None:
        # Lambda's own documented set; interfaces don't exist yet, and Describe actions have no resource type.
        interfaces = [
            "ec2:AssignPrivateIpAddresses", "ec2:CreateNetworkInterface", "ec2:DeleteNetworkInterface",
            "ec2:DescribeNetworkInterfaces", "ec2:DescribeSubnets", "ec2:UnassignPrivateIpAddresses",
        ]  # fmt: skip
        made.append(statement("NetworkInterfaces", interfaces, ["*"]))
        # What the function's code itself asks is refused all the same (Lambda developer guide, VPC condition keys).
        made.append(
            statement(
                "NoInterfacesForTheCode", interfaces, ["*"], effect="Deny",
                condition={"ArnEquals": {"lambda:SourceFunctionArn": [own]}},
            )
        )  # fmt: skip
    return policy(made)


def _check(check: Checker[RotatedSecretArgs]) -> None:
    check.matches(
        "secret_name", r"[a-z](-?[a-z0-9])*", "must be lower-case letters and digits, joined by single hyphens",
        "use a name such as pseudonymisation",
    )  # fmt: skip
    check.matches("description", r"[\s\S]{1,2048}", "must be 1 to 2048 characters (CreateSecret)", "shorten it")
    for path in ("key_arn", "logs_key_arn"):
        check.arn(path, "kms")
    check.arn("alarm_topic_arn", "sns")
    check.between("rotation_days", 1, 1000, "days (RotateSecret, AutomaticallyAfterDays)")
    check.between("key_bytes", 32, 4096, "bytes")
    check.together("subnet_ids", "security_group_ids")
    prefix, name = check.plain("prefix"), check.plain("secret_name")
    if prefix and name:
        # The ARN ends in a hyphen and six characters: a name that does too is confused with one (CreateSecret).
        check.aws_name("secret_name", f"{prefix}/{name}", "secret")
        check.aws_name("secret_name", f"{prefix}-{name}-rotation", "role")
    window = check.plain("recovery_days")
    if isinstance(window, (int, float)) and window != 0 and not 7 <= window <= 30:
        check.fault("recovery_days", window, "must be 0 or 7 to 30 days (DeleteSecret)", "use 7")
    retention = check.plain("log_retention_days")
    if isinstance(retention, (int, float)) and retention not in RETENTION_DAYS:
        nearest = min(RETENTION_DAYS, key=lambda days: abs(days - retention))
        check.fault("log_retention_days", retention, "must be one of CloudWatch's periods", f"use {nearest}")
