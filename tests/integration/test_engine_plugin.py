"""The provider plugin over gRPC, as the Pulumi engine calls it, with an account served over HTTP behind it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from importlib.metadata import version
from typing import Any

import grpc
import pytest
from pulumi.runtime.proto import provider_pb2, status_pb2
from tests.support.plugin_client import Plugin, ThroughPlugin, elided, plugin, with_marked_assets
from tests.support.previews import previewed
from tests.support.programs import PROJECT
from tests.support.pulumi_cli import PulumiProject, needs_pulumi

from mlops_estate.config import load_environment
from mlops_estate.embedded.account import EmbeddedAccount
from mlops_estate.embedded.driver import AwsDriver
from mlops_estate.embedded.plugin.provider import ENDPOINT
from mlops_estate.embedded.server import AccountServer
from mlops_estate.engine import destroy, run_program
from mlops_estate.engine.wire import ASSET, SIGNATURE, from_struct, wrap_secret
from mlops_estate.faults import Fault, FaultsFound
from mlops_estate.graph import UNKNOWN
from mlops_estate.up.session import program_config

REGION = "eu-west-1"
KEY, BUCKET, LOGS = "aws:kms/key:Key", "aws:s3/bucket:Bucket", "aws:cloudwatch/logGroup:LogGroup"
GROUP = "aws-native:sagemaker:FeatureGroup"
NONE, SOME = provider_pb2.DiffResponse.DIFF_NONE, provider_pb2.DiffResponse.DIFF_SOME
ROLE = "arn:aws:iam::123456789012:role/features"
FEATURES: dict[str, Any] = {
    "featureGroupName": "loans",
    "recordIdentifierFeatureName": "id",
    "eventTimeFeatureName": "at",
    "featureDefinitions": [
        {"featureName": "id", "featureType": "String"},
        {"featureName": "at", "featureType": "Fractional"},
    ],
    "onlineStoreConfig": {"enableOnlineStore": True},
}


@pytest.fixture(scope="module")
def account() -> Iterator[EmbeddedAccount]:
    with EmbeddedAccount(REGION) as standing:
        yield standing


@pytest.fixture(scope="module")
def endpoint(account) -> Iterator[str]:
    with AccountServer() as server:
        yield server.url


@pytest.fixture(scope="module")
def aws(endpoint) -> Iterator[Plugin]:
    with pytest.MonkeyPatch.context() as patch, plugin("aws") as running:
        patch.setenv(ENDPOINT, endpoint)
        running.configure(region=REGION, defaultTags={"tags": {"estate": "mlops"}})
        yield running


@pytest.fixture(scope="module")
def native(endpoint) -> Iterator[Plugin]:
    with pytest.MonkeyPatch.context() as patch, plugin("aws-native") as running:
        patch.setenv(ENDPOINT, endpoint)
        running.configure(region=REGION)
        yield running


def refusal(caught: pytest.ExceptionInfo[grpc.RpcError]) -> str:
    """Return what a refused call says, which is never a traceback."""
    assert caught.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert "Traceback" not in caught.value.details()
    assert 'File "' not in caught.value.details()
    return caught.value.details()


def test_it_answers_the_version_that_the_sdk_asks_for(aws, native):
    assert (aws.version(), native.version()) == (version("pulumi-aws"), version("pulumi-aws-native"))


@pytest.mark.parametrize(
    ("served", "inputs", "said"),
    [
        (None, {"region": REGION}, ENDPOINT),
        ("http://127.0.0.1:9", {"region": REGION}, "GetCallerIdentity could not be sent"),
        ("", {}, "needs a region"),
        ("", {"region": REGION, "allowedAccountIds": ["999999999999"]}, "which this provider does not allow"),
    ],
)
def test_a_configuration_it_cannot_work_with_is_refused(endpoint, monkeypatch, served, inputs, said):
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION", ENDPOINT):
        monkeypatch.delenv(name, raising=False)
    if served is not None:
        monkeypatch.setenv(ENDPOINT, served or endpoint)
    with plugin("aws") as running, pytest.raises(grpc.RpcError) as caught:
        running.configure(**inputs)
    assert said in refusal(caught)


def test_a_resource_lives_through_create_update_read_and_delete(account, aws):
    made, old, inputs = aws.made(KEY, "key", {"description": "one", "deletionWindowInDays": 7, "tags": {"a": "1"}})
    described = account.client("kms").describe_key(KeyId=made)["KeyMetadata"]
    assert (described["Description"], old["arn"]) == ("one", described["Arn"])
    assert old["tagsAll"] == {"estate": "mlops", "a": "1"}
    assert aws.diff(KEY, "key", made, old, inputs).changes == NONE
    news, failures = aws.check(KEY, "key", {**inputs, "description": "two"}, inputs)
    difference = aws.diff(KEY, "key", made, old, news)
    assert (failures, difference.changes, list(difference.diffs), list(difference.replaces)) == (
        {}, SOME, ["description"], [],
    )  # fmt: skip
    new = aws.update(KEY, "key", made, old, news)
    assert account.client("kms").describe_key(KeyId=made)["KeyMetadata"]["Description"] == "two"
    assert aws.diff(KEY, "key", made, new, news).changes == NONE
    assert aws.read(KEY, "key", made, new, news) == (made, new, news)
    aws.delete(KEY, "key", made, new)
    assert account.client("kms").describe_key(KeyId=made)["KeyMetadata"]["KeyState"] == "PendingDeletion"
    assert aws.read(KEY, "key", made, new, news)[0] == ""


def test_every_fault_is_said_with_its_property_path(aws):
    inputs, failures = aws.check(
        KEY, "bad", {"deletionWindowInDays": 3, "keyUsage": "ENCRYPT", "tags": {"aws:x": "reserved"}}
    )
    assert inputs["deletionWindowInDays"] == 3
    assert set(failures) >= {"deletionWindowInDays", "keyUsage"}
    assert failures["deletionWindowInDays"].startswith("3: ")
    _, nested = aws.check(BUCKET, "bad", {"bucket": "Not_A_Bucket", "forceDestroy": "perhaps"})
    assert "must be true or false" in nested["forceDestroy"]


def test_a_type_without_operations_is_a_failure_of_the_check(aws):
    _, failures = aws.check("aws:qldb/ledger:Ledger", "f", {"permissionsMode": "STANDARD"})
    assert "no operations for this type" in failures["type"]


def test_a_name_that_is_given_stays_and_a_replacement_gets_another(account, aws):
    made, old, inputs = aws.made(LOGS, "log", {"retentionInDays": 30})
    assert (made, inputs["__defaults"]) == (inputs["name"], ["name"])
    again, _ = aws.check(LOGS, "log", {"retentionInDays": 30}, inputs, b"another")
    assert again == inputs
    assert aws.diff(LOGS, "log", made, old, again).changes == NONE
    anew, _ = aws.check(LOGS, "log", {"retentionInDays": 30}, None, b"another")
    assert anew["name"] != made
    second, properties = aws.create(LOGS, "log", anew)
    groups = account.client("logs").describe_log_groups(logGroupNamePrefix="log-")["logGroups"]
    assert {made, second} <= {group["logGroupName"] for group in groups}
    aws.delete(LOGS, "log", made, old)
    aws.delete(LOGS, "log", second, properties)


@pytest.mark.parametrize(("named", "goes_first"), [({}, False), ({"bucket": "plugin-named"}, True)])
def test_a_change_that_no_call_carries_replaces(aws, named, goes_first):
    made, old, inputs = aws.made(BUCKET, "swap", {**named, "forceDestroy": True})
    changed = {**inputs, "objectLockEnabled": True}
    difference = aws.diff(BUCKET, "swap", made, old, changed)
    assert (difference.changes, list(difference.replaces)) == (SOME, ["objectLockEnabled"])
    assert difference.deleteBeforeReplace is goes_first
    assert difference.detailedDiff["objectLockEnabled"].kind == provider_pb2.PropertyDiff.ADD_REPLACE
    assert aws.diff(BUCKET, "swap", made, old, changed, ("objectLockEnabled",)).changes == NONE
    aws.delete(BUCKET, "swap", made, old)


def test_default_tags_that_change_are_a_change_of_each_resource(endpoint, monkeypatch, account, aws):
    made, old, inputs = aws.made(LOGS, "tagged", {"name": "tagged"})
    monkeypatch.setenv(ENDPOINT, endpoint)
    with plugin("aws") as other:
        other.configure(region=REGION, defaultTags={"tags": {"estate": "other"}})
        assert list(other.diff(LOGS, "tagged", made, old, inputs).diffs) == ["tags"]
        new = other.update(LOGS, "tagged", made, old, inputs)
        assert other.diff(LOGS, "tagged", made, new, inputs).changes == NONE
        other.delete(LOGS, "tagged", made, new)
    assert new["tagsAll"] == {"estate": "other"}


def test_another_region_replaces(endpoint, monkeypatch, aws):
    made, old, inputs = aws.made(LOGS, "moved", {"name": "moved"})
    monkeypatch.setenv(ENDPOINT, endpoint)
    with plugin("aws") as other:
        other.configure(region="eu-west-2", defaultTags={"tags": {"estate": "mlops"}})
        assert list(other.diff(LOGS, "moved", made, old, inputs).replaces) == ["region"]
        other.delete(LOGS, "moved", made, old)
    assert aws.read(LOGS, "moved", made, old, inputs)[0] == "", "it was deleted where it stood"


def test_drift_is_read_shown_as_a_change_and_corrected(account, aws):
    made, old, inputs = aws.made(KEY, "drift", {"description": "as declared"})
    account.client("kms").update_key_description(KeyId=made, Description="by hand")
    found, properties, read = aws.read(KEY, "drift", made, old, inputs)
    assert (found, properties["description"], read["description"]) == (made, "by hand", "by hand")
    assert list(aws.diff(KEY, "drift", made, properties, inputs).diffs) == ["description"]
    new = aws.update(KEY, "drift", made, properties, inputs)
    assert account.client("kms").describe_key(KeyId=made)["KeyMetadata"]["Description"] == "as declared"
    assert aws.read(KEY, "drift", made, new, inputs) == (made, new, inputs)


def test_a_secret_stays_secret_in_the_state_and_in_what_is_said(aws):
    made, old, inputs = aws.made(KEY, "secret", {"description": wrap_secret("hush-hush"), "tags": {"a": "1"}})
    marked = {key for key, value in old.items() if isinstance(value, dict) and SIGNATURE in value}
    assert marked == {"description", "__estate"}
    assert "hush-hush" not in json.dumps({key: value for key, value in old.items() if key not in marked})
    assert aws.diff(KEY, "secret", made, old, inputs).changes == NONE
    _, failures = aws.check(KEY, "secret", {"keyUsage": wrap_secret("hush-hush")})
    assert "hush-hush" not in failures["keyUsage"]


def test_a_preview_creates_nothing_and_judges_nothing_unknown(account, aws):
    before = len(account.client("kms").list_keys()["Keys"])
    inputs, failures = aws.check(KEY, "planned", {"policy": UNKNOWN, "deletionWindowInDays": UNKNOWN, "tags": UNKNOWN})
    assert failures == {}
    made, properties = aws.create(KEY, "planned", inputs, preview=True)
    assert (made, properties["arn"], properties["policy"]) == ("", UNKNOWN, UNKNOWN)
    assert len(account.client("kms").list_keys()["Keys"]) == before
    _, failures = aws.check(KEY, "planned", {"policy": UNKNOWN, "deletionWindowInDays": 3})
    assert set(failures) == {"deletionWindowInDays"}, "what is known is judged"


def test_what_does_not_exist_is_a_fault_when_it_is_created_not_before(native):
    offline = {"roleArn": ROLE, "offlineStoreConfig": {"s3StorageConfig": {"s3Uri": "s3://absent/x"}}}
    inputs, failures = native.check(GROUP, "group", {**FEATURES, **offline})
    assert failures == {}
    with pytest.raises(grpc.RpcError) as caught:
        native.create(GROUP, "group", inputs)
    assert "there is no such IAM role" in refusal(caught)


def test_aws_native_is_served_by_the_same_plugin(account, native):
    made, old, inputs = native.made(GROUP, "group", FEATURES)
    described = account.client("sagemaker").describe_feature_group(FeatureGroupName="loans")
    assert (made, described["RecordIdentifierFeatureName"]) == ("loans", "id")
    assert native.diff(GROUP, "group", made, old, inputs).changes == NONE
    difference = native.diff(GROUP, "group", made, old, {**inputs, "eventTimeFeatureName": "id"})
    assert (list(difference.replaces), difference.deleteBeforeReplace) == (["eventTimeFeatureName"], True)
    native.delete(GROUP, "group", made, old)
    assert account.client("sagemaker").list_feature_groups()["FeatureGroupSummaries"] == []


def test_a_bucket_that_holds_objects_is_not_emptied_unasked(account, aws):
    made, old, _ = aws.made(BUCKET, "kept", {"bucket": "plugin-kept"})
    account.client("s3").put_object(Bucket=made, Key="k", Body=b"x")
    with pytest.raises(grpc.RpcError) as caught:
        aws.delete(BUCKET, "kept", made, old)
    assert "forceDestroy" in refusal(caught)
    account.client("s3").delete_object(Bucket=made, Key="k")
    aws.delete(BUCKET, "kept", made, old)
    assert made not in {item["Name"] for item in account.client("s3").list_buckets()["Buckets"]}


def test_a_resource_that_is_half_made_is_kept_by_the_engine_and_replaced(account, aws, monkeypatch):
    def refused(*_arguments: Any) -> None:
        raise FaultsFound([Fault("tags", None, "the second call was refused", "mend it")])

    inputs, _ = aws.check(BUCKET, "half", {"bucket": "plugin-half", "tags": {"a": "1"}})
    with monkeypatch.context() as patch:
        patch.setattr(AwsDriver, "_state", refused)
        with pytest.raises(grpc.RpcError) as caught:
            aws.create(BUCKET, "half", inputs)
    assert "the second call was refused" in refusal(caught)
    status = status_pb2.Status.FromString(dict(caught.value.trailing_metadata())["grpc-status-details-bin"])
    failed = provider_pb2.ErrorResourceInitFailed()
    assert status.details[0].Unpack(failed)
    kept = from_struct(failed.properties)
    difference = aws.diff(BUCKET, "half", failed.id, kept, inputs)
    assert (list(difference.replaces), difference.deleteBeforeReplace) == (["id"], True)
    aws.delete(BUCKET, "half", failed.id, kept)
    assert "plugin-half" not in {item["Name"] for item in account.client("s3").list_buckets()["Buckets"]}


def test_functions_and_foreign_resources_are_refused(aws):
    with pytest.raises(grpc.RpcError) as caught:
        aws.invoke("aws:index/getCallerIdentity:getCallerIdentity")
    assert "pass the value through the configuration" in refusal(caught)
    with pytest.raises(grpc.RpcError) as caught:
        aws.read(KEY, "key", "some-id", {}, {})
    assert "was not made by the embedded account's plugin" in refusal(caught)


@pytest.mark.parametrize("environment", ["dev", "staging", "prod"])
def test_a_preview_of_each_environment_passes_the_check(aws, native, environment):
    checked = 0
    for node in previewed(environment).custom_nodes():
        if node.is_provider:
            continue
        running = native if node.type.startswith("aws-native:") else aws
        _, failures = running.check(node.type, node.name, with_marked_assets(node.inputs))
        assert failures == {}, node.urn
        checked += 1
    assert checked > 50


def test_of_an_asset_the_engine_tells_a_hash_when_it_compares(account, aws):
    token, name = "aws:s3/bucketObjectv2:BucketObjectv2", "code"
    account.client("s3").create_bucket(Bucket="assets-elided", CreateBucketConfiguration={"LocationConstraint": REGION})

    def inputs(text: str) -> dict[str, Any]:
        return {"bucket": "assets-elided", "key": "code", "source": {SIGNATURE: ASSET, "text": text}}

    made, old, checked = aws.made(token, name, inputs("one"))
    assert aws.diff(token, name, made, old, checked).changes == NONE
    another = aws.diff(token, name, made, old, inputs("two"))
    assert (another.changes, list(another.diffs)) == (SOME, ["source"])
    assert aws.read(token, name, made, old, checked) == (made, elided(old), elided(checked))
    new = aws.update(token, name, made, old, inputs("two"))
    assert account.client("s3").get_object(Bucket="assets-elided", Key="code")["Body"].read() == b"two"
    aws.delete(token, name, made, new)


def paths_in(value: Any, before: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Yield the path of everything within a value; an asset is one thing."""
    whole = not isinstance(value, (dict, list)) or (isinstance(value, dict) and SIGNATURE in value)
    items = () if whole else value.items() if isinstance(value, dict) else enumerate(value)
    for key, item in items:
        yield (*before, key)
        yield from paths_in(item, (*before, key))


def with_unknown(value: Any, path: tuple[Any, ...]) -> Any:
    """Return a value in which what lies at a path is unknown."""
    if not path:
        return UNKNOWN
    changed = value.copy()
    changed[path[0]] = with_unknown(value[path[0]], path[1:])
    return changed


def test_whatever_is_unknown_in_a_preview_is_no_fault(aws, native):
    """Each input of each type that prod declares, at any depth, made unknown by itself."""
    tried = set()
    for node in previewed("prod").custom_nodes():
        running = native if node.type.startswith("aws-native:") else aws
        inputs = with_marked_assets(node.inputs)
        for path in () if node.is_provider else paths_in(inputs):
            kind = (node.type, *(part for part in path if isinstance(part, str)))
            if kind not in tried:
                tried.add(kind)
                _, failures = running.check(node.type, node.name, with_unknown(inputs, path))
                assert failures == {}, (node.urn, path)
    assert len(tried) > 300


@pytest.mark.parametrize(("environment", "kept"), [("dev", set()), ("prod", {"lake-access-logs"})])
def test_a_whole_estate_stands_up_settles_and_goes_through_the_plugin(endpoint, monkeypatch, environment, kept):
    """What is kept is a bucket that holds logs, which only development empties."""
    monkeypatch.setenv(ENDPOINT, endpoint)
    config = program_config(load_environment(environment, PROJECT), "123456789012", {})
    with plugin("aws") as aws, plugin("aws-native") as native:
        driver = ThroughPlugin({"aws": aws, "aws-native": native})
        graph = run_program(PROJECT / "stacks" / "__main__.py", stack=environment, config=config, driver=driver)
        report = destroy(graph, driver, unprotect=True)
    assert driver.unsettled == []
    assert {fault.urn.rpartition("::")[2] for fault in report.faults} == kept
    assert len(report.deleted) > 100


@pytest.mark.parametrize("package", ["aws", "aws-native"])
def test_the_executable_prints_its_port_and_answers(package):
    executable = PROJECT / "plugins" / package / f"pulumi-resource-{package}"
    environment = {**os.environ, "MLOPS_ESTATE_PYTHON": sys.executable, "PYTHONPATH": os.pathsep.join(sys.path)}
    process = subprocess.Popen([executable, "127.0.0.1:1"], stdout=subprocess.PIPE, text=True, env=environment)
    try:
        assert process.stdout is not None
        assert Plugin(int(process.stdout.readline())).version() == version(f"pulumi-{package}")
    finally:
        process.terminate()
        process.communicate(timeout=30)


PROGRAM = """
import pulumi, pulumi_aws as aws
key = aws.kms.Key("key", description=pulumi.Config().require("description"), deletion_window_in_days=7)
log = aws.cloudwatch.LogGroup("log", retention_in_days=30)
pulumi.export("key", key.arn)
"""


@pytest.mark.engine
@needs_pulumi
def test_the_real_engine_brings_changes_and_takes_down(account, endpoint, tmp_path):
    project = PulumiProject(tmp_path, endpoint)
    project.write("wired")
    (tmp_path / "__main__.py").write_text(PROGRAM)
    run = project.run
    run("stack", "init", "test")
    run("config", "set", "aws:region", REGION)
    run("config", "set", "description", "one")
    run("preview")
    run("up", "--yes", "--skip-preview")
    run("preview", "--expect-no-changes")
    key = json.loads(run("stack", "output", "--json"))["key"]
    run("config", "set", "description", "two")
    run("up", "--yes", "--skip-preview")
    kms = account.client("kms")
    assert kms.describe_key(KeyId=key)["KeyMetadata"]["Description"] == "two"
    kms.update_key_description(KeyId=key, Description="by hand")
    run("refresh", "--yes")
    run("up", "--yes", "--skip-preview")
    assert kms.describe_key(KeyId=key)["KeyMetadata"]["Description"] == "two"
    run("destroy", "--yes")
    assert kms.describe_key(KeyId=key)["KeyMetadata"]["KeyState"] == "PendingDeletion"
