"""Container images: in which properties machine learning names them, and what an image's name says."""

from __future__ import annotations

import re
from typing import NamedTuple

from mlops_policies.resource import Resource, View
from mlops_policies.rule import Use
from mlops_policies.stack import Stack
from mlops_policies.values import UnknownValue, has_unknown, is_absent

MODEL = "aws:sagemaker/model:Model"
TRAINING_JOB = "aws:sagemaker/trainingJob:TrainingJob"
COMPONENT = "aws-native:sagemaker:InferenceComponent"
REPOSITORY = "aws:ecr/repository:Repository"
WITH_IMAGES = (MODEL, TRAINING_JOB, COMPONENT)

_PRIVATE_ECR = re.compile(
    r"^\d{12}\.dkr[.-]ecr(-fips)?\.[\w-]+\.(amazonaws\.com(\.cn)?|on\.(aws|amazonwebservices\.com\.cn))$"
)


class Image(NamedTuple):
    """An image's name in parts: ``registry/repository:tag@digest``."""

    registry: str
    repository: str
    tag: str
    digest: str

    @property
    def in_private_ecr(self) -> bool:
        """Whether the registry is the private ECR registry of an account."""
        return bool(_PRIVATE_ECR.match(self.registry))


def parsed(name: str) -> Image:
    """Return an image's name in parts. A name without a registry is in Docker Hub, as Docker has it."""
    rest, _, digest = name.partition("@")
    first, slash, after = rest.partition("/")
    has_registry = bool(slash) and (any(sign in first for sign in ".:") or first == "localhost")
    registry, path = (first, after) if has_registry else ("docker.io", rest)
    repository, _, tag = path.partition(":")
    return Image(registry, repository, tag, digest)


def containers(it: Resource) -> list[View]:
    """Return a model's containers: the primary one, or those of its pipeline. Raises `UnknownValue`."""
    return [*it.items("primaryContainer"), *it.items("containers")]


def images(it: Resource) -> list[tuple[View, str]]:
    """Return where a resource names container images, as views and properties. Raises `UnknownValue`."""
    if it.type == MODEL:
        places = [(view, "image") for view in containers(it)]
    elif it.type == COMPONENT:
        specifications = [*it.items("specification"), *it.items("specifications")]
        places = [(view, "container.image") for view in specifications]
    else:
        places = [(it, "algorithmSpecification.trainingImage")]
    return [(view, path) for view, path in places if is_given(view, path)]


def is_given(view: View, path: str) -> bool:
    """Whether something is or may be given at a path: what holds it may be unknown."""
    try:
        return view.present(path)
    except UnknownValue:
        return True


def repository_of(view: View, path: str, stack: Stack, use: Use) -> Resource | None:
    """Return the repository of this stack that an image is in; None where it is in another.

    Raises `UnknownValue` where the image is unknown, and does not come from a repository of this stack.
    """
    name = view.raw(path)
    if has_unknown(name):
        return next(iter(stack.referred(view, path, REPOSITORY)), None)
    by_name = use.memory.get("repositories")
    if by_name is None:
        by_name = use.memory["repositories"] = {
            name: it for it in stack.of(REPOSITORY) if isinstance(name := it.value.get("name"), str)
        }
    found = parsed(str(name))
    return by_name.get(found.repository) if found.in_private_ecr else None


def known_image(view: View, path: str) -> Image:
    """Return an image's name in parts. Raises `UnknownValue`."""
    name = view.get(path)
    if is_absent(name) or has_unknown(name):
        raise UnknownValue(view.path(path))
    return parsed(str(name))
