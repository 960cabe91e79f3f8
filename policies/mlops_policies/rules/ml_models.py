"""Models: where they come from, who approved them, and where their images and artefacts are."""

from __future__ import annotations

from collections.abc import Iterator
from fnmatch import fnmatchcase

from mlops_policies.buckets import algorithm_of, bucket_of_uri, versioning_of
from mlops_policies.images import (
    COMPONENT,
    MODEL,
    WITH_IMAGES,
    containers,
    images,
    is_given,
    known_image,
    repository_of,
)
from mlops_policies.resource import Resource, View
from mlops_policies.rule import Use, resource_rule, stack_rule
from mlops_policies.stack import Stack
from mlops_policies.values import UnknownValue, has_unknown
from mlops_policies.verdicts import PASS, Verdict, each, not_applicable

PACKAGE = "aws-native:sagemaker:ModelPackage"

_API = "https://docs.aws.amazon.com/sagemaker/latest/APIReference"
_ALLOWED_IN_DEV = {"dev": "advisory", "staging": "mandatory", "prod": "mandatory"}


@resource_rule(
    "ml-model-from-registry",
    on=[MODEL, COMPONENT],
    only=["prod"],
    title="Models in production come from the model registry.",
    severity="high",
    level="mandatory",
    category="ml-governance",
    why="A model made of an image and an artefact has no approval, no lineage and no version that a rollback could "
    "name.",
    fix="Give modelPackageName the ARN of an approved model package",
    source=f"{_API}/API_ContainerDefinition.html",
)
def model_from_registry(it: Resource, use: Use) -> Iterator[Verdict]:
    """Each container of an inference pipeline counts. An inference component that names its own image passes the
    registry by as well: it should name a model.
    """
    if it.type == COMPONENT:
        for view in (*it.items("specification"), *it.items("specifications")):
            if view.present("container.image"):
                yield view.fails("container.image", "serves an image; it must name a model from the registry")
        return
    found = containers(it)
    if not found:
        yield it.fails("primaryContainer", "is absent; it must name a model package")
    yield from each(found, lambda view: [view.requires("modelPackageName", "is absent; it must name a model package")])


@stack_rule(
    "ml-model-package-approved",
    on=[MODEL],
    title="Models come from approved model packages.",
    severity="high",
    level=_ALLOWED_IN_DEV,
    category="ml-governance",
    why="A version that nobody approved can be one that failed its evaluation, or that nobody has looked at.",
    fix="Approve the model package, or name one that is approved",
    source=f"{_API}/API_CreateModelPackage.html",
    settings={
        "approved_packages": {
            "type": "array",
            "items": {"type": "string"},
            "default": [],
            "description": "ARNs, or patterns of ARNs, of packages that are approved; where given, packages of other "
            "stacks must be among them.",
        }
    },
)
def model_package_approved(it: Resource, stack: Stack, use: Use) -> Iterator[Verdict]:
    """A versioned package without a status waits for approval; one without a group has none (CreateModelPackage).
    Packages that live in a registry elsewhere can only be told by the setting. Advice in dev, where versions are tried.
    """
    named = [view for view in containers(it) if is_given(view, "modelPackageName")]
    answers = list(each(named, lambda view: _approved(view, stack, use)))
    yield from answers
    if not answers:
        yield not_applicable("its packages are not declared here, and no setting lists approved ones")


def _approved(view: View, stack: Stack, use: Use) -> Iterator[Verdict]:
    wanted = use["approved_packages"]
    try:
        packages = stack.referred(view, "modelPackageName", PACKAGE)
    except UnknownValue:
        packages = []
        if not wanted:
            raise
    for package in packages:
        if not package.present("modelPackageGroupName"):
            continue
        approved = package.get("modelApprovalStatus") == "Approved"
        yield PASS if approved else view.fails("modelPackageName", "names a package that is not approved")
    if wanted and not packages:
        yield view.holds(
            "modelPackageName",
            lambda arn: any(fnmatchcase(arn, pattern) for pattern in wanted),
            "must be one of the approved packages",
        )


@stack_rule(
    "ml-model-image-pinned",
    on=list(WITH_IMAGES),
    title="Container images are pinned.",
    severity="medium",
    level=_ALLOWED_IN_DEV,
    why="A tag that moves changes what runs without any change here: a scaled-out instance can serve other code than "
    "the one that was tested.",
    fix="Name the image by its digest, or by a tag of a repository whose tags are immutable",
    source="https://docs.aws.amazon.com/AmazonECR/latest/userguide/image-tag-mutability.html",
    settings={
        "require_digest": {
            "type": "boolean",
            "default": False,
            "description": "Whether a version tag is too little where the repository is not declared in this stack.",
        }
    },
)
def image_pinned(it: Resource, stack: Stack, use: Use) -> Iterator[Verdict]:
    """No tag is ``latest``. Version tags of a repository in this stack count where it makes tags immutable; whether
    another repository does can't be seen: AWS documents its own images by version tags, so they pass by default.
    """
    found = images(it)
    if not found:
        yield not_applicable("it names no image")
    yield from each(found, lambda place: _pinned(place, stack, use))


def _pinned(place: tuple[View, str], stack: Stack, use: Use) -> Iterator[Verdict]:
    view, path = place
    repository = repository_of(view, path, stack, use)
    fixed = repository is not None and str(repository.get("imageTagMutability")).startswith("IMMUTABLE")
    if fixed and has_unknown(view.raw(path)):
        return
    image = known_image(view, path)
    if image.digest:
        return
    if image.tag in ("", "latest"):
        yield view.fails(path, "has no tag but latest, which moves")
    elif repository is not None and not fixed:
        yield view.fails(path, f"has the tag {image.tag} of a repository whose tags can be moved")
    elif repository is None and use["require_digest"]:
        yield view.fails(path, f"has the tag {image.tag}; it must have a digest")


@stack_rule(
    "ml-model-image-approved-registry",
    on=list(WITH_IMAGES),
    title="Container images come from approved registries.",
    severity="high",
    level="mandatory",
    why="An image from a public registry can be replaced or withdrawn by its owner, and nobody here has scanned it.",
    fix="Copy the image into a private ECR repository and name it from there",
    source="https://docs.aws.amazon.com/sagemaker/latest/dg/docker-containers-prebuilt.html",
    settings={
        "approved_registries": {
            "type": "array",
            "items": {"type": "string"},
            "default": [],
            "description": "Patterns of registries or of whole image names, those of AWS's own accounts included, such "
            "as 763104351884.dkr.ecr.*.amazonaws.com; none listed allows every private ECR registry.",
        }
    },
)
def image_approved_registry(it: Resource, stack: Stack, use: Use) -> Iterator[Verdict]:
    """AWS's own images are in private registries of many accounts, which differ by region and image: without a list
    every private ECR registry passes. A repository of this stack always does.
    """
    found = images(it)
    if not found:
        yield not_applicable("it names no image")
    yield from each(found, lambda place: _from_approved(place, stack, use))


def _from_approved(place: tuple[View, str], stack: Stack, use: Use) -> Iterator[Verdict]:
    view, path = place
    if repository_of(view, path, stack, use) is not None:
        return
    image = known_image(view, path)
    patterns = use["approved_registries"]
    whole = str(view.get(path))
    if patterns and not any(fnmatchcase(name, pattern) for name in (image.registry, whole) for pattern in patterns):
        yield view.fails(path, f"is in {image.registry}, which is not an approved registry", key=image.registry)
    elif not patterns and not image.in_private_ecr:
        yield view.fails(path, f"is in {image.registry}, which is no private ECR registry", key=image.registry)


_DATA = (
    "modelDataUrl",
    "modelDataSource.s3DataSource.s3Uri",
    "modelDataSource.s3DataSources.s3Uri",
    "s3DataSources.s3Uri",
)
"""Where a container, or an additional source of its data, names an artefact; the `aws` provider has a list of one."""


@stack_rule(
    "ml-model-artifact-bucket-guarded",
    on=[MODEL],
    title="Model artefacts are in a versioned, KMS-encrypted bucket.",
    severity="high",
    level="mandatory",
    category="ml-governance",
    why="Whoever can overwrite an artefact changes what a model answers; without versions nobody can tell, or go back.",
    fix="Keep artefacts in a bucket with versioning and KMS encryption",
    source="https://docs.aws.amazon.com/AmazonS3/latest/userguide/Versioning.html",
    settings={
        "approved_buckets": {
            "type": "array",
            "items": {"type": "string"},
            "default": [],
            "description": "Names, or patterns of names, of buckets of other stacks that artefacts may be in; none "
            "listed asks nothing of those.",
        }
    },
)
def artifact_bucket_guarded(it: Resource, stack: Stack, use: Use) -> Iterator[Verdict]:
    """Whose account a bucket of another stack is in can't be seen from its name: the setting lists the buckets."""
    answers = list(each(containers(it), lambda view: _artifacts(view, stack, use)))
    yield from answers
    if not answers:
        yield not_applicable("it names no artefact whose bucket is declared or listed")


def _artifacts(container: View, stack: Stack, use: Use) -> Iterator[Verdict]:
    sources = [container, *container.items("additionalModelDataSources")]
    places = [(view, path) for view in sources for path in _DATA if view.present(path)]
    yield from each(places, lambda place: _artifact(place, stack, use))


def _artifact(place: tuple[View, str], stack: Stack, use: Use) -> Iterator[Verdict]:
    view, path = place
    bucket = bucket_of_uri(stack, view, path)
    approved = use["approved_buckets"]
    if bucket is None:
        if approved:
            yield view.holds(path, lambda uri: _is_in(uri, approved), "must be in an approved bucket")
        return
    yield PASS
    named = f"bucket {bucket.name}"
    yield from each([bucket], lambda found: _versioned(view, path, found, named, stack))
    yield from each([bucket], lambda found: _encrypted(view, path, found, named, stack))


def _is_in(uri: str, approved: list[str]) -> bool:
    """Whether an S3 URI, or an https address of S3 by path, is in one of these buckets."""
    scheme, _, rest = uri.partition("://")
    host, _, path = rest.partition("/")
    name = host if scheme == "s3" else path.partition("/")[0]
    return any(fnmatchcase(name, pattern) for pattern in approved)


def _versioned(view: View, path: str, bucket: Resource, named: str, stack: Stack) -> Iterator[Verdict]:
    if versioning_of(bucket, stack) != "Enabled":
        yield view.fails(path, f"is in {named}, which keeps no versions", key="versioning")


def _encrypted(view: View, path: str, bucket: Resource, named: str, stack: Stack) -> Iterator[Verdict]:
    if not algorithm_of(bucket, stack).startswith("aws:kms"):
        yield view.fails(path, f"is in {named}, which is not encrypted with KMS", key="encryption")
