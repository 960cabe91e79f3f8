"""S3 buckets: who gets at them, and how."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from mlops_policies.buckets import (
    BUCKET,
    OBJECTS,
    POLICY,
    PUBLIC_ACCESS_BLOCK,
    policies_of,
    public_access_block_of,
)
from mlops_policies.policy_documents import Saying, by_statement
from mlops_policies.remedies_storage import FLAGS, block_public_access
from mlops_policies.resource import Resource, View
from mlops_policies.rule import Use, resource_rule, stack_rule
from mlops_policies.stack import Stack
from mlops_policies.values import has_unknown
from mlops_policies.verdicts import Status, Verdict, each, not_applicable, not_evaluated

ACCOUNT_BLOCK = "aws:s3/accountPublicAccessBlock:AccountPublicAccessBlock"
ACL = "aws:s3/bucketAcl:BucketAcl"
OWNERSHIP = "aws:s3/bucketOwnershipControls:BucketOwnershipControls"
ACCESS_POINT = "aws:s3/accessPoint:AccessPoint"
OBJECT_COPY = "aws:s3/objectCopy:ObjectCopy"
_BLOCKING = "https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-block-public-access.html"
_ACLS = "https://docs.aws.amazon.com/AmazonS3/latest/userguide/acl-overview.html"
_PUBLIC_ACLS = ("public-read", "public-read-write", "authenticated-read")
_EVERYBODY = ("/groups/global/AllUsers", "/groups/global/AuthenticatedUsers")


@stack_rule(
    "s3-block-public-access",
    on=[BUCKET],
    title="Every bucket has a complete block of public access.",
    severity="critical",
    level="mandatory",
    why="Without the block, one policy or ACL opens training data, models or captured requests to the internet.",
    fix="Declare a BucketPublicAccessBlock whose four flags are true",
    source=_BLOCKING,
)
def buckets_block_public_access(it: Resource, stack: Stack, use: Use) -> Iterator[Verdict]:
    """AWS blocks public access to buckets made since April 2023, but whoever can may switch it off, and nothing that is
    not declared would notice: the block has to be declared. Flags that are left out are false in the provider."""
    block = public_access_block_of(it, stack)
    if block is None:
        yield it.fails("", "has no block of public access")
        return
    for flag in FLAGS:
        answer = block.equals(flag, True, default=False)
        off = answer.status is Status.FAIL
        yield it.fails("", f"has a block of public access that leaves {flag} off", key=flag) if off else answer


@resource_rule(
    "s3-public-access-block-complete",
    on=[PUBLIC_ACCESS_BLOCK, BUCKET],
    title="A block of public access blocks all four ways.",
    severity="critical",
    level="mandatory",
    why="Each flag closes another way: new ACLs, ACLs that exist, new policies, and policies that exist.",
    fix="Set blockPublicAcls, blockPublicPolicy, ignorePublicAcls and restrictPublicBuckets to true",
    source=_BLOCKING,
    remedy=block_public_access,
)
def public_access_block_complete(it: Resource, use: Use) -> Iterator[Verdict]:
    """The block itself, for which there is a safe remedy; that a bucket has one is s3-block-public-access'."""
    block = it if it.type == PUBLIC_ACCESS_BLOCK else it.part("publicAccessBlock")
    if block is None:
        yield not_applicable("its block of public access, if there is one, is a resource of its own")
    else:
        yield from (block.equals(flag, True, default=False) for flag in FLAGS)


@resource_rule(
    "s3-account-block-public-access",
    on=[ACCOUNT_BLOCK],
    title="The account's block of public access blocks all four ways.",
    severity="high",
    level="mandatory",
    why="The account's block holds for every bucket, those that nobody manages included; an open flag opens them all.",
    fix="Set blockPublicAcls, blockPublicPolicy, ignorePublicAcls and restrictPublicBuckets to true",
    source=_BLOCKING,
    remedy=block_public_access,
)
def account_blocks_public_access(it: Resource, use: Use) -> Iterator[Verdict]:
    """Flags that are left out are false in the provider."""
    yield from (it.equals(flag, True, default=False) for flag in FLAGS)


@resource_rule(
    "s3-no-public-acl",
    on=[BUCKET, ACL, *OBJECTS, OBJECT_COPY],
    title="No ACL opens a bucket or an object to everybody.",
    severity="critical",
    level="mandatory",
    why="A public ACL lets anybody read or write objects; `authenticated-read` means everybody with an AWS account.",
    fix="Remove the canned ACL and grants to AllUsers and AuthenticatedUsers",
    source=_ACLS,
)
def no_public_acl(it: Resource, use: Use) -> Iterator[Verdict]:
    """Grants by group count like the canned ACLs, and so do ACLs of objects, which most tools don't read."""
    allowed = " or ".join(_PUBLIC_ACLS)
    yield it.holds("acl", lambda acl: acl not in _PUBLIC_ACLS, f"must not be {allowed}", default="private")
    yield from each(it.items("grants"), lambda grant: _to_few(grant, "uri"))
    yield from each(it.items("accessControlPolicy.grants"), lambda grant: _to_few(grant, "grantee.uri"))


def _to_few(grant: View, path: str) -> Iterator[Verdict]:
    yield grant.holds(path, lambda group: not group.endswith(_EVERYBODY), "must not be for everybody", default="none")


@resource_rule(
    "s3-acl-disabled",
    on=[OWNERSHIP, BUCKET],
    title="Buckets own every object in them, and have no ACLs.",
    severity="medium",
    level="advisory",
    why="With ACLs, whoever uploads an object decides who reads it, and policies no longer tell the whole access.",
    fix="Set objectOwnership to BucketOwnerEnforced",
    source="https://docs.aws.amazon.com/AmazonS3/latest/userguide/about-object-ownership.html",
)
def acl_disabled(it: Resource, use: Use) -> Iterator[Verdict]:
    """Only what is declared is judged: AWS sets BucketOwnerEnforced on every bucket made since April 2023."""
    if it.type == OWNERSHIP:
        yield it.equals("rule.objectOwnership", "BucketOwnerEnforced")
    elif it.present("ownershipControls"):
        yield it.equals("ownershipControls.rules[0].objectOwnership", "BucketOwnerEnforced")
    else:
        yield not_applicable("its ownership controls, if there are any, are a resource of their own")


@stack_rule(
    "s3-tls-only-policy",
    on=[BUCKET],
    title="Every bucket refuses requests without TLS.",
    severity="high",
    level="mandatory",
    why="Requests without TLS can be read and changed on their way, credentials' signatures and data alike.",
    fix="Deny s3:* to everybody on the bucket and its objects where aws:SecureTransport is false",
    source="https://docs.aws.amazon.com/AmazonS3/latest/userguide/security-best-practices.html",
)
def tls_only(it: Resource, stack: Stack, use: Use) -> Iterator[Verdict]:
    """Both the bucket and its objects have to be covered, be it by two statements. S3 accepts only resources of the
    policy's own bucket, so their form tells which of the two is meant. A Deny that a further condition narrows is none,
    and neither is one by s3:TlsVersion: without TLS there is no version to compare."""
    holders = policies_of(it, stack)
    if not holders:
        yield it.fails("", "has no policy, and so takes requests without TLS")
        return
    covered: set[str] = set()

    def note(said: Saying) -> Iterator[Verdict]:
        if said.refuses_plain_transport():
            covered.update(part for resource in said.resources for part in _parts(resource))
        if not said.allows and has_unknown((said.principals, said.actions, said.resources, said.conditions)):
            yield not_evaluated(said.path)

    open_questions = [answer for holder in holders for answer in by_statement(holder, "policy", note)]
    missing = [part for part in ("the bucket", "its objects") if part not in covered]
    if missing:
        fault = it.fails("", f"has a policy that takes requests without TLS to {' and '.join(missing)}")
        yield from open_questions or [fault]


def _parts(resource: Any) -> Iterator[str]:
    """Yield what a resource of a bucket's policy covers whole: the bucket, its objects, both or neither."""
    bucket, slash, keys = str(resource).partition("/")
    if not slash:
        yield "the bucket"
    if keys == "*" or (not slash and bucket.endswith("*")):
        yield "its objects"


@resource_rule(
    "s3-policy-no-wildcard-principal",
    on=[POLICY, BUCKET, ACCESS_POINT],
    title="No bucket's policy allows everybody.",
    severity="critical",
    level="mandatory",
    why="A policy for everybody makes the bucket public as soon as its block of public access is gone.",
    fix="Name the principals, or limit the statement to your organisation, account, VPC or addresses",
    source=_BLOCKING,
)
def no_wildcard_principal(it: Resource, use: Use) -> Iterator[Verdict]:
    """Conditions that AWS takes for limiting make a statement for everybody one for few ("the meaning of public").
    NotPrincipal in an Allow is everybody but a few. Access points in a VPC are never public."""
    if not it.present("policy"):
        yield not_applicable("it holds no policy")
    elif it.present("vpcConfiguration"):
        yield not_applicable("it takes requests from its VPC alone")
    else:
        yield from by_statement(it, "policy", lambda said: _allows_few(it, said))


def _allows_few(it: Resource, said: Saying) -> Iterator[Verdict]:
    if said.is_public():
        yield it.fails(said.path, "allows everybody, and no condition limits it", key=said.sid)
