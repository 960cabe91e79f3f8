"""Headlines about resources of any model or none: what is lost, unprotected, opened, no longer encrypted, watched or
kept.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from mlops_estate.comparison.headline_kinds import Facts, Headline, Level
from mlops_estate.comparison.model import PropertyChange, ResourceChange
from mlops_estate.comparison.permissions_statements import NAMED
from mlops_estate.graph import UNKNOWN, ResourceNode
from mlops_estate.graph_file import MASK
from mlops_policies.tokens import kind_of

Leaf = tuple[str, Any, Any]
"""A plain value that differs: its path, and what it was and is, None where it is absent."""

ALARM = "aws:cloudwatch/metricAlarm:MetricAlarm"
KEY = "aws:kms/key:Key"
_FEATURE_GROUP = "aws:sagemaker/featureGroup:FeatureGroup"
_INGRESS = ("aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule", "aws:ec2/securityGroupRule:SecurityGroupRule",
            "aws:ec2/securityGroup:SecurityGroup")  # fmt: skip
_ANYWHERE = ("0.0.0.0/0", "::/0")
_ENCRYPTING = re.compile(r"(?:^|\.)(kms\w*|encryptionKey\w*|sseKmsKeyId)$", re.IGNORECASE)
_RETENTION = re.compile(
    r"(?:^|\.)(retentionInDays|retentionPeriodInDays|retentionPeriod|backupRetentionPeriod|deleteAfter|noncurrentDays|"
    r"minRetentionDays|deletionWindowInDays|recoveryWindowInDays|messageRetentionSeconds|"
    r"(?:expiration|defaultRetention|retention|ttlDuration)\.(?:days|years|value))$"
)
_INDEX = re.compile(r"\[\d+\]")


@dataclass(frozen=True, slots=True)
class Flag:
    """A property whose change means something by itself, whichever type has it; `types` are those it is limited to."""

    path: re.Pattern[str]
    means: Callable[[Any, Any], bool]
    level: Level
    kind: str
    what: str
    types: tuple[str, ...] = ()


def _off(was: Any, now: Any) -> bool:
    return was is True and now is not True and not _hidden(now)


def _hidden(value: Any) -> bool:
    return isinstance(value, str) and UNKNOWN in value


def _on(was: Any, now: Any) -> bool:
    return now is True and was is not True


def _flag(names: str, means: Callable[[Any, Any], bool], level: Level, kind: str, what: str, *types: str) -> Flag:
    return Flag(re.compile(rf"(?:^|\.)(?:{names})$"), means, level, kind, what, types)


def _to(value: str) -> Callable[[Any, Any], bool]:
    return lambda was, now: now == value and was != value


def _from(value: str) -> Callable[[Any, Any], bool]:
    return lambda was, now: was == value and now != value and not _hidden(now)


FLAGS = (
    _flag("blockPublicAcls|blockPublicPolicy|ignorePublicAcls|restrictPublicBuckets", _off, "danger", "public",
          "public access is no longer blocked"),
    _flag("publiclyAccessible|mapPublicIpOnLaunch|associatePublicIpAddress|endpointPublicAccess", _on, "danger",
          "public", "reachable from the internet"),
    _flag("directInternetAccess", _to("Enabled"), "danger", "public", "direct internet access"),
    _flag("appNetworkAccessType", _to("PublicInternetOnly"), "danger", "public", "goes out over the internet"),
    _flag("acl", lambda was, now: str(now).startswith("public") and was != now, "danger", "public", "a public ACL"),
    _flag("functionUrlAuthType|authorizationType", _to("NONE"), "danger", "public", "answers without authentication"),
    _flag("sseAlgorithm", _from("aws:kms"), "danger", "encryption", "no longer encrypted with a key of KMS"),
    _flag("encrypted|storageEncrypted|atRestEncryptionEnabled|transitEncryptionEnabled|encryptAtRest|"
          "enableInterContainerTrafficEncryption", _off, "danger", "encryption", "no longer encrypted"),
    _flag("enableKeyRotation", _off, "warning", "encryption", "the key no longer rotates"),
    _flag("bucketKeyEnabled", _off, "notice", "encryption", "no bucket key: more calls of KMS"),
    _flag("enableNetworkIsolation", _off, "warning", "network", "containers are no longer cut off from networks"),
    _flag(r"deletionProtection\w*|enableDeletionProtection", _off, "danger", "unprotected",
          "deletion protection is off"),
    _flag("forceDestroy|forceDelete", _on, "warning", "unprotected", "may be deleted with all that it holds"),
    _flag(r"versioningConfiguration\.status", _from("Enabled"), "danger", "unprotected",
          "object versions are no longer kept"),
    _flag(r"defaultRetention\.mode", _from("COMPLIANCE"), "danger", "unprotected",
          "the object lock can be lifted (COMPLIANCE -> GOVERNANCE)"),
    _flag("imageTagMutability", _from("IMMUTABLE"), "warning", "unprotected", "image tags may be moved"),
    _flag("blockPublicPolicy", _off, "danger", "public", "a public policy is no longer refused",
          "aws:secretsmanager/secretPolicy:SecretPolicy"),
    _flag("enableLogging|enableLogFileValidation|isMultiRegionTrail|includeGlobalServiceEvents", _off, "danger",
          "monitoring", "the audit trail records less", "aws:cloudtrail/trail:Trail"),
    _flag("isEnabled", _off, "danger", "monitoring", "no longer records", "aws:cfg/recorderStatus:RecorderStatus"),
    _flag("enable", _off, "danger", "monitoring", "no longer detects", "aws:guardduty/detector:Detector"),
    _flag("status", _from("ENABLED"), "warning", "monitoring", "no longer detects",
          "aws:guardduty/detectorFeature:DetectorFeature", "aws:macie2/account:Account"),
    _flag("scanOnPush", _off, "warning", "monitoring", "images are no longer scanned"),
    _flag("scheduleExpression", lambda was, now: bool(was) and bool(now) and was != now, "warning", "monitoring",
          "the monitor runs at other times", "aws:sagemaker/monitoringSchedule:MonitoringSchedule"),
)  # fmt: skip
"""Properties that weaken something where they change so. Of each the AWS provider's documentation says what it does."""

REMOVED: Mapping[str, tuple[Level, str, str]] = {
    "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock": (
        "danger", "public", "public access is no longer blocked",
    ),
    "aws:s3/accountPublicAccessBlock:AccountPublicAccessBlock": (
        "danger", "public", "public access is no longer blocked in the account",
    ),
    "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration": (
        "danger", "encryption", "no longer encrypted with a key of KMS",
    ),
    "aws:ebs/encryptionByDefault:EncryptionByDefault": ("danger", "encryption", "volumes are not encrypted by default"),
    "aws:glue/dataCatalogEncryptionSettings:DataCatalogEncryptionSettings": (
        "danger", "encryption", "the catalogue is no longer encrypted",
    ),
    "aws:s3/bucketVersioning:BucketVersioning": ("danger", "unprotected", "object versions are no longer kept"),
    "aws:s3/bucketObjectLockConfiguration:BucketObjectLockConfiguration": (
        "danger", "unprotected", "new objects are no longer locked",
    ),
    "aws:backup/vaultLockConfiguration:VaultLockConfiguration": (
        "danger", "unprotected", "recovery points are no longer locked",
    ),
    "aws:backup/plan:Plan": ("danger", "unprotected", "no longer backed up"),
    "aws:backup/selection:Selection": ("danger", "unprotected", "no longer backed up"),
    "aws:sagemaker/monitoringSchedule:MonitoringSchedule": ("warning", "monitoring", "monitor removed"),
    "aws:cloudtrail/trail:Trail": ("danger", "monitoring", "the audit trail is removed"),
    "aws:cfg/recorder:Recorder": ("danger", "monitoring", "configuration is no longer recorded"),
    "aws:cfg/conformancePack:ConformancePack": ("warning", "monitoring", "conformance is no longer judged"),
    "aws:guardduty/detector:Detector": ("danger", "monitoring", "threats are no longer detected"),
    "aws:guardduty/detectorFeature:DetectorFeature": ("warning", "monitoring", "threats are no longer detected"),
    "aws:securityhub/account:Account": ("danger", "monitoring", "findings are no longer gathered"),
    "aws:macie2/account:Account": ("warning", "monitoring", "personal data are no longer looked for"),
    "aws:inspector2/enabler:Enabler": ("warning", "monitoring", "vulnerabilities are no longer looked for"),
    "aws:accessanalyzer/analyzer:Analyzer": ("warning", "monitoring", "access from outside is no longer looked for"),
    "aws:ec2/flowLog:FlowLog": ("warning", "monitoring", "network traffic is no longer recorded"),
    "aws:s3/bucketLogging:BucketLogging": ("warning", "monitoring", "access is no longer logged"),
    "aws:cloudwatch/logMetricFilter:LogMetricFilter": ("warning", "monitoring", "log events are no longer counted"),
    "aws:budgets/budget:Budget": ("warning", "monitoring", "the budget is no longer watched"),
    ALARM: ("warning", "alarm", "alarm removed"),
}  # fmt: skip
"""What is weaker once a resource of a type is gone."""


def resources(facts: Facts) -> Iterator[Headline]:
    """Yield what changes of resources."""
    for change in facts.changes("remove", "replace", "change", "add"):
        if change.action == "remove":
            yield from _removed(change)
        elif change.action == "replace" and change.stateful and not _told_as_features(facts, change):
            yield _replaced(change)
        elif change.action == "change" and change.stateful and change.may_replace:
            yield _headline("warning", "replacement", "may be replaced", change,
                            f"nothing tells whether {', '.join(change.may_replace)} can change in place; "
                            f"held: {change.stateful}")  # fmt: skip
        yield from _properties(facts, change)
    yield from _other_keys(facts)


def _headline(level: Level, kind: str, what: str, change: ResourceChange, detail: str = "") -> Headline:
    return Headline(level, kind, what, change.name, detail, change.model, (change.urn,))


def _removed(change: ResourceChange) -> Iterator[Headline]:
    kind = kind_of(change.type)
    if change.stateful and change.retained:
        detail = f"it stays in AWS, and is no longer managed; it holds: {change.stateful}"
        yield _headline("warning", "removal", "leaves the stack", change, detail)
    elif change.stateful:
        guard = "it is protected: the engine refuses until that is lifted. " if change.protected else ""
        detail = f"{guard}{_depends(change)}"
        yield _headline("danger", "removal", f"removed; lost: {change.stateful}", change, detail)
    elif change.protected:
        detail = "the engine refuses until protection is lifted"
        yield _headline("danger", "removal", "removed although protected", change, detail)
    if kind in REMOVED:
        level, group, what = REMOVED[kind]
        yield _headline(level, group, what, change)


def _told_as_features(facts: Facts, change: ResourceChange) -> bool:
    """Whether a feature group is replaced for a feature that goes: the headline about the feature says that."""
    paths = [each.path for each in change.properties if each.replaces]
    return kind_of(change.type) == _FEATURE_GROUP and bool(paths) and all(
        path.startswith("featureDefinitions") for path in paths
    ) and change.urn in facts.old.by_urn  # fmt: skip


def _replaced(change: ResourceChange) -> Headline:
    forced = ", ".join(change.replaces) or "it"
    guard = "; protected: the engine refuses" if change.protected else ""
    depends = f"; {_depends(change)}" if change.blast else ""
    detail = f"forced by {forced}{depends}{guard}"
    return _headline("danger", "replacement", f"replaced; lost: {change.stateful}", change, detail)


def _depends(change: ResourceChange) -> str:
    count = len(change.blast)
    return f"{count} resource{' depends' if count == 1 else 's depend'} on it" if count else ""


def _properties(facts: Facts, change: ResourceChange) -> Iterator[Headline]:
    """Yield what single properties mean."""
    old, new = facts.was(change), facts.comparison.after.nodes.get(change.urn)
    kind = kind_of(change.type)
    for path, was, now in leaves(change.properties):
        if path == "options.protect" and was is True:
            yield _headline("danger", "unprotected", "no longer protected from deletion", change)
        elif path == "options.retain_on_delete" and was is True:
            yield _headline("danger", "unprotected", "no longer kept when it leaves the stack", change)
        yield from _flagged(change, kind, path, was, now)
        yield from _key_property(change, path, was, now)
        yield from _retention(change, path, was, now)
    if kind == ALARM and old is not None and new is not None:
        yield from _alarm(change, old, new)
    if kind in _INGRESS and new is not None:
        yield from _opened(change, old, new)


def leaves(properties: tuple[PropertyChange, ...]) -> Iterator[Leaf]:
    """Yield every plain value that differs, those within objects and lists that come or go too."""
    for each in properties:
        yield from _leaves(each.path, each.before, each.after)


def _leaves(path: str, was: Any, now: Any) -> Iterator[Leaf]:
    if isinstance(was, Mapping) or isinstance(now, Mapping):
        old, new = (value if isinstance(value, Mapping) else {} for value in (was, now))
        for key in {**old, **new}:
            yield from _leaves(f"{path}.{key}", old.get(key), new.get(key))
    elif isinstance(was, list) or isinstance(now, list):
        olds, news = (value if isinstance(value, list) else [] for value in (was, now))
        for index in range(max(len(olds), len(news))):
            yield from _leaves(f"{path}[{index}]", *(side[index] if index < len(side) else None
                                                     for side in (olds, news)))  # fmt: skip
    elif was != now:
        yield path, was, now


def _flagged(change: ResourceChange, kind: str, path: str, was: Any, now: Any) -> Iterator[Headline]:
    plain = _INDEX.sub("", path)
    for flag in FLAGS:
        if flag.path.search(plain) and flag.means(was, now) and (not flag.types or kind in flag.types):
            yield _headline(flag.level, flag.kind, flag.what, change, f"{plain}: {_shown(was)} -> {_shown(now)}")
            return


def _key_property(change: ResourceChange, path: str, was: Any, now: Any) -> Iterator[Headline]:
    if not _ENCRYPTING.search(_INDEX.sub("", path)) or not isinstance(was, str):
        return
    if now is None:
        yield _headline("danger", "encryption", "no longer encrypted with its key", change, f"{path} is gone")
    elif isinstance(now, str) and UNKNOWN not in (was, now) and MASK not in (was, now):
        names = " -> ".join(_key_name(each) for each in (was, now))
        yield _headline("warning", "encryption", f"encrypted with another key ({names})", change,
                        f"{path}: what was encrypted keeps its key")  # fmt: skip


def _key_name(value: str) -> str:
    """Return a key's name: that of the resource that it will be, or the last part of its ARN."""
    named = NAMED.search(value)
    return named[1].partition(".")[0] if named else value.rpartition("/")[2]


def _other_keys(facts: Facts) -> Iterator[Headline]:
    """Yield resources that take another key of the stack: its ARN is unknown before the update, what it is of isn't."""
    for urn, new in facts.comparison.after.nodes.items():
        old = facts.comparison.before.nodes.get(urn)
        if old is None or not new.custom:
            continue
        for name, value in new.inputs.items():
            was, now = (_keys(facts, node, name) for node in (old, new))
            if was and now and was != now and UNKNOWN in (value, old.inputs.get(name), *_key_values(value)):
                if not _names_key(name, value):
                    continue
                what = f"encrypted with another key ({', '.join(sorted(was))} -> {', '.join(sorted(now))})"
                yield Headline("warning", "encryption", what, new.name, f"{name}: what was encrypted keeps its key",
                               facts.models.get(urn, ""), (urn,))  # fmt: skip


def _keys(facts: Facts, node: ResourceNode, name: str) -> set[str]:
    """Return the keys of the stack that a property's value comes from."""
    found = set()
    for urn in node.property_dependencies.get(name, ()):
        source = facts.comparison.after.nodes.get(urn) or facts.comparison.before.nodes.get(urn)
        if source is not None and kind_of(source.type) == KEY:
            found.add(source.name)
    return found


def _names_key(name: str, value: Any) -> bool:
    """Whether a property is a key, or holds one."""
    return bool(_ENCRYPTING.search(name)) or bool(_key_values(value))


def _key_values(value: Any) -> list[Any]:
    return [now for path, _, now in _leaves("", None, value) if _ENCRYPTING.search(_INDEX.sub("", path))]


def _retention(change: ResourceChange, path: str, was: Any, now: Any) -> Iterator[Headline]:
    plain = _INDEX.sub("", path)
    if not _RETENTION.search(plain):
        return
    name = plain.rpartition(".")[2] if not plain.endswith((".days", ".value", ".years")) else plain.split(".")[-2]
    if _number(was) and _number(now) and now < was and not (plain.endswith("InDays") and not now):
        yield _headline("warning", "retention", f"kept for less time ({name} {was} -> {now})", change, plain)
    elif was in (None, 0) and _number(now) and now and plain.endswith(("expiration.days", "retentionInDays")):
        yield _headline("warning", "retention", f"expires from now on ({name} {now})", change, plain)


def _number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _alarm(change: ResourceChange, old: ResourceNode, new: ResourceNode) -> Iterator[Headline]:
    """Yield an alarm that goes off later or not at all."""
    was, now = old.inputs, new.inputs
    rising = str(now.get("comparisonOperator", "")).startswith("Greater")
    loosened = []
    if _number(was.get("threshold")) and _number(now.get("threshold")) and was["threshold"] != now["threshold"]:
        looser = (now["threshold"] > was["threshold"]) is rising
        if looser:
            loosened.append(f"threshold {was['threshold']} -> {now['threshold']}")
    loosened += [
        f"{name} {was[name]} -> {now[name]}"
        for name in ("period", "evaluationPeriods", "datapointsToAlarm")
        if _number(was.get(name)) and _number(now.get(name)) and now[name] > was[name]
    ]
    if was.get("treatMissingData") == "breaching" and now.get("treatMissingData") != "breaching":
        loosened.append("missing data no longer breach")
    if loosened:
        yield _headline("warning", "alarm", f"alarm loosened: {', '.join(loosened)}", change)
    if was.get("actionsEnabled") is not False and now.get("actionsEnabled") is False:
        yield _headline("warning", "alarm", "alarm tells nobody any more", change, "its actions are disabled")
    elif was.get("alarmActions") and not now.get("alarmActions"):
        yield _headline("warning", "alarm", "alarm tells nobody any more", change, "it has no actions")


def _opened(change: ResourceChange, old: ResourceNode | None, new: ResourceNode) -> Iterator[Headline]:
    """Yield what the internet can reach from now on."""
    if new.inputs.get("type") == "egress":
        return
    sides = [set(_ranges(node.inputs)) if node is not None else set() for node in (old, new)]
    for ports in sorted(sides[1] - sides[0]):
        yield _headline("danger", "public", f"open to the internet: {ports}", change)


def _ranges(inputs: Mapping[str, Any]) -> Iterator[str]:
    for rule in [inputs, *(each for each in inputs.get("ingress") or [] if isinstance(each, Mapping))]:
        named = [rule.get("cidrIpv4"), rule.get("cidrIpv6")]
        for several in (rule.get("cidrBlocks"), rule.get("ipv6CidrBlocks")):
            named += several if isinstance(several, list) else []
        if any(each in _ANYWHERE for each in named):
            low, high = rule.get("fromPort"), rule.get("toPort")
            whole = str(rule.get("ipProtocol", rule.get("protocol"))) == "-1" or low is None
            yield "every port" if whole else f"port {low}" if low == high else f"ports {low} to {high}"


def _shown(value: Any) -> str:
    return "absent" if value is None else "unknown" if _hidden(value) else str(value)
