"""`estate preview` with policies, cost and the report, beside the AWS CDK's synthesis and checkov, over one estate.

    python benchmarks/report.py [--models 1 10 100] [--repeat 3] [--twin-python PYTHON] [--output FILE.json]

**Ours**: `estate preview prod -o report.html -o report.md -o report.json` with that many models, all pinned: the
program is collected, every resource compared, permissions and releases worked out, every policy rule run, cost and
carbon estimated, three reports written; *against a file* reports a change of one model's instance type since a saved
graph instead. **cdk synth**: the same estate as a CDK app, synthesized (`cdk_twin/`, generated from the collected
graph, which is not counted). **checkov**: its checks over these templates. The peers need an environment of their own
with `requirements-twin.txt`, named by `--twin-python` or MLOPS_TWIN_PYTHON, and node; without it ours runs alone.

Each measurement is a fresh process with compiled bytecode, interpreter start and imports included, the sides in turn;
medians count. Exit code 1 where ours takes longer than synthesis alone, or more than half of synthesis and checkov.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from time import perf_counter
from typing import Any

import yaml
from rich.console import Console
from rich.table import Table

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
ENVIRONMENT = "prod"
TWIN_PYTHON = "MLOPS_TWIN_PYTHON"
HALF = 2.0
OURS, AGAINST, SYNTH, CHECKOV = "ours", "ours against a file", "cdk synth", "checkov"
_ESTATE = "import sys; from mlops_estate.cli import main; main(sys.argv[1:])"


def project_of(models: int, folder: Path) -> Path:
    """Make a project with this many models, all pinned, beside the shipped code, and return its folder."""
    shutil.copy(ROOT / "Pulumi.yaml", folder)
    for name in ("stacks", "data", "policies"):
        (folder / name).symlink_to(ROOT / name)
    document = yaml.safe_load((ROOT / f"Pulumi.{ENVIRONMENT}.yaml").read_text(encoding="utf-8"))
    [block] = document["config"]["mlops-estate:models"].values()
    pinned = {**block, "release": {**block.get("release", {}), "version": 1}}
    blocks = {f"model-{number:03d}": pinned for number in range(models)}
    document["config"]["mlops-estate:models"] = blocks
    _write(folder, document)
    return folder


def change(project: Path) -> None:
    """Give the first model another instance type."""
    document = yaml.safe_load((project / f"Pulumi.{ENVIRONMENT}.yaml").read_text(encoding="utf-8"))
    blocks = document["config"]["mlops-estate:models"]
    blocks["model-000"] = {**blocks["model-000"], "serving": {"instance_type": "ml.m5.xlarge"}}
    _write(project, document)


def _write(project: Path, document: Any) -> None:
    class Plain(yaml.SafeDumper):
        def ignore_aliases(self, data: Any) -> bool:
            return True

    text = yaml.dump(document, Dumper=Plain, sort_keys=False)
    (project / f"Pulumi.{ENVIRONMENT}.yaml").write_text(text, encoding="utf-8")


def estate(project: Path, *arguments: str | Path) -> list[str | Path]:
    """Return the command that runs `estate` in a project."""
    return [sys.executable, "-c", _ESTATE, *arguments, "--project", project]


def timed(command: Sequence[str | Path]) -> tuple[float, str]:
    """Run a command; return its seconds and what it printed."""
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
    start = perf_counter()
    done = subprocess.run([*map(str, command)], env=environment, capture_output=True, text=True, check=False)
    seconds = perf_counter() - start
    if done.returncode:
        raise SystemExit(f"{' '.join(map(str, command))} failed:\n{done.stderr}")
    return seconds, done.stdout


def measure(models: int, repeat: int, twin_python: str) -> dict[str, Any]:
    """Measure the sides in turn over an estate with this many models."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "project").mkdir()
        project = project_of(models, folder / "project")
        saved, templates, graph = folder / "saved.json", folder / "templates", folder / "graph.json"
        reports = [word for kind in ("html", "md", "json") for word in ("-o", folder / f"report.{kind}")]
        row: dict[str, Any] = {"models": models}
        timed(estate(project, "graph", ENVIRONMENT, "-o", saved))
        row["resources"] = sum(node["custom"] for node in json.loads(saved.read_text(encoding="utf-8"))["nodes"])
        commands = {
            OURS: estate(project, "preview", ENVIRONMENT, *reports),
            AGAINST: estate(project, "preview", ENVIRONMENT, "--against", saved, *reports),
        }
        if twin_python:
            collect = [sys.executable, HERE / "cdk_twin" / "collect.py", "--models", str(models), "-o", graph]
            timed(collect)
            commands[SYNTH] = [twin_python, HERE / "cdk_twin" / "app.py", graph, "-o", templates]
            commands[CHECKOV] = [twin_python, HERE / "cdk_twin" / "run_checkov.py", templates]
        runs: dict[str, list[float]] = {side: [] for side in commands}
        for _ in range(repeat):
            for side, command in commands.items():
                if side == AGAINST:
                    change(project)
                seconds, text = timed(command)
                runs[side].append(seconds)
                if side == SYNTH:
                    row["twin_resources"] = json.loads(text)["resources"]
            reset(models, project)
    row["seconds"] = {side: round(statistics.median(seconds), 2) for side, seconds in runs.items()}
    return row


def reset(models: int, project: Path) -> None:
    """Put the project's models back as they were."""
    for path in project.iterdir():
        path.unlink() if path.is_symlink() or path.is_file() else shutil.rmtree(path)
    project_of(models, project)


def faults(rows: Sequence[dict[str, Any]]) -> list[str]:
    """Return which bars are missed."""
    missed = []
    for row in rows:
        took = row["seconds"]
        if SYNTH not in took:
            continue
        both = took[SYNTH] + took[CHECKOV]
        for side in (OURS, AGAINST):
            if took[side] > took[SYNTH]:
                missed.append(f"{row['models']} models: {side} takes longer than cdk synth alone")
            if took[side] * HALF > both:
                missed.append(f"{row['models']} models: {side} takes more than half of cdk synth and checkov")
    return missed


def table(rows: Sequence[dict[str, Any]]) -> Table:
    """Return the rows as a table."""
    made = Table(
        "models", "resources", "in the twin", title="estate preview with its report beside cdk synth and checkov"
    )
    heads = (OURS, AGAINST, SYNTH, CHECKOV)
    for head in (*heads, "synth / ours", "synth + checkov / ours"):
        made.add_column(f"{head} s" if head in heads else head, justify="right")
    for row in rows:
        took = row["seconds"]
        peers = SYNTH in took
        cells = [f"{took[head]:.1f}" if head in took else "" for head in heads]
        ratios = [took[SYNTH] / took[OURS], (took[SYNTH] + took[CHECKOV]) / took[OURS]] if peers else []
        cells += [f"{ratio:.1f}" for ratio in ratios]
        made.add_row(str(row["models"]), f"{row['resources']:,}", f"{row.get('twin_resources', 0):,}", *cells)
    return made


def missing(twin_python: str) -> str:
    """Say why the peers can't be measured here, "" where they can."""
    if not twin_python:
        return f"no environment of theirs is named: --twin-python or {TWIN_PYTHON}"
    done = subprocess.run(
        [twin_python, "-c", "import aws_cdk, checkov.main"], capture_output=True, text=True, check=False
    )
    return (done.stderr.strip().splitlines() or ["they cannot be imported"])[-1] if done.returncode else ""


def main() -> int:
    """Measure, print, and return 1 if a bar is missed."""
    parser = argparse.ArgumentParser(description="estate preview with its report beside cdk synth and checkov.")
    parser.add_argument("--models", type=int, nargs="+", default=[1, 10, 100])
    parser.add_argument("--repeat", type=int, default=3, help="measurements of each side; the median counts")
    parser.add_argument(
        "--twin-python", default=os.environ.get(TWIN_PYTHON, ""), help="python of requirements-twin.txt"
    )
    parser.add_argument("--output", type=Path, help="write the rows as JSON too")
    given = parser.parse_args()
    if why := missing(given.twin_python):
        print(f"cdk synth and checkov are not measured: {why}", file=sys.stderr)
        given.twin_python = ""
    rows = []
    for models in sorted(given.models):
        print(f"measuring {models} models", file=sys.stderr)
        rows.append(measure(models, given.repeat, given.twin_python))
    Console(width=None if sys.stdout.isatty() else 140).print(table(rows))
    missed = faults(rows)
    if missed:
        print("\n".join(missed))
    if given.output:
        given.output.write_text(json.dumps({"rows": rows, "missed": missed}, indent=1) + "\n", encoding="utf-8")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
