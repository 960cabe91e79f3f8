"""The model registry: that it is used, that people approve, and who may read it."""

from __future__ import annotations

import re
from collections.abc import Iterator

from mlops_policies.embedded_jobs import PIPELINE_DEFINITION, Embedded, steps
from mlops_policies.images import MODEL, containers
from mlops_policies.ml_serving import ENDPOINT
from mlops_policies.policy_documents import TRUSTED_ACCOUNTS, Saying, by_statement
from mlops_policies.resource import Resource, View
from mlops_policies.rule import Use, resource_rule, stack_rule
from mlops_policies.rules.ml_environments import PIPELINE
from mlops_policies.rules.ml_models import PACKAGE
from mlops_policies.stack import Stack
from mlops_policies.values import any_of
from mlops_policies.verdicts import Verdict, each, not_applicable

GROUP = "aws:sagemaker/modelPackageGroup:ModelPackageGroup"
GROUP_POLICY = "aws:sagemaker/modelPackageGroupPolicy:ModelPackageGroupPolicy"

_API = "https://docs.aws.amazon.com/sagemaker/latest/APIReference"
_GUIDE = "https://docs.aws.amazon.com/sagemaker/latest/dg"
_ACCOUNT = re.compile(r"^(?:arn:[\w-]+:(?:iam|sts)::)?(\d{12})(?::|$)")


@stack_rule(
    "sm-model-registry-in-use",
    on=[ENDPOINT],
    only=["prod"],
    title="Stacks with endpoints in production use a model registry.",
    severity="low",
    level="advisory",
    category="ml-governance",
    why="Without a registry nobody can list the versions there were, who approved each and what it was made from.",
    fix="Register models in a model package group, and serve them by their package",
    source=f"{_GUIDE}/model-registry.html",
)
def registry_in_use(it: Resource, stack: Stack, use: Use) -> Iterator[Verdict]:
    """A group or a package of this stack counts, and a model that names a package, wherever that is registered."""
    if "registry" not in use.memory:
        use.memory["registry"] = bool(stack.of(GROUP, PACKAGE)) or any_of(stack.of(MODEL), _is_packaged)
    if not use.memory["registry"]:
        yield it.fails("", "is in a stack that neither has nor names a model package")


def _is_packaged(model: Resource) -> bool:
    return any(view.present("modelPackageName") for view in containers(model))


@resource_rule(
    "sm-modelpackage-manual-approval",
    on=[PACKAGE, PIPELINE],
    title="Model packages wait for somebody to approve them.",
    severity="medium",
    level="mandatory",
    category="ml-governance",
    why="A version that approves itself when it is made has been looked at by nobody, and may be deployed at once.",
    fix="Register it as PendingManualApproval, and approve it in a step of its own that is logged",
    source=(f"{_GUIDE}/model-registry-approve.html", f"{_API}/API_CreateModelPackage.html"),
)
def manual_approval(it: Resource, use: Use) -> Iterator[Verdict]:
    """An absent status is PendingManualApproval. Steps of a pipeline that register count as well: that is how most
    packages are made.
    """
    if it.type == PACKAGE:
        yield _waits(it)
        return
    if not it.present(PIPELINE_DEFINITION):
        yield not_applicable("its definition is in S3")
        return
    found = [step for step in steps(it) if step.creates == "ModelPackage"]
    if not found:
        yield not_applicable("it registers no model")
    yield from each(found, _registers)


def _registers(step: Embedded) -> Iterator[Verdict]:
    yield _waits(step.parameters, "ModelApprovalStatus")


def _waits(view: View, path: str = "modelApprovalStatus") -> Verdict:
    return view.holds(
        path, lambda status: status != "Approved", "must be PendingManualApproval", default="PendingManualApproval"
    )


@resource_rule(
    "sm-registry-policy-not-public",
    on=[GROUP_POLICY, GROUP],
    title="The model registry is open to named accounts only.",
    severity="high",
    level="mandatory",
    why="Whoever may read a package can copy the model; whoever may write one can have another model deployed.",
    fix="Name the accounts, or add a condition on aws:PrincipalOrgID",
    source=f"{_GUIDE}/model-registry-ram.html",
    settings=TRUSTED_ACCOUNTS,
)
def policy_not_public(it: Resource, use: Use) -> Iterator[Verdict]:
    """A native group holds its policy itself. Everybody under a condition that limits them, such as the organisation,
    is not everybody.
    """
    path = "resourcePolicy" if it.type == GROUP_POLICY else "modelPackageGroupPolicy"
    if not it.present(path):
        yield not_applicable("it has no policy")
        return
    trusted = use["trusted_accounts"]

    def check(said: Saying) -> Iterator[Verdict]:
        for _, name in said.principals if said.allows and trusted else ():
            account = _ACCOUNT.match(str(name))
            if account and account[1] not in trusted:
                yield it.fails(said.path, f"lets account {account[1]} in, which is not a trusted one", key=account[1])
        if said.is_public():
            yield it.fails(said.path, "lets everybody in", key="*")

    yield from by_statement(it, path, check)
