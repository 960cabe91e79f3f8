"""The masked copy: no original survives, equal values join, and the copy passes its schema and trains."""

from __future__ import annotations

import csv
import io
import json
from collections import Counter

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlops_pipelines.data.reading import Raw, read_raw
from mlops_pipelines.features.schema import Schema
from mlops_pipelines.masking import ColumnRule, methods, read_rules
from mlops_pipelines.masking.copying import CopyRefused, masked_copy

ONE, OTHER = bytes(range(32)), bytes(range(1, 33))
DOCUMENT = {
    "record_identifier": "ssn",
    "event_time": "event_time",
    "columns": [
        {"name": "ssn", "header": "Social no", "type": "text", "role": "identifier", "description": "."},
        {"name": "remarks", "type": "text", "role": "ignored", "description": "."},
        {"name": "born", "type": "text", "role": "ignored", "description": "."},
        {"name": "income", "type": "integer", "minimum": 0, "maximum": 99999999, "description": "."},
        {"name": "rate", "type": "number", "minimum": 0, "maximum": 99999999, "nullable": True, "description": "."},
        {"name": "town", "type": "category", "values": ["Atown", "Btown", "Ctown", "Dtown"], "description": "."},
        {"name": "sex", "type": "category", "role": "protected", "values": ["f", "m"], "description": "."},
        {"name": "bad", "type": "category", "role": "label", "values": ["no", "yes"], "description": "."},
    ],
}
SCHEMA = Schema.of(DOCUMENT)
RULES = {
    "ssn": {"method": "hash"},
    "remarks": {"method": "drop"},
    "born": {"method": "generalise", "year": True},
    "income": {"method": "generalise", "step": 1000000},
    "rate": {"method": "synthesise"},
    "town": {"method": "generalise", "groups": {"north": ["Atown", "Btown"], "south": ["Ctown", "Dtown"]}},
}
PERSONAL = ("ssn", "remarks", "born", "income", "rate", "town")


def _frame(count: int, seed: int) -> pd.DataFrame:
    """Return records whose personal values are long enough not to occur by chance."""
    draw = np.random.default_rng(seed)
    income = draw.integers(10, 60, count) * 1000000 + draw.integers(100001, 999999, count)
    noise = draw.normal(0, 1, count)
    frame = pd.DataFrame(
        {
            "ssn": [f"{draw.integers(10**8, 10**9)}-{place:05d}" for place in range(count)],
            "remarks": [f"said Zq{draw.integers(10**9, 10**10)}" for _ in range(count)],
            "born": [f"{draw.integers(1950, 1960)}-{draw.integers(1, 13):02d}-{draw.integers(1, 29):02d}"
                     for _ in range(count)],
            "income": [str(value) for value in income],
            "rate": [f"{value:.7f}" for value in draw.uniform(1000, 99999, count)],
            "town": draw.choice(["Atown", "Btown", "Ctown", "Dtown"], count),
            "sex": draw.choice(["f", "m"], count),
            "bad": np.where(income / 1e7 + noise > 3.5, "no", "yes"),
        },
        dtype=object,
    )  # fmt: skip
    frame.loc[draw.choice(count, count // 20, replace=False), "rate"] = ""
    return frame


def _raw(frame: pd.DataFrame) -> Raw:
    count = len(frame)
    return Raw(
        frame, ["data.csv"] * count, list(range(2, count + 2)), list(range(1, count + 1)), {"data.csv": "0" * 64}
    )


def _copy(frame: pd.DataFrame, columns=None, key=ONE, schema=SCHEMA, **more):
    rules = read_rules({"columns": RULES if columns is None else columns, **more}, schema)
    return masked_copy(_raw(frame), schema, rules, key, model="loans", key_version="v1")


def _rows(copy) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(copy.csv.decode())))


@pytest.fixture(scope="module")
def frame() -> pd.DataFrame:
    return _frame(400, 3)


@pytest.fixture(scope="module")
def copy(frame):
    return _copy(frame)


def _everything(copy) -> bytes:
    return b"\n".join([copy.csv, json.dumps(copy.schema).encode(), json.dumps(copy.report).encode()])


@settings(max_examples=30)
@given(st.integers(30, 80), st.integers(0, 2**32), st.sampled_from([ONE, OTHER]))
def test_no_original_of_a_masked_column_survives_anywhere(count, seed, key):
    frame = _frame(count, seed)
    output = _everything(_copy(frame, key=key))
    for column in PERSONAL:
        for value in set(frame[column]) - {""}:
            assert value.encode() not in output, column


@settings(max_examples=30)
@given(
    st.lists(
        st.tuples(st.text(st.characters(codec="utf-8", categories=["L", "N", "P", "Zs"]), min_size=4, max_size=12)
                  .map(str.strip).filter(lambda text: len(text) >= 4), st.sampled_from(["f", "m"])),
        min_size=5, max_size=40,
    ),
    st.sampled_from([{"method": "drop"}, {"method": "hash"}, {"method": "generalise", "prefix": 2},
                     {"method": "generalise", "year": True}]),
)  # fmt: skip
def test_no_text_survives_any_method_whatever_it_is(cells, rule):
    frame = _frame(len(cells), 1).assign(remarks=[f"Zq|{text}|qZ" for text, _ in cells], sex=[sex for _, sex in cells])
    # The columns around it are dropped, so that what is found can only come from the masked one.
    others = {name: {"method": "drop"} for name in ("ssn", "born", "rate", "town")}
    output = _everything(_copy(frame, {**others, "remarks": rule})).decode()
    assert not any(value in output for value in frame["remarks"])


def test_the_report_holds_counts_and_checksums_and_no_value(frame, copy):
    told = json.dumps(copy.report)
    assert copy.report["records"] == 400
    assert copy.report["key_version"] == "v1"
    assert copy.report["sources"] == {"data.csv": "0" * 64}
    for column in frame:
        for value in set(frame[column]) - {"", "f", "m", "no", "yes"}:
            assert value not in told
    income = copy.report["columns"]["income"]
    assert (income["method"], income["parameters"], income["default"]) == ("generalise", ["step"], False)
    assert income["values"] == income["copied_values"] == 400
    assert income["distinct"] > 300 > income["copied_distinct"]
    assert copy.report["columns"]["sex"]["default"] is True
    assert copy.report["columns"]["remarks"]["copied_type"] is None


def test_equal_values_of_a_domain_join_across_copies_of_one_key_only(frame):
    hashed = {"ssn": {"method": "hash", "domain": "person"}, "remarks": {"method": "hash", "domain": "person"}}
    same = frame.assign(remarks=frame["ssn"])
    rows = _rows(_copy(same, hashed))
    assert all(row["Social no"] == row["remarks"] for row in rows)
    part = {row["Social no"] for row in _rows(_copy(frame.iloc[:50].reset_index(drop=True), hashed))}
    assert part < {row["Social no"] for row in rows}
    assert not part & {row["Social no"] for row in _rows(_copy(frame, hashed, key=OTHER))}


def test_the_same_data_and_key_give_the_same_bytes_and_another_key_others(frame, copy):
    again = _copy(frame)
    assert (again.csv, again.schema, again.report) == (copy.csv, copy.schema, copy.report)
    assert _copy(frame, key=OTHER).csv != copy.csv


def test_the_order_of_the_original_is_not_kept(frame):
    kept = [row["bad"] + row["income"] for row in _rows(_copy(frame, {}))]
    original = (frame["bad"] + frame["income"]).tolist()
    assert kept != original
    assert Counter(kept) == Counter(original)


def test_a_generalised_or_drawn_value_stands_for_enough_records(frame):
    for smallest in (2, 20):
        rows = _rows(_copy(frame, minimum_group=smallest))
        for column in ("income", "born", "town"):
            assert min(Counter(row[column] for row in rows if row[column]).values()) >= smallest


def test_a_text_that_would_stay_whole_or_that_few_share_is_emptied(frame):
    born = ["1984", "born in 1984", "born in 1984", *["born in 1999"] * 397]
    made = _copy(frame.assign(born=born), {"born": {"method": "generalise", "year": True}})
    assert Counter(row["born"] for row in _rows(made)) == {"1999": 397, "": 3}
    assert made.report["columns"]["born"]["suppressed"] == 3
    names = [*["Al"] * 10, *["Alfred"] * 3, *["Bertha"] * 387]
    made = _copy(frame.assign(remarks=names), {"remarks": {"method": "generalise", "prefix": 2}})
    assert Counter(row["remarks"] for row in _rows(made)) == {"Be": 387, "": 13}
    assert b"Al" not in made.csv


def test_a_rare_category_is_neither_drawn_nor_named(frame):
    rare = frame.assign(town=["Dtown", "Dtown", *["Atown", "Btown", "Ctown"] * 132, "Atown", "Btown"])
    made = _copy(rare, {"town": {"method": "synthesise"}})
    assert b"Dtown" not in _everything(made)
    assert {row["town"] for row in _rows(made)} == {"Atown", "Btown", "Ctown"}


def test_a_hashed_category_keeps_no_order_that_would_tell_its_values(frame):
    made = _copy(frame, {"town": {"method": "hash"}})
    values = next(column["values"] for column in made.schema["columns"] if column["name"] == "town")
    assert values == sorted(values)
    assert {row["town"] for row in _rows(made)} == set(values)


def test_empty_cells_stay_as_many_and_move_when_a_column_is_drawn(frame, copy):
    assert sum(row["rate"] == "" for row in _rows(copy)) == (frame["rate"] == "").sum() == 20
    cells = frame["rate"].tolist()
    task = methods.Task(SCHEMA.column("rate"), ColumnRule("synthesise"), cells, ONE, "loans", 5)
    drawn = methods.apply(task).cells
    assert [place for place, cell in enumerate(drawn) if not cell] != [p for p, cell in enumerate(cells) if not cell]


@pytest.mark.parametrize(
    ("changed", "columns", "words"),
    [
        (
            {"remarks": "mail ada@example.org"},
            {"remarks": {"method": "keep"}},
            "masking.columns.remarks (keep): kept text",
        ),
        ({"rate": ""}, {"sex": {"method": "synthesise"}, "town": {"method": "synthesise"}}, ""),
        ({"sex": "f"}, {"sex": {"method": "synthesise"}}, "masking.columns.sex (synthesise): 1 of its values"),
        ({"income": "-5"}, {}, "column income: 400 cells must hold a whole number from 0"),
        ({"ssn": "7"}, {}, "column Social no (ssn): 399 cells must be unique"),
        ({"bad": ""}, {}, "column bad: 400 cells must not be empty (first in data.csv, line 2)"),
    ],
)
def test_what_cannot_be_masked_is_refused_without_showing_a_value(frame, changed, columns, words):
    if not words:
        made = _copy(frame.assign(**changed), {**columns, "rate": {"method": "synthesise"}})
        assert next(c for c in made.schema["columns"] if c["name"] == "rate")["role"] == "ignored"
        return
    with pytest.raises(CopyRefused) as caught:
        _copy(frame.assign(**changed), columns)
    assert words in str(caught.value)
    assert all(value not in str(caught.value) for value in ("ada@example.org", "'-5'"))


def test_kept_text_with_findings_is_counted_where_that_is_asked_for(frame):
    made = _copy(frame.assign(remarks="mail ada@example.org"), {"remarks": {"method": "keep", "scan": "report"}})
    assert made.report["columns"]["remarks"]["found"] == {"email": 400}
    assert b"ada@example.org" in made.csv


def test_a_group_of_the_label_that_too_few_share_is_refused(frame):
    rare = frame.assign(bad=["yes", *["no"] * 399])
    groups = {"bad": {"method": "generalise", "groups": {"fine": ["no"], "late": ["yes"]}}}
    with pytest.raises(CopyRefused, match="fewer than 5 records are in the group late, and a label has no empty cell"):
        _copy(rare, groups)


def test_fewer_records_than_a_group_are_refused(frame):
    with pytest.raises(CopyRefused, match="4 records are fewer than one group of 5"):
        _copy(frame.iloc[:4].reset_index(drop=True))


def test_an_identifier_that_is_none_any_more_gives_its_name_back(frame):
    made = _copy(frame, {"ssn": {"method": "generalise", "prefix": 1}})
    assert made.schema["record_identifier"] == "record_id"
    assert Schema.of(made.schema).identifier is None
    assert _copy(frame, {"ssn": {"method": "drop"}}).schema["record_identifier"] == "ssn"


def test_the_copy_passes_its_own_schema_and_trains(copy, tmp_path):
    from sklearn.linear_model import LogisticRegression

    from mlops_pipelines.data.checking import check
    from mlops_pipelines.modelling import matrices

    (tmp_path / "data.csv").write_bytes(copy.csv)
    schema = Schema.of(copy.schema)
    raw = read_raw(tmp_path, schema)
    assert not raw.findings
    checked = check(raw, schema)
    assert not checked.findings
    columns = matrices.feature_columns(copy.schema, checked.frame)
    assert [column["name"] for column in columns] == ["income", "rate", "town"]
    split = matrices.split(raw.frame.assign(**{c: checked.frame[c] for c in ("income", "rate")}), columns,
                           matrices.label_column(copy.schema))  # fmt: skip
    filled = np.nan_to_num(split.features)
    model = LogisticRegression(max_iter=2000).fit(filled / (1 + np.abs(filled).max(axis=0)), split.target)
    assert model.score(filled / (1 + np.abs(filled).max(axis=0)), split.target) > 0.8
