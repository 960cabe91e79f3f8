"""Adding a model to a project."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mlops_estate.config.document import dotted
from mlops_estate.config.findings import Finding
from mlops_estate.config.loading import LoadedEnvironment, environments, load_environment
from mlops_estate.config.names import MODEL_NAME
from mlops_estate.faults import Fault, FaultsFound
from mlops_estate.onboarding.files import staged, write_all
from mlops_estate.onboarding.inference import Inferred, Roles, infer
from mlops_estate.onboarding.insertion import insert_block
from mlops_estate.onboarding.naming import file_name
from mlops_estate.onboarding.table import Table, read_table
from mlops_estate.onboarding.writing import MONITORS, block_lines, provenance_text, schema_text

if TYPE_CHECKING:
    from mlops_pipelines.features import Schema

_REFUSED: tuple[tuple[str, ...], ...] = ((), ("bias",), ("bias", "explainability"), MONITORS)
"""Monitors to turn off, tried in this order: which of them take which label is for the configuration to say."""


@dataclass(frozen=True)
class Request:
    """What is to be added: the model's name, its data, the roles of columns, and the environments that get it."""

    model: str
    data: Path
    roles: Roles
    environments: tuple[str, ...] = ("dev",)
    force: bool = False


@dataclass(frozen=True)
class Added:
    """What was added, or would be: the files by their path in the project, and what a person has to look at."""

    model: str
    table: Table
    inferred: Inferred
    schema: Schema
    schema_path: str
    files: dict[str, bytes]
    block: tuple[str, ...]
    environments: tuple[str, ...]
    notes: tuple[str, ...]

    @property
    def problem(self) -> str:
        """binary, multiclass or regression."""
        return self.schema.problem

    @property
    def review(self) -> list[tuple[str, str]]:
        """Each column of which something was guessed, and what."""
        return [(column.header, "; ".join(column.review)) for column in self.inferred.columns if column.review]


def add_model(project: Path, request: Request, *, write: bool = True) -> Added:
    """Add a model to a project, or with `write` false only say what would be added.

    Raises `FaultsFound` with every fault of the request, or of the data, or of what was made of them; nothing is
    written then.
    """
    before = _environments(project, request)
    table = read_table(request.data)
    inferred = infer(table, request.roles)
    place = _place(project, request)
    if faults := [*_standing(project, request, place), *_too_long(request, before)]:
        raise FaultsFound(faults, f"{request.model} cannot be added")
    files: dict[str, bytes] = {place.schema: schema_text(table, inferred).encode()}
    notes = list(inferred.notes)
    provenance = f"data/{request.model}/PROVENANCE.md"
    if (project / provenance).exists():
        notes.append(f"{provenance} was kept: it has to give the SHA-256 {table.sha256}")
    else:
        files[provenance] = provenance_text(request.model, table, inferred, Path(place.data).name).encode()
    if place.copied:
        files[place.data] = request.data.read_bytes()
    schema = _checked_schema(project, files, place.schema, table)
    block, texts = _with_block(project, request, before, inferred, place, files)
    files |= texts
    if write:
        write_all(project, files)
    return Added(
        request.model, table, inferred, schema, place.schema, files, tuple(block), request.environments, tuple(notes)
    )


@dataclass(frozen=True)
class _Place:
    """Where the data and the schema lie in the project, and whether the data have to be copied there."""

    data: str
    schema: str
    copied: bool

    @property
    def schema_file(self) -> str | None:
        """The schema, where it does not lie beside the data."""
        beside = f"{self.data.rpartition('/')[0]}/schema.yaml".lstrip("/")
        return None if self.schema == beside else self.schema


def _place(project: Path, request: Request) -> _Place:
    schema = f"data/{request.model}/schema.yaml"
    inside = request.data.resolve()
    root = project.resolve()
    if inside.is_relative_to(root):
        own = inside.relative_to(root).as_posix()
        if not any(character.isspace() for character in own):  # a path in the configuration has no white space
            return _Place(own, schema, copied=False)
    return _Place(f"data/{request.model}/{file_name(request.data.name)}", schema, copied=True)


def _environments(project: Path, request: Request) -> dict[str, LoadedEnvironment]:
    """Return the environments as they are. Raises `FaultsFound` for their faults, and for a name that is taken."""
    faults: list[Fault] = []
    if not MODEL_NAME.fullmatch(request.model):
        rule = "a model name must be lower-case letters and digits, joined by single hyphens, a letter first"
        faults.append(Fault("NAME", request.model, rule, "use a name such as mortgage-approval"))
    loaded: dict[str, LoadedEnvironment] = {}
    for name in dict.fromkeys((*request.environments, *environments(project))):
        try:
            loaded[name] = load_environment(name, project)
        except FaultsFound as found:
            if name in request.environments:  # what else is in the project need not be sound
                faults += found.faults
    for environment in loaded.values():
        if request.model in environment.models_raw:
            rule = f"{environment.path.name} has a model of that name"
            fix = "choose another name, or copy its block to the environments that lack it"
            faults.append(Fault("NAME", request.model, rule, fix))
    if faults:
        raise FaultsFound(faults, f"{request.model} cannot be added")
    return {name: loaded[name] for name in dict.fromkeys(request.environments)}


def _standing(project: Path, request: Request, place: _Place) -> Iterator[Fault]:
    """What stands in the way of the new files."""
    if request.force:
        return
    if (project / place.schema).exists():
        rule, fix = "the model has a schema", "remove the file, or replace it: --force"
        yield Fault(place.schema, None, rule, fix)
    path = project / place.data
    if place.copied and path.exists() and path.read_bytes() != request.data.read_bytes():
        yield Fault(place.data, None, "the project has another file of that name", "rename yours, or --force")


def _too_long(request: Request, before: dict[str, LoadedEnvironment]) -> Iterator[Fault]:
    """Names that AWS would refuse once the environment's prefix is put before them."""
    from mlops_estate.config.names import model_findings

    for name, environment in before.items():
        registry = environment.config.estate.registry.prefix
        found: list[Finding] = list(model_findings(request.model, environment.config.prefix, registry))
        if found:
            worst = max(found, key=lambda finding: len(str(finding.value)))
            yield Fault("NAME", request.model, f"in {name} {worst.rule}", worst.fix, source=worst.source)


def _checked_schema(project: Path, files: dict[str, bytes], path: str, table: Table) -> Schema:
    """Return the new schema as the estate loads it. Raises `FaultsFound` where it is none, or refuses its own data."""
    from mlops_pipelines.features import load_schema

    with staged(project, files) as root:
        try:
            schema = load_schema(root / path)
        except ValueError as error:
            raise FaultsFound(
                [Fault(path, None, str(error), "report this: a schema that was made is sound")]
            ) from error
    if faults := list(_unfit(schema, table, path)):
        raise FaultsFound(faults, "the schema that was made refuses its own data")
    return schema


def _unfit(schema: Schema, table: Table, path: str) -> Iterator[Fault]:
    """Cells that the pipeline would refuse; a fault of the inference, not of the data."""
    import pandas as pd

    from mlops_pipelines.data import parsing

    for column, given in zip(schema.columns, table.columns, strict=True):
        cells = pd.Series(list(given.counts), dtype=object)
        unfit = list(cells[~parsing.fits(cells, column).astype(bool)]) if len(cells) else []
        if unfit or (given.empty and not column.nullable):
            rule = f"{column.shown} must hold {parsing.rule(column)}, and does not"
            yield Fault(path, unfit[0] if unfit else "", rule, "report this, and correct the schema by hand")


def _with_block(
    project: Path, request: Request, before: dict[str, LoadedEnvironment], inferred: Inferred, place: _Place,
    files: dict[str, bytes],
) -> tuple[list[str], dict[str, bytes]]:  # fmt: skip
    """Return the model's block, and the files of the environments with it, as they were loaded again."""
    faults: Sequence[Fault] = ()
    for refused in _REFUSED:
        block = block_lines(
            request.model, inferred, data=place.data, schema_file=place.schema_file, refused=refused,
            threshold=_threshold(inferred),
        )  # fmt: skip
        texts = {
            environment.path.name: insert_block(
                environment.path.read_bytes().decode("utf-8"), block, environment.path.name
            ).encode()
            for environment in before.values()
        }
        try:
            with staged(project, {**files, **texts}) as root:
                for name, environment in before.items():
                    _verify(environment, load_environment(name, root), request.model)
        except FaultsFound as found:
            faults = found.faults
            if not _about_monitors(found, request.model):
                break
        else:
            return block, texts
    raise FaultsFound(faults, "the configuration with the new model has faults; nothing was changed")


def _about_monitors(found: FaultsFound, model: str) -> bool:
    named = {dotted(("models", model, key)) for key in ("label", "protected_attribute")}
    return all(fault.where in named and "monitor" in fault.rule + fault.fix for fault in found.faults)


def _verify(before: LoadedEnvironment, after: LoadedEnvironment, model: str) -> None:
    """Make sure that the new block is all that changed. Raises `FaultsFound`."""
    others: dict[str, Any] = {name: block for name, block in after.models_raw.items() if name != model}
    if after.estate_raw != before.estate_raw or others != before.models_raw or model not in after.models_raw:
        rule = "adding the block would change other values of the file"
        fix = "add the block by hand; --dry-run prints it"
        raise FaultsFound([Fault(before.path.name, None, rule, fix)])


def _threshold(inferred: Inferred) -> str:
    from mlops_pipelines.modelling.metrics import DEFAULT_METRIC, DEFAULT_THRESHOLD

    values = len(inferred.label.values)
    metric = DEFAULT_METRIC["regression" if not values else "binary" if values == 2 else "multiclass"]
    return f"metric: {metric}, threshold: {DEFAULT_THRESHOLD[metric]}"
