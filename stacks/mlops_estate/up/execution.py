"""Run a model's deployed pipeline in the account: its own definition, step by step, as local processes."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mlops_estate.faults import Fault, FaultsFound
from mlops_estate.up.data import fetcher, storer
from mlops_estate.up.session import EstateSession

if TYPE_CHECKING:
    from mlops_pipelines.training.cache import StepCache
    from mlops_pipelines.training.local import PipelineRun

CACHE_VARIABLE = "MLOPS_STEP_CACHE"
"""Variable that names another folder for the steps' cache; `off` turns it off."""
NEEDED = ("pandera", "fairlearn", "art", "shap", "skl2onnx", "onnxruntime", "optuna", "matplotlib")
PARALLEL = 2
"""Steps that run at the same time, as ParallelismConfiguration says by default (`max_parallel_steps`)."""


@dataclass
class Execution:
    """How an execution went: what was done, and the step and reason of its failure ("" where it succeeded)."""

    run: PipelineRun
    work_dir: Path
    failed_step: str = ""
    reason: str = ""
    definition: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Wanted:
    """How to run it: parameters beside data and commit, whether outputs are cached, which jobs lose their instance."""

    parameters: Mapping[str, Any] = field(default_factory=dict)
    cached: bool = True
    reclaim: tuple[str, ...] = ()


def execute(session: EstateSession, name: str, data_uri: str, wanted: Wanted | None = None) -> Execution:
    """Run the definition that the account holds of a model's pipeline; a step that fails ends it.

    Raises `FaultsFound` where the libraries of the steps are not installed, and for parameters that the definition does
    not have.
    """
    from mlops_pipelines.training.local import PipelineRun, StepFailed, run_definition

    require_libraries()
    wanted = wanted or Wanted()
    described = session.account.client("sagemaker").describe_pipeline(
        PipelineName=session.applied().stack_outputs["models"][name]["pipeline"]
    )
    definition = json.loads(described["PipelineDefinition"])
    s3 = session.inside("s3")  # the jobs run in the estate's network
    work_dir = session.environment.project_dir / ".estate" / session.environment.name / "runs" / name
    shutil.rmtree(work_dir, ignore_errors=True)
    work_dir.mkdir(parents=True)
    given = {"InputDataUri": data_uri, "Commit": commit(session.environment.project_dir), **wanted.parameters}
    execution = Execution(PipelineRun("", {}), work_dir, definition=definition)
    try:
        with job_environment(session) as environment:
            run_definition(
                definition,
                parameters=given,
                work_dir=work_dir,
                fetch=fetcher(s3),
                store=storer(s3),
                on_step=_told(session, name, len(definition["Steps"]) + 3),
                execution_id=_next_id(session, name),
                pipeline_arn=described["PipelineArn"],
                reclaim=wanted.reclaim,
                parallel=PARALLEL,
                environment=environment,
                cache=step_cache(session.environment.project_dir) if wanted.cached else None,
                run=execution.run,
            )
    except StepFailed as failed:
        execution.failed_step, execution.reason = failed.step, failed.reason
    except ValueError as error:
        fix = "the definition names its parameters: estate pipeline graph --json"
        raise FaultsFound([Fault("--parameter", dict(wanted.parameters), str(error), fix)]) from error
    return execution


def require_libraries() -> None:
    """Raise `FaultsFound` where a library that only the steps use is not installed."""
    from importlib.util import find_spec

    missing = [name for name in NEEDED if find_spec(name) is None]
    if missing:
        rule = f"the pipeline's steps need libraries that are not installed: {', '.join(missing)}"
        raise FaultsFound([Fault("mlops-estate", None, rule, "pip install 'mlops-estate[steps]'")], "nothing was run")


@contextmanager
def job_environment(session: EstateSession) -> Iterator[dict[str, str]]:
    """Yield the variables by which a step's AWS SDK reaches the account, as one that runs in the estate's network."""
    from mlops_estate.embedded.account import FAKE, EmbeddedAccount
    from mlops_estate.embedded.backends.request_context import APP_ID
    from mlops_estate.embedded.server import AccountServer

    account, (endpoint, *_) = session.account, session.applied().stack_outputs["s3_endpoint_ids"]
    variables = {
        **{key.upper(): value for key, value in FAKE.items()},
        "AWS_DEFAULT_REGION": account.region,
        "AWS_REGION": account.region,
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        APP_ID: str(endpoint),
    }
    if isinstance(account, EmbeddedAccount):
        with AccountServer(instance=account.instance) as server:
            yield {**variables, "AWS_ENDPOINT_URL": server.url}
    else:
        yield {**variables, "AWS_ENDPOINT_URL": account.endpoint_url}


def step_cache(project_dir: Path) -> StepCache | None:
    """Return the cache of steps' outputs, below the project unless the environment says otherwise."""
    from mlops_pipelines.training.cache import StepCache

    told = os.environ.get(CACHE_VARIABLE, "")
    if told == "off":
        return None
    cache = StepCache(Path(told) if told else project_dir / ".estate" / "cache" / "steps")
    cache.prune()
    return cache


def commit(folder: Path) -> str:
    """Return the commit of the project, or "unrecorded" where it is no clone (an archive, a package)."""
    git = shutil.which("git")
    if git is None:
        return "unrecorded"
    found = subprocess.run(  # noqa: S603 -- a fixed command
        [git, "-C", str(folder), "rev-parse", "HEAD"], capture_output=True, text=True, check=False
    )
    return found.stdout.strip() if found.returncode == 0 else "unrecorded"


def _next_id(session: EstateSession, name: str) -> str:
    """Return an execution id that repeats from run to run in a new account, and is new in one that was used before."""
    outputs = session.applied().stack_outputs
    prefix = f"{name}/"
    pages = session.inside("s3").get_paginator("list_objects_v2").paginate(
        Bucket=outputs["buckets"]["curated"], Prefix=prefix, Delimiter="/"
    )  # fmt: skip
    there = {item["Prefix"] for page in pages for item in page.get("CommonPrefixes", [])}
    return f"run-{len(there) + 1}"


def _told(session: EstateSession, name: str, total: int) -> Any:
    done = 0

    def on_step(step: str, state: str, seconds: float) -> None:
        nonlocal done
        done += state in ("succeeded", "cached")
        session.progress(f"{name}: step {step} {state}" + (f" in {seconds:.1f} s" if seconds else ""), done, total)

    return on_step
