"""Reading a data set's schema."""

from __future__ import annotations

from pathlib import Path

import pytest

from mlops_pipelines.features import definitions, load_schema

GOOD = """
record_identifier: id
event_time: at
columns:
  - {name: y, type: category, role: label, values: ["no", "yes"], description: Label.}
  - {name: n, type: integer, minimum: 0, maximum: 9, description: Count.}
  - {name: x, type: number, minimum: 0, maximum: 1, description: Share.}
"""


def write(folder: Path, text: str) -> Path:
    path = folder / "schema.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def test_definitions_begin_with_identifier_and_event_time_and_carry_sagemaker_types(tmp_path):
    assert definitions(write(tmp_path, GOOD)) == (
        ("id", "String"),
        ("at", "String"),
        ("y", "String"),
        ("n", "Integral"),
        ("x", "Fractional"),
    )


def test_a_column_without_a_role_is_a_feature(tmp_path):
    schema = load_schema(write(tmp_path, GOOD))
    assert (schema.names("feature"), schema.names("label"), schema.names("protected")) == (("n", "x"), ("y",), ())


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("name: n", "name: -n", "'-n' cannot name a feature"),
        ("name: n", "name: is_deleted", "'is_deleted' cannot name a feature"),
        ("name: n", "name: x", "x occurs 2 times"),
        ("name: n", f"name: {'n' * 65}", "cannot name a feature"),
        ("type: integer", "type: int", "columns[1]: type 'int' is none of"),
        ("role: label", "role: target", "columns[0]: role 'target' is none of"),
        ("role: label, ", "", "exactly one column has the role label, not 0"),
        ("maximum: 1,", "maximum: 1, role: label,", "exactly one column has the role label, not 2"),
        ('["no", "yes"]', "[no, yes]", "a category needs `values`"),
        ("minimum: 0, maximum: 9", "minimum: 9, maximum: 0", "`minimum` <= `maximum`, not 9 and 0"),
        ("minimum: 0, maximum: 9", "minimum: 0", "`minimum` <= `maximum`, not 0 and None"),
        (", description: Count.", "", "columns[1]: it has no description"),
        ("minimum: 0, maximum: 9", "min: 0, minimum: 0, maximum: 9", "columns[1]: unknown key min"),
        ("event_time: at", "event_times: at", "unknown key event_times"),
        ("columns:", "columns: 3\nx:", "`columns` is not a list of mappings"),
        (GOOD, "[]", "it is list, not a mapping"),
    ],
)
def test_a_faulty_schema_is_refused_with_the_place_and_the_rule(tmp_path, old, new, message):
    with pytest.raises(ValueError, match="is no schema") as caught:
        load_schema(write(tmp_path, GOOD.replace(old, new)))
    assert message in str(caught.value)


def test_all_faults_come_at_once(tmp_path):
    with pytest.raises(ValueError, match="is no schema") as caught:
        load_schema(write(tmp_path, GOOD.replace("integer", "int").replace("role: label", "role: protected")))
    assert "type 'int'" in str(caught.value)
    assert "not 0" in str(caught.value)


def test_a_model_without_data_is_not_found():
    with pytest.raises(FileNotFoundError):
        load_schema("no-such-model")
