"""Find hyperparameters: Bayesian search over one family, or over all of them, by cross-validation.

A dozen candidates judged on one small validation set are ranked by luck as much as by merit. So each is trained and
judged on three folds of the training and validation sets together, from which the test set stays away, and its score is
the mean of the configured metric. A candidate that is behind the median after a fold is given up. The family of the
best score is taken, and of that family not simply the best model, but the simplest one that is worse by no more than
one standard error of the difference (the one-standard-error rule of Breiman et al., 1984; the error is bootstrapped
over the same records for both, since two models of the same data err together). Defaults are always candidates.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from mlops_pipelines.modelling.estimators import Diverged, Learner, fit, outputs
from mlops_pipelines.modelling.families import (
    SPECIFICATIONS,
    Hyperparameters,
    complexity,
    family_fault,
    hyperparameter_faults,
    hyperparameters,
)
from mlops_pipelines.modelling.judging import binary_threshold, decisions
from mlops_pipelines.modelling.matrices import Split
from mlops_pipelines.modelling.metrics import gain, greater_is_better, score
from mlops_pipelines.modelling.training import prepare
from mlops_pipelines.settings import SEARCHES, Settings
from mlops_pipelines.steps.shell import StepFault

FOLDS = 3
"""Of a class with fewer records than that, each fold gets at most one: there are as many folds as it has records."""
MOST_RECORDS = 20_000
"""Of larger sets a sample of that many records is searched on; the training job uses all of them."""
RESAMPLES = 50
"""Bootstrap samples of every fold, for the standard error of a difference."""
STARTUP_TRIALS = 4
"""Random trials before the search follows what it has seen (optuna's default of 10 leaves too few of a dozen)."""


@dataclass(frozen=True)
class Judged:
    """What a model was asked on the records of a fold that it was not trained on, and what it answered."""

    actual: npt.NDArray[Any]
    answers: npt.NDArray[np.float64]
    decided: npt.NDArray[Any]


@dataclass(frozen=True)
class Trial:
    """One candidate: its mean score over the folds it was judged on, None where training diverged.

    `complete` is false for one that was given up before the last fold.
    """

    number: int
    family: str
    hyperparameters: Hyperparameters
    score: float | None = None
    folds: tuple[Judged, ...] = ()
    complete: bool = False


def search(
    sets: Mapping[str, pd.DataFrame], schema: Mapping[str, Any], settings: Settings,
    on_trial: Callable[[Trial], None] = lambda _trial: None,
) -> dict[str, Any]:  # fmt: skip
    """Return search.json: the chosen family and hyperparameters, and every trial.

    Mode `none` has one trial, the configured family's defaults with the configured hyperparameters; `tune` searches
    what is not configured of that family; `automl` searches all families. Raises `StepFault` for an unknown mode,
    family or hyperparameter, for data that cannot be trained with, and when every trial diverged.
    """
    from sklearn import config_context
    from threadpoolctl import threadpool_limits

    _check(settings)
    _, splits = prepare(sets, schema, settings)
    data = _sample(_joined(splits["train"], splits["validation"]), settings.seed)
    # Sums in another order would give other scores: one thread. Data and hyperparameters were checked above; that
    # scikit-learn checks them again for every tree and batch would take most of the time.
    with threadpool_limits(limits=1), config_context(assume_finite=True, skip_parameter_validation=True):
        trials = _Objective(settings, data, on_trial).trials()
        best, chosen, error = select(trials, settings.gates.metric, settings.seed)
    return {
        "mode": settings.search.mode,
        "family": chosen.family,
        "hyperparameters": dict(chosen.hyperparameters),
        "metric": settings.gates.metric,
        "score": chosen.score,
        "trials": [
            {
                "number": trial.number,
                "family": trial.family,
                "hyperparameters": dict(trial.hyperparameters),
                "score": trial.score,
                "folds": len(trial.folds),
                "complete": trial.complete,
            }
            for trial in trials
        ],
        "seed": settings.seed,
        "selection": {
            "rule": "of the best family, the simplest within one standard error of the best",
            "best": {"number": best.number, "score": best.score},
            "chosen": {"number": chosen.number, "score": chosen.score, "standard_error": error},
        },
        "records": len(data.target),
    }


def select(trials: Sequence[Trial], metric: str, seed: int) -> tuple[Trial, Trial, float]:
    """Return the best trial, the chosen one, and the standard error of the difference between the two.

    Raises `StepFault` when no trial was judged on all folds.
    """
    scored = [trial for trial in trials if trial.score is not None and trial.complete]
    if not scored:
        raise StepFault(
            f"all {len(trials)} trials failed: training diverged, or {metric} is not defined on a third of the data; "
            "add records of rare classes, look for extreme values, or take another search.family"
        )
    best = max(scored, key=lambda trial: (gain(metric, float(trial.score or 0), 0.0), -trial.number))
    reference = _resampled(best, metric, seed)
    rivals = [trial for trial in scored if trial.family == best.family]
    for trial in sorted(rivals, key=lambda trial: (complexity(trial.family, trial.hyperparameters), trial.number)):
        if trial is best:
            break
        differences = reference - _resampled(trial, metric, seed)
        error = float(np.nanstd(differences)) if np.isfinite(differences).any() else 0.0
        if gain(metric, float(best.score or 0), float(trial.score or 0)) <= error:
            return best, trial, error
    return best, best, 0.0


class _Objective:
    """What a search optimises; it remembers every trial, and trains no candidate twice."""

    def __init__(self, settings: Settings, data: Split, on_trial: Callable[[Trial], None]) -> None:
        self._settings, self._data, self._on_trial = settings, data, on_trial
        self._folds = _folds(settings, data)
        self._found: list[Trial] = []

    def trials(self) -> list[Trial]:
        mode, family = self._settings.search.mode, self._settings.search.family
        if mode == "none":
            self._try(family, self._fixed(family), lambda _score, _fold: False)
        else:
            self._optimise([family] if mode == "tune" else list(SPECIFICATIONS))
        return self._found

    def _optimise(self, families: Sequence[str]) -> None:
        import optuna

        optuna.logging.set_verbosity(optuna.logging.ERROR)
        direction = "maximize" if greater_is_better(self._settings.gates.metric) else "minimize"
        sampler = optuna.samplers.TPESampler(seed=self._settings.seed, n_startup_trials=STARTUP_TRIALS)
        pruner = optuna.pruners.MedianPruner(n_startup_trials=STARTUP_TRIALS)
        study = optuna.create_study(direction=direction, sampler=sampler, pruner=pruner)
        for family in families:  # the defaults come first, so that no search ends below them unseen
            free = {f"{family}.{name}": SPECIFICATIONS[family].defaults[name] for name in self._free(family)}
            study.enqueue_trial({**({"family": family} if len(families) > 1 else {}), **free})

        def objective(trial: Any) -> float:
            def behind(score: float, fold: int) -> bool:
                trial.report(score, fold)
                return bool(trial.should_prune())

            family = trial.suggest_categorical("family", list(families)) if len(families) > 1 else families[0]
            values = hyperparameters(family, {**self._suggested(trial, family), **self._fixed(family)})
            seen = [tried for tried in self._found if (tried.family, tried.hyperparameters) == (family, values)]
            tried = seen[0] if seen else self._try(family, values, behind)
            if tried.score is None or not tried.complete:
                raise optuna.TrialPruned
            return tried.score

        nothing_free = len(families) == 1 and not self._free(families[0])
        study.optimize(objective, n_trials=1 if nothing_free else self._settings.search.trials)

    def _fixed(self, family: str) -> dict[str, float]:
        known, given = SPECIFICATIONS[family].hyperparameters, self._settings.search.hyperparameters
        fixed = {name: value for name, value in given.items() if name in known}
        return hyperparameters(family, fixed) if self._settings.search.mode == "none" else fixed

    def _free(self, family: str) -> list[str]:
        return [name for name in SPECIFICATIONS[family].hyperparameters if name not in self._fixed(family)]

    def _suggested(self, trial: Any, family: str) -> dict[str, float]:
        values: dict[str, float] = {}
        for name in self._free(family):
            known = SPECIFICATIONS[family].hyperparameters[name]
            if known.step:
                values[name] = trial.suggest_int(f"{family}.{name}", int(known.low), int(known.high), step=known.step)
            else:
                values[name] = trial.suggest_float(f"{family}.{name}", known.low, known.high, log=known.log)
        return values

    def _try(self, family: str, values: Hyperparameters, behind: Callable[[float, int], bool]) -> Trial:
        metric, number, judged = self._settings.gates.metric, len(self._found), []
        learner = Learner(family, self._settings.problem, values, self._settings.seed)
        tried = Trial(number, family, values)
        for fold in range(len(self._folds)):
            try:
                judged.append(self._judged(learner, fold))
            except Diverged:
                tried = Trial(number, family, values)
                break
            mean = float(np.mean([score(metric, one.actual, one.answers, one.decided) for one in judged]))
            if not math.isfinite(mean):  # the metric is not defined on this fold
                tried = Trial(number, family, values)
                break
            complete = len(judged) == len(self._folds)
            tried = Trial(number, family, values, mean, tuple(judged), complete)
            if behind(mean, fold) and not complete:
                break
        self._found.append(tried)
        self._on_trial(tried)
        return tried

    def _judged(self, learner: Learner, fold: int) -> Judged:
        own, other = self._folds[fold]
        features, target = self._data.features, self._data.target
        answers = outputs(learner.problem, fit(learner, features[own], target[own]), features[other])
        if not np.isfinite(answers).all():
            raise Diverged("the model answers with infinite values")
        actual = target[other]
        threshold = binary_threshold(actual, answers) if learner.problem == "binary" else None
        return Judged(actual, answers, decisions(learner.problem, answers, threshold))


def _folds(settings: Settings, data: Split) -> list[tuple[npt.NDArray[Any], npt.NDArray[Any]]]:
    from sklearn.model_selection import KFold, StratifiedKFold

    if settings.problem == "regression":
        return list(KFold(FOLDS, shuffle=True, random_state=settings.seed).split(data.features))
    rarest = int(np.unique(data.target, return_counts=True)[1].min())
    folds = StratifiedKFold(min(FOLDS, rarest), shuffle=True, random_state=settings.seed)
    return list(folds.split(data.features, data.target))


def _check(settings: Settings) -> None:
    chosen, faults = settings.search, []
    if chosen.mode not in SEARCHES:
        faults.append(f"search mode {chosen.mode!r} is none of {', '.join(SEARCHES)}")
    if chosen.trials < 1:
        faults.append(f"search.trials = {chosen.trials}: at least one trial is needed")
    fault = family_fault(chosen.family)
    if fault:
        faults.append(fault)
    elif chosen.mode == "automl":
        owners = {
            name: [family for family in SPECIFICATIONS if name in SPECIFICATIONS[family].hyperparameters]
            for name in chosen.hyperparameters
        }
        faults += [f"hyperparameter {name} is none of any family's" for name, own in owners.items() if not own]
        faults += [
            fault
            for name, own in owners.items()
            for family in own
            for fault in hyperparameter_faults(family, {name: chosen.hyperparameters[name]})
        ]
    else:
        faults += hyperparameter_faults(chosen.family, chosen.hyperparameters)
    if faults:
        raise StepFault("settings.json, search: " + "; ".join(faults))


def _joined(one: Split, other: Split) -> Split:
    return Split(np.concatenate([one.features, other.features]), np.concatenate([one.target, other.target]))


def _sample(data: Split, seed: int) -> Split:
    if len(data.target) <= MOST_RECORDS:
        return data
    taken = np.sort(np.random.default_rng(seed).choice(len(data.target), MOST_RECORDS, replace=False))
    return Split(data.features[taken], data.target[taken])


def _resampled(trial: Trial, metric: str, seed: int) -> npt.NDArray[np.float64]:
    """Return the mean score over the folds, each bootstrapped; the same seed takes the same records of any trial."""
    random = np.random.default_rng(seed)
    found = []
    for _ in range(RESAMPLES):
        scores = []
        for fold in trial.folds:
            rows = random.integers(0, len(fold.actual), len(fold.actual))
            scores.append(score(metric, fold.actual[rows], fold.answers[rows], fold.decided[rows]))
        found.append(float(np.mean(scores)))
    return np.array(found)
