"""Detective services where an account has one of each: what moto lacks, and a second one refused as AWS refuses it.

Messages are the services' own. Source: the API references of GuardDuty, Macie, Security Hub and Inspector.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Mapping
from typing import Any, get_args
from urllib.parse import unquote

from moto.core.responses import ActionResult, BaseResponse
from moto.core.utils import utcnow
from moto.moto_api._internal import mock_random

from mlops_estate.config.detection import Standard
from mlops_estate.embedded.backends.refusals import Refusal

OURS: Mapping[str, frozenset[str]] = {
    "guardduty": frozenset({"TagResource", "UntagResource", "ListTagsForResource"}),
    "macie2": frozenset({
        "UpdateMacieSession", "CreateClassificationJob", "DescribeClassificationJob", "UpdateClassificationJob",
        "ListClassificationJobs", "TagResource", "UntagResource",
    }),
    "securityhub": frozenset({
        "UpdateSecurityHubConfiguration", "BatchEnableStandards", "GetEnabledStandards", "BatchDisableStandards",
    }),
}  # fmt: skip
# GuardDuty user guide, Getting started: what a new detector that names no feature has on, beside its foundation.
FOUNDATION = ("CLOUD_TRAIL", "DNS_LOGS", "FLOW_LOGS")
ON_AT_FIRST = ("S3_DATA_EVENTS", "EKS_AUDIT_LOGS", "EBS_MALWARE_PROTECTION", "RDS_LOGIN_EVENTS", "LAMBDA_NETWORK_LOGS")
OFF_AT_FIRST = ("EKS_RUNTIME_MONITORING", "RUNTIME_MONITORING")
# Security Hub API Reference, EnableSecurityHub: the standards that EnableDefaultStandards enables.
DEFAULT_STANDARDS = ("standards/aws-foundational-security-best-practices/v/1.0.0",
                     "ruleset/cis-aws-foundations-benchmark/v/1.2.0")  # fmt: skip


def install() -> None:
    """Add what moto lacks, and the refusals."""
    _guardduty()
    _macie()
    _macie_jobs()
    _security_hub()
    _standards()
    _inspector()


def _body(response: Any) -> dict[str, Any]:
    return dict(json.loads(response.body or "{}"))


def _route(urls: Any, response: type[BaseResponse], *paths: str) -> None:
    for path in paths:
        urls.url_paths["{0}" + path] = response.dispatch


def _guardduty() -> None:
    from moto.guardduty import urls
    from moto.guardduty.models import GuardDutyBackend
    from moto.guardduty.responses import GuardDutyResponse

    create = GuardDutyBackend.create_detector

    @functools.wraps(create)
    def create_detector(self: Any, *arguments: Any, **options: Any) -> str:
        if self.detectors:
            message = "The request is rejected because a detector already exists for the current account."
            raise Refusal("BadRequestException", message)
        made = str(create(self, *arguments, **options))
        detector = self.detectors[made]
        named = detector.features
        first = [*FOUNDATION, *ON_AT_FIRST]
        statuses = {name: "ENABLED" if name in first else "DISABLED" for name in (*first, *OFF_AT_FIRST)}
        detector.features = [{"name": name, "status": status} for name, status in statuses.items()]
        _set_features(detector, named)
        return made

    def update_detector(
        self: Any, detector_id: str, enable: Any, frequency: Any, data_sources: Any, features: Any
    ) -> None:
        detector = self.get_detector(detector_id)
        detector.update(enable, frequency, data_sources, None)
        _set_features(detector, features or [])

    GuardDutyBackend.create_detector, GuardDutyBackend.update_detector = create_detector, update_detector
    _tags_by_arn(GuardDutyResponse, "tags", lambda self, arn: self.guardduty_backend.get_detector(_last(arn)).tags)
    _route(urls, GuardDutyResponse, "/tags/(?P<resource_arn>.+)$")


def _set_features(detector: Any, features: list[dict[str, Any]]) -> None:
    """Change the features that are named (GuardDuty API Reference, UpdateDetector); moto forgets the others."""
    held = {feature["name"]: feature for feature in detector.features}
    for feature in features:
        held[feature["name"]] = {**feature}
    detector.features = [*held.values()]


def _last(arn: str) -> str:
    return arn.rsplit("/", 1)[-1]


def _tags_by_arn(response: Any, keys: str, tags_of: Any) -> None:
    """Add the tagging operations of a service that keeps tags as a map, of the thing that an ARN in the path names."""

    def arn_of(self: Any) -> str:
        return unquote(self.path.partition("/tags/")[2])

    def tag_resource(self: Any) -> ActionResult:
        tags_of(self, arn_of(self)).update(_body(self)["tags"])
        return ActionResult({})

    def untag_resource(self: Any) -> ActionResult:
        for key in self.querystring.get("tagKeys", []):
            tags_of(self, arn_of(self)).pop(key, None)
        return ActionResult({})

    def list_tags_for_resource(self: Any) -> str:
        return json.dumps({keys: tags_of(self, arn_of(self))})

    response.tag_resource, response.untag_resource = tag_resource, untag_resource
    response.list_tags_for_resource = list_tags_for_resource


def _macie() -> None:
    from moto.macie2.models import MacieBackend
    from moto.macie2.responses import MacieResponse

    start, enable, disable = MacieBackend.__init__, MacieBackend.enable_macie, MacieBackend.disable_macie

    def init(self: Any, region_name: str, account_id: str) -> None:
        """An account has no session before it enables Macie; moto's has."""
        start(self, region_name, account_id)
        self.macie_session = None
        self.jobs = {}

    def enable_macie(self: Any, *arguments: Any, **options: Any) -> None:
        if self.macie_session:
            raise Refusal("ConflictException", "Macie has already been enabled")
        enable(self, *arguments, **options)

    def disable_macie(self: Any) -> None:
        """Disable Macie; its jobs are deleted with it (Macie user guide, Suspending or disabling Macie)."""
        _session(self)
        disable(self)
        self.jobs.clear()

    def get_macie_session(self: Any) -> str:
        session = _session(self.macie_backend)
        times = {key: session[key].isoformat() for key in ("createdAt", "updatedAt")}
        return json.dumps({**session, **times})

    def update_macie_session(self: Any) -> ActionResult:
        _session(self.macie_backend).update(_body(self), updatedAt=utcnow())
        return ActionResult({})

    MacieBackend.__init__ = init
    MacieBackend.enable_macie, MacieBackend.disable_macie = enable_macie, disable_macie
    MacieResponse.get_macie_session, MacieResponse.update_macie_session = get_macie_session, update_macie_session


def _session(backend: Any) -> dict[str, Any]:
    """Return Macie's session; every other operation is refused without one."""
    session: dict[str, Any] | None = backend.macie_session
    if not session:
        raise Refusal("AccessDeniedException", "Macie is not enabled.")
    return session


def _macie_jobs() -> None:
    from moto.macie2 import urls
    from moto.macie2.responses import MacieResponse

    def create_classification_job(self: Any) -> str:
        backend, params = self.macie_backend, _body(self)
        _session(backend)
        buckets = [item for part in params["s3JobDefinition"].get("bucketDefinitions", []) for item in part["buckets"]]
        if not buckets and "bucketCriteria" not in params["s3JobDefinition"]:
            raise Refusal("ValidationException", "A job needs bucketDefinitions or bucketCriteria.")
        if (params["jobType"] == "SCHEDULED") != ("scheduleFrequency" in params):
            raise Refusal("ValidationException", "A scheduled job, and no other, has a scheduleFrequency.")
        job = mock_random.get_random_hex(length=32)
        arn = f"arn:aws:macie2:{backend.region_name}:{backend.account_id}:classification-job/{job}"
        status = "RUNNING" if params["jobType"] == "ONE_TIME" or params.get("initialRun") else "IDLE"
        made = {"samplingPercentage": 100, **params, "jobId": job, "jobArn": arn, "jobStatus": status}
        backend.jobs[job] = {**made, "createdAt": utcnow().isoformat()}
        return json.dumps({"jobId": job, "jobArn": arn})

    def describe_classification_job(self: Any) -> str:
        return json.dumps(_job(self.macie_backend, _last(self.path)))

    def update_classification_job(self: Any) -> ActionResult:
        job, wanted = _job(self.macie_backend, _last(self.path)), _body(self)["jobStatus"]
        if job["jobStatus"] == "CANCELLED":
            raise Refusal("ConflictException", "A cancelled job can't be changed.")
        job["jobStatus"] = wanted
        return ActionResult({})

    def list_classification_jobs(self: Any) -> str:
        _session(self.macie_backend)
        return json.dumps({"items": [*self.macie_backend.jobs.values()]})

    MacieResponse.create_classification_job = create_classification_job
    MacieResponse.describe_classification_job = describe_classification_job
    MacieResponse.update_classification_job = update_classification_job
    MacieResponse.list_classification_jobs = list_classification_jobs
    _tags_by_arn(MacieResponse, "tags", lambda self, arn: _job(self.macie_backend, _last(arn)).setdefault("tags", {}))
    _route(urls, MacieResponse, "/jobs$", "/jobs/list$", "/jobs/(?P<jobId>[^/]+)$", "/tags/(?P<resource_arn>.+)$")


def _job(backend: Any, job: str) -> dict[str, Any]:
    _session(backend)
    if job not in backend.jobs:
        raise Refusal("ResourceNotFoundException", f"The job {job} does not exist.")
    found: dict[str, Any] = backend.jobs[job]
    return found


def _security_hub() -> None:
    from moto.securityhub.models import SecurityHubBackend
    from moto.securityhub.responses import SecurityHubResponse

    enable, disable = SecurityHubBackend.enable_security_hub, SecurityHubBackend.disable_security_hub

    def enable_security_hub(self: Any) -> ActionResult:
        backend, params = self.securityhub_backend, _body(self)
        if backend.enabled:
            raise Refusal("ResourceConflictException", "Account is already subscribed to Security Hub")
        enable(backend, tags=params.get("Tags"))
        generator = params.get("ControlFindingGenerator", "SECURITY_CONTROL")
        backend.__dict__["settings"] = {"AutoEnableControls": True, "ControlFindingGenerator": generator}
        if params.get("EnableDefaultStandards", True):
            for path in DEFAULT_STANDARDS:
                region = "" if path.startswith("ruleset") else backend.region_name
                _subscribe(backend, f"arn:aws:securityhub:{region}::{path}")
        return ActionResult({})

    def describe_hub(self: Any) -> ActionResult:
        backend = self.securityhub_backend
        settings = _hub(backend)
        arn = f"arn:aws:securityhub:{backend.region_name}:{backend.account_id}:hub/default"
        return ActionResult({"HubArn": arn, "SubscribedAt": backend.enabled_at, **settings})

    def update_security_hub_configuration(self: Any) -> ActionResult:
        _hub(self.securityhub_backend).update(_body(self))
        return ActionResult({})

    def disable_security_hub(self: Any) -> ActionResult:
        """Disable Security Hub; its standards go with it."""
        _hub(self.securityhub_backend)
        disable(self.securityhub_backend)
        _subscriptions(self.securityhub_backend).clear()
        return ActionResult({})

    SecurityHubResponse.enable_security_hub, SecurityHubResponse.describe_hub = enable_security_hub, describe_hub
    SecurityHubResponse.disable_security_hub = disable_security_hub
    SecurityHubResponse.update_security_hub_configuration = update_security_hub_configuration


def _hub(backend: Any) -> dict[str, Any]:
    """Return the hub's settings; every other operation is refused without a hub."""
    if not backend.enabled:
        message = f"Account {backend.account_id} is not subscribed to AWS Security Hub"
        raise Refusal("InvalidAccessException", message)
    settings: dict[str, Any] = backend.__dict__["settings"]
    return settings


def _subscriptions(backend: Any) -> dict[str, dict[str, Any]]:
    """Return the standards subscribed to, by the subscription's ARN."""
    found: dict[str, dict[str, Any]] = backend.__dict__.setdefault("standards_subscriptions", {})
    return found


def _subscribe(backend: Any, standard: str) -> dict[str, Any]:
    """Subscribe to a standard; a second time is the first (Security Hub API Reference, BatchEnableStandards)."""
    path = standard.split("::", 1)[1].split("/", 1)[1]
    arn = f"arn:aws:securityhub:{backend.region_name}:{backend.account_id}:subscription/{path}"
    row = {"StandardsSubscriptionArn": arn, "StandardsArn": standard, "StandardsInput": {}, "StandardsStatus": "READY"}
    return _subscriptions(backend).setdefault(arn, row)


def _standards() -> None:
    from moto.securityhub import urls
    from moto.securityhub.responses import SecurityHubResponse

    def batch_enable_standards(self: Any) -> ActionResult:
        backend = self.securityhub_backend
        _hub(backend)
        asked = [item["StandardsArn"] for item in _body(self)["StandardsSubscriptionRequests"]]
        known = {f"arn:aws:securityhub:{backend.region_name}::standards/{name}" for name in get_args(Standard)}
        known |= {"arn:aws:securityhub:::ruleset/cis-aws-foundations-benchmark/v/1.2.0"}
        if unknown := [arn for arn in asked if arn not in known]:
            raise Refusal("InvalidInputException", f"Invalid parameter StandardsArn: {', '.join(unknown)}")
        return ActionResult({"StandardsSubscriptions": [_subscribe(backend, arn) for arn in asked]})

    def get_enabled_standards(self: Any) -> ActionResult:
        backend = self.securityhub_backend
        _hub(backend)
        wanted = _body(self).get("StandardsSubscriptionArns")
        rows = [row for arn, row in _subscriptions(backend).items() if not wanted or arn in wanted]
        return ActionResult({"StandardsSubscriptions": rows})

    def batch_disable_standards(self: Any) -> ActionResult:
        backend = self.securityhub_backend
        _hub(backend)
        held = _subscriptions(backend)
        gone = [held.pop(arn) for arn in _body(self)["StandardsSubscriptionArns"] if arn in held]
        return ActionResult({"StandardsSubscriptions": [{**row, "StandardsStatus": "DELETING"} for row in gone]})

    SecurityHubResponse.batch_enable_standards = batch_enable_standards
    SecurityHubResponse.get_enabled_standards = get_enabled_standards
    SecurityHubResponse.batch_disable_standards = batch_disable_standards
    _route(urls, SecurityHubResponse, "/standards/register$", "/standards/get$", "/standards/deregister$")


def _inspector() -> None:
    from moto.inspector2.models import AccountStatus
    from moto.inspector2.responses import Inspector2Response

    def enable(self: Any) -> ActionResult:
        """Switch scans on; of an account that has them all, the answer says so (API Reference, FailedAccount)."""
        backend, params = self.inspector2_backend, _body(self)
        accounts = params.get("accountIds") or [backend.account_id]
        done = {account for account in accounts if _scanned(backend, account) >= {*params["resourceTypes"]}}
        made = backend.enable([account for account in accounts if account not in done], params["resourceTypes"])
        message = "Inspector is already enabled for the account and the given resource types"
        failed = [
            {"accountId": account, "errorCode": "ALREADY_ENABLED", "errorMessage": message} for account in sorted(done)
        ]
        return ActionResult({"accounts": made, "failedAccounts": failed})

    def batch_get_account_status(self: Any) -> ActionResult:
        backend = self.inspector2_backend
        accounts = _body(self).get("accountIds") or [backend.account_id]
        held = [backend.account_status.get(account) or AccountStatus(account) for account in accounts]
        return ActionResult({"accounts": [status.to_batch_json() for status in held], "failedAccounts": []})

    Inspector2Response.enable, Inspector2Response.batch_get_account_status = enable, batch_get_account_status


def _scanned(backend: Any, account: str) -> set[str]:
    """Return what is scanned in an account."""
    status = backend.account_status.get(account)
    if status is None:
        return set()
    flags = {"EC2": status.ec2, "ECR": status.ecr, "LAMBDA": status._lambda, "LAMBDA_CODE": status.lambda_code}
    return {scan for scan, flag in flags.items() if flag == "ENABLED"}
