"""Quotas beside needs: what blocks, what warns, what nobody knows."""

from __future__ import annotations

import re

import boto3
import pytest
from botocore.stub import Stubber
from tests.support.planned import graph_of, node

from mlops_estate.preflight.needs import needs_of
from mlops_estate.preflight.quotas import Need, instance_quota, judged, quotas
from mlops_estate.preflight.standing import applied_quotas


def one(quota, amount, region="eu-west-1", applied=None):
    (found,) = judged([Need(quota, amount, "here")], region, applied)
    return found


def test_within_the_default_is_in_order_and_needs_no_fix():
    found = one(quotas()["sagemaker-pipelines"], 500)
    assert (found.state, found.fix) == ("ok", "")


def test_above_a_default_that_can_be_raised_warns_with_the_command_that_asks_for_it():
    found = one(instance_quota("endpoint", "ml.m5.large"), 4)
    assert found.state == "warns"
    assert "0 (the default, as of 2024-02-10); new accounts have 0" in found.have
    assert found.fix == (
        "aws service-quotas request-service-quota-increase --service-code sagemaker --quota-code L-614B09FD "
        "--desired-value 4"
    )


def test_above_what_cannot_be_raised_blocks():
    found = one(quotas()["iam-managed"], 6145)
    assert (found.state, found.fix) == ("blocks", "it can't be raised: stay within it for each policy")
    assert one(quotas()["iam-managed"], 6144).state == "ok"


def test_the_accounts_own_value_decides():
    quota = instance_quota("endpoint", "ml.m5.large")
    raised = {("sagemaker", quota.code): 20.0}
    assert one(quota, 20, applied=raised).state == "ok"
    assert one(quota, 21, applied=raised).state == "blocks"
    assert one(quota, 21, applied=raised).have == "20 (of the account)"
    assert one(quota, 1, applied={("sagemaker", quota.code): 0.0}).state == "blocks"


def test_a_default_that_is_not_known_is_said_to_be_unknown_and_no_number():
    found = one(instance_quota("endpoint", "ml.p5.48xlarge"), 1)
    assert (found.state, found.have) == ("unknown", "unknown")
    assert one(quotas()["sagemaker-endpoints"], 3).state == "unknown"


@pytest.mark.parametrize(("region", "state"), [("eu-west-1", "ok"), ("af-south-1", "warns"), ("eu-south-1", "warns")])
def test_two_regions_take_fewer_event_rules(region, state):
    assert one(quotas()["events-rules"], 101, region).state == state


def test_every_row_is_whole_and_every_number_has_a_source():
    for quota in quotas().values():
        assert re.fullmatch(r"L-[0-9A-F]{8}|", quota.code), quota
        assert (quota.default is None) == (quota.source == ""), quota
        assert quota.default is None or quota.default > 0


@pytest.mark.parametrize("usage", ["endpoint", "training", "spot", "processing", "transform"])
def test_instance_quotas_have_codes_of_their_own(usage):
    kinds = ("ml.m5.large", "ml.m5.xlarge", "ml.c5.xlarge")
    codes = {instance_quota(usage, kind).code for kind in kinds}
    assert len(codes) == 3
    assert instance_quota(usage, "ml.m5.large").name.startswith("ml.m5.large for ")


def endpoint(name, count=1, scaled=0, kind="ml.m5.large", **config):
    variant = {"variantName": "live", "instanceType": kind, "initialInstanceCount": count}
    made = [
        node(
            "aws:sagemaker/endpointConfiguration:EndpointConfiguration", f"{name}-c", {"productionVariants": [variant]}
        ),
        node(
            "aws-native:sagemaker:Endpoint", name, {"endpointName": name, "endpointConfigName": f"{name}-c", **config}
        ),
    ]
    if scaled:
        made.append(node("aws:appautoscaling/target:Target", f"{name}-s",
                         {"resourceId": f"endpoint/{name}/variant/live", "maxCapacity": scaled}))  # fmt: skip
    return made


def amounts(*nodes):
    return {need.quota.id: need.amount for need in needs_of(graph_of(*nodes), {})}


def test_an_endpoint_is_counted_scaled_out_and_twice_in_a_release_all_models_together():
    found = amounts(*endpoint("a", 2, scaled=8), *endpoint("b", 3))
    assert found["endpoint-ml.m5.large"] == 2 * 8 + 2 * 3
    assert found["sagemaker-endpoint-instances"] == 22
    assert found["sagemaker-instances-per-endpoint"] == 8


def test_a_shadow_variant_has_instances_too():
    config, served = endpoint("a", 2)
    config.inputs["shadowProductionVariants"] = [{"variantName": "s", "instanceType": "ml.c5.large",
                                                  "initialInstanceCount": 1}]  # fmt: skip
    found = amounts(config, served)
    assert (found["endpoint-ml.c5.large"], found["endpoint-ml.m5.large"]) == (2, 4)


def test_a_serverless_endpoint_counts_by_itself_and_by_its_concurrency():
    config, served = endpoint("a")
    config.inputs["productionVariants"] = [{"variantName": "live", "serverlessConfig": {"maxConcurrency": 7}}]
    found = amounts(config, served)
    assert (found["sagemaker-serverless-endpoints"], found["sagemaker-serverless-concurrency"]) == (1, 7)
    assert "sagemaker-endpoint-instances" not in found


def monitor(name, hour, kind="ml.m5.large"):
    definition = node("aws:sagemaker/dataQualityJobDefinition:DataQualityJobDefinition", f"{name}-d",
                      {"jobResources": {"clusterConfig": {"instanceType": kind, "instanceCount": 1}}})  # fmt: skip
    config = {"monitoringJobDefinitionName": f"{name}-d", "scheduleConfig": {"scheduleExpression": hour}}
    return definition, node(
        "aws:sagemaker/monitoringSchedule:MonitoringSchedule", name, {"monitoringScheduleConfig": config}
    )


def test_monitors_of_one_hour_run_together_and_those_of_another_do_not():
    together = [
        *monitor("a", "cron(0 3 ? * * *)"),
        *monitor("b", "cron(0 * ? * * *)"),
        *monitor("c", "cron(0 4 ? * * *)"),
    ]
    assert amounts(*together)["processing-ml.m5.large"] == 2


def test_inline_policies_of_one_role_add_up_without_their_white_space():
    pretty = '{ "Statement" :  [ ] }'
    policies = [node("aws:iam/rolePolicy:RolePolicy", name, {"role": "r", "policy": pretty}) for name in ("p", "q")]
    assert amounts(*policies)["iam-inline"] == 2 * len('{"Statement":[]}')


def test_what_is_adopted_takes_nothing_of_a_quota():
    bucket = node("aws:s3/bucket:Bucket", "b")
    assert amounts(bucket)["s3-buckets"] == 1
    bucket.import_id = "b"
    assert "s3-buckets" not in amounts(bucket)


def test_an_accounts_own_quotas_are_read_page_by_page():
    client = boto3.client("service-quotas", region_name="eu-west-1", aws_access_key_id="x", aws_secret_access_key="y")
    with Stubber(client) as stub:
        first = {"QuotaCode": "L-614B09FD", "QuotaName": "ml.m5.large for endpoint usage", "Value": 8.0}
        second = {"QuotaCode": "L-00C91CB5", "QuotaName": "Number of instances across all training jobs", "Value": 4.0}
        stub.add_response("list_service_quotas", {"Quotas": [first], "NextToken": "n"}, {"ServiceCode": "sagemaker"})
        stub.add_response("list_service_quotas", {"Quotas": [second]}, {"ServiceCode": "sagemaker", "NextToken": "n"})
        applied, offered = applied_quotas(lambda _service: client, ["sagemaker"])
        stub.assert_no_pending_responses()
    assert applied == {("sagemaker", "L-614B09FD"): 8.0, ("sagemaker", "L-00C91CB5"): 4.0}
    assert offered == {"ml.m5.large"}
