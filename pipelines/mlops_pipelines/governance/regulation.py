"""What a card tells a regulator by a model's risk, with every gap named: no legal advice, and no finding of conformity.

The sections follow Regulation (EU) 2024/1689 (the AI Act): for high risk the requirements of articles 9 to 15, for
limited risk the transparency duties of article 50, for minimal risk the voluntary codes of article 95. What risk a use
has is for its owner to judge (article 6 and annex III).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from mlops_pipelines.governance.card_schema import LONGEST_DETAIL, cut
from mlops_pipelines.governance.figures import at, number, text
from mlops_pipelines.settings import Settings

Documents = Mapping[str, Any]
Facts = Mapping[str, str]
RATINGS = {"minimal": "Low", "limited": "Medium", "high": "High"}
LAW = "Regulation (EU) 2024/1689"


def rating(risk: str) -> str:
    """Return the card's rating for a risk of the configuration; "Unknown" for any other word."""
    return RATINGS.get(risk, "Unknown")


def explanation(risk: str) -> str:
    """Return why a model has its rating."""
    told = {
        "high": f"Its owner classifies the use as high risk ({LAW}, article 6): see the details on articles 9 to 15.",
        "limited": f"Its owner classifies the use as limited risk ({LAW}, article 50: transparency).",
        "minimal": f"Its owner classifies the use as minimal risk ({LAW}, article 95: voluntary codes).",
    }
    return told.get(
        risk, f"The configuration says {risk!r}, which is no known risk: the owner has to classify the use."
    )


def details(documents: Documents, settings: Settings, facts: Facts) -> dict[str, str]:
    """Return the regulatory entries of a card's custom details, by title."""
    sections = {
        "high": _high_risk, "limited": _limited_risk, "minimal": _minimal_risk
    }.get(settings.card.risk, _unknown_risk)  # fmt: skip
    return {title: cut(told, LONGEST_DETAIL) for title, told in sections(documents, settings, facts).items()}


def _section(answer: str, gaps: Sequence[str]) -> str:
    named = f" Gaps: {'; '.join(gaps)}." if gaps else " Gaps: none that the pipeline can see."
    return f"{answer}{named}"


def _unless(present: Any, gap: str) -> list[str]:
    return [] if present else [gap]


def _high_risk(documents: Documents, settings: Settings, facts: Facts) -> dict[str, str]:
    prefix = f"{LAW}, article"
    return {
        f"{prefix} 9 (risk management)": _risks(documents, settings),
        f"{prefix} 10 (data and data governance)": _data(documents, settings),
        f"{prefix} 11 (technical documentation)": _documentation(settings),
        f"{prefix} 12 (record-keeping)": _records(facts),
        f"{prefix} 13 (transparency for deployers)": _transparency(documents, settings),
        f"{prefix} 14 (human oversight)": _oversight(settings),
        f"{prefix} 15 (accuracy, robustness, cybersecurity)": _accuracy(documents),
    }


def _risks(documents: Documents, settings: Settings) -> str:
    checks = at(documents, "gate", "checks") or []
    passed = sum(1 for one in checks if at(one, "passed") is True)
    warnings = len(at(documents, "gate", "warnings") or [])
    answer = (
        f"{passed} of {len(checks)} gates passed (gate.json), with {warnings} warnings for whoever approves; "
        "thresholds are configuration, reviewed like code. A version is registered as pending, and released only after "
        "approval."
    )
    gaps = ["risks of misuse and to rights beyond the gates are assessed by the owner, outside of the pipeline"]
    return _section(answer, [*_unless(settings.card.limitations, "card.limitations is empty"), *gaps])


def _data(documents: Documents, settings: Settings) -> str:
    snapshot, drift = documents["snapshot"], at(documents, "validation", "drift", "status")
    answer = (
        f"{text(number(snapshot, 'records'))} records, checked cell by cell against the schema, kept as a snapshot "
        f"with SHA-256 {at(snapshot, 'sha256')}; protected and never trained on: "
        f"{', '.join(settings.protected) or 'nothing'}; fairness: {at(documents, 'fairness', 'status')}; "
        f"drift: {drift or 'see validation.json'}."
    )
    measured = at(documents, "fairness", "status") == "measured"
    gaps = _unless(measured, "bias was not examined by group, as no column is protected")
    return _section(answer, [*gaps, "origin, collection and representativeness of the data are not recorded here"])


def _documentation(settings: Settings) -> str:
    answer = (
        "This card, lineage.json (code, data, images, settings, libraries) and the documents of the steps, which the "
        "signed manifest names; the run's report (report.html) beside them."
    )
    fields = {"owner": settings.card.owner, "intended_use": settings.card.intended_use,
              "out_of_scope": settings.card.out_of_scope, "limitations": settings.card.limitations}  # fmt: skip
    gaps = [f"card.{name} is empty" for name, told in fields.items() if not told]
    return _section(answer, [*gaps, "annex IV also asks for a declaration of conformity and a post-market plan"])


def _records(facts: Facts) -> str:
    answer = (
        f"Commit {facts.get('commit') or 'not recorded'}, "
        f"pipeline execution {facts.get('execution') or 'not recorded'}; the registry keeps who approved which "
        "version; endpoints capture requests and answers where data capture is on."
    )
    gaps = _unless(facts.get("commit") not in (None, "", "unrecorded"), "the commit is not recorded")
    gaps += _unless(facts.get("execution"), "the pipeline execution is not recorded")
    return _section(answer, [*gaps, "how long logs are kept is the estate's configuration (article 19: six months)"])


def _transparency(documents: Documents, settings: Settings) -> str:
    features = at(documents, "explanations", "features") or []
    top = ", ".join(str(at(one, "feature")) for one in features[:3])
    answer = (
        f"Intended use, limits and figures by group are in this card; {at(documents, 'explanations', 'method')} "
        f"explains decisions, by which these features weigh most: {top or 'none'}."
    )
    gaps = _unless(settings.card.intended_use, "card.intended_use is empty")
    gaps += _unless(settings.card.out_of_scope, "card.out_of_scope is empty")
    return _section(answer, [*gaps, "instructions for use have to be written for the deployer"])


def _oversight(settings: Settings) -> str:
    answer = (
        "A person approves every version; releases roll back on the alarms that are configured for them, and a version "
        "can be quarantined. "
        f"Owner: {settings.card.owner or 'not named'}."
    )
    gaps = _unless(settings.card.owner, "card.owner is empty")
    return _section(answer, [*gaps, "who may override a single decision of the model is for the deployer to arrange"])


def _accuracy(documents: Documents) -> str:
    metric = at(documents, "evaluation", "metric") or {}
    low, high = text(number(metric, "low")), text(number(metric, "high"))
    answer = (
        f"{at(metric, 'name')} {text(number(metric, 'value'))} ({low} to {high}) on records not seen in training; "
        f"{text(number(documents['robustness'], 'flipped_percent'))} % of decisions change under "
        f"{text(number(documents['robustness'], 'epsilon'))} standard deviations of noise; adversarial attack in "
        "robustness.json; the pipeline signs the artefacts with a KMS key, so that a release can verify them."
    )
    return _section(answer, ["feedback loops and attacks on the data's sources are not tested by the pipeline"])


def _limited_risk(_documents: Documents, settings: Settings, _facts: Facts) -> dict[str, str]:
    answer = "People have to be told that they deal with an AI system, and that content is generated."
    gaps = _unless(settings.card.intended_use, "card.intended_use is empty")
    return {f"{LAW}, article 50 (transparency)": _section(answer, [*gaps, "the notice is for the deployer to give"])}


def _minimal_risk(_documents: Documents, settings: Settings, _facts: Facts) -> dict[str, str]:
    gaps = _unless(settings.card.owner, "card.owner is empty")
    return {f"{LAW}, article 95 (voluntary codes)": _section("No duties beyond voluntary codes of conduct.", gaps)}


def _unknown_risk(_documents: Documents, settings: Settings, _facts: Facts) -> dict[str, str]:
    told = _section("No section applies.", [f"card.risk = {settings.card.risk!r} is no known risk"])
    return {f"{LAW} (classification)": told}
