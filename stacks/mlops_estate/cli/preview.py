"""`estate preview` with a report: the working tree, or the engine's preview, beside what was."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Any

from mlops_estate.cli.progress import shown
from mlops_estate.faults import Fault, FaultsFound

if TYPE_CHECKING:
    from mlops_estate.comparison.model import Comparison
    from mlops_estate.comparison.revision import Collection
    from mlops_estate.config import LoadedEnvironment
    from mlops_policies.configuration import Configuration


@dataclass(frozen=True, slots=True)
class Asked:
    """What the command line asks of a preview with a report."""

    environment: str
    against: str | None = None
    pulumi: Path | None = None
    outputs: list[Path] = field(default_factory=list)
    markdown: bool = False
    as_json: bool = False
    full: bool = False
    as_shipped: bool = False
    prices_from: str = "us-east-1"


def run_preview_report(asked: Asked, project: Path | None) -> int:
    """Compare, print the report in the form that is asked for, and write it where it is wanted."""
    from mlops_estate.cli.commands import load_named
    from mlops_estate.comparison.report import Asked as Report
    from mlops_estate.comparison.report import change_document
    from mlops_estate.reports.change import form_of, write

    start = perf_counter()
    _refuse_contradictions(asked)
    for path in asked.outputs:
        form_of(path)  # before anything takes time
    environment = load_named(asked.environment, project)
    policies = _policies(environment)
    with _without_collections():
        comparison = _compared(asked, environment)
        with shown(f"preview {asked.environment}", silent=_silent(asked)) as progress:
            document = change_document(
                comparison,
                Report(environment, policies, asked.prices_from),
                lambda message: progress(message, 0, 0),
            )
        for path in asked.outputs:
            write(document, path)
        _print(document, asked)
    if not _silent(asked):
        for path in asked.outputs:
            print(f"wrote {path}")
        print(f"Nothing was created. {perf_counter() - start:.1f} s")
    return 0


def _silent(asked: Asked) -> bool:
    return asked.as_json or asked.markdown


def _refuse_contradictions(asked: Asked) -> None:
    faults = []
    if asked.against is not None and asked.pulumi is not None:
        rule = "a preview of the engine holds both sides already"
        faults.append(Fault("--against", asked.against, rule, "leave one of --against and --pulumi out"))
    if asked.as_json and asked.markdown:
        rule = "standard output takes one form"
        faults.append(Fault("--markdown", None, rule, "leave --json or --markdown out, or write a file: -o FILE.md"))
    if faults:
        raise FaultsFound(faults)


def _policies(environment: LoadedEnvironment) -> Configuration:
    """Return the project's configuration of the policy pack, the defaults of the rules where it has none."""
    from mlops_estate.checks import configuration_of
    from mlops_policies.configuration import Configuration

    own = environment.project_dir / "policies" / "policies.yaml"
    return configuration_of(own) if own.is_file() else Configuration()


def _compared(asked: Asked, environment: LoadedEnvironment) -> Comparison:
    from mlops_estate.comparison.diff import compare
    from mlops_estate.comparison.model import Side

    if asked.pulumi is not None:
        return _of_the_engine(asked.pulumi, environment)
    base = _base(asked, environment)
    from mlops_estate.cli.commands import collect

    try:
        head, _ = collect(environment, as_shipped=asked.as_shipped, silent=_silent(asked), name_unknowns=True)
    except BaseException:
        if base is not None and not isinstance(base, tuple):
            base.close()
        raise
    if base is None:
        from mlops_estate.graph import ResourceGraph

        before, side = ResourceGraph(head.project, head.stack), Side("nothing", "nothing: a first deployment")
    elif isinstance(base, tuple):
        before, side = base
    else:
        before, side = base.side(lambda: _waiting(asked, base))
    mine = Side("working tree", "the working tree", "", sum(1 for _ in head.custom_nodes()))
    from_account = side.kind in ("state", "plan", "preview")
    comparison = compare(before, head, environment=environment.name, base=side, head=mine, known=from_account)
    comparison.notes += _notes(environment, side)
    return comparison


def _base(asked: Asked, environment: LoadedEnvironment) -> Any:
    """Return the side to compare with: None for nothing, a graph and its side from a file, or one that is under way."""
    if asked.against is None:
        return None
    from mlops_estate.comparison.reading import is_file, side_of_file

    if is_file(asked.against):
        return side_of_file(Path(asked.against), environment.name)
    from mlops_estate.comparison.revision import Collection, resolve

    revision = resolve(asked.against, environment.project_dir)
    options = ("--as-shipped",) if asked.as_shipped else ()
    return Collection(revision, environment.name, options).start()


def _waiting(asked: Asked, base: Collection) -> None:
    if not _silent(asked):
        print(f"preview {asked.environment}: collecting {base.revision.label}", file=sys.stderr)


def _notes(environment: LoadedEnvironment, side: Any) -> list[str]:
    from mlops_estate.comparison.revision import uncommitted

    if side.kind != "revision":
        return []
    files = uncommitted(environment.project_dir)
    what = "1 file" if files == 1 else f"{files} files"
    return [f"the working tree has uncommitted changes: {what}"] if files else []


def _of_the_engine(path: Path, environment: LoadedEnvironment) -> Comparison:
    from mlops_estate.comparison.diff import compare
    from mlops_estate.comparison.model import Side
    from mlops_estate.comparison.reading import engine_preview

    found = engine_preview(path, environment.name)
    sides = [
        Side("state" if number == 0 else "preview", label, "", sum(1 for _ in graph.custom_nodes()))
        for number, (label, graph) in enumerate((("the stack as it stands", found.before), (path.name, found.after)))
    ]
    comparison = compare(
        found.before, found.after, environment=environment.name, base=sides[0], head=sides[1], told=found.told
    )
    comparison.notes += found.notes
    return comparison


def _print(document: dict[str, Any], asked: Asked) -> None:
    from mlops_estate.reports.change import as_json, markdown, text

    if asked.as_json:
        print(as_json.render(document), end="")
    elif asked.markdown:
        print(markdown.render(document), end="")
    else:
        from rich.console import Console

        text.print_report(document, Console(highlight=False), full=asked.full)


@contextmanager
def _without_collections() -> Iterator[None]:
    """Collect no garbage meanwhile: graphs live until the end, and each collection walks them to free nothing."""
    import gc

    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()
