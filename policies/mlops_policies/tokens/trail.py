"""CloudTrail and AWS Config: `aws-native` names of what the `aws` provider has."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mlops_policies.tokens import Alias
from mlops_policies.values import is_unknown

_PLURAL = {
    "endsWith": "endsWiths",
    "notEndsWith": "notEndsWiths",
    "startsWith": "startsWiths",
    "notStartsWith": "notStartsWiths",
}


def _trail(props: dict[str, Any]) -> dict[str, Any]:
    selectors = props.get("advancedEventSelectors")
    if isinstance(selectors, list):
        props["advancedEventSelectors"] = [_selector(selector) for selector in selectors]
    return props


def _selector(selector: Any) -> Any:
    fields = selector.get("fieldSelectors") if isinstance(selector, Mapping) else None
    if not isinstance(fields, list):
        return selector
    turned = [
        {_PLURAL.get(key, key): value for key, value in field.items()} if isinstance(field, Mapping) else field
        for field in fields
    ]
    return {**selector, "fieldSelectors": turned}


def _recorder(props: dict[str, Any]) -> dict[str, Any]:
    """Say what a recording group without `allSupported` records: its strategy tells, or else it names types."""
    group = props.get("recordingGroup")
    if not isinstance(group, Mapping):
        return props
    made = {("recordingStrategies" if key == "recordingStrategy" else key): value for key, value in group.items()}
    if "allSupported" not in made:
        strategy = made.get("recordingStrategies")
        only = strategy.get("useOnly") if isinstance(strategy, Mapping) else strategy
        made["allSupported"] = only if is_unknown(only) else only == "ALL_SUPPORTED_RESOURCE_TYPES"
    return {**props, "recordingGroup": made}


_RECORDER = Alias("aws:cfg/recorder:Recorder", {}, _recorder)

ALIASES: dict[str, Alias] = {
    "aws-native:cloudtrail:Trail": Alias(
        "aws:cloudtrail/trail:Trail",
        {
            "trailName": "name",
            "isLogging": "enableLogging",
            "cloudWatchLogsLogGroupArn": "cloudWatchLogsGroupArn",
        },
        _trail,
    ),
    "aws-native:configuration:ConfigurationRecorder": _RECORDER,
    # As Cloud Control's `AWS::Config::ConfigurationRecorder` is read.
    "aws-native:config:ConfigurationRecorder": _RECORDER,
}
