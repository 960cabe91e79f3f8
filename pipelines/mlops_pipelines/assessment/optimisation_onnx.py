"""Models as ONNX: exported by skl2onnx, quantised and run by ONNX Runtime, with the same bytes for the same model.

What serving needs beside the graph is the model's metadata: problem, label, features, classes, decision threshold.
"""

from __future__ import annotations

import json
import logging
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from mlops_pipelines.modelling.judging import decisions
from mlops_pipelines.modelling.loading import LoadedModel

Numbers = npt.NDArray[np.float64]

INPUT = "features"
OPSETS = {"": 18, "ai.onnx.ml": 3}
"""Versions of the operator sets: fixed, so that the bytes don't change with the library's newest, and old enough for
runtimes of 2023 on."""
QUANTISABLE = frozenset({"MatMul", "Gemm"})
"""Operators whose weights dynamic quantisation makes 8-bit in the graphs of these models."""


@dataclass(frozen=True)
class Exported:
    """A model as the bytes of an ONNX file, the kind of problem that it solves, and its own decision threshold."""

    content: bytes
    problem: str
    threshold: float | None

    def decide(self, scores: Numbers) -> npt.NDArray[Any]:
        """Return the decision that scores lead to, as `LoadedModel.decide` does with the threshold of this format."""
        return decisions(self.problem, scores, self.threshold)

    def operators(self) -> list[str]:
        """Return the operators of the graph, each once, sorted."""
        import onnx

        return sorted({node.op_type for node in onnx.load_from_string(self.content).graph.node})


def export(model: LoadedModel) -> Exported:
    """Return a model as ONNX, checked, with the original threshold. The input is `features`, single precision.

    Raises `ValueError` for an estimator that skl2onnx doesn't know, or whose graph breaks ONNX's rules.
    """
    import onnx
    from skl2onnx import convert_sklearn
    from skl2onnx.common.data_types import FloatTensorType
    from skl2onnx.common.exceptions import MissingConverter, MissingShapeCalculator

    estimator = model.estimator
    # Without zipmap probabilities come as one array, not as one dictionary per record.
    options = {} if model.problem == "regression" else {id(estimator): {"zipmap": False}}
    try:
        graph = convert_sklearn(
            estimator, name="model", initial_types=[(INPUT, FloatTensorType([None, len(model.columns)]))],
            target_opset=dict(OPSETS), options=options,
        )  # fmt: skip
        graph.doc_string = ""
        _describe(graph, model)
        onnx.checker.check_model(graph, full_check=True)
    except (MissingConverter, MissingShapeCalculator, onnx.checker.ValidationError) as error:
        raise ValueError(f"{type(estimator).__name__} has no valid ONNX form: {error}") from error
    return Exported(_bytes(graph), model.problem, model.served.threshold if model.problem == "binary" else None)


def with_threshold(exported: Exported, threshold: float | None) -> Exported:
    """Return a model whose metadata hold another decision threshold."""
    import onnx

    graph = onnx.load_from_string(exported.content)
    for entry in graph.metadata_props:
        if entry.key == "threshold":
            entry.value = json.dumps(threshold)
    return Exported(_bytes(graph), exported.problem, threshold)


def unquantisable(exported: Exported) -> str | None:
    """Return why 8-bit weights are not possible, or None where they are."""
    operators = exported.operators()
    if QUANTISABLE & set(operators):
        return None
    return (
        f"the graph ({', '.join(operators)}) has no {' or '.join(sorted(QUANTISABLE))}: the weights of tree and linear "
        "operators are attributes, which ONNX Runtime takes in single precision only, so neither 8 nor 16 bits fit"
    )


def quantised(exported: Exported) -> Exported:
    """Return a model with 8-bit weights; activations are quantised while it runs (dynamic quantisation)."""
    import onnx
    from onnxruntime.quantization import QuantType, quantize_dynamic

    level = logging.root.level
    # It advises, on the root logger, to optimise the graph before; these graphs have a handful of operators.
    logging.root.setLevel(logging.ERROR)
    try:
        with tempfile.TemporaryDirectory() as folder:
            source, target = Path(folder, "model.onnx"), Path(folder, "model.int8.onnx")
            source.write_bytes(exported.content)
            quantize_dynamic(source, target, weight_type=QuantType.QInt8, op_types_to_quantize=sorted(QUANTISABLE))
            graph = onnx.load(str(target))
    finally:
        logging.root.setLevel(level)
    onnx.checker.check_model(graph)
    return Exported(_bytes(graph), exported.problem, exported.threshold)


def session(content: bytes) -> Any:
    """Return a session that answers on one thread. Raises `ValueError` for bytes that are no ONNX model."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 3
    try:
        return onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
    except Exception as error:
        # ONNX Runtime raises a class of its own for each way in which a file is broken, without a common base.
        raise ValueError(f"ONNX Runtime cannot load the model: {error}") from error


def run(exported: Exported, matrix: Numbers) -> Numbers:
    """Return an ONNX model's scores, as `LoadedModel.scores` returns them."""
    return scores(session(exported.content), exported.problem, matrix)


def scores(opened: Any, problem: str, matrix: Numbers) -> Numbers:
    """Return the scores that a session answers with."""
    wanted = opened.get_outputs()[-1].name  # label and probabilities of a classifier, one variable of a regression
    found = np.asarray(opened.run([wanted], {INPUT: matrix.astype(np.float32)})[0], dtype=np.float64)
    if problem == "regression":
        return found.reshape(-1)
    return found[:, 1] if problem == "binary" else found


def _describe(graph: Any, model: LoadedModel) -> None:
    described = {
        "problem": model.problem,
        "label": model.label,
        "features": [dict(column) for column in model.columns],
        "classes": list(model.classes),
        "threshold": model.served.threshold if model.problem == "binary" else None,
        "model_sha256": model.sha256,
    }
    for key, value in described.items():
        entry = graph.metadata_props.add()
        entry.key, entry.value = key, value if isinstance(value, str) else json.dumps(value, sort_keys=True)


def _bytes(graph: Any) -> bytes:
    """Return a graph's bytes; skl2onnx lists the operator sets in an order that changes from process to process."""
    imports = sorted(graph.opset_import, key=lambda entry: str(entry.domain))
    ordered = [(entry.domain, entry.version) for entry in imports]
    del graph.opset_import[:]
    for domain, version in ordered:
        graph.opset_import.add(domain=domain, version=version)
    return bytes(graph.SerializeToString(deterministic=True))
