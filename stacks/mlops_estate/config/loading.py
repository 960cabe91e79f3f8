"""Finding and reading the file of one environment."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mlops_estate.config.document import ConfigFault, Document, dotted, nearest, read_document
from mlops_estate.config.environment import ENVIRONMENT_PATTERN, EnvironmentConfig, parse
from mlops_estate.config.sources import load_schemas
from mlops_estate.faults import FaultsFound

ESTATE_KEY, MODELS_KEY = "mlops-estate:estate", "mlops-estate:models"

_TOP_KEYS = frozenset({"config", "secretsprovider", "encryptedkey", "encryptionsalt", "environment"})
"""Top-level keys of a stack file. Source: https://www.pulumi.com/docs/iac/concepts/projects/stack-settings-file/"""


@dataclass(frozen=True, slots=True)
class LoadedEnvironment:
    """One environment as its file gives it: raw blocks for overlays, and the typed configuration."""

    name: str
    project_dir: Path
    path: Path
    estate_raw: dict[str, Any]
    models_raw: dict[str, Any]
    config: EnvironmentConfig


def environments(project_dir: Path) -> list[str]:
    """Return the names of the environments that have a file, in alphabetical order."""
    found = (re.fullmatch(r"Pulumi\.(.+)\.yaml", path.name) for path in project_dir.glob("Pulumi.*.yaml"))
    return sorted(match.group(1) for match in found if match)


def load_environment(name: str, project_dir: Path) -> LoadedEnvironment:
    """Read `Pulumi.<name>.yaml` in `project_dir`.

    Raises `FaultsFound` (exit code 2) with every fault, its YAML path and its line; nothing has been created then.
    """
    path = project_dir / f"Pulumi.{name}.yaml"
    if not re.fullmatch(ENVIRONMENT_PATTERN, name) or not path.is_file():
        raise FaultsFound([_missing(name, project_dir)])
    document = read_document(path)
    blocks = _program_blocks(document)
    if ESTATE_KEY not in blocks or MODELS_KEY not in blocks:
        raise FaultsFound(document.faults, f"the configuration of {name} has faults")
    config = parse(name, blocks[ESTATE_KEY], blocks[MODELS_KEY], document)
    load_schemas(config.models, project_dir, document)
    return LoadedEnvironment(name, project_dir, path, blocks[ESTATE_KEY], blocks[MODELS_KEY], config)


def _missing(name: str, project_dir: Path) -> ConfigFault:
    known = environments(project_dir)
    close = nearest(name, known)
    there = f"there {'is' if len(known) == 1 else 'are'} {', '.join(known)}" if known else f"{project_dir} has none"
    fix = (f"did you mean `{close}`? " if close else "") + there
    rule = (
        f"there is no Pulumi.{name}.yaml" if re.fullmatch(ENVIRONMENT_PATTERN, name) else "not a name of an environment"
    )
    return ConfigFault(where="environment", value=name, rule=rule, fix=fix)


def _program_blocks(document: Document) -> dict[str, Any]:
    """Return the program's two blocks; what is wrong around them goes to the document's faults."""
    data = document.data
    if not isinstance(data, dict):
        _add(document, (), data, "must be a block of keys", "begin with `config:`")
        return {}
    for key in data.keys() - _TOP_KEYS:
        close = nearest(key, _TOP_KEYS)
        fix = f"did you mean `{close}`?" if close else f"remove it; known here: {', '.join(sorted(_TOP_KEYS))}"
        _add(document, (key,), data[key], "unknown key", fix)
    config = data.get("config")
    if not isinstance(config, dict):
        fix = f"add `config:` with `{ESTATE_KEY}` and `{MODELS_KEY}` below it"
        _add(document, ("config",), config, "is required and must be a block of keys", fix)
        return {}
    for key in config.keys() - {ESTATE_KEY, MODELS_KEY}:
        namespace = key.partition(":")[0] if ":" in key else ""
        if namespace == "mlops-estate" or not namespace or nearest(key, (ESTATE_KEY, MODELS_KEY)):
            close = nearest(key if namespace else f"mlops-estate:{key}", (ESTATE_KEY, MODELS_KEY))
            fix = f"did you mean `{close}`?" if close else f"remove it; known here: {ESTATE_KEY}, {MODELS_KEY}"
            _add(document, ("config", key), config[key], "unknown key", fix)
    for key in (ESTATE_KEY, MODELS_KEY):
        if key not in config:
            _add(document, ("config", key), None, "is required", f"add `{key}:` below `config:`")
    return config


def _add(document: Document, path: tuple[str | int, ...], value: Any, rule: str, fix: str) -> None:
    document.faults.append(
        ConfigFault(
            where=dotted(path),
            value=value if not isinstance(value, dict | list) else None,
            rule=rule,
            fix=fix,
            file=document.file,
            line=document.line(path),
        )
    )
