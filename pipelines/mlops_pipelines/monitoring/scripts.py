"""The record preprocessors of the data-quality and the model-quality monitor, each as the text of one script."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

_RECORDS = Path(__file__).with_name("records.py")


def features_script(features: Sequence[str]) -> str:
    """Return the script that gives the analyzer the features of each request, by name and in no other order."""
    return _script("features", FEATURES=features)


def answers_script(classes: Sequence[str]) -> str:
    """Return the script that gives the analyzer each answer as `prediction` (0 or 1) and `probability`.

    `classes` are the label's two values, in their order.
    """
    return _script("answers", CLASSES=classes)


def _script(handler: str, **lists: Sequence[str]) -> str:
    filled = "".join(f"{name} = {json.dumps(list(values))}\n" for name, values in lists.items())
    return f"{_RECORDS.read_text(encoding='utf-8')}\n\n{filled}preprocess_handler = {handler}\n"
