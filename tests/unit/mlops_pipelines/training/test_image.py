"""The tag of the steps' own image follows from what the image is built from."""

from __future__ import annotations

import re
from importlib import metadata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlops_pipelines.training import image


def test_the_tag_of_this_checkout_is_twelve_hexadecimal_digits():
    assert re.fullmatch(r"[0-9a-f]{12}", image.image_tag())
    assert image.image_tag() == image.image_tag(image.FOLDER)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    made = tmp_path_factory.mktemp("steps")
    (made / "Dockerfile").write_text("FROM scratch\n")
    (made / "more").mkdir()
    (made / "more" / "a.txt").write_text("a")
    return made


def test_the_tag_is_the_same_wherever_the_folder_lies(folder, tmp_path):
    (tmp_path / "more").mkdir()  # made in another order
    (tmp_path / "more" / "a.txt").write_text("a")
    (tmp_path / "Dockerfile").write_text("FROM scratch\n")
    assert image.image_tag(tmp_path) == image.image_tag(folder)


def test_a_changed_moved_added_or_removed_file_changes_the_tag(folder, tmp_path):
    tags = {image.image_tag(folder)}
    for number, change in enumerate(
        (
            lambda root: (root / "a.txt").write_text("b"),
            lambda root: (root / "a.txt").rename(root / "b.txt"),
            lambda root: (root / "c.txt").write_text(""),
            lambda root: (root / "Dockerfile").unlink(),
        )
    ):
        root = tmp_path / str(number)
        root.mkdir()
        (root / "Dockerfile").write_text("FROM scratch\n")
        (root / "a.txt").write_text("a")
        tags.add(image.image_tag(root))
        change(root)
        tags.add(image.image_tag(root))
    assert len(tags) == 1 + 1 + 4


@given(
    first=st.dictionaries(st.from_regex(r"[a-z]{1,3}", fullmatch=True), st.binary(max_size=4), min_size=1, max_size=3),
    second=st.dictionaries(st.from_regex(r"[a-z]{1,3}", fullmatch=True), st.binary(max_size=4), min_size=1, max_size=3),
)
def test_two_folders_have_one_tag_only_if_they_hold_the_same(tmp_path_factory, first, second):
    roots = []
    for files in (first, second):
        root = tmp_path_factory.mktemp("folder")
        for name, content in files.items():
            (root / name).write_bytes(content)
        roots.append(root)
    assert (image.image_tag(roots[0]) == image.image_tag(roots[1])) == (first == second)


def test_a_folder_without_files_is_refused(tmp_path):
    with pytest.raises(ValueError, match=f"no image is built from {re.escape(str(tmp_path))}: it holds no file"):
        image.image_tag(tmp_path)


def test_an_installed_wheel_takes_the_version_of_the_distribution(monkeypatch, tmp_path):
    monkeypatch.setattr(image, "FOLDER", tmp_path / "images" / "steps")
    assert image.image_tag() == metadata.version("mlops-estate")
