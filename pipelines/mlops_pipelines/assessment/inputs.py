"""What an assessing step is given: the model, the records of a split, the model's answers; faults in plain words."""

from __future__ import annotations

import tarfile

import pandas as pd

from mlops_pipelines.assessment.answers import Answers, answers
from mlops_pipelines.modelling.loading import LoadedModel, load_model
from mlops_pipelines.modelling.matrices import read_records
from mlops_pipelines.steps.shell import Shell, StepFault


def read_model(given: Shell) -> LoadedModel:
    """Return the model of the run. Raises `StepFault` where its archive cannot be read, or is of another problem."""
    path = given.input / "model" / "model.tar.gz"
    try:
        model = load_model(path)
    except (OSError, tarfile.TarError, KeyError, ValueError) as error:
        raise StepFault(f"input model has no readable model.tar.gz: {error}") from error
    wanted = (given.settings.problem, given.settings.label)
    if (model.problem, model.label) != wanted:
        raise StepFault(
            f"model.tar.gz holds a {model.problem} model of {model.label}, the settings ask for a {wanted[0]} model of "
            f"{wanted[1]}: train it with these settings"
        )
    return model


def read_split(given: Shell, name: str) -> pd.DataFrame:
    """Return the records of a split. Raises `StepFault` where the file is missing, unreadable or empty."""
    path = given.input / name / f"{name}.csv"
    try:
        frame = read_records(path, given.schema)
    except (OSError, ValueError) as error:
        raise StepFault(f"input {name} has no readable {name}.csv: {error}") from error
    if frame.empty:
        raise StepFault(f"{name}.csv holds no record: there is nothing to measure on")
    return frame


def answered(model: LoadedModel, frame: pd.DataFrame, name: str) -> Answers:
    """Return the model's answers for a split. Raises `StepFault` naming each column that is missing or doesn't fit."""
    wanted = [*(column["name"] for column in model.columns), model.label]
    missing = [column for column in wanted if column not in frame]
    if missing:
        raise StepFault(f"{name}.csv lacks {', '.join(missing)}, which the model needs")
    try:
        return answers(model, frame)
    except ValueError as error:
        raise StepFault(f"{name}.csv: {error}") from error
