"""Reading a CSV file: every fault of its form, with its place."""

from __future__ import annotations

import hashlib

import pytest

from mlops_estate.faults import FaultsFound
from mlops_estate.onboarding.table import read_table


def _faults(tmp_path, content: bytes) -> str:
    path = tmp_path / "data.csv"
    path.write_bytes(content)
    with pytest.raises(FaultsFound) as caught:
        read_table(path)
    assert all(fault.where == "--data" and fault.fix for fault in caught.value.faults)
    return str(caught.value)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", ["empty"]),
        (b"\xef\xbb\xbf\n \n", ["no name in the first line"]),
        (b"a,b\n1,caf\xe9\n", ["0xe9 at offset 9", "line 2", "UTF-8"]),
        ("a,b\n1,2\n".encode("utf-16"), ["0xff at offset 0"]),
        (b"a;b;c\n1;2;3\n", ["one column", "semicolons"]),
        (b"a\tb\n1\t2\n", ["one column", "tabs"]),
        (b"a\n1\n", ["one column, 'a'"]),
        (b"a,b,a\n1,2,3\n", ["column a 2 times"]),
        (b"a,,c\n1,2,3\n", ["column 2 has no name"]),
        (b"a,b\n", ["no record"]),
        (b"a,b\n1,2\n3\n4,5,6\n", ["record 2 has 1 cells", "record 3 has 3 cells"]),
        (b'a,b\n1,"2\n', ["line 2"]),
    ],
)
def test_a_file_that_is_no_table_is_refused_with_its_reason(tmp_path, content, words):
    told = _faults(tmp_path, content)
    assert all(word in told for word in words), told


def test_a_file_that_is_not_there_and_a_folder_are_faults(tmp_path):
    for path, words in ((tmp_path / "none.csv", "there is no such file"), (tmp_path, "cannot be read")):
        with pytest.raises(FaultsFound, match=words):
            read_table(path)


def test_many_faults_are_counted_and_the_first_are_shown(tmp_path):
    told = _faults(tmp_path, b"a,b\n" + b"1\n" * 500)
    assert "data.csv has 500 faults" in told
    assert told.count("rule:") == 20


def test_cells_are_stripped_and_counted_and_a_byte_order_mark_is_no_part_of_a_name(tmp_path):
    path = tmp_path / "data.csv"
    path.write_bytes(b'\xef\xbb\xbf a ,b\r\n 1 ,"x, y"\r\n\r\n1,\r\n1,\r\n')
    table = read_table(path)
    assert [(column.header, column.cells) for column in table.columns] == [("a", ("1",) * 3), ("b", ("x, y", "", ""))]
    assert (table.records, table.columns[1].empty, dict(table.columns[1].counts)) == (3, 2, {"x, y": 1})
    assert table.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    assert (table.repeated(["a", "b"]), table.repeated(["a"]), table.repeated([])) == (1, 2, 0)
