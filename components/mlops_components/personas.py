"""Personas: the roles that people take in one environment, with what each may do and what none can."""

from typing import NotRequired, TypedDict

import pulumi
from pulumi_aws import iam

from mlops_components.documents import policy
from mlops_components.persona_guard import PERSONA_TAG, guard_statements, role_tag
from mlops_components.persona_policies import PERSONAS, PeopleReach, boundary_policy, persona_policy
from mlops_components.persona_trust import PersonaTrust, check_trust, trust_policy
from mlops_components.validation import Checker

# A role taken by another role, as by one of Identity Center, has at most an hour (IAM user guide, role chaining).
SESSION_SECONDS = 3600
PROJECT = "mlops-estate"
_KEYS = ("personal", "features", "models", "operations")


class PersonasArgs(TypedDict):
    """Inputs of `Personas`."""

    prefix: str
    """Start of every name of the environment; roles are `{prefix}-data-scientist` and so on."""
    account: str
    """AWS account id of the environment, 12 digits."""
    region: str
    """AWS region code."""
    environment_class: NotRequired[str]
    """dev, staging or prod; in prod data scientists start no pipelines. Default: prod."""
    environment: str
    """Name of the environment: the value of the tag `environment` on what the personas act on."""
    project: NotRequired[str]
    """Value of the tag `project` on what the personas act on. Default: mlops-estate."""
    registry_account: str
    """AWS account id that owns the model registry: versions are approved there only."""
    registry_prefix: str
    """Start of the names of model package groups."""
    personal_key_arn: pulumi.Input[str]
    """ARN of the key for records of people, which no persona may use."""
    features_key_arn: pulumi.Input[str]
    """ARN of the key for feature groups."""
    models_key_arn: pulumi.Input[str]
    """ARN of the key for model artefacts."""
    operations_key_arn: pulumi.Input[str]
    """ARN of the key for logs, reports and alerts."""
    trust: list[PersonaTrust]
    """Who may take each persona; every persona is required."""
    identity_account_ids: NotRequired[list[str]]
    """Other accounts whose roles and users may be trusted: where people sign in. Default: none."""
    permissions_boundary_arn: NotRequired[str]
    """ARN of the managed policy that bounds every role of the environment. Default: a boundary of the personas' own."""


class Personas(pulumi.ComponentResource):
    """Five roles: data scientist, ML engineer, model approver, auditor and platform operator.

    Each has its own policy, and a guard of explicit denials: nobody but delivery changes what serves, who makes a
    version doesn't decide about it, and nobody reads records of people, changes identities or keys, or covers tracks.
    The guard also stands in the personas' boundary, unless the environment brings a boundary for every role.
    """

    data_scientist_role_arn: pulumi.Output[str]
    """ARN of the data scientist's role: reads features, reports and the registry."""
    ml_engineer_role_arn: pulumi.Output[str]
    """ARN of the ML engineer's role: starts pipelines, registers versions that wait, reads and invokes endpoints."""
    model_approver_role_arn: pulumi.Output[str]
    """ARN of the model approver's role: reads the evidence, approves or rejects."""
    auditor_role_arn: pulumi.Output[str]
    """ARN of the auditor's role: reads settings, identities and what was recorded."""
    platform_operator_role_arn: pulumi.Output[str]
    """ARN of the platform operator's role: watches, stops and retries."""
    boundary_arn: pulumi.Output[str]
    """ARN of the boundary of the five roles."""

    def __init__(self, name: str, args: PersonasArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        check = Checker("Personas", name, args, PersonasArgs)
        check.matches("identity_account_ids", r"\d{12}", "must be a 12-digit AWS account id", "quote all 12 digits")
        check.arn("permissions_boundary_arn", "iam")
        for data_class in _KEYS:
            check.arn(f"{data_class}_key_arn", "kms")
        for persona in PERSONAS:
            check.aws_name("prefix", role_name(str(check.plain("prefix")), persona), "role")
        check_trust(check, PERSONAS)
        check.finish()
        super().__init__("mlops:index:Personas", name, {**args}, opts)
        self._base, self._args = name, args
        self._reach = PeopleReach(
            args["account"], args["region"], args["prefix"], args.get("environment_class") or "prod",
            args["registry_account"], args["registry_prefix"],
        )  # fmt: skip
        self._keys = pulumi.Output.all(
            personal=args["personal_key_arn"],
            features=args["features_key_arn"],
            models=args["models_key_arn"],
            operations=args["operations_key_arn"],
        )
        self.boundary_arn = self._boundary()
        arns = {trust["persona"]: self._role(trust) for trust in args["trust"]}
        self.data_scientist_role_arn = arns["data_scientist"]
        self.ml_engineer_role_arn = arns["ml_engineer"]
        self.model_approver_role_arn = arns["model_approver"]
        self.auditor_role_arn = arns["auditor"]
        self.platform_operator_role_arn = arns["platform_operator"]
        outputs = {f"{persona}_role_arn": arn for persona, arn in arns.items()}
        self.register_outputs({**outputs, "boundary_arn": self.boundary_arn})

    def _boundary(self) -> pulumi.Output[str]:
        """Return the environment's boundary, or make the personas' own."""
        if given := self._args.get("permissions_boundary_arn"):
            return pulumi.Output.from_input(given)
        reach = self._reach
        made = iam.Policy(
            f"{self._base}-boundary",
            name=f"{reach.prefix}-people-boundary",
            description=f"The most that people can do in {reach.prefix}",
            policy=self._keys.apply(lambda keys: boundary_policy(reach, keys)),
            opts=pulumi.ResourceOptions(parent=self),
        )
        return made.arn

    def _role(self, trust: PersonaTrust) -> pulumi.Output[str]:
        args, reach, persona = self._args, self._reach, trust["persona"]
        child = pulumi.ResourceOptions(parent=self)
        base = f"{self._base}-{role_tag(persona)}"
        role = iam.Role(
            base,
            name=role_name(reach.prefix, persona),
            description=f"People as {persona.replace('_', ' ')} in {reach.prefix}",
            assume_role_policy=trust_policy(trust, reach.account, reach.region),
            permissions_boundary=self.boundary_arn,
            max_session_duration=SESSION_SECONDS,
            # Said here too, not only by the provider: the policies compare them with those of what is acted on.
            tags={
                "project": args.get("project") or PROJECT,
                "environment": args["environment"],
                PERSONA_TAG: role_tag(persona),
            },
            opts=child,
        )
        granted = iam.RolePolicy(
            f"{base}-policy",
            name=role_tag(persona),
            role=role.name,
            policy=self._keys.apply(lambda keys: persona_policy(persona, reach, keys)),
            opts=child,
        )
        guard = iam.RolePolicy(
            f"{base}-guard",
            name="guard",
            role=role.name,
            policy=self._keys.apply(
                lambda keys: policy(guard_statements(reach.prefix, reach.account, reach.region, keys["personal"]))
            ),
            opts=child,
        )
        return pulumi.Output.all(role.arn, granted.id, guard.id).apply(lambda known: str(known[0]))


def role_name(prefix: str, persona: str) -> str:
    """Return the name of a persona's role."""
    return f"{prefix}-{role_tag(persona)}"
