"""Reading YAML: what can't be read is one fault with a line, what can be read keeps its positions."""

from __future__ import annotations

from pathlib import Path

import pytest

from mlops_estate.config.document import dotted, nearest, read_document
from mlops_estate.faults import FaultsFound


def read(folder: Path, text: str | bytes):
    path = folder / "Pulumi.dev.yaml"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return read_document(path)


@pytest.mark.parametrize(
    ("text", "line", "rule"),
    [
        (b"", 0, "must not be empty"),
        (b"# only a comment\n", 0, "must not be empty"),
        (b"config:\n  a: \xff\xfe\n", 2, "must be UTF-8 text"),
        ("config:\n  a: ä\n".encode("utf-16"), 1, "must be UTF-8 text"),
        (b"config:\n  a: [1, 2\n  b: 3\n", 3, "must be well-formed YAML"),
        (b"config:\n\ta: 1\n", 2, "must be well-formed YAML"),
        (b"a: 'b\n", 2, "must be well-formed YAML"),
        (b"a: *nowhere\n", 1, "must be well-formed YAML"),
        (b"a: \x07\n", 0, "must be well-formed YAML"),
        (b"a: 1\n---\nb: 2\n", 3, "one YAML document"),
    ],
)
def test_what_is_no_yaml_is_one_fault_with_its_line(tmp_path, text, line, rule):
    with pytest.raises(FaultsFound) as caught:
        read(tmp_path, text)
    (fault,) = caught.value.faults
    assert (fault.file, fault.line) == ("Pulumi.dev.yaml", line)
    assert rule in fault.rule
    assert fault.fix


def test_a_file_that_cannot_be_read_is_a_fault(tmp_path):
    with pytest.raises(FaultsFound, match="must be readable"):
        read_document(tmp_path)


def test_scalars_are_read_as_pulumi_reads_them(tmp_path):
    text = "a: yes\nb: true\nc: 2024-01-01\nd: 1:30\ne: 012345678901\nf: 1.5\ng: ~\nh:\ni: 'true'\nj: 1e3\nk: off\n"
    assert read(tmp_path, text).data == {
        "a": "yes", "b": True, "c": "2024-01-01", "d": "1:30", "e": 12345678901, "f": 1.5, "g": None, "h": None,
        "i": "true", "j": 1000.0, "k": "off",
    }  # fmt: skip


def test_a_byte_order_mark_is_no_fault(tmp_path):
    assert read(tmp_path, b"\xef\xbb\xbfa: 1\n").data == {"a": 1}


def test_every_key_and_item_has_its_line_and_a_missing_one_its_parents(tmp_path):
    document = read(tmp_path, "a:\n  b:\n    - 1\n    - x: 2\n")
    assert [document.line(path) for path in [("a",), ("a", "b"), ("a", "b", 1), ("a", "b", 1, "x"), ("a", "z")]] == [
        1, 2, 4, 4, 1,
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "where", "line", "rule"),
    [
        ("a: 1\nb: 2\na: 3\n", "a", 3, "also on line 1"),
        ("config:\n  mlops-estate:models:\n    x: {}\n    x: {}\n", "models.x", 4, "a model name must be written once"),
        ("1: a\n", "1", 1, "a key must be a string"),
        ("? [a]\n: b\n", "?", 1, "a key must be a string"),
        ("a: &x {b: 1}\nc:\n  <<: *x\n", "c.<<", 3, "merge keys"),
        ("a: &x [*x]\n", "a[0]", 1, "must not contain itself"),
        ("a: !secret b\n", "a", 1, "the tag !secret is not known"),
    ],
)
def test_a_fault_of_form_leaves_the_rest_readable(tmp_path, text, where, line, rule):
    (fault,) = read(tmp_path, text).faults
    assert (fault.where, fault.line) == (where, line)
    assert rule in fault.rule


def test_an_alias_stands_for_what_it_names(tmp_path):
    document = read(tmp_path, "a: &x {b: 1}\nc: *x\n")
    assert document.data == {"a": {"b": 1}, "c": {"b": 1}}
    assert document.faults == []


def test_paths_are_written_as_a_reader_would(tmp_path):
    assert dotted(("config", "mlops-estate:models", "churn", "zones", 0)) == "models.churn.zones[0]"
    assert dotted(("config", "aws:region")) == "config.aws:region"
    assert dotted(()) == "file"


@pytest.mark.parametrize(
    ("word", "known", "wanted"),
    [("acount", ["account", "region"], "account"), ("max-wait", ["max_wait"], "max_wait"), ("qqq", ["account"], ""),
     ("production", ["dev", "prod"], "prod")],
)  # fmt: skip
def test_a_suggestion_is_near_or_absent(word, known, wanted):
    assert nearest(word, known) == wanted


def test_a_fault_is_shown_with_file_line_value_rule_and_fix(tmp_path):
    (fault,) = read(tmp_path, "a: 1\na: 2\n").faults
    assert fault.as_text().startswith("Pulumi.dev.yaml:2: a = 'a'\n    rule: ")
    assert fault.as_dict()["line"] == 2
