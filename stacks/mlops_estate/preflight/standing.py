"""What an account holds already: asked through boto3, with reads alone.

It is a real account (`--online`, with the credentials of the environment) or one that `estate serve` keeps
(`--account`). Names that are there and were not made by this estate stop `up`; so do singletons that stand already, a
key alias or a secret that is being deleted, and an image that was never pushed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from mlops_estate.graph import ResourceGraph
from mlops_estate.preflight.finding import Finding
from mlops_estate.preflight.naming import Name, names_of
from mlops_estate.preflight.places import images_of
from mlops_estate.up.singletons import SINGLETONS

if TYPE_CHECKING:
    from mlops_estate.config import EnvironmentConfig

Client = Callable[[str], Any]
Lookup = Callable[[Client, str], Any]
ABSENT = (
    "404", "NoSuchBucket", "NoSuchEntity", "NotFoundException", "ResourceNotFoundException", "ResourceNotFound",
    "EntityNotFoundException", "ValidationException", "RepositoryNotFoundException", "NotFound",
    "AWS.SimpleQueueService.NonExistentQueue", "QueueDoesNotExist", "TrailNotFoundException",
)  # fmt: skip
LOOKUPS: Mapping[str, Lookup] = {
    "aws:s3/bucket:Bucket": lambda client, name: client("s3").head_bucket(Bucket=name),
    "aws:iam/role:Role": lambda client, name: client("iam").get_role(RoleName=name),
    "aws:sagemaker/modelPackageGroup:ModelPackageGroup": (
        lambda client, name: client("sagemaker").describe_model_package_group(ModelPackageGroupName=name)
    ),
    "aws-native:sagemaker:Endpoint": lambda client, name: client("sagemaker").describe_endpoint(EndpointName=name),
    "aws-native:sagemaker:FeatureGroup": (
        lambda client, name: client("sagemaker").describe_feature_group(FeatureGroupName=name)
    ),
    "aws:sagemaker/pipeline:Pipeline": lambda client, name: client("sagemaker").describe_pipeline(PipelineName=name),
    "aws:glue/catalogDatabase:CatalogDatabase": lambda client, name: client("glue").get_database(Name=name),
    "aws:ecr/repository:Repository": (
        lambda client, name: client("ecr").describe_repositories(repositoryNames=[name])["repositories"]
    ),
    "aws:secretsmanager/secret:Secret": lambda client, name: client("secretsmanager").describe_secret(SecretId=name),
    "aws:sqs/queue:Queue": lambda client, name: client("sqs").get_queue_url(QueueName=name),
    "aws:lambda/function:Function": lambda client, name: client("lambda").get_function(FunctionName=name),
    "aws:scheduler/scheduleGroup:ScheduleGroup": (
        lambda client, name: client("scheduler").get_schedule_group(Name=name)
    ),
}  # fmt: skip
"""How a name is looked up, for types whose creation fails where the name is taken."""


def standing_findings(
    graph: ResourceGraph, config: EnvironmentConfig, client: Client, ours: frozenset[str]
) -> Iterator[Finding]:
    """Yield what stands already in the account and isn't of this estate: `ours` are names that it made before."""
    yield from _identity(config, client)
    names = [name for name in names_of(graph) if name.type in LOOKUPS and not name.generated]
    taken = list(_taken(names, client, ours))
    yield from taken
    if not taken:
        title = "no name of the plan is taken"
        yield Finding("ok", "name", title, "estate.account", f"{len(names)} names looked up", "none there, or ours")
    yield from _aliases(graph, client, ours)
    yield from _singletons(config, client, ours)
    yield from _images(graph, config, client)


def _identity(config: EnvironmentConfig, client: Client) -> Iterator[Finding]:
    account = client("sts").get_caller_identity()["Account"]
    wanted = config.estate.account
    if account != wanted:
        fix = "use credentials of that account, or correct `account`"
        yield Finding(
            "blocks", "account", "the credentials are another account's", "estate.account", wanted, account, fix
        )
    else:
        yield Finding("ok", "account", "the credentials are of this account", "estate.account", wanted, account)


def _taken(names: Sequence[Name], client: Client, ours: frozenset[str]) -> Iterator[Finding]:
    for name in names:
        if name.urn in ours:
            continue
        try:
            found = LOOKUPS[name.type](client, name.name)
        except ClientError as error:
            yield from _refused(name, error)
            continue
        noun = name.type.rsplit(":", 1)[-1]
        deleted = isinstance(found, Mapping) and found.get("DeletedDate")
        title = (
            f"{noun} {name.name} {'is being deleted: its name is taken until then' if deleted else 'is there already'}"
        )
        fix = (
            "restore it, or delete it without recovery" if deleted else "adopt it (estate.adopt), import it, or rename"
        )
        yield Finding("blocks", "name", title, name.urn, "a free name", "taken", fix)


def _refused(name: Name, error: ClientError) -> Iterator[Finding]:
    """Say nothing where there is no such thing; that a bucket is somebody else's; or that it couldn't be looked up."""
    code = str(error.response["Error"]["Code"])
    if code in ABSENT or ("not" in error.response["Error"].get("Message", "").lower().split() and code != "403"):
        return
    if name.type == "aws:s3/bucket:Bucket" and code in ("403", "Forbidden", "AccessDenied"):
        title = f"bucket {name.name} is another account's: names of buckets are the world's"
        yield Finding("blocks", "name", title, name.urn, "a free name", "taken", "take another `prefix`")
        return
    title = f"whether {name.name} is taken could not be looked up"
    yield Finding("unknown", "name", title, name.urn, "a free name", f"{code}", "look with an identity that may read")


def _aliases(graph: ResourceGraph, client: Client, ours: frozenset[str]) -> Iterator[Finding]:
    """Yield aliases that are taken, with whether their key is being deleted."""
    wanted = {str(node.aws["name"]): node for node in graph.by_type().get("aws:kms/alias:Alias", []) if node.aws}
    if not wanted:
        return
    for page in client("kms").get_paginator("list_aliases").paginate():
        for alias in page["Aliases"]:
            node = wanted.get(alias["AliasName"])
            if node is None or node.urn in ours:
                continue
            key = alias.get("TargetKeyId")
            state = client("kms").describe_key(KeyId=key)["KeyMetadata"]["KeyState"] if key else "without a key"
            title = f"{alias['AliasName']} is there already"
            fix = "delete the alias (its key's deletion can be cancelled), or adopt the key: estate.adopt.keys"
            yield Finding("blocks", "name", title, node.urn, "a free alias", f"of a key that is {state}", fix)


def _singletons(config: EnvironmentConfig, client: Client, ours: frozenset[str]) -> Iterator[Finding]:
    baseline = config.estate.account_baseline
    for single in SINGLETONS:
        mode = baseline.mode(single.key)
        where = f"estate.account_baseline.{single.key}"
        what = single.key.replace("_", " ")
        if mode == "off" or ours:
            continue
        there = single.is_there(client, config.estate.account)
        if there and mode == "create":
            title, fix = f"the account's {what} stands already, and would be made again", "say `existing`"
            yield Finding("blocks", "account", title, where, "none", "one", fix)
        elif not there and mode == "existing":
            title, fix = f"{single.missing}, though it is said to exist", "say `create`, or `off`"
            yield Finding("blocks", "account", title, where, "one", "none", fix)
        else:
            title = f"the account's {what} is as account_baseline says"
            yield Finding("ok", "account", title, where, mode, "there" if there else "none")


def _images(graph: ResourceGraph, config: EnvironmentConfig, client: Client) -> Iterator[Finding]:
    """Yield images of this account's registry that were never pushed."""
    own = f"{config.estate.account}.dkr.ecr."
    for image, urn in images_of(graph).items():
        if not image.startswith(own):
            continue
        repository, _, tag = image.partition("/")[2].partition(":")
        try:
            client("ecr").describe_images(repositoryName=repository, imageIds=[{"imageTag": tag.partition("@")[0]}])
        except ClientError:
            title = f"{repository}:{tag} was never pushed: the first training would not start"
            yield Finding("warns", "image", title, urn, tag, "none", "build and push it: docs/reference/images.md")
        else:
            yield Finding("ok", "image", f"{repository}:{tag} is there", urn, tag, "pushed")


def applied_quotas(client: Client, services: Sequence[str]) -> tuple[dict[tuple[str, str], float], frozenset[str]]:
    """Return an account's own quotas by service and code, and the SageMaker instance types that they speak of.

    Buckets' quota is read in us-east-1 only (S3 user guide); the client of the region answers others.
    """
    applied: dict[tuple[str, str], float] = {}
    offered: set[str] = set()
    for service in services:
        for page in client("service-quotas").get_paginator("list_service_quotas").paginate(ServiceCode=service):
            for quota in page["Quotas"]:
                applied[service, quota["QuotaCode"]] = float(quota["Value"])
                if quota["QuotaName"].startswith("ml."):
                    offered.add(quota["QuotaName"].split()[0])
    return applied, frozenset(offered)
