"""The CDK app: declares what the graph holds, and synthesizes its templates.

    python benchmarks/cdk_twin/app.py graph.json -o templates

Needs `benchmarks/requirements-twin.txt` and node. CloudFormation takes 500 resources and a megabyte in a template, so
each model has a stack of its own beside the shared one, whose resources it imports.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import tempfile
from collections.abc import Mapping
from graphlib import TopologicalSorter
from pathlib import Path
from typing import Any

import aws_cdk as cdk

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from cdk_twin.translate import Declaration, Translator, Twin, referenced


class Stacks:
    """The app's stacks, and the resources declared in them so far."""

    def __init__(self, app: cdk.App) -> None:
        self._app = app
        self._stacks: dict[str, cdk.Stack] = {}
        self._made: dict[str, cdk.CfnResource] = {}

    def declare(self, declaration: Declaration) -> None:
        """Declare one resource; what it refers to is declared already."""
        stack = self._stack(declaration.stack)
        properties = self._across(declaration.properties, stack)
        resource = cdk.CfnResource(stack, declaration.logical_id, type=declaration.type, properties=properties)
        if declaration.retain:
            resource.apply_removal_policy(cdk.RemovalPolicy.RETAIN)
        for other in declaration.depends_on:
            resource.add_resource_dependency(self._made[other])
        self._made[declaration.logical_id] = resource

    def _stack(self, name: str) -> cdk.Stack:
        if name not in self._stacks:
            # The legacy synthesizer adds no parameter and no rule of its own to a template.
            synthesizer = cdk.LegacyStackSynthesizer()
            self._stacks[name] = cdk.Stack(self._app, f"estate-{name}", synthesizer=synthesizer)
        return self._stacks[name]

    def _across(self, value: Any, stack: cdk.Stack) -> Any:
        """Return a value whose references to other stacks are the CDK's own, which exports and imports them."""
        if isinstance(value, list):
            return [self._across(item, stack) for item in value]
        if not isinstance(value, Mapping):
            return value
        if not value.keys() & {"Ref", "Fn::GetAtt"}:
            return {key: self._across(item, stack) for key, item in value.items()}
        name, attribute = (value["Ref"], "") if "Ref" in value else value["Fn::GetAtt"]
        target = self._made[name]
        if target.stack.node.id == stack.node.id:
            return dict(value)
        return target.get_att(attribute) if attribute else target.ref


def in_order(twin: Twin) -> list[Declaration]:
    """Return the declarations, each after what it refers to."""
    before = {name: {*made.depends_on, *referenced(made.properties)} for name, made in twin.declarations.items()}
    return [twin.declarations[name] for name in TopologicalSorter(before).static_order()]


def synthesize(twin: Twin, folder: Path) -> None:
    """Write the templates, and nothing else of what the CDK writes."""
    with tempfile.TemporaryDirectory() as outdir:
        app = cdk.App(outdir=outdir, analytics_reporting=False)
        stacks = Stacks(app)
        for declaration in in_order(twin):
            stacks.declare(declaration)
        app.synth()
        folder.mkdir(parents=True, exist_ok=True)
        for template in Path(outdir).glob("*.template.json"):
            shutil.copy(template, folder)


def main() -> None:
    """Synthesize, and print as JSON what is in the templates and what is left out."""
    parser = argparse.ArgumentParser(description="The CDK twin of a resource graph.")
    parser.add_argument("graph", type=Path)
    parser.add_argument("-o", "--output", type=Path, required=True, help="folder of the templates")
    given = parser.parse_args()
    twin = Translator(json.loads(given.graph.read_text(encoding="utf-8"))).translate()
    synthesize(twin, given.output)
    declared = twin.declarations.values()
    left_out = [{"type": token, "reason": why, "resources": n} for (token, why), n in sorted(twin.left_out.items())]
    said = {
        "stacks": len({declaration.stack for declaration in declared}),
        "resources": len(declared),
        "declares": sum(declaration.parts for declaration in declared),
        "left_out": left_out,
    }
    print(json.dumps(said, indent=1))


if __name__ == "__main__":
    main()
