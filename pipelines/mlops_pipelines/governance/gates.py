"""The gates: what was found out about a model, held against the thresholds of its configuration.

A gate whose figure is missing is not passed. Where there is nothing to measure (no champion, no protected attribute)
the document has to say so, in agreement with the others; the gate is passed then, with a warning for whoever approves.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from mlops_pipelines.governance import versions
from mlops_pipelines.governance.figures import at, number, text
from mlops_pipelines.governance.registration import value as registered
from mlops_pipelines.modelling.metrics import gain, greater_is_better
from mlops_pipelines.settings import Settings

Documents = Mapping[str, Any]
LONGEST_REASON = 1024
TOLERANCE = 1e-6
"""How far a difference that a document tells may be from that of its own two scores."""
REQUIRED = ("champion", "validation", "snapshot", "search", "evaluation", "fairness", "robustness", "explanations",
            "optimisation")  # fmt: skip
"""The documents that the gates read, by name; `splits` is read too where it is given."""


@dataclass(frozen=True)
class Check:
    """One gate: the figure, its limit, the rule in words, whether it is passed, and what to do where it isn't.

    `warning` is for whoever approves: what was not measured, though the gate is passed.
    """

    gate: str
    value: float | None
    limit: float | None
    rule: str
    passed: bool
    fix: str = ""
    warning: str = ""


def decide(documents: Documents, settings: Settings) -> dict[str, Any]:
    """Return gate.json: every check, whether all are passed and, if not, why; the model's version; figures as text."""
    checks = [check for gate in GATES for check in gate(documents, settings)]
    failed = [check for check in checks if not check.passed]
    champion, snapshot = documents["champion"], documents["snapshot"]
    version, why = versions.next_version(
        champion.get("latest"),
        schema_sha256=str(snapshot.get("schema_sha256")),
        snapshot_sha256=str(snapshot.get("sha256")),
        taken=[champion.get("highest_version"), champion.get("version")],
    )
    return {
        "passed": not failed,
        "reason": _reason(failed),
        "checks": [asdict(check) for check in checks],
        "warnings": [check.warning for check in checks if check.warning],
        "version": version,
        "version_reason": why,
        "challenger_of": champion.get("package_arn"),
        "summary": _summary(documents, settings, checks, version, why),
    }


def _quality(documents: Documents, settings: Settings) -> list[Check]:
    """The score on the test set against the threshold."""
    metric, limit = settings.gates.metric, settings.gates.threshold
    evaluation = documents["evaluation"]
    found = number(evaluation, "metric", "value")
    measured = at(evaluation, "metric", "name")
    if greater_is_better(metric):
        sign, reached = ">=", found is not None and found >= limit
    else:
        sign, reached = "<=", found is not None and found <= limit
    rule = f"{metric} on the test set {sign} {text(limit)}"
    if measured != metric:
        return [_missing("quality", limit, rule, f"evaluation.json measured {measured!r}, and not {metric}", found)]
    if found is None:
        return [_missing("quality", limit, rule, "evaluation.json has no value of the metric")]
    fix = "look at the data and features, widen the search, or have gates.threshold reviewed"
    return [Check("quality", found, limit, rule, reached, fix)]


def _champion(documents: Documents, settings: Settings) -> list[Check]:
    """The score against the champion's on the same test set."""
    compared, standing = at(documents["evaluation"], "champion") or {}, documents["champion"]
    limit, gate = -settings.gates.champion_margin, "champion"
    rule = f"{settings.gates.metric} may be worse than the champion's by {text(-limit)} at most"
    status, arn = at(compared, "status"), at(standing, "package_arn")
    if status == "none" and at(standing, "status") == "none":
        return [Check(gate, None, limit, rule, True, warning="there is no champion to compare with")]
    if status == "not comparable" and at(compared, "reason"):
        return [Check(gate, None, limit, rule, True, warning=f"not compared with {arn}: {compared['reason']}")]
    if status != "compared":
        told = f"evaluation.json says {status!r} of the champion, and champion.json says {at(standing, 'status')!r}"
        return [_missing(gate, limit, rule, told)]
    score, other = number(documents["evaluation"], "metric", "value"), number(compared, "value")
    difference = number(compared, "difference")
    if score is None or other is None or difference is None:
        return [_missing(gate, limit, rule, "evaluation.json has no scores of model and champion, or no difference")]
    better = gain(settings.gates.metric, score, other)
    if abs(better - difference) > TOLERANCE:
        told = f"evaluation.json tells a difference of {text(difference)}, and its own scores give {text(better)}"
        return [_missing(gate, limit, rule, told, better)]
    fix = f"keep {arn}, find out what changed in data or settings, or have gates.champion_margin reviewed"
    return [Check(gate, better, limit, rule, better >= limit - TOLERANCE, fix)]


def _generalisation(documents: Documents, settings: Settings) -> list[Check]:
    """By how much the model is better on what it was trained on."""
    limit = settings.gates.max_generalisation_gap
    rule = f"the training score may be better than the test score by {text(limit)} at most"
    fix = "regularise (fewer trees, smaller depth), get more records, or have gates.max_generalisation_gap reviewed"
    return [_at_most("generalisation", documents["evaluation"], ("generalisation_gap",), limit, rule, fix)]


def _drift(documents: Documents, _settings: Settings) -> list[Check]:
    """That drift was looked for: what was found stopped the run before, or was to be recorded."""
    drift = at(documents["validation"], "drift") or {}
    rule = "drift against the last accepted snapshot is recorded"
    status, drifted = at(drift, "status"), at(drift, "drifted")
    if status == "no reference":
        return [Check("drift", None, None, rule, True, warning="drift was not measured: no snapshot to compare with")]
    if status != "measured" or not isinstance(drifted, list):
        return [_missing("drift", None, rule, f"validation.json says {status!r} of drift")]
    warning = f"these columns drifted: {', '.join(drifted)}" if drifted else ""
    return [Check("drift", float(len(drifted)), None, rule, True, warning=warning)]


def _fairness(documents: Documents, settings: Settings) -> list[Check]:
    """The largest differences between two groups of a protected attribute."""
    limits = {
        "selection_rate_difference": settings.gates.max_selection_rate_difference,
        "equalized_odds_difference": settings.gates.max_equalized_odds_difference,
    }
    document = documents["fairness"]
    status = at(document, "status")
    return [_difference(name, limit, document, status, settings) for name, limit in limits.items()]


def _difference(name: str, limit: float, document: Any, status: Any, settings: Settings) -> Check:
    rule = f"{name.replace('_', ' ')} between groups <= {text(limit)}"
    if status == "no protected attribute" and not settings.protected:
        risk = " of high risk, so say in its card how it was judged fair" if settings.card.risk == "high" else ""
        warning = f"{name.replace('_', ' ')} was not measured: no column is protected in a model{risk}"
        return Check(name, None, limit, rule, True, warning=warning)
    if status != "measured":
        told = f"fairness.json says {status!r}, and the schema protects {', '.join(settings.protected) or 'nothing'}"
        return _missing(name, limit, rule, told)
    if settings.problem == "regression" and at(document, "worst", name) is None:
        warning = f"{name.replace('_', ' ')} does not exist for a number: see the differences of mean prediction"
        return Check(name, None, limit, rule, True, warning=warning)
    fix = f"look at the groups in fairness.json; rebalance or reweigh, or have gates.max_{name} reviewed"
    return _at_most(name, document, ("worst", name), limit, rule, fix)


def _robustness(documents: Documents, settings: Settings) -> list[Check]:
    """The share of decisions that a small perturbation changes."""
    limit, epsilon = settings.gates.max_flipped_percent, settings.gates.robustness_epsilon
    rule = f"decisions that change under {text(epsilon)} standard deviations <= {text(limit)} %"
    measured = number(documents["robustness"], "epsilon")
    if measured is None or abs(measured - epsilon) > TOLERANCE:
        return [_missing("robustness", limit, rule, f"robustness.json was measured at {measured}, not at {epsilon}")]
    fix = "use a smoother family, or train on perturbed records, or have gates.max_flipped_percent reviewed"
    return [_at_most("robustness", documents["robustness"], ("flipped_percent",), limit, rule, fix)]


def _optimised(documents: Documents, settings: Settings) -> list[Check]:
    """What the optimised model loses of the score."""
    limit = settings.gates.max_optimised_loss
    rule = f"the optimised model may lose {text(limit)} of {settings.gates.metric} at most"
    fix = "leave out the integer format, use a family that converts exactly, or have gates.max_optimised_loss reviewed"
    return [_at_most("optimised", documents["optimisation"], ("loss",), limit, rule, fix)]


GATES: tuple[Callable[[Documents, Settings], list[Check]], ...] = (
    _quality, _champion, _generalisation, _drift, _fairness, _robustness, _optimised
)  # fmt: skip


def _at_most(gate: str, document: Any, path: tuple[str, ...], limit: float, rule: str, fix: str) -> Check:
    found = number(document, *path)
    if found is None:
        return _missing(gate, limit, rule, f"{'.'.join(path)} was not measured")
    return Check(gate, found, limit, rule, found <= limit, fix)


def _missing(gate: str, limit: float | None, rule: str, why: str, found: float | None = None) -> Check:
    return Check(gate, found, limit, rule, False, f"{why}: run the step that measures it again, and read its log")


def _reason(failed: list[Check]) -> str:
    """Return a sentence for each failed gate, as many as fit into 1,024 characters."""
    told: list[str] = []
    for place, check in enumerate(failed):
        left = len(failed) - place
        sentence = f"{check.gate}: {text(check.value)}, but {check.rule}. Fix: {check.fix}."
        rest = f" And {left} more: see gate.json."
        if len(" ".join([*told, sentence])) + (len(rest) if left > 1 else 0) > LONGEST_REASON:
            return " ".join(told)[: LONGEST_REASON - len(rest)] + rest
        told.append(sentence)
    return " ".join(told)


def _summary(
    documents: Documents, settings: Settings, checks: list[Check], version: str, why: str
) -> dict[str, str]:  # fmt: skip
    """Return figures as text that the registry takes."""
    evaluation, snapshot, passed = documents["evaluation"], documents["snapshot"], sum(one.passed for one in checks)
    low, high = number(evaluation, "metric", "low"), number(evaluation, "metric", "high")
    confidence = number(evaluation, "metric", "confidence")
    interval = (
        f"{text(low, 6)} to {text(high, 6)} at {text(100 * (confidence or 0.95))} percent"
        if low is not None and high is not None
        else "not measured"
    )
    worst = {name: number(documents["fairness"], "worst", name) for name in (
        "selection_rate_difference", "equalized_odds_difference")}  # fmt: skip
    fairness = " - ".join(f"{name.replace('_', ' ')} {text(found, 6)}" for name, found in worst.items())
    if at(documents["fairness"], "status") != "measured":
        fairness = str(at(documents["fairness"], "status"))
    flipped = number(documents["robustness"], "flipped_percent")
    figures = {
        "version": version,
        "version_reason": why,
        "challenger_of": documents["champion"].get("package_arn"),
        "metric": settings.gates.metric,
        "score": text(number(evaluation, "metric", "value"), 6),
        "score_interval": interval,
        "champion_score": text(number(evaluation, "champion", "value"), 6),
        "fairness": fairness,
        "robustness": f"{text(flipped)} percent flipped at {text(settings.gates.robustness_epsilon)}",
        "gates": f"{passed} of {len(checks)} passed",
        "warnings": str(sum(1 for one in checks if one.warning)),
        "settings_sha256": settings.sha256(),
        "schema_sha256": snapshot.get("schema_sha256"),
        "snapshot_sha256": snapshot.get("sha256"),
    }
    return {name: registered(found) for name, found in figures.items()}
