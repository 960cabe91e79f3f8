"""A model in formats that serve faster and run without Python, and what each loses against the original.

ONNX is exported in single precision. Trees compare single-precision numbers in scikit-learn too, so they branch alike,
but leaves are summed, and scalers and weights multiplied, with seven digits instead of sixteen; what that changes is
measured on the test records. 8-bit weights are possible only where the graph multiplies matrices. No half precision:
ONNX Runtime's tree and linear operators (ai.onnx.ml) take single precision only.
"""

from __future__ import annotations

import hashlib
import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from mlops_pipelines.assessment.optimisation_onnx import (
    Exported,
    export,
    quantised,
    run,
    unquantisable,
    with_threshold,
)
from mlops_pipelines.modelling.loading import LoadedModel
from mlops_pipelines.modelling.metrics import gain, score

Numbers = npt.NDArray[np.float64]

TOLERANCE = 1e-3
"""How far a single-precision score may lie from the original: of a probability, or in the predictions' spread."""
MOST_APART_PERCENT = 1.0
"""Of more records than that beyond the tolerance, the export computes something else."""


@dataclass(frozen=True)
class Optimised:
    """The formats of a model that would be used, by file name, and the contents of optimisation.json."""

    files: dict[str, bytes]
    document: dict[str, Any]


def optimise(
    model: LoadedModel, original_bytes: int, validation: Numbers, test: Numbers, actual: npt.NDArray[Any], metric: str,
    most_loss: float,
) -> Optimised:  # fmt: skip
    """Return a model's optimised formats.

    `validation` and `test` are records, `actual` the label of the latter. Each format has a threshold of its own where
    rounding asks for one, see `agreeing_threshold`. 8-bit weights are used only if they make the model smaller and
    lose at most `most_loss` of the metric. Raises `ValueError` if the export doesn't compute what the model computes.
    """
    plain = export(model)
    onnx = with_threshold(plain, _threshold(model, plain, validation))
    faults = export_faults(model, onnx, test)
    if faults:
        raise ValueError("the ONNX export is not the model: " + "; ".join(faults))
    original = model.scores(test)
    value = score(metric, actual, original, model.decide(original))
    formats = {"onnx": _compared(model, onnx, test, actual, metric, value)}
    files = {"model.onnx": onnx.content}
    formats["int8"], small = _eight_bits(model, plain, validation, test, actual, metric, value)
    if small is not None:
        _decide_use(formats["int8"], formats["onnx"], most_loss)
        if formats["int8"]["used"]:
            files["model.int8.onnx"] = small.content
    losses = [found["loss"] for found in formats.values() if found.get("used")]
    document = {
        "metric": metric,
        "records": len(test),
        "formats": formats,
        "original": {"bytes": original_bytes, "score": _finite(value)},
        "loss": None if None in losses else max(losses),
        "summary": _summary(formats, original_bytes),
    }
    return Optimised(files, document)


def export_faults(model: LoadedModel, exported: Exported, matrix: Numbers) -> list[str]:
    """Return how an exported model differs from the original beyond rounding: one sentence per fault."""
    original, found = model.scores(matrix), run(exported, matrix)
    if found.shape != original.shape:
        return [f"it answers with shape {found.shape}, the model with {original.shape}"]
    if not np.isfinite(found).all():
        place = int(np.flatnonzero(~np.isfinite(found).reshape(len(found), -1).all(axis=1))[0])
        return [f"it answers test record {place + 1} with a value that is no finite number"]
    allowed = TOLERANCE * (float(original.std()) if model.problem == "regression" else 1.0)
    differences = np.abs(found - original).reshape(len(found), -1).max(axis=1)
    percent = 100 * float((differences > allowed).mean())
    if percent > MOST_APART_PERCENT:
        place = int(differences.argmax())
        return [
            f"{percent:.1f}% of the test records have a score that differs by more than {allowed:.3g} (limit "
            f"{MOST_APART_PERCENT:g}%), record {place + 1} by {differences[place]:.3g}: check that skl2onnx knows this "
            "version of scikit-learn, and the size of the features' values"
        ]
    return []


def agreeing_threshold(threshold: float, positive: npt.NDArray[np.bool_], scores: Numbers) -> float:
    """Return the threshold at which rounded scores lead to the most decisions that the original scores lead to.

    `positive` are the original decisions, `scores` the rounded ones of the same records. The original threshold is
    often itself a record's score, which rounding can put on either side. Of thresholds that agree equally often it is
    the nearest to the original one; that one itself if none is better.
    """
    ordered = np.unique(scores)
    candidates = np.concatenate([[threshold], (ordered[:-1] + ordered[1:]) / 2])
    negatives, positives = np.sort(scores[~positive]), np.sort(scores[positive])
    agreeing = np.searchsorted(negatives, candidates, side="left") + (
        len(positives) - np.searchsorted(positives, candidates, side="left")
    )
    best = candidates[agreeing == agreeing.max()]
    return float(best[np.abs(best - threshold).argmin()])


def latency(answer: Any, rows: Numbers, repeats: int = 20) -> float:
    """Return how long answering takes, in milliseconds per 1000 records: the fastest of some repeats."""
    import time

    seconds = math.inf
    for _ in range(repeats):
        start = time.perf_counter()
        answer(rows)
        seconds = min(seconds, time.perf_counter() - start)
    return 1e6 * seconds / len(rows)


def _threshold(model: LoadedModel, exported: Exported, validation: Numbers) -> float | None:
    if model.problem != "binary":
        return None
    positive = model.decide(model.scores(validation)) == 1
    threshold = float(model.served.threshold or 0.0)
    return agreeing_threshold(threshold, positive, run(exported, validation))


def _compared(
    model: LoadedModel, exported: Exported, test: Numbers, actual: npt.NDArray[Any], metric: str, value: float
) -> dict[str, Any]:
    original, found = model.scores(test), run(exported, test)
    decided = exported.decide(found)
    own = score(metric, actual, found, decided)
    differing = int((decided != model.decide(original)).sum()) if model.problem != "regression" else None
    return {
        "used": True,
        "reason": None,
        "bytes": len(exported.content),
        "sha256": hashlib.sha256(exported.content).hexdigest(),
        "score": _finite(own),
        "loss": _finite(gain(metric, value, own)),
        "max_difference": float(np.abs(found - original).max()),
        "decisions_that_differ": differing,
        "threshold": exported.threshold,
        "operators": exported.operators(),
    }


def _eight_bits(
    model: LoadedModel, plain: Exported, validation: Numbers, test: Numbers, actual: npt.NDArray[Any], metric: str,
    value: float,
) -> tuple[dict[str, Any], Exported | None]:  # fmt: skip
    reason = unquantisable(plain)
    if reason is not None:
        return {"status": "not applicable", "reason": reason}, None
    small = quantised(plain)
    small = with_threshold(small, _threshold(model, small, validation))
    return _compared(model, small, test, actual, metric, value), small


def _decide_use(small: dict[str, Any], onnx: dict[str, Any], most_loss: float) -> None:
    """Write into a format's figures whether it would be used, and why not."""
    if small["bytes"] >= onnx["bytes"]:
        small["used"] = False
        small["reason"] = (
            f"8-bit weights take {small['bytes']} bytes, single precision {onnx['bytes']}: the weights are so few that "
            "the operators which unpack them outweigh what they save"
        )
    elif small["loss"] is None or small["loss"] > most_loss:
        lost = "a score that is not defined" if small["loss"] is None else f"a loss of {small['loss']:.6f}"
        small["used"] = False
        small["reason"] = f"8-bit weights come with {lost}, gates.max_optimised_loss allows {most_loss:g}"


def _summary(formats: dict[str, dict[str, Any]], original_bytes: int) -> dict[str, str]:
    onnx, small = formats["onnx"], formats["int8"]
    percent = 100 * onnx["bytes"] / original_bytes if original_bytes else 0.0
    told = {"onnx": f"{onnx['bytes']} bytes, {percent:.0f}% of the original's {original_bytes}"}
    used = f"{small['bytes']} bytes" if small.get("used") else str(small["reason"])
    return {**told, "int8": used[:256]}


def _finite(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None
