"""What a registered version says of itself: its CustomerMetadataProperties, within the service's limits.

Limits of CreateModelPackage (API reference; botocore's service model says the same): 50 entries, keys of 1 to 128 and
values of 1 to 256 characters, both of letters, digits, spaces and _ . : / = + - @ alone.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

MOST_ENTRIES, LONGEST_KEY, LONGEST_VALUE = 50, 128, 256
NOTHING = "none"
"""What stands for a value that there is none of: an empty one is refused."""
_LEFT_OUT = re.compile(r"[^\w .:/=+\-@]+")
SUMMARIES = ("evaluation", "fairness", "robustness", "explanations", "optimisation", "gate", "verification")
"""Documents whose `summary` is registered, the later ones prevailing: gate and verification have the last word."""
FACTS = ("commit", "execution", "source", "snapshot_uri", "signature_uri", "reports_uri")


def value(text: Any) -> str:
    """Return a text as the registry takes it: other characters become spaces, and it is cut at 256 characters.

    None and what is left empty become "none".
    """
    kept = "" if text is None else _LEFT_OUT.sub(" ", str(text).replace("%", " percent"))
    return " ".join(kept.split())[:LONGEST_VALUE].rstrip() or NOTHING


def properties(
    documents: Mapping[str, Any], facts: Mapping[str, str], *, model: str, label: str, protected: Sequence[str] = ()
) -> dict[str, str]:  # fmt: skip
    """Return the CustomerMetadataProperties of a version, sorted by key.

    `documents` are the run's documents by name (snapshot, evaluation, gate, verification, ...); their summaries are
    taken as they are, with what identifies the version. Raises `ValueError` naming every key and value that the service
    would refuse, and where there are too many.
    """
    found: dict[str, str] = {}
    for name in SUMMARIES:
        found.update({key: value(text) for key, text in (documents.get(name) or {}).get("summary", {}).items()})
    snapshot = documents.get("snapshot") or {}
    found.update({key: value(facts[key]) for key in FACTS if facts.get(key)})
    found.update(
        model=value(model), label=value(label), protected_attribute=value(" ".join(protected)),
        snapshot_sha256=value(snapshot.get("sha256")),
        model_sha256=value((documents.get("evaluation") or {}).get("model_sha256")),
    )  # fmt: skip
    if faults := refused(found):
        raise ValueError(f"CreateModelPackage would refuse this metadata: {'; '.join(faults)}")
    return dict(sorted(found.items()))


def refused(metadata: Mapping[str, str]) -> list[str]:
    """Return what the service would refuse of a version's metadata, one sentence each; empty where nothing."""
    faults = []
    if len(metadata) > MOST_ENTRIES:
        faults.append(f"{len(metadata)} entries, at most {MOST_ENTRIES} are taken")
    for key, text in metadata.items():
        for what, given, longest in ((f"key {key!r}", key, LONGEST_KEY), (f"value of {key}", text, LONGEST_VALUE)):
            if not 1 <= len(given) <= longest:
                faults.append(f"{what} has {len(given)} characters, 1 to {longest} are taken")
            elif found := _LEFT_OUT.search(given):
                faults.append(f"{what} has the characters {found.group()!r}")
    return faults
