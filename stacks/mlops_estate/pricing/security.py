"""What keys, secrets and detective controls cost.

Formulas: KMS (https://aws.amazon.com/kms/pricing/): a dollar for each key and, after its first and its second rotation,
one more each; requests; GuardDuty (https://aws.amazon.com/guardduty/pricing/): events and GB that are analysed; Macie
(https://aws.amazon.com/macie/pricing/): buckets, and GB that are inspected, each object once until it changes; Security
Hub (https://aws.amazon.com/security-hub/pricing/): checks; Inspector (https://aws.amazon.com/inspector/pricing/):
images and functions; Access Analyzer (https://aws.amazon.com/iam/access-analyzer/pricing/): roles that are analysed for
unused access, while findings of external access cost nothing; Secrets Manager
(https://aws.amazon.com/secrets-manager/pricing/). Trials of new accounts are left out.
"""

from __future__ import annotations

from decimal import Decimal

from mlops_estate.graph import ResourceNode
from mlops_estate.pricing.desk import Desk, blocks, first, known_number, known_text
from mlops_estate.pricing.model import Amount, Range
from mlops_estate.pricing.serving import captured
from mlops_estate.pricing.storage import BUCKETS, PURPOSES, held, object_calls, purpose_of

_FEATURE = "aws:guardduty/detectorFeature:DetectorFeature"
_FUNCTIONS = ("aws:lambda/function:Function", "aws-native:lambda:Function")
_ROLES = ("aws:iam/role:Role", "aws:iam/user:User", "aws-native:iam:Role", "aws-native:iam:User")
_SYMMETRIC = {"", "SYMMETRIC_DEFAULT"}
_FREE_RUN = {"CLOUD_TRAIL", "DNS_LOGS", "FLOW_LOGS"}
_LAMBDA_LOGS = "LAMBDA_NETWORK_LOGS"


def key(desk: Desk, node: ResourceNode) -> None:
    """Price a key's versions: one, and up to two more once it has been rotated; and the requests to all keys."""
    rotated = node.inputs.get("enableKeyRotation") is True
    versions = Range.of(1, 1, 3 if rotated else 1)
    item = "customer-managed key, up to two rotations" if rotated else "customer-managed key"
    desk.add(node, "kms.key", versions, item=item)
    spec = known_text(node.inputs.get("customerMasterKeySpec") or node.inputs.get("keySpec"))
    if spec in _SYMMETRIC and desk.once("key requests"):
        requests = desk.shared("key_requests")
        desk.add(node, "kms.requests", requests.range, model="", item="requests to all symmetric keys", by=(requests,))
    elif spec not in _SYMMETRIC and desk.once("asymmetric requests"):
        by = tuple(desk.amount(model, "training_runs_per_month") for model in desk.models)
        runs = sum((amount.range for amount in by), Range())
        item = "requests to asymmetric keys: one signs and one verifies each run by hand"
        desk.add(node, "kms.requests.asymmetric", runs * 2, model="", item=item, by=by[:1])


def secret(desk: Desk, node: ResourceNode) -> None:
    """Price a secret; what reads it calls so seldom that its calls are within cents."""
    desk.add(node, "secrets.secret", 1)


def detector(desk: Desk, node: ResourceNode) -> None:
    """Price a detector's foundational sources: management events, and flow and DNS logs."""
    if node.inputs.get("enable") is False:
        desk.free(node, "is off")
        return
    management, logs = desk.shared("management_events"), desk.shared("flow_log_gb")
    desk.add(node, "guardduty.events", management.range, by=(management,))
    desk.add(node, "guardduty.logs", logs.range, by=(logs,))


def detector_feature(desk: Desk, node: ResourceNode) -> None:
    """Price one protection plan of a detector."""
    name = known_text(node.inputs.get("name"))
    if node.inputs.get("status") == "DISABLED":
        desk.free(node, "is off")
    elif name == "S3_DATA_EVENTS":
        calls, by = object_calls(desk)
        desk.add(node, "guardduty.s3", calls, by=by)
    elif name == _LAMBDA_LOGS:
        desk.free(node, "the flow logs of functions are within those of the network, which are priced")
    elif name in _FREE_RUN:
        desk.free(node, "is priced with the detector")
    else:
        desk.unpriced(node, f"the table has no price of the protection plan {name or 'that is unknown'}")


def macie(desk: Desk, node: ResourceNode) -> None:
    """Price the evaluation of every bucket of the graph."""
    if node.inputs.get("status") == "PAUSED":
        desk.free(node, "is paused")
        return
    count = len(desk.of_types(*BUCKETS))
    desk.add(node, "macie.bucket", count, item=f"evaluation of {count} buckets")


def classification_job(desk: Desk, node: ResourceNode) -> None:
    """Price the GB that a job inspects in a month: what is new or changed, as objects are inspected once."""
    definitions = blocks(first(node.inputs.get("s3JobDefinition")).get("bucketDefinitions"))
    names = [known_text(name) for entry in definitions for name in entry.get("buckets") or ()]
    purposes = [purpose for name in names if (purpose := purpose_of(name, "")) in PURPOSES]
    if not purposes:
        desk.unpriced(node, "the buckets that it inspects aren't known")
        return
    percent = known_number(node.inputs.get("samplingPercentage")) or Decimal(100)
    share = desk.shared("new_data_share")
    gigabytes, by = Range(), list[Amount]()
    for purpose in purposes:
        arriving = [(gb, amounts) for _, gb, amounts in captured(desk)] if purpose == "capture" else [
            (gb * share.range, amounts) for _, gb, amounts in held(desk, purpose, None)
        ]  # fmt: skip
        for arrived, amounts in arriving:
            gigabytes, by = gigabytes + arrived, [*by, *amounts]
    desk.add(node, "macie.discovery", gigabytes * (percent / 100), by=(*by, share))


def standard(desk: Desk, node: ResourceNode) -> None:
    """Price the checks of one standard."""
    checks = desk.shared("security_checks")
    desk.add(node, "securityhub.check", checks.range, by=(checks,))


def inspector(desk: Desk, node: ResourceNode) -> None:
    """Price the scans of images and functions of the graph."""
    types = set(node.inputs.get("resourceTypes") or ())
    if "ECR" in types:
        images, again = desk.shared("images_pushed"), desk.shared("image_rescans")
        desk.add(node, "inspector.image", images.range, by=(images,))
        desk.add(node, "inspector.rescan", images.range * again.range, by=(images, again))
    if "LAMBDA" in types and (functions := len(desk.of_types(*_FUNCTIONS))):
        desk.add(node, "inspector.lambda", functions)
    if others := sorted(types - {"ECR", "LAMBDA"}):
        desk.unpriced(node, f"the table has no price of scans of {', '.join(others)}")


def analyzer(desk: Desk, node: ResourceNode) -> None:
    """Price an analyzer: of unused access by role; of external access it costs nothing."""
    kind = known_text(node.inputs.get("type")) or "ACCOUNT"
    if "UNUSED" in kind:
        count = len(desk.of_types(*_ROLES))
        desk.add(node, "access.unused", count, item=f"{count} roles and users of the graph; the account may have more")
    elif "INTERNAL" in kind:
        desk.unpriced(node, "the table has no price of analysing internal access")
    else:
        desk.free(node, "findings of external access cost nothing (Access Analyzer pricing)")


def web_acl(desk: Desk, node: ResourceNode) -> None:
    """Price a web ACL and its rules; its requests are nothing that usage tells of."""
    desk.add(node, "waf.acl", 1)
    if rules := blocks(node.inputs.get("rules")):
        desk.add(node, "waf.rule", len(rules))
    desk.unpriced(node, "the requests that it inspects are unknown: 0.60 dollars a million in us-east-1")
