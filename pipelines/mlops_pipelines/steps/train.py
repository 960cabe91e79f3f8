"""Train: the family and hyperparameters that the search found, in stages, with a checkpoint after each.

Started by the training toolkit in script mode: data come by the channels train and validation, the search's result by
the channel search (without it, the settings' family and hyperparameters are used). Managed spot instances are taken
away at two minutes' notice, which comes as SIGTERM; SageMaker copies the checkpoint folder to S3 while the job runs and
brings it back when the job starts again, where training goes on. Interrupted or not, the same data and seed give the
same model, byte for byte. The protected attributes are never trained on.

Writes to the model folder: model.joblib, metadata.json, and code/inference.py, which the serving container runs.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from types import FrameType
from typing import Any

from mlops_pipelines.modelling import matrices
from mlops_pipelines.modelling.checkpoints import Checkpoint
from mlops_pipelines.modelling.training import train
from mlops_pipelines.settings import read_settings
from mlops_pipelines.steps.shell import StepFault, fail

TERMINATED = 128 + signal.SIGTERM
"""The exit code of a process that SIGTERM ended: SageMaker starts a managed spot job again."""
_SETS = ("train", "validation")


class InstanceTaken(BaseException):  # no handler of errors may hold it up
    """The instance is being taken away, and the checkpoint is written."""


@dataclass
class Notice:
    """Whether notice was given that the instance goes; training ends at the next checkpoint then."""

    given: bool = False

    def give(self, _signal: int, _frame: FrameType | None) -> None:
        """Take the signal. Only a flag is set: a stage that is under way is finished and saved."""
        self.given = True

    def on_checkpoint(self, checkpoint: Checkpoint) -> None:
        """Say what stands, and raise `InstanceTaken` if notice was given."""
        _log(f"checkpoint={checkpoint.stages} train-loss={checkpoint.losses[-1]:.6f}")
        if self.given:
            raise InstanceTaken


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the step with the training toolkit's conventions: SM_* variables, hyperparameters as arguments.

    Returns 0; 1 for a `StepFault`, with the reason on stderr and in the file that SageMaker reads it from (`failure` in
    SM_OUTPUT_DIR, /opt/ml/output by default); 143 when the instance is taken away, with a checkpoint to go on from.
    """
    given = _parser(os.environ).parse_args(arguments)
    notice = Notice()
    before = signal.signal(signal.SIGTERM, notice.give)
    try:
        metadata = _train(given, notice)
    except InstanceTaken:
        _log("the instance is taken away: training goes on from this checkpoint when the job starts again")
        return TERMINATED
    except StepFault as fault:
        fail(str(fault), Path(os.environ.get("SM_OUTPUT_DIR", "/opt/ml/output"), "failure"))
        return 1
    finally:
        signal.signal(signal.SIGTERM, before)
    _log(f"family={metadata['family']} hyperparameters={json.dumps(metadata['hyperparameters'])}")
    _log(f"train-score={metadata['train_score']:.6f}")
    _log(f"validation-score={metadata['validation_score']:.6f}")
    return 0


def _parser(environment: Mapping[str, str]) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__)
    for channel in (*_SETS, "search"):
        parser.add_argument(f"--{channel}", type=Path, default=environment.get(f"SM_CHANNEL_{channel.upper()}") or None)
    parser.add_argument("--model-dir", type=Path, default=environment.get("SM_MODEL_DIR", "/opt/ml/model"))
    parser.add_argument("--code", type=Path, default=Path(), help="folder of settings.json and schema.json")
    parser.add_argument("--checkpoint-dir", type=Path, default=Path("/opt/ml/checkpoints"))
    parser.add_argument("--seed", type=int, help="in place of the settings' seed")
    return parser


def _train(given: argparse.Namespace, notice: Notice) -> dict[str, Any]:
    plain, schema = (_read(given.code / name) for name in ("settings.json", "schema.json"))
    try:
        settings = read_settings(plain)
    except ValueError as error:
        raise StepFault(f"settings.json: {error}") from error
    if given.seed is not None:
        settings = replace(settings, seed=given.seed)
    search = _read(given.search / "search.json") if given.search else None
    sets = {}
    for name in _SETS:
        folder = getattr(given, name)
        if folder is None:
            raise StepFault(f"there is no channel {name}: SM_CHANNEL_{name.upper()} and --{name} are not set")
        try:
            sets[name] = matrices.read_records(folder / f"{name}.csv", schema)
        except (OSError, ValueError) as error:
            raise StepFault(f"channel {name} has no readable {name}.csv: {error}") from error
    return train(
        sets, schema, settings, given.model_dir, given.checkpoint_dir, search=search,
        on_checkpoint=notice.on_checkpoint, warn=_warn,
    )  # fmt: skip


def _read(path: Path) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise StepFault(f"{path} is not readable: {error}") from error


def _log(line: str) -> None:
    print(line, flush=True)  # noqa: T201 -- a container's log is its standard output


def _warn(line: str) -> None:
    print(line, file=sys.stderr, flush=True)  # noqa: T201 -- a container's log is its standard error


if __name__ == "__main__":
    sys.exit(main())
