"""The source tarball."""

from __future__ import annotations

import ast
import hashlib
import io
import json
import sys
import tarfile

import pytest
from tests.support.pipelines import DATA, schema

from mlops_pipelines.training import source_bundle, source_key


def members():
    with tarfile.open(fileobj=io.BytesIO(source_bundle())) as archive:
        return {entry.name: archive.extractfile(entry).read() for entry in archive if entry.isfile()}


def test_the_bytes_are_the_same_each_time():
    first = source_bundle()
    source_bundle.cache_clear()
    assert source_bundle() == first
    assert first[4:8] == bytes(4)  # gzip would write the time of packing there


def test_the_key_is_the_hash_of_the_contents():
    assert source_key() == f"source/{hashlib.sha256(source_bundle()).hexdigest()[:16]}/sourcedir.tar.gz"


def test_it_holds_every_step_the_launcher_and_the_schema():
    found = members()
    assert {"train.py", "schema.json", "mlops_pipelines/steps/preprocess.py", "mlops_pipelines/steps/evaluate.py",
            "mlops_pipelines/steps/inference.py", "mlops_pipelines/steps/train.py"} <= found.keys()  # fmt: skip
    assert json.loads(found["schema.json"]) == schema()


def test_it_needs_nothing_but_itself_and_the_containers_packages():
    found = members()
    own = {name.removesuffix(".py").replace("/", ".") for name in found if name.endswith(".py")}
    allowed = set(sys.stdlib_module_names) | {"numpy", "pandas", "sklearn", "joblib"}
    outside = set()
    for name, text in found.items():
        for node in ast.walk(ast.parse(text)) if name.endswith(".py") else ():
            if isinstance(node, ast.Import):
                outside |= {alias.name for alias in node.names}
            elif isinstance(node, ast.ImportFrom):
                outside |= {f"{node.module}.{alias.name}" for alias in node.names}
    assert {name for name in outside if name.split(".")[0] not in allowed and name not in own} == {
        "mlops_pipelines.steps.train.main"
    }
    assert not [name for name in found if "requirements" in name]


def test_a_schema_may_be_given_as_a_file(tmp_path):
    path = tmp_path / "schema.yaml"
    path.write_text((DATA.parent / "schema.yaml").read_text())
    assert source_bundle(path) == source_bundle()
    path.write_text(path.read_text().replace("maximum: 6", "maximum: 7"))
    source_bundle.cache_clear()
    assert source_key(path) != source_key()


def test_a_model_without_a_schema_has_no_source():
    with pytest.raises(FileNotFoundError):
        source_bundle("no-such-model")
