"""Checks of the project itself: the program, its environments, its dependencies, its tests, its configuration."""

from __future__ import annotations

import re
from typing import Any

from mlops_estate.graph import UNKNOWN
from mlops_estate.maturity.checks.registry import Found, check, every_model, met, resource, unmet
from mlops_estate.maturity.facts import SIDES, Facts
from mlops_estate.maturity.model import Evidence, Outcome
from mlops_estate.maturity.values import block

_PINNED = re.compile(r"^[A-Za-z0-9._-]+(\[[^\]]*\])?==\S+")


@check
def declared(facts: Facts, least: int = 1) -> Outcome:
    """Resources come from a program, with the place of each in it; at least `least` environments from the same one."""
    nodes = list(facts.graph.custom_nodes())
    bare = [node.name for node in nodes if not node.source and not node.is_provider]
    program = facts.project_dir / "Pulumi.yaml"
    if not program.is_file() or not nodes:
        return unmet("no program declares the resources")
    if bare:
        return unmet(f"without a place in the program: {', '.join(bare[:5])}")
    if len(facts.environments) < least:
        return unmet(f"{len(facts.environments)} environments come from the program, not {least}")
    files = [
        Evidence("file", f"Pulumi.{name}.yaml", "an environment of the same program") for name in facts.environments
    ]
    return met([Evidence("file", "Pulumi.yaml", f"{len(nodes)} resources, each with its line"), *files])


@check
def locked(facts: Facts, files: list[str]) -> Outcome:
    """Every dependency in each file is pinned to a version, with the hashes of what may be installed."""
    evidence = []
    for name in files:
        path = facts.project_dir / name
        if not path.is_file():
            return unmet(f"there is no {name}")
        entries = [
            line
            for line in path.read_text(encoding="utf-8").replace("\\\n", " ").splitlines()
            if line.strip() and not line.startswith(("#", " ", "-"))
        ]
        loose = [line.split()[0] for line in entries if not _PINNED.match(line) or "--hash=" not in line]
        if loose or not entries:
            return unmet(f"{name} doesn't pin {', '.join(loose[:5]) or 'anything'} by version and hash")
        evidence.append(Evidence("file", name, f"{len(entries)} dependencies, each with its hashes"))
    return met(evidence)


@check
def tests_exist(facts: Facts, side: str) -> Outcome:
    """There are tests on one side of the pyramid."""
    count = facts.tests.get(side, 0)
    return met([Evidence("file", f"tests/{side}", f"{count} test functions")]) if count else unmet(f"no {side} tests")


@check
def pyramid(facts: Facts, least_unit_percent: float, most_end_to_end_percent: float) -> Outcome:
    """Tests are a pyramid: mostly unit tests, some of integration, few end to end, and some of each."""
    whole = sum(facts.tests.values())
    shares = {side: 100 * facts.tests.get(side, 0) / whole if whole else 0.0 for side in SIDES}
    told = ", ".join(f"{share:.0f} % {side.replace('_', ' ')}" for side, share in shares.items())
    found = [Evidence("file", f"tests/{side}", f"{facts.tests.get(side, 0)} test functions") for side in SIDES]
    if not all(shares.values()):
        return unmet(f"a side has no tests: {told}", found)
    if shares["unit"] < least_unit_percent or shares["end_to_end"] > most_end_to_end_percent:
        asked = f"unit at least {least_unit_percent:g} %, end to end at most {most_end_to_end_percent:g} %"
        return unmet(f"{told}; asked are {asked}", found)
    return met(found)


@check
def version_pinned(facts: Facts) -> Outcome:
    """The live version of every model is pinned in its block, which is reviewed like any other change."""

    def look(model: str) -> Found:
        pinned = block(block(facts.models.get(model)).get("release")).get("version")
        if pinned is None:
            return "release.version is not set: the endpoint waits for a version"
        return [Evidence("configuration", f"models.{model}.release.version", str(pinned))]

    return every_model(facts, look)


@check
def image_pinned(facts: Facts) -> Outcome:
    """The steps run in an image that is named by digest, or by a tag that says its content."""

    def look(model: str) -> Found:
        for node in facts.graph.components():
            if node.type == "mlops:index:TrainingPipeline" and node.inputs.get("model") == model:
                image: Any = node.inputs.get("steps_image_uri")
                if not isinstance(image, str) or image == UNKNOWN:
                    return "its image is only known after the update"
                if re.search(r"@sha256:[0-9a-f]{64}$|:[0-9a-f]{7,64}$", image):
                    return [resource(node, image)]
                return f"{image} can become another image"
        return "no training pipeline is declared for it"

    return every_model(facts, look)
