"""Making packs: what was asked for is checked, material is gathered (in an account, if any), packs are written."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mlops_estate.evidence.model import Material, Signer
from mlops_estate.faults import Fault, FaultsFound
from mlops_estate.up.session import Progress, graph_path, quiet

if TYPE_CHECKING:
    from mlops_estate.checks import CheckReport
    from mlops_estate.config import LoadedEnvironment
    from mlops_estate.embedded.account import EmbeddedAccount, RemoteAccount
    from mlops_estate.evidence.pack import Written
    from mlops_estate.evidence.run import RunRecord
    from mlops_estate.graph import ResourceGraph

NOTHING = "no pack was written"


@dataclass(frozen=True, slots=True)
class Asked:
    """What was asked for. `frameworks` empty means each; `run` None the last run of the model."""

    output: Path
    date: date
    frameworks: tuple[str, ...] = ()
    run: Path | None = None
    account_url: str = ""
    fresh: bool = False
    unsigned: bool = False
    force: bool = False


@dataclass(slots=True)
class Outcome:
    """What was written, and by whom it is signed; `unsigned_because` says why it is not."""

    model: str
    environment: str
    output: Path
    packs: list[Written] = field(default_factory=list)
    key_arn: str = ""
    fingerprint: str = ""
    account: str = ""
    unsigned_because: str = ""
    wanted_unsigned: bool = False

    @property
    def ok(self) -> bool:
        """Whether the packs are signed, or were asked for without a signature."""
        return not self.unsigned_because or self.wanted_unsigned

    def as_dict(self) -> dict[str, Any]:
        """Return the outcome as JSON data."""
        return {
            "ok": self.ok, "model": self.model, "environment": self.environment, "folder": str(self.output),
            "signed": not self.unsigned_because, "unsigned_because": self.unsigned_because, "key_arn": self.key_arn,
            "fingerprint": self.fingerprint, "account": self.account,
            "packs": [{"framework": pack.framework, "folder": str(pack.folder), "facts": pack.facts, "gaps": pack.gaps,
                       "controls": pack.controls, "manifest_sha256": pack.manifest_sha256} for pack in self.packs],
        }  # fmt: skip


def make(
    environment: LoadedEnvironment,
    model: str,
    asked: Asked,
    progress: Progress = quiet,
    *,
    faults: list[Fault] | None = None,
) -> Outcome:
    """Write the packs of a model. Raises `FaultsFound` with every fault at once, those found before (`faults`) too,
    before anything is written.
    """
    from mlops_estate.evidence.run import read_run

    faults = [*(faults or []), *_faults(environment, model, asked)]
    run = None
    if not asked.fresh and model in environment.config.models:
        try:
            run = read_run(environment.project_dir, environment.name, model, asked.run)
        except FaultsFound as found:
            faults += found.faults
    if faults:
        raise FaultsFound(faults, NOTHING)
    if asked.fresh:
        return _fresh(environment, model, asked, progress)
    assert run is not None
    url = asked.account_url or ("" if asked.unsigned else _served(environment))
    if url:
        with _attached(environment, url) as (account, graph):
            return _write(environment, model, asked, run, graph, account, progress)
    return _write(environment, model, asked, run, _declared(environment, progress), None, progress)


def _faults(environment: LoadedEnvironment, model: str, asked: Asked) -> list[Fault]:
    """Return everything that is wrong with what was asked for."""
    from mlops_estate.config.document import nearest
    from mlops_policies.framework_map import frameworks

    faults = []
    if model not in (models := environment.config.models):
        near = nearest(model, models)
        fix = f"did you mean {near}?" if near else f"one of {', '.join(models) or 'none: the environment has no model'}"
        faults.append(Fault("MODEL", model, f"Pulumi.{environment.name}.yaml has no such model", fix))
    for name in asked.frameworks:
        if name not in frameworks():
            near = nearest(name, frameworks())
            fix = f"did you mean {near}?" if near else f"take one of {', '.join(frameworks())}"
            faults.append(Fault("--framework", name, "there is no such framework", fix))
    both = "leave one of the two out"
    if asked.fresh and asked.account_url:
        faults.append(Fault("--fresh", asked.account_url, "--fresh stands up an account of its own", both))
    if asked.fresh and asked.run is not None:
        faults.append(Fault("--fresh", str(asked.run), "--fresh makes a run, and --run names one", both))
    if asked.unsigned and (asked.fresh or asked.account_url):
        faults.append(Fault("--unsigned", True, "there is an account to sign in", both))
    return faults + _output_faults(asked)


def _output_faults(asked: Asked) -> list[Fault]:
    from mlops_estate.evidence.seal import is_pack

    output, fix = asked.output, "name a new or empty folder: -o DIR"
    if output.exists() and not output.is_dir():
        return [Fault("--output", str(output), "it is a file, and packs are folders", fix)]
    there = sorted(path.name for path in output.iterdir()) if output.is_dir() else []
    if there and not asked.force:
        rule = f"the folder is not empty ({len(there)} entries, {there[0]} among them)"
        return [Fault("--output", str(output), rule, f"{fix}; --force replaces packs that lie there")]
    wanted = _wanted(asked)
    return [
        Fault("--output", str(output / name), "this is no pack, so --force does not replace it", fix)
        for name in there
        if name in wanted and not ((output / name).is_dir() and is_pack(output / name))
    ]


def _wanted(asked: Asked) -> list[str]:
    """Return the frameworks that packs are made for, sorted, each once."""
    from mlops_policies.framework_map import frameworks

    return sorted(set(asked.frameworks) or set(frameworks()))


def _served(environment: LoadedEnvironment) -> str:
    """Return the address of the account that is served for the environment now; empty where none is."""
    from mlops_estate.up.served import attach, find

    try:
        served = find(environment.project_dir, environment.name)
        attach(served.endpoint_url, served.region)
    except FaultsFound:
        return ""
    return served.endpoint_url


@contextmanager
def _attached(environment: LoadedEnvironment, url: str) -> Iterator[tuple[RemoteAccount, ResourceGraph]]:
    """Yield a served account with the graph of what stands in it. Raises `FaultsFound` where that is not known."""
    from mlops_estate.embedded.network_guard import NetworkGuard
    from mlops_estate.graph_file import load
    from mlops_estate.up.served import attach, kept_of

    with NetworkGuard():
        try:
            account = attach(url, environment.config.estate.region)
        except FaultsFound as found:
            found.summary = NOTHING
            raise
        if kept_of(environment.project_dir, environment.name).instance != account.instance:
            rule = "what stands in that account is not what the graph on disk says"
            fix = f"estate up {environment.name} --account {url}"
            raise FaultsFound([Fault("--account", url, rule, fix)], NOTHING)
        yield account, load(graph_path(environment.project_dir, environment.name))


def _declared(environment: LoadedEnvironment, progress: Progress) -> ResourceGraph:
    """Return the graph of the working tree: what would be declared."""
    from mlops_estate.engine import run_program
    from mlops_estate.up.session import counted, offline_versions, program_config

    versions = offline_versions(environment, as_shipped=False)
    return run_program(
        environment.project_dir / "stacks" / "__main__.py",
        stack=environment.name,
        config=program_config(environment, "", versions),
        on_event=counted(progress),
    )


def _fresh(environment: LoadedEnvironment, model: str, asked: Asked, progress: Progress) -> Outcome:
    """Stand the environment up, train, approve, and write the packs while the account stands."""
    from mlops_estate.evidence.run import read_run
    from mlops_estate.graph_file import load
    from mlops_estate.up import up

    done: list[Outcome] = []

    def standing(account: EmbeddedAccount | RemoteAccount, _report: Any) -> None:
        run = read_run(environment.project_dir, environment.name, model)
        graph = load(graph_path(environment.project_dir, environment.name))
        done.append(_write(environment, model, asked, run, graph, account, progress))

    up(environment, progress=progress, standing=standing)
    return done[0]


def _write(
    environment: LoadedEnvironment, model: str, asked: Asked, run: RunRecord, graph: ResourceGraph,
    account: EmbeddedAccount | RemoteAccount | None, progress: Progress,
) -> Outcome:  # fmt: skip
    from mlops_estate.evidence.history import history_of
    from mlops_estate.evidence.pack import prepare, write_packs

    block = environment.config.models[model]
    progress("checking the rules", 0, 0)
    check = _check(environment, graph, asked.date, standing=account is not None)
    data = sorted({block.data, block.schema_path})
    provenance = (environment.project_dir / block.data).with_name("PROVENANCE.md")
    package, missing = _package(account, graph, model, run)
    signer, unsigned_because = _signer(account, graph, model, asked)
    progress("writing the packs", 0, 0)
    material = Material(
        environment, model, asked.date, run, graph, check, account is not None,
        history_of(environment.project_dir, environment.name, model, data), package, missing, _drill(environment),
        provenance if provenance.is_file() else None,
    )  # fmt: skip
    packs = write_packs(prepare(material), _wanted(asked), asked.output, signer, unsigned_because)
    signed = (signer.key_arn, signer.fingerprint, signer.account) if signer else ("", "", "")
    return Outcome(model, environment.name, asked.output, packs, *signed, unsigned_because, asked.unsigned)


def _check(environment: LoadedEnvironment, graph: ResourceGraph, today: date, *, standing: bool) -> CheckReport:
    """Return the pack's answers, by the project's own configuration of it, as `estate check` gives them."""
    from mlops_estate.checks import check_graph, check_state, configuration_of
    from mlops_policies.configuration import Configuration

    own = environment.project_dir / "policies" / "policies.yaml"
    configuration = configuration_of(own) if own.is_file() else Configuration()
    if standing:  # what the file masks is unknown to rules, not a value
        return check_state(graph_path(environment.project_dir, environment.name), configuration, today=today)
    return check_graph(graph, configuration, today=today)


def _package(
    account: EmbeddedAccount | RemoteAccount | None, graph: ResourceGraph, model: str, run: RunRecord
) -> tuple[Mapping[str, Any] | None, str]:
    """Return the registered version that is of this run (by its manifest's SHA-256), or why there is none."""
    from mlops_pipelines.signing.canonical import sha256

    if account is None:
        return None, "no registry was asked: no account is reached"
    if "manifest" not in run.contents:
        return None, "the run registered nothing: it has no signed manifest"
    client, digest = account.client("sagemaker"), sha256(run.contents["manifest"])
    group = graph.stack_outputs["models"][model]["model_package_group"]
    found = [
        client.describe_model_package(ModelPackageName=item["ModelPackageArn"])
        for page in client.get_paginator("list_model_packages").paginate(ModelPackageGroupName=group)
        for item in page["ModelPackageSummaryList"]
    ]
    own = [item for item in found if (item.get("CustomerMetadataProperties") or {}).get("manifest_sha256") == digest]
    if not own:
        return None, f"none of the {len(found)} versions in {group} is of this run"
    newest = max(own, key=lambda item: int(item["ModelPackageVersion"]))
    plain: dict[str, Any] = json.loads(json.dumps(newest, default=_moment))
    return plain, ""


def _moment(value: datetime) -> str:
    """Return a moment as text, in UTC to the second."""
    return value.astimezone(UTC).isoformat(timespec="seconds")


def _signer(
    account: EmbeddedAccount | RemoteAccount | None, graph: ResourceGraph, model: str, asked: Asked
) -> tuple[Signer | None, str]:
    """Return who signs: the key that signs this model's versions; or why nobody does."""
    from mlops_pipelines.signing.signing import public_key

    if asked.unsigned:
        return None, "it was asked for without a signature (--unsigned)"
    if account is None:
        return None, "no KMS key can be reached: no account is served, and none was named"
    kms, arn = account.client("kms"), graph.stack_outputs["models"][model]["signing_key"]
    ends = "the key ends with this account, so the signature proves that the pack is whole, not who made it"
    return Signer(kms, arn, public_key(kms, arn), f"embedded account {account.account_id}: {ends}"), ""


def _drill(environment: LoadedEnvironment) -> Mapping[str, Any] | None:
    """Return the last rehearsal of restores. Raises `FaultsFound` where its report is unreadable."""
    path = environment.project_dir / ".estate" / environment.name / "drill.json"
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        rule, fix = f"no readable JSON: {error}", f"estate drill {environment.name} writes it anew"
        raise FaultsFound([Fault(f".estate/{environment.name}/drill.json", None, rule, fix)], NOTHING) from None
    return found if isinstance(found, dict) else None
