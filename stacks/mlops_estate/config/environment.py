"""From raw values to the typed configuration of one environment, with every fault at once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from mlops_estate.config import names
from mlops_estate.config.blocks import Checked, check_block
from mlops_estate.config.classes import CLASSES, EnvironmentClass, defaults_of
from mlops_estate.config.document import ConfigFault, Document, dotted
from mlops_estate.config.estate import EstateBlock
from mlops_estate.config.findings import Finding, RelativePath
from mlops_estate.config.models import ModelBlock
from mlops_estate.config.monitoring_rules import clarify_is_in_the_region
from mlops_estate.config.protection_rules import PROTECTION_RULES
from mlops_estate.config.rules import ESTATE_RULES, MODEL_RULES
from mlops_estate.config.training_rules import the_steps_image_has_a_place
from mlops_estate.faults import FaultsFound

ENVIRONMENT_PATTERN = r"[a-z][a-z0-9-]*"


@dataclass(frozen=True, slots=True)
class EnvironmentConfig:
    """The whole configuration of one environment, sound and with every default filled in."""

    name: str
    estate: EstateBlock
    models: Mapping[str, ModelBlock]

    @property
    def prefix(self) -> str:
        """What every name in the environment begins with."""
        return self.estate.prefix.replace("{environment}", self.name)

    @property
    def environment_class(self) -> EnvironmentClass:
        """What the environment is for."""
        return self.estate.environment_class

    @property
    def owns_registry(self) -> bool:
        """Whether the model package groups are made here, or only referred to."""
        return self.estate.account == self.estate.registry.account


def parse(environment: str, estate_raw: Any, models_raw: Any, document: Document | None = None) -> EnvironmentConfig:
    """Return the typed configuration of `environment` from its raw `mlops-estate:estate` and `mlops-estate:models`.

    `document` gives faults their file and line. Raises `FaultsFound` with every fault of both blocks.
    """
    class_name = _class_of(environment, estate_raw)
    with defaults_of(class_name or "prod"):
        estate = _check_estate(environment, estate_raw)
        checked = _check_models(environment, estate.draft, models_raw)
    findings = [(("estate", *finding.path), finding) for finding in estate.findings]
    findings += checked.findings
    if findings or (document and document.faults):
        raise FaultsFound(_report(environment, findings, document), f"the configuration of {environment} has faults")
    return EnvironmentConfig(environment, estate.value, checked.models)


def _class_of(environment: str, estate_raw: Any) -> EnvironmentClass | None:
    named = estate_raw.get("environment_class", environment) if isinstance(estate_raw, dict) else environment
    return next((known for known in CLASSES if known == named), None)


def _check_estate(environment: str, raw: Any) -> Checked[EstateBlock]:
    if isinstance(raw, dict) and "environment_class" not in raw and environment in CLASSES:
        raw = {"environment_class": environment, **raw}
    checked = check_block(EstateBlock, raw, (*ESTATE_RULES, *PROTECTION_RULES))
    if checked.draft is not None:
        faulty = {finding.path[0] for finding in checked.findings if finding.path}
        if not faulty & {"prefix", "account", "region"}:
            checked.findings.extend(_first_by_path(names.estate_findings(checked.draft, environment)))
    return checked


@dataclass(frozen=True, slots=True)
class _CheckedModels:
    models: dict[str, ModelBlock]
    findings: list[tuple[RelativePath, Finding]]


def _check_models(environment: str, estate: EstateBlock | None, raw: Any) -> _CheckedModels:
    if not isinstance(raw, dict):
        rule = "must be a block with one key for each model"
        fix = "indent each model below `mlops-estate:models` as `name:` with its keys; `{}` for none"
        return _CheckedModels({}, [(("models",), Finding((), raw, rule, fix))])
    models: dict[str, ModelBlock] = {}
    findings: list[tuple[RelativePath, Finding]] = []
    for name, block in raw.items():
        checked = check_block(ModelBlock, block, MODEL_RULES)
        found = list(checked.findings)
        if estate is not None:
            prefix = estate.prefix.replace("{environment}", environment)
            found += _first_by_path(names.model_findings(str(name), prefix, estate.registry.prefix))
            if checked.draft is not None and not found:
                found += clarify_is_in_the_region(estate.region, checked.draft)
                found += the_steps_image_has_a_place(estate, checked.draft)
        findings += [(("models", str(name), *finding.path), finding) for finding in found]
        if not found:
            models[str(name)] = checked.value
    return _CheckedModels(models, findings)


def _first_by_path(findings: Iterable[Finding]) -> list[Finding]:
    """Keep the strictest of several length findings about one value: the one that leaves the fewest characters."""
    by_path: dict[RelativePath, Finding] = {}
    for finding in findings:
        kept = by_path.get(finding.path)
        if kept is None or _room(finding) < _room(kept):
            by_path[finding.path] = finding
    return list(by_path.values())


def _room(finding: Finding) -> int:
    digits = "".join(part for part in finding.fix.split() if part.isdigit())
    return int(digits) if digits else -1


def _report(
    environment: str, findings: list[tuple[RelativePath, Finding]], document: Document | None
) -> Iterator[ConfigFault]:
    file = document.file if document else ""
    faults = list(document.faults) if document else []
    for path, finding in findings:
        whole: RelativePath = ("config", f"mlops-estate:{path[0]}", *path[1:])
        value, fix = finding.value, finding.fix
        written = document.text(whole) if document else None
        if written is not None and str(value) in fix and fix.startswith("quote it"):
            fix = f'quote it: "{written}"'
        faults.append(
            ConfigFault(
                where=dotted(whole),
                value=value,
                rule=finding.rule,
                fix=fix,
                source=finding.source,
                file=file,
                line=document.line(whole) if document else 0,
            )
        )
    return iter(sorted(faults, key=lambda fault: (fault.line, fault.where)))


def unpinned(config: EnvironmentConfig) -> list[str]:
    """Return the names of the models that no version is pinned for, in the order of the file."""
    return [name for name, model in config.models.items() if model.release.version is None]
