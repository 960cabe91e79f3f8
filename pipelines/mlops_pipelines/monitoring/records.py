"""Read captured requests and answers for Model Monitor's analyzer, which only takes flat records.

`scripts.py` adds the columns below and names one of the two functions `preprocess_handler`, as the analyzer calls it
for every captured record (SageMaker Developer Guide, Preprocessing and postprocessing); it therefore imports nothing of
this project. A request is what `steps/inference.py` serves: CSV with or without a header, one JSON record, a list of
them, or `{"instances": [...]}`.
"""

from __future__ import annotations

import csv
import io
import json
from typing import Any

FEATURES: list[str] = []
"""The model's features in the order of training; other columns of a request, such as the protected attribute, are left
out: the baseline has none of them."""
CLASSES: list[str] = []
"""The label's two values; the answer's class becomes its place: 0, or 1 for the one whose probability is given."""


def features(record: Any) -> Any:
    """Return the features of a captured request: one flat record, or a list where it held several."""
    text = record.endpoint_input.data
    if record.endpoint_input.encoding == "CSV":
        rows = [row for row in csv.reader(io.StringIO(text)) if row]
        header = [cell.strip() for cell in rows[0]]
        named, rows = (header, rows[1:]) if set(header) & set(FEATURES) else (FEATURES, rows)
        found = [dict(zip(named, row)) for row in rows]  # noqa: B905 -- the analyzer's Python may be older than 3.10
    else:
        document = json.loads(text)
        found = document.get("instances", document) if isinstance(document, dict) else document
        found = [found] if isinstance(found, dict) else found
    return _one_or_all([{name: row[name] for name in FEATURES if name in row} for row in found])


def answers(record: Any) -> Any:
    """Return class and probability of a captured answer: one flat record, or a list where it held several."""
    given = json.loads(record.endpoint_output.data)["predictions"]
    return _one_or_all(
        [{"prediction": CLASSES.index(row["prediction"]), "probability": row["probability"]} for row in given]
    )


def _one_or_all(rows: list[dict[str, Any]]) -> Any:
    return rows[0] if len(rows) == 1 else rows
