"""Objects by S3 URI."""

from __future__ import annotations

import io

import pytest

from mlops_estate.up.data import fetcher, split_uri, storer


class Bucket:
    """An S3 client of one dictionary, two keys a page."""

    def __init__(self, objects: dict[tuple[str, str], bytes]) -> None:
        self.objects = objects

    def list_objects_v2(self, Bucket, Prefix, ContinuationToken="0", **_more):  # noqa: N803 -- boto3's names
        keys = sorted(key for bucket, key in self.objects if bucket == Bucket and key.startswith(Prefix))
        start = int(ContinuationToken)
        page = {"Contents": [{"Key": key} for key in keys[start : start + 2]], "IsTruncated": start + 2 < len(keys)}
        return {**page, **({"NextContinuationToken": str(start + 2)} if page["IsTruncated"] else {})}

    def get_paginator(self, _name):
        return self

    def paginate(self, **options):
        page = self.list_objects_v2(**options)
        yield page
        while page["IsTruncated"]:
            page = self.list_objects_v2(**options, ContinuationToken=page["NextContinuationToken"])
            yield page

    def get_object(self, Bucket, Key):  # noqa: N803
        return {"Body": io.BytesIO(self.objects[Bucket, Key])}

    def put_object(self, Bucket, Key, Body):  # noqa: N803
        self.objects[Bucket, Key] = Body


STORED = {
    ("b", "raw/a.csv"): b"a", ("b", "raw/deep/b.csv"): b"b", ("b", "raw/c.csv"): b"c", ("b", "raw/folder/"): b"",
    ("b", "rawer/x.csv"): b"x", ("other", "raw/y.csv"): b"y",
}  # fmt: skip


@pytest.mark.parametrize(
    ("uri", "parts"), [("s3://b/k/e/y", ("b", "k/e/y")), ("s3://b/", ("b", "")), ("s3://b", ("b", ""))]
)
def test_a_uri_is_bucket_and_key(uri, parts):
    assert split_uri(uri) == parts


@pytest.mark.parametrize(
    ("uri", "files"),
    [
        ("s3://b/raw", {"a.csv": b"a", "deep/b.csv": b"b", "c.csv": b"c"}),
        ("s3://b/raw/", {"a.csv": b"a", "deep/b.csv": b"b", "c.csv": b"c"}),
        ("s3://b/raw/deep/b.csv", {"b.csv": b"b"}),
        ("s3://other", {"raw/y.csv": b"y"}),
    ],
)
def test_an_object_or_all_below_a_prefix_is_copied(tmp_path, uri, files):
    fetcher(Bucket(dict(STORED)))(uri, tmp_path)
    copied = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert {str(path.relative_to(tmp_path)): path.read_bytes() for path in copied} == files


@pytest.mark.parametrize("uri", ["s3://b/none", "s3://b/ra", "s3://b/raw/folder/"])
def test_nothing_there_is_an_error(tmp_path, uri):
    with pytest.raises(FileNotFoundError, match="s3://b/"):
        fetcher(Bucket(dict(STORED)))(uri, tmp_path)


def test_a_file_is_kept_as_an_object(tmp_path):
    (tmp_path / "f").write_bytes(b"bytes")
    objects: dict = {}
    storer(Bucket(objects))(tmp_path / "f", "s3://b/k/f")
    assert objects == {("b", "k/f"): b"bytes"}
