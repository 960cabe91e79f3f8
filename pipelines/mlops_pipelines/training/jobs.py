"""Run one processing or training job as a local process, in the folder layout of SageMaker's containers.

The layout and the variables are those of the developer guide (`/opt/ml/processing`, `/opt/ml/input`, `/opt/ml/model`,
`/opt/ml/checkpoints`) and of the training toolkit (SM_*, script mode). A path below /opt/ml in a command, an argument,
a hyperparameter or a variable is moved below the job's own folder; nothing else is changed. A job that is isolated from
the network can open no connection at all; any other reaches loopback, where `environment` may name an account's
address. Instance types, VPCs and keys are not emulated, and the packages are those of the Python given: a requirements
file is refused.
"""

from __future__ import annotations

import contextlib
import gzip
import io
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tarfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic, sleep
from typing import Any

from mlops_pipelines.steps.archives import unpack
from mlops_pipelines.training.cache import StepCache, digest_of

Fetch = Callable[[str, Path], None]
"""`fetch(uri, folder)`: copy the object at the URI, or else every object below it as a folder, into an existing local
folder, under their relative names. Raises `FileNotFoundError` when there is neither."""
Store = Callable[[Path, str], None]
"""`store(file, uri)`: keep one local file as the object at the URI."""

_ROOT = re.compile(r"(?<![\w./-])/opt/ml(?=[/'\"\s]|$)")
TAIL_LINES = 15
"""How many of the last lines of a failed process an error shows."""
POLL_SECONDS = 0.01
OFFLINE = Path(__file__).with_name("offline")
"""Python imports `sitecustomize` from here at its start, which refuses every connection beyond loopback."""
ISOLATED = "MLOPS_JOB_ISOLATED"
"""Variable that tells it to refuse loopback too, as EnableNetworkIsolation does."""
_MESSAGES = ("opt/ml/output/failure", "opt/ml/output/message")
"""Where a training job, and a processing job, leave the reason of their failure (API reference, FailureReason)."""
NOTICE_SECONDS = 120
"""Time that a spot instance leaves between its notice and its end (EC2 user guide, spot interruption notices)."""


class JobFailed(RuntimeError):  # noqa: N818 -- the outcome SageMaker reports
    """A job failed: the reason, with the last lines of its standard error."""


@dataclass
class JobResult:
    """How a job ended: what its Describe call would return, where its outputs lie locally, and how often it started.

    `cached` tells that an earlier job's outputs were taken, since code, arguments and inputs are the same.
    """

    properties: dict[str, Any]
    outputs: dict[str, Path] = field(default_factory=dict)
    attempts: int = 1
    cached: bool = False


@dataclass
class JobRunner:
    """Runs jobs below `root`, one folder each; `python` is what `python`, `python3` and script mode start.

    `environment` are variables of jobs that are not isolated from the network. Jobs may run in several threads;
    `stop` ends those that run.
    """

    root: Path
    fetch: Fetch
    store: Store
    python: str = sys.executable
    environment: Mapping[str, str] = field(default_factory=dict)
    cache: StepCache | None = None
    _running: set[subprocess.Popen[bytes]] = field(default_factory=set)

    def stop(self) -> None:
        """End every job that runs, at once; its step fails."""
        for process in list(self._running):
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)

    def processing(self, name: str, arguments: Mapping[str, Any]) -> JobResult:
        """Run what CreateProcessingJob takes. Raises `JobFailed`."""
        job = self.root / name
        for item in arguments.get("ProcessingInputs", []):
            self._fetch(item["S3Input"]["S3Uri"], moved(job, item["S3Input"]["LocalPath"]))
        outputs = {item["OutputName"]: item for item in arguments.get("ProcessingOutputConfig", {}).get("Outputs", [])}
        folders = {key: moved(job, item["S3Output"]["LocalPath"]) for key, item in outputs.items()}
        for folder in folders.values():
            folder.mkdir(parents=True, exist_ok=True)
        _write_json(job / "opt/ml/config/processingjobconfig.json", arguments)
        _write_json(job / "opt/ml/config/resourceconfig.json", {"current_host": "algo-1", "hosts": ["algo-1"]})
        application = arguments["AppSpecification"]
        command = [*application.get("ContainerEntrypoint", []), *application.get("ContainerArguments", [])]
        if not command:
            raise JobFailed("the job names no ContainerEntrypoint, and an image's own entry point is not known here")
        isolated = bool(arguments.get("NetworkConfig", {}).get("EnableNetworkIsolation"))
        environment = self._variables(arguments, isolated=isolated)
        key = self._key(job / "opt/ml/processing", [command, sorted(folders)], environment) if isolated else ""
        cached = self.cache is not None and self.cache.restore(key, folders)
        if not cached:
            seconds = arguments.get("StoppingCondition", {}).get("MaxRuntimeInSeconds", 86_400)
            self._finish(job, self._start(job, command, environment, job), seconds)
            if self.cache is not None:
                self.cache.keep(key, folders)
        for output, item in outputs.items():
            self._store_folder(folders[output], item["S3Output"]["S3Uri"])
        described = {**arguments, "ProcessingJobName": name, "ProcessingOutputConfig": {"Outputs": outputs}}
        return JobResult(described, folders, cached=cached)

    def _variables(self, arguments: Mapping[str, Any], *, isolated: bool) -> dict[str, Any]:
        own = arguments.get("Environment") or {}
        return {**own, ISOLATED: "1"} if isolated else {**self.environment, **own}

    def _key(self, inputs: Path, what: Any, environment: Mapping[str, Any]) -> str:
        """Return what a job's outputs follow from, as a digest; "" where nothing is cached."""
        if self.cache is None:
            return ""
        return digest_of([what, sorted(environment.items()), self.cache.versions(self.python)], inputs)

    def training(self, name: str, arguments: Mapping[str, Any], *, reclaim: bool = False) -> JobResult:
        """Run what CreateTrainingJob takes, in script mode. Raises `JobFailed`.

        With `reclaim`, a managed spot job loses its instance when its first checkpoint lies there, and starts again
        with the checkpoints stored so far.
        """
        job = self.root / name
        parameters = {key: str(value) for key, value in arguments.get("HyperParameters", {}).items()}
        program, source = parameters.get("sagemaker_program"), parameters.get("sagemaker_submit_directory")
        if not program or not source:
            raise JobFailed("only script mode runs here: sagemaker_program and sagemaker_submit_directory are required")
        own = {key: value for key, value in parameters.items() if not key.startswith("sagemaker_")}
        channels = arguments.get("InputDataConfig", [])
        for channel in channels:
            uri = channel["DataSource"]["S3DataSource"]["S3Uri"]
            self._fetch(uri, job / "opt/ml/input/data" / channel["ChannelName"])
        self._unpack_source(source, job)
        _write_json(job / "opt/ml/input/config/hyperparameters.json", parameters)
        names = {channel["ChannelName"]: {"TrainingInputMode": "File"} for channel in channels}
        _write_json(job / "opt/ml/input/config/inputdataconfig.json", names)
        _write_json(job / "opt/ml/input/config/resourceconfig.json", {"current_host": "algo-1", "hosts": ["algo-1"]})
        flags = [part for key in sorted(own) for part in (f"-{key}" if len(key) == 1 else f"--{key}", own[key])]
        isolated = bool(arguments.get("EnableNetworkIsolation"))
        given = self._variables(arguments, isolated=isolated)
        key = self._key(job / "opt/ml/input/data", [program, flags], given) if isolated and not reclaim else ""
        made = {"model": job / "opt/ml/model", "data": job / "opt/ml/output/data", "log": job / "log"}
        cached = self.cache is not None and self.cache.restore(key, made)
        attempts = 1
        if not cached:
            environment = {**_toolkit_variables(name, own, list(names), flags), **given}
            attempts = self._train(job, [self.python, program, *flags], environment, arguments, reclaim=reclaim)
            (job / "log").mkdir(exist_ok=True)
            shutil.copyfile(job / "stdout.log", job / "log/stdout.log")
            if self.cache is not None:
                self.cache.keep(key, made)
        prefix = f"{arguments['OutputDataConfig']['S3OutputPath'].rstrip('/')}/{name}/output"
        self._store_archive(job, "opt/ml/model", f"{prefix}/model.tar.gz")
        if any((job / "opt/ml/output/data").glob("*")):
            self._store_archive(job, "opt/ml/output/data", f"{prefix}/output.tar.gz")
        described = {
            **arguments,
            "TrainingJobName": name,
            "ModelArtifacts": {"S3ModelArtifacts": f"{prefix}/model.tar.gz"},
            "FinalMetricDataList": _metrics(job, arguments["AlgorithmSpecification"].get("MetricDefinitions", [])),
        }
        return JobResult(described, attempts=attempts, cached=cached)

    def _train(
        self, job: Path, command: Sequence[str], environment: Mapping[str, str], arguments: Mapping[str, Any], *,
        reclaim: bool,
    ) -> int:  # fmt: skip
        spot = bool(arguments.get("EnableManagedSpotTraining"))
        kept = arguments.get("CheckpointConfig")
        local = moved(job, kept.get("LocalPath", "/opt/ml/checkpoints")) if kept else None
        attempt, limit = 1, arguments["StoppingCondition"]["MaxRuntimeInSeconds"]
        while True:
            for folder in ("opt/ml/model", "opt/ml/output/data"):
                _emptied(job / folder)
            if kept and local:
                _emptied(local)
                with contextlib.suppress(FileNotFoundError):  # the first start of a job has no checkpoint
                    self.fetch(kept["S3Uri"], local)
            process = self._start(job, command, environment, job / "opt/ml/code")
            taken = (
                spot and reclaim and attempt == 1 and local is not None and _take_at_checkpoint(process, local, limit)
            )
            if not taken:
                self._finish(job, process, limit)
            if kept and local:
                self._store_folder(local, kept["S3Uri"])
            if not taken:
                return attempt
            attempt += 1

    def _start(
        self, job: Path, command: Sequence[Any], environment: Mapping[str, Any], folder: Path
    ) -> subprocess.Popen[bytes]:
        programs = job / "bin"
        programs.mkdir(parents=True, exist_ok=True)
        for name in ("python", "python3"):  # a wrapper, since a symbolic link would lose a virtual environment
            script = programs / name
            guarded = f"PYTHONPATH='{OFFLINE}'${{PYTHONPATH:+:$PYTHONPATH}} exec '{self.python}' \"$@\""
            script.write_text(f"#!/bin/sh\n{guarded}\n", encoding="utf-8")
            script.chmod(0o755)
        variables = {
            "PATH": f"{programs}{os.pathsep}{os.environ.get('PATH', os.defpath)}",
            "HOME": str(job),
            "LANG": "C.UTF-8",
            "PYTHONUNBUFFERED": "1",
            **{key: _moved_text(job, str(value)) for key, value in environment.items()},
        }
        argv = [_moved_text(job, str(part)) for part in command]
        with (job / "stdout.log").open("ab") as out, (job / "stderr.log").open("ab") as err:
            try:
                process = subprocess.Popen(  # noqa: S603 -- running the definition's command is what this is for
                    argv, cwd=folder, env=variables, stdin=subprocess.DEVNULL, stdout=out, stderr=err,
                    start_new_session=True,
                )  # fmt: skip
            except OSError as error:
                raise JobFailed(f"{argv[0]} cannot be started: {error}") from error
        self._running.add(process)
        return process

    def _finish(self, job: Path, process: subprocess.Popen[bytes], seconds: float) -> None:
        try:
            code = process.wait(timeout=seconds)
        except subprocess.TimeoutExpired:
            raise JobFailed(f"it ran longer than MaxRuntimeInSeconds = {seconds}{_tail(job)}") from None
        finally:
            if process.poll() is None:  # also when the user interrupts: the job and its children end with us
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
            self._running.discard(process)
        if code:
            raise JobFailed(_reason(job) or f"exit code {code}{_tail(job)}")

    def _fetch(self, uri: str, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        try:
            self.fetch(uri, folder)
        except FileNotFoundError as error:
            raise JobFailed(f"there is no object at or below {uri}") from error

    def _unpack_source(self, source: str, job: Path) -> None:
        """Unpack the code, from S3 or, for an isolated job, from a channel (toolkit, sagemaker_submit_directory)."""
        if source.startswith("s3://"):
            self._fetch(source, job / "source")
            tarball = next((job / "source").iterdir())
        else:
            tarball = moved(job, source)
        if not tarball.is_file():
            raise JobFailed(f"sagemaker_submit_directory = {source} is not there: no channel brings it")
        (job / "opt/ml/code").mkdir(parents=True)
        with tarfile.open(tarball) as archive:
            unpack(archive, job / "opt/ml/code")
        if (job / "opt/ml/code/requirements.txt").exists():
            raise JobFailed(
                "the source has a requirements.txt, and nothing is installed here: use the image's packages"
            )

    def _store_folder(self, folder: Path, uri: str) -> None:
        for path in sorted(path for path in folder.rglob("*") if path.is_file()):
            self.store(path, f"{uri.rstrip('/')}/{path.relative_to(folder).as_posix()}")

    def _store_archive(self, job: Path, folder: str, uri: str) -> None:
        path = job / Path(uri).name
        path.write_bytes(packed(job / folder))
        self.store(path, uri)


def packed(folder: Path) -> bytes:
    """Return the folder's contents as tar.gz; the same contents give the same bytes."""
    plain = io.BytesIO()
    with tarfile.open(fileobj=plain, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for path in sorted(path for path in folder.rglob("*") if path.is_file()):
            entry = tarfile.TarInfo(path.relative_to(folder).as_posix())
            entry.size, entry.mode = path.stat().st_size, 0o644
            with path.open("rb") as content:
                archive.addfile(entry, content)
    return gzip.compress(plain.getvalue(), mtime=0)


def moved(job: Path, path: str) -> Path:
    """Return where a container path below /opt/ml lies locally. Raises `JobFailed` for any other path."""
    if not path.startswith("/opt/ml/") or ".." in Path(path).parts:
        raise JobFailed(f"{path} does not lie below /opt/ml/")
    return job / path.lstrip("/")


def _moved_text(job: Path, text: str) -> str:
    return _ROOT.sub(lambda _found: f"{job}/opt/ml", text)


def _toolkit_variables(
    name: str, parameters: Mapping[str, str], channels: Sequence[str], flags: Sequence[str]
) -> dict[str, str]:
    return {
        "PYTHONPATH": "/opt/ml/code",
        "TRAINING_JOB_NAME": name,
        "SM_MODEL_DIR": "/opt/ml/model",
        "SM_INPUT_DIR": "/opt/ml/input",
        "SM_INPUT_CONFIG_DIR": "/opt/ml/input/config",
        "SM_OUTPUT_DIR": "/opt/ml/output",
        "SM_OUTPUT_DATA_DIR": "/opt/ml/output/data",
        "SM_CHANNELS": json.dumps(list(channels)),
        "SM_HOSTS": '["algo-1"]',
        "SM_CURRENT_HOST": "algo-1",
        "SM_NUM_CPUS": str(os.cpu_count() or 1),
        "SM_NUM_GPUS": "0",
        "SM_HPS": json.dumps(dict(parameters)),
        "SM_USER_ARGS": json.dumps(list(flags)),
        **{f"SM_CHANNEL_{channel.upper()}": f"/opt/ml/input/data/{channel}" for channel in channels},
        **{f"SM_HP_{key.upper()}": value for key, value in parameters.items()},
    }


def _take_at_checkpoint(process: subprocess.Popen[bytes], checkpoints: Path, seconds: float) -> bool:
    """End the process as a reclaimed spot instance would; return False if it ended first."""
    until = monotonic() + seconds
    while process.poll() is None and monotonic() < until:
        if any(not path.name.startswith(".") for path in checkpoints.iterdir()):
            os.killpg(process.pid, signal.SIGTERM)
            try:
                process.wait(timeout=NOTICE_SECONDS)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
            return process.returncode != 0
        sleep(POLL_SECONDS)
    return False


def _metrics(job: Path, definitions: Sequence[Mapping[str, str]]) -> dict[str, dict[str, Any]]:
    log = (job / "log/stdout.log").read_text(encoding="utf-8", errors="replace")
    found = {item["Name"]: re.findall(item["Regex"], log) for item in definitions}
    return {name: {"MetricName": name, "Value": float(values[-1])} for name, values in found.items() if values}


def _emptied(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for path in sorted(folder.rglob("*"), reverse=True):  # contents before the folders that hold them
        if path.is_dir() and not path.is_symlink():
            path.rmdir()
        else:
            path.unlink()


def _reason(job: Path) -> str:
    """Return the reason that a job left for its failure, if it left one."""
    found = [job / name for name in _MESSAGES if (job / name).is_file()]
    return found[0].read_text(encoding="utf-8", errors="replace").strip() if found else ""


def _tail(job: Path) -> str:
    lines = (job / "stderr.log").read_text(encoding="utf-8", errors="replace").splitlines()[-TAIL_LINES:]
    return "\n" + "\n".join(f"    {line}" for line in lines) if lines else ", and nothing on its standard error"


def _write_json(path: Path, document: Any) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(document), encoding="utf-8")
