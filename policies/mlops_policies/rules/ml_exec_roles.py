"""Roles of training, inference and pipelines: one for each, and little for the one that serves."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase

from mlops_policies.identity_policies import ROLE
from mlops_policies.images import MODEL, TRAINING_JOB
from mlops_policies.resource import Resource
from mlops_policies.role_policies import managed_arns_of_role, statements_of_role
from mlops_policies.rule import Use, stack_rule
from mlops_policies.rules.ml_environments import PIPELINE, PROCESSING_JOB, TUNING_JOB
from mlops_policies.stack import Stack
from mlops_policies.values import UnknownValue, has_unknown, is_absent
from mlops_policies.verdicts import Verdict, each

_STAGES: Mapping[str, tuple[str, str]] = {
    MODEL: ("inference", "executionRoleArn"),
    TRAINING_JOB: ("training", "roleArn"),
    TUNING_JOB: ("training", "trainingJobDefinition.roleArn"),
    PIPELINE: ("pipeline", "roleArn"),
    PROCESSING_JOB: ("processing", "roleArn"),
}
"""By type, the stage that it is of and the property that names its role."""
_CREATES = (
    "CreateTrainingJob", "CreateProcessingJob", "CreateModel", "CreateEndpointConfig", "CreateEndpoint",
    "CreatePipeline", "CreateNotebookInstance", "CreateHyperParameterTuningJob", "CreateTransformJob",
)  # fmt: skip
_TOO_MUCH = ("AdministratorAccess", "PowerUserAccess", "AmazonSageMakerFullAccess", "AmazonS3FullAccess")
_BY_ROLE, _INPUTS = "stages by role", "training data"
"""What the rule keeps between resources of a stack."""
_ROLES = "https://docs.aws.amazon.com/sagemaker/latest/dg/sagemaker-roles.html"


@stack_rule(
    "ml-exec-role-separation",
    on=list(_STAGES),
    title="Training, inference and pipelines have roles of their own.",
    severity="high",
    level={"dev": "advisory", "staging": "mandatory", "prod": "mandatory"},
    why="With one role for all, a container that answers requests from outside can overwrite training data, or start "
    "jobs and endpoints.",
    fix="Create a role per stage, and let the inference role read its model only",
    source=_ROLES,
)
def exec_role_separation(it: Resource, stack: Stack, use: Use) -> Iterator[Verdict]:
    """Roles of other stacks are told apart by their ARNs; what those may do can't be seen. Advice in dev, where one
    person does it all.
    """
    stage, path = _STAGES[it.type]
    role = _role_of(it, path, stack)
    if role is None:
        raise UnknownValue(it.path(path))
    others = sorted(_stages_by_role(stack, use).get(role, set()) - {stage})
    if others:
        yield it.fails(path, f"is the role of {' and '.join(others)} as well", key="shared")
    if stage == "inference":
        for found in stack.referred(it, path, ROLE):
            yield from _excesses(it, path, found, stack, use)


def _role_of(it: Resource, path: str, stack: Stack) -> str | None:
    """Return the URN of a role of this stack, or the ARN of another; None where neither is known."""
    try:
        for role in stack.referred(it, path, ROLE):
            return role.urn
    except UnknownValue:
        return None
    named = it.raw(path)
    return None if is_absent(named) else str(named)


def _stages_by_role(stack: Stack, use: Use) -> Mapping[str, set[str]]:
    found: dict[str, set[str]] | None = use.memory.get(_BY_ROLE)
    if found is None:
        found = use.memory[_BY_ROLE] = {}
        for kind, (stage, path) in _STAGES.items():
            for it in stack.of(kind):
                found.setdefault(_role_of(it, path, stack) or "", set()).add(stage)
    return found


def _creates(it: Resource, path: str, role: Resource, stack: Stack, use: Use) -> Iterator[Verdict]:
    for said in statements_of_role(stack, role):
        named = [name for name in _CREATES if said.allows and said.names_action(f"sagemaker:{name}")]
        if named:
            yield it.fails(path, f"may call {', '.join(sorted(named))}", key=f"creates {role.name}")
            return


def _writes(it: Resource, path: str, role: Resource, stack: Stack, use: Use) -> Iterator[Verdict]:
    inputs = _training_data(stack, use)
    for said in statements_of_role(stack, role):
        if not said.allows or not said.names_action("s3:PutObject"):
            continue
        if said.every_resource() or any(_covers(str(pattern), inputs) for pattern in said.resources):
            yield it.fails(path, "may write training data", key=f"writes {role.name}")
            return
        if inputs and any(has_unknown(pattern) for pattern in said.resources):
            raise UnknownValue(f"{said.path}.Resource")


def _covers(pattern: str, inputs: list[str]) -> bool:
    """Whether a resource pattern names every bucket, or reaches into what training reads (ARNs that end in ``*``)."""
    return pattern.endswith(":s3:::*") or any(
        fnmatchcase(place, pattern) or fnmatchcase(pattern, place) for place in inputs
    )


def _training_data(stack: Stack, use: Use) -> list[str]:
    """Return the ARNs, as patterns, of what training jobs of the stack read; what is unknown is left out."""
    found: list[str] | None = use.memory.get(_INPUTS)
    if found is None:
        inputs = [view for job in stack.of(TRAINING_JOB) for view in job.items("inputDataConfigs")]
        uris = [str(view.raw("dataSource.s3DataSource.s3Uri")) for view in inputs]
        found = [f"arn:aws:s3:::{uri[5:]}*" for uri in uris if uri.startswith("s3://")]
        use.memory[_INPUTS] = found
    return found


def _managed(it: Resource, path: str, role: Resource, stack: Stack, use: Use) -> Iterator[Verdict]:
    for _, _, arn in managed_arns_of_role(stack, role):
        name = arn.rpartition("/")[2]
        if ":iam::aws:policy/" in arn and name in _TOO_MUCH:
            yield it.fails(path, f"carries {name}", key=f"{name} {role.name}")


def _excesses(it: Resource, path: str, role: Resource, stack: Stack, use: Use) -> Iterator[Verdict]:
    checks = (_creates, _writes, _managed)
    yield from each(checks, lambda check: check(it, path, role, stack, use))
