"""Reading a data set's schema."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from mlops_pipelines.features import definitions, load_schema
from mlops_pipelines.features.schema import DATA, Schema

GOOD = """
record_identifier: id
event_time: at
columns:
  - {name: y, type: category, role: label, values: ["no", "yes"], description: Label.}
  - {name: n, type: integer, minimum: 0, maximum: 9, description: Count.}
  - {name: x, type: number, minimum: 0, maximum: 1, description: Share.}
"""


NAMED = """
record_identifier: customer
event_time: at
columns:
  - {name: customer, type: text, role: identifier, header: Customer No., description: Number.}
  - {name: y, type: category, role: label, values: [a, b, c], description: Label.}
  - {name: x, type: number, minimum: 0, maximum: 1, nullable: true, description: Share.}
  - {name: note, type: text, role: ignored, description: Remarks.}
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
        ("type: integer", "type: [integer]", "columns[1]: type ['integer'] is none of"),
        ("type: integer", "type: text", "columns[1]: text is for columns with the role identifier or ignored"),
        ("maximum: 9", "maximum: 9, nullable: 1", "columns[1]: nullable 1 is neither true nor false"),
        ("role: label", "role: label, nullable: true", "the role label cannot be nullable"),
        ("maximum: 9", "maximum: 9, role: protected, nullable: true", "the role protected cannot be nullable"),
        ("type: number", "type: number, role: identifier", "an identifier is a text or an integer, not a number"),
        ("maximum: 9", "maximum: 9, header: x", "header x occurs 2 times"),
        ("maximum: 9", "maximum: 9, header: 3", "columns[1]: header 3 is no text"),
        ("maximum: 9", "maximum: 9, header: ' n'", "columns[1]: header ' n' is no text without spaces"),
        ('["no", "yes"]', '["no", "no"]', "the value 'no' occurs 2 times"),
        ('["no", "yes"]', '["no", "yes "]', "the value 'yes ' is empty or has spaces around it"),
        ("maximum: 9", "maximum: .inf", "`minimum` <= `maximum`, not 0 and inf"),
        ("maximum: 9", "maximum: 1.0e+300", "a whole number is exact up to 9007199254740992"),
        ("name: n", "name: id", "id occurs 2 times"),
    ],
)
def test_a_faulty_schema_is_refused_with_the_place_and_the_rule(tmp_path, old, new, message):
    with pytest.raises(ValueError, match="is no schema") as caught:
        load_schema(write(tmp_path, GOOD.replace(old, new)))
    assert message in str(caught.value)


def test_two_identifiers_are_refused(tmp_path):
    with pytest.raises(ValueError, match="at most one column has the role identifier, not 2"):
        load_schema(write(tmp_path, NAMED.replace("role: ignored", "role: identifier")))


def test_an_identifier_column_that_is_the_record_identifier_is_defined_once(tmp_path):
    expected = (("customer", "String"), ("at", "String"), ("y", "String"), ("x", "Fractional"), ("note", "String"))
    assert definitions(write(tmp_path, NAMED)) == expected
    other = definitions(write(tmp_path, NAMED.replace("record_identifier: customer", "record_identifier: id")))
    assert other == (("id", "String"), ("at", "String"), ("customer", "String"), *expected[2:])


def test_what_is_left_out_of_a_column_has_its_default(tmp_path):
    schema = load_schema(write(tmp_path, NAMED))
    assert {column.name: column.header for column in schema.columns} == {
        "customer": "Customer No.", "y": "y", "x": "x", "note": "note"
    }  # fmt: skip
    assert [column.name for column in schema.columns if column.nullable] == ["x", "note"]
    assert (schema.label.name, schema.identifier and schema.identifier.name) == ("y", "customer")
    assert load_schema(write(tmp_path, GOOD)).identifier is None
    assert schema.column("customer").shown == "Customer No. (customer)"
    with pytest.raises(KeyError, match="zip"):
        schema.column("zip")


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("", "", "multiclass"),
        ("[a, b, c]", "[a, b]", "binary"),
        ("category, role: label, values: [a, b, c]", "number, role: label, minimum: 0, maximum: 9", "regression"),
        ("category, role: label, values: [a, b, c]", "integer, role: label, minimum: 0, maximum: 9", "regression"),
    ],
)
def test_the_label_makes_the_problem(tmp_path, old, new, problem):
    assert load_schema(write(tmp_path, NAMED.replace(old, new) if old else NAMED)).problem == problem


@pytest.mark.parametrize("text", [GOOD, NAMED])
def test_a_schema_goes_to_the_steps_as_json_and_comes_back_the_same(tmp_path, text):
    schema = load_schema(write(tmp_path, text))
    assert Schema.of(json.loads(json.dumps(schema.as_dict()))) == schema
    with pytest.raises(ValueError, match="this is no schema: unknown key more"):
        Schema.of({**schema.as_dict(), "more": 1})


def test_a_schema_is_read_from_json_where_there_is_no_yaml():
    code = (
        "import sys; sys.modules['yaml'] = None; from mlops_pipelines.features.schema import Schema; "
        "print(Schema.of({'record_identifier': 'i', 'event_time': 't', 'columns': [{'name': 'y', 'type': 'integer', "
        "'role': 'label', 'description': '', 'minimum': 0, 'maximum': 1}]}).problem)"
    )
    environment = {"PYTHONPATH": str(DATA.parent / "pipelines")}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=False)
    assert done.stdout == "regression\n", done.stderr


def test_all_faults_come_at_once(tmp_path):
    with pytest.raises(ValueError, match="is no schema") as caught:
        load_schema(write(tmp_path, GOOD.replace("integer", "int").replace("role: label", "role: protected")))
    assert "type 'int'" in str(caught.value)
    assert "not 0" in str(caught.value)


def test_a_model_without_data_is_not_found():
    with pytest.raises(FileNotFoundError):
        load_schema("no-such-model")
