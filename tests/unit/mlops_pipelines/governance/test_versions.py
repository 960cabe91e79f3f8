"""Semantic versions: which number moves, and that none is given twice."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlops_pipelines.governance.versions import Version, highest, next_version, parse

DATA, SCHEMA = "d" * 64, "s" * 64
numbers = st.integers(0, 999_999_999)
versions = st.builds(Version, numbers, numbers, numbers)
hashes = st.sampled_from([DATA, SCHEMA, "other", None, ""])
maybe = st.one_of(st.none(), st.text(max_size=12), versions.map(str))


def latest(version: Any = "1.2.3", data: str | None = DATA, schema: str | None = SCHEMA) -> dict[str, Any]:
    return {"version": version, "snapshot_sha256": data, "schema_sha256": schema, "registry_version": 4}


def following(former: dict[str, Any] | None, **more: Any) -> str:
    return next_version(former, schema_sha256=SCHEMA, snapshot_sha256=DATA, **more)[0]


def test_the_first_version_is_one() -> None:
    assert next_version(None, schema_sha256=SCHEMA, snapshot_sha256=DATA) == (
        "1.0.0",
        "the first version of this model",
    )


@pytest.mark.parametrize(
    ("former", "expected", "why"),
    [
        (latest(), "1.2.4", "schema and data are the same"),
        (latest(data="other"), "1.3.0", "the data changed"),
        (latest(schema="other"), "2.0.0", "the schema changed"),
        (latest(data="other", schema="other"), "2.0.0", "the schema changed"),
        (latest(data=None), "1.3.0", "the former data are not recorded"),
        (latest(schema=None), "2.0.0", "the former schema is not recorded"),
        (latest(schema=""), "2.0.0", "the former schema is not recorded"),
    ],
)
def test_what_changed_decides_which_number_moves(former: dict[str, Any], expected: str, why: str) -> None:
    version, reason = next_version(former, schema_sha256=SCHEMA, snapshot_sha256=DATA)
    assert version == expected
    assert why in reason
    assert "1.2.3" in reason


@pytest.mark.parametrize(
    "malformed", [None, "", "1.2", "v1.2.3", "1.2.3-rc.1", "01.2.3", "1.2.3\n", "1.2.3.4", "a.b.c", 5]
)
def test_after_a_version_that_is_none_numbers_start_at_one_and_the_reason_names_it(malformed: Any) -> None:
    version, reason = next_version(latest(malformed), schema_sha256=SCHEMA, snapshot_sha256=DATA)
    assert version == "1.0.0"
    assert "number 4 of the registry, the latest, has no semantic version" in reason


def test_after_a_malformed_version_numbers_go_on_from_the_highest_known() -> None:
    version, reason = next_version(
        latest("broken", data="other"), schema_sha256=SCHEMA, snapshot_sha256=DATA, taken=["2.5.0", "2.4.9", None]
    )
    assert version == "2.6.0"
    assert "goes on from 2.5.0" in reason


def test_a_rejected_versions_number_is_not_given_again() -> None:
    version, reason = next_version(latest("1.2.3"), schema_sha256=SCHEMA, snapshot_sha256=DATA, taken=["1.2.4"])
    assert version == "1.2.5"
    assert "1.2.4 was given before" in reason


def test_where_only_rejected_versions_are_left_the_next_patch_follows() -> None:
    version, reason = next_version(None, schema_sha256=SCHEMA, snapshot_sha256=DATA, taken=["1.0.0"])
    assert version == "1.0.1"
    assert "no version stands" in reason


def test_versions_are_ordered_by_their_numbers_and_not_as_text() -> None:
    assert str(highest(["1.9.0", "1.10.0", "nothing", None])) == "1.10.0"
    assert highest(["nothing"]) is None


def test_another_word_is_no_change() -> None:
    with pytest.raises(ValueError, match="'huge' is no kind of change"):
        Version(1).after("huge")


@given(versions)
def test_a_version_is_what_its_text_says(version: Version) -> None:
    assert parse(str(version)) == version


@given(versions, st.sampled_from(["major", "minor", "patch"]))
def test_every_change_gives_a_higher_version_and_resets_the_lower_numbers(version: Version, change: str) -> None:
    after = version.after(change)
    assert after > version
    places = {"major": 1, "minor": 2, "patch": 3}[change]
    assert (after.major, after.minor, after.patch)[places:] == (0, 0, 0)[places:]


@given(st.one_of(st.none(), st.builds(latest, maybe, hashes, hashes)), hashes, hashes, st.lists(maybe, max_size=6))
def test_the_next_version_is_higher_than_every_version_ever_given(
    former: dict[str, Any] | None, data: str | None, schema: str | None, taken: list[str | None]
) -> None:
    text, reason = next_version(former, schema_sha256=str(schema), snapshot_sha256=str(data), taken=taken)
    version = parse(text)
    known = [one for one in map(parse, [*taken, (former or {}).get("version")]) if one is not None]
    assert version is not None
    assert reason
    assert all(version > one for one in known)
    assert known or text == "1.0.0"
