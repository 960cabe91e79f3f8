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

from mlops_pipelines.settings import read_settings, resolve
from mlops_pipelines.training import source, source_bundle, source_key


def members():
    with tarfile.open(fileobj=io.BytesIO(source_bundle())) as archive:
        return {entry.name: archive.extractfile(entry).read() for entry in archive if entry.isfile()}


def test_the_bytes_are_the_same_each_time():
    first = source_bundle()
    source._packed.cache_clear()
    assert source_bundle() == first
    assert first[4:8] == bytes(4)  # gzip would write the time of packing there


def test_the_key_is_the_hash_of_the_contents():
    assert source_key() == f"source/{hashlib.sha256(source_bundle()).hexdigest()[:16]}/sourcedir.tar.gz"


def test_it_holds_every_step_the_launcher_and_the_schema():
    found = members()
    assert {"train.py", "schema.json", "mlops_pipelines/steps/preprocess.py", "mlops_pipelines/steps/evaluate.py",
            "mlops_pipelines/steps/inference.py", "mlops_pipelines/steps/train.py"} <= found.keys()  # fmt: skip
    assert json.loads(found["schema.json"]) == schema()


def imported(text, *, when_loaded):
    """Return what a module imports: all of it, or what it imports when it is loaded."""
    tree = ast.parse(text)
    if when_loaded:
        nodes = list(tree.body)
        for node in nodes:  # also what stands under `if` and `try`, but not for type checkers alone
            if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
                continue
            if not isinstance(node, (ast.FunctionDef, ast.ClassDef)):
                nodes += [child for child in ast.iter_child_nodes(node) if isinstance(child, ast.stmt)]
    else:
        nodes = list(ast.walk(tree))
    found = set()
    for node in nodes:
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return found


def modules():
    """Return the text of every module of the tarball by its dotted name."""
    return {
        name.removesuffix(".py").removesuffix("/__init__").replace("/", "."): content.decode()
        for name, content in members().items()
        if name.endswith(".py")
    }


def test_it_holds_every_module_that_it_imports():
    found = modules()
    for name, text in found.items():
        own = {module for module in imported(text, when_loaded=False) if module.startswith("mlops_pipelines.")}
        assert {module for module in own if module not in found and module.rpartition(".")[0] not in found} == set(), (
            name
        )
    assert not [name for name in members() if "requirements" in name]


@pytest.mark.parametrize("start", ["mlops_pipelines.steps.train", "mlops_pipelines.steps.inference"])
def test_training_and_serving_load_only_what_their_container_has(start):
    found, waiting, outside = modules(), [start], set()
    seen = set()
    while waiting:
        name = waiting.pop()
        if name in seen or name not in found:
            continue
        seen.add(name)
        needed = imported(found[name], when_loaded=True)
        outside |= {module.split(".")[0] for module in needed}
        parents = {".".join(module.split(".")[:length]) for module in needed for length in range(1, 6)}
        waiting += [module for module in parents if module.startswith("mlops_pipelines")]
    assert outside - sys.stdlib_module_names <= {
        "mlops_pipelines",
        "numpy",
        "pandas",
        "sklearn",
        "joblib",
        "threadpoolctl",
    }
    assert start in seen


def test_a_schema_may_be_given_as_a_file(tmp_path):
    path = tmp_path / "mortgage-approval" / "schema.yaml"
    path.parent.mkdir()
    path.write_text((DATA.parent / "schema.yaml").read_text())
    assert source_bundle(path) == source_bundle()
    path.write_text(path.read_text().replace("maximum: 6", "maximum: 7"))
    assert source_key(path) != source_key()


def test_the_settings_go_with_the_code_and_change_its_name():
    own = resolve("mortgage-approval", schema(), gates={"threshold": 0.9}, card={"owner": "the owner"})
    with tarfile.open(fileobj=io.BytesIO(source_bundle(settings=own))) as archive:
        told = json.load(archive.extractfile("settings.json"))
    assert read_settings(told) == own
    assert source_key(settings=own) != source_key()


def test_a_model_without_a_schema_has_no_source():
    with pytest.raises(FileNotFoundError):
        source_bundle("no-such-model")
