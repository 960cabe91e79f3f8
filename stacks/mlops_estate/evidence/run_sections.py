"""What a run's documents say: card, lineage, gates, evaluation, fairness, robustness, explanations, optimisation."""

from __future__ import annotations

from typing import Any

from mlops_estate.evidence.model import Material, Section, rounded, source

RUN_AGAIN = "estate pipeline run {model} --local --env {environment}"
CONFIGURE = "write it in the model's block: {key} in Pulumi.{environment}.yaml, and train again"


def sections(material: Material) -> list[Section]:
    """Return the sections that a run's documents fill."""
    builders = (_identity, _card, _lineage, _gates, _evaluation, _fairness, _robustness, _explanations, _optimisation)
    return [build(material) for build in builders]


def _again(material: Material) -> str:
    return RUN_AGAIN.format(model=material.model, environment=material.environment.name)


def _configure(material: Material, key: str) -> str:
    return CONFIGURE.format(key=key, environment=material.environment.name)


def _tell(section: Section, material: Material, key: str, title: str, name: str, *path: str | int) -> None:
    """Add what stands at a path of a run's document, or why it is missing."""
    document = material.run.documents.get(name)
    why = f"the run left no {name}.json" if document is None else f"{name}.json does not say it"
    value = rounded(material.run.get(name, *path))
    section.tell(key, title, value, source(f"{name}.json", *path), why=why, fix=_again(material))


def _identity(material: Material) -> Section:
    section, run = Section("identity", "The model"), material.run
    configured = source("configuration.json", "model")
    section.tell("model", "Name", material.model, configured, why="", fix="")
    section.tell("risk", "Risk tier (AI Act, as its owner states)", material.configuration.risk,
                 source("configuration.json", "block", "risk"), why="", fix="")  # fmt: skip
    owner = material.configuration.card.owner or material.environment.config.estate.owner
    section.tell("owner", "Who answers for it", owner, source("configuration.json", "owner"), why="nobody is named",
                 fix=_configure(material, "card.owner"))  # fmt: skip
    section.tell("class", "Environment and its class", f"{material.environment.name} ({_class(material)})",
                 source("configuration.json", "environment"), why="", fix="")  # fmt: skip
    _tell(section, material, "version", "Semantic version", "gate", "version")
    _tell(section, material, "version_reason", "Why this number", "gate", "version_reason")
    earlier = run.get("champion", "package_arn")
    if run.get("champion", "status") == "none":
        earlier = "none: no earlier version is approved"
    place = source("champion.json", "package_arn" if run.get("champion", "package_arn") else "status")
    section.tell("challenger_of", "Earlier version it was held against", earlier, place,
                 why="the run left no champion.json", fix=_again(material))  # fmt: skip
    _tell(section, material, "sha256", "SHA-256 of the model archive", "evaluation", "model_sha256")
    _tell(section, material, "problem", "Kind of problem", "evaluation", "problem")
    _tell(section, material, "family", "Family of algorithms", "search", "family")
    _tell(section, material, "label", "What it predicts", "snapshot", "label")
    live = material.outputs.get("version") if material.standing else None
    section.tell(
        "live",
        "Registry version that is live",
        live,
        source("outputs.json", "version"),
        why="nothing stands that was looked at: the graph is only declared",
        fix=f"estate evidence {material.environment.name} {material.model} --fresh, or --account URL",
    )
    section.tell("endpoint", "Endpoint", material.outputs.get("endpoint"), source("outputs.json", "endpoint"),
                 why="the model has no endpoint: no version is pinned",
                 fix=_configure(material, "release.version"))  # fmt: skip
    made_by = _pipeline(run.get("lineage", "execution"))
    here = bool(made_by) and made_by == material.outputs.get("pipeline")
    why = _elsewhere(made_by, material)
    section.tell("pipeline", "Trained by this environment's own pipeline", made_by if here else None,
                 source("lineage.json", "execution"), why=why, fix=_again(material))  # fmt: skip
    section.tell("run", "Run whose documents these are", run.place, source("run.json", "place"), why="", fix="")
    return section


def _pipeline(execution: Any) -> str:
    """Return the name of the pipeline of an execution's ARN; empty where it says none."""
    _, found, rest = str(execution).partition(":pipeline/")
    return rest.partition("/")[0] if found else ""


def _elsewhere(made_by: str, material: Material) -> str:
    if not made_by:
        return "the run names no pipeline execution"
    own = material.outputs.get("pipeline") or "none that is declared"
    return f"the run is of pipeline {made_by}, this environment's is {own}: it was trained in another one"


def _class(material: Material) -> str:
    return str(material.environment.config.environment_class)


def _card(material: Material) -> Section:
    section, card = Section("card", "Model card"), material.configuration.card
    for key, title in (("intended_use", "Intended use"), ("out_of_scope", "What it is not for"),
                       ("limitations", "Known limits")):  # fmt: skip
        section.tell(key, title, getattr(card, key), source("configuration.json", "block", "card", key),
                     why="nobody has told it", fix=_configure(material, f"card.{key}"))  # fmt: skip
    _tell(section, material, "made", "Card of this version: who made the model", "model_card", "model_overview",
          "model_creator")  # fmt: skip
    _tell(section, material, "purpose", "Card: what it predicts", "model_card", "intended_uses", "purpose_of_model")
    _tell(section, material, "risk_rating", "Card: risk rating", "model_card", "intended_uses", "risk_rating")
    _tell(section, material, "efficiency", "Card: what its efficiency hangs on", "model_card", "intended_uses",
          "factors_affecting_model_efficiency")  # fmt: skip
    _tell(section, material, "observations", "Card: how it was trained", "model_card", "training_details",
          "training_observations")  # fmt: skip
    _tell(section, material, "caveats", "Card: caveats", "model_card", "additional_information",
          "caveats_and_recommendations")  # fmt: skip
    _tell(section, material, "ethics", "Card: ethical considerations", "model_card", "additional_information",
          "ethical_considerations")  # fmt: skip
    return section


def _lineage(material: Material) -> Section:
    from mlops_pipelines.signing.lineage import gaps

    section, run = Section("lineage", "Lineage: what it takes to make the model again"), material.run
    commit = run.get("lineage", "commit")
    section.tell("commit", "Commit of the code", "" if commit == "unrecorded" else commit,
                 source("lineage.json", "commit"), why="the run was made outside a git clone, or left no lineage.json",
                 fix=_again(material))  # fmt: skip
    wanted: tuple[tuple[str, str, tuple[str, ...]], ...] = (
        ("execution", "Pipeline execution", ("execution",)),
        ("snapshot", "SHA-256 of the data snapshot", ("data", "snapshot_sha256")),
        ("snapshot_uri", "Where the snapshot lies", ("data", "snapshot_uri")),
        ("schema", "SHA-256 of the schema", ("data", "schema_sha256")),
        ("source", "SHA-256 of the source bundle", ("source", "sha256")),
        ("processing_image", "Image of the steps", ("images", "processing", "uri")),
        ("processing_digest", "Digest of the image of the steps", ("images", "processing", "digest")),
        ("training_image", "Image of training", ("images", "training", "uri")),
        ("training_digest", "Digest of the image of training", ("images", "training", "digest")),
        ("settings", "SHA-256 of the settings", ("settings_sha256",)),
        ("seed", "Seed", ("seed",)),
        ("hyperparameters", "Hyperparameters", ("hyperparameters",)),
        ("python", "Python of the steps", ("python",)),
    )  # fmt: skip
    for key, title, path in wanted:
        value = run.get("lineage", *path)
        why = "the run left no lineage.json" if "lineage" not in run.documents else "lineage.json has null there"
        fix = (
            "pin the image by digest (@sha256:...): a tag can be moved" if key.endswith("digest") else _again(material)
        )
        section.tell(key, title, _flat(value), source("lineage.json", *path), why=why, fix=fix)
    libraries: list[list[Any]] = [
        [where, name, version]
        for where, versions in sorted((run.get("lineage", "libraries") or {}).items())
        for name, version in sorted(versions.items())
    ]
    section.table("Library versions", ("of", "library", "version"), libraries, source("lineage.json", "libraries"))
    section.tell("libraries", "Libraries recorded", len(libraries) or None, source("lineage.json", "libraries"),
                 why="the run left no lineage.json", fix=_again(material))  # fmt: skip
    sources = sorted((run.get("snapshot", "sources") or {}).items())
    section.table("Data files", ("file", "SHA-256"), [list(pair) for pair in sources],
                  source("snapshot.json", "sources"))  # fmt: skip
    whole = "lineage" in run.documents and not gaps(run.documents["lineage"])
    section.tell("whole", "The record lacks nothing to make the model again", "yes" if whole else None,
                 source("lineage.json"), why=_lacking(material), fix=_again(material))  # fmt: skip
    section.tell("signature", "The run's own signature, verified now", run.signature, source("signature.json"),
                 why=run.signature_why, fix=_again(material))  # fmt: skip
    return section


def _lacking(material: Material) -> str:
    from mlops_pipelines.signing.lineage import gaps

    if "lineage" not in material.run.documents:
        return "the run left no lineage.json"
    return f"it lacks {', '.join(gaps(material.run.documents['lineage']))}"


def _flat(value: Any) -> Any:
    """Return a mapping of plain values as text, in the order of its keys."""
    if isinstance(value, dict):
        return ", ".join(f"{key} {rounded(item)}" for key, item in sorted(value.items()))
    return value


def _gates(material: Material) -> Section:
    section, run = Section("gates", "Gates"), material.run
    passed = run.get("gate", "passed")
    outcome = None if passed is None else "passed" if passed else f"refused: {run.get('gate', 'reason')}"
    section.tell("outcome", "What the gates said", outcome, source("gate.json", "passed"),
                 why="the run left no gate.json: it ended before its gates", fix=_again(material))  # fmt: skip
    checks = run.get("gate", "checks") or []
    rows = [
        [check["gate"], "passed" if check["passed"] else "FAILED", rounded(check["value"]), rounded(check["limit"]),
         check["rule"], check.get("warning") or ""]
        for check in checks
    ]  # fmt: skip
    section.table(
        "Gates", ("gate", "outcome", "value", "limit", "rule", "warning"), rows, source("gate.json", "checks")
    )
    for place, check in enumerate(checks):
        if check.get("warning"):
            section.lack(
                f"warning_{check['gate']}",
                f"Gate {check['gate']}, passed with a warning",
                why=check["warning"],
                fix=f"documents/gate.json#/checks/{place}: who approves weighs it",
            )
    return section


def _evaluation(material: Material) -> Section:
    section, run = Section("evaluation", "Evaluation on the test set"), material.run
    metric = run.get("evaluation", "metric") or {}
    shown = _interval(metric)
    named = f"{metric.get('name')} {shown}" if shown else None
    section.tell("metric", "Gated metric, with its confidence interval", named, source("evaluation.json", "metric"),
                 why="the run left no evaluation.json, or no interval in it", fix=_again(material))  # fmt: skip
    _tell(section, material, "records", "Records of the test set", "evaluation", "dataset", "item_count")
    _tell(section, material, "train_score", "Score on the training set", "evaluation", "train_score")
    _tell(section, material, "generalisation_gap", "Generalisation gap", "evaluation", "generalisation_gap")
    intervals = run.get("evaluation", "intervals") or {}
    rows = [[name, *(rounded(item.get(key)) for key in ("value", "low", "high"))]
            for name, item in sorted(intervals.items()) if isinstance(item, dict)]  # fmt: skip
    section.table("Metrics with 95 % intervals", ("metric", "value", "low", "high"), rows,
                  source("evaluation.json", "intervals"))  # fmt: skip
    status = run.get("evaluation", "champion", "status")
    section.tell("champion", "Held against the champion", status if status not in (None, "none") else None,
                 source("evaluation.json", "champion"), why="there was no champion to compare with",
                 fix="approve a version; the next run is held against it")  # fmt: skip
    return section


def _interval(item: Any) -> str:
    if not isinstance(item, dict) or any(item.get(key) is None for key in ("value", "low", "high")):
        return ""
    return f"{item['value']:.4g} ({item['low']:.4g} to {item['high']:.4g})"


def _fairness(material: Material) -> Section:
    section, run = Section("fairness", "Fairness"), material.run
    status = run.get("fairness", "status")
    section.tell("status", "State", status, source("fairness.json", "status"),
                 why="the run left no fairness.json", fix=_again(material))  # fmt: skip
    attributes = run.get("fairness", "attributes") or {}
    section.tell("attributes", "By protected attribute", ", ".join(sorted(attributes)),
                 source("fairness.json", "attributes"), why="no protected attribute was measured",
                 fix="give a column of the schema the role protected, and train again")  # fmt: skip
    differences, groups = [], []
    for attribute, found in sorted(attributes.items()):
        for name, item in sorted((found.get("differences") or {}).items()):
            differences.append([attribute, name, *_value(item), item.get("highest"), item.get("lowest")])
        for group, item in sorted((found.get("groups") or {}).items()):
            groups.append([attribute, group, item.get("count"), *_value(item.get("selection_rate"))])
    where = source("fairness.json", "attributes")
    columns = ("attribute", "difference", "value", "low", "high", "highest", "lowest")
    section.table("Differences between groups", columns, differences, where)
    section.table("Groups: selection rate", ("attribute", "group", "records", "rate", "low", "high"), groups, where)
    limits = {"selection_rate_difference": "max_selection_rate_difference",
              "equalized_odds_difference": "max_equalized_odds_difference"}  # fmt: skip
    for key, limit in limits.items():
        worst = rounded(run.get("fairness", "worst", key))
        allowed = getattr(material.configuration.gates, limit, None)
        value = None if worst is None else f"{worst} (gate: at most {allowed})"
        section.tell(key, f"Largest {key.replace('_', ' ')}", value, source("fairness.json", "worst", key),
                     why="it was not measured", fix=_again(material))  # fmt: skip
    return section


def _value(item: Any) -> list[Any]:
    found = item if isinstance(item, dict) else {"value": item}
    return [rounded(found.get(key)) for key in ("value", "low", "high")]


def _robustness(material: Material) -> Section:
    section, run = Section("robustness", "Robustness"), material.run
    flipped, epsilon = run.get("robustness", "flipped_percent"), run.get("robustness", "epsilon")
    value = None if flipped is None else f"{rounded(flipped)} % at {epsilon} standard deviations"
    section.tell("flipped", "Decisions that a perturbation changes", value,
                 source("robustness.json", "flipped_percent"), why="the run left no robustness.json",
                 fix=_again(material))  # fmt: skip
    section.tell("attack", "Adversarial attack", run.get("robustness", "summary", "attack") or
                 run.get("robustness", "attack", "name"), source("robustness.json", "attack"),
                 why="no attack was tried", fix=_again(material))  # fmt: skip
    _tell(section, material, "records", "Records", "robustness", "records")
    rows = [[rounded(item.get(key)) for key in ("epsilon", "flipped_percent", "score")]
            for item in run.get("robustness", "curve") or []]  # fmt: skip
    section.table("By size of the perturbation", ("standard deviations", "changed, %", "score"), rows,
                  source("robustness.json", "curve"))  # fmt: skip
    section.lack("poisoning", "Test against poisoned training data", why="the pipeline attacks the model, not its data",
                 fix="the rules on who may write training data answer a part: the control table")  # fmt: skip
    return section


def _explanations(material: Material) -> Section:
    section, run = Section("explanations", "Explanations"), material.run
    _tell(section, material, "method", "Method", "explanations", "method")
    features = run.get("explanations", "features") or []
    rows = [[item.get("feature"), rounded(item.get("mean_abs_shap")), rounded(item.get("share")), item.get("direction")]
            for item in features]  # fmt: skip
    section.table("What the model goes by", ("feature", "mean |SHAP|", "share", "direction"), rows,
                  source("explanations.json", "features"))  # fmt: skip
    section.tell("features", "Features explained", len(features) or None, source("explanations.json", "features"),
                 why="the run left no explanations.json", fix=_again(material))  # fmt: skip
    examples = run.get("explanations", "examples") or []
    section.tell("examples", "Single decisions explained", len(examples) or None,
                 source("explanations.json", "examples"), why="no single decision was explained",
                 fix=_again(material))  # fmt: skip
    section.lack("delivered", "Explanations given to the persons concerned",
                 why="the endpoint answers without reasons, and nothing records what persons were told",
                 fix="whoever deploys the model records it (Art. 86 of the AI Act, where it applies)")  # fmt: skip
    return section


def _optimisation(material: Material) -> Section:
    section, run = Section("optimisation", "Optimised formats"), material.run
    formats = run.get("optimisation", "formats") or {}
    rows = [[name, "used" if item.get("used") else item.get("status") or "kept", item.get("bytes"),
             rounded(item.get("loss")), item.get("sha256"), item.get("reason") or ""]
            for name, item in sorted(formats.items())]  # fmt: skip
    section.table("Formats", ("format", "state", "bytes", "loss of score", "SHA-256", "why"), rows,
                  source("optimisation.json", "formats"))  # fmt: skip
    _tell(section, material, "loss", "What the optimised model loses of the score", "optimisation", "loss")
    return section
