"""Delivery role: what a CI job of one repository takes to deploy one environment, without stored credentials."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NotRequired, TypedDict

import pulumi
from pulumi_aws import iam

from mlops_components.delivery_areas import AREAS, area_policies
from mlops_components.delivery_policy import Reach, boundary_policy, delivery_policy
from mlops_components.documents import Statement, partition, policy
from mlops_components.validation import Checker

BASELINES = ("create", "existing")
SESSION_SECONDS = 3600
# IAM quotas, characters without white space: trust policy 2048 by default, inline policies of a role 10,240 together.
LONGEST_TRUST = 2048
LONGEST_INLINE = 10_240
_NAME = r"[A-Za-z0-9._-]+"


@dataclass(frozen=True)
class Issuer:
    """Who vouches for a CI job: host of the tokens, their audience, and the form of a repository and a branch."""

    host: str
    audience: str
    repository: str
    branch: str
    environment: str = ""


# GitHub: "OpenID Connect reference", subject claims. GitLab: "ID token authentication", token payload.
ISSUERS: Mapping[str, Issuer] = {
    "github": Issuer(
        "token.actions.githubusercontent.com", "sts.amazonaws.com", rf"{_NAME}/{_NAME}",
        "repo:{repository}:ref:refs/heads/{name}", "repo:{repository}:environment:{name}",
    ),
    "gitlab": Issuer(
        "gitlab.com", "https://gitlab.com", rf"{_NAME}(/{_NAME})+",
        "project_path:{repository}:ref_type:branch:ref:{name}",
    ),
}  # fmt: skip


class DeliveryRoleArgs(TypedDict):
    """Inputs of `DeliveryRole`."""

    prefix: str
    """Start of the names of role and boundary, such as `mlops-bootstrap`; not the prefix of the environment."""
    account: str
    """AWS account id that is deployed to, 12 digits."""
    region: str
    """AWS region code that is deployed to."""
    estate_prefix: str
    """Prefix of the environment the role deploys, such as `mlops-dev`."""
    issuer: NotRequired[str]
    """github (github.com) or gitlab (gitlab.com): whose tokens the role trusts. Default: github."""
    repository: str
    """The one repository whose jobs may take the role: `OWNER/NAME`, in GitLab with all its groups. No wildcards."""
    branches: NotRequired[list[str]]
    """Branches whose jobs may take the role; a `*` may stand for the end of a name. Default: none."""
    environments: NotRequired[list[str]]
    """GitHub environments whose jobs may take the role. Default: none; branches or environments are required."""
    account_baseline: NotRequired[str]
    """create or existing: whether the issuer's OIDC provider, one per account, is made here. Default: create."""
    adopted_buckets: NotRequired[list[str]]
    """Names of the buckets that the estate adopts, whose settings the role then manages. Default: none."""
    session_seconds: NotRequired[int]
    """Longest session in seconds, 3600 to 43200. Default: 3600."""
    state_bucket: pulumi.Input[str]
    """Name of the bucket of Pulumi's state."""
    state_key_arn: pulumi.Input[str]
    """ARN of the key of that bucket."""
    secrets_key_arn: pulumi.Input[str]
    """ARN of the key of the secrets provider."""


class DeliveryRole(pulumi.ComponentResource):
    """A role that jobs of the named branches or environments of one repository can take, and its boundary.

    The boundary caps the role itself and every role it makes: it can make none without it, so it can't give itself,
    or anybody, more. The role changes neither the boundary, the OIDC provider, nor itself.
    """

    role_arn: pulumi.Output[str]
    """ARN of the delivery role; it resolves once its policy is attached."""
    boundary_arn: pulumi.Output[str]
    """ARN of the boundary, which every role of the environment has to carry."""
    provider_arn: pulumi.Output[str]
    """ARN of the account's OIDC provider."""
    subjects: pulumi.Output[list[str]]
    """The subjects that the role trusts, as the tokens say them."""

    def __init__(self, name: str, args: DeliveryRoleArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        checked(name, args).finish()
        super().__init__("mlops:index:DeliveryRole", name, {**args}, opts)
        child = pulumi.ResourceOptions(parent=self)
        issuer = ISSUERS[args.get("issuer") or "github"]
        provider = self._oidc_provider(name, args, issuer)
        reach = _reach(args)
        state = pulumi.Output.all(args["state_bucket"], args["state_key_arn"], args["secrets_key_arn"])
        boundary = iam.Policy(
            f"{name}-boundary",
            name=boundary_name(args["prefix"]),
            description=f"The most that roles of {args['estate_prefix']} and their delivery can do",
            policy=state.apply(lambda known: boundary_policy(reach, *known)),
            opts=child,
        )
        role = iam.Role(
            name,
            name=role_name(args["prefix"]),
            description=f"Deploys {args['estate_prefix']} from {args['repository']}",
            assume_role_policy=provider.apply(lambda arn: trust_policy(arn, args)),
            permissions_boundary=boundary.arn,
            max_session_duration=int(args.get("session_seconds") or SESSION_SECONDS),
            tags={"purpose": "delivery"},
            opts=child,
        )
        granted = iam.RolePolicy(
            f"{name}-policy",
            name="delivery",
            role=role.name,
            policy=state.apply(lambda known: delivery_policy(reach, *known)),
            opts=child,
        )
        attached = self._areas(name, args, role, reach)
        self.role_arn = pulumi.Output.all(role.arn, granted.id, *attached).apply(lambda known: str(known[0]))
        self.boundary_arn = boundary.arn
        self.provider_arn = provider
        self.subjects = pulumi.Output.from_input(subjects(args))
        self.register_outputs(
            {
                "role_arn": self.role_arn,
                "boundary_arn": self.boundary_arn,
                "provider_arn": self.provider_arn,
                "subjects": self.subjects,
            }
        )

    def _areas(self, name: str, args: DeliveryRoleArgs, role: iam.Role, reach: Reach) -> list[pulumi.Output[str]]:
        """Attach one managed policy for each area: the inline policy is full."""
        child = pulumi.ResourceOptions(parent=self)
        attached = []
        for area, document in area_policies(reach).items():
            made = iam.Policy(
                f"{name}-{area}",
                name=area_policy_name(args["prefix"], area),
                description=f"What delivery of {args['estate_prefix']} may do: {area}",
                policy=document,
                opts=child,
            )
            attachment = iam.RolePolicyAttachment(
                f"{name}-{area}-attachment", role=role.name, policy_arn=made.arn, opts=child
            )
            attached.append(attachment.id)
        return attached

    def _oidc_provider(self, name: str, args: DeliveryRoleArgs, issuer: Issuer) -> pulumi.Output[str]:
        if (args.get("account_baseline") or "create") == "existing":
            return pulumi.Output.from_input(provider_arn(args["account"], args["region"], issuer))
        # Without thumbprint: AWS verifies both issuers by its own root certificates (IAM user guide, OIDC thumbprints).
        made = iam.OpenIdConnectProvider(
            f"{name}-provider",
            url=f"https://{issuer.host}",
            client_id_lists=[issuer.audience],
            opts=pulumi.ResourceOptions(parent=self),
        )
        return made.arn


def _reach(args: DeliveryRoleArgs) -> Reach:
    arn = f"arn:{partition(args['region'])}:iam::{args['account']}:policy/{boundary_name(args['prefix'])}"
    return Reach(args["account"], args["region"], args["estate_prefix"], arn, tuple(args.get("adopted_buckets") or ()))


def role_name(prefix: str) -> str:
    """Return the delivery role's name."""
    return f"{prefix}-delivery"


def role_arn(prefix: str, account: str, region: str) -> str:
    """Return the delivery role's ARN, known before the role exists."""
    return f"arn:{partition(region)}:iam::{account}:role/{role_name(prefix)}"


def boundary_name(prefix: str) -> str:
    """Return the boundary's name."""
    return f"{prefix}-boundary"


def area_policy_name(prefix: str, area: str) -> str:
    """Return the name of the managed policy of one area."""
    return f"{role_name(prefix)}-{area}"


def provider_arn(account: str, region: str, issuer: Issuer) -> str:
    """Return the ARN of an issuer's OIDC provider, of which an account has one."""
    return f"arn:{partition(region)}:iam::{account}:oidc-provider/{issuer.host}"


def subjects(args: DeliveryRoleArgs) -> list[str]:
    """Return the subjects that may take the role, branches first."""
    issuer = ISSUERS[args.get("issuer") or "github"]
    forms = [(issuer.branch, args.get("branches") or []), (issuer.environment, args.get("environments") or [])]
    return [form.format(repository=args["repository"], name=name) for form, names in forms for name in names]


def trust_policy(provider: str, args: DeliveryRoleArgs) -> str:
    """Return the trust policy: tokens of one issuer, for AWS, of exactly these subjects."""
    issuer = ISSUERS[args.get("issuer") or "github"]
    wanted = subjects(args)
    exact = [subject for subject in wanted if "*" not in subject]
    made = []
    if exact:
        made.append(_trust_statement("NamedSubjects", provider, issuer, "StringEquals", exact))
    if patterns := [subject for subject in wanted if "*" in subject]:
        made.append(_trust_statement("SubjectsByStart", provider, issuer, "StringLike", patterns))
    return policy(made)


def _trust_statement(sid: str, provider: str, issuer: Issuer, operator: str, wanted: Sequence[str]) -> Statement:
    condition: dict[str, dict[str, object]] = {"StringEquals": {f"{issuer.host}:aud": issuer.audience}}
    condition.setdefault(operator, {})[f"{issuer.host}:sub"] = list(wanted)
    return {
        "Sid": sid,
        "Effect": "Allow",
        "Principal": {"Federated": provider},
        "Action": "sts:AssumeRoleWithWebIdentity",
        "Condition": condition,
    }


def checked(name: str, args: DeliveryRoleArgs) -> Checker[DeliveryRoleArgs]:
    """Return the checker of a delivery role's arguments, with whatever faults it found."""
    check = Checker("DeliveryRole", name, args, DeliveryRoleArgs)
    check.one_of("issuer", ISSUERS)
    check.one_of("account_baseline", BASELINES)
    check.between("session_seconds", 3600, 43_200, "seconds (IAM CreateRole, MaxSessionDuration)")
    prefix, estate, account = (check.plain(path) for path in ("prefix", "estate_prefix", "account"))
    if prefix:
        check.aws_name("prefix", role_name(prefix), "role")
        check.aws_name(
            "prefix",
            max([boundary_name(prefix), *(area_policy_name(prefix, area) for area in AREAS)], key=len),
            "policy",
        )
    if estate:
        check.aws_name("estate_prefix", f"{estate}-vpc-flow", "role")
    if prefix and estate and f"{prefix}-".startswith(f"{estate}-"):
        check.fault(
            "prefix", prefix, "begins like the environment's, so that delivery could change its own role",
            "use another prefix, such as mlops-bootstrap",
        )  # fmt: skip
    if account:
        for path in ("state_key_arn", "secrets_key_arn"):
            check.matches(
                path, rf"arn:aws[a-z-]*:kms:[a-z0-9-]+:{account}:key/.+",
                f"must be the ARN of a key of account {account}", "give the outputs of StateBackend",
            )  # fmt: skip
    _check_subjects(check)
    if not check.faults and len(trust := trust_policy("x" * 120, args)) > LONGEST_TRUST:
        rule = f"make a trust policy of {len(trust)} characters; IAM takes {LONGEST_TRUST}"
        check.fault("branches", args.get("branches"), rule, "name fewer")
    return check


def _check_subjects(check: Checker[DeliveryRoleArgs]) -> None:
    issuer = ISSUERS.get(check.plain("issuer") or "github")
    if issuer is None:
        return
    form = "GROUP/PROJECT" if issuer is ISSUERS["gitlab"] else "OWNER/NAME"
    check.matches(
        "repository", issuer.repository, f"must name one repository as {form}; a * would trust others'",
        f"write {form}",
    )  # fmt: skip
    check.matches(
        "branches", r"[A-Za-z0-9][A-Za-z0-9._/-]*\*?",
        "must be a branch's name; a * may only stand for its end, as in release/*", "name the branch, such as main",
    )  # fmt: skip
    check.matches(
        "environments", r"[A-Za-z0-9][A-Za-z0-9._-]*", "must be a GitHub environment's name, without wildcards",
        "name the environment, such as production",
    )  # fmt: skip
    branches, environments = check.plain("branches"), check.plain("environments")
    if environments and not issuer.environment:
        check.fault("environments", environments, "GitLab's subject names no environment", "restrict by branches")
    given = [path for path in ("branches", "environments") if path in check.args]
    if not branches and not environments and not any(f.path.split("[")[0] in given for f in check.faults):
        rule = "a subject is required: without a branch or environment every job of the repository could deploy"
        check.fault("branches", branches, rule, "name the branch that deploys, such as main")
