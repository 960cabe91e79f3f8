"""Rules across fields about monitors: AWS's own limits, each with its source."""

from __future__ import annotations

from collections.abc import Iterator

from mlops_estate.config.aws_limits import REGIONS_WITHOUT_CLARIFY
from mlops_estate.config.findings import Finding, Rule
from mlops_estate.config.models import ModelBlock
from mlops_estate.config.monitoring import CLARIFY, MERGING, MONITORS

_GUIDE = "https://docs.aws.amazon.com/sagemaker/latest/dg/"
_CAPTURE = ("serving", "capture_percent")


def monitors_have_something_to_read(model: ModelBlock) -> Iterator[Finding]:
    """Monitors read captured requests. Source: developer guide, Data capture."""
    if model.monitored and model.monitors and model.serving.capture_percent == 0:
        rule = "needs captured requests, and `serving.capture_percent` is 0"
        fix = "capture requests, or set `monitoring.enabled: false`"
        page = f"{_GUIDE}model-monitor-data-capture.html"
        yield Finding(("monitoring", "enabled"), True, rule, fix, page, (_CAPTURE,))


def runs_end_in_time(model: ModelBlock) -> Iterator[Finding]:
    """A run ends within its interval; one that merges labels is two jobs, each of which has half of it.

    Source: MonitoringStoppingCondition; developer guide, Schedule model quality monitoring jobs.
    """
    monitoring = model.monitoring
    if not model.monitors or monitoring.schedule not in PERIODS:
        return
    merging = [monitor for monitor in model.monitors if monitor in MERGING]
    most = PERIODS[monitoring.schedule] // (2 if merging else 1)
    if monitoring.max_runtime_seconds > most:
        why = f": {' and '.join(merging)} merges labels first" if merging else ""
        where = ("monitoring", "max_runtime_seconds")
        rule = f"must be at most {most} with an {monitoring.schedule} schedule{why}"
        involved = [("monitoring", "schedule"), ("risk",), *(("monitoring", key(name)) for name in MONITORS)]
        page = f"{_GUIDE}model-monitor-model-quality-schedule.html"
        yield Finding(where, monitoring.max_runtime_seconds, rule, f"use at most {most}", page, tuple(involved))


def what_is_off_has_no_monitor(model: ModelBlock) -> Iterator[Finding]:
    """A monitor that is asked for runs: not with monitoring off as a whole."""
    if model.monitoring.enabled:
        return
    for name in MONITORS:
        if model.monitoring.own(name):
            rule = "contradicts `monitoring.enabled: false`"
            yield Finding(
                ("monitoring", key(name)), True, rule, "remove one of the two", "", (("monitoring", "enabled"),)
            )


def baselines_have_a_place(model: ModelBlock) -> Iterator[Finding]:
    """`baselines` says what lies below `baseline_uri`, each once."""
    release, where = model.release, ("release", "baselines")
    if "baselines" not in release.model_fields_set:
        return
    if release.baseline_uri is None and release.baselines:
        fix = "add `baseline_uri`, or remove `baselines`"
        yield Finding(where, release.baselines, "needs `baseline_uri`", fix, "", (("release", "baseline_uri"),))
    if len(set(release.baselines)) != len(release.baselines):
        yield Finding(where, release.baselines, "each monitor must be listed once", "remove the repeated one")


def clarify_is_in_the_region(region: str, model: ModelBlock) -> Iterator[Finding]:
    """Bias and explainability run in AWS's Clarify container, which some regions lack.

    Source: SageMaker ecr-paths; see `REGIONS_WITHOUT_CLARIFY`.
    """
    asking = [name for name in model.monitors if name in CLARIFY]
    if region in REGIONS_WITHOUT_CLARIFY and asking:
        rule = f"AWS has no SageMaker Clarify container in {region}, for the monitors {' and '.join(asking)}"
        off = " and ".join(f"`monitoring.{key(name)}: false`" for name in asking)
        page = "https://docs.aws.amazon.com/sagemaker/latest/dg-ecr-paths/ecr-paths.html"
        yield Finding(("risk",), model.risk, rule, f"set {off}, and watch it in another way", page)


PERIODS = {"hourly": 3600, "daily": 86_400}


def key(monitor: str) -> str:
    """Return the configuration's key of a monitor."""
    return monitor.replace("-", "_")


MONITORING_RULES: tuple[Rule, ...] = (
    monitors_have_something_to_read,
    runs_end_in_time,
    what_is_off_has_no_monitor,
    baselines_have_a_place,
)
