"""Checkpoints of a training, and models as bytes that depend on what was trained and on nothing else.

A checkpoint is the checksum of what follows, one line of JSON (whose training it is, after which stage), and a pickle.
The first two are checked before the pickle is read: a file that was cut off, or that belongs to other data or settings,
is not loaded.
"""

from __future__ import annotations

import hashlib
import io
import json
import pickle
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

FILE = "checkpoint.bin"


@dataclass(frozen=True)
class Checkpoint:
    """A training after some stages: the estimator, how many stages it went through, and the loss after each.

    The first loss is that of the trivial predictor, before any training. `done` says that no stage is left.
    """

    estimator: Any
    stages: int
    losses: tuple[float, ...]
    done: bool


def save(checkpoint: Checkpoint, folder: Path, fingerprint: str) -> Checkpoint:
    """Write a checkpoint, and return it as a resumed training reads it.

    A reader sees the last one or this one, never half of it. A training that goes on with what is returned uses the
    same objects as one that resumes: the bytes of both are then the same.
    """
    header = {
        "fingerprint": fingerprint,
        "stages": checkpoint.stages,
        "losses": checkpoint.losses,
        "done": checkpoint.done,
    }
    estimator = as_bytes(checkpoint.estimator)
    content = json.dumps(header).encode() + b"\n" + estimator
    folder.mkdir(parents=True, exist_ok=True)
    partial = folder / ".partial"
    partial.write_bytes(hashlib.sha256(content).hexdigest().encode() + b"\n" + content)
    partial.replace(folder / FILE)
    restored = pickle.loads(estimator)  # noqa: S301 -- our own bytes, written above
    return replace(checkpoint, estimator=restored)


def load(folder: Path, fingerprint: str, warn: Callable[[str], None]) -> Checkpoint | None:
    """Return the checkpoint of a training, or None; `warn` is told of one that there is and that cannot be used."""
    path = folder / FILE
    if not path.exists():
        return None
    checksum, _, content = path.read_bytes().partition(b"\n")
    if checksum != hashlib.sha256(content).hexdigest().encode():
        warn(f"{FILE} is ignored: it is cut off or damaged; training starts from the beginning")
        return None
    line, _, estimator = content.partition(b"\n")
    header = json.loads(line)
    if header["fingerprint"] != fingerprint:
        warn(f"{FILE} is ignored: it belongs to other data, settings or library versions")
        return None
    # Its bytes are those that were written: the checksum was compared above.
    restored = pickle.loads(estimator)  # noqa: S301
    return Checkpoint(restored, header["stages"], tuple(header["losses"]), header["done"])


def as_bytes(value: Any) -> bytes:
    """Return a model as the bytes of a pickle that joblib loads; equal models give equal bytes."""
    buffer = io.BytesIO()
    _Pickler(buffer, protocol=4).dump(value)
    return buffer.getvalue()


def clear_padding(model: Any) -> None:
    """Zero the bytes between the fields of a tree's nodes: they hold whatever memory held, and would be saved."""
    for estimator in np.ravel(model.estimators_):
        state = estimator.tree_.__getstate__()
        nodes = np.zeros(state["nodes"].shape, state["nodes"].dtype)
        for field in nodes.dtype.names or ():
            nodes[field] = state["nodes"][field]
        estimator.tree_.__setstate__({**state, "nodes": nodes})


class _Pickler(pickle._Pickler):
    """Writes equal texts as one object. Whether they are one in memory depends on how the process came to them."""

    def save(self, obj: Any, save_persistent_id: bool = True) -> None:
        super().save(sys.intern(obj) if type(obj) is str else obj, save_persistent_id)  # type: ignore[misc]  # not in typeshed
