"""The sample data are what their provenance and their schema say."""

from __future__ import annotations

import hashlib
import re

import pandas as pd
from tests.support.pipelines import DATA, MODEL, schema

from mlops_pipelines.data.checking import check
from mlops_pipelines.data.reading import read_raw
from mlops_pipelines.features import load_schema

PROVENANCE = (DATA.parent / "PROVENANCE.md").read_text(encoding="utf-8")


def test_the_checksum_is_the_one_that_the_provenance_names():
    assert re.findall(r"`([0-9a-f]{64})`", PROVENANCE) == [hashlib.sha256(DATA.read_bytes()).hexdigest()]


def test_the_counts_are_those_that_the_provenance_names():
    frame = pd.read_csv(DATA)
    denied, african_american = frame["deny"] == "yes", frame["afam"] == "yes"
    assert len(frame) == 2380
    assert f"{denied.sum()} ({denied.mean():.1%}) were denied".replace("%", " %") in PROVENANCE
    assert f"{african_american.sum()} applicants ({african_american.mean():.1%})".replace("%", " %") in PROVENANCE
    rates = [f"{100 * denied[group].mean():.1f} %" for group in (african_american, ~african_american)]
    assert rates == ["28.3 %", "9.3 %"]
    assert all(rate in PROVENANCE for rate in rates)
    assert frame.duplicated().sum() == 3


def test_every_cell_is_what_the_schema_allows():
    columns = schema()["columns"]
    checked = check(read_raw(DATA.parent, load_schema(MODEL)), load_schema(MODEL))
    assert checked.findings == ()
    frame = checked.frame
    assert list(frame) == [column["name"] for column in columns] == list(pd.read_csv(DATA, nrows=1))
    used = {column["name"]: set(frame[column["name"]]) for column in columns if column["type"] == "category"}
    assert used == {column["name"]: set(column["values"]) for column in columns if column["type"] == "category"}


def test_the_label_and_the_protected_attribute_have_their_roles():
    assert (load_schema(MODEL).names("label"), load_schema(MODEL).names("protected")) == (("deny",), ("afam",))


def test_the_provenance_describes_every_column_and_no_other():
    described = re.findall(r"^\| `(\w+)` \|", PROVENANCE, re.M)
    assert described == [column.name for column in load_schema(MODEL).columns]
