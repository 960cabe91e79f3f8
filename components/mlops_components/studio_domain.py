"""Studio domain: where people work with data, inside the network, encrypted, idle applications shut down."""

from typing import Any, NotRequired, TypedDict

import pulumi
from pulumi_aws import iam, sagemaker

from mlops_components.adoption import adopted_options
from mlops_components.deletion import protects
from mlops_components.documents import assume_role_policy, partition, policy, statement
from mlops_components.validation import Checker

AUTH_MODES = ("IAM", "SSO")
# SageMaker API reference, IdleSettings; beyond two hours an idle application is cost that nobody asked for.
IDLE_MINUTES = (60, 525_600)
DEFAULT_IDLE_MINUTES = {"dev": 60, "staging": 120, "prod": 120}
DOMAIN_ID = r"d-(-*[a-z0-9]){1,61}"  # SageMaker API reference, DomainId
USER = r"[a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}"  # SageMaker API reference, UserProfileName


class StudioDomainArgs(TypedDict):
    """Inputs of `StudioDomain`."""

    prefix: str
    """Start of every name of the environment; the domain is `{prefix}-studio`."""
    account: str
    """AWS account id of the environment, 12 digits."""
    region: str
    """AWS region code."""
    environment_class: NotRequired[str]
    """dev, staging or prod; decides the defaults below. Default: prod."""
    vpc_id: pulumi.Input[str]
    """VPC that all traffic goes through."""
    subnet_ids: pulumi.Input[list[str]]
    """Private subnets of it."""
    security_group_ids: pulumi.Input[list[str]]
    """Security groups of the applications."""
    key_arn: pulumi.Input[str]
    """ARN of the KMS key of the home directories and volumes: what people keep there may be records of people."""
    auth_mode: NotRequired[str]
    """IAM or SSO (IAM Identity Center): how people sign in. It can't be changed later. Default: IAM."""
    idle_minutes: NotRequired[int]
    """Minutes after which an idle application is shut down, 60 to 525600. Default: 60 in dev, else 120."""
    user_names: NotRequired[list[str]]
    """Names of the people who get a profile; with SSO they are their user names there. Default: none."""
    protect: NotRequired[bool]
    """Whether Pulumi refuses to delete the domain. Default: false in dev, else true."""
    adopted_domain_id: NotRequired[str]
    """Id of a domain that is there already and is taken over by import: its way of signing in, its VPC, its subnets and
    VpcOnly have to be those given here, its other settings stay as they are. Default: none."""


class StudioDomain(pulumi.ComponentResource):
    """A SageMaker domain in the VPC only, and a profile for each person.

    The default execution role reads no data: it runs applications and writes their logs. Docker is off, output is not
    shared, each call in the trail names the person's profile. Only in dev do home directories go with the domain.
    """

    domain_id: pulumi.Output[str]
    """Id of the domain."""
    domain_arn: pulumi.Output[str]
    """ARN of the domain."""
    role_arn: pulumi.Output[str]
    """ARN of the default execution role."""

    def __init__(self, name: str, args: StudioDomainArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        check = Checker("StudioDomain", name, args, StudioDomainArgs)
        _check(check)
        check.finish()
        super().__init__("mlops:index:StudioDomain", name, {**args}, opts)
        self._base, self._args = name, args
        self._class = args.get("environment_class") or "prod"
        self._protected = protects(args)
        role_arn = self._role()
        domain = self._domain(role_arn)
        for user in args.get("user_names") or []:
            self._profile(user, domain, role_arn)
        self.domain_id, self.domain_arn, self.role_arn = domain.id, domain.arn, role_arn
        self.register_outputs({"domain_id": domain.id, "domain_arn": domain.arn, "role_arn": role_arn})

    def _role(self) -> pulumi.Output[str]:
        """Declare the default execution role; its ARN resolves once its policy is on it."""
        args = self._args
        child = pulumi.ResourceOptions(parent=self)
        role = iam.Role(
            f"{self._base}-role",
            name=f"{args['prefix']}-studio",
            description=f"Default role of people's applications in Studio of {args['prefix']}",
            assume_role_policy=assume_role_policy("sagemaker", args["account"]),
            max_session_duration=3600,
            tags={"purpose": "studio"},
            opts=child,
        )
        granted = iam.RolePolicy(
            f"{self._base}-role-policy",
            name="studio",
            role=role.name,
            policy=pulumi.Output.from_input(args["key_arn"]).apply(
                lambda key: studio_policy(args["account"], args["region"], key)
            ),
            opts=child,
        )
        return pulumi.Output.all(role.arn, granted.id).apply(lambda pair: str(pair[0]))

    def _domain(self, role_arn: pulumi.Output[str]) -> sagemaker.Domain:
        args = self._args
        settings: Any = {"execution_role": role_arn, "security_groups": args["security_group_ids"]}
        required: dict[str, Any] = {
            "domain_name": f"{args['prefix']}-studio",
            "auth_mode": args.get("auth_mode") or "IAM",
            "vpc_id": args["vpc_id"],
            "subnet_ids": args["subnet_ids"],
            "app_network_access_type": "VpcOnly",
        }
        own = args.get("adopted_domain_id")
        if own:
            stays = ("domainName", "defaultUserSettings", "defaultSpaceSettings", "domainSettings", "kmsKeyId",
                     "retentionPolicy", "tagPropagation", "appSecurityGroupManagement")  # fmt: skip
            opts = adopted_options(self, own, protect=self._protected, ignore=stays)
            return sagemaker.Domain(self._base, **required, default_user_settings=settings, opts=opts)
        idle = int(args.get("idle_minutes") or DEFAULT_IDLE_MINUTES[self._class])
        people: Any = {**settings, **user_settings(idle)}
        spaces: Any = {**settings, "jupyter_lab_app_settings": idle_shutdown(idle)}
        whole: Any = {
            "docker_settings": {"enable_docker_access": "DISABLED"},
            "execution_role_identity_config": "USER_PROFILE_NAME",
        }
        kept: Any = {"home_efs_file_system": "Delete" if self._class == "dev" else "Retain"}
        return sagemaker.Domain(
            self._base,
            **required,
            kms_key_id=args["key_arn"],
            default_user_settings=people,
            default_space_settings=spaces,
            domain_settings=whole,
            tag_propagation="ENABLED",
            retention_policy=kept,
            tags={"data-class": "personal"},
            opts=pulumi.ResourceOptions(parent=self, protect=self._protected),
        )

    def _profile(self, user: str, domain: sagemaker.Domain, role_arn: pulumi.Output[str]) -> None:
        sso: Any = {"single_sign_on_user_identifier": "UserName", "single_sign_on_user_value": user}
        sagemaker.UserProfile(
            f"{self._base}-{user}",
            domain_id=domain.id,
            user_profile_name=user,
            user_settings={"execution_role": role_arn, "security_groups": self._args["security_group_ids"]},
            **(sso if self._args.get("auth_mode") == "SSO" else {}),
            tags={"person": user},
            opts=pulumi.ResourceOptions(parent=self),
        )


def idle_shutdown(minutes: int) -> dict[str, Any]:
    """Return JupyterLab's settings that shut an idle application down, which people can't put off."""
    idle = {
        "lifecycle_management": "ENABLED",
        "idle_timeout_in_minutes": minutes,
        "min_idle_timeout_in_minutes": IDLE_MINUTES[0],
        "max_idle_timeout_in_minutes": minutes,
    }
    return {"app_lifecycle_management": {"idle_settings": idle}}


def user_settings(idle_minutes: int) -> dict[str, Any]:
    """Return what holds for everyone: Studio's own portal, nothing shared, idle applications shut down."""
    return {
        "default_landing_uri": "studio::",
        "studio_web_portal": "ENABLED",
        "sharing_settings": {"notebook_output_option": "Disabled"},
        "jupyter_lab_app_settings": idle_shutdown(idle_minutes),
        "code_editor_app_settings": idle_shutdown(idle_minutes),
    }


def studio_policy(account: str, region: str, key_arn: str) -> str:
    """Return what the default execution role may do: run the person's own applications, and write their logs.

    Source: SageMaker developer guide, "Studio execution roles" and "Encrypt data"; data comes with other roles.
    """
    base = f"arn:{partition(region)}:sagemaker:{region}:{account}"
    logs = f"arn:{partition(region)}:logs:{region}:{account}:log-group:/aws/sagemaker/studio*"
    look = ["sagemaker:DescribeApp", "sagemaker:DescribeDomain", "sagemaker:DescribeSpace",
            "sagemaker:DescribeUserProfile"]  # fmt: skip
    write = ["logs:CreateLogGroup", "logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"]
    kinds = ("app", "domain", "space", "user-profile")
    return policy(
        [
            statement("LookAtStudio", look, [f"{base}:{kind}/*" for kind in kinds]),
            statement("WriteLogs", write, [logs, f"{logs}:log-stream:*"]),
            statement("UseKeyOfVolumes", ["kms:Decrypt", "kms:DescribeKey", "kms:GenerateDataKey"], [key_arn]),
            statement(
                "GrantKeyToVolumes", ["kms:CreateGrant"], [key_arn],
                condition={"Bool": {"kms:GrantIsForAWSResource": "true"}},
            ),
        ]
    )  # fmt: skip


def _check(check: Checker[StudioDomainArgs]) -> None:
    check.one_of("auth_mode", AUTH_MODES)
    check.between("idle_minutes", *IDLE_MINUTES, "minutes (SageMaker IdleSettings)")
    check.matches("adopted_domain_id", DOMAIN_ID, "must be the id of a domain (SageMaker DomainId)", "write d-...")
    check.matches("user_names", USER, f"must match {USER} (SageMaker UserProfileName)", "rename it")
    check.unique("user_names", check.plain("user_names") or [])
    check.arn("key_arn", "kms")
    check.aws_name("prefix", f"{check.plain('prefix')}-studio", "domain")
