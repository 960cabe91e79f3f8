"""Rules across fields: AWS's own limits, each with its source, and the few that are the estate's."""

from __future__ import annotations

import ipaddress
import math
from collections.abc import Iterator
from typing import Any

from mlops_estate.config.adoption_rules import ADOPTION_RULES
from mlops_estate.config.audit_rules import AUDIT_RULES
from mlops_estate.config.aws_limits import SUPPORTED_REGIONS
from mlops_estate.config.budget_rules import BUDGET_RULES
from mlops_estate.config.detection_rules import DETECTION_RULES
from mlops_estate.config.document import nearest
from mlops_estate.config.estate import EstateBlock
from mlops_estate.config.findings import Finding, Rule
from mlops_estate.config.models import ModelBlock
from mlops_estate.config.monitoring import MONITORS
from mlops_estate.config.monitoring_rules import MONITORING_RULES
from mlops_estate.config.people_rules import PEOPLE_RULES
from mlops_estate.config.recovery_rules import RECOVERY_RULES
from mlops_estate.config.training_rules import TRAINING_RULES
from mlops_estate.config.usage_rules import USAGE_RULES

_API = "https://docs.aws.amazon.com/sagemaker/latest/APIReference/"
_GUIDE = "https://docs.aws.amazon.com/sagemaker/latest/dg/"


def region_is_supported(estate: EstateBlock) -> Iterator[Finding]:
    """The region has SageMaker endpoints and AWS's images. Source: `aws_limits.SUPPORTED_REGIONS`."""
    if estate.region not in SUPPORTED_REGIONS:
        close = nearest(estate.region, SUPPORTED_REGIONS)
        fix = f"did you mean `{close}`?" if close else f"use one of {', '.join(sorted(SUPPORTED_REGIONS))}"
        source = "https://docs.aws.amazon.com/general/latest/gr/sagemaker.html"
        yield Finding(("region",), estate.region, "not a region this estate supports", fix, source)


def zones_are_of_the_region(estate: EstateBlock) -> Iterator[Finding]:
    """Zones are distinct and belong to the region. Source: EC2, CreateSubnet AvailabilityZone."""
    source = "https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateSubnet.html"
    for index, zone in enumerate(estate.zones):
        if zone[:-1] != estate.region and estate.region in SUPPORTED_REGIONS:
            rule = f"a zone must be of the region {estate.region}"
            fix = f"use for example {estate.region}{zone[-1]}"
            yield Finding(("zones", index), zone, rule, fix, source, involves=(("region",),))
        if zone in estate.zones[:index]:
            yield Finding(("zones", index), zone, "each zone must be listed once", "remove the repeated zone", source)


def prod_spans_zones(estate: EstateBlock) -> Iterator[Finding]:
    """Prod survives the loss of a zone (the estate's rule: AWS spreads instances over the given subnets)."""
    if estate.environment_class == "prod" and estate.network.managed and len(estate.zones) < 2:
        rule = "a prod environment needs two zones or more"
        fix = f"add for example {estate.region}b and {estate.region}c"
        involves: tuple[tuple[str | int, ...], ...] = (("environment_class",), ("network", "vpc_id"))
        yield Finding(("zones",), estate.zones, rule, fix, f"{_GUIDE}deployment-best-practices.html", involves)


def network_is_one_of_two(estate: EstateBlock) -> Iterator[Finding]:
    """A network is made here from an address range, or brought with its subnets; never a mixture."""
    network = estate.network
    here: tuple[str | int, ...] = ("network",)
    if network.vpc_id and not network.subnet_ids:
        fix = "add the private subnets of the VPC under `subnet_ids`"
        yield Finding(
            (*here, "vpc_id"), network.vpc_id, "a VPC of your own needs `subnet_ids`", fix, "", ((*here, "subnet_ids"),)
        )
    if network.vpc_id and network.cidr:
        rule = "contradicts `vpc_id`: a VPC of your own has its address range already"
        yield Finding(
            (*here, "cidr"), network.cidr, rule, "remove `cidr`, or `vpc_id` and `subnet_ids`", "", ((*here, "vpc_id"),)
        )
    if network.subnet_ids and not network.vpc_id:
        fix = "add `vpc_id`, or remove `subnet_ids`"
        yield Finding(
            (*here, "subnet_ids"),
            network.subnet_ids,
            "subnets of your own need `vpc_id`",
            fix,
            "",
            ((*here, "vpc_id"),),
        )
    if network.security_group_ids and not network.vpc_id:
        fix = "add `vpc_id` and `subnet_ids`, or remove `security_group_ids`"
        where = (*here, "security_group_ids")
        rule = "security groups of your own need `vpc_id`"
        yield Finding(where, network.security_group_ids, rule, fix, "", ((*here, "vpc_id"),))
    if network.cidr:
        yield from _address_range(network.cidr)


def _address_range(cidr: str) -> Iterator[Finding]:
    """A VPC takes /16 to /28, and up to six subnets of /27 or larger fit in /24."""
    source = "https://docs.aws.amazon.com/vpc/latest/userguide/vpc-cidr-blocks.html"
    where = ("network", "cidr")
    try:
        network = ipaddress.IPv4Network(cidr)
    except ValueError as error:
        yield Finding(where, cidr, f"must be an IPv4 address range: {error}", "write for example 10.64.0.0/16", source)
        return
    if not 16 <= network.prefixlen <= 24:
        yield Finding(where, cidr, "must be between /16 and /24", f"write {network.network_address}/16", source)
    if not network.is_private:
        rule = "must be a private range (RFC 1918)"
        yield Finding(where, cidr, rule, "use a part of 10.0.0.0/8, 172.16.0.0/12 or 192.168.0.0/16", source)


ESTATE_RULES: tuple[Rule, ...] = (
    region_is_supported,
    zones_are_of_the_region,
    prod_spans_zones,
    network_is_one_of_two,
    *BUDGET_RULES,
    *ADOPTION_RULES,
    *RECOVERY_RULES,
    *PEOPLE_RULES,
    *DETECTION_RULES,
    *AUDIT_RULES,
)


def columns_differ(model: ModelBlock) -> Iterator[Finding]:
    """What is predicted is not what fairness is measured by."""
    if model.protected_attribute == model.label:
        rule = "must differ from `label`"
        fix = "name the column by which fairness is measured"
        yield Finding(("protected_attribute",), model.label, rule, fix, involves=(("label",),))


def spot_waits_long_enough(model: ModelBlock) -> Iterator[Finding]:
    """Managed spot: MaxWaitTimeInSeconds >= MaxRuntimeInSeconds, and only with spot. Source: StoppingCondition."""
    training = model.training
    source = f"{_API}API_StoppingCondition.html"
    where = ("training", "max_wait_seconds")
    if training.max_wait_seconds is None:
        if training.use_spot and training.max_runtime_seconds * 2 > 2_419_200:
            fix = "set `max_wait_seconds` between `max_runtime_seconds` and 2419200"
            yield Finding(
                where,
                None,
                "twice `max_runtime_seconds` is beyond AWS's 28 days",
                fix,
                source,
                (("training", "max_runtime_seconds"),),
            )
        return
    if not training.use_spot:
        rule = "contradicts `use_spot: false`: only spot capacity is waited for"
        yield Finding(
            where,
            training.max_wait_seconds,
            rule,
            "remove it, or set `use_spot: true`",
            source,
            (("training", "use_spot"),),
        )
    elif training.max_wait_seconds < training.max_runtime_seconds:
        rule = f"must be at least `max_runtime_seconds` ({training.max_runtime_seconds})"
        fix = f"use at least {training.max_runtime_seconds}"
        yield Finding(where, training.max_wait_seconds, rule, fix, source, (("training", "max_runtime_seconds"),))


def versions_make_a_pair(model: ModelBlock) -> Iterator[Finding]:
    """`previous` accompanies another `version` while a release settles (design: git says which version is live)."""
    release = model.release
    where = ("release", "previous")
    if release.previous is None:
        return
    if release.version is None:
        rule = "needs `version`: nothing is being released"
        yield Finding(
            where, release.previous, rule, "add `version`, or remove `previous`", involves=(("release", "version"),)
        )
    elif release.previous == release.version:
        rule = "must differ from `version`"
        fix = "name the version that was live before, or remove `previous`"
        yield Finding(where, release.previous, rule, fix, involves=(("release", "version"),))


_STEPS = {"canary": (1, 50), "linear": (10, 50), "rolling": (5, 50)}


def steps_are_in_range(model: ModelBlock) -> Iterator[Finding]:
    """Canary: 1 to 50 %; linear: 10 to 50 %; rolling: 5 to 50 %; all at once takes no step.

    Source: TrafficRoutingConfig (CanarySize, LinearStepSize) and RollingUpdatePolicy (MaximumBatchSize).
    """
    release = model.release
    where = ("release", "step_percent")
    if release.step_percent is None:
        return
    involves: tuple[tuple[str | int, ...], ...] = (("release", "strategy"),)
    if release.strategy not in _STEPS:
        rule = "contradicts the strategy all_at_once, which has one step"
        yield Finding(where, release.step_percent, rule, "remove it, or choose canary, linear or rolling", "", involves)
        return
    low, high = _STEPS[release.strategy]
    if not low <= release.step_percent <= high:
        page = "API_RollingUpdatePolicy.html" if release.strategy == "rolling" else "API_TrafficRoutingConfig.html"
        rule = f"must be {low} to {high} for the strategy {release.strategy}"
        fix = f"use {min(max(release.step_percent, low), high)}"
        yield Finding(where, release.step_percent, rule, fix, _API + page, involves)


def steps_need_instances(model: ModelBlock) -> Iterator[Finding]:
    """A share of one instance can't be shifted: canary, linear and rolling need two or more.

    Source: TrafficRoutingConfig (CanarySize "must be less than or equal to 50% of the variant's total instance count").
    """
    if model.release.strategy in _STEPS and model.serving.instance_count < 2 and not model.serving.serverless:
        rule = f"the strategy {model.release.strategy} needs two instances or more"
        fix = "use 2 or more, or `release.strategy: all_at_once`"
        yield Finding(
            ("serving", "instance_count"), model.serving.instance_count, rule, fix,
            f"{_API}API_TrafficRoutingConfig.html", (("release", "strategy"),),
        )  # fmt: skip


def release_ends_in_time(model: ModelBlock) -> Iterator[Finding]:
    """The longest execution exceeds all waits together. Source: BlueGreenUpdatePolicy, RollingUpdatePolicy."""
    release = model.release
    steps = {"all_at_once": 1, "canary": 2}.get(release.strategy) or math.ceil(100 / max(release.step, 1))
    old_fleet = 0 if release.strategy == "rolling" else release.termination_wait_seconds
    waits = steps * release.wait_seconds + old_fleet
    if waits >= release.max_execution_seconds:
        rule = f"must exceed all waits together ({waits} s: {steps} x wait_seconds + termination_wait_seconds)"
        fix = f"use more than {waits}, or wait less" if waits < 28_800 else "wait less, or take larger steps"
        names = ("strategy", "step_percent", "wait_seconds", "termination_wait_seconds")
        involves = tuple(("release", name) for name in names)
        where = ("release", "max_execution_seconds")
        yield Finding(
            where, release.max_execution_seconds, rule, fix, f"{_API}API_BlueGreenUpdatePolicy.html", involves
        )


def rolling_keeps_no_old_fleet(model: ModelBlock) -> Iterator[Finding]:
    """A rolling update replaces instances in place: no old fleet waits. Source: RollingUpdatePolicy."""
    release = model.release
    where = ("release", "termination_wait_seconds")
    if release.strategy == "rolling" and where[1] in release.model_fields_set and release.termination_wait_seconds:
        rule = "contradicts the strategy rolling, which keeps no old fleet"
        involves = (("release", "strategy"),)
        page = f"{_API}API_RollingUpdatePolicy.html"
        yield Finding(where, release.termination_wait_seconds, rule, "remove it", page, involves)


def scaling_bounds_hold(model: ModelBlock) -> Iterator[Finding]:
    """Scaling goes up from instance_count, and not on burstable instances. Source: RegisterScalableTarget."""
    scaling, serving = model.autoscaling, model.serving
    if not scaling.enabled or serving.serverless:
        return
    if scaling.max_instances <= serving.instance_count:
        source = "https://docs.aws.amazon.com/autoscaling/application/APIReference/API_RegisterScalableTarget.html"
        rule = f"must exceed `serving.instance_count` ({serving.instance_count}), from which the endpoint scales"
        fix = f"use at least {serving.instance_count + 1}, or set `autoscaling.enabled: false`"
        where = ("autoscaling", "max_instances")
        yield Finding(where, scaling.max_instances, rule, fix, source, (("serving", "instance_count"),))
    if serving.instance_type.startswith("ml.t2."):
        rule = "burstable ml.t2 instances can't be scaled automatically"
        fix = "use for example ml.m5.large, or `autoscaling.enabled: false`"
        involves: tuple[tuple[str | int, ...], ...] = (("autoscaling", "enabled"),)
        page = f"{_GUIDE}endpoint-auto-scaling.html"
        yield Finding(("serving", "instance_type"), serving.instance_type, rule, fix, page, involves)


def serverless_excludes_the_rest(model: ModelBlock) -> Iterator[Finding]:
    """What is written for a serverless endpoint is what it has. Source: Serverless Inference, feature exclusions."""
    serving = model.serving
    if not serving.serverless:
        if "serverless_max_concurrency" in serving.model_fields_set:
            value, where = serving.serverless_max_concurrency, ("serving", "serverless_max_concurrency")
            yield Finding(where, value, "needs `serverless_memory_mb`", "add it, or remove this key")
        return
    written: list[tuple[tuple[str, str], Any]] = [
        (("serving", key), getattr(serving, key))
        for key in ("instance_type", "instance_count", "capture_percent")
        if key in serving.model_fields_set
    ]
    if "enabled" in model.autoscaling.model_fields_set and model.autoscaling.enabled:
        written.append((("autoscaling", "enabled"), True))
    switches = ("enabled", *(monitor.replace("-", "_") for monitor in MONITORS))
    written += [
        (("monitoring", key), True)
        for key in switches
        if key in model.monitoring.model_fields_set and getattr(model.monitoring, key)
    ]
    if model.release.strategy == "rolling":
        written.append((("release", "strategy"), "rolling"))
    for where, value in written:
        if where == ("serving", "capture_percent") and value == 0:
            continue
        rule = "contradicts `serving.serverless_memory_mb`: serverless endpoints have none"
        fix = "remove it, or remove `serverless_memory_mb`"
        involves = (("serving", "serverless_memory_mb"),)
        yield Finding(where, value, rule, fix, f"{_GUIDE}serverless-endpoints.html", involves)


def only_online_records_expire(model: ModelBlock) -> Iterator[Finding]:
    """A time to live belongs to the online store. Source: OnlineStoreConfig."""
    if model.features.ttl_days is not None and not model.features.online:
        rule = "contradicts `online: false`: only the online store expires records"
        page = f"{_API}API_OnlineStoreConfig.html"
        yield Finding(
            ("features", "ttl_days"), model.features.ttl_days, rule, "remove it", page, (("features", "online"),)
        )


MODEL_RULES: tuple[Rule, ...] = (
    columns_differ,
    spot_waits_long_enough,
    versions_make_a_pair,
    steps_are_in_range,
    steps_need_instances,
    release_ends_in_time,
    scaling_bounds_hold,
    serverless_excludes_the_rest,
    rolling_keeps_no_old_fleet,
    *MONITORING_RULES,
    *TRAINING_RULES,
    *USAGE_RULES,
    only_online_records_expire,
)
