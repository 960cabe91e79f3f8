"""The pack's configuration: environments, levels, settings and exemptions; every fault at once, with its YAML path.

The file is `policies.yaml` beside the pack. Pulumi's own ``--policy-pack-config`` is laid over it, rule by rule.
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from mlops_policies.catalog import rules
from mlops_policies.exemptions import Exemption
from mlops_policies.rule import CLASSES, EnvironmentClass, Level, Rule
from mlops_policies.settings import setting_faults

LevelWord = Literal["disabled", "advisory", "mandatory", "remediate"]
ClassWord = Literal["dev", "staging", "prod"]


@dataclass(frozen=True, slots=True)
class ConfigurationFault:
    """One thing that is wrong in the configuration: where, what, by which rule, and how to mend it."""

    where: str
    value: Any
    rule: str
    fix: str


class InvalidConfiguration(ValueError):  # noqa: N818 -- named for what it says
    """A configuration with faults, all of them."""

    def __init__(self, faults: Sequence[ConfigurationFault], file: str = "") -> None:
        self.faults, self.file = tuple(faults), file
        lines = (f"{fault.where} = {fault.value!r}: {fault.rule}; {fault.fix}" for fault in faults)
        super().__init__("\n".join(lines))


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class RuleBlock(_Strict):
    """What is set for one rule."""

    level: LevelWord | dict[ClassWord, LevelWord] | None = None
    settings: dict[str, Any] = Field(default_factory=dict)


class ExemptionBlock(_Strict):
    """One exemption; see `mlops_policies.exemptions.Exemption`."""

    finding: str = Field(min_length=1)
    resource: str = Field(min_length=1)
    reason: str
    owner: str = Field(min_length=1)
    ticket: str = Field(min_length=1)
    expires: datetime.date
    environments: list[ClassWord] = Field(default_factory=lambda: list(CLASSES), min_length=1)


class ClassBlock(_Strict):
    """What is set for one class of environments, over what is set for all."""

    settings: dict[str, Any] = Field(default_factory=dict)
    rules: dict[str, LevelWord | RuleBlock] = Field(default_factory=dict)


class ConfigurationFile(_Strict):
    """The whole file."""

    environments: dict[str, ClassWord] = Field(default_factory=dict)
    settings: dict[str, Any] = Field(default_factory=dict)
    rules: dict[str, LevelWord | RuleBlock] = Field(default_factory=dict)
    classes: dict[ClassWord, ClassBlock] = Field(default_factory=dict)
    exemptions: list[ExemptionBlock] = Field(default_factory=list)


@dataclass(frozen=True)
class Configuration:
    """What rules run with. `environments` maps patterns of stack names to classes; a name that fits none is prod."""

    environments: Mapping[str, EnvironmentClass] = field(
        default_factory=lambda: {"dev": "dev", "staging": "staging", "prod": "prod"}
    )
    settings: Mapping[str, Any] = field(default_factory=dict)
    blocks: Mapping[str, RuleBlock] = field(default_factory=dict)
    class_settings: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    class_blocks: Mapping[str, Mapping[str, RuleBlock]] = field(default_factory=dict)
    exemptions: tuple[Exemption, ...] = ()

    def class_of(self, stack: str) -> EnvironmentClass:
        """Return the class of a stack by its name: of the first pattern that fits; prod, the strictest, where none."""
        fitting = (kind for pattern, kind in self.environments.items() if fnmatchcase(stack, pattern))
        return next(fitting, "prod")

    def level(self, rule: Rule, environment: EnvironmentClass) -> Level:
        """Return the level of a rule in a class of environments."""
        level: Level = rule.levels[environment]
        for block in self._blocks(rule, environment):
            given = block.level.get(environment) if isinstance(block.level, dict) else block.level
            level = given or level
        return level

    def settings_of(self, rule: Rule, environment: EnvironmentClass) -> dict[str, Any]:
        """Return a rule's settings: defaults, then those shared by name, then its own; a class's after those of all."""
        found = {name: schema["default"] for name, schema in rule.settings.items()}
        for shared in (self.settings, self.class_settings.get(environment, {})):
            found |= {name: value for name, value in shared.items() if name in rule.settings}
        for block in self._blocks(rule, environment):
            found |= block.settings
        return found

    def _blocks(self, rule: Rule, environment: EnvironmentClass) -> list[RuleBlock]:
        places = (self.blocks, self.class_blocks.get(environment, {}))
        return [blocks[rule.id] for blocks in places if rule.id in blocks]


def load(path: Path) -> Configuration:
    """Read a configuration file. Raises `InvalidConfiguration` with every fault; an empty file is sound."""
    try:
        data = yaml.safe_load(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        fault = ConfigurationFault(str(path), None, "there is no such file", "write it, or name another")
        raise InvalidConfiguration([fault], str(path)) from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        fault = ConfigurationFault(str(path), None, f"not YAML: {error}", "mend its syntax")
        raise InvalidConfiguration([fault], str(path)) from None
    return parse(data or {}, str(path))


def parse(data: Any, file: str = "") -> Configuration:
    """Return a configuration given as data. Raises `InvalidConfiguration` with every fault."""
    try:
        found = ConfigurationFile.model_validate(data)
    except ValidationError as error:
        faults = [_fault(item) for item in error.errors(include_url=False)]
        raise InvalidConfiguration([*dict.fromkeys(faults), *_id_faults(data)], file) from None
    faults = [*_id_faults(data), *_rule_faults(found), *_setting_faults(found)]
    if faults:
        raise InvalidConfiguration(faults, file)
    default = Configuration()
    return Configuration(
        environments=found.environments or default.environments,
        settings=found.settings,
        blocks=_blocks(found.rules),
        class_settings={name: block.settings for name, block in found.classes.items()},
        class_blocks={name: _blocks(block.rules) for name, block in found.classes.items()},
        exemptions=tuple(
            Exemption(**{**item.model_dump(), "environments": tuple(item.environments)}, place=f"exemptions[{index}]")
            for index, item in enumerate(found.exemptions)
        ),
    )


def _blocks(given: Mapping[str, LevelWord | RuleBlock]) -> dict[str, RuleBlock]:
    return {name: block if isinstance(block, RuleBlock) else RuleBlock(level=block) for name, block in given.items()}


def _fault(error: Any) -> ConfigurationFault:
    """Word one of pydantic's errors."""
    steps = [step for step in error["loc"] if not (isinstance(step, str) and ("[" in step or step == "RuleBlock"))]
    where = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in steps).lstrip(".")
    value = error["input"] if isinstance(error["input"], (str, int, float, bool)) else None
    kind = error["type"]
    if kind == "extra_forbidden":
        return ConfigurationFault(where, value, "there is no such key", "remove it, or correct its spelling")
    if kind == "missing":
        return ConfigurationFault(where, None, "it is required", "give it")
    if kind == "literal_error":
        return ConfigurationFault(where, value, f"it is one of {error['ctx']['expected']}", "write one of them")
    return ConfigurationFault(where, value, error["msg"], "correct it")


def _named(found: ConfigurationFile) -> list[tuple[str, str, LevelWord | RuleBlock]]:
    places = [(f"rules.{name}", name, block) for name, block in found.rules.items()]
    for kind, blocks in found.classes.items():
        places += [(f"classes.{kind}.rules.{name}", name, block) for name, block in blocks.rules.items()]
    return places


def _id_faults(data: Any) -> list[ConfigurationFault]:
    """Return the rules that are named and do not exist, read from data that may be of any form otherwise."""

    def within(holder: Any, key: str) -> Any:
        return holder.get(key) if isinstance(holder, Mapping) else None

    named: list[tuple[str, Any]] = [(f"rules.{name}", name) for name in within(data, "rules") or ()]
    classes = within(data, "classes")
    for kind in classes if isinstance(classes, Mapping) else ():
        named += [(f"classes.{kind}.rules.{name}", name) for name in within(classes[kind], "rules") or ()]
    exemptions = within(data, "exemptions")
    for index, item in enumerate(exemptions if isinstance(exemptions, list) else ()):
        named.append((f"exemptions[{index}].finding", within(item, "finding")))
    return [
        ConfigurationFault(where, name, "there is no such rule", _suggestion(name.partition("[")[0]))
        for where, name in named
        if isinstance(name, str) and name.partition("[")[0] not in rules()
    ]


def _rule_faults(found: ConfigurationFile) -> list[ConfigurationFault]:
    faults = []
    for where, name, block in _named(found):
        rule = rules().get(name)
        if rule is None:
            continue
        level = block if isinstance(block, str) else block.level
        levels = set(level.values()) if isinstance(level, dict) else {level}
        if "remediate" in levels and rule.remedy is None:
            rule_text = "the rule has no remediation"
            faults.append(ConfigurationFault(where, "remediate", rule_text, "take mandatory or advisory"))
        if isinstance(block, RuleBlock):
            faults += [
                ConfigurationFault(f"{where}.settings.{path}", value, text, "see the rule's reference")
                for path, value, text in setting_faults(rule.settings, block.settings)
            ]
    return faults


def _setting_faults(found: ConfigurationFile) -> list[ConfigurationFault]:
    shared = {name: schema for rule in rules().values() for name, schema in rule.settings.items()}
    places = [("settings", found.settings)]
    places += [(f"classes.{kind}.settings", block.settings) for kind, block in found.classes.items()]
    return [
        ConfigurationFault(f"{place}.{path}", value, text, "see the rules' reference")
        for place, given in places
        for path, value, text in setting_faults(shared, given)
    ]


def _suggestion(name: str) -> str:
    from difflib import get_close_matches

    near = get_close_matches(name, rules(), 1)
    return f"did you mean {near[0]}?" if near else "`estate rules list` shows them all"
