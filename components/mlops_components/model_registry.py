"""Model registry: a SageMaker model package group, who may register in it and who may deploy from it."""

from typing import NotRequired, TypedDict

import pulumi
from pulumi_aws import sagemaker

from mlops_components.cross_account import check_members, members_of, package_statements
from mlops_components.documents import partition, policy
from mlops_components.validation import Checker


class ModelRegistryArgs(TypedDict):
    """Inputs of `ModelRegistry`."""

    account: str
    """AWS account id of the environment, 12 digits."""
    registry_account: str
    """AWS account id that owns the registry. In any other account nothing is made: the outputs refer to the group."""
    region: str
    """AWS region code of the registry."""
    group_name: str
    """Name of the model package group, such as `mlops-mortgage-approval`: one for all environments."""
    description: NotRequired[str]
    """What the model decides. Default: the group's name."""
    reader_account_ids: NotRequired[list[str]]
    """Accounts that may deploy from the group. Default: none."""
    writer_account_ids: NotRequired[list[str]]
    """Accounts that may register versions in the group. Default: none."""
    member_role_names: NotRequired[list[str]]
    """Names of the roles of these accounts that may, where * stands for any characters. Default: every role."""
    organization_id: NotRequired[str]
    """AWS organisation that they have to belong to. Default: any."""
    protect: NotRequired[bool]
    """Whether the group refuses deletion. Default: false."""
    lineage_tags: NotRequired[dict[str, str]]
    """Tags that say where the group's models come from: data set, label, pipeline. Default: none."""


class ModelRegistry(pulumi.ComponentResource):
    """A model package group with its resource policy; a reference where the registry is in another account."""

    group_name: pulumi.Output[str]
    """Name of the group."""
    group_arn: pulumi.Output[str]
    """ARN of the group."""

    def __init__(self, name: str, args: ModelRegistryArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        check = Checker("ModelRegistry", name, args, ModelRegistryArgs)
        check.aws_name("group_name", check.plain("group_name"), "package_group")
        check.matches("description", r"[\s\S]{1,1024}", "must be 1 to 1024 characters", "shorten it")
        check_members(check)
        check.finish()
        super().__init__("mlops:index:ModelRegistry", name, {**args}, opts)
        arn = group_arn(args["group_name"], args["registry_account"], args["region"])
        if args["account"] == args["registry_account"]:
            group = self._make(name, args, arn)
            self.group_name, self.group_arn = group.model_package_group_name, group.arn
        else:
            self.group_name, self.group_arn = (
                pulumi.Output.from_input(args["group_name"]),
                pulumi.Output.from_input(arn),
            )
        self.register_outputs({"group_name": self.group_name, "group_arn": self.group_arn})

    def _make(self, name: str, args: ModelRegistryArgs, arn: str) -> sagemaker.ModelPackageGroup:
        child = pulumi.ResourceOptions(parent=self)
        kept = pulumi.ResourceOptions(parent=self, protect=args.get("protect", False))
        group = sagemaker.ModelPackageGroup(
            name,
            model_package_group_name=args["group_name"],
            model_package_group_description=args.get("description") or f"Versions of {args['group_name']}",
            tags=args.get("lineage_tags"),
            opts=kept,
        )
        shared = package_statements(arn, members_of(args))
        if shared:
            sagemaker.ModelPackageGroupPolicy(
                f"{name}-accounts",
                model_package_group_name=group.model_package_group_name,
                resource_policy=policy(shared),
                opts=child,
            )
        return group


def group_arn(group_name: str, account: str, region: str) -> str:
    """Return the ARN of a model package group."""
    return f"arn:{partition(region)}:sagemaker:{region}:{account}:model-package-group/{group_name}"


def package_arn(group: str, version: int) -> str:
    """Return the ARN of one version in a group, given the group's ARN."""
    return f"{group.replace(':model-package-group/', ':model-package/')}/{version}"
