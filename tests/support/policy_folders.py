"""Policy packs in folders of their own: this project's machinery with few rules, for what its own rules don't do."""

from __future__ import annotations

import shutil
from pathlib import Path

import yaml

from tests.support.programs import PROJECT

RULES = '''
"""Rules of tests alone."""

from mlops_policies.rule import resource_rule, stack_rule

TOPIC = "aws:sns/topic:Topic"
ABOUT = {
    "severity": "high", "level": "mandatory", "title": "Topics are fine.", "why": "A test wants it so.",
    "fix": "Mend it", "source": "https://example.com/rule",
}
LONGEST = {"longest": {"type": "integer", "minimum": 1, "default": 30, "description": "Characters."}}


def shortened(props, token, use):
    return {**props, "displayName": "short"} if len(props.get("displayName", "")) > use["longest"] else None


@resource_rule("topic-short", on=[TOPIC], settings=LONGEST, remedy=shortened, **ABOUT)
def short(it, use):
    most = use["longest"]
    yield it.holds("displayName", lambda name: len(name) <= most, f"must have at most {most} characters", default="x")


@resource_rule("topic-advised", on=[TOPIC], **{**ABOUT, "level": "advisory"})
def advised(it, use):
    yield it.holds("tracingConfig", lambda mode: mode == "Active", "must be Active", default="PassThrough")


@resource_rule("topic-broken", on=[TOPIC], **{**ABOUT, "level": "advisory"})
def broken(it, use):
    if it.get("fifoTopic"):
        raise ValueError(f"by design, about {it.get('displayName')}")
    yield from ()


@stack_rule("topic-unlike-others", on=[TOPIC], **ABOUT)
def unlike(it, stack, use):
    """It names the value of another topic's property."""
    for other in stack.of(TOPIC):
        name = other.get("displayName")
        if other.urn != it.urn and name == it.get("displayName") and not it.get("fifoTopic"):
            yield it.fails("displayName", f"is {name}, as that of {other.name}")
'''


def small_pack(folder: Path, **configuration: object) -> Path:
    """Return a pack in a folder: this project's, with `RULES` in the place of its rules."""
    made = folder / "policies"
    shutil.copytree(PROJECT / "policies", made, ignore=shutil.ignore_patterns("__pycache__", "rules", "frameworks"))
    (made / "mlops_policies" / "rules").mkdir()
    (made / "mlops_policies" / "rules" / "__init__.py").write_text("")
    (made / "mlops_policies" / "rules" / "topics.py").write_text(RULES)
    (made / "PulumiPolicy.yaml").write_text("description: A test\nversion: 0.1.0\nruntime: python\n")
    (made / "policies.yaml").write_text(yaml.safe_dump(configuration))
    return made
