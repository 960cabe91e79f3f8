"""Who can become a role, and for whom services act: trust policies, and service principals in resource policies."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from mlops_policies.identity_policies import ROLE, demands, limited_to
from mlops_policies.policy_documents import Saying, by_statement, sayings
from mlops_policies.resource import Resource
from mlops_policies.rule import Use, resource_rule
from mlops_policies.values import UnknownValue, has_unknown, is_unknown
from mlops_policies.verdicts import Verdict, each, not_applicable

_TRUST = "assumeRolePolicy"
_ROOT = re.compile(r"^(?:arn:[\w-]+:iam::)?(\d{12})(?::root)?$")
_WHO = (
    "sts:externalid", "aws:principalorgid", "aws:principalorgpaths", "aws:principalarn", "aws:principaltag/*",
    "aws:userid", "aws:username",
)  # fmt: skip
"""Conditions by which the trust in an account is one in some of its identities, or in a party with an id of its own."""


@resource_rule(
    "iam-trust-no-wildcard",
    on=[ROLE],
    title="Roles trust named principals, not everybody and not whole accounts.",
    severity="critical",
    level="mandatory",
    why="Everybody whom a trust policy lets in can work as the role; an account lets in whomever its administrators "
    "allow sts:AssumeRole.",
    fix="Name the roles or services that are trusted, or add a condition on sts:ExternalId, aws:PrincipalOrgID or "
    "aws:PrincipalArn",
    source="https://docs.aws.amazon.com/IAM/latest/UserGuide/confused-deputy.html",
)
def trust_no_wildcard(it: Resource, use: Use) -> Iterator[Verdict]:
    """An external id doesn't excuse ``*``: it is no secret. One's own account counts as any: its ARN says nothing more.

    A condition on the principal's ARN or tags names who of the account is trusted, as one on the organisation does.
    """

    def check(said: Saying) -> Iterator[Verdict]:
        if not said.allows:
            return
        for name in _accounts(said):
            if not limited_to(said, *_WHO):
                yield it.fails(said.path, f"trusts every identity of account {name}", key=name)
        if said.is_public():
            yield it.fails(said.path, "trusts everybody", key="*")

    yield from by_statement(it, _TRUST, check)


def _accounts(said: Saying) -> Iterator[str]:
    for kind, name in said.principals:
        found = _ROOT.match(str(name))
        if kind == "AWS" and found:
            yield found[1]


@resource_rule(
    "iam-oidc-trust-pinned",
    on=[ROLE],
    title="Trust in a web identity provider pins subject and audience.",
    severity="high",
    level="mandatory",
    why="A provider such as GitHub signs tokens for everybody: without a pinned subject each of its users can work as "
    "the role.",
    fix="Add conditions on the provider's :sub (repository and branch, or service account) and :aud",
    source="https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_create_for-idp_oidc.html",
)
def oidc_trust_pinned(it: Resource, use: Use) -> Iterator[Verdict]:
    """For GitHub the owner and repository are literal and something tells branches, tags or environments apart; for
    Kubernetes namespace and service account are literal in part. Cognito tells by `amr`, Amazon and Facebook by their
    app's id, instead of a subject.
    """
    web = [said for said in sayings(it, _TRUST) if said.allows and said.names_action("sts:AssumeRoleWithWebIdentity")]
    if not web:
        yield not_applicable("it trusts no web identity provider")

    def check(said: Saying) -> Iterator[Verdict]:
        providers = {str(name) for kind, name in said.principals if kind == "Federated"}
        for claims in _wanted(providers):
            if not any(_pinned(said, claim) for claim in claims):
                yield it.fails(said.path, f"does not pin {' or '.join(claims)}", key=claims[0])

    yield from each(web, check)


def _wanted(providers: set[str]) -> list[tuple[str, ...]]:
    """Return the claims to be pinned, one of each group."""
    if providers <= {"www.amazon.com", "graph.facebook.com"}:
        return [("app_id",)]
    if providers == {"cognito-identity.amazonaws.com"}:
        return [("sub", "amr"), ("aud",)]
    return [("sub",), ("aud",)]


def _pinned(said: Saying, claim: str) -> bool:
    """Whether a condition demands known values of a claim. Raises `UnknownValue` where a value can't be known."""
    for operator, key, values in said.conditions:
        if not key.endswith(f":{claim}") or not demands(operator):
            continue
        if any(is_unknown(value) for value in values):
            raise UnknownValue(f"{said.path}.Condition")
        patterns = [str(value) for value in values] if operator.endswith("like") else []
        if values and not any(_is_loose(text) for text in patterns):
            return True
    return False


def _is_loose(pattern: str) -> bool:
    """Whether a pattern of a claim leaves open who it is."""
    parts = pattern.split(":")
    if parts[0] == "repo":
        repository, rest = parts[1] if len(parts) > 1 else "", parts[2:]
        owner, _, name = repository.partition("/")
        return not owner or not name or "*" in repository or "?" in repository or not "".join(rest).strip("*?")
    if pattern.startswith("system:serviceaccount:"):
        return len(parts) < 4 or not all(part.strip("*?") for part in parts[2:4])
    return pattern[:1] in ("", "*", "?")


_PLACES = {
    ROLE: _TRUST,
    **dict.fromkeys(
        (
            "aws:sns/topic:Topic", "aws:sns/topicPolicy:TopicPolicy", "aws:sqs/queue:Queue",
            "aws:sqs/queuePolicy:QueuePolicy", "aws:s3/bucket:Bucket", "aws:s3/bucketPolicy:BucketPolicy",
            "aws:kms/key:Key", "aws:kms/keyPolicy:KeyPolicy", "aws:ecr/repository:Repository",
            "aws:ecr/repositoryPolicy:RepositoryPolicy",
            "aws:secretsmanager/secret:Secret", "aws:secretsmanager/secretPolicy:SecretPolicy",
        ),
        "policy",
    ),
    "aws-native:lambda:ResourcePolicy": "policyDocument",
}  # fmt: skip
_SILENT: Mapping[str, tuple[str, ...]] = {
    # An instance takes its role through an instance profile of its own account (EC2 user guide, IAM roles for EC2);
    # the trust policies of the user guides for these services have no condition (EKS, Cluster IAM role; S3, Setting up
    # permissions for live replication; CloudFront, Lambda@Edge; API Gateway, Permissions for CloudWatch logging).
    "iam": ("ec2.", "eks.", "s3.", "edgelambda.", "apigateway."),
    # EventBridge user guide, Using resource-based policies: no Condition in the policy of a topic.
    "sns": ("events.",),
    # SNS developer guide, Managing encryption keys: the keys are not sent by EventBridge for an encrypted topic.
    "kms": ("events.",),
    # Application Load Balancer user guide, Access logs: the bucket policy has no condition.
    "s3": ("logdelivery.elasticloadbalancing.",),
}
"""Services that AWS doesn't say send a source, or says don't, by where they ask: a condition may refuse all of them."""
_SOURCES = (
    "aws:sourceaccount", "aws:sourcearn", "aws:sourceorgid", "aws:sourceorgpaths", "aws:sourceowner",
    "sts:externalid", "kms:encryptioncontext:*", "kms:calleraccount",
)  # fmt: skip


@resource_rule(
    "iam-confused-deputy",
    on=list(_PLACES),
    title="Services are trusted only for the account, organisation or resource that they act for.",
    severity="medium",
    level="advisory",
    why="A service acts for all of its customers: without a condition on whom it acts for, another customer can have "
    "it use your role, key, queue or topic.",
    fix="Add a condition on aws:SourceAccount, aws:SourceArn or aws:SourceOrgID",
    source="https://docs.aws.amazon.com/IAM/latest/UserGuide/confused-deputy.html"
    "#cross-service-confused-deputy-prevention",
)
def confused_deputy(it: Resource, use: Use) -> Iterator[Verdict]:
    """Services that don't send a source are left out, by the documents named beside them. An external id counts
    (Cognito sends one), and so does a key's encryption context. Lambda permissions are lambda-permission-not-public's.
    """

    def check(said: Saying) -> Iterator[Verdict]:
        if not said.allows or limited_to(said, *_SOURCES):
            return
        for kind, name in said.principals:
            if kind != "Service":
                continue
            if has_unknown(name):
                raise UnknownValue(f"{said.path}.Principal.Service")
            if not name.startswith(_SILENT.get(it.type.split(":")[1].partition("/")[0], ())):
                yield it.fails(said.path, f"trusts {name} for whomever it acts", key=name)

    if not it.present(_PLACES[it.type]):
        yield not_applicable("it has no policy of its own")
    yield from by_statement(it, _PLACES[it.type], check)
