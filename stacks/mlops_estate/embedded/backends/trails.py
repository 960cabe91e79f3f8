"""CloudTrail as it is: names taken once, selectors replaced, and no trail to a bucket or key that doesn't admit it."""

from __future__ import annotations

import functools
import json
from collections.abc import Iterable, Mapping
from typing import Any

from moto.cloudtrail.models import CloudTrailBackend, Trail
from moto.core.exceptions import JsonRESTError

TRAILS_A_REGION = 5
VALUES_A_TRAIL = 500
EXACT = ("eventCategory", "readOnly", "resources.type")


def refused(error: str, message: str) -> JsonRESTError:
    """Return a service's refusal with status 400."""
    found = JsonRESTError(error, message)
    found.code = 400
    return found


def install() -> None:
    """Add what CloudTrail refuses, and mend what moto keeps of selectors."""
    create, describe = CloudTrailBackend.create_trail, Trail.description

    @functools.wraps(create)
    def create_trail(self: Any, name: str, *arguments: Any, **options: Any) -> Trail:
        if name in self.trails:
            raise refused("TrailAlreadyExistsException", f"Trail {name} already exists for customer: {self.account_id}")
        if len(self.trails) >= TRAILS_A_REGION:
            message = f"User: {self.account_id} already has {TRAILS_A_REGION} trails in {self.region_name}."
            raise refused("MaximumNumberOfTrailsExceededException", message)
        trail = create(self, name, *arguments, **options)
        try:
            _admitted(trail)
        except JsonRESTError:
            del self.trails[name]
            raise
        return trail

    @functools.wraps(describe)
    def description(self: Any, include_region: bool = False) -> dict[str, Any]:
        custom = bool(self.event_selectors or self.advanced_event_selectors)
        has = {"HasCustomEventSelectors": custom, "HasInsightSelectors": bool(self.insight_selectors)}
        return {**describe(self, include_region), **has}

    def delete_trail(self: Any, name: str) -> None:
        del self.trails[self.get_trail(name).trail_name]

    def put_event_selectors(self: Any, event_selectors: Any, advanced_event_selectors: Any) -> None:
        """Either kind replaces both (API reference, PutEventSelectors)."""
        _sound(advanced_event_selectors or [])
        self.event_selectors = list(event_selectors or [])
        self.advanced_event_selectors = list(advanced_event_selectors or [])

    def put_insight_selectors(self: Any, insight_selectors: list[dict[str, str]]) -> None:
        """They replace those there are (API reference, PutInsightSelectors)."""
        self.insight_selectors = list(insight_selectors)

    CloudTrailBackend.create_trail = create_trail
    CloudTrailBackend.delete_trail = delete_trail
    Trail.description = description
    Trail.put_event_selectors = put_event_selectors
    Trail.put_insight_selectors = put_insight_selectors


def _admitted(trail: Any) -> None:
    """Refuse a trail that could not deliver (API reference, CreateTrail: bucket and encryption policies)."""
    if not admits(bucket_policy(trail, trail.bucket_name), "cloudtrail.amazonaws.com", "s3:PutObject"):
        message = f"Incorrect S3 bucket policy is detected for bucket: {trail.bucket_name}"
        raise refused("InsufficientS3BucketPolicyException", message)
    key = key_policy(trail, trail.kms_key_id) if trail.kms_key_id else None
    if key is not None and not admits(key, "cloudtrail.amazonaws.com", "kms:GenerateDataKey"):
        message = "Insufficient permissions to access S3 bucket or KMS key: the key's policy doesn't admit CloudTrail"
        raise refused("InsufficientEncryptionPolicyException", message)


def bucket_policy(owner: Any, bucket: str) -> str | None:
    """Return the policy of a bucket in the account and partition of a moto object; None where it has none."""
    from moto.s3.models import s3_backends
    from moto.utilities.utils import get_partition

    policy = s3_backends[owner.account_id][get_partition(owner.region_name)].get_bucket(bucket).policy
    return policy.decode() if isinstance(policy, bytes) else policy


def key_policy(owner: Any, key_id: str) -> str | None:
    """Return the policy of a key of this account and region; None for another's, which is theirs to know."""
    from moto.kms.models import kms_backends

    backend = kms_backends[owner.account_id][owner.region_name]
    if key_id.startswith("arn:") and f":{owner.region_name}:{owner.account_id}:" not in key_id:
        return None
    known: str | None = backend.get_key_policy(backend.get_key_id(key_id))
    return known


def admits(policy: str | None, service: str, action: str) -> bool:
    """Whether a resource's policy lets a service do something, whatever the conditions."""
    import fnmatch

    for statement in json.loads(policy)["Statement"] if policy else []:
        principal = statement.get("Principal")
        services = principal.get("Service") if isinstance(principal, dict) else None
        actions = statement.get("Action")
        named = service in ([services] if isinstance(services, str) else services or [])
        listed = [actions] if isinstance(actions, str) else actions or []
        if statement["Effect"] == "Allow" and named and any(fnmatch.fnmatchcase(action, one) for one in listed):
            return True
    return False


def _sound(selectors: Iterable[Mapping[str, Any]]) -> None:
    """Refuse selectors that CloudTrail refuses (API reference, AdvancedFieldSelector and PutEventSelectors)."""
    count = 0
    for selector in selectors:
        fields = {item["Field"]: item for item in selector["FieldSelectors"]}
        count += sum(len(values) for item in fields.values() for key, values in item.items() if key != "Field")
        category = fields.get("eventCategory", {}).get("Equals")
        if not category:
            raise _unsound("Missing required field: eventCategory")
        if category == ["Data"] and len(fields.get("resources.type", {}).get("Equals", [])) != 1:
            raise _unsound("A selector of data events takes exactly one resources.type")
        for name in set(EXACT) & fields.keys():
            if set(fields[name]) != {"Field", "Equals"}:
                raise _unsound(f"The field {name} takes Equals only")
    if count > VALUES_A_TRAIL:
        raise _unsound(f"A trail takes at most {VALUES_A_TRAIL} values in all selectors, not {count}")


def _unsound(message: str) -> JsonRESTError:
    return refused("InvalidEventSelectorsException", message)
