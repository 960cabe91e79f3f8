"""What registry, data and repository say: approval, data governance, change history."""

from __future__ import annotations

import hashlib
from typing import Any

from mlops_estate.evidence.lookup import nodes
from mlops_estate.evidence.model import Material, Section, resource, rounded, source


def sections(material: Material) -> list[Section]:
    """Return the sections that registry, data and repository fill."""
    builders = (_approval, _data, _changes)
    return [build(material) for build in builders]


def _stand(material: Material) -> str:
    return f"estate evidence {material.environment.name} {material.model} --fresh, or --account URL"


def _approval(material: Material) -> Section:
    section, package = Section("approval", "Approval"), material.package or {}
    why, fix = material.package_missing or "the registry does not say it", _stand(material)
    for key, title, name in (("arn", "Version in the registry", "ModelPackageArn"),
                             ("number", "Number in the registry", "ModelPackageVersion"),
                             ("registered", "Registered at", "CreationTime"),
                             ("status", "Status", "ModelApprovalStatus"),
                             ("reason", "What the approver wrote", "ApprovalDescription")):  # fmt: skip
        section.tell(key, title, package.get(name), source("registry.json", name), why=why, fix=fix)
    decided = (
        package.get("LastModifiedTime") if package.get("ModelApprovalStatus") in ("Approved", "Rejected") else None
    )
    section.tell("decided", "Decided at", decided, source("registry.json", "LastModifiedTime"),
                 why=material.package_missing or "nobody has decided yet: it waits for approval",
                 fix="the model approver decides: docs/reference/people.md")  # fmt: skip
    for key, title, name in (("who", "Who decided", "LastModifiedBy"), ("by", "Who registered it", "CreatedBy")):
        identity, lacking = _identity(package.get(name))
        section.tell(
            key,
            title,
            identity,
            source("registry.json", name),
            why=material.package_missing or lacking,
            fix="in AWS the registry and the trail hold who it was (CloudTrail: UpdateModelPackage)",
        )
    approver = material.environment.config.estate.people.model_dump(mode="json").get("model_approver") or {}
    named = [f"permission set {approver['sso']}"] if approver.get("sso") else []
    section.tell("approver", "Who may approve", ", ".join([*named, *(approver.get("principals") or [])]),
                 source("configuration.json", "people", "model_approver"), why="no approver is configured",
                 fix="people.model_approver in the estate's block")  # fmt: skip
    return section


def _identity(found: Any) -> tuple[str, str]:
    """Return who an identity of the registry is, and why that is not known."""
    if not isinstance(found, dict):
        return "", "the registry does not say it"
    if str(found.get("DomainId", "")).startswith("fake-"):
        return "", "an embedded account knows no people: what it answers there stands in for an identity"
    iam = found.get("IamIdentity") or {}
    return str(found.get("UserProfileName") or iam.get("Arn") or ""), "the registry does not say it"


def _data(material: Material) -> Section:
    section, run, block = Section("data", "Data governance"), material.run, material.configuration
    name, again = material.environment.name, f"estate pipeline run {material.model} --local --env"
    again = f"{again} {name}"
    columns = run.get("schema", "columns") or []
    rows = [[item.get("name"), item.get("type"), item.get("role", "feature"), _range(item), item.get("description", "")]
            for item in columns]  # fmt: skip
    section.table(
        "Schema", ("column", "type", "role", "allowed", "description"), rows, source("schema.json", "columns")
    )
    section.tell("schema", "Columns of the schema", len(columns) or None, source("schema.json", "columns"),
                 why="the run left no schema.json", fix=again)  # fmt: skip
    protected = [item["name"] for item in columns if item.get("role") == "protected"]
    section.tell("protected", "Protected attributes (never an input)", ", ".join(protected),
                 source("schema.json", "columns"), why="no column of the schema is protected",
                 fix="give it the role protected, where the data have one")  # fmt: skip
    section.tell("label", "Label", block.label, source("configuration.json", "block", "label"), why="", fix="")
    section.tell("file", "Data set", block.data, source("configuration.json", "block", "data"), why="", fix="")
    told = material.provenance.name if material.provenance else ""
    section.tell("provenance", "Where the data come from", f"told in {told}" if told else None, source(told or "none"),
                 why="there is no PROVENANCE.md beside the data",
                 fix="write one: origin, licence, how it was collected, what was changed")  # fmt: skip
    records = run.get("snapshot", "records")
    section.tell("records", "Records of the snapshot", records, source("snapshot.json", "records"),
                 why="the run left no snapshot.json", fix=again)  # fmt: skip
    _same_file(section, material, again)
    _quality(section, material, again)
    splits = run.get("splits", "splits") or {}
    section.table("Splits", ("split", "records", "SHA-256"),
                  [[key, item.get("records"), item.get("sha256")] for key, item in sorted(splits.items())],
                  source("splits.json", "splits"))  # fmt: skip
    section.tell("splits", "Split by contents and seed", run.get("splits", "seed"), source("splits.json", "seed"),
                 why="the run left no splits.json", fix=again)  # fmt: skip
    masking = nodes(material, "mlops:index:MaskingPipeline")
    section.tell(
        "masking",
        "Masked copy for other environments",
        masking[0].name if masking else None,
        resource(masking[0].urn) if masking else "",
        why="no masking pipeline is declared here",
        fix="protection.masked_copy in the estate's block, in the environment that holds the originals",
    )
    section.lack(
        "collection",
        "How the data were collected, labelled and cleaned, and whether they represent those concerned",
        why="no program can know it",
        fix="the data owner writes it, in PROVENANCE.md",
    )
    return section


def _range(column: dict[str, Any]) -> str:
    if column.get("values"):
        return ", ".join(map(str, column["values"]))
    low, high = column.get("minimum"), column.get("maximum")
    return "" if low is None and high is None else f"{low} to {high}"


def _same_file(section: Section, material: Material, again: str) -> None:
    """Say whether the file in the working tree is still the one that the run was trained on."""
    path = material.environment.project_dir / material.configuration.data
    sources = material.run.get("snapshot", "sources") or {}
    now = hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else ""
    recorded = sources.get(path.name)
    why = "the run used another file" if recorded is None else "the file was changed since the run, or is gone"
    section.tell(
        "unchanged",
        "The file in the repository is the one that was trained on",
        "yes" if now and now == recorded else None,
        source("snapshot.json", "sources"),
        why=why,
        fix=again,
    )


def _quality(section: Section, material: Material, again: str) -> None:
    checks = material.run.get("validation", "checks") or []
    failed = [item for item in checks if not item.get("passed")]
    warned = [item for item in checks if item.get("warned")]
    said = f"{len(checks) - len(failed)} of {len(checks)} passed, {len(warned)} with a warning" if checks else None
    section.tell("quality", "Quality checks", said, source("validation.json", "checks"),
                 why="the run left no validation.json", fix=again)  # fmt: skip
    rows = [[item.get("check"), item.get("column") or "", item.get("rule"), rounded(item.get("value")),
             rounded(item.get("limit")), "failed" if not item.get("passed") else "warning"]
            for item in checks if not item.get("passed") or item.get("warned")]  # fmt: skip
    section.table("Checks that failed or warned", ("check", "column", "rule", "value", "limit", "outcome"), rows,
                  source("validation.json", "checks"))  # fmt: skip
    drift = material.run.get("validation", "drift") or {}
    measured = drift.get("status") == "measured"
    said = (
        f"{len(drift.get('drifted') or [])} of {len(drift.get('columns') or [])} columns drifted" if measured else None
    )
    section.tell("drift", "Drift against the last accepted snapshot", said, source("validation.json", "drift"),
                 why=f"it was not measured: {drift.get('status') or 'no validation.json'}",
                 fix="it is measured from the second approved version on")  # fmt: skip


def _changes(material: Material) -> Section:
    section, history = Section("changes", "Change history"), material.history
    for key, title in (("configuration", "Commits that changed the model's block"), ("data", "Commits of its data")):
        commits = history[key]["commits"]
        section.table(title, ("commit", "author", "when", "subject"),
                      [[item[name] for name in ("commit", "author", "when", "subject")] for item in commits],
                      source("history.json", key, "commits"))  # fmt: skip
        section.tell(
            key,
            title,
            history[key]["count"] or None,
            source("history.json", key, "count"),
            why=history["why"] or "none is recorded",
            fix="keep the project in git, and commit it",
        )
    section.tell("head", "Commit of the working tree", history["head"], source("history.json", "head"),
                 why=history["why"], fix="keep the project in git")  # fmt: skip
    recorded = material.run.get("lineage", "commit")
    clean = history["head"] and not history["uncommitted"]
    why = history["why"] or f"not committed yet: {', '.join(history['uncommitted'])}"
    section.tell("clean", "Configuration and data are as committed", "yes" if clean else None,
                 source("history.json", "uncommitted"), why=why, fix="commit them, and train again")  # fmt: skip
    same = bool(history["head"]) and recorded == history["head"]
    section.tell("same", "The run was made from this commit", "yes" if same else None, source("lineage.json", "commit"),
                 why=f"the run says {recorded or 'nothing'}, the working tree is at {history['head'] or 'no commit'}",
                 fix="train again, or make the pack from the run's commit")  # fmt: skip
    if history["shallow"]:
        section.lack("shallow", "Whole history", why="the clone is shallow: older commits are not in it",
                     fix="git fetch --unshallow")  # fmt: skip
    section.lack("review", "Who reviewed each change", why="reviews are kept by the code host, not in git",
                 fix="its export of pull requests")  # fmt: skip
    return section
