"""Cases of policy rules, as `tests/unit/mlops_policies/cases/*.yaml` tells them.

By rule: one block or a list of blocks, each a stack of its own. A block has resources by what the rule answers about
them (`passes`, `fails`, `not_applicable`, `not_evaluated`; of a rule about whole stacks only the word, as `answer`),
others `with` which it says nothing, `environment` (prod unless said), `settings`, and `mode` (both unless said).

A resource is ``{token: properties}`` with options beside the token: `protect`, `region` and `default_tags` of its
provider, `secrets` (paths), `at` (the exact paths of its findings), `keys` (their exact keys), `computed`
(properties that the provider works out: unknown at preview, to rules about stacks). In properties
``${unknown}`` is unknown until the update, ``${other.arn}`` comes from another resource of the block, and
``{json: ...}`` is JSON text.

Each block runs twice: as at a preview, where what comes from another resource is unknown and the SDK's proxies guard
it, and as from a state, where everything but ``${unknown}`` is known.
"""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import pulumi_policy as sdk
import yaml
from pulumi_policy.proxy import UnknownValueError, unknown_checking_proxy

from mlops_policies.catalog import rules
from mlops_policies.configuration import Configuration, RuleBlock
from mlops_policies.pack import Bound, KnownProps, KnownResources, Pack
from mlops_policies.resource import Provider, Resource
from mlops_policies.rule import Rule
from mlops_policies.stack import Stack
from mlops_policies.values import UNKNOWN, has_unknown
from mlops_policies.verdicts import Status

CASES = Path(__file__).resolve().parents[1] / "unit" / "mlops_policies" / "cases"
GROUPS = {
    "passes": Status.PASS,
    "fails": Status.FAIL,
    "not_applicable": Status.NOT_APPLICABLE,
    "not_evaluated": Status.UNKNOWN,
}
MODES = ("preview", "state")
TODAY = date(2026, 11, 25)
ACCOUNT, REGION = "123456789012", "eu-west-1"
_BLOCK_KEYS = {*GROUPS, "with", "answer", "environment", "settings", "mode", "case"}
_OPTIONS = {"protect", "region", "default_tags", "secrets", "at", "keys", "computed"}
_REFERENCE = re.compile(r"\$\{([^}]+)\}")


@dataclass
class Case:
    """One resource of a block."""

    name: str
    token: str
    props: dict[str, Any]
    options: dict[str, Any]
    expected: Status | None
    dependencies: dict[str, set[str]] = field(default_factory=dict)

    @property
    def urn(self) -> str:
        return f"urn:pulumi:stack::project::{self.token}::{self.name}"


@dataclass(frozen=True)
class Block:
    """One stack of cases of a rule."""

    rule: str
    number: int
    data: Mapping[str, Any]
    file: str

    @property
    def label(self) -> str:
        return f"{self.rule}-{self.number}"

    def modes(self) -> tuple[str, ...]:
        return (self.data["mode"],) if "mode" in self.data else MODES

    def cases(self) -> dict[str, Case]:
        found: dict[str, Case] = {}
        for group in (*GROUPS, "with"):
            for name, spec in (self.data.get(group) or {}).items():
                assert name not in found, f"{self.label}: two resources named {name}"
                (token,) = [key for key in spec if key not in _OPTIONS]
                options = {key: value for key, value in spec.items() if key in _OPTIONS}
                found[name] = Case(name, token, dict(spec[token] or {}), options, GROUPS.get(group))
        return found


@functools.cache
def blocks() -> tuple[Block, ...]:
    """Return every block of every file."""
    found: list[Block] = []
    for path in sorted(CASES.glob("*.yaml")):
        for rule, given in (yaml.load(path.read_text(encoding="utf-8"), yaml.CSafeLoader) or {}).items():
            for number, data in enumerate(given if isinstance(given, list) else [given]):
                assert set(data) <= _BLOCK_KEYS, f"{path.name}: {rule}: {set(data) - _BLOCK_KEYS}"
                found.append(Block(rule, number, data, path.name))
    return tuple(found)


def of_rule(rule: str) -> list[Block]:
    return [block for block in blocks() if block.rule == rule]


def resolve(value: Any, cases: Mapping[str, Case], mode: str, into: set[str]) -> Any:
    """Return a value with its references resolved; the names that it comes from go into `into`."""
    if isinstance(value, dict):
        if set(value) == {"json"}:
            inner = resolve(value["json"], cases, mode, into)
            return UNKNOWN if has_unknown(inner) else json.dumps(inner)
        return {key: resolve(item, cases, mode, into) for key, item in value.items()}
    if isinstance(value, list):
        return [resolve(item, cases, mode, into) for item in value]
    if not isinstance(value, str) or "${" not in value:
        return value
    names = [name for name in _REFERENCE.findall(value) if name == "unknown" or name.rpartition(".")[0] in cases]
    into |= {name.rpartition(".")[0] for name in names if name != "unknown"}
    if "unknown" in names or (names and mode == "preview"):
        return UNKNOWN
    for name in names:
        value = value.replace(f"${{{name}}}", _known(name, cases))
    return value


def _known(reference: str, cases: Mapping[str, Case]) -> str:
    """Return what an output is worth once everything stands."""
    name, _, output = reference.rpartition(".")
    case = cases[name]
    given = case.props.get(output)
    if isinstance(given, str) and "${" not in given:
        return given
    slug = re.sub(r"[^A-Za-z0-9]+", "-", str(case.props.get("bucket") or case.props.get("name") or name))
    service = case.token.split(":")[1].partition("/")[0]
    place = "" if service in ("s3", "iam") else REGION
    account = "" if service == "s3" else ACCOUNT
    return f"arn:aws:{service}:{place}:{account}:{slug}" if output.lower().endswith("arn") else slug


def resources(block: Block, mode: str) -> tuple[dict[str, Case], dict[str, Resource]]:
    """Return a block's cases and the resources they make."""
    cases = block.cases()
    made: dict[str, Resource] = {}
    for case in cases.values():
        props = {}
        for key, value in case.props.items():
            sources: set[str] = set()
            props[key] = resolve(value, cases, mode, sources)
            case.dependencies[key] = sources
        if mode == "state" and rules()[block.rule].scope != "resource" and not case.token.startswith("kubernetes:"):
            props = {"id": _known(f"{case.name}.id", cases), "arn": _known(f"{case.name}.arn", cases), **props}
        if mode == "preview":
            props |= dict.fromkeys(case.options.get("computed", ()), UNKNOWN)
        case.props = props
        made[case.name] = Resource(
            case.token, props, urn=case.urn, name=case.name, protect=bool(case.options.get("protect")),
            provider=_provider(case), secrets=case.options.get("secrets"), id=props.get("id", ""),
        )  # fmt: skip
        urns = {key: tuple(sorted(cases[name].urn for name in names)) for key, names in case.dependencies.items()}
        made[case.name].property_dependencies = urns
    return cases, made


def _provider(case: Case) -> Provider:
    return Provider(case.options.get("region", REGION), case.options.get("default_tags", {}))


def _options(case: Case) -> sdk.PolicyResourceOptions:
    times = sdk.PolicyCustomTimeouts(0, 0, 0)
    return sdk.PolicyResourceOptions(bool(case.options.get("protect")), [], None, [], times, [])


def _sdk_provider(case: Case) -> sdk.PolicyProviderResource:
    inputs = {"region": case.options.get("region", REGION),
              "defaultTags": json.dumps({"tags": case.options.get("default_tags", {})})}  # fmt: skip
    return sdk.PolicyProviderResource("pulumi:providers:aws", unknown_checking_proxy(inputs), "urn:provider", "aws")


def run(bound: Bound, block: Block, mode: str) -> dict[str, Case]:
    """Run a rule over a block; what it answers is in the pack's record."""
    cases, made = resources(block, mode)
    for case in cases.values():
        bound.pack.note_secrets(case.urn, dict.fromkeys(case.options.get("secrets", ())))
    if bound.rule.scope == "resource":
        for case in cases.values():
            props: Any = KnownProps(made[case.name], case.props)
            if mode == "preview":
                props = unknown_checking_proxy(case.props)
            args = sdk.ResourceValidationArgs(
                case.token, props, case.urn, case.name, _options(case), _sdk_provider(case)
            )
            _call(bound, args)
        return cases
    listed: list[sdk.PolicyResource] = []
    if mode == "state":
        listed = KnownResources(Stack(list(made.values())))
    else:
        by_name = {
            case.name: sdk.PolicyResource(case.token, unknown_checking_proxy(case.props), case.urn, case.name,
                                          _options(case), _sdk_provider(case), None, [], {})
            for case in cases.values()
        }  # fmt: skip
        for case in cases.values():
            given = by_name[case.name]
            given.property_dependencies = {
                key: [by_name[name] for name in sorted(names)] for key, names in case.dependencies.items()
            }
        listed = list(by_name.values())
    _call(bound, sdk.StackValidationArgs(listed))
    return cases


def _call(bound: Bound, args: Any) -> None:
    try:
        bound.policy.validate(args, lambda message, urn=None: None)
    except UnknownValueError:
        pass
    except Exception as error:
        if type(error).__name__ != "_NotApplicableError":
            raise


def faults(rule: Rule, block: Block, mode: str) -> list[str]:
    """Return in what a rule's answers differ from what a block expects; nothing where they agree exactly."""
    configuration = Configuration(
        blocks={rule.id: RuleBlock(level="mandatory", settings=block.data.get("settings", {}))}
    )
    pack = Pack(configuration, block.data.get("environment", "prod"), today=TODAY, only=())
    bound = Bound(pack, rule)
    cases = run(bound, block, mode)
    answers = pack.record.outcomes.get(rule.id, {})
    if rule.scope == "whole_stack":
        expected = GROUPS[block.data["answer"]]
        return [] if answers[""] is expected else [f"{block.label} ({mode}): {answers[''].value}, not {expected.value}"]
    found: list[str] = []
    for case in cases.values():
        answer = answers.get(case.urn, Status.NOT_APPLICABLE)
        if case.expected is not None and answer is not case.expected:
            told = [finding.message for finding in pack.record.findings if finding.urn == case.urn]
            found.append(f"{block.label} ({mode}): {case.name}: {answer.value}, not {case.expected.value} {told}")
        if case.expected is None and case.urn in answers:
            found.append(f"{block.label} ({mode}): {case.name}: answered {answer.value}, should be left alone")
        found += _detail_faults(case, pack, f"{block.label} ({mode}): {case.name}")
    return found


def _detail_faults(case: Case, pack: Pack, label: str) -> Iterator[str]:
    told = [item for item in pack.record.findings if item.urn == case.urn and item.status is Status.FAIL]
    for option, of in (("at", "path"), ("keys", "key")):
        if option in case.options:
            found = sorted(getattr(item, of) for item in told)
            if found != sorted(case.options[option]):
                yield f"{label}: {option} {found}, not {sorted(case.options[option])}"
