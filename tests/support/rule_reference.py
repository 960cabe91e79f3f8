"""The reference of the policy rules: what each asks, why, how to mend it, with examples from its cases."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import yaml

from mlops_policies.catalog import references, rules
from mlops_policies.framework_map import controls_of, frameworks
from mlops_policies.rule import Rule
from tests.support.policy_cases import Block, of_rule

SUBJECTS = "docs/reference/rules"


def pages() -> dict[str, str]:
    """Return every page by its path: an index, and a page per subject."""
    by_subject: dict[str, list[Rule]] = {}
    for rule in rules().values():
        by_subject.setdefault(rule.check.__module__.rpartition(".")[2], []).append(rule)
    made = {f"{SUBJECTS}/{subject}.md": "\n".join(_page(subject, found)) for subject, found in by_subject.items()}
    return {"docs/reference/rules.md": "\n".join(_index(by_subject)), **dict(sorted(made.items()))}


def _index(by_subject: dict[str, list[Rule]]) -> Iterator[str]:
    counted = {
        name: sum(rule.severity == name for rule in rules().values()) for name in ("critical", "high", "medium", "low")
    }
    yield "# Policy rules\n"
    yield "Generated; `UPDATE_DOCS=1 ./check tests/integration/test_rule_reference.py` writes it anew. How rules run,"
    yield "are configured and exempted: [policies.md](policies.md); how one is written:"
    yield "[writing_rules.md](writing_rules.md).\n"
    yield f"{len(rules())} rules: {', '.join(f'{count} {name}' for name, count in counted.items())}. " \
          f"{sum(rule.scope != 'resource' for rule in rules().values())} look at a whole stack; " \
          f"{sum(rule.remedy is not None for rule in rules().values())} can remediate.\n"  # fmt: skip
    yield "| rule | severity | dev | staging | prod | what it asks |"
    yield "| --- | --- | --- | --- | --- | --- |"
    for subject, found in sorted(by_subject.items()):
        for rule in found:
            levels = " | ".join(rule.levels[name] if name in rule.only else "–" for name in ("dev", "staging", "prod"))
            yield f"| [{rule.id}](rules/{subject}.md#{rule.id}) | {rule.severity} | {levels} | {_cell(rule.title)} |"
    yield ""
    yield "## Frameworks\n"
    yield "| framework | version | controls | with a rule | rules |"
    yield "| --- | --- | ---: | ---: | ---: |"
    for framework in frameworks().values():
        answered = [control for control in framework.controls if control.rules]
        mapped = {rule for control in answered for rule in control.rules}
        counts = f"{len(framework.controls)} | {len(answered)} | {len(mapped)}"
        yield f"| {framework.title} | {framework.version} | {counts} |"
    yield ""


def _page(subject: str, found: list[Rule]) -> Iterator[str]:
    yield f"# Rules: {subject.replace('_', ' ')}\n"
    yield "Generated from the rules and their test cases; the index is [rules.md](../rules.md).\n"
    for rule in found:
        yield from _rule(rule)


def _rule(rule: Rule) -> Iterator[str]:
    levels = ", ".join(f"{level} in {name}" for name, level in rule.levels.items() if name in rule.only)
    yield f"## {rule.id}\n"
    yield f"**{rule.title}** {rule.severity}, {rule.category}; {levels}{'; can remediate' if rule.remedy else ''}.\n"
    yield f"{rule.why}\n"
    yield f"Fix: {rule.fix}.\n"
    if rule.notes:
        yield f"{rule.notes}\n".replace("\n    ", "\n")
    judged = ", ".join(f"`{kind}`" for kind in rule.on) or "the stack as a whole"
    yield f"Judges {judged}.\n"
    for name, schema in rule.settings.items():
        told = schema.get("description", schema.get("type", ""))
        yield f"- setting `{name}` = `{json.dumps(schema['default'])}`: {told}"
    for name, ids in controls_of(rule.id).items():
        yield f"- {frameworks()[name].title}: {', '.join(ids)}"
    if references().get(rule.id):
        yield f"- elsewhere: {'; '.join(references()[rule.id])}"
    yield f"- source: {', '.join(f'<{source}>' for source in rule.sources)}\n"
    for heading, group in (("Compliant", "passes"), ("Not compliant", "fails")):
        example = _example(rule.id, group)
        if example:
            yield f"{heading}:\n\n```yaml\n{example}```\n"


def _example(rule: str, group: str) -> str:
    for block in of_rule(rule):
        if block.data.get(group):
            name, spec = next(iter(block.data[group].items()))
            return _written(block, {name: spec})
        if block.data.get("answer") == group:
            return _written(block, block.data.get("with") or {})
    return ""


def _written(block: Block, found: dict[str, Any]) -> str:
    others = {} if block.data.get("answer") else dict(list((block.data.get("with") or {}).items())[:4])
    shown = {}
    for name, spec in {**found, **others}.items():
        (token,) = [key for key in spec if ":" in key]
        options = {"protect": True} if spec.get("protect") else {}
        shown[name] = {"type": token, "properties": spec[token] or {}, **({"options": options} if options else {})}
    if not shown:
        return "# nothing of the kind is declared\n"
    text: str = yaml.safe_dump(shown, sort_keys=False, width=110, default_flow_style=None)
    return text


def _cell(text: str) -> str:
    return text.replace("|", "\\|")
