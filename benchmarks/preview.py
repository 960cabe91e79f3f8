"""Time and memory of `estate preview` beside a floor, at several numbers of models.

    python benchmarks/preview.py [--models 1 10 100 300] [--repeat 3] [--json]

**Estate**: the development environment with that many models, all pinned: configuration read and checked, the
unchanged program run without a driver, the graph collected. **Floor**: a plain program that registers the same number
of resources of the same types with the same inputs (as plain values), through `pulumi_aws` and `pulumi_aws_native`, on
Pulumi's own mocks that do nothing; components are bare `ComponentResource`s.

Each measurement is a fresh process with compiled bytecode, estate and floor in turn; seconds are wall time of the
process, interpreter start included, megabytes its peak resident memory; both are medians. Exit code 1 if the estate
takes more than 1.5 times the floor at any number of models, or if a resource costs more than 1.5 times as much in the
last interval as in the one before.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from time import perf_counter
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
ENVIRONMENT, ACCOUNT = "dev", "123456789012"
RATIO, GROWTH = 1.5, 1.5


def run_estate(models: int, resources: Path, *, keep: bool) -> None:
    """Preview the estate with this many models; with `keep`, write what was registered for the floor to replay."""
    from mlops_estate.config import load_environment, overlay_account
    from mlops_estate.engine import run_program

    loaded = load_environment(ENVIRONMENT, ROOT)
    [block] = loaded.models_raw.values()
    pinned = {**block, "release": {**block.get("release", {}), "version": 1}}
    names = [f"model-{number:03d}" for number in range(models)]
    config = {
        "mlops-estate:estate": json.dumps(overlay_account(loaded.estate_raw, ACCOUNT)),
        "mlops-estate:models": json.dumps(dict.fromkeys(names, pinned)),
    }
    graph = run_program(ROOT / "stacks" / "__main__.py", stack=ENVIRONMENT, config=config)
    if keep:
        kept = [[node.type, node.name, node.custom, node.inputs] for node in graph.nodes.values()]
        resources.write_text(json.dumps(kept), encoding="utf-8")


def run_floor(resources: Path) -> None:
    """Register what the file lists on mocks that do nothing."""
    import pulumi

    class Mocks(pulumi.runtime.Mocks):
        def new_resource(self, args: pulumi.runtime.MockResourceArgs) -> tuple[str, dict[Any, Any]]:
            return f"{args.name}-id", args.inputs

        def call(self, _args: pulumi.runtime.MockCallArgs) -> Any:
            return {}

    listed = json.loads(resources.read_text(encoding="utf-8"))
    pulumi.runtime.set_mocks(Mocks(), preview=True)

    @pulumi.runtime.test  # type: ignore[untyped-decorator]  # waits until every registration has ended
    def declare() -> None:
        for token, name, custom, inputs in listed:
            if not custom:
                pulumi.ComponentResource(token, name)
            else:
                made = _resource_class(token)
                made(name, **_arguments(made, inputs))

    declare()


def _resource_class(token: str) -> Any:
    """Return the SDK's class of a type such as ``aws:s3/bucket:Bucket`` or ``aws-native:sagemaker:Endpoint``."""
    import pulumi_aws
    import pulumi_aws_native

    package, module, name = token.split(":")
    if package == "pulumi":
        return {"aws": pulumi_aws, "aws-native": pulumi_aws_native}[name].Provider
    sdk = pulumi_aws if package == "aws" else pulumi_aws_native
    return getattr(getattr(sdk, module.split("/")[0]), name)


def _arguments(made: Any, inputs: dict[str, Any]) -> dict[str, Any]:
    """Return inputs under the names that the class takes: `bucketPrefix` is `bucket_prefix`."""
    known = made._internal_init.__code__
    names = {name.replace("_", ""): name for name in known.co_varnames[: known.co_argcount + known.co_kwonlyargcount]}
    return {names[key.lower()]: value for key, value in inputs.items() if key.lower() in names}


def measure(kind: str, models: int, resources: Path, *, keep: bool = False) -> tuple[float, float]:
    """Run one measurement in a process of its own; return seconds and megabytes."""
    command = [sys.executable, __file__, "--child", kind, "--models", str(models), "--resources", str(resources)]
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
    start = perf_counter()
    done = subprocess.run(
        [*command, *(["--keep"] if keep else [])], env=environment, capture_output=True, text=True, check=False
    )
    seconds = perf_counter() - start
    if done.returncode:
        raise SystemExit(f"{kind} with {models} models failed:\n{done.stderr}")
    return seconds, float(done.stdout.splitlines()[-1])


def compare(models: int, repeat: int) -> dict[str, Any]:
    """Measure estate and floor with this many models."""
    with tempfile.TemporaryDirectory() as folder:
        resources = Path(folder) / "resources.json"
        measure("estate", models, resources, keep=True)  # compiles what is not compiled yet
        measure("floor", models, resources)
        runs = [[measure(kind, models, resources) for kind in ("estate", "floor")] for _ in range(repeat)]
        count = len(json.loads(resources.read_text(encoding="utf-8")))
    row: dict[str, Any] = {"models": models, "resources": count}
    for index, kind in enumerate(("estate", "floor")):
        row[f"{kind}_seconds"] = round(statistics.median(run[index][0] for run in runs), 3)
        row[f"{kind}_megabytes"] = round(statistics.median(run[index][1] for run in runs), 1)
    row["ratio"] = round(row["estate_seconds"] / row["floor_seconds"], 3)
    row["memory_ratio"] = round(row["estate_megabytes"] / row["floor_megabytes"], 3)
    return row


def with_growth(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Add to each row but the first what one more resource costs since the row before, in milliseconds."""
    for before, row in pairwise(rows):
        added = row["resources"] - before["resources"]
        row["milliseconds_per_resource"] = round(1000 * (row["estate_seconds"] - before["estate_seconds"]) / added, 3)
    return rows


def faults(rows: Sequence[dict[str, Any]]) -> list[str]:
    """Return which bars are missed."""
    missed = [f"{row['models']} models: {row['ratio']} times the floor" for row in rows if row["ratio"] > RATIO]
    slopes = [row["milliseconds_per_resource"] for row in rows if "milliseconds_per_resource" in row]
    if len(slopes) > 1 and slopes[-1] > GROWTH * slopes[-2]:
        missed.append(f"growth is not linear: {slopes[-2]} ms, then {slopes[-1]} ms for each resource")
    return missed


def table(rows: Sequence[dict[str, Any]]) -> str:
    """Return the rows as a Markdown table."""
    head = ("models", "resources", "estate s", "floor s", "ratio", "estate MB", "floor MB", "ms per resource")
    keys = ("models", "resources", "estate_seconds", "floor_seconds", "ratio", "estate_megabytes", "floor_megabytes",
            "milliseconds_per_resource")  # fmt: skip
    lines = [head, tuple("---:" for _ in head), *(tuple(str(row.get(key, "")) for key in keys) for row in rows)]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def main() -> int:
    """Measure, print, and return 1 if a bar is missed."""
    parser = argparse.ArgumentParser(description="Time and memory of `estate preview` beside a floor.")
    parser.add_argument("--models", type=int, nargs="+", default=[1, 10, 100, 300])
    parser.add_argument("--repeat", type=int, default=3, help="measurements of each kind; the median counts")
    parser.add_argument("--json", action="store_true", help="print the rows as JSON")
    parser.add_argument("--child", choices=["estate", "floor"], help=argparse.SUPPRESS)
    parser.add_argument("--resources", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--keep", action="store_true", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.child:
        if given.child == "estate":
            run_estate(given.models[0], given.resources, keep=given.keep)
        else:
            run_floor(given.resources)
        # Linux counts in kilobytes, macOS in bytes (getrusage(2)).
        print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1024 * 1024 if sys.platform == "darwin" else 1024))
        return 0
    rows = []
    for models in sorted(given.models):
        print(f"measuring {models} models", file=sys.stderr)
        rows.append(compare(models, given.repeat))
    missed = faults(with_growth(rows))
    print(json.dumps({"rows": rows, "missed": missed}, indent=1) if given.json else table(rows))
    for line in missed:
        print(line, file=sys.stderr)
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
