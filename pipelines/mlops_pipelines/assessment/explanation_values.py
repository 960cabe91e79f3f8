"""SHAP values of a model by the explainer that suits its family, checked against the model's own answers.

| estimator | explainer | what is explained |
| --- | --- | --- |
| forest, boosted regression | TreeExplainer along the trees' paths | the score itself |
| boosted binary classifier | TreeExplainer against 100 training records | the probability |
| logistic regression | LinearExplainer against the training set's means | the log-odds |
| linear regression | LinearExplainer against the training set's means | the prediction |
| any other | KernelExplainer against 25 training records, 100 records | the score itself |
"""

from __future__ import annotations

import copy
import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from mlops_pipelines.assessment.seeding import seeded
from mlops_pipelines.modelling.loading import LoadedModel

Numbers = npt.NDArray[np.float64]

TREE_BACKGROUND, KERNEL_BACKGROUND = 100, 25
KERNEL_RECORDS = 100
"""Kernel SHAP asks the model for thousands of answers per record."""
KERNEL_SAMPLES = 100
"""Coalitions of features that kernel SHAP tries per record, beside two for every feature."""
TOLERANCE = 1e-6
"""Largest difference of base value and SHAP values from the answer, as a share of the answers' spread (at least 1)."""


@dataclass(frozen=True)
class Attribution:
    """SHAP values of records: `values` by record, feature and output; `base` by output; `answers` by record and output.

    `places` are the records that were explained, of those that were given. There is one output, or one per class.
    """

    method: str
    output: str
    values: Numbers
    base: Numbers
    answers: Numbers
    places: npt.NDArray[np.int64]

    def difference(self) -> float:
        """Return by how much base value and SHAP values miss the model's answer at most."""
        return float(np.abs(self.values.sum(axis=1) + self.base - self.answers).max())

    def tolerance(self) -> float:
        """Return by how much they may."""
        return TOLERANCE * max(1.0, float(self.answers.std()))


def attribution(model: LoadedModel, background: Numbers, matrix: Numbers, seed: int) -> Attribution:
    """Return the SHAP values of records. Raises `ValueError` where they do not add up to the model's answers."""
    from sklearn.ensemble import (
        GradientBoostingClassifier,
        GradientBoostingRegressor,
        RandomForestClassifier,
        RandomForestRegressor,
    )
    from sklearn.linear_model import LinearRegression, LogisticRegression, Ridge

    final = _final(model.estimator)
    if isinstance(final, (RandomForestClassifier, RandomForestRegressor, GradientBoostingRegressor)):
        found = _of_trees(model, background, matrix)
    elif isinstance(final, GradientBoostingClassifier) and model.problem == "binary":
        found = _of_boosted_probability(model, background, matrix, seed)
    elif isinstance(final, (LogisticRegression, LinearRegression, Ridge)):
        found = _of_coefficients(model, background, matrix)
    else:
        found = _by_sampling(model, background, matrix, seed)
    if not found.difference() <= found.tolerance():
        raise ValueError(
            f"the SHAP values of {found.method} and their base value miss the model's {found.output} by up to "
            f"{found.difference():.3g}, where {found.tolerance():.3g} is allowed: they explain another model; check "
            "that shap and scikit-learn have the versions of requirements.lock"
        )
    return found


def shap_library() -> Any:
    """Return the package shap, loaded when it is first asked for."""
    with warnings.catch_warnings():
        # Its plots, which nobody asks for here, set colours at import in a way that matplotlib will drop.
        warnings.filterwarnings("ignore", category=PendingDeprecationWarning)
        import shap
    return shap


def output_name(model: LoadedModel) -> str:
    """Return what a model's scores are."""
    return "prediction" if model.problem == "regression" else "probability"


def _of_trees(model: LoadedModel, _background: Numbers, matrix: Numbers) -> Attribution:
    explainer = shap_library().TreeExplainer(_final(model.estimator))
    values = _by_output(explainer.shap_values(_before(model.estimator, matrix), check_additivity=False))
    base = np.ravel(explainer.expected_value)
    if model.problem == "binary":
        values, base = values[:, :, 1:], base[1:]
    method = "shap.TreeExplainer along the trees' paths"
    return Attribution(method, output_name(model), values, base, _scores(model, matrix), np.arange(len(matrix)))


def _of_boosted_probability(model: LoadedModel, background: Numbers, matrix: Numbers, seed: int) -> Attribution:
    explainer = shap_library().TreeExplainer(
        _with_single_splits(_final(model.estimator)),
        _before(model.estimator, _some(background, TREE_BACKGROUND, seed)),
        feature_perturbation="interventional",
        model_output="probability",
    )
    values = _by_output(explainer.shap_values(_before(model.estimator, matrix), check_additivity=False))
    method = f"shap.TreeExplainer against {min(TREE_BACKGROUND, len(background))} training records"
    base = np.ravel(explainer.expected_value)
    return Attribution(method, "probability", values, base, _scores(model, matrix), np.arange(len(matrix)))


def _of_coefficients(model: LoadedModel, background: Numbers, matrix: Numbers) -> Attribution:
    shap = shap_library()
    final, seen = _final(model.estimator), _before(model.estimator, background)
    explainer = shap.LinearExplainer(final, shap.maskers.Independent(seen, max_samples=len(seen)))
    rows = _before(model.estimator, matrix)
    values, base = _by_output(explainer.shap_values(rows)), np.ravel(explainer.expected_value)
    if model.problem == "regression":
        answers, output = _scores(model, matrix), "prediction"
    else:
        answers, output = np.asarray(final.decision_function(rows)).reshape(len(rows), -1), "log-odds"
    method = "shap.LinearExplainer against the training set's means"
    return Attribution(method, output, values, base, answers, np.arange(len(matrix)))


def _by_sampling(model: LoadedModel, background: Numbers, matrix: Numbers, seed: int) -> Attribution:
    places = np.arange(len(matrix))
    if len(matrix) > KERNEL_RECORDS:
        places = np.sort(np.random.default_rng([seed, 5]).choice(len(matrix), KERNEL_RECORDS, replace=False))
    samples = KERNEL_SAMPLES + 2 * matrix.shape[1]
    with seeded(seed):
        explainer = shap_library().KernelExplainer(model.scores, _some(background, KERNEL_BACKGROUND, seed))
        raw = explainer.shap_values(matrix[places], nsamples=samples, l1_reg=False, silent=True)
    method = f"shap.KernelExplainer against {min(KERNEL_BACKGROUND, len(background))} training records"
    base = np.ravel(explainer.expected_value)
    return Attribution(method, output_name(model), _by_output(raw), base, _scores(model, matrix[places]), places)


def _final(estimator: Any) -> Any:
    """Return the last step of a scikit-learn pipeline, or the estimator itself."""
    return estimator[-1] if hasattr(estimator, "named_steps") else estimator


def _before(estimator: Any, matrix: Numbers) -> Numbers:
    """Return records as that last step sees them."""
    return np.asarray(estimator[:-1].transform(matrix)) if hasattr(estimator, "named_steps") else matrix


def _with_single_splits(estimator: Any) -> Any:
    """Return a copy of trees that branches alike, and whose splits are single-precision numbers.

    Scikit-learn compares records in single precision with splits in double; against a background shap rounds the
    splits too, and a record just above one that is rounded up would go the other way. Rounded down, they part the same
    records.
    """
    rounded = copy.deepcopy(estimator)
    for tree in np.ravel(rounded.estimators_):
        splits = tree.tree_.threshold
        single = splits.astype(np.float32)
        splits[:] = np.where(single > splits, np.nextafter(single, np.float32(-np.inf)), single)
    return rounded


def _by_output(values: Any) -> Numbers:
    plain = np.asarray(values, dtype=np.float64)
    return plain if plain.ndim == 3 else plain[:, :, None]


def _scores(model: LoadedModel, matrix: Numbers) -> Numbers:
    return model.scores(matrix).reshape(len(matrix), -1)


def _some(background: Numbers, most: int, seed: int) -> Numbers:
    if len(background) <= most:
        return background
    return background[np.sort(np.random.default_rng([seed, 6]).choice(len(background), most, replace=False))]
