"""ECR repositories: scans, tags, encryption, lifecycle, access."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from mlops_policies.iam.patterns import action_matches
from mlops_policies.policy_documents import Saying, by_statement
from mlops_policies.resource import Resource
from mlops_policies.rule import Use, resource_rule, stack_rule
from mlops_policies.stack import Stack
from mlops_policies.values import listed
from mlops_policies.verdicts import Status, Verdict, not_applicable

REPOSITORY = "aws:ecr/repository:Repository"
REPOSITORY_POLICY = "aws:ecr/repositoryPolicy:RepositoryPolicy"
REGISTRY_POLICY = "aws:ecr/registryPolicy:RegistryPolicy"
TEMPLATE = "aws:ecr/repositoryCreationTemplate:RepositoryCreationTemplate"
LIFECYCLE = "aws:ecr/lifecyclePolicy:LifecyclePolicy"
REGISTRY_SCANNING = "aws:ecr/registryScanningConfiguration:RegistryScanningConfiguration"
_GUIDE = "https://docs.aws.amazon.com/AmazonECR/latest/userguide/"


@stack_rule(
    "ecr-scan-on-push",
    on=[REPOSITORY],
    title="Images are scanned when they are pushed.",
    severity="high",
    level="mandatory",
    why="Images for training and inference bring hundreds of packages; without a scan, known holes are served unseen.",
    fix="Set scanOnPush to true, or have the registry scan the repository's name",
    source=(f"{_GUIDE}image-scanning.html", f"{_GUIDE}image-scanning-filters.html"),
)
def scan_on_push(it: Resource, stack: Stack, use: Use) -> Iterator[Verdict]:
    """A registry of the stack that scans the repository by a filter is enough, on push or continuously. Under enhanced
    scanning a repository that no filter fits is not scanned at all, whatever it says itself."""
    enhanced = False
    for registry in stack.of(REGISTRY_SCANNING):
        if registry.region() == it.region():
            if _scans(registry, it):
                return
            enhanced = enhanced or registry.get("scanType") == "ENHANCED"
    if enhanced:
        yield it.fails("", "fits no filter of the registry's enhanced scanning, and so is not scanned")
    else:
        yield it.equals("imageScanningConfiguration.scanOnPush", True, default=False)


def _scans(registry: Resource, repository: Resource) -> bool:
    """Whether a registry's configuration has a repository scanned by itself. Raises `UnknownValue`."""
    return any(
        _fits(str(given.get("filter")), repository)
        for rule in registry.items("rules")
        if rule.get("scanFrequency") in ("SCAN_ON_PUSH", "CONTINUOUS_SCAN")
        for given in rule.items("repositoryFilters")
    )


def _fits(pattern: str, repository: Resource) -> bool:
    """Whether a filter is for a repository; one without a wildcard is for every name that holds it."""
    if pattern == "*":
        return True  # whatever the name will be
    return action_matches(pattern if "*" in pattern else f"*{pattern}*", str(repository.get("name", "")))


@resource_rule(
    "ecr-tag-immutable",
    on=[REPOSITORY],
    title="An image's tag stays with the image.",
    severity="medium",
    level="mandatory",
    why="Where a tag can be moved, what was tested and approved under it is not what runs.",
    fix="Set imageTagMutability to IMMUTABLE",
    source=f"{_GUIDE}image-tag-mutability.html",
)
def tag_immutable(it: Resource, use: Use) -> Iterator[Verdict]:
    """In dev, tags that an exclusion lets move are fine, such as `latest`; nowhere else."""
    allowed = ("IMMUTABLE", "IMMUTABLE_WITH_EXCLUSION") if use.environment == "dev" else ("IMMUTABLE",)
    yield it.one_of("imageTagMutability", allowed, default="MUTABLE")


@resource_rule(
    "ecr-kms",
    on=[REPOSITORY],
    title="Images are encrypted with a KMS key of one's own.",
    severity="medium",
    level="advisory",
    why="Images hold code and often models; with a key of one's own, who can read them is in a policy and in a log.",
    fix="Set encryptionConfigurations with the type KMS and a key; the repository is replaced",
    source=f"{_GUIDE}encryption-at-rest.html",
)
def kms(it: Resource, use: Use) -> Iterator[Verdict]:
    """Without a key, KMS means aws/ecr, which AWS manages. Absent is AES256."""
    encryption = next(iter(it.items("encryptionConfigurations")), None)
    if encryption is None:
        yield it.fails("encryptionConfigurations", "is absent, which AWS takes as AES256; it must name a KMS key")
        return
    answer = encryption.one_of("encryptionType", ("KMS", "KMS_DSSE"), default="AES256")
    yield answer
    if answer.status is not Status.FAIL:
        yield encryption.requires("kmsKey", "must be given: without it AWS's key aws/ecr is used")


@stack_rule(
    "ecr-lifecycle",
    on=[REPOSITORY],
    title="Repositories drop images that no tag names.",
    severity="low",
    level="advisory",
    category="cost",
    why="Every build leaves an image behind that nothing names any more, and machine-learning images are large.",
    fix="Declare a lifecycle policy that expires untagged images",
    source=f"{_GUIDE}LifecyclePolicies.html",
)
def lifecycle(it: Resource, stack: Stack, use: Use) -> Iterator[Verdict]:
    """A rule for images of any tag status drops untagged ones too; a rule for tags alone, or one that archives, does
    not."""
    inline = it.document("lifecyclePolicy")
    separate = [policy.document("policy") for policy in stack.referring(it, LIFECYCLE, by="repository")]
    documents = [document for document in (*separate, inline) if isinstance(document, Mapping)]
    rules = [rule for document in documents for rule in listed(document.get("rules"))]
    if not rules:
        yield it.fails("", "has no lifecycle policy")
    elif not any(_drops_untagged(rule) for rule in rules):
        yield it.fails("", "has a lifecycle policy that keeps untagged images")


def _drops_untagged(rule: Mapping[str, Any]) -> bool:
    status = rule.get("selection", {}).get("tagStatus")
    return status in ("untagged", "any") and rule.get("action", {}).get("type") == "expire"


@resource_rule(
    "ecr-policy-not-public",
    on=[REPOSITORY_POLICY, REGISTRY_POLICY, REPOSITORY, TEMPLATE],
    title="No policy of a repository or registry allows everybody.",
    severity="critical",
    level="mandatory",
    why="Anybody with an AWS account could pull images with code and models, or push one that runs in their stead.",
    fix="Name the accounts, or limit the statement by aws:PrincipalOrgID",
    source=f"{_GUIDE}repository-policies.html",
)
def policy_not_public(it: Resource, use: Use) -> Iterator[Verdict]:
    """Accounts that are named are fine, and so is everybody of one's organisation, by a condition. Policies that
    templates give to repositories made later count too."""
    path = "repositoryPolicy" if it.type == TEMPLATE else "policy"
    if not it.present(path):
        yield not_applicable("it holds no policy")
        return

    def check(said: Saying) -> Iterator[Verdict]:
        if said.is_public():
            yield it.fails(said.path, "allows everybody, and no condition limits it", key=said.sid)

    yield from by_statement(it, path, check)
