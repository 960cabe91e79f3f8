"""What a guarded endpoint's arguments come to once every default is filled in."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from mlops_components.deployment import STEP_PERCENT, Release

# Old and new configuration need the same variant name, so it never changes (developer guide, deployment guardrails).
VARIANT = "live"


@dataclass(frozen=True)
class ClassDefaults:
    """What an environment class decides: dev is cheap (a canary needs two instances), prod is careful."""

    strategy: str
    wait_seconds: int
    instance_type: str
    instance_count: int
    max_instances: int
    max_error_percent: float
    max_latency_ms: float


DEFAULTS: Mapping[str, ClassDefaults] = {
    "dev": ClassDefaults("all_at_once", 0, "ml.t2.medium", 1, 1, 5.0, 1000.0),
    "staging": ClassDefaults("canary", 300, "ml.m5.large", 2, 4, 1.0, 500.0),
    "prod": ClassDefaults("canary", 600, "ml.m5.large", 2, 8, 1.0, 500.0),
}
MAX_EXECUTION_SECONDS = 7200
CAPTURED_CONTENT = {"csv_content_types": ["text/csv"], "json_content_types": ["application/json"]}


class Plan:
    """The arguments with every default filled in; plain values only."""

    def __init__(self, args: Mapping[str, Any]) -> None:
        defaults = DEFAULTS[args.get("environment_class") or "prod"]
        self.endpoint_name = f"{args['prefix']}-{args['model']}"
        memory = args.get("serverless_memory_mb")
        self.serverless = memory is not None
        self.instance_count = int(args.get("instance_count") or defaults.instance_count)
        self.max_instances = int(args.get("max_instances") or max(defaults.max_instances, self.instance_count))
        self.scales = not self.serverless and self.max_instances > self.instance_count
        self.capture_percent = int(_given(args, "capture_percent", 0 if self.serverless else 100))
        self.network_isolation = bool(_given(args, "network_isolation", not self.serverless))
        self.max_error_percent = float(args.get("max_error_percent") or defaults.max_error_percent)
        self.max_latency_ms = float(args.get("max_latency_ms") or defaults.max_latency_ms)
        strategy = str(args.get("strategy") or defaults.strategy)
        wait = int(_given(args, "wait_seconds", defaults.wait_seconds))
        self.release = Release(
            strategy,
            int(args.get("step_percent") or STEP_PERCENT.get(strategy, 100)),
            wait,
            int(_given(args, "termination_wait_seconds", wait)),
            int(args.get("max_execution_seconds") or MAX_EXECUTION_SECONDS),
        )
        self.capacity: dict[str, Any] = (
            {
                "serverless_config": {
                    "memory_size_in_mb": int(memory),
                    "max_concurrency": int(args.get("serverless_max_concurrency") or 5),
                }
            }
            if memory is not None
            else {
                "instance_type": args.get("instance_type") or defaults.instance_type,
                "initial_instance_count": self.instance_count,
                "initial_variant_weight": 1.0,
            }
        )
        # What nothing moves at run time has to follow the configuration again: weights once a release has settled,
        # the count of a fleet that doesn't scale.
        kinds = {"DesiredWeight": not args.get("previous"), "DesiredInstanceCount": not self.scales}
        self.configured_properties: Any = [{"variant_property_type": kind} for kind, so in kinds.items() if so]


def _given(args: Mapping[str, Any], key: str, default: Any) -> Any:
    value = args.get(key)
    return default if value is None else value
