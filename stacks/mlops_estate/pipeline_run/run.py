"""Run a model's pipeline: the environment stands, its data are delivered, the deployed definition runs, a package is
registered for approval, and the report is written.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mlops_estate.faults import Fault, FaultsFound
from mlops_estate.pipeline_run.outcome import FAILED, REFUSED, REGISTERED, Outcome, StepOutcome
from mlops_estate.up.session import EstateSession, Progress, quiet

if TYPE_CHECKING:
    from mlops_estate.config import LoadedEnvironment
    from mlops_estate.up.execution import Execution


@dataclass(frozen=True)
class Asked:
    """What was asked for: parameters of the execution, another file of data, whether outputs of earlier runs are taken,
    whether the training job loses its spot instance once, where the report goes, and an MLflow store to log to."""

    parameters: Mapping[str, Any] = field(default_factory=dict)
    data: Path | None = None
    cached: bool = True
    reclaim: bool = False
    report: Path | None = None
    mlflow: str = ""
    account_url: str = ""


def run_pipeline(
    environment: LoadedEnvironment, model: str, asked: Asked | None = None, progress: Progress = quiet
) -> Outcome:
    """Run a model's pipeline in an embedded account and return how it ended.

    What it registers waits for approval. Raises `FaultsFound` for a model that the configuration does not have, for a
    file of data that is not there, and where the libraries of the steps are not installed.
    """
    from mlops_estate.up import session_in
    from mlops_estate.up.execution import require_libraries

    asked = asked or Asked()
    _refuse_absent(environment, model, asked)
    require_libraries()
    with session_in(environment, asked.account_url, progress) as session:
        if model not in session.kept.versions and session.graph is None:
            with session.phase("apply"):
                session.apply({})
        return run_in(session, model, asked)


def run_in(session: EstateSession, model: str, asked: Asked) -> Outcome:
    """Run a model's pipeline where the environment stands already."""
    from mlops_estate.up.execution import Wanted, execute
    from mlops_estate.up.training import stage

    reclaim = ("Train",) if asked.reclaim else ()
    with session.phase("deliver data"):
        data_uri = stage(session, model, asked.data)
    with session.phase("pipeline"):
        execution = execute(session, model, data_uri, Wanted(asked.parameters, asked.cached, reclaim))
    outcome = _outcome(session, model, execution)
    if package := execution.run.model_package:
        with session.phase("register"):
            _register(session, package, outcome)
    with session.phase("report"):
        _write_report(session, execution, outcome, asked)
        if asked.mlflow:
            outcome.tracked = _track(execution, outcome, asked.mlflow)
    outcome.seconds = {phase: round(seconds, 2) for phase, seconds in session.seconds.items()}
    return outcome


def _refuse_absent(environment: LoadedEnvironment, model: str, asked: Asked) -> None:
    from mlops_estate.config.document import nearest

    faults = []
    models = environment.config.models
    if model not in models:
        near = nearest(model, models)
        fix = f"did you mean {near}?" if near else f"one of {', '.join(models)}; `estate model add` adds one"
        faults.append(Fault("MODEL", model, f"Pulumi.{environment.name}.yaml has no such model", fix))
    if asked.data is not None and not asked.data.is_file():
        faults.append(Fault("--data", str(asked.data), "there is no such file", "name a CSV file"))
    if faults:
        raise FaultsFound(faults, "nothing was run")


def _outcome(session: EstateSession, model: str, execution: Execution) -> Outcome:
    from mlops_estate.up.training import REFUSED as REFUSAL

    gate = execution.run.property_files.get("GateReport", {})
    evaluation = execution.run.property_files.get("Evaluation", {})
    status = FAILED if execution.failed_step else REGISTERED
    if execution.failed_step == REFUSAL:
        status = REFUSED
    return Outcome(
        model,
        session.environment.name,
        status,
        step=execution.failed_step,
        reason=str(gate.get("reason")) if status == REFUSED else execution.reason,
        version=str(gate.get("version", "")),
        version_reason=str(gate.get("version_reason", "")),
        metric=evaluation.get("metric", {}),
        checks=list(gate.get("checks", [])),
        steps=[
            StepOutcome(step.name, "cached" if step.cached else "succeeded", round(step.seconds, 2), step.attempts)
            for step in execution.run.steps
        ],
        work_dir=str(execution.work_dir),
    )


def _register(session: EstateSession, package: Mapping[str, Any], outcome: Outcome) -> None:
    from mlops_estate.up.training import verify_registered

    sagemaker = session.account.client("sagemaker")
    outcome.package_arn = sagemaker.create_model_package(**package)["ModelPackageArn"]
    outcome.registry_version = sagemaker.describe_model_package(ModelPackageName=outcome.package_arn)[
        "ModelPackageVersion"
    ]
    outcome.verified = verify_registered(session, outcome.model, outcome.package_arn)


def _write_report(session: EstateSession, execution: Execution, outcome: Outcome, asked: Asked) -> None:
    from mlops_pipelines.reporting import render
    from mlops_pipelines.training.documents import documents_of

    documents = {**documents_of(execution.run), **_described(execution)}
    registered = {
        "version": outcome.version,
        "registry_version": outcome.registry_version,
        "package_arn": outcome.package_arn,
        "verified": outcome.verified,
    }
    failure = f"step {outcome.step} failed: {outcome.reason}" if outcome.status == FAILED else ""
    page = render(
        documents,
        registered=registered if outcome.ok else None,
        steps=[{"name": step.name, "state": step.state, "seconds": step.seconds} for step in outcome.steps],
        failure=failure,
    )
    path = asked.report or execution.work_dir / "report.html"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(page, encoding="utf-8")
    outcome.report = str(path)


def _described(execution: Execution) -> dict[str, Any]:
    """Return the settings and the schema that the steps had: they lie in the code of every job."""
    found: dict[str, Any] = {}
    for name in ("settings", "schema"):
        files = sorted(execution.work_dir.rglob(f"processing/input/code/{name}.json"))
        if files:
            found[name] = json.loads(files[0].read_text(encoding="utf-8"))
    return found


def _track(execution: Execution, outcome: Outcome, uri: str) -> str:
    from mlops_pipelines.tracking import log_run
    from mlops_pipelines.training.documents import documents_of

    documents = documents_of(execution.run)
    search = documents.get("search", {})
    return log_run(
        uri,
        experiment=outcome.model,
        run_name=outcome.version or outcome.status,
        parameters={
            **execution.run.parameters,
            **search.get("hyperparameters", {}),
            "family": search.get("family", ""),
        },
        metrics=execution.run.metrics,
        tags={"status": outcome.status, "environment": outcome.environment, "package": outcome.package_arn},
        artifacts=[Path(outcome.report)],
    )
