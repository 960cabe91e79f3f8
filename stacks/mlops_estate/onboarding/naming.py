"""Names of features for columns whose own name is none that SageMaker takes."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

LONGEST = 64
_VALID = re.compile(r"[a-zA-Z0-9]([_-]*[a-zA-Z0-9]){0,63}")
"""SageMaker API reference, FeatureDefinition.FeatureName."""
_RESERVED = frozenset({"is_deleted", "write_time", "api_invocation_time"})
"""Names that the offline store adds itself."""


def feature_names(headers: Sequence[str]) -> list[str]:
    """Return a valid feature name for each column, distinct also where upper and lower case are one.

    A name that is valid is kept, before others are made: the offline store's table in Glue has lower-case columns, so
    of `Age` and `age` the second one is renamed.
    """
    taken = {"record_id", "event_time"}  # what ingestion adds
    kept: dict[int, str] = {}
    for place, header in enumerate(headers):
        if is_valid(header) and header.lower() not in taken:
            kept[place] = header
            taken.add(header.lower())
    names = []
    for place, header in enumerate(headers):
        name = kept.get(place) or _distinct(_made(header, place), taken)
        taken.add(name.lower())
        names.append(name)
    return names


def is_valid(name: str) -> bool:
    """Whether a name is a valid feature name as it is."""
    return _VALID.fullmatch(name) is not None and len(name) <= LONGEST and name.lower() not in _RESERVED


def file_name(name: str) -> str:
    """Return a file's name without what a path in the configuration cannot hold: white space becomes underscores."""
    return re.sub(r"\s+", "_", name.strip())


def _made(header: str, place: int) -> str:
    plain = unicodedata.normalize("NFKD", header).encode("ascii", "ignore").decode()
    words = re.sub(r"[^a-zA-Z0-9_-]+", "_", plain)[:LONGEST].strip("_-")
    name = words or f"column_{place + 1}"
    return f"{name}_column" if name.lower() in _RESERVED else name


def _distinct(name: str, taken: set[str]) -> str:
    made, number = name, 2
    while made.lower() in taken:
        ending = f"_{number}"
        made = name[: LONGEST - len(ending)].rstrip("_-") + ending
        number += 1
    return made
