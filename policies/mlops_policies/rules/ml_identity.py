"""Who may do what in machine learning: approval apart from deployment, limited calls, and whom roles trust."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from mlops_policies.identity_policies import (
    GROUP_POLICY,
    IDENTITY_POLICIES,
    POLICY,
    ROLE,
    ROLE_ATTACHMENT,
    ROLE_POLICY,
    USER_POLICY,
    documents,
    is_broad,
    is_only_boundary,
    judged,
    limited_to,
)
from mlops_policies.policy_documents import Saying, by_statement, sayings
from mlops_policies.resource import Resource, View
from mlops_policies.role_policies import policies_of_role
from mlops_policies.rule import Use, resource_rule, stack_rule
from mlops_policies.stack import Stack
from mlops_policies.values import UnknownValue, has_unknown
from mlops_policies.verdicts import Verdict, each, not_applicable

_APPROVE = "sagemaker:UpdateModelPackage"
_DEPLOY = ("sagemaker:CreateEndpoint", "sagemaker:UpdateEndpoint")
_STATUS = "sagemaker:modelapprovalstatus"


@stack_rule(
    "ml-approve-deploy-separation",
    on=[ROLE, *(kind for kind in IDENTITY_POLICIES if kind != ROLE)],
    title="Nobody both approves a model and deploys it.",
    severity="high",
    level={"dev": "advisory", "staging": "mandatory", "prod": "mandatory"},
    category="ml-governance",
    why="Approval by the one who deploys is none: a model that failed its tests goes live in two calls.",
    fix="Split the policy: one role approves model packages, another creates and updates endpoints",
    source="https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonsagemaker.html",
)
def approve_deploy_separation(it: Resource, stack: Stack, use: Use) -> Iterator[Verdict]:
    """Each policy by itself, and the policies of a role together. A condition on sagemaker:ModelApprovalStatus that
    leaves out Approved gives no approval, and a Deny without other conditions, or of that status, takes it away.
    """
    if is_only_boundary(it, stack):
        yield not_applicable("a permissions boundary grants nothing")
        return
    found = documents(it)
    alone = list(each(found, lambda place: _both(it, place, list(sayings(*place)))))
    yield from alone
    if it.type == ROLE and not alone:
        yield from _together(it, stack)
    elif not found:
        yield not_applicable("it holds no policy")


def _both(it: Resource, place: tuple[View, str], said: list[Saying]) -> Iterator[Verdict]:
    if _may(said, _APPROVE) and any(_may(said, action) for action in _DEPLOY):
        yield place[0].fails(place[1], "allows approving models and deploying them")


def _together(role: Resource, stack: Stack) -> Iterator[Verdict]:
    """Yield a finding where no single policy of a role allows both, but all of them together do."""
    policies = [sayings(*place) for place in policies_of_role(stack, role)]
    whole = [said for policy in policies for said in policy]
    if not any(list(_both(role, (role, ""), policy)) for policy in policies) and list(_both(role, (role, ""), whole)):
        yield role.fails("", "its policies together allow approving models and deploying them")


def _may(said: Iterable[Saying], action: str) -> bool:
    allowed = denied = False
    for statement in said:
        if not statement.names_action(action):
            continue
        statuses = [values for _, key, values in statement.conditions if key == _STATUS]
        approves = not statuses or action != _APPROVE or any("Approved" in values for values in statuses)
        if statement.allows:
            allowed = allowed or approves
        elif statement.every_resource() and approves and len(statement.conditions) == len(statuses):
            denied = True
    return allowed and not denied


_LIMITED = ("CreateTrainingJob", "CreateProcessingJob", "CreateHyperParameterTuningJob", "CreateNotebookInstance",
            "CreateModel", "CreateEndpointConfig", "CreateDomain", "CreateTransformJob")  # fmt: skip
_KEYS = tuple(
    f"sagemaker:{name}"
    for name in (
        "vpcsubnets", "vpcsecuritygroupids", "volumekmskey", "outputkmskey", "instancetypes", "networkisolation",
        "intercontainertrafficencryption", "rootaccess", "directinternetaccess", "domainsharingoutputkmskey",
        "appnetworkaccesstype", "homeefsfilesystemkmskey",
    )
)  # fmt: skip


@stack_rule(
    "ml-create-calls-conditioned",
    on=[POLICY, ROLE_POLICY, USER_POLICY, GROUP_POLICY, ROLE],
    title="People create SageMaker jobs only inside the network and with keys.",
    severity="medium",
    level="advisory",
    why="A rule that checks declared resources sees nothing of what people start by hand; a condition holds for both.",
    fix="Add conditions such as sagemaker:VpcSubnets, sagemaker:VolumeKmsKey or sagemaker:InstanceTypes",
    source="https://docs.aws.amazon.com/sagemaker/latest/dg/security_iam_id-based-policy-examples.html",
)
def create_calls_conditioned(it: Resource, stack: Stack, use: Use) -> Iterator[Verdict]:
    """A Deny of the same policy with such a condition limits as well. Roles that only services take are left out: what
    runs with them is declared, and judged as such.
    """
    holders = _holders(it, stack)
    if holders and all(_is_of_services(role) for role in holders):
        yield not_applicable("only services take the role")
        return
    guarded = {name for place in documents(it) for said in sayings(*place) for name in _guards(said)}

    def check(said: Saying) -> Iterator[Verdict]:
        if not said.allows or said.has_condition(*_KEYS):
            return
        for name in _LIMITED:
            if name not in guarded and said.names_action(f"sagemaker:{name}"):
                yield it.fails(said.path, f"allows {name} without conditions", key=name)

    yield from judged(it, stack, check)


def _guards(said: Saying) -> list[str]:
    if said.allows or not said.has_condition(*_KEYS):
        return []
    return [name for name in _LIMITED if said.names_action(f"sagemaker:{name}")]


def _holders(it: Resource, stack: Stack) -> list[Resource]:
    """Return the roles of the stack that have a policy."""
    if it.type == ROLE:
        return [it]
    if it.type == ROLE_POLICY:
        return stack.referred(it, "role", ROLE)
    if it.type != POLICY:
        return []
    attached = [role for by in stack.referring(it, ROLE_ATTACHMENT, "policyArn") for role in
                stack.referred(by, "role", ROLE)]  # fmt: skip
    return [*attached, *stack.referring(it, ROLE, "managedPolicyArns")]


def _is_of_services(role: Resource) -> bool:
    trusted = [kind for said in sayings(role, "assumeRolePolicy") if said.allows for kind, _ in said.principals]
    return bool(trusted) and set(trusted) == {"Service"}


_INVOKE = ("sagemaker:InvokeEndpoint", "sagemaker:InvokeEndpointAsync",
           "sagemaker:InvokeEndpointWithResponseStream")  # fmt: skip
_TAGS = ("aws:resourcetag/*", "sagemaker:resourcetag/*")


@stack_rule(
    "ml-invoke-endpoint-scoped",
    on=list(IDENTITY_POLICIES),
    title="Callers may invoke named endpoints only.",
    severity="medium",
    level="mandatory",
    why="Whoever may invoke every endpoint reaches models that decide about other people's data, at your cost.",
    fix="Name the ARNs of the endpoints",
    source="https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonsagemaker.html",
)
def invoke_endpoint_scoped(it: Resource, stack: Stack, use: Use) -> Iterator[Verdict]:
    """A name with a wildcard in it is a name. A condition on the endpoint's tags scopes as well."""

    def check(said: Saying) -> Iterator[Verdict]:
        if not said.allows or not any(said.names_action(action) for action in _INVOKE):
            return
        broad = bool(said.not_resources) or any(is_broad(resource) for resource in said.resources)
        if broad and not limited_to(said, *_TAGS):
            yield it.fails(said.path, "allows invoking every endpoint", key=said.sid)

    yield from judged(it, stack, check)


_SOURCES = ("aws:sourceaccount", "aws:sourcearn", "aws:sourceorgid", "aws:sourceorgpaths")


@resource_rule(
    "ml-sagemaker-trust-confused-deputy",
    on=[ROLE],
    title="Roles trust SageMaker only for one's own account.",
    severity="medium",
    level="mandatory",
    why="SageMaker acts for all of its customers: without the condition another account's job could be given the role.",
    fix="Add a condition on aws:SourceAccount, or on aws:SourceArn",
    source="https://docs.aws.amazon.com/sagemaker/latest/dg/security-confused-deputy-prevention.html",
)
def trust_confused_deputy(it: Resource, use: Use) -> Iterator[Verdict]:
    """SageMaker's guide shows both keys for training, processing and transform jobs, models, pipelines and Studio. Of
    labelling, notebooks and the feature store it says nothing: try their roles before you rely on the condition.
    """
    trusting = [said for said in sayings(it, "assumeRolePolicy") if said.allows and _trusts_sagemaker(said)]
    if not trusting:
        yield not_applicable("it does not trust SageMaker")
        return

    def check(said: Saying) -> Iterator[Verdict]:
        if _trusts_sagemaker(said) and said.allows and not limited_to(said, *_SOURCES):
            yield it.fails(said.path, "trusts SageMaker for whomever it acts")

    yield from by_statement(it, "assumeRolePolicy", check)


def _trusts_sagemaker(said: Saying) -> bool:
    for kind, name in said.principals:
        if kind == "Service" and has_unknown(name):
            raise UnknownValue(f"{said.path}.Principal.Service")
    return ("Service", "sagemaker.amazonaws.com") in said.principals
