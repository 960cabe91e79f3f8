"""Adding a model's block to the text of `Pulumi.ENV.yaml`, which keeps every comment and every line as it is."""

from __future__ import annotations

from collections.abc import Sequence

import yaml

from mlops_estate.config.loading import MODELS_KEY
from mlops_estate.faults import Fault, FaultsFound


def insert_block(text: str, block: Sequence[str], file: str) -> str:
    """Return the text with a model's block as the last one below `mlops-estate:models`.

    `text` is a sound environment file, `block` the lines of the model without their indentation, the first one its
    name. Comments that belong to the last model, being indented as deep as its keys, stay above the new one. Raises
    `FaultsFound` where the models are written in one line of braces: there is no place for a block in them.
    """
    key, models = _models(text)
    newline = "\r\n" if "\r\n" in text else "\n"
    lines = text.splitlines(keepends=True)
    if models.flow_style:
        if models.value:
            rule, fix = "the models are written between braces in one place", "write each model on lines of its own"
            raise FaultsFound([Fault(f"{file}: {MODELS_KEY}", None, rule, fix)])
        return _in_place_of_braces(text, models, _indented(block, key.start_mark.column + 2, newline), newline)
    indent = models.value[0][0].start_mark.column
    at = _after(lines, _last_line(text, models) + 1, indent)
    if lines[at - 1][-1:] not in "\r\n":
        lines[at - 1] += newline
    return "".join([*lines[:at], _indented(block, indent, newline), *lines[at:]])


def _models(text: str) -> tuple[yaml.Node, yaml.MappingNode]:
    node = yaml.compose(text, Loader=yaml.SafeLoader)
    for name in ("config", MODELS_KEY):
        assert isinstance(node, yaml.MappingNode), "the file was loaded before, so it has both blocks"
        key, node = next(pair for pair in node.value if pair[0].value == name)
    assert isinstance(node, yaml.MappingNode)
    return key, node


def _indented(block: Sequence[str], indent: int, newline: str) -> str:
    return "".join(f"{' ' * indent}{line}{newline}" for line in block)


def _in_place_of_braces(text: str, models: yaml.MappingNode, block: str, newline: str) -> str:
    """Put the block in the place of `{}`; a comment behind the braces stays behind the key."""
    before, after = text[: models.start_mark.index].rstrip(" "), text[models.end_mark.index :]
    rest, mark, below = after.partition("\n")
    comment = f"  {rest.strip()}" if rest.strip() else ""
    return f"{before}{comment}{newline}{block}{below if mark else ''}"


def _last_line(text: str, models: yaml.MappingNode) -> int:
    """Return the number, from 0, of the last line that the models are written on.

    The end mark of a block collection lies behind the comments that follow it, and a node tells nothing of the place of
    an alias; so the parser's events are asked, of which an alias is one.
    """
    start, last = models.start_mark, models.start_mark.line
    opened: list[yaml.CollectionStartEvent] = []
    for event in yaml.parse(text, Loader=yaml.SafeLoader):
        begin, end = event.start_mark, event.end_mark
        assert begin is not None, "the parser of a text gives every event its place"
        assert end is not None, "and its end"
        if not opened and begin.index != start.index:
            continue
        if isinstance(event, yaml.CollectionStartEvent):
            opened.append(event)
        elif isinstance(event, yaml.CollectionEndEvent):
            last = end.line if opened.pop().flow_style else last
            if not opened:
                break
        elif isinstance(event, yaml.ScalarEvent) and event.style in ("|", ">"):
            last = end.line - (end.column == 0)  # a block scalar ends at the start of the line behind it
        else:
            last = end.line
    return last


def _after(lines: Sequence[str], at: int, indent: int) -> int:
    """Return the line behind the last model's own comments: those that are indented deeper than its name."""
    end = at
    for place in range(at, len(lines)):
        stripped = lines[place].strip()
        if stripped and not (stripped.startswith("#") and len(lines[place]) - len(lines[place].lstrip()) > indent):
            break
        if stripped:
            end = place + 1
    return end
