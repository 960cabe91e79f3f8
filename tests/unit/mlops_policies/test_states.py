"""What Pulumi writes: exported states, checkpoints, previews, plans; and files that are none of these."""

from __future__ import annotations

import json

import pytest

from mlops_policies.resource import Provider
from mlops_policies.states import NotAState, parse, read
from mlops_policies.values import UNKNOWN

SIGNATURE, SECRET = "4dabf18193072939515e22adb298388d", "1b47061264138c4ac30d75fd1eb44270"
ASSET, OUTPUT, REFERENCE = (
    "c44067f5952c0a294b673a41bacd8c17", "d0e6a833031e9bbcd3f4e8bde6ca49a4", "5cf8f73096256a8f31e491e813e4eb8e",
)  # fmt: skip
URN = "urn:pulumi:live::project::aws:s3/bucket:Bucket::raw"
PROVIDER = "urn:pulumi:live::project::pulumi:providers:aws::aws"
BUCKET = {
    "urn": URN, "type": "aws:s3/bucket:Bucket", "custom": True, "id": "raw-1", "protect": True,
    "provider": f"{PROVIDER}::uuid", "inputs": {"__defaults": ["x"], "bucket": "raw-1"},
    "outputs": {"bucket": "raw-1", "arn": "arn:aws:s3:::raw-1"}, "dependencies": [PROVIDER],
    "propertyDependencies": {"bucket": [PROVIDER], "tags": None}, "sourcePosition": "project:///stacks/my%20main.py#12,4",
}  # fmt: skip
PROVIDER_STATE = {
    "urn": PROVIDER, "type": "pulumi:providers:aws", "custom": True, "id": "uuid",
    "inputs": {"region": "eu-west-1", "defaultTags": json.dumps({"tags": {"owner": "ml"}})},
}  # fmt: skip


def secret(**kept):
    return {SIGNATURE: SECRET, **kept}


def state(*resources, version=3):
    return {"version": version, "deployment": {"manifest": {}, "resources": list(resources)}}


def only(found):
    (entry,) = [item for item in found.resources if item.urn == URN]
    return entry


def test_a_state_is_read_whole():
    found = parse(state(PROVIDER_STATE, BUCKET))
    entry = only(found)
    assert (found.kind, found.stack, entry.name, entry.id, entry.protect) == ("state", "live", "raw", "raw-1", True)
    assert (entry.inputs, entry.outputs["arn"]) == ({"bucket": "raw-1"}, "arn:aws:s3:::raw-1")
    assert entry.provider == Provider("eu-west-1", {"owner": "ml"})
    assert entry.property_dependencies == {"bucket": (PROVIDER,), "tags": ()}
    assert entry.source == "stacks/my main.py:12"


def test_a_checkpoint_of_a_file_backend_is_a_state():
    checkpoint = {"version": 3, "checkpoint": {"stack": "live", "latest": {"resources": [BUCKET]}}}
    assert only(parse(checkpoint)).id == "raw-1"


def test_a_resource_stands_where_the_innermost_call_outside_of_libraries_is():
    library, program = "project:///.venv/lib/site-packages/pulumi_aws/x.py#9", "project:///stacks/network.py#7"
    trace = [{"sourcePosition": library}, {}, {"sourcePosition": program}, {"sourcePosition": "project:///main.py#1"}]
    for told, place in (
        ({"sourcePosition": library, "stackTrace": trace}, "stacks/network.py:7"),
        ({"sourcePosition": library}, ".venv/lib/site-packages/pulumi_aws/x.py:9"),
        ({"sourcePosition": ""}, ""),
    ):
        assert only(parse(state({**BUCKET, **told}))).source == place


def test_what_providers_keep_for_themselves_is_left_out_at_any_depth():
    kept = {"__defaults": [], "versioning": {"__defaults": ["enabled"], "enabled": True}}
    entry = only(parse(state({**BUCKET, "inputs": kept, "outputs": {"__meta": "{}", "arn": "x"}})))
    assert (entry.inputs, entry.outputs) == ({"versioning": {"enabled": True}}, {"arn": "x"})


def test_what_is_about_to_be_deleted_is_left_out():
    assert parse(state({**BUCKET, "delete": True})).resources == ()


def test_a_preview_has_new_states_and_nothing_that_goes():
    steps = [
        {"op": "create", "urn": URN, "newState": BUCKET},
        {"op": "delete", "urn": "x", "oldState": BUCKET},
        {"op": "delete-replaced", "urn": "y", "newState": {**BUCKET, "urn": f"{URN}2"}},
    ]
    found = parse({"config": {}, "steps": steps})
    assert (found.kind, [entry.urn for entry in found.resources]) == ("preview", [URN])


def test_a_replacement_in_several_steps_is_one_resource():
    steps = [{"op": op, "urn": URN, "newState": BUCKET} for op in ("replace", "create-replacement")]
    assert len(parse({"steps": steps}).resources) == 1


def test_a_preview_that_leaves_out_what_stays_the_same_is_refused():
    steps = [{"op": "same", "urn": "stack", "newState": {**BUCKET, "urn": "urn:pulumi:live::p::t::stack"}},
             {"op": "update", "urn": URN, "newState": BUCKET}]  # fmt: skip
    with pytest.raises(NotAState, match=r"leaves out the 4 resources that stay the same.*--show-sames"):
        parse({"steps": steps, "changeSummary": {"same": 5, "update": 1}})
    assert len(parse({"steps": steps, "changeSummary": {"same": 1, "update": 1}}).resources) == 2


def test_a_preview_that_failed_says_so():
    diagnostics = [{"message": "x", "severity": "warning"}, {"message": "y", "severity": "error"}]
    preview = {"steps": [{"op": "create", "urn": URN, "newState": BUCKET}], "diagnostics": diagnostics}
    assert parse(preview).notes == ("the preview failed, so what came after is not in the file",)
    assert parse({**preview, "diagnostics": diagnostics[:1]}).notes == ()


def test_a_plan_names_a_provider_without_its_id_and_what_the_program_gives():
    goal = {"type": "aws:s3/bucket:Bucket", "name": "raw", "custom": True, "provider": f"{PROVIDER}::uuid",
            "inputDiff": {}, "propertyDependencies": {"bucket": [], "tags": []}}  # fmt: skip
    plans = {
        URN: {"goal": goal, "steps": ["replace"], "state": {"bucket": "b", "policy": UNKNOWN, "arn": "arn:x"}},
        PROVIDER: {"goal": {"type": "pulumi:providers:aws", "name": "aws", "custom": True,
                            "inputDiff": {"adds": PROVIDER_STATE["inputs"]}}, "steps": ["same"]},
    }  # fmt: skip
    entry = only(parse({"resourcePlans": plans}))
    assert entry.provider == Provider("eu-west-1", {"owner": "ml"})
    assert (entry.inputs, entry.outputs["policy"]) == ({"bucket": "b"}, UNKNOWN)


def test_a_plan_tells_inputs_whole_where_it_creates_and_as_differences_elsewhere():
    goal = {"type": "aws:s3/bucket:Bucket", "name": "raw", "custom": True}
    plans = {
        URN: {"goal": {**goal, "inputDiff": {"adds": {"bucket": "new"}}}, "steps": ["create"], "state": {"id": "x"}},
        f"{URN}2": {"goal": {**goal, "inputDiff": {"updates": {"acl": "private"}, "deletes": ["tags"]}},
                    "steps": ["update"], "state": {"bucket": "old", "acl": "public-read", "tags": {}}},
        f"{URN}3": {"goal": None, "steps": ["delete"]},
    }  # fmt: skip
    found = parse({"resourcePlans": plans})
    assert (found.kind, found.stack) == ("plan", "live")
    assert [entry.inputs for entry in found.resources] == [{"bucket": "new"}, {"bucket": "old", "acl": "private"}]


@pytest.mark.parametrize(
    ("value", "read_as", "is_secret"),
    [
        (secret(ciphertext="xyz"), UNKNOWN, True),
        (secret(plaintext='"hush"'), "hush", True),
        (secret(value="hush"), "hush", True),
        ("[secret]", UNKNOWN, True),
        ({SIGNATURE: OUTPUT}, UNKNOWN, False),
        ({SIGNATURE: OUTPUT, "value": 1, "secret": True}, 1, True),
        ({SIGNATURE: ASSET, "hash": "abc"}, {"$asset": "abc"}, False),
        ({SIGNATURE: REFERENCE, "urn": URN, "id": "i"}, "i", False),
    ],
)
def test_signatures_are_read_and_secrets_remembered(value, read_as, is_secret):
    entry = only(parse(state({**BUCKET, "inputs": {"a": [{"b": value}]}})))
    assert entry.inputs == {"a": [{"b": read_as}]}
    assert entry.secrets == (frozenset({"a[0].b"}) if is_secret else frozenset())


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ([], "it holds list data"),
        ({"a": 1}, "it has none of deployment"),
        ({}, "but nothing"),
        (state(version=9), "of version 9"),
        (state({"urn": URN}), "a part is missing"),
        (state("text"), "a part is missing"),
        ({"steps": [{"op": "create", "newState": 3}]}, "a part is missing"),
        ({"resourcePlans": {URN: 3}}, "a part is missing"),
    ],
)
def test_what_is_no_state_says_why(data, message):
    with pytest.raises(NotAState, match=message):
        parse(data)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "it is not JSON"),
        (b"hello", "it is not JSON"),
        (json.dumps(state(BUCKET)).encode()[:-40], "it ends too early"),
        (json.dumps(state(BUCKET)).encode()[:-1], "it ends too early"),
        (b"\xff\xfe", "no text in UTF-8"),
        (b"[" * 100_000, "nested too deeply|ends too early"),
    ],
)
def test_a_file_that_is_no_state_is_told_without_its_content(tmp_path, content, message):
    path = tmp_path / "state.json"
    path.write_bytes(content)
    with pytest.raises(NotAState, match=message) as caught:
        read(path)
    assert "raw-1" not in str(caught.value)


def test_a_file_that_is_absent_or_too_large(tmp_path, monkeypatch):
    with pytest.raises(NotAState, match="no such file"):
        read(tmp_path / "none.json")
    with pytest.raises(NotAState, match="can't be read"):
        read(tmp_path)
    monkeypatch.setattr("mlops_policies.states.LARGEST", 10)
    (tmp_path / "big.json").write_text(json.dumps(state()))
    with pytest.raises(NotAState, match="at most"):
        read(tmp_path / "big.json")
