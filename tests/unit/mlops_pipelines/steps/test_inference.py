"""Serving: what requests are understood, and what is refused with which words."""

from __future__ import annotations

import ast
import csv
import io
import json
import re
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlops_pipelines.steps import inference
from mlops_pipelines.steps.inference import Request, ServedModel, feature_matrix, input_fn, output_fn, predict_fn

COLUMNS = (
    {"name": "x", "type": "number"},
    {"name": "n", "type": "integer"},
    {"name": "c", "type": "category", "values": ["no", "yes"]},
)


class Sum:
    """A classifier whose probability is x, so that answers can be told apart."""

    def predict_proba(self, matrix):
        return np.column_stack([1 - matrix[:, 0], matrix[:, 0]])


MODEL = ServedModel(Sum(), COLUMNS, ("no", "yes"), 0.5)
EXPECTED = [{"probability": 0.25, "prediction": "no"}, {"probability": 0.5, "prediction": "yes"}]


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (b"0.25,1,no\n0.5,2,yes\n", "text/csv"),
        (b"\xef\xbb\xbfx,n,c\n0.25,1,no\n0.5,2,yes\n", "text/csv; charset=utf-8"),
        (b"c,x,n\r\nno,0.25,1\r\n\r\nyes,0.5,2\r\n", "TEXT/CSV"),
        ('x, n, c\n"0.25", 1, no\n0.5,2, yes', "text/csv"),
        (b'[{"x": 0.25, "n": 1, "c": "no"}, {"c": "yes", "n": "2", "x": 0.5}]', "application/json"),
        (b'{"instances": [{"x": 0.25, "n": 1, "c": "no"}, {"x": 0.5, "n": 2, "c": "yes"}]}', "application/json"),
    ],
)
def test_every_form_of_a_request_gives_the_same_answer(body, content_type):
    assert predict_fn(input_fn(body, content_type), MODEL) == EXPECTED


@pytest.mark.parametrize(
    ("body", "content_type"),
    [('{"instances": [{"x": 0.25, "n": 1, "c": "no", "group": "a"}]}', "application/json"),
     ("group,x,n,c\na,0.25,1,no\n", "text/csv")],
)  # fmt: skip
def test_a_protected_attribute_may_come_along_and_changes_nothing(body, content_type):
    served = ServedModel(Sum(), COLUMNS, ("no", "yes"), 0.5, ["group"])
    assert predict_fn(input_fn(body, content_type), served) == EXPECTED[:1]
    with pytest.raises(ValueError, match="column group is not a feature"):
        predict_fn(input_fn(body, content_type), MODEL)


def test_one_record_as_json_is_answered():
    assert predict_fn(input_fn('{"x": 0.5, "n": 2, "c": "yes"}', "application/json"), MODEL) == EXPECTED[1:]


@pytest.mark.parametrize(
    ("body", "content_type", "message"),
    [
        ("0.1,1", "text/csv", "record 1 has 2 values for 3 columns"),
        ("x,n\n0.1,1", "text/csv", "column c is missing"),
        ("x,n,c,afam\n0.1,1,no,yes", "text/csv", "column afam is not a feature"),
        ("x,x,n,c\n1,1,1,no", "text/csv", "column x occurs twice"),
        ("high,1,no", "text/csv", "x = 'high' in record 1: expected a finite number"),
        ("0.1,1,no\nnan,1,no", "text/csv", "x = 'nan' in record 2"),
        ("0.1,1,maybe", "text/csv", "c = 'maybe' in record 1: expected one of no, yes"),
        ('{"x": true, "n": 1, "c": "no"}', "application/json", "x = True in record 1"),
        ('{"x": null, "n": 1, "c": "no"}', "application/json", "x = None in record 1"),
        ("x,n,c\n", "text/csv", "only a header came"),
    ],
)
def test_a_record_that_does_not_fit_is_refused_by_name(body, content_type, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        predict_fn(input_fn(body, content_type), MODEL)


@pytest.mark.parametrize(
    ("body", "content_type", "message"),
    [
        ("", "text/csv", "holds no record"),
        ("[]", "application/json", "send one record"),
        ("[1]", "application/json", "send one record"),
        ("3", "application/json", "send one record"),
        ('[{"x": 1}, {"n": 1}]', "application/json", "record 2 has other columns than record 1: n, x"),
        ("{", "application/json", "Expecting property name"),
        ("1", "application/x-npy", "content type 'application/x-npy' is not served"),
    ],
)
def test_a_body_that_cannot_be_read_is_refused(body, content_type, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        input_fn(body, content_type)


def test_every_bad_column_is_named():
    with pytest.raises(ValueError, match=r"x = 'a'.*; n = 'b'.*; c = 'd'"):
        predict_fn(Request(None, [["a", "b", "d"]]), MODEL)


@pytest.mark.parametrize("accept", ["application/json", "*/*", "text/html, application/json;q=0.9", ""])
def test_answers_are_json(accept):
    body, kind = output_fn(EXPECTED, accept)
    assert (json.loads(body), kind) == ({"predictions": EXPECTED}, "application/json")


def test_a_client_that_accepts_no_json_is_refused():
    with pytest.raises(ValueError, match="no answer in 'text/csv'"):
        output_fn(EXPECTED, "text/csv")


@given(st.lists(st.tuples(st.floats(0, 1), st.integers(), st.sampled_from(["no", "yes"])), min_size=1, max_size=20))
def test_csv_and_json_of_the_same_records_are_answered_alike(rows):
    buffer = io.StringIO()
    csv.writer(buffer).writerows(rows)
    records = [dict(zip("xnc", row, strict=True)) for row in rows]
    answers = predict_fn(input_fn(buffer.getvalue(), "text/csv"), MODEL)
    assert answers == predict_fn(input_fn(json.dumps(records), "application/json"), MODEL)
    assert [answer["probability"] for answer in answers] == [row[0] for row in rows]


def test_a_category_becomes_the_place_of_its_value():
    values = {"x": [1.5, "2"], "n": [1, 2], "c": ["yes", "no"]}
    assert feature_matrix(values, COLUMNS).tolist() == [[1.5, 1.0, 1.0], [2.0, 2.0, 0.0]]


NULLABLE = (
    {"name": "x", "type": "number", "nullable": True, "fill": 0.75},
    {"name": "c", "type": "category", "values": ["no", "yes"], "nullable": True, "fill": None},
)


@pytest.mark.parametrize("empty", [None, "", "  ", float("nan")])
def test_an_empty_cell_of_a_nullable_column_is_imputed(empty):
    assert feature_matrix({"x": [empty, 1], "c": ["no", empty]}, NULLABLE).tolist() == [[0.75, 0.0], [1.0, 2.0]]


@pytest.mark.parametrize(
    ("column", "value"), [("x", "nan"), ("x", "high"), ("x", float("inf")), ("x", True), ("c", "maybe"), ("c", "nan")]
)
def test_a_nullable_column_takes_no_other_value_for_nothing(column, value):
    values = {"x": [1, 1], "c": ["no", "no"]} | {column: [None, value]}
    with pytest.raises(ValueError, match=rf"{column} = .* in record 2: expected .*, or nothing"):
        feature_matrix(values, NULLABLE)


def test_a_nullable_number_without_a_fill_is_no_model_of_ours_and_stays_strict():
    with pytest.raises(ValueError, match="x = None in record 1: expected a finite number"):
        feature_matrix({"x": [None]}, ({"name": "x", "type": "number", "nullable": True},))


@pytest.mark.parametrize(
    ("body", "kind"), [(",1,no\n", "text/csv"), ('{"x": null, "n": 1, "c": "no"}', "application/json")]
)
def test_an_empty_cell_of_a_request_is_imputed(body, kind):
    columns = ({**COLUMNS[0], "nullable": True, "fill": 0.5}, *COLUMNS[1:])
    served = ServedModel(Sum(), columns, ("no", "yes"), 0.5)
    assert predict_fn(input_fn(body, kind), served) == EXPECTED[1:]


class Wine:
    """A classifier of three classes, and a predictor of a number, that both answer with the record."""

    def predict_proba(self, matrix):
        return np.column_stack([matrix[:, 0], matrix[:, 1], 1 - matrix.sum(axis=1)])

    def predict(self, matrix):
        return matrix.sum(axis=1)


PAIR = ({"name": "x", "type": "number"}, {"name": "y", "type": "number"})


def test_a_multiclass_model_answers_with_every_class():
    served = ServedModel(Wine(), PAIR, ("red", "rose", "white"), None, problem="multiclass")
    assert predict_fn(input_fn("0.25,0.5\n0,0.25"), served) == [
        {"probabilities": {"red": 0.25, "rose": 0.5, "white": 0.25}, "prediction": "rose"},
        {"probabilities": {"red": 0.0, "rose": 0.25, "white": 0.75}, "prediction": "white"},
    ]


def test_a_regression_model_answers_with_a_number():
    served = ServedModel(Wine(), PAIR, (), None, problem="regression")
    answers = predict_fn(input_fn("0.25,0.5\n-3,1"), served)
    assert answers == [{"prediction": 0.75}, {"prediction": -2.0}]
    assert output_fn(answers)[0] == '{"predictions": [{"prediction": 0.75}, {"prediction": -2.0}]}'


def test_the_serving_code_imports_nothing_of_the_project():
    tree = ast.parse(Path(inference.__file__).read_text(encoding="utf-8"))
    modules = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    modules |= {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert not [module for module in modules if module.startswith("mlops")]
