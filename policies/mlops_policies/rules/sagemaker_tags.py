"""Tags of feature groups, domains and images, of each by a rule of its own, as AWS Config has them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from mlops_policies.resource import Resource
from mlops_policies.rule import Use, resource_rule
from mlops_policies.rules.sagemaker_features import FEATURE_GROUP
from mlops_policies.rules.sagemaker_studio import APP_IMAGE_CONFIG, DOMAIN, IMAGE
from mlops_policies.tagging import REQUIRED_TAGS, missing_tags
from mlops_policies.verdicts import Verdict

_CONFIG = "https://docs.aws.amazon.com/config/latest/developerguide/"
_CONTROLS = "https://docs.aws.amazon.com/securityhub/latest/userguide/sagemaker-controls.html"
_SHARED: dict[str, Any] = {
    "severity": "low",
    "level": "advisory",
    "category": "compliance",
    "why": "Without tags nobody can tell whose it is, what it costs whom, or whether it may be deleted.",
    "fix": "Add the tags, best once in the provider's defaultTags",
    "settings": REQUIRED_TAGS,
}


@resource_rule(
    "sm-featuregroup-tagged",
    on=[FEATURE_GROUP],
    title="Feature groups carry the required tags.",
    source=f"{_CONFIG}sagemaker-feature-group-tagged.html",
    **_SHARED,
)
@resource_rule(
    "sm-domain-tagged",
    on=[DOMAIN],
    title="Studio domains carry the required tags.",
    source=f"{_CONFIG}sagemaker-domain-tagged.html",
    **_SHARED,
)
@resource_rule(
    "sm-appimageconfig-tagged",
    on=[APP_IMAGE_CONFIG],
    title="Image configurations of Studio apps carry the required tags.",
    source=f"{_CONTROLS}#sagemaker-6",
    **_SHARED,
)
@resource_rule(
    "sm-image-tagged",
    on=[IMAGE],
    title="Studio images carry the required tags.",
    source=f"{_CONTROLS}#sagemaker-7",
    **_SHARED,
)
def tagged(it: Resource, use: Use) -> Iterator[Verdict]:
    """Without a list of keys AWS asks for any tag at all; here the keys that a setting requires have to be there, the
    provider's default tags included."""
    for key in missing_tags(it, use):
        yield it.fails("tags", f"has no {key}", key=key)
