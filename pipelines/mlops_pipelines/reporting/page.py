"""The page: what a run's documents say, in the order in which a reviewer asks for it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import ChainableUndefined, Environment, FileSystemLoader
from markupsafe import Markup

from mlops_pipelines.reporting import formatting, tables
from mlops_pipelines.reporting.charts import Chart, charts, group_charts
from mlops_pipelines.reporting.figures import readable
from mlops_pipelines.reporting.verdict import judge

TEMPLATES = Path(__file__).parent / "templates"
DOCUMENTS = (
    "champion", "validation", "snapshot", "splits", "search", "evaluation", "fairness", "robustness", "explanations",
    "optimisation", "gate", "card", "lineage", "manifest", "signature", "verification", "settings", "schema",
)  # fmt: skip


@dataclass(frozen=True)
class Section:
    """A section of the page: its anchor, its title, the documents it needs, and the step that writes them."""

    name: str
    title: str
    documents: tuple[str, ...]
    step: str


SECTIONS = (
    Section("gates", "Gates", ("gate",), "Gate"),
    Section("performance", "Performance on the test set", ("evaluation",), "Evaluate"),
    Section("comparison", "Comparison with the champion", ("evaluation",), "Evaluate"),
    Section("fairness", "Fairness between groups", ("fairness",), "Fairness"),
    Section("explanations", "What the model goes by", ("explanations",), "Explain"),
    Section("robustness", "Robustness", ("robustness",), "Robustness"),
    Section("drift", "Drift of the data", ("validation",), "ValidateData"),
    Section("data", "Data", ("validation", "snapshot", "splits"), "ValidateData, Snapshot and Preprocess"),
    Section("search", "Search for hyperparameters", ("search",), "Search"),
    Section("optimisation", "Optimised formats", ("optimisation",), "Optimise"),
    Section("card", "Model card", ("card",), "ModelCard"),
    Section(
        "lineage",
        "Lineage and signature",
        ("lineage", "manifest", "signature", "verification"),
        "Sign and VerifySignature",
    ),
    Section("settings", "Settings and schema", ("settings", "schema"), "none: the source bundle holds them"),
)


def render(
    documents: Mapping[str, Any],
    *,
    registered: Mapping[str, Any] | None = None,
    steps: Sequence[Mapping[str, Any]] = (),
    failure: str = "",
) -> str:
    """Return the report of a run as one HTML file that needs no network, no script and no other file.

    `documents` are the run's JSON documents by name (`DOCUMENTS`); of a run that ended early some are missing or None,
    and their sections say that they were not reached. `registered` is what the registry has of the version: version
    (semantic), registry_version, package_arn, and status (default: PendingManualApproval). `steps` are the run's steps
    in order: name, status or state (succeeded, cached, failed, ...), and seconds and reason where known. `failure` is
    why the run failed, "" if it didn't. The same arguments give the same bytes. Raises `ValueError` naming every
    document that the report does not know.
    """
    unknown = sorted(set(documents) - set(DOCUMENTS))
    if unknown:
        raise ValueError(f"the report knows no document {', '.join(unknown)}; known are {', '.join(DOCUMENTS)}")
    given = {name: _readable(document) for name, document in documents.items() if document is not None}

    def marked(made: Sequence[Chart]) -> list[tuple[Chart, Markup]]:
        return [(chart, Markup(chart.svg)) for chart in made]  # noqa: S704 -- written by ElementTree, which escapes

    drawn: dict[str, Any] = {name: marked(made) for name, made in charts(given).items()}
    drawn["fairness"] = {name: marked(made) for name, made in group_charts(given.get("fairness") or {}).items()}
    return (
        _environment()
        .get_template("report.html.j2")
        .render(
            documents=given,
            sections=SECTIONS,
            reached={section.name: [name for name in section.documents if name in given] for section in SECTIONS},
            charts=drawn,
            tables=tables.tables(given),
            verdict=judge(given, registered, steps, failure),
            model=_model(given),
            version=(registered or {}).get("version") or (given.get("gate") or {}).get("version"),
            registered=_readable(registered or {}),
            steps=_readable(list(steps)),
            dash=formatting.NONE,
        )
    )


class _Documents(Environment):
    """Templates that look up keys of JSON objects alone: a key called `values` is no method of a dict, nor missing."""

    def getattr(self, obj: Any, attribute: str) -> Any:
        return obj[attribute] if isinstance(obj, Mapping) and attribute in obj else super().getattr(obj, attribute)

    def getitem(self, obj: Any, argument: Any) -> Any:
        if isinstance(obj, Mapping):
            return obj[argument] if argument in obj else self.undefined(obj=obj, name=argument)
        return super().getitem(obj, argument)


@cache
def _environment() -> Environment:
    made = _Documents(
        loader=FileSystemLoader(TEMPLATES), autoescape=True, undefined=ChainableUndefined, trim_blocks=True,
        lstrip_blocks=True,
    )  # fmt: skip
    for name in ("number", "signed", "percent", "interval", "compact", "size", "words", "plain", "flat"):
        made.filters[name] = getattr(formatting, name)
    return made


def _model(documents: Mapping[str, Any]) -> str:
    settings, lineage = documents.get("settings") or {}, documents.get("lineage") or {}
    return str(settings.get("model") or lineage.get("model") or "model")


def _readable(value: Any) -> Any:
    """Return JSON data without characters that a page cannot hold."""
    if isinstance(value, str):
        return readable(value)
    if isinstance(value, Mapping):
        return {readable(str(key)): _readable(item) for key, item in value.items()}
    if isinstance(value, Sequence):
        return [_readable(item) for item in value]
    return value
