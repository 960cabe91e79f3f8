"""What `estate up` has to say when it is done: as data, and as text."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any


@dataclass(slots=True)
class ModelReport:
    """One model: what was trained on, what came out, what is live. `metrics` are the evaluation's own figures."""

    name: str
    records_ingested: int = 0
    snapshot_sha256: str = ""
    baseline_uri: str = ""
    model_sha256: str = ""
    version: int | None = None
    approval_status: str = ""
    metrics: dict[str, float] = field(default_factory=dict)
    endpoint: str = ""
    endpoint_status: str = ""
    sample_prediction: str = ""
    lineage: dict[str, Any] = field(default_factory=dict)
    waits_for: str = ""


@dataclass(slots=True)
class UpReport:
    """The whole run. `seconds` maps each phase to its wall-clock time; `unequal` lists resources that read back
    differently."""

    environment: str
    account: str
    region: str
    notes: list[str] = field(default_factory=list)
    models: list[ModelReport] = field(default_factory=list)
    outputs: dict[str, Any] = field(default_factory=dict)
    coverage: list[dict[str, Any]] = field(default_factory=list)
    statuses: dict[str, int] = field(default_factory=dict)
    unequal: dict[str, list[str]] = field(default_factory=dict)
    teardown: dict[str, Any] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)
    graph_file: str = ""

    @property
    def ok(self) -> bool:
        """Whether every resource read back as it was sent, and a rehearsed teardown left nothing unexpected."""
        return not self.unequal and not self.teardown.get("failed") and not self.teardown.get("unexpected")

    def backings(self) -> Counter[str]:
        """Count resources by how the account stands behind them: emulated, validated or declared."""
        counted: Counter[str] = Counter()
        for row in self.coverage:
            counted[row["backing"]] += row["count"]
        return counted

    def as_dict(self) -> dict[str, Any]:
        """Return the report as plain JSON data."""
        from dataclasses import asdict

        return {"ok": self.ok, **asdict(self), "backings": dict(self.backings())}


_TRIVIAL = "_best_constant_classifier"
"""Figures of a model that always answers the same, which Model Monitor keeps beside each metric."""


def as_text(report: UpReport) -> str:
    """Return the report as text for a terminal, without colour."""
    counts = report.backings()
    total = sum(counts.values())
    lines = [
        f"{report.environment}: {total} resources in embedded account {report.account} ({report.region})",
        "  " + ", ".join(f"{count} {backing}" for backing, count in sorted(counts.items())),
    ]
    lines += [f"  note: {note}" for note in report.notes]
    for model in report.models:
        lines += ["", *_model_lines(model)]
    lines += ["", "Outputs"]
    lines += [f"  {key}: {value}" for key, value in _flat(report.outputs)]
    lines += ["", "Coverage (docs/reference/coverage.md says more)", *_coverage_lines(report.coverage)]
    lines += ["", f"Read back: {total - len(report.unequal)} of {total} equal to what was sent"]
    for urn, differences in report.unequal.items():
        lines += [f"  {urn}", *(f"      {difference}" for difference in differences)]
    if report.teardown:
        lines += ["", *_teardown_lines(report.teardown)]
    spent = ", ".join(f"{phase} {seconds:.1f} s" for phase, seconds in report.seconds.items())
    lines += ["", f"Time: {sum(report.seconds.values()):.1f} s ({spent})", f"Graph: {report.graph_file}"]
    return "\n".join(lines)


def _flat(outputs: dict[str, Any], prefix: str = "") -> list[tuple[str, str]]:
    """Return nested outputs as dotted names, in alphabetical order."""
    found: list[tuple[str, str]] = []
    for key, value in sorted(outputs.items()):
        if isinstance(value, dict):
            found += _flat(value, f"{prefix}{key}.")
        else:
            shown = ", ".join(map(str, value)) if isinstance(value, list) else str(value)
            found.append((f"{prefix}{key}", shown))
    return found


def _coverage_lines(rows: list[dict[str, Any]]) -> list[str]:
    """Count resources by how they are backed and by what answers, and name the types that are not emulated."""
    counted: Counter[tuple[str, str]] = Counter()
    for row in rows:
        counted[row["backing"], row["backend"]] += row["count"]
    lines = [
        f"  {count:>4} {backing}{f' by {backend}' if backend else ''}"
        for (backing, backend), count in sorted(counted.items(), key=lambda item: -item[1])
    ]
    return lines + [f"       {row['backing']}: {row['type']}" for row in rows if row["backing"] != "emulated"]


def _model_lines(model: ModelReport) -> list[str]:
    if model.waits_for:
        return [f"Model {model.name}", f"  waits for {model.waits_for}"]
    shown = {name: value for name, value in model.metrics.items() if not name.endswith(_TRIVIAL)}
    metrics = ", ".join(f"{name} {value:.3f}" for name, value in sorted(shown.items()))
    answers = (
        f"  endpoint       {model.endpoint}: {model.endpoint_status}; a first record answers {model.sample_prediction}"
    )
    if not model.records_ingested:
        registered = f"  registry       version {model.version}, {model.approval_status}, trained by an earlier run"
        return [f"Model {model.name}", registered, answers, *_lineage_lines(model)]
    return [
        f"Model {model.name}",
        f"  feature store  {model.records_ingested:,} records",
        f"  snapshot       sha256 {model.snapshot_sha256[:16]}…",
        f"  registry       version {model.version}, {model.approval_status}, model sha256 {model.model_sha256[:16]}…",
        f"  evaluation     {metrics}",
        answers,
        *_lineage_lines(model),
    ]


def _lineage_lines(model: ModelReport) -> list[str]:
    """Say what the recorded lineage answers: which data are behind the endpoint, and where these went."""
    if not model.lineage.get("data"):
        return []
    snapshot = model.lineage["data"][0]
    return [
        f"  lineage        {model.lineage['entities']} entities, {model.lineage['associations']} associations recorded",
        f"                 behind {model.endpoint}: {snapshot['uri']} (sha256 {snapshot['sha256'][:16]}…)",
        f"                 endpoints that serve a model of it: {', '.join(model.lineage['endpoints'])}",
    ]


def _teardown_lines(teardown: dict[str, Any]) -> list[str]:
    lines = [f"Teardown: {teardown['deleted']} deleted, {len(teardown['kept'])} kept"]
    lines += [f"  retained as declared: {urn}" for urn in teardown["retained"]]
    lines += [f"  left as expected: {what}" for what in teardown["expected_left"]]
    lines += [f"  UNEXPECTED: {what}" for what in teardown["unexpected"]]
    lines += [f"  FAILED: {what}" for what in teardown["failed"]]
    return lines
