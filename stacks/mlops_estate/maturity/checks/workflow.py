"""Checks of what workflows run when something happens to the repository, and with which rights."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from itertools import pairwise

from mlops_estate.maturity.checks.registry import Found, check, met, outcome, unmet
from mlops_estate.maturity.facts import Facts
from mlops_estate.maturity.model import Evidence, Outcome
from mlops_estate.maturity.workflows import Job, Step, Workflow

NONE = "there is no workflow"
_HASH = re.compile(r".+@[0-9a-f]{40}|docker://.+@sha256:[0-9a-f]{64}")
_KEYS = ("aws-access-key-id", "aws-secret-access-key")


def matches(step: Step, patterns: Iterable[str]) -> str:
    """Return the command or action of a step that one of some regular expressions matches from its start, or ""."""
    for text in (*step.commands, step.uses):
        if text and any(re.match(pattern, text) for pattern in patterns):
            return text
    return ""


def step_evidence(step: Step, what: str) -> Evidence:
    """Return a step as evidence."""
    return Evidence("workflow step", step.where, what if len(what) <= 100 else what[:99] + "…")


@check
def workflow_runs(facts: Facts, triggers: list[str], runs: dict[str, list[str]]) -> Outcome:
    """Some event starts steps that run each of `runs` (what it is, and regular expressions of commands or actions),
    and whose failure fails the job."""
    evidence, missing = [], []
    for what, patterns in runs.items():
        found = [(step, text) for step in facts.steps(triggers) if step.gates and (text := matches(step, patterns))]
        if found:
            evidence.append(step_evidence(found[0][0], found[0][1]))
        else:
            missing.append(what)
    if not facts.workflows:
        return unmet(NONE)
    if missing:
        return unmet(f"no workflow on {' or '.join(triggers)} runs {', '.join(missing)}", evidence)
    return met(evidence)


@check
def actions_pinned(facts: Facts) -> Outcome:
    """Every action from elsewhere is pinned by the hash of a commit or an image."""
    steps = [step for step in facts.steps() if step.uses and not step.uses.startswith("./")]
    loose = sorted({step.uses for step in steps if not _HASH.fullmatch(step.uses)})
    if not facts.workflows:
        return unmet(NONE)
    if loose:
        return unmet(f"not pinned by hash: {', '.join(loose)}")
    return met(Evidence("file", workflow.path, "every action pinned by hash") for workflow in facts.workflows)


@check
def least_permissions(facts: Facts) -> Outcome:
    """Every workflow gives its token no right to write; a job that needs one asks for it."""
    wide = [workflow.path for workflow in facts.workflows if not _narrow(workflow.permissions)]
    wide += [f"{workflow.path}:{job.name}" for workflow in facts.workflows for job in workflow.jobs
             if job.permissions == "write-all"]  # fmt: skip
    if not facts.workflows:
        return unmet(NONE)
    if wide:
        return unmet(f"rights to write for all jobs, or by default: {', '.join(wide)}")
    return met(Evidence("file", workflow.path, f"permissions {workflow.permissions}") for workflow in facts.workflows)


def _narrow(permissions: object) -> bool:
    if isinstance(permissions, Mapping):
        return "write" not in permissions.values()
    return permissions == "read-all"


def deploying(facts: Facts, patterns: Iterable[str]) -> list[tuple[Workflow, Job, Step]]:
    """Return the steps that deploy, with job and workflow."""
    return [
        (workflow, job, step)
        for workflow in facts.workflows
        for job in workflow.jobs
        for step in job.steps
        if matches(step, patterns) and "failure()" not in step.condition  # that one goes back
    ]


def _before(workflow: Workflow, job: Job) -> set[str]:
    """Return the names of all jobs that have to end before a job starts."""
    by_name = {one.name: one for one in workflow.jobs}
    found: set[str] = set()
    waiting = [job.name]
    while waiting:
        at = by_name.get(waiting.pop())
        for name in at.needs if at else ():
            if name not in found:
                found.add(name)
                waiting.append(name)
    return found


@check
def staged(facts: Facts, deploys: list[str], stages: list[str]) -> Outcome:
    """Jobs deploy to each stage's environment in turn, each after the job of the stage before."""
    found = deploying(facts, deploys)
    if not found:
        return unmet("no workflow deploys")
    for workflow in facts.workflows:
        jobs = [job for one, job, _step in found if one is workflow]
        chain = [next((job for job in jobs if _stage_of(job, stage)), None) for stage in stages]
        linked = all(
            before is not None and after is not None and before.name in _before(workflow, after)
            for before, after in pairwise(chain)
        )
        if linked and all(chain):
            return met(
                Evidence("workflow step", f"{workflow.path}:{job.name}", f"environment {job.environment}")
                for job in chain
                if job is not None
            )
    return unmet(f"no workflow deploys to {', '.join(stages)} in turn, each a protected environment",
                 [step_evidence(step, matches(step, deploys)) for _workflow, _job, step in found])  # fmt: skip


def _stage_of(job: Job, stage: str) -> bool:
    return re.fullmatch(rf"(?:.*[^a-z])?{stage}(?:[^a-z].*)?", job.environment) is not None


@check
def federated(facts: Facts, deploys: list[str]) -> Outcome:
    """Jobs that deploy take a role by OpenID Connect, and no step is given keys that live long."""
    keyed = [step for step in facts.steps() if any(step.arguments.get(key) for key in _KEYS)]
    if keyed:
        return unmet("a step is given keys that live long", [step_evidence(step, step.uses) for step in keyed])
    evidence: list[Evidence] = []
    for workflow, job, step in deploying(facts, deploys):
        rights = job.permissions if isinstance(job.permissions, Mapping) else workflow.permissions
        roles = [one for one in job.steps if one.uses.startswith("aws-actions/configure-aws-credentials@")
                 and one.arguments.get("role-to-assume")]  # fmt: skip
        if not roles or not isinstance(rights, Mapping) or rights.get("id-token") != "write":
            return unmet(f"{step.where} deploys without a role taken by OpenID Connect")
        evidence += [step_evidence(one, "role-to-assume by OpenID Connect") for one in roles]
    return outcome(evidence or "no workflow deploys")


@check
def verified_after(facts: Facts, deploys: list[str], verifies: list[str], undoes: list[str]) -> Outcome:
    """After the update, a step looks whether what was deployed is healthy; on failure, a step undoes the update."""
    found = deploying(facts, deploys)
    for _workflow, job, step in found:
        after = job.steps[job.steps.index(step) + 1 :]
        looks = [one for one in after if one.gates and "failure()" not in one.condition and matches(one, verifies)]
        undone = [one for one in after if "failure()" in one.condition and matches(one, undoes)]
        if not looks:
            return unmet(f"nothing looks after {step.where} whether what was deployed is healthy")
        if not undone:
            return unmet(f"nothing is undone when what follows {step.where} fails",
                         [step_evidence(one, matches(one, verifies)) for one in looks])  # fmt: skip
    evidence: Found = [
        step_evidence(one, matches(one, patterns))
        for _workflow, job, step in found
        for one in job.steps[job.steps.index(step) + 1 :]
        for patterns in (verifies, undoes)
        if matches(one, patterns)
    ]
    return outcome(evidence or "no workflow deploys")
