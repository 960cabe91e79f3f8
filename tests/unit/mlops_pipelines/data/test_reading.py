"""Reading raw CSV files: every fault of form, with file and place."""

from __future__ import annotations

import csv
import hashlib
import io

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlops_pipelines.data.faults import DataFaults, Finding
from mlops_pipelines.data.reading import read_cells, read_raw, text_cells
from mlops_pipelines.features.schema import Column, Schema

SCHEMA = Schema(
    "id",
    "at",
    (
        Column("y", "category", "label", "", values=("no", "yes")),
        Column("n", "integer", "feature", "", 0, 9, header="how many"),
    ),
)


def faults_of(folder, files: dict[str, str | bytes]) -> list[str]:
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return [finding.text for finding in read_raw(folder, SCHEMA).findings]


@pytest.mark.parametrize(
    ("content", "faults"),
    [
        ("", ["a.csv: the file is empty; expected a header and records"]),
        ("\n\n", ["a.csv: the file is empty; expected a header and records"]),
        ("y,how many\n", ["a.csv: there is no record, only a header; expected at least one"]),
        ("y,how many\n\n\n", ["a.csv: there is no record, only a header; expected at least one"]),
        (
            b"y,how many\nno,1\nn\xf6,2\n",
            ["a.csv, line 3: byte 0xf6 at offset 17 is not UTF-8; save the file as UTF-8"],
        ),
        (
            "y,how many\nno,1\n".encode("utf-16"),
            ["a.csv, line 1: byte 0xff at offset 0 is not UTF-8; save the file as UTF-8"],
        ),
        (
            "y;how many\nno;1\n",
            ["a.csv: the header is one column, 'y;how many'; it looks separated by semicolons (';'); expected commas"],
        ),
        (
            "y\thow many\nno\t1\n",
            ["a.csv: the header is one column, 'y\\thow many'; it looks separated by tabs ('\\t'); expected commas"],
        ),
        (
            "y|how many\nno|1\n",
            ["a.csv: the header is one column, 'y|how many'; it looks separated by bars ('|'); expected commas"],
        ),
        ("y,how many,y\nno,1,no\n", ["a.csv: the header names column y 2 times; expected once"]),
        ("y\nno\n", ["a.csv: column how many is missing"]),
        (
            "y,How many\nno,1\n",
            [
                "a.csv: column how many is missing; is it 'How many'?",
                "a.csv: column How many is not in the schema; give it a role there",
            ],
        ),
        ("y,how many,\nno,1,\n", ["a.csv: column '' is not in the schema; give it a role there"]),
        (
            "y,how many\nno,1\nno\nno,1,2\n",
            [
                "a.csv, line 3: record 2 has 1 cells; expected 2, as many as the header has columns",
                "a.csv, line 4: record 3 has 3 cells; expected 2, as many as the header has columns",
            ],
        ),
        (
            'y,how many\nno,1\n"no,1\n',
            [
                "a.csv, line 3: a record that begins here cannot be read (unexpected end of data); close its quotation "
                "marks"
            ],
        ),
    ],
)
def test_a_fault_of_form_names_file_place_and_rule(tmp_path, content, faults):
    assert faults_of(tmp_path, {"a.csv": content}) == faults


def test_a_folder_without_a_csv_file_is_a_fault(tmp_path):
    (tmp_path / "readme.txt").touch()
    expected = f"no .csv file lies under {tmp_path.name}/; expected at least one, with a header and records"
    assert faults_of(tmp_path, {}) == [expected]


def test_faults_of_all_files_come_at_once_by_their_paths(tmp_path):
    found = faults_of(
        tmp_path, {"2025/a.csv": "y\nno\n", "2026/a.csv": "y;how many\nno;1\n", "b.csv": "y,how many\nno"}
    )
    assert [fault.split(":")[0] for fault in found] == ["2025/a.csv", "2026/a.csv", "b.csv, line 2"]


def test_an_empty_file_beside_a_full_one_is_a_fault_but_one_without_records_is_none(tmp_path):
    full = "y,how many\nno,1\n"
    assert faults_of(tmp_path, {"a.csv": full, "b.csv": "y,how many\n"}) == []
    assert faults_of(tmp_path, {"c.csv": ""}) == ["c.csv: the file is empty; expected a header and records"]


def test_files_are_read_in_the_order_of_their_names_and_columns_by_their_headers(tmp_path):
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub/b.csv").write_text("how many,y\n3,yes\n")
    (tmp_path / "a.csv").write_text("\ufeffy, how many \nno,1\n\n yes ,2\n", encoding="utf-8")
    raw = read_raw(tmp_path, SCHEMA)
    assert raw.findings == []
    assert raw.frame.to_dict("list") == {"y": ["no", "yes", "yes"], "n": ["1", "2", "3"]}
    assert (raw.files, raw.lines, raw.numbers) == (["a.csv", "a.csv", "sub/b.csv"], [2, 4, 2], [1, 2, 1])
    assert raw.sources == {
        name: hashlib.sha256((tmp_path / name).read_bytes()).hexdigest() for name in ("a.csv", "sub/b.csv")
    }


def test_a_record_over_several_lines_is_named_by_its_first(tmp_path):
    (tmp_path / "a.csv").write_text('y,how many\n"n\no",1\nyes,2\n')
    assert read_cells(tmp_path / "a.csv").lines == [2, 4]


@given(st.lists(st.lists(st.text(st.characters(codec="utf-8", exclude_characters="\r\n\0")), min_size=2, max_size=2)))
def test_what_a_csv_writer_writes_is_read_back(tmp_path_factory, rows):
    buffer = io.StringIO()
    csv.writer(buffer, lineterminator="\n").writerows([["a", "b"], *rows])
    path = tmp_path_factory.mktemp("cells") / "a.csv"
    path.write_bytes(buffer.getvalue().encode())
    cells = read_cells(path)
    assert cells.findings == []
    assert cells.rows == [[cell.strip() for cell in row] for row in rows]


def test_text_cells_are_what_the_file_says_and_faults_are_raised_at_once(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("code,NA\n007,NA\n1e3,\n")
    expected = pd.DataFrame({"code": ["007", "1e3"], "NA": ["NA", ""]})
    pd.testing.assert_frame_equal(text_cells(path), expected)
    path.write_text("a,a\n1\n")
    with pytest.raises(DataFaults, match=r"a\.csv has 2 faults") as caught:
        text_cells(path)
    assert [finding.kind for finding in caught.value.findings] == ["form", "ragged"]


def test_a_message_shows_twenty_faults_and_counts_all():
    with pytest.raises(DataFaults, match="50 faults") as caught:
        raise DataFaults([Finding(f"fault {number}.") for number in range(50)])
    assert str(caught.value).splitlines()[1:] == [*(f"  fault {number}." for number in range(20)), "  and 30 more"]


def test_many_faults_of_one_kind_leave_room_for_one_of_another():
    findings = [Finding(f"a{number}", "a") for number in range(500)] + [Finding("the other", "b")]
    message = str(DataFaults(findings))
    assert "  the other\n" in message
    assert "and 481 more" in message
