"""Studio domains, spaces and feature groups: what people can do in them, and how long and where records stay."""

from __future__ import annotations

from collections.abc import Iterator

from mlops_policies.resource import Resource
from mlops_policies.risk import DATA_CLASS, data_class
from mlops_policies.rule import Use, resource_rule
from mlops_policies.rules.ml_environments import FEATURE_GROUP
from mlops_policies.verdicts import Verdict, not_applicable

DOMAIN = "aws:sagemaker/domain:Domain"
USER_PROFILE = "aws:sagemaker/userProfile:UserProfile"
SPACE = "aws:sagemaker/space:Space"

_API = "https://docs.aws.amazon.com/sagemaker/latest/APIReference"
_CLASSES = {"type": "array", "items": {"type": "string"}}


@resource_rule(
    "ml-featuregroup-online-ttl",
    on=[FEATURE_GROUP],
    title="Online records of personal data expire.",
    severity="medium",
    level="advisory",
    category="ml-governance",
    why="A record that nothing deletes is kept for longer than the purpose it was collected for.",
    fix="Set onlineStoreConfig.ttlDuration",
    source=f"{_API}/API_OnlineStoreConfig.html",
    settings={
        **DATA_CLASS,
        "expiring_classes": {
            **_CLASSES,
            "default": ["personal", "confidential", "restricted"],
            "description": "Classes of data whose online records have to expire.",
        },
    },
)
def online_ttl(it: Resource, use: Use) -> Iterator[Verdict]:
    """The online store is off where nothing is said (OnlineStoreConfig)."""
    if not it.get("onlineStoreConfig.enableOnlineStore", False):
        yield not_applicable("it has no online store")
    elif data_class(it, use) not in use["expiring_classes"]:
        yield not_applicable("its tags do not say that its data are personal")
    else:
        yield it.requires("onlineStoreConfig.ttlDuration.value")


@resource_rule(
    "ml-featuregroup-catalogued",
    on=[FEATURE_GROUP],
    title="Feature groups are described, and catalogued for queries.",
    severity="low",
    level="advisory",
    category="ml-governance",
    why="Features that nobody can find or understand are made again, in another way, by the next team.",
    fix="Describe the group, and leave the table of its offline store in the Glue catalogue",
    source=f"{_API}/API_OfflineStoreConfig.html",
)
def catalogued(it: Resource, use: Use) -> Iterator[Verdict]:
    """A group that brings its own table (dataCatalogConfig) is catalogued though SageMaker makes none."""
    yield it.requires("description")
    if it.present("offlineStoreConfig") and not it.present("offlineStoreConfig.dataCatalogConfig"):
        yield it.equals("offlineStoreConfig.disableGlueTableCreation", False, default=False)


@resource_rule(
    "ml-domain-docker-disabled",
    on=[DOMAIN],
    title="Docker in Studio is off, or limited to trusted accounts.",
    severity="medium",
    level="advisory",
    why="With Docker anybody in Studio can run any image beside the data, past what is scanned and approved.",
    fix="Set enableDockerAccess to DISABLED, or list vpcOnlyTrustedAccounts",
    source=f"{_API}/API_DockerSettings.html",
)
def docker_disabled(it: Resource, use: Use) -> Iterator[Verdict]:
    """Off where nothing is said."""
    if not it.get("domainSettings.dockerSettings.vpcOnlyTrustedAccounts"):
        yield it.equals("domainSettings.dockerSettings.enableDockerAccess", "DISABLED", default="DISABLED")


@resource_rule(
    "ml-domain-notebook-sharing-kms",
    on=[DOMAIN, USER_PROFILE],
    title="Shared notebook outputs are encrypted with a key of one's own.",
    severity="medium",
    level="advisory",
    why="Outputs show the data that a notebook has read; shared, they lie in a bucket that others can read.",
    fix="Set notebookOutputOption to Disabled, or name s3KmsKeyId",
    source=f"{_API}/API_SharingSettings.html",
)
def sharing_key(it: Resource, use: Use) -> Iterator[Verdict]:
    """Disabled where nothing is said. A user's profile can switch on what the domain leaves off."""
    settings = "defaultUserSettings" if it.type == DOMAIN else "userSettings"
    sharing = f"{settings}.sharingSettings"
    if it.get(f"{sharing}.notebookOutputOption", "Disabled") != "Disabled":
        yield it.requires(f"{sharing}.s3KmsKeyId", "must be given where outputs are shared")


@resource_rule(
    "ml-domain-identity-in-logs",
    on=[DOMAIN],
    title="Trails name the person who works in Studio.",
    severity="medium",
    level="mandatory",
    category="compliance",
    why="By default CloudTrail shows only the execution role: who of its users deleted a model can't be told.",
    fix="Set domainSettings.executionRoleIdentityConfig to USER_PROFILE_NAME",
    source="https://docs.aws.amazon.com/sagemaker/latest/dg/monitor-user-access.html",
)
def identity_in_logs(it: Resource, use: Use) -> Iterator[Verdict]:
    """DISABLED where nothing is said. The role's trust policy has to allow sts:SetSourceIdentity."""
    yield it.equals("domainSettings.executionRoleIdentityConfig", "USER_PROFILE_NAME", default="DISABLED")


@resource_rule(
    "ml-tag-propagation-on",
    on=[DOMAIN],
    title="Apps and spaces inherit the domain's tags.",
    severity="low",
    level="advisory",
    category="cost",
    why="What people start in Studio is a large part of the bill; without tags nobody can tell whose it is.",
    fix="Set tagPropagation to ENABLED",
    source=f"{_API}/API_CreateDomain.html",
)
def tag_propagation(it: Resource, use: Use) -> Iterator[Verdict]:
    """DISABLED where nothing is said."""
    yield it.equals("tagPropagation", "ENABLED", default="DISABLED")


@resource_rule(
    "ml-shared-space-guard",
    on=[SPACE],
    title="Spaces with confidential data are private, and volumes have a ceiling.",
    severity="low",
    level="advisory",
    why="Everybody in the domain can open a shared space, and what is in it.",
    fix="Set spaceSharingSettings.sharingType to Private, and keep the volume under the ceiling",
    source=f"{_API}/API_SpaceSharingSettings.html",
    settings={
        **DATA_CLASS,
        "private_classes": {
            **_CLASSES,
            "default": ["confidential", "restricted"],
            "description": "Classes of data that only private spaces may hold.",
        },
        "max_volume_gb": {
            "type": "integer",
            "minimum": 5,
            "default": 100,
            "description": "How large a space's volume may be, in gigabytes.",
        },
    },
)
def shared_space(it: Resource, use: Use) -> Iterator[Verdict]:
    """A space that says nothing is a shared one, as all were before private ones came; its volume is small."""
    if data_class(it, use) in use["private_classes"]:
        yield it.equals("spaceSharingSettings.sharingType", "Private", default="Shared")
    size = "spaceSettings.spaceStorageSettings.ebsStorageSettings.ebsVolumeSizeInGb"
    ceiling = use["max_volume_gb"]
    yield it.holds(size, lambda gigabytes: gigabytes <= ceiling, f"must be at most {ceiling}", default=5)
