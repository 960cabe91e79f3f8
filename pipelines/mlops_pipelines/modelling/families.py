"""The algorithm families as plain data: their hyperparameters, defaults, limits and search spaces.

Nothing here loads scikit-learn: configuration is checked against these tables too. `estimators` builds and trains them.
"""

from __future__ import annotations

import difflib
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

Hyperparameters = Mapping[str, float]
"""Values by name; whole numbers are ints."""


@dataclass(frozen=True)
class Hyperparameter:
    """One hyperparameter: its default, the range that is searched (both ends included), and what it may be at all.

    `step` makes it a whole number, searched in that step; `log` has the range searched by orders of magnitude. `least`
    and `most` bound what may be configured.
    """

    default: float
    low: float
    high: float
    least: float
    most: float
    step: int = 0
    log: bool = False

    def fault(self, value: float) -> str | None:
        """Return what is wrong with a value, or None."""
        kind = "whole number" if self.step else "number"
        numeric = type(value) in (int, float) and math.isfinite(value)  # a truth value is an int to `isinstance`
        if numeric and self.least <= value <= self.most and not (self.step and value != int(value)):
            return None
        return f"it takes a {kind} from {self.least:g} to {self.most:g}"


@dataclass(frozen=True)
class Family:
    """An algorithm family: its hyperparameters by name, and how many parameters a model of it may learn at most.

    `size` takes hyperparameters and orders the models of one family by complexity; only the order matters.
    """

    hyperparameters: Mapping[str, Hyperparameter]
    size: Callable[[Hyperparameters], float]

    @property
    def defaults(self) -> dict[str, float]:
        """The hyperparameters where nothing is configured and nothing is searched."""
        return {name: parameter.default for name, parameter in self.hyperparameters.items()}


SPECIFICATIONS: Mapping[str, Family] = {
    "linear": Family(
        {"regularisation": Hyperparameter(1.0, 1e-3, 1e3, 1e-9, 1e9, log=True)},
        lambda values: 1 / values["regularisation"],
    ),
    "gradient_boosting": Family(
        {
            "trees": Hyperparameter(80, 40, 160, 1, 5000, step=20),
            "learning_rate": Hyperparameter(0.08, 0.02, 0.3, 1e-4, 1.0, log=True),
            "depth": Hyperparameter(2, 1, 4, 1, 16, step=1),
            "min_samples_leaf": Hyperparameter(20, 5, 60, 1, 100_000, step=5),
        },
        # Leaves, each counted by the weight with which its tree is added.
        lambda values: values["trees"] * values["learning_rate"] * 2 ** values["depth"] / values["min_samples_leaf"],
    ),
    "random_forest": Family(
        {
            "trees": Hyperparameter(100, 40, 160, 1, 5000, step=20),
            "depth": Hyperparameter(8, 2, 12, 1, 64, step=1),
            "min_samples_leaf": Hyperparameter(5, 5, 40, 1, 100_000, step=5),
            "feature_share": Hyperparameter(0.4, 0.2, 1.0, 0.01, 1.0),
        },
        # Trees are averaged: more of them make no model more complex, deeper ones do.
        lambda values: 2 ** values["depth"] / values["min_samples_leaf"],
    ),
    "neural_network": Family(
        {
            "hidden_units": Hyperparameter(16, 8, 64, 1, 4096, step=8),
            "hidden_layers": Hyperparameter(1, 1, 2, 1, 8, step=1),
            "epochs": Hyperparameter(60, 20, 100, 1, 10_000, step=10),
            "learning_rate": Hyperparameter(0.003, 0.001, 0.02, 1e-6, 1.0, log=True),
            "regularisation": Hyperparameter(0.01, 1e-4, 1.0, 0.0, 1e3, log=True),
        },
        lambda values: values["epochs"] * values["learning_rate"] * values["hidden_units"] ** values["hidden_layers"],
    ),
}
"""Every family, the simplest first. Gradient boosting's defaults are those that the estate has always trained with.

- linear: logistic regression (classes) or ridge (a number), on standardised features; `regularisation` is the weight of
  the squared coefficients, as ridge's alpha and the inverse of logistic regression's C.
- gradient_boosting: shallow trees, each correcting the ones before.
- random_forest: deep trees over samples, averaged; `feature_share` is the share of features that a split may use.
- neural_network: a multi-layer perceptron on standardised features, trained by Adam.
"""


def family_fault(name: str) -> str | None:
    """Return what is wrong with the name of a family, with the nearest known one, or None."""
    if name in SPECIFICATIONS:
        return None
    near = difflib.get_close_matches(name, SPECIFICATIONS, n=1)
    return f"family {name!r} is none of {', '.join(SPECIFICATIONS)}" + (f"; did you mean {near[0]}?" if near else "")


def hyperparameter_faults(family: str, given: Hyperparameters) -> list[str]:
    """Return what is wrong with hyperparameters of a known family: one sentence per fault."""
    known = SPECIFICATIONS[family].hyperparameters
    faults = []
    for name, value in given.items():
        if name not in known:
            faults.append(f"hyperparameter {name} is none of {family}'s: {', '.join(known)}")
        elif fault := known[name].fault(value):
            faults.append(f"hyperparameter {name} = {value!r} does not suit {family}: {fault}")
    return faults


def hyperparameters(family: str, given: Hyperparameters | None = None) -> dict[str, float]:
    """Return all hyperparameters of a family: what is given, the defaults for the rest, whole numbers as ints.

    Raises `ValueError` naming an unknown family, and every unknown name and unfit value at once.
    """
    if fault := family_fault(family):
        raise ValueError(fault)
    if faults := hyperparameter_faults(family, given or {}):
        raise ValueError("; ".join(faults))
    specification = SPECIFICATIONS[family]
    values = {**specification.defaults, **(given or {})}
    return {
        name: int(values[name]) if parameter.step else float(values[name])
        for name, parameter in specification.hyperparameters.items()
    }


def complexity(family: str, values: Hyperparameters) -> tuple[int, float]:
    """Return how complex a model is, to be compared: a simpler family first, then a simpler model of it."""
    return list(SPECIFICATIONS).index(family), SPECIFICATIONS[family].size(values)
