"""A run's documents as the pipeline's steps write them, made up: for the report, which only lays them out."""

from __future__ import annotations

import hashlib
import json
import math
from typing import Any

from mlops_pipelines.settings import resolve

SCHEMA: dict[str, Any] = {
    "record_identifier": "application_id",
    "event_time": "event_time",
    "columns": [
        {"name": "deny", "type": "category", "role": "label", "values": ["no", "yes"], "description": "Was denied."},
        {"name": "pirat", "type": "number", "role": "feature", "minimum": 0, "maximum": 5,
         "description": "All monthly payments over monthly income."},
        {"name": "hirat", "type": "number", "role": "feature", "minimum": 0, "maximum": 5,
         "description": "Monthly housing expense over monthly income."},
        {"name": "lvrat", "type": "number", "role": "feature", "minimum": 0, "maximum": 5, "nullable": True,
         "description": "Loan over assessed value of the property."},
        {"name": "chist", "type": "integer", "role": "feature", "minimum": 1, "maximum": 6,
         "description": "Consumer credit score, 1 (no slow payments) to 6."},
        {"name": "mhist", "type": "integer", "role": "feature", "minimum": 1, "maximum": 4,
         "description": "Mortgage credit score, 1 (no late payments) to 4."},
        {"name": "phist", "type": "category", "role": "feature", "values": ["no", "yes"],
         "description": "A public bad credit record exists."},
        {"name": "insurance", "type": "category", "role": "feature", "values": ["no", "yes"],
         "description": "Mortgage insurance was applied for and denied."},
        {"name": "afam", "type": "category", "role": "protected", "values": ["no", "yes"],
         "description": "The applicant is African-American."},
    ],
}  # fmt: skip
FEATURES = ("insurance", "pirat", "chist", "lvrat", "phist", "mhist", "hirat")
ACCOUNT = "arn:aws:{service}:eu-west-1:123456789012:{resource}"


def sha(text: str) -> str:
    """Return a checksum that looks like one."""
    return hashlib.sha256(text.encode()).hexdigest()


def measured(value: float, spread: float = 0.03) -> dict[str, float]:
    """Return a value with its interval."""
    return {"value": value, "low": round(value - spread, 4), "high": round(value + spread, 4)}


def documents() -> dict[str, Any]:
    """Return all documents of a binary model that passed its gates."""
    settings = resolve("mortgage-approval", SCHEMA, card=CARD_SETTINGS)
    return {
        "champion": CHAMPION,
        "validation": _validation(),
        "snapshot": {"sha256": sha("data"), "records": 2380, "label": "deny", "protected": ["afam"],
                     "schema_sha256": sha("schema"), "settings_sha256": settings.sha256(),
                     "sources": {"hmda_boston_mortgages.csv": sha("source")}},
        "splits": {"seed": 7, "splits": {name: {"records": count, "sha256": sha(name)} for name, count in
                                         (("train", 1428), ("validation", 476), ("test", 476))}},
        "search": _search(),
        "evaluation": _evaluation(),
        "fairness": _fairness(),
        "robustness": _robustness(),
        "explanations": _explanations(),
        "optimisation": OPTIMISATION,
        "gate": gate(),
        "card": {"content": json.dumps(CARD), "risk_rating": "High"},
        "lineage": _lineage(settings),
        "signature": {"key_arn": ACCOUNT.format(service="kms", resource="key/1a2b3c4d-5e6f-7081-92a3-b4c5d6e7f809"),
                      "algorithm": "ECDSA_SHA_256", "digest": sha("manifest"), "signature": "MEUCIQDx" * 11 + "=="},
        "manifest": {"version": 1, "model": settings.model, "semantic_version": "1.2.0",
                     "artifacts": {name: {"sha256": sha(name), "bytes": size}
                                   for name, size in (("model.tar.gz", 131_870), ("lineage.json", 3_912))},
                     "lineage_sha256": sha("lineage.json")},
        "verification": {"verified": True, "by": ["KMS", "public key"], "model": settings.model,
                         "semantic_version": "1.2.0", "algorithm": "ECDSA_SHA_256",
                         "artifacts": {name: sha(name) for name in ("model.tar.gz", "lineage.json")},
                         "summary": {"signature_algorithm": "ECDSA_SHA_256"}},
        "settings": settings.as_dict(),
        "schema": SCHEMA,
    }  # fmt: skip


def gate(**failing: Any) -> dict[str, Any]:
    """Return gate.json; each keyword is a gate that fails, with its value."""
    checks = [
        {"gate": name, "value": failing.get(name, value), "limit": limit, "rule": rule, "passed": name not in failing,
         "fix": fix, "warning": ""}
        for name, value, limit, rule, fix in GATES
    ]  # fmt: skip
    wrong = [f"{check['gate']} is {check['value']}, {check['rule']}" for check in checks if not check["passed"]]
    return {
        "passed": not wrong, "reason": "; ".join(wrong), "checks": checks, "warnings": [], "version": "1.2.0",
        "version_reason": "the features are those of 1.1.0, the data are newer",
        "challenger_of": CHAMPION["package_arn"], "summary": {"gates": f"{len(checks) - len(wrong)} of {len(checks)}"},
    }  # fmt: skip


def refused() -> dict[str, Any]:
    """Return the documents of a run that the gates refused."""
    return {
        **{name: document for name, document in documents().items() if name not in LATE},
        "gate": gate(metric=0.681, selection_rate_difference=0.342),
    }


def stopped() -> dict[str, Any]:
    """Return the documents of a run that ended with its first look at the data."""
    return {name: documents()[name] for name in ("champion", "settings", "schema")}


def regression() -> dict[str, Any]:
    """Return the documents of a regression model, with no champion, protected attribute or reference for drift."""
    found = documents()
    found["evaluation"] = {
        **found["evaluation"], "problem": "regression",
        "metric": {"name": "r2", **measured(0.713), "confidence": 0.95}, "train_score": 0.761,
        "regression_metrics": {"mae": {"value": 2412.7, "standard_deviation": 80.2},
                               "rmse": {"value": 3391.0, "standard_deviation": 120.5},
                               "r2": {"value": 0.713, "standard_deviation": 0.016}},
        "intervals": {"r2": measured(0.713), "rmse": {"value": 3391.0, "low": 3160.2, "high": 3622.9}},
        "curves": {"residuals": {"mean": -14.2, "standard_deviation": 3391.0, "largest": 15210.4, "p05": -5120.0,
                                 "p50": 88.1, "p95": 5904.7},
                   "prediction": {"x": [9000.0 + 2000 * i for i in range(10)],
                                  "y": [9400.0 + 1900 * i for i in range(10)]}},
        "champion": {"status": "none", "reason": None, "value": None, "difference": None, "low": None, "high": None,
                     "p_value": None},
    }  # fmt: skip
    del found["evaluation"]["binary_classification_metrics"]
    found["champion"] = {**dict.fromkeys(CHAMPION), "status": "none"}
    found["fairness"] = {
        "status": "no protected attribute",
        "attributes": {},
        "worst": {"selection_rate_difference": None, "equalized_odds_difference": None},
        "summary": {},
    }
    unmeasured = "there is no champion to compare with"
    found["gate"]["warnings"] = [unmeasured]
    found["gate"]["checks"][1] = {**found["gate"]["checks"][1], "value": None, "warning": unmeasured}
    found["validation"]["drift"] = {"status": "no reference", "reference_sha256": None, "columns": [], "drifted": []}
    return found


def multiclass() -> dict[str, Any]:
    """Return the documents of a model of three classes."""
    found = documents()
    found["schema"] = {
        **SCHEMA,
        "columns": [{**SCHEMA["columns"][0], "values": ["low", "medium", "high"]}, *SCHEMA["columns"][1:]],
    }
    evaluation = {
        **found["evaluation"],
        "problem": "multiclass",
        "metric": {"name": "f1_macro", **measured(0.744), "confidence": 0.95},
        "intervals": {"f1_macro": measured(0.744), "accuracy": measured(0.781)},
        "curves": {},
    }
    del evaluation["binary_classification_metrics"]
    evaluation["multiclass_classification_metrics"] = {
        "confusion_matrix": {"0": {"0": 90, "1": 12, "2": 3}, "1": {"0": 9, "1": 140, "2": 22},
                             "2": {"0": 2, "1": 18, "2": 180}},
        "accuracy": {"value": 0.781, "standard_deviation": 0.018},
    }  # fmt: skip
    return {**found, "evaluation": evaluation}


LATE = ("card", "lineage", "manifest", "signature", "verification")
CARD_SETTINGS = {
    "intended_use": "Orders applications for review by a loan officer, who decides.",
    "out_of_scope": "Deciding without a person; applications from outside the region.",
    "limitations": "Trained on applications of one region and year.",
    "owner": "Credit risk", "risk": "high",
}  # fmt: skip
CHAMPION: dict[str, Any] = {
    "status": "found",
    "package_arn": ACCOUNT.format(service="sagemaker", resource="model-package/mortgage-approval/4"),
    "registry_version": 4, "version": "1.1.0", "snapshot_sha256": sha("earlier"), "schema_sha256": sha("schema"),
    "model_uri": "s3://estate-models/mortgage-approval/4/model.tar.gz", "metric": {"name": "roc_auc", "value": 0.831},
    "latest": {"version": "1.1.0", "snapshot_sha256": sha("earlier"), "schema_sha256": sha("schema"),
               "registry_version": 4},
}  # fmt: skip
GATES: tuple[tuple[str, Any, Any, str, str], ...] = (
    ("metric", 0.842, 0.7, "roc_auc on the test set is at least the threshold",
     "train with more data or other features, or lower gates.threshold by a reviewed change"),
    ("champion", 0.011, -0.01, "roc_auc is at most the margin below the champion's", "keep the champion"),
    ("generalisation_gap", 0.046, 0.15, "the training score is at most this much above the test score",
     "regularise: fewer leaves, a higher minimum of records in a leaf"),
    ("selection_rate_difference", 0.187, 0.3, "selection rates of two groups of afam differ by at most the limit",
     "look at the features that stand for the attribute (What the model goes by, by group)"),
    ("equalized_odds_difference", 0.214, 0.4, "error rates of two groups of afam differ by at most the limit",
     "look at the groups' error rates, and for groups with few records"),
    ("robustness", 6.3, 25.0, "percent of decisions that change at 0.1 standard deviations",
     "smooth the model, or drop the features that it is most sensitive to"),
    ("optimised_loss", 0.0003, 0.01, "what the optimised model loses of the score", "release the model as trained"),
    ("drift", 1, None, "drift is told, and stops a run unless drift has started it", "train again on recent data"),
)  # fmt: skip
OPTIMISATION: dict[str, Any] = {
    "formats": {
        "onnx": {"bytes": 48_212, "sha256": sha("onnx"), "score": 0.8419, "loss": 0.0001, "max_difference": 3.1e-07},
        "int8": {"status": "not applicable", "reason": "tree ensembles hold thresholds, which do not quantise"},
    },
    "original": {"bytes": 131_870, "score": 0.842}, "loss": 0.0001, "summary": {"onnx": "48 kB, loss 0.0001"},
}  # fmt: skip
CARD: dict[str, Any] = {
    "model_overview": {"model_description": "Probability that a mortgage application is denied.",
                       "model_owner": "Credit risk", "algorithm_type": "histogram gradient boosting"},
    "intended_uses": {"purpose_of_model": CARD_SETTINGS["intended_use"],
                      "intended_uses": CARD_SETTINGS["out_of_scope"], "risk_rating": "High",
                      "explanations_for_risk_rating": "It bears on access to credit."},
    "training_details": {"objective_function": {"function": {"function": "Minimize", "facet": "Loss"}},
                         "training_observations": "1,428 records of one region and year."},
    "evaluation_details": [{"name": "test set", "metric_groups": [
        {"name": "quality", "metric_data": [{"name": "roc_auc", "type": "number", "value": 0.842}]}]}],
    "additional_information": {"ethical_considerations": "Selection rates differ by 0.187 between groups of afam.",
                               "caveats_and_recommendations": CARD_SETTINGS["limitations"]},
}  # fmt: skip


def _validation() -> dict[str, Any]:
    psi = {"pirat": 0.264, "lvrat": 0.121, "chist": 0.074, "hirat": 0.052, "mhist": 0.021, "phist": 0.012,
           "insurance": 0.004, "afam": 0.003}  # fmt: skip
    numbers = ("pirat", "hirat", "lvrat", "chist", "mhist")
    return {
        "records": 2380,
        "files": {"hmda_boston_mortgages.csv": sha("source")},
        "checks": [
            {"check": "records", "column": None, "rule": "at least min_records", "value": 2380, "limit": 100,
             "passed": True},
            {"check": "duplicates", "column": None, "rule": "at most max_duplicate_percent", "value": 0.9,
             "limit": 5.0, "passed": True},
            *({"check": check, "column": item["name"], "rule": rule, "value": 0, "limit": 0, "passed": True}
              for item in SCHEMA["columns"]
              for check, rule in (("type", f"every cell is a {item['type']}"), ("range", "every cell is allowed"))),
        ],
        "columns": {
            name: {"type": "number", "role": "feature", "count": 2380, "missing": 31 if name == "lvrat" else 0,
                   "distinct": 519, "mean": 0.331 + place / 10, "std": 0.107, "min": 0.0, "max": 3.0, "p05": 0.17,
                   "p50": 0.33, "p95": 0.46}
            for place, name in enumerate(numbers)
        } | {
            name: {"type": "category", "role": "feature", "count": 2380, "missing": 0, "distinct": 2,
                   "values": {"no": 2041, "yes": 339}}
            for name in ("deny", "phist", "insurance", "afam")
        },
        "drift": {
            "status": "measured", "reference_sha256": sha("earlier"), "drifted": ["pirat"],
            "columns": [
                {"column": name, "psi": value, "test": "kolmogorov_smirnov" if name in numbers else "chi_squared",
                 "statistic": round(value / 2, 4), "p_value": 0.0004 if value > 0.1 else 0.2, "limit": 0.2,
                 "drifted": value > 0.2}
                for name, value in psi.items()
            ],
        },
    }  # fmt: skip


def _search() -> dict[str, Any]:
    scores = (0.8021, 0.8134, 0.7985, 0.8232, 0.8301, 0.8177, 0.8344, 0.8290, 0.8356, 0.8312, 0.8361, 0.8349)
    trials = [
        {"number": number, "family": "gradient_boosting", "score": score, "complete": number != 9,
         "hyperparameters": {"learning_rate": round(0.03 + number / 100, 3), "max_leaf_nodes": 7 + 2 * number,
                             "l2_regularization": round(number / 10, 2)}}
        for number, score in enumerate(scores)
    ]  # fmt: skip
    return {
        "mode": "tune", "family": "gradient_boosting", "hyperparameters": trials[10]["hyperparameters"],
        "metric": "roc_auc", "score": 0.8361, "trials": trials, "seed": 7,
        "selection": {"rule": "of the best family, the simplest within one standard error of the best",
                      "best": {"number": 10, "score": 0.8361}, "chosen": {"number": 10, "score": 0.8361}},
    }  # fmt: skip


def _evaluation() -> dict[str, Any]:
    steps = [i / 60 for i in range(61)]
    names = {"accuracy": 0.887, "precision": 0.671, "recall": 0.462, "f1": 0.547, "auc": 0.842}
    return {
        "version": 0.0, "problem": "binary", "dataset": {"item_count": 476}, "model_sha256": sha("model"),
        "metric": {"name": "roc_auc", **measured(0.842, 0.041), "confidence": 0.95},
        "train_score": 0.888, "generalisation_gap": 0.046,
        "binary_classification_metrics": {
            "confusion_matrix": {"0": {"0": 404, "1": 15}, "1": {"0": 31, "1": 26}},
            **{name: {"value": value, "standard_deviation": 0.021} for name, value in names.items()},
        },
        "intervals": {"roc_auc": measured(0.842, 0.041), "average_precision": measured(0.583, 0.09),
                      "balanced_accuracy": measured(0.71, 0.06)},
        "curves": {
            "calibration": {"x": [round(0.05 + i / 10, 3) for i in range(10)],
                            "y": [round((0.04 + i / 10) ** 1.1, 3) for i in range(10)]},
            "roc": {"x": steps, "y": [round(x**0.24, 4) for x in steps]},
            "precision_recall": {"x": steps, "y": [round(1 - 0.88 * x**2.2, 4) for x in steps]},
        },
        "champion": {"status": "compared", "reason": None, "value": 0.831, "difference": 0.011, "low": -0.006,
                     "high": 0.028, "p_value": 0.214},
        "summary": {"roc_auc": "0.842 (0.801 to 0.883)"},
    }  # fmt: skip


def _fairness() -> dict[str, Any]:
    def group(count: int, selected: float, found: float, wrong: float) -> dict[str, Any]:
        return {"count": count, "small": count < 100, "selection_rate": measured(selected, 0.9 / math.sqrt(count)),
                "true_positive_rate": measured(found, 1.6 / math.sqrt(count)),
                "false_positive_rate": measured(wrong, 0.5 / math.sqrt(count))}  # fmt: skip

    pair = {"highest": "yes", "lowest": "no"}
    return {
        "status": "measured",
        "attributes": {"afam": {
            "groups": {"no": group(409, 0.061, 0.431, 0.021), "yes": group(67, 0.248, 0.611, 0.093)},
            "differences": {"selection_rate_difference": {**measured(0.187, 0.09), **pair, "rate": "selection_rate"},
                            "equalized_odds_difference": {**measured(0.18, 0.12), **pair}},
            "ratios": {"selection_rate_ratio": {**measured(0.246, 0.11), **pair}},
            "not_compared": {}, "best": "no", "worst": "yes",
        }},
        "worst": {"selection_rate_difference": 0.187, "equalized_odds_difference": 0.214},
        "summary": {"selection_rate_difference": "0.187 between groups of afam"},
    }  # fmt: skip


def _robustness() -> dict[str, Any]:
    return {
        "epsilon": 0.1, "flipped_percent": 6.3, "records": 476,
        "curve": [{"epsilon": epsilon, "flipped_percent": flipped, "score": round(0.842 - flipped / 200, 4)}
                  for epsilon, flipped in ((0.0, 0.0), (0.05, 3.1), (0.1, 6.3), (0.2, 12.9), (0.4, 21.5))],
        "attack": {"status": "done", "reason": None, "name": "HopSkipJump", "records": 40, "succeeded_percent": 92.5,
                   "within_epsilon_percent": 7.5, "median_distance": 0.318},
        "features": [{"feature": name, "flipped_percent": round(5 / (place + 1), 2)}
                     for place, name in enumerate(FEATURES)],
        "summary": {"flipped": "6.3 percent at 0.1 standard deviations"},
    }  # fmt: skip


def _explanations() -> dict[str, Any]:
    sizes = (0.412, 0.374, 0.291, 0.166, 0.121, 0.048, 0.033)
    directions = ("positive", "positive", "positive", "positive", "positive", "mixed", "negative")
    return {
        "method": "TreeSHAP on 400 records of the test set, against 100 of the training set",
        "features": [{"feature": name, "mean_abs_shap": size, "share": round(size / sum(sizes), 4),
                      "direction": direction}
                     for name, size, direction in zip(FEATURES, sizes, directions, strict=True)],
        "by_group": {"afam": {
            group: {"count": count, "mean_abs_shap": {name: round(size * more, 4)
                                                      for name, size in zip(FEATURES, sizes, strict=True)}}
            for group, count, more in (("no", 409, 0.95), ("yes", 67, 1.3))
        }},
        "examples": [
            {"which": which, "score": score, "decision": decision, "base_value": -1.9, "explained_value": 0.4,
             "features": [{"feature": "insurance", "value": decision, "shap": 3 * score - 1},
                          {"feature": "pirat", "value": 0.41, "shap": score - 0.5}]}
            for which, score, decision in (("low", 0.012, "no"), ("borderline", 0.401, "yes"), ("high", 0.963, "yes"))
        ],
        "baseline": [0.33, 0.25], "summary": {"first": "insurance"},
    }  # fmt: skip


def _lineage(settings: Any) -> dict[str, Any]:
    image = "123456789012.dkr.ecr.eu-west-1.amazonaws.com/estate/steps:4f1c2d3e5a6b@sha256:" + sha("image")
    return {
        "version": 1, "model": settings.model, "semantic_version": "1.2.0", "model_sha256": sha("model"),
        "commit": sha("commit")[:40],
        "execution": ACCOUNT.format(service="sagemaker", resource="pipeline/mortgage-approval/execution/k3v9q0t1x2y4"),
        "data": {"input_uri": "s3://estate-raw/mortgage-approval/", "snapshot_sha256": sha("data"),
                 "schema_sha256": sha("schema"), "records": 2380,
                 "sources": {"hmda_boston_mortgages.csv": sha("source")}},
        "images": {"processing": {"uri": image, "digest": "sha256:" + sha("image")},
                   "training": {"uri": "sagemaker-scikit-learn:1.9-0-cpu-py3", "digest": None}},
        "source": {"uri": "s3://estate-artifacts/source/0a1b2c3d4e5f6071/sourcedir.tar.gz", "sha256": sha("bundle")},
        "settings": settings.as_dict(), "settings_sha256": settings.sha256(), "seed": 7,
        "hyperparameters": {"learning_rate": 0.13}, "family": "gradient_boosting", "python": "3.11.17",
        "libraries": {"steps": {"numpy": "2.4.6", "shap": "0.51.0"}, "training": {"scikit-learn": "1.9.1"}},
    }  # fmt: skip
