"""Checkpoints: whole or not at all, of this training or of none; and bytes that hold no memory of the process."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.ensemble import GradientBoostingClassifier, RandomForestRegressor

from mlops_pipelines.modelling.checkpoints import FILE, Checkpoint, as_bytes, clear_padding, load, save

STATE = Checkpoint({"weights": [1, 2]}, 2, (0.7, 0.123456789012345, 0.1), done=False)


def test_a_checkpoint_is_read_as_it_was_written(tmp_path):
    said = []
    assert save(STATE, tmp_path / "new", "mine") == STATE
    assert load(tmp_path / "new", "mine", said.append) == STATE
    assert not said
    assert [path.name for path in (tmp_path / "new").iterdir()] == [FILE]


def test_without_a_checkpoint_nothing_is_said(tmp_path):
    said = []
    assert load(tmp_path / "none", "mine", said.append) is None
    assert not said


def test_a_checkpoint_of_another_training_is_ignored_and_said(tmp_path):
    said = []
    save(STATE, tmp_path, "theirs")
    assert load(tmp_path, "mine", said.append) is None
    assert said == [f"{FILE} is ignored: it belongs to other data, settings or library versions"]


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    folder = tmp_path_factory.mktemp("checkpoint")
    save(STATE, folder, "mine")
    return folder, (folder / FILE).read_bytes()


@given(st.data())
def test_a_checkpoint_that_is_cut_off_or_damaged_is_ignored_and_said(written, data):
    folder, content = written
    place = data.draw(st.integers(0, len(content) - 1))
    if data.draw(st.booleans(), label="cut off"):
        damaged = content[:place]
    else:
        damaged = content[:place] + bytes([content[place] ^ data.draw(st.integers(1, 255))]) + content[place + 1 :]
    (folder / FILE).write_bytes(damaged)
    said = []
    assert load(folder, "mine", said.append) is None
    assert "cut off or damaged" in said[0]


@pytest.mark.parametrize("kind", [GradientBoostingClassifier, RandomForestRegressor])
def test_no_memory_of_the_process_is_saved_with_the_model(kind):
    random = np.random.default_rng(0)
    features = random.uniform(size=(60, 2))
    model = kind(n_estimators=2, random_state=0).fit(features, (features[:, 0] > 0.5).astype(int))
    tree = np.ravel(model.estimators_)[0].tree_
    state = tree.__getstate__()
    used = state["nodes"].dtype.fields["missing_go_to_left"][1] + 1

    def padding():
        nodes = tree.__getstate__()["nodes"]
        return np.frombuffer(nodes.tobytes(), np.uint8).reshape(len(nodes), -1)[:, used:]

    dirty = np.frombuffer(state["nodes"].tobytes(), np.uint8).reshape(len(state["nodes"]), -1).copy()
    dirty[:, used:] = 255
    tree.__setstate__({**state, "nodes": dirty.reshape(-1).view(state["nodes"].dtype)})
    assert padding().min() == 255
    predicted = model.predict(features)
    clear_padding(model)
    assert padding().size > 0
    assert not padding().any()
    assert (model.predict(features) == predicted).all()


def test_equal_texts_are_one_object_in_the_bytes():
    whole, made = "learning_rate", "".join(["learning", "_rate"])
    assert whole is not made
    assert as_bytes([whole, made]) == as_bytes([whole, whole])
