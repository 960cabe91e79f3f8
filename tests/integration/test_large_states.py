"""Files of a hundred megabytes: a state is judged whole, and what is no state is refused with one fault."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

PROVIDER = "urn:pulumi:prod::project::pulumi:providers:aws::aws"
SIZE, EACH = 100 << 20, 16_000
COMMAND = """
import re, sys
from mlops_estate.cli.boundary import run
code = run(["check", "--state", *sys.argv[1:]])
try:
    peak = re.search(r"VmHWM:\\s+(\\d+) kB", open("/proc/self/status").read())
except OSError:
    peak = None
print(int(peak[1]) << 10 if peak else 0, file=sys.stderr)
sys.exit(code)
"""


def resources(count: int) -> Iterator[dict[str, Any]]:
    """Yield a provider, then topics and buckets in turn, each with long properties and every tenth at fault."""
    yield {"urn": PROVIDER, "type": "pulumi:providers:aws", "custom": True, "id": "1",
           "inputs": {"region": "eu-west-1", "defaultTags": json.dumps({"tags": {"owner": "ml"}})}}  # fmt: skip
    text = "a text that goes on and on, " * (EACH // 28)
    kinds = ("aws:sns/topic:Topic", "aws:s3/bucketObjectv2:BucketObjectv2")
    for index in range(count):
        kind = kinds[index % 2]
        inputs = {"name": f"made-{index}", "displayName": text, "kmsMasterKeyId": "alias/own", "key": f"{index}"}
        if index % 10 == 0:
            del inputs["kmsMasterKeyId"]
        yield {
            "urn": f"urn:pulumi:prod::project::{kind}::made-{index}", "type": kind, "custom": True, "id": f"id-{index}",
            "provider": f"{PROVIDER}::1", "inputs": inputs, "outputs": {**inputs, "arn": f"arn:aws:x:::{index}"},
            "propertyDependencies": {name: [] for name in inputs},
        }  # fmt: skip


@pytest.fixture(scope="module")
def state(tmp_path_factory) -> Path:
    """Write a state resource by resource: it is never whole in this process."""
    path = tmp_path_factory.mktemp("large") / "state.json"
    with path.open("w", encoding="utf-8") as file:
        file.write('{"version": 3, "deployment": {"manifest": {}, "resources": [\n')
        for index, resource in enumerate(resources(SIZE // (2 * EACH))):
            file.write(f"{',' if index else ''}{json.dumps(resource)}\n")
        file.write("]}}\n")
    assert path.stat().st_size > 0.98 * SIZE
    return path


def checked(path: Path, *more: str) -> tuple[int, str, str]:
    """Run `estate check --state` in a process of its own; return its exit code, and what it said."""
    done = subprocess.run([sys.executable, "-c", COMMAND, str(path), *more], capture_output=True, text=True)
    said, _, peak = done.stderr.strip().rpartition("\n")
    # Text and data, each once or twice, and the interpreter: nothing is copied again and again.
    assert int(peak) < 6 * max(path.stat().st_size, SIZE), f"{int(peak) >> 20} MiB"
    return done.returncode, done.stdout, said


def test_a_state_of_a_hundred_megabytes_is_judged_whole(state):
    code, output, _ = checked(state, "--json")
    report = json.loads(output)
    count = SIZE // (2 * EACH)
    assert code == 1
    assert report["summary"]["resources"] == count + 1
    (encrypted,) = [rule for rule in report["rules"] if rule["id"] == "sns-kms"]
    assert encrypted["fail"] == len(range(0, count, 10))
    assert encrypted["pass"] == len(range(0, count, 2)) - encrypted["fail"]


def test_a_state_that_was_cut_off_is_refused_with_one_fault(state, tmp_path):
    cut = tmp_path / "cut.json"
    with state.open("rb") as whole, cut.open("wb") as file:
        for _ in range(99):
            file.write(whole.read(1 << 20))
    code, output, said = checked(cut)
    assert (code, output) == (2, "")
    assert said.count("rule:") == 1
    assert "it ends too early (line " in said
    assert "goes on and on" not in said


@pytest.mark.parametrize(
    ("content", "rule"),
    [
        (b"\x00\x01 neither text nor bytes \xc3\xa9\n", "it is not JSON (line 1, column 1"),
        (b"\xff\xfe", "it is no text in UTF-8"),
        (b"[", "it is nested too deeply to be a state"),
    ],
    ids=["text", "bytes", "brackets"],
)
def test_a_hundred_megabytes_of_something_else_are_refused_with_one_fault(tmp_path, content, rule):
    path = tmp_path / "other.json"
    block = content * ((1 << 20) // len(content))
    with path.open("wb") as file:
        for _ in range(SIZE // len(block)):
            file.write(block)
    code, output, said = checked(path)
    assert (code, output) == (2, "")
    assert said.count("rule:") == 1
    assert rule in said
    assert "neither text" not in said
