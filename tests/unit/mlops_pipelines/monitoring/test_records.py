"""The record preprocessors: what Model Monitor's analyzer is given of captured traffic."""

from __future__ import annotations

import json
import subprocess
import sys
from types import SimpleNamespace
from typing import Any

import pytest

from mlops_pipelines.monitoring import answers_script, features_script
from mlops_pipelines.steps.inference import output_fn

FLAT = {"x": "1", "c": "no"}


def handler(script: str) -> Any:
    """Return what the analyzer calls of a script."""
    module: dict[str, Any] = {}
    exec(compile(script, "preprocessor.py", "exec"), module)
    return module["preprocess_handler"]


def record(data: str, encoding: str = "JSON", answer: str = "") -> Any:
    return SimpleNamespace(
        endpoint_input=SimpleNamespace(data=data, encoding=encoding),
        endpoint_output=SimpleNamespace(data=answer, encoding="JSON"),
    )


@pytest.mark.parametrize(
    ("data", "encoding", "expected"),
    [
        ("1,no\n", "CSV", FLAT),
        ("c, x, group\nno,1,a\n", "CSV", FLAT),
        ("1,no\n1,no\n", "CSV", [FLAT, FLAT]),
        ('{"c": "no", "x": "1"}', "JSON", FLAT),
        ('{"instances": [{"x": "1", "c": "no", "group": "a"}]}', "JSON", FLAT),
        ('[{"x": "1", "c": "no"}, {"x": "1", "c": "no"}]', "JSON", [FLAT, FLAT]),
        ('{"x": "1"}', "JSON", {"x": "1"}),
    ],
)
def test_every_form_of_a_request_becomes_flat_records_of_features(data, encoding, expected):
    found = handler(features_script(["x", "c"]))(record(data, encoding))
    assert found == expected
    first = found[0] if isinstance(found, list) else found
    assert list(first) == [name for name in ("x", "c") if name in first]


def test_an_answer_becomes_the_place_of_its_class_and_its_probability():
    predictions = [{"probability": 0.25, "prediction": "no"}, {"probability": 0.5, "prediction": "yes"}]
    read = handler(answers_script(["no", "yes"]))
    one = {"prediction": 0, "probability": 0.25}
    assert read(record("", answer=output_fn(predictions[:1])[0])) == one
    assert read(record("", answer=output_fn(predictions)[0])) == [one, {"prediction": 1, "probability": 0.5}]


@pytest.mark.parametrize("script", [features_script(["x"]), answers_script(["no", "yes"])])
def test_a_script_needs_nothing_but_python(script, tmp_path):
    file = tmp_path / "preprocessor.py"
    file.write_text(f"{script}\nassert callable(preprocess_handler)\n")
    subprocess.run([sys.executable, "-I", "-S", str(file)], check=True, timeout=60)
    assert "mlops" not in script.split('"""')[2]
    assert json.loads(script.splitlines()[-2].partition(" = ")[2])
