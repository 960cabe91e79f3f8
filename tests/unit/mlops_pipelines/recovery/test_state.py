"""The last sound version of Pulumi's state."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from tests.support.versioned import START, VersionedBucket

from mlops_pipelines.recovery import NoSoundState, restore_state
from mlops_pipelines.recovery.state import state_key

KEY = state_key("mlops-estate", "dev")


def state(resources: int) -> str:
    return json.dumps({"version": 3, "checkpoint": {"latest": {"resources": [{}] * resources}}})


@pytest.fixture
def bucket() -> VersionedBucket:
    made = VersionedBucket()
    made.put(1, KEY, state(1))
    made.put(2, KEY, state(2))
    return made


def test_a_sound_state_is_left_alone(bucket):
    restored = restore_state(bucket, "b", KEY)
    assert (restored.resources, restored.passed_over, len(bucket.versions[KEY])) == (2, 0, 2)


@pytest.mark.parametrize("broken", ["", "{", "[]", "null", '{"checkpoint": null}', '{"version": 3}'])
def test_broken_and_deleted_versions_are_passed_over_and_kept(bucket, broken):
    bucket.put(3, KEY, broken)
    bucket.delete(4, KEY)
    restored = restore_state(bucket, "b", KEY)
    assert (restored.resources, restored.passed_over) == (2, 2)
    assert bucket.current() == {KEY: state(2)}
    assert len(bucket.versions[KEY]) == 5


def test_a_state_deleted_in_the_second_it_was_written_is_brought_back(bucket):
    bucket.delete(2, KEY)
    assert restore_state(bucket, "b", KEY).passed_over == 1
    assert bucket.current() == {KEY: state(2)}


def test_a_moment_chooses_an_earlier_state(bucket):
    restored = restore_state(bucket, "b", KEY, as_of=START + timedelta(seconds=1))
    assert (restored.resources, bucket.current()) == (1, {KEY: state(1)})


def test_another_stacks_state_is_not_touched(bucket):
    other = KEY.replace("dev.json", "dev.json.bak")
    bucket.put(3, other, "{")
    bucket.put(3, KEY, "{")
    restore_state(bucket, "b", KEY)
    assert bucket.current()[other] == "{"


def test_where_no_version_is_sound_that_is_said():
    bucket = VersionedBucket()
    bucket.put(1, KEY, "{")
    with pytest.raises(NoSoundState, match="no sound version among 1"):
        restore_state(bucket, "b", KEY)
    with pytest.raises(NoSoundState, match="among 0"):
        restore_state(VersionedBucket(), "b", KEY, as_of=None)
