"""Checks of what the training pipelines run, and of what their steps take from each other."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from mlops_estate.graph import UNKNOWN
from mlops_estate.maturity.checks.registry import Found, check, every_model, resource
from mlops_estate.maturity.facts import Facts
from mlops_estate.maturity.model import Evidence, Outcome
from mlops_estate.maturity.pipelines import Pipeline, Step, references
from mlops_estate.maturity.values import block, number, texts

JOBS = ("Processing", "Training", "Transform", "Tuning", "AutoML")
UNREADABLE = "no pipeline trains it whose definition can be read"


def step_evidence(pipeline: Pipeline, step: Step, what: str) -> Evidence:
    """Return a step as evidence."""
    return Evidence("pipeline step", f"{pipeline.node.urn} step {step.name}", f"{what} ({pipeline.origin})")


def runs_here(facts: Facts, step: Step) -> bool:
    """Return whether the module that a step runs is in the project, or the step needs none of its own."""
    if not step.program.startswith("mlops_pipelines."):
        return True
    return (facts.project_dir / "pipelines" / Path(*step.program.split("."))).with_suffix(".py").is_file()


def on_training(facts: Facts, model: str, look: Any) -> Found:
    """Return what `look` finds on the first of a model's training pipelines on which it finds something."""
    missing = UNREADABLE
    for pipeline in facts.training(model):
        found: Found = look(pipeline)
        if not isinstance(found, str):
            return found
        missing = found
    return missing


@check
def pipeline_step(
    facts: Facts, programs: list[str], before: str, direct: bool = False, needs_column: str = ""
) -> Outcome:
    """A step runs each program, and a step of type or program `before` can't start until it has ended; with `direct`,
    takes something from it. `needs_column` is a key of the model without which the item doesn't apply to it."""

    def look(model: str) -> Found:
        return on_training(facts, model, lambda pipeline: _wired(facts, pipeline, programs, before, direct=direct))

    if needs_column and facts.models and not any(block.get(needs_column) for block in facts.models.values()):
        return Outcome("not applicable", why=f"no model has a {needs_column}")
    return every_model(facts, look)


def _wired(facts: Facts, pipeline: Pipeline, programs: Iterable[str], before: str, *, direct: bool = False) -> Found:
    later = [*pipeline.typed(before), *pipeline.running(before)]
    waits = {name for one in later for name in (one.after if direct else pipeline.upstream(one))}
    evidence = []
    for program in programs:
        steps = [step for step in pipeline.running(program) if runs_here(facts, step)]
        wired = [step for step in steps if step.name in waits]
        if not steps:
            return f"no step runs {program}"
        if not wired:
            return f"{steps[0].name} runs, and {before} {'takes nothing from it' if direct else 'does not wait for it'}"
        evidence.append(step_evidence(pipeline, wired[0], f"runs {program}, before {before}"))
    return evidence


@check
def pipeline_trains(facts: Facts) -> Outcome:
    """A Training step takes its data from a step before it, and its model is registered."""

    def look(model: str) -> Found:
        return on_training(facts, model, _trained_and_registered)

    return every_model(facts, look)


def _trained_and_registered(pipeline: Pipeline) -> Found:
    for train in pipeline.typed("Training"):
        fed = set(references(train.arguments.get("InputDataConfig"))) & pipeline.steps.keys()
        for register in pipeline.typed("RegisterModel"):
            if fed and train.name in pipeline.upstream(register):
                return [step_evidence(pipeline, train, f"trains on what {', '.join(sorted(fed))} writes"),
                        step_evidence(pipeline, register, f"registers what {train.name} made")]  # fmt: skip
    return "no step registers what a training step made of another step's data"


@check
def pipeline_gate(facts: Facts, evaluates: list[str], gate: str) -> Outcome:
    """A condition reads what the gate found, registers on one side and fails on the other; the gate takes the
    reports of every program of `evaluates`."""

    def look(model: str) -> Found:
        return on_training(facts, model, lambda pipeline: _gated(facts, pipeline, evaluates, gate))

    return every_model(facts, look)


def _gated(facts: Facts, pipeline: Pipeline, evaluates: list[str], gate: str) -> Found:
    wired = _wired(facts, pipeline, evaluates, gate, direct=True)
    if isinstance(wired, str):
        return wired
    gates = {step.name for step in pipeline.running(gate) if runs_here(facts, step)}
    for condition in pipeline.typed("Condition"):
        if not gates & set(references(condition.arguments.get("Conditions"))):
            continue
        inside = [step for step in pipeline.steps.values() if step.branch and step.branch[0] == condition.name]
        sides = {(step.type, step.branch[1]): step for step in inside if step.branch}
        accepted, refused = sides.get(("RegisterModel", "IfSteps")), sides.get(("Fail", "ElseSteps"))
        elsewhere = [step for step in pipeline.typed("RegisterModel") if step is not accepted]
        if accepted and refused and not elsewhere:
            return [*wired, step_evidence(pipeline, condition, f"registers only if {', '.join(sorted(gates))} passed")]
    return "no condition on the gate's report decides whether the model is registered"


@check
def pipeline_retries(facts: Facts) -> Outcome:
    """Every job step is tried again when AWS fails it: on lack of capacity or an internal error."""

    def look(model: str) -> Found:
        return on_training(facts, model, _retried)

    return every_model(facts, look)


def _retried(pipeline: Pipeline) -> Found:
    jobs = [step for step in pipeline.steps.values() if step.type in JOBS]
    bare = [step.name for step in jobs if not any(
        {"SageMaker.CAPACITY_ERROR", "SageMaker.JOB_INTERNAL_ERROR"} & set(texts(policy.get("ExceptionType")))
        and number(policy.get("MaxAttempts")) > 0 for policy in step.retries)]  # fmt: skip
    if bare:
        return f"without a retry policy: {', '.join(bare)}"
    return [step_evidence(pipeline, jobs[0], f"and all {len(jobs)} job steps have retry policies")]


@check
def spot_with_checkpoints(facts: Facts) -> Outcome:
    """Training runs on managed spot capacity, and keeps checkpoints to go on from."""

    def look(model: str) -> Found:
        return on_training(facts, model, lambda pipeline: _on_spot(facts, pipeline))

    return every_model(facts, look)


def _on_spot(facts: Facts, pipeline: Pipeline) -> Found:
    component = facts.graph.nodes.get(pipeline.node.parent or "")
    for train in pipeline.typed("Training"):
        spot = train.arguments.get("EnableManagedSpotTraining")
        if spot == "${use_spot}":  # what the component fills in: its input, true by default
            spot = component is not None and component.inputs.get("use_spot", True)
        if spot is True and block(train.arguments.get("CheckpointConfig")).get("S3Uri"):
            return [step_evidence(pipeline, train, "managed spot training with checkpoints in S3")]
    return "training is not on spot capacity with checkpoints"


@check
def registers_origin(facts: Facts, snapshot: str) -> Outcome:
    """The registered version says its commit, seed, code, image and the data snapshot it was trained on."""

    def look(model: str) -> Found:
        return on_training(facts, model, lambda pipeline: _origin(pipeline, snapshot))

    return every_model(facts, look)


def _origin(pipeline: Pipeline, snapshot: str) -> Found:
    names = {step.name for step in pipeline.running(snapshot)}
    for register in pipeline.typed("RegisterModel"):
        kept = block(register.arguments.get("CustomerMetadataProperties"))
        missing = [key for key in ("commit", "seed", "source", "image") if not kept.get(key)]
        if not names & set(references(kept)):
            missing.append("the data snapshot")
        if not missing:
            return [step_evidence(pipeline, register, f"keeps {', '.join(sorted(kept))}")]
        return f"{register.name} doesn't keep {', '.join(missing)}"
    return "no step registers a version"


@check
def registers_card_and_metrics(facts: Facts) -> Outcome:
    """The registered version carries its metrics, baselines for drift, and a model card."""

    def look(model: str) -> Found:
        return on_training(facts, model, _carries)

    return every_model(facts, look)


def _carries(pipeline: Pipeline) -> Found:
    for register in pipeline.typed("RegisterModel"):
        missing = [
            key for key in ("ModelMetrics", "DriftCheckBaselines", "ModelCard") if not register.arguments.get(key)
        ]
        return f"{register.name} leaves out {', '.join(missing)}" if missing else [
            step_evidence(pipeline, register, "with ModelMetrics, DriftCheckBaselines and ModelCard")]  # fmt: skip
    return "no step registers a version"


@check
def waits_for_approval(facts: Facts) -> Outcome:
    """A registered version is not approved by the pipeline itself: a person does it."""

    def look(model: str) -> Found:
        return on_training(facts, model, _pending)

    return every_model(facts, look)


def _pending(pipeline: Pipeline) -> Found:
    for register in pipeline.typed("RegisterModel"):
        status = register.arguments.get("ModelApprovalStatus")
        if isinstance(status, dict):
            status = pipeline.parameters.get(str(status.get("Get", "")).removeprefix("Parameters."))
        if status != "PendingManualApproval":
            return f"{register.name} sets {status}"
        return [step_evidence(pipeline, register, "ModelApprovalStatus PendingManualApproval")]
    return "no step registers a version"


@check
def signed_before_registered(facts: Facts, sign: str, verify: str) -> Outcome:
    """A step signs with a key of the graph, another verifies, and registering waits in the same branch after both."""

    def look(model: str) -> Found:
        return on_training(facts, model, lambda pipeline: _signed(facts, pipeline, sign, verify))

    return every_model(facts, look)


def _signed(facts: Facts, pipeline: Pipeline, sign: str, verify: str) -> Found:
    verified = _wired(facts, pipeline, [sign], verify, direct=True)
    if isinstance(verified, str):
        return verified
    keys = [node for node in facts.linked(pipeline.node, "pipelineDefinition") if node.type == "aws:kms/key:Key"]
    keys = [node for node in keys if node.inputs.get("keyUsage") == "SIGN_VERIFY"]
    if not keys:
        return "its definition takes no key that signs"
    for register in pipeline.typed("RegisterModel"):
        if any(step.name in pipeline.upstream(register) for step in pipeline.running(verify)):
            return [*verified, resource(keys[0], "KMS key of usage SIGN_VERIFY")]
    return "registering doesn't wait for the verified signature"


@check
def search_on(facts: Facts, program: str) -> Outcome:
    """Hyperparameters are searched: the step runs before training, and the model's block asks for a search."""

    def look(model: str) -> Found:
        found = on_training(facts, model, lambda pipeline: _wired(facts, pipeline, [program], "Training", direct=True))
        mode = block(block(facts.models.get(model)).get("training")).get("search")
        if isinstance(found, str):
            return found
        if mode not in ("tune", "automl"):
            return f"training.search is {mode}"
        return [*found, Evidence("configuration", f"models.{model}.training.search", str(mode))]

    return every_model(facts, look)


@check
def jobs_are_isolated(facts: Facts) -> Outcome:
    """Every job runs in the private network with encrypted traffic, and training without a network of its own."""

    def look(model: str) -> Found:
        return on_training(facts, model, _isolated)

    return every_model(facts, look)


def _isolated(pipeline: Pipeline) -> Found:
    open_ = []
    for step in pipeline.steps.values():
        network = step.arguments.get("NetworkConfig") or step.arguments
        if step.type in JOBS and not (
            network.get("VpcConfig") and network.get("EnableInterContainerTrafficEncryption") is True
        ):
            open_.append(step.name)
    train = pipeline.typed("Training")[0]
    if train.arguments.get("EnableNetworkIsolation") is not True:
        open_.append(train.name)
    if open_:
        return f"not isolated: {', '.join(dict.fromkeys(open_))}"
    return [step_evidence(pipeline, train, "and every job in the VPC, traffic encrypted; training isolated")]


@check
def data_thresholds(facts: Facts) -> Outcome:
    """The data have a schema in the project, and thresholds of quality and drift that the pipeline is given."""

    def look(model: str) -> Found:
        for node in facts.graph.components():
            if node.type == "mlops:index:TrainingPipeline" and node.inputs.get("model") == model:
                limits = node.inputs.get("data_quality")
                schema = node.inputs.get("schema_file")
                path = (facts.project_dir / "stacks" / str(schema)).resolve()
                if not isinstance(limits, dict) or not {"max_missing_percent", "max_psi"} <= limits.keys():
                    return "the pipeline is given no thresholds of quality and drift"
                if schema in (None, UNKNOWN) or not path.is_file():
                    return f"there is no schema at {schema}"
                told = f"max_missing_percent {limits['max_missing_percent']}, max_psi {limits['max_psi']}"
                place = path.relative_to(facts.project_dir.resolve()).as_posix()
                return [resource(node, told), Evidence("file", place, "columns, types, ranges, roles")]
        return "no training pipeline is declared for it"

    return every_model(facts, look)


@check
def caches_steps(facts: Facts) -> Outcome:
    """Steps whose inputs did not change are not run again; at least training and one step before it."""

    def look(model: str) -> Found:
        return on_training(facts, model, _cached)

    return every_model(facts, look)


def _cached(pipeline: Pipeline) -> Found:
    cached = [step for step in pipeline.steps.values() if step.cached]
    if len(cached) < 2 or not any(step.type == "Training" for step in cached):
        return "training and what comes before it run anew each time"
    return [step_evidence(pipeline, cached[0], f"and {len(cached) - 1} more steps are cached")]
