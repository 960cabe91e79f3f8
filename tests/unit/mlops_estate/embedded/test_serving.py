"""Answering requests with a model package's own code."""

from __future__ import annotations

import gc
import gzip
import io
import sys
import tarfile

import pytest

from mlops_estate.embedded.serving import ModelError, ModelNotServable, load_endpoint_handler

CODE = """
import json
from pathlib import Path

def model_fn(model_dir):
    return Path(model_dir, "weight").read_text()

def input_fn(body, content_type):
    return body.decode(), content_type

def predict_fn(data, model):
    if data[0] == "boom":
        raise ZeroDivisionError("too much")
    return [model, *data]

def output_fn(prediction, accept):
    return json.dumps(prediction), accept
"""


def package(files):
    plain = io.BytesIO()
    with tarfile.open(fileobj=plain, mode="w") as archive:
        for name, text in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(text.encode())
            archive.addfile(entry, io.BytesIO(text.encode()))
    return gzip.compress(plain.getvalue())


GOOD = {"weight": "w1", "code/inference.py": CODE}


def test_a_request_goes_through_the_four_functions():
    handler = load_endpoint_handler(package(GOOD))
    assert handler(b"x", "text/csv", "application/json") == (b'["w1", "x", "text/csv"]', "application/json")


def test_two_endpoints_do_not_share_their_code():
    before = set(sys.modules)
    first = load_endpoint_handler(package(GOOD))
    second = load_endpoint_handler(
        package({"weight": "w2", "code/inference.py": CODE.replace("[model,", "['v2', model,")})
    )
    assert first(b"x", "t", "a")[0] == b'["w1", "x", "t"]'
    assert second(b"x", "t", "a")[0] == b'["v2", "w2", "x", "t"]'
    assert len([name for name in set(sys.modules) - before if name.startswith("_estate_endpoint")]) == 2


@pytest.mark.parametrize(
    ("answer", "expected"),
    [("'text'", (b"text", "a/b")), ("b'raw'", (b"raw", "a/b")), ("(b'raw', 'c/d')", (b"raw", "c/d"))],
)
def test_every_form_of_an_answer_is_understood(answer, expected):
    code = CODE.replace("return json.dumps(prediction), accept", f"return {answer}")
    assert load_endpoint_handler(package(GOOD | {"code/inference.py": code}))(b"x", "t", "a/b") == expected


def test_the_code_may_come_from_a_source_tarball_and_import_its_neighbours():
    source = package({"serve/main.py": "import neighbour_of_main\n" + CODE, "serve/neighbour_of_main.py": "X = 1\n"})
    handler = load_endpoint_handler(package({"weight": "w3"}), source, "serve/main.py")
    sys.modules.pop("neighbour_of_main")
    assert handler(b"x", "t", "a")[0] == b'["w3", "x", "t"]'


def test_a_failing_request_is_a_model_error_with_the_original_message():
    handler = load_endpoint_handler(package(GOOD))
    with pytest.raises(ModelError, match="predict_fn raised ZeroDivisionError: too much") as caught:
        handler(b"boom", "t", "a")
    assert (caught.value.status, caught.value.original_status, caught.value.original_message) == (424, 500, "too much")


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ({"weight": "w"}, r"there is no code/inference\.py"),
        ({**GOOD, "code/inference.py": "def"}, r"inference\.py cannot be imported: SyntaxError"),
        (
            {**GOOD, "code/inference.py": "import no_such_module"},
            "ModuleNotFoundError: No module named 'no_such_module'",
        ),
        ({**GOOD, "code/inference.py": "def model_fn(d): pass"}, "does not define input_fn, predict_fn, output_fn"),
        ({"code/inference.py": CODE}, "model_fn raised FileNotFoundError"),
        ({**GOOD, "../outside": "x"}, "cannot be unpacked"),
    ],
)
def test_a_package_that_cannot_serve_says_why(files, message):
    with pytest.raises(ModelNotServable, match=message):
        load_endpoint_handler(package(files))


def test_a_program_outside_the_code_is_refused_and_no_archive_is_no_package():
    with pytest.raises(ModelNotServable, match="there is no"):
        load_endpoint_handler(package(GOOD), program="../weight")
    with pytest.raises(ModelNotServable, match="the model package cannot be unpacked"):
        load_endpoint_handler(b"no archive")


def test_files_and_module_go_with_the_handler(tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    before = set(sys.modules)
    handler = load_endpoint_handler(package(GOOD))
    assert list(tmp_path.iterdir())
    del handler
    gc.collect()
    assert list(tmp_path.iterdir()) == []
    assert {name for name in set(sys.modules) - before if name.startswith("_estate_endpoint")} == set()
