"""Whether an environment works after an update: what the program declares, looked up in the account.

Read are endpoints, pipelines and alarms, by the names that the program gives them. Nothing is changed.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Protocol

from mlops_estate.faults import Fault, FaultsFound
from mlops_estate.graph import UNKNOWN

if TYPE_CHECKING:
    from mlops_estate.graph import ResourceGraph, ResourceNode

ENDPOINT = "aws-native:sagemaker:Endpoint"
PIPELINE = "aws:sagemaker/pipeline:Pipeline"
ALARM = "aws:cloudwatch/metricAlarm:MetricAlarm"
ALARMS_AT_ONCE = 100
"""Names in one DescribeAlarms, at most (CloudWatch service model, AlarmNames)."""
ENDPOINT_NAMESPACES = ("AWS/SageMaker", "/aws/sagemaker/Endpoints")
"""Where SageMaker publishes metrics of endpoints: an alarm on those says that the endpoint itself is unwell."""
PAUSE_SECONDS = 15.0


class Account(Protocol):
    """What gives clients of an account's services: boto3's session, or an embedded account."""

    def client(self, service: str) -> Any:
        """Return a boto3 client of a service."""
        ...


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked up: of what kind, its name, what it is, whether that is as it should be, and why not.

    `settles` says that it changes by itself, so that waiting for it makes sense.
    """

    kind: str
    name: str
    state: str
    ok: bool
    why: str = ""
    settles: bool = False
    blocks: bool = True


@dataclass(frozen=True)
class Health:
    """What was found, in the order endpoints, pipelines, alarms, each by name."""

    environment: str
    account: str
    findings: tuple[Finding, ...]

    @property
    def reasons(self) -> tuple[Finding, ...]:
        """What makes the environment unhealthy."""
        return tuple(finding for finding in self.findings if not finding.ok and finding.blocks)

    @property
    def ok(self) -> bool:
        """Whether there is no reason to take the update back."""
        return not self.reasons

    def as_dict(self) -> dict[str, Any]:
        """Return it as plain JSON data."""
        findings = [asdict(finding) for finding in self.findings]
        return {"ok": self.ok, "environment": self.environment, "account": self.account, "findings": findings}


def check_health(graph: ResourceGraph, account: Account, *, environment: str, account_id: str) -> Health:
    """Look up in the account what the graph declares.

    An endpoint has to be InService, a pipeline Active, an alarm there. An alarm that sounds is a reason where it
    watches an endpoint; any other one is told of and blocks nothing, since it can have sounded before the update.
    Raises `FaultsFound` where the account doesn't let itself be asked.
    """
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        findings = (
            *_endpoints(graph, account.client("sagemaker")),
            *_pipelines(graph, account.client("sagemaker")),
            *_alarms(graph, account.client("cloudwatch")),
        )
    except (BotoCoreError, ClientError) as error:
        fix = "give the identity sagemaker:DescribeEndpoint, sagemaker:DescribePipeline and cloudwatch:DescribeAlarms"
        raise FaultsFound([Fault("account", account_id, f"could not be asked: {error}", fix)]) from None
    return Health(environment, account_id, findings)


def settled(
    look: Callable[[], Health], *, wait: float, pause: Callable[[float], None] = time.sleep,
    clock: Callable[[], float] = time.monotonic,
) -> Health:  # fmt: skip
    """Look until all is well, until what is not can't mend itself, or until `wait` seconds are over."""
    end = clock() + wait
    while True:
        health = look()
        if health.ok or not any(finding.settles for finding in health.reasons):
            return health
        left = end - clock()
        if left <= 0:
            return health
        pause(min(PAUSE_SECONDS, left))


def require_account(account: Account, wanted: str) -> None:
    """Raise `FaultsFound` unless the credentials are of the environment's account."""
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        found = str(account.client("sts").get_caller_identity()["Account"])
    except (BotoCoreError, ClientError) as error:
        fix = "give credentials of the account, or the URL of an embedded one with --account"
        raise FaultsFound([Fault("credentials", None, f"no account answers: {error}", fix)]) from None
    if found != wanted:
        fix = "take the credentials of the environment's account"
        raise FaultsFound([Fault("credentials", found, f"the environment is configured for account {wanted}", fix)])


def _named(graph: ResourceGraph, type_: str, key: str) -> Iterator[tuple[str, ResourceNode]]:
    """Yield the resources of a type with the name that AWS knows them by, in the order of names."""
    found = [(str(node.inputs.get(key) or UNKNOWN), node) for node in graph.custom_nodes() if node.type == type_]
    for name, node in sorted(found, key=lambda pair: pair[0]):
        if name == UNKNOWN:
            rule = f"{key} is unknown before the update, so that nothing can be looked up by it"
            raise FaultsFound([Fault(key, None, rule, "name the resource in the program", urn=node.urn)])
        yield name, node


def _endpoints(graph: ResourceGraph, sagemaker: Any) -> Iterator[Finding]:
    for name, _ in _named(graph, ENDPOINT, "endpointName"):
        told = _told(sagemaker.describe_endpoint, EndpointName=name)
        state = str(told["EndpointStatus"]) if told else "missing"
        why = str(told.get("FailureReason", "")) if told else "the account has no endpoint of this name"
        # SageMaker API, DescribeEndpoint: these four change by themselves.
        moving = state in {"Creating", "Updating", "SystemUpdating", "RollingBack"}
        yield Finding("endpoint", name, state, state == "InService", why, settles=moving)


def _pipelines(graph: ResourceGraph, sagemaker: Any) -> Iterator[Finding]:
    for name, _ in _named(graph, PIPELINE, "pipelineName"):
        told = _told(sagemaker.describe_pipeline, PipelineName=name)
        state = str(told["PipelineStatus"]) if told else "missing"
        yield Finding("pipeline", name, state, state == "Active", "" if told else "the account has no such pipeline")


def _told(ask: Callable[..., dict[str, Any]], **name: str) -> dict[str, Any]:
    """Return an answer, or nothing where SageMaker says that there is no such thing."""
    from botocore.exceptions import ClientError

    try:
        return ask(**name)
    except ClientError as error:
        said = error.response["Error"]
        # DescribeEndpoint: ValidationException, `Could not find endpoint "..."`; DescribePipeline: ResourceNotFound.
        absent = said["Code"] == "ValidationException" and "could not find" in said["Message"].lower()
        if absent or said["Code"] == "ResourceNotFound":
            return {}
        raise


def _alarms(graph: ResourceGraph, cloudwatch: Any) -> Iterator[Finding]:
    declared = dict(_named(graph, ALARM, "name"))
    states: dict[str, dict[str, Any]] = {}
    for names in _chunks(list(declared), ALARMS_AT_ONCE):
        answer = cloudwatch.describe_alarms(AlarmNames=names, AlarmTypes=["MetricAlarm"])
        states |= {alarm["AlarmName"]: alarm for alarm in answer["MetricAlarms"]}
    for name, node in declared.items():
        told = states.get(name)
        if told is None:
            yield Finding("alarm", name, "missing", ok=False, why="the account has no alarm of this name")
            continue
        state = str(told["StateValue"])
        sounding = state == "ALARM"
        why = str(told.get("StateReason", "")) if sounding else ""
        yield Finding("alarm", name, state, not sounding, why, settles=sounding, blocks=_of_endpoint(node))


def _of_endpoint(node: ResourceNode) -> bool:
    return node.inputs.get("namespace") in ENDPOINT_NAMESPACES


def _chunks(names: list[str], size: int) -> Iterable[list[str]]:
    return (names[start : start + size] for start in range(0, len(names), size))
