"""Objects as they were at a moment, whatever happened to them since."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.versioned import START, VersionedBucket

from mlops_pipelines.recovery import restore_objects


def restore(bucket: VersionedBucket, second: int, **options):
    bucket.at = 100
    return restore_objects(bucket, "b", START + timedelta(seconds=second), **options)


@pytest.fixture
def bucket() -> VersionedBucket:
    return VersionedBucket()


def test_a_deletion_is_undone_by_taking_its_markers_away(bucket):
    own = bucket.put(1, "a", "kept")
    bucket.delete(5, "a")
    bucket.delete(6, "a")
    assert restore(bucket, 3).undeleted == ["a"]
    assert [item.version for item in bucket.versions["a"]] == [own]


def test_an_overwritten_object_is_brought_back_and_the_overwrite_stays_a_version(bucket):
    bucket.put(1, "a", "right")
    bucket.put(5, "a", "wrong")
    assert restore(bucket, 3).brought_back == ["a"]
    assert [item.body for item in bucket.versions["a"]] == [b"right", b"wrong", b"right"]


def test_overwritten_then_deleted_is_brought_back_as_it_was(bucket):
    bucket.put(1, "a", "right")
    bucket.put(5, "a", "wrong")
    bucket.delete(6, "a")
    restored = restore(bucket, 3)
    assert (restored.brought_back, restored.restored) == (["a"], 1)
    assert bucket.current() == {"a": "right"}


def test_what_did_not_exist_then_stays_unless_it_is_to_go(bucket):
    bucket.put(5, "new", "later")
    assert restore(bucket, 3).newer == ["new"]
    assert bucket.current() == {"new": "later"}
    restore(bucket, 3, delete_newer=True)
    assert bucket.current() == {}
    assert len(bucket.versions["new"]) == 2


def test_what_was_deleted_already_then_stays_deleted(bucket):
    bucket.put(1, "a", "old")
    bucket.delete(2, "a")
    restored = restore(bucket, 3)
    assert (restored.restored, restored.newer, bucket.current()) == (0, [], {})


def test_the_second_of_the_moment_counts_as_before_it_and_order_within_a_second_is_kept(bucket):
    bucket.put(3, "a", "first")
    bucket.put(3, "a", "second")
    bucket.put(4, "a", "wrong")
    restore(bucket, 3)
    assert bucket.current() == {"a": "second"}


def test_only_keys_below_the_prefix_are_touched(bucket):
    for key in ("x/a", "y/a"):
        bucket.put(1, key, "right")
        bucket.put(5, key, "wrong")
    restore(bucket, 3, prefix="x/")
    assert bucket.current() == {"x/a": "right", "y/a": "wrong"}


def test_a_moment_without_a_time_zone_is_refused(bucket):
    with pytest.raises(ValueError, match="no time zone"):
        restore_objects(bucket, "b", datetime(2026, 11, 23))


@given(
    st.lists(st.tuples(st.sampled_from("ab"), st.sampled_from(["put", "delete"])), max_size=8),
    st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from(["put", "delete"])), max_size=8),
)
def test_whatever_happens_after_the_moment_a_restore_brings_back_what_a_reader_found(before, after):
    bucket = VersionedBucket()
    for second, (key, what) in enumerate(before):
        bucket.put(second, key, f"{key}{second}") if what == "put" else bucket.delete(second, key)
    found = bucket.current()
    for second, (key, what) in enumerate(after, 50):
        bucket.put(second, key, f"{key}{second}") if what == "put" else bucket.delete(second, key)
    restore(bucket, 20, delete_newer=True)
    assert bucket.current() == found
    assert restore(bucket, 100).restored == 0
