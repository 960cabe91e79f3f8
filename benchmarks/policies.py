"""Our policy pack beside checkov, over the same estate, at several numbers of models.

    python benchmarks/policies.py [--models 1 10 30 100] [--repeat 3] [--twin-python PYTHON] [--output FILE.json]

**Estate**: `prod` with that many models, all pinned, every value known (`cdk_twin/collect.py`). **Ours**: every rule of
the pack over that graph. **checkov**: its CloudFormation checks over the twin, the same graph as templates that the AWS
CDK synthesizes, in the stacks that CloudFormation's limits ask for (`cdk_twin/app.py`). It needs an environment of its
own with `requirements-twin.txt`, named by `--twin-python` or MLOPS_TWIN_PYTHON, and node; without it ours runs alone.

Each measurement is a fresh process with compiled bytecode, the two sides in turn; medians count. *In all* is the
process with interpreter start and imports; *at work* is reading the graph or the templates, checking, and reporting.
A check is counted where it answered for at least one resource; an answer is one check's about one resource, compliant
or not. Exit code 1 if ours answers nothing or takes longer than checkov in all, or if a resource costs it more than
1.5 times as much in the last interval as in the one before.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from itertools import pairwise
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.table import Table

if TYPE_CHECKING:
    from mlops_estate.graph import ResourceGraph

HERE = Path(__file__).resolve().parent
GROWTH = 1.5
TWIN_PYTHON = "MLOPS_TWIN_PYTHON"
SIDES = ("ours", "checkov")


@dataclass(frozen=True, slots=True)
class Result:
    """What one side found: distinct checks that answered, answers, resources looked at, answers that are faults."""

    checks: int
    answers: int
    resources: int
    findings: int


def run_ours(graph: ResourceGraph) -> Result:
    """Run every rule of the policy pack, as the estate configures it; what is exempted counts, as checkov exempts
    nothing."""
    from mlops_estate.checks import check_graph, configuration_of

    report = check_graph(graph, configuration_of(HERE.parent / "policies" / "policies.yaml"))
    record = report.pack.record
    answered = [
        sum(status.value in {"pass", "fail"} for status in by_urn.values()) for by_urn in record.outcomes.values()
    ]
    return Result(
        checks=sum(count > 0 for count in answered),
        answers=sum(answered),
        resources=sum(not node.is_provider for node in graph.custom_nodes()),
        findings=sum(finding.status.value == "fail" for finding in record.findings),
    )


def child(graph_file: Path) -> None:
    """Measure ours in this process, and print it as JSON."""
    import mlops_estate.checks  # noqa: F401 -- imported before the clock starts
    from mlops_estate.graph_file import load

    start = perf_counter()
    result = run_ours(load(graph_file))
    print(json.dumps({"seconds": perf_counter() - start, **asdict(result)}))


def said_by(command: Sequence[str | Path]) -> tuple[float, str]:
    """Run a command; return its seconds and what it printed."""
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
    start = perf_counter()
    done = subprocess.run([*map(str, command)], env=environment, capture_output=True, text=True, check=False)
    seconds = perf_counter() - start
    if done.returncode:
        raise SystemExit(f"{' '.join(map(str, command))} failed:\n{done.stderr}")
    return seconds, done.stdout


def missing(twin_python: str) -> dict[str, str]:
    """Return the sides that cannot be measured here, and why."""
    why = {}
    try:
        __import__("mlops_estate.checks")
    except ImportError as error:
        why["ours"] = str(error)
    if not twin_python:
        why["checkov"] = f"no environment of it is named: --twin-python or {TWIN_PYTHON}"
    else:
        command = [twin_python, "-c", "import aws_cdk, checkov.main"]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            why["checkov"] = (done.stderr.strip().splitlines() or ["it cannot be imported"])[-1]
    return why


def measure(models: int, repeat: int, sides: Sequence[str], twin_python: str) -> dict[str, Any]:
    """Measure the sides in turn over an estate with this many models."""
    with tempfile.TemporaryDirectory() as folder:
        graph, templates = Path(folder) / "graph.json", Path(folder) / "templates"
        collect: list[str | Path] = [sys.executable, HERE / "cdk_twin" / "collect.py", "--models", str(models)]
        row: dict[str, Any] = {"models": models, "graph_seconds": round(said_by([*collect, "-o", graph])[0], 2)}
        commands: dict[str, list[str | Path]] = {"ours": [sys.executable, __file__, "--child", graph]}
        if "checkov" in sides:
            seconds, text = said_by([twin_python, HERE / "cdk_twin" / "app.py", graph, "-o", templates])
            row["twin"] = {"synth_seconds": round(seconds, 2), **json.loads(text)}
            commands["checkov"] = [twin_python, HERE / "cdk_twin" / "run_checkov.py", templates]
        runs: dict[str, list[dict[str, Any]]] = {side: [] for side in sides}
        for _ in range(repeat):
            for side in sides:
                seconds, text = said_by(commands[side])
                runs[side].append({"in_all": seconds, **json.loads(text)})
    for side in sides:
        row[side] = _medians(runs[side])
    return row


def _medians(runs: list[dict[str, Any]]) -> dict[str, Any]:
    """Return what each run found, which is the same, with the medians of their times."""
    found = {key: value for key, value in runs[0].items() if key not in {"seconds", "in_all"}}
    return {
        "in_all": round(statistics.median(run["in_all"] for run in runs), 3),
        "at_work": round(statistics.median(run["seconds"] for run in runs), 3),
        **found,
    }


def with_growth(rows: list[dict[str, Any]], sides: Sequence[str]) -> list[dict[str, Any]]:
    """Add to each row but the first what one more resource costs each side since the row before, in milliseconds."""
    for (before, row), side in ((pair, side) for pair in pairwise(rows) for side in sides):
        added = row[side]["resources"] - before[side]["resources"]
        row[side]["ms_per_resource"] = round(1000 * (row[side]["at_work"] - before[side]["at_work"]) / added, 3)
    return rows


def faults(rows: Sequence[dict[str, Any]], sides: Sequence[str]) -> list[str]:
    """Return which bars are missed."""
    missed = []
    if {*SIDES} <= {*sides}:
        slower = [row for row in rows if row["ours"]["in_all"] > row["checkov"]["in_all"]]
        missed += [f"{row['models']} models: ours takes longer than checkov" for row in slower]
    if "ours" in sides:
        missed += [f"{row['models']} models: no rule of ours answered" for row in rows if not row["ours"]["answers"]]
        slopes = [row["ours"]["ms_per_resource"] for row in rows if "ms_per_resource" in row["ours"]]
        if len(slopes) > 1 and slopes[-1] > GROWTH * slopes[-2]:
            missed.append(f"growth is not linear: {slopes[-2]} ms, then {slopes[-1]} ms for each resource")
    return missed


def table(rows: Sequence[dict[str, Any]], sides: Sequence[str]) -> Table:
    """Return the rows as a table, a line for each side."""
    keys = ("resources", "in_all", "at_work", "ms_per_resource", "checks", "answers", "findings")
    heads = ("resources", "s in all", "s at work", "ms per resource", "checks", "answers", "findings")
    made = Table("models", "side", title="Our policy pack beside checkov")
    for head in heads:
        made.add_column(head, justify="right")
    for row in rows:
        for side in sides:
            name = side if side == "ours" else f"{side} {row[side]['version']}"
            values = (row[side].get(key, "") for key in keys)
            made.add_row(str(row["models"]), name, *(f"{v:,}" if isinstance(v, int) else str(v) for v in values))
        made.add_section()
    return made


def twin_lines(rows: Sequence[dict[str, Any]]) -> list[str]:
    """Say what the twin declares at each number of models, and what it leaves out."""
    lines = []
    for row in rows:
        if twin := row.get("twin"):
            left = sum(entry["resources"] for entry in twin["left_out"])
            lines.append(
                f"{row['models']} models: {twin['declares']} of {twin['declares'] + left} resources are declared by "
                f"{twin['resources']} of CloudFormation's in {twin['stacks']} stacks (synthesized in "
                f"{twin['synth_seconds']} s), {left} left out"
            )
    if lines:
        lines += [f"  left out: {entry['type']} ({entry['reason']})" for entry in rows[-1]["twin"]["left_out"]]
    return lines


def main() -> int:
    """Measure, print, and return 1 if a bar is missed."""
    parser = argparse.ArgumentParser(description="Our policy pack beside checkov.")
    parser.add_argument("--models", type=int, nargs="+", default=[1, 10, 30, 100])
    parser.add_argument("--repeat", type=int, default=3, help="measurements of each side; the median counts")
    parser.add_argument(
        "--twin-python", default=os.environ.get(TWIN_PYTHON, ""), help="python of requirements-twin.txt"
    )
    parser.add_argument("--output", type=Path, help="write the rows as JSON too")
    parser.add_argument("--child", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.child:
        child(given.child)
        return 0
    why = missing(given.twin_python)
    for side, reason in why.items():
        print(f"{side} is not measured: {reason}", file=sys.stderr)
    sides = [side for side in SIDES if side not in why]
    if not sides:
        return 1
    rows = []
    for models in sorted(given.models):
        print(f"measuring {models} models", file=sys.stderr)
        rows.append(measure(models, given.repeat, sides, given.twin_python))
    missed = faults(with_growth(rows, sides), sides)
    Console(width=None if sys.stdout.isatty() else 120).print(table(rows, sides))
    print("\n".join([*twin_lines(rows), *missed]))
    if given.output:
        given.output.write_text(json.dumps({"rows": rows, "missed": missed}, indent=1) + "\n", encoding="utf-8")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
