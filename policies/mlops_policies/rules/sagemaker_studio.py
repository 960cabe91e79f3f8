"""Studio: the domain's key, network and sign-in; images; code repositories."""

from __future__ import annotations

from collections.abc import Iterator
from fnmatch import fnmatchcase
from urllib.parse import urlsplit

from mlops_policies.resource import Resource
from mlops_policies.rule import Use, resource_rule
from mlops_policies.verdicts import Verdict

DOMAIN = "aws:sagemaker/domain:Domain"
IMAGE = "aws:sagemaker/image:Image"
APP_IMAGE_CONFIG = "aws:sagemaker/appImageConfig:AppImageConfig"
CODE_REPOSITORY = "aws:sagemaker/codeRepository:CodeRepository"
_DOMAIN_API = "https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CreateDomain.html"


@resource_rule(
    "sm-domain-kms-key",
    on=[DOMAIN],
    title="Volumes of a Studio domain are encrypted with a KMS key that is named.",
    severity="medium",
    level="mandatory",
    why="Home directories hold copies of the data; by default they are under a key that AWS manages, whose policy is "
    "not yours.",
    fix="Set kmsKeyId; this replaces the domain",
    source=_DOMAIN_API,
)
def domain_key(it: Resource, use: Use) -> Iterator[Verdict]:
    """The key is for the EFS volume and for the EBS volumes of spaces, so it counts where there is no EFS as well."""
    yield it.requires("kmsKeyId")


@resource_rule(
    "sm-domain-vpc-only",
    on=[DOMAIN],
    title="Studio reaches the network through a VPC of one's own only.",
    severity="high",
    level="mandatory",
    why="By default apps reach the internet through a VPC of SageMaker's: data can leave past all of your controls.",
    fix="Set appNetworkAccessType to VpcOnly, and add the VPC endpoints that Studio needs",
    source=_DOMAIN_API,
)
def domain_vpc_only(it: Resource, use: Use) -> Iterator[Verdict]:
    """Absent means PublicInternetOnly. The VPC, which is required, says nothing: it carries EFS traffic alone."""
    yield it.equals("appNetworkAccessType", "VpcOnly", default="PublicInternetOnly")


@resource_rule(
    "sm-domain-sso-auth",
    on=[DOMAIN],
    title="People sign in to Studio through IAM Identity Center.",
    severity="medium",
    level="advisory",
    why="With IAM sign-in, accounts and their second factor are kept in one more place, and outlive who has left.",
    fix="Set authMode to SSO; this replaces the domain",
    source="https://docs.aws.amazon.com/sagemaker/latest/dg/onboard-custom.html",
)
def domain_sign_in(it: Resource, use: Use) -> Iterator[Verdict]:
    """Both providers require the property."""
    yield it.equals("authMode", "SSO")


@resource_rule(
    "sm-image-description",
    on=[IMAGE],
    title="Studio images say what they are for.",
    severity="low",
    level="advisory",
    category="compliance",
    why="An image that nobody knows the purpose of is neither updated nor deleted.",
    fix="Describe the image in description",
    source="https://docs.aws.amazon.com/config/latest/developerguide/sagemaker-image-description.html",
)
def image_description(it: Resource, use: Use) -> Iterator[Verdict]:
    """A display name is no description."""
    yield it.requires("description")


@resource_rule(
    "sm-coderepository-credentials-secret",
    on=[CODE_REPOSITORY],
    title="Code repositories are reached over HTTPS, with credentials from a secret.",
    severity="high",
    level="mandatory",
    why="What stands in an address is shown to whoever may list repositories, and is kept in the stack's state.",
    fix="Leave user and password out of repositoryUrl, and name a secret of Secrets Manager in secretArn",
    source="https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_GitConfig.html",
    settings={
        "private_hosts": {
            "type": "array",
            "items": {"type": "string"},
            "default": [],
            "description": "Hosts, or patterns of them, whose repositories are all private, and so need a secret.",
        }
    },
)
def repository_credentials(it: Resource, use: Use) -> Iterator[Verdict]:
    """Whether a repository is public can't be seen, and a public one needs no secret, nor does CodeCommit, which the
    role opens; so a secret is asked for only with the hosts that a setting names."""
    address = urlsplit(it.whole("gitConfig.repositoryUrl") or "")
    if address.scheme != "https":
        yield it.fails("gitConfig.repositoryUrl", "is no https address", key="scheme")
    if "@" in address.netloc:
        yield it.fails("gitConfig.repositoryUrl", "names a user, or a token", key="user")
    if any(fnmatchcase(address.hostname or "", host) for host in use["private_hosts"]):
        yield it.requires("gitConfig.secretArn", "must be given for a private repository")
