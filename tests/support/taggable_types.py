"""Which types of the installed SDKs take tags, as `policies/mlops_policies/taggable_types.txt` has them.

``python -m tests.support.taggable_types`` writes the file anew; a test compares it with the SDKs.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

import pulumi_aws
import pulumi_aws_native

TOKEN = re.compile(r"super\(\w+, __self__\)\.__init__\(\s*'((?:aws|aws-native):[^']+)'")
ARGUMENTS = re.compile(r"class \w+Args:\n    def __init__\(__self__.*?\):\n", re.DOTALL)
TAGS = re.compile(r"\btags: (.+)")
REPLACES = re.compile(r'replace_on_changes=\[[^\n]*"tags\b')
OTHER = {"aws:devopsguru/resourceCollection:ResourceCollection"}
"""Types whose `tags` are no tags: which resources a collection covers."""


def taggable_types() -> Iterator[tuple[str, str]]:
    """Yield (token, shape) of every type with a `tags` input.

    The shape is ``map``, ``list``, or ``other`` for lists that want more than key and value, with ``!`` where a change
    of tags replaces the resource.
    """
    for package in (pulumi_aws, pulumi_aws_native):
        for path in sorted(Path(str(package.__file__)).parent.rglob("*.py")):
            text = path.read_text(encoding="utf-8")
            token, arguments = TOKEN.search(text), ARGUMENTS.search(text)
            tags = TAGS.search(arguments[0]) if arguments else None
            if token and tags and token[1] not in OTHER:
                replaces = "CreateOnlyTagArgs" in tags[1] or REPLACES.search(text)
                yield token[1], _shape(tags[1]) + ("!" if replaces else "")


def _shape(annotation: str) -> str:
    if "Sequence" not in annotation:
        return "map"
    return "list" if "TagArgs'" in annotation and "Group" not in annotation else "other"


def written(types: Mapping[str, str]) -> str:
    """Return the file's text: a line per module and shape, with the names of its types."""
    lines: dict[tuple[str, str], list[str]] = {}
    for token, shape in types.items():
        package, module, name = token.split(":")
        lines.setdefault((f"{package}:{module.partition('/')[0]}", shape), []).append(name)
    return "".join(f"{place} {shape} {' '.join(sorted(names))}\n" for (place, shape), names in sorted(lines.items()))


def main() -> None:
    """Write the file."""
    import mlops_policies

    target = Path(str(mlops_policies.__file__)).parent / "taggable_types.txt"
    target.write_text(written(dict(taggable_types())), encoding="utf-8")


if __name__ == "__main__":
    main()
