"""Image repository: where one of the estate's own images is kept, scanned, and pulled from by other accounts."""

import json
from typing import NotRequired, TypedDict

import pulumi
from pulumi_aws import ecr

from mlops_components.cross_account import check_members, image_statements, members_of
from mlops_components.deletion import protects
from mlops_components.documents import dns_suffix, partition, policy
from mlops_components.validation import Checker

UNTAGGED_DAYS = 14


class ImageRepositoryArgs(TypedDict):
    """Inputs of `ImageRepository`."""

    account: str
    """AWS account id of the environment, 12 digits."""
    registry_account: str
    """AWS account id that owns the images. In any other account nothing is made: the outputs refer to them there."""
    region: str
    """AWS region code of the registry."""
    environment_class: NotRequired[str]
    """dev, staging or prod; decides the defaults below. Default: prod."""
    repository_name: str
    """Name of the repository, such as `mlops/training`: one for all environments."""
    key_arn: pulumi.Input[str]
    """ARN of the KMS key of the images."""
    reader_account_ids: NotRequired[list[str]]
    """Accounts that pull the image. Default: none."""
    member_role_names: NotRequired[list[str]]
    """Names of the roles of these accounts that may, where * stands for any characters. Default: every role."""
    organization_id: NotRequired[str]
    """AWS organisation that they have to belong to. Default: any."""
    untagged_days: NotRequired[int]
    """Days after which an image without a tag is deleted. Default: 14."""
    protect: NotRequired[bool]
    """Whether Pulumi refuses to delete the repository. Default: false in dev, else true."""


class ImageRepository(pulumi.ComponentResource):
    """A private ECR repository: immutable tags, scanned on push, encrypted, pulled by named roles of other accounts.

    Tagged images are never deleted: a model version names its image, and a rollback needs it. Images are pushed from
    the registry's own account alone. ECR answers over TLS only, so no statement asks for it.
    """

    repository_url: pulumi.Output[str]
    """Where images are pushed to and pulled from, without a tag."""
    repository_arn: pulumi.Output[str]
    """ARN of the repository."""

    def __init__(self, name: str, args: ImageRepositoryArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        check = Checker("ImageRepository", name, args, ImageRepositoryArgs)
        check.aws_name("repository_name", check.plain("repository_name"), "repository")
        check.arn("key_arn", "kms")
        # ECR lifecycle policy parameters, countNumber: a whole number of at least 1.
        check.between("untagged_days", 1, 3650, "days")
        check_members(check)
        check.finish()
        super().__init__("mlops:index:ImageRepository", name, {**args}, opts)
        place = (args["repository_name"], args["registry_account"], args["region"])
        if args["account"] == args["registry_account"]:
            repository = self._make(name, args)
            self.repository_url = repository.name.apply(lambda made: repository_url(made, *place[1:]))
            self.repository_arn = repository.arn
        else:
            self.repository_url = pulumi.Output.from_input(repository_url(*place))
            self.repository_arn = pulumi.Output.from_input(repository_arn(*place))
        self.register_outputs({"repository_url": self.repository_url, "repository_arn": self.repository_arn})

    def _make(self, name: str, args: ImageRepositoryArgs) -> ecr.Repository:
        child = pulumi.ResourceOptions(parent=self)
        repository = ecr.Repository(
            name,
            name=args["repository_name"],
            image_tag_mutability="IMMUTABLE",
            image_scanning_configuration={"scan_on_push": True},
            encryption_configurations=[{"encryption_type": "KMS", "kms_key": args["key_arn"]}],
            force_delete=args.get("environment_class") == "dev",
            opts=pulumi.ResourceOptions(parent=self, protect=protects(args)),
        )
        ecr.LifecyclePolicy(
            f"{name}-lifecycle",
            repository=repository.name,
            policy=lifecycle_policy(int(args.get("untagged_days") or UNTAGGED_DAYS)),
            opts=child,
        )
        if shared := image_statements(members_of(args)):
            ecr.RepositoryPolicy(f"{name}-accounts", repository=repository.name, policy=policy(shared), opts=child)
        return repository


def lifecycle_policy(untagged_days: int) -> str:
    """Return the lifecycle policy: an image without a tag goes after a while (ECR user guide, lifecycle policies)."""
    rule = {
        "rulePriority": 1,
        "description": "Drop what no tag names",
        "selection": {
            "tagStatus": "untagged", "countType": "sinceImagePushed", "countUnit": "days", "countNumber": untagged_days
        },
        "action": {"type": "expire"},
    }  # fmt: skip
    return json.dumps({"rules": [rule]}, separators=(",", ":"))


def repository_arn(name: str, account: str, region: str) -> str:
    """Return the ARN of a repository."""
    return f"arn:{partition(region)}:ecr:{region}:{account}:repository/{name}"


def repository_url(name: str, account: str, region: str) -> str:
    """Return where a repository is reached by an image client."""
    return f"{account}.dkr.ecr.{region}.{dns_suffix(region)}/{name}"
