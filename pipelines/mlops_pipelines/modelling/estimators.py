"""Scikit-learn estimators of the algorithm families, trained in stages after each of which training can be interrupted.

A stage is 20 trees, 10 epochs of a neural network, or 50 iterations of logistic regression; ridge has a closed form, so
one stage. Only estimators that ONNX can express are used. Every one takes the seed as a plain number, so that a stage's
random choices depend on the seed and on the stage alone, not on what ran before in the process.
"""

from __future__ import annotations

import copy
import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from mlops_pipelines.modelling.families import Hyperparameters

Numbers = npt.NDArray[np.float64]

TREES_PER_STAGE, EPOCHS_PER_STAGE, ITERATIONS_PER_STAGE = 20, 10, 50
MOST_ITERATIONS = 1000
"""After that many iterations logistic regression is taken as it is."""
BATCH = 64
"""Records of a neural network's gradient step."""


class Diverged(ArithmeticError):  # noqa: N818 -- the outcome of training, named for what happened
    """Training left the numbers that a computer can hold: weights or the loss are infinite or no number."""


@dataclass(frozen=True)
class Learner:
    """One way to train: a family with all its hyperparameters, for one kind of problem, from one seed."""

    family: str
    problem: str
    hyperparameters: Hyperparameters
    seed: int

    def new(self) -> Any:
        """Return the estimator before its first stage."""
        return _BUILDERS[self.family](self)

    def advance(self, estimator: Any, stage: int, features: Numbers, target: npt.NDArray[Any]) -> bool:
        """Train an estimator through its next stage (0 for the first); return whether it was the last.

        Raises `Diverged`.
        """
        try:
            with np.errstate(over="ignore", invalid="ignore"):  # a diverging network says so itself, below
                return bool(_STAGES[self.family](self, estimator, stage, features, target))
        except ValueError as error:
            if "non-finite" not in str(error):
                raise
            raise Diverged(f"training diverged in stage {stage + 1}: {error}") from error

    def finished(self, estimator: Any, target: npt.NDArray[Any]) -> Any:
        """Return the estimator as it is to be used after any stage, leaving the one that is being trained alone.

        A neural network learns a standardised number; its last layer then takes over the number's mean and spread.
        """
        if not self._standardises_target:
            return estimator
        usable = copy.deepcopy(estimator)
        mean, spread = _moments(target)
        network = usable[-1]
        network.coefs_[-1] = network.coefs_[-1] * spread
        network.intercepts_[-1] = network.intercepts_[-1] * spread + mean
        return usable

    @property
    def classifies(self) -> bool:
        """Whether it predicts a class, and not a number."""
        return self.problem != "regression"

    @property
    def _standardises_target(self) -> bool:
        return self.family == "neural_network" and not self.classifies

    def whole(self, name: str) -> int:
        """Return a hyperparameter that is a whole number."""
        return int(self.hyperparameters[name])


def fit(learner: Learner, features: Numbers, target: npt.NDArray[Any]) -> Any:
    """Return the estimator, trained through all its stages at once. Raises `Diverged`."""
    estimator, stage, done = learner.new(), 0, False
    while not done:
        done = learner.advance(estimator, stage, features, target)
        stage += 1
    return learner.finished(estimator, target)


def outputs(problem: str, estimator: Any, features: Numbers) -> Numbers:
    """Return what metrics take as scores: the positive class's probability, one column per class, or the prediction."""
    if problem == "regression":
        return np.asarray(estimator.predict(features), dtype=np.float64)
    probabilities = np.asarray(estimator.predict_proba(features), dtype=np.float64)
    return probabilities[:, 1] if problem == "binary" else probabilities


def training_loss(problem: str, estimator: Any, features: Numbers, target: npt.NDArray[Any]) -> float:
    """Return the cross-entropy in nats (classes) or the mean squared error (a number). Raises `Diverged`."""
    from sklearn.metrics import log_loss, mean_squared_error

    scores = outputs(problem, estimator, features)
    if not np.isfinite(scores).all():
        raise Diverged("the model answers training records with infinite values or none")
    if problem == "regression":
        return float(mean_squared_error(target, scores))
    classes = np.column_stack([1 - scores, scores]) if problem == "binary" else scores
    return float(log_loss(target, classes, labels=list(range(classes.shape[1]))))


def _gradient_boosting(learner: Learner) -> Any:
    from sklearn.ensemble import GradientBoostingClassifier, GradientBoostingRegressor

    kind = GradientBoostingClassifier if learner.classifies else GradientBoostingRegressor
    return kind(
        n_estimators=0, learning_rate=learner.hyperparameters["learning_rate"], max_depth=learner.whole("depth"),
        min_samples_leaf=learner.whole("min_samples_leaf"), random_state=learner.seed, warm_start=True,
    )  # fmt: skip


def _random_forest(learner: Learner) -> Any:
    from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor

    kind = RandomForestClassifier if learner.classifies else RandomForestRegressor
    return kind(
        n_estimators=0, max_depth=learner.whole("depth"), min_samples_leaf=learner.whole("min_samples_leaf"),
        max_features=learner.hyperparameters["feature_share"], random_state=learner.seed, warm_start=True, n_jobs=1,
    )  # fmt: skip


def _linear(learner: Learner) -> Any:
    from sklearn.linear_model import LogisticRegression, Ridge

    strength = learner.hyperparameters["regularisation"]
    if learner.classifies:
        return _scaled(LogisticRegression(C=1 / strength, max_iter=ITERATIONS_PER_STAGE, warm_start=True))
    return _scaled(Ridge(alpha=strength))


def _neural_network(learner: Learner) -> Any:
    from sklearn.neural_network import MLPClassifier, MLPRegressor

    kind = MLPClassifier if learner.classifies else MLPRegressor
    network = kind(
        hidden_layer_sizes=(learner.whole("hidden_units"),) * learner.whole("hidden_layers"),
        alpha=learner.hyperparameters["regularisation"],
        learning_rate_init=learner.hyperparameters["learning_rate"],
        random_state=learner.seed,
    )
    return _scaled(network)


def _scaled(estimator: Any) -> Any:
    from sklearn.pipeline import Pipeline
    from sklearn.preprocessing import StandardScaler

    return Pipeline([("scale", StandardScaler()), ("model", estimator)])


def _more_trees(learner: Learner, estimator: Any, stage: int, features: Numbers, target: npt.NDArray[Any]) -> bool:
    from mlops_pipelines.modelling.checkpoints import clear_padding

    trees = min((stage + 1) * TREES_PER_STAGE, learner.whole("trees"))
    estimator.set_params(n_estimators=trees)
    estimator.fit(features, target)
    clear_padding(estimator)
    return trees == learner.whole("trees")


def _more_iterations(learner: Learner, estimator: Any, stage: int, features: Numbers, target: npt.NDArray[Any]) -> bool:
    from sklearn.exceptions import ConvergenceWarning

    with warnings.catch_warnings():
        # That a stage ends before convergence is its purpose; the next one goes on from its coefficients.
        warnings.simplefilter("ignore", ConvergenceWarning)
        estimator[-1].fit(_scaled_features(estimator, stage, features), target)
    if not learner.classifies:
        return True
    return bool(estimator[-1].n_iter_.max() < ITERATIONS_PER_STAGE) or (stage + 1) * ITERATIONS_PER_STAGE >= (
        MOST_ITERATIONS
    )


def _more_epochs(learner: Learner, estimator: Any, stage: int, features: Numbers, target: npt.NDArray[Any]) -> bool:
    first, network = stage * EPOCHS_PER_STAGE, estimator[-1]
    last = min(first + EPOCHS_PER_STAGE, learner.whole("epochs"))
    scaled = _scaled_features(estimator, stage, features)
    network.set_params(batch_size=min(BATCH, len(scaled)))
    if learner.classifies:
        wanted, classes = target, {"classes": np.unique(target)}
    else:
        mean, spread = _moments(target)
        wanted, classes = (target - mean) / spread, {}
    for epoch in range(first, last):
        # `partial_fit` seeds anew each time it is called: without this every epoch would take the same batches.
        network.set_params(random_state=(learner.seed + epoch) % 2**32)
        network.partial_fit(scaled, wanted, **classes)
    return last == learner.whole("epochs")


def _scaled_features(estimator: Any, stage: int, features: Numbers) -> Numbers:
    scaler = estimator[0]
    return np.asarray(scaler.fit_transform(features) if stage == 0 else scaler.transform(features))


def _moments(target: npt.NDArray[Any]) -> tuple[float, float]:
    return float(target.mean()), float(target.std()) or 1.0


_BUILDERS = {
    "gradient_boosting": _gradient_boosting,
    "random_forest": _random_forest,
    "linear": _linear,
    "neural_network": _neural_network,
}
_STAGES = {
    "gradient_boosting": _more_trees,
    "random_forest": _more_trees,
    "linear": _more_iterations,
    "neural_network": _more_epochs,
}
