"""Pipeline schedule: starts one pipeline, as a role that only schedules of the group take and that can do no more."""

from __future__ import annotations

import pytest
from tests.support.components import ACCOUNT, MODEL, REGION, arguments, bucket, deployed, faults, key, only, statements

from mlops_components.pipeline_schedule import CADENCES, scheduler_policy
from mlops_estate.embedded.backends.schedules import expression_fault

PIPELINE = f"arn:aws:sagemaker:{REGION}:{ACCOUNT}:pipeline/mlops-dev-{MODEL}-training"
QUEUE = f"arn:aws:sqs:{REGION}:{ACCOUNT}:mlops-dev-missed-training"
SCHEDULE = f"arn:aws:scheduler:{REGION}:{ACCOUNT}:schedule/mlops-dev-training/mlops-dev-{MODEL}-training"


def nodes(environment: str = "dev", **changes):
    return deployed("PipelineSchedule", {**arguments("PipelineSchedule", environment), **changes})


def test_the_target_is_the_pipeline_and_a_failed_start_goes_to_the_queue():
    schedule = only(nodes(), "Schedule it").inputs
    target = schedule["target"]
    assert (target["arn"], target["deadLetterConfig"]) == (PIPELINE, {"arn": QUEUE})
    assert (schedule["kmsKeyArn"], schedule["groupName"]) == (key("operations"), "mlops-dev-training")
    assert schedule["flexibleTimeWindow"] == {"mode": "FLEXIBLE", "maximumWindowInMinutes": 240}
    assert "sagemakerPipelineParameters" not in target


def test_the_pipeline_is_told_where_the_records_are():
    target = only(nodes("prod"), "Schedule it").inputs["target"]
    (parameter,) = target["sagemakerPipelineParameters"]["pipelineParameters"]
    assert parameter == {"name": "InputDataUri", "value": f"s3://{bucket('raw', 'prod')}/{MODEL}"}


@pytest.mark.parametrize(("cadence", "months"), [("monthly", 12), ("quarterly", 4)])
def test_it_starts_on_the_first_day_of_each_month_or_quarter(cadence, months):
    expression = only(nodes(cadence=cadence), "Schedule it").inputs["scheduleExpression"]
    _, _, day, month, weekday, year = expression.removeprefix("cron(").removesuffix(")").split()
    assert (day, weekday, year) == ("1", "?", "*")
    assert (12 if month == "*" else len(month.split(","))) == months
    assert expression == CADENCES[cadence]
    assert expression_fault(expression) == ""


def test_only_schedules_of_the_group_take_the_role():
    role = only(nodes(), "it-role").inputs
    (trust,) = statements(role["assumeRolePolicy"]).values()
    assert trust["Principal"] == {"Service": "scheduler.amazonaws.com"}
    assert trust["Condition"] == {
        "StringEquals": {"aws:SourceAccount": ACCOUNT},
        "ArnEquals": {"aws:SourceArn": f"arn:aws:scheduler:{REGION}:{ACCOUNT}:schedule-group/mlops-dev-training"},
    }
    assert role["name"] == f"mlops-dev-{MODEL}-scheduler"


def test_the_role_starts_one_pipeline_keeps_what_failed_and_reads_its_schedule():
    made = statements(scheduler_policy(REGION, SCHEDULE, PIPELINE, QUEUE, key("operations")))
    assert {sid: (s["Action"], s["Resource"]) for sid, s in made.items()} == {
        "StartThePipeline": (["sagemaker:StartPipelineExecution"], [PIPELINE]),
        "KeepMissedStarts": (["sqs:SendMessage"], [QUEUE]),
        "EncryptMissedStarts": (["kms:Decrypt", "kms:GenerateDataKey"], [key("operations")]),
        "ReadTheSchedule": (["kms:Decrypt"], [key("operations")]),
    }
    assert made["EncryptMissedStarts"]["Condition"] == {
        "StringEquals": {"kms:ViaService": f"sqs.{REGION}.amazonaws.com"}
    }
    assert made["ReadTheSchedule"]["Condition"] == {
        "StringEquals": {"kms:EncryptionContext:aws:scheduler:schedule:arn": SCHEDULE}
    }


@pytest.mark.parametrize(
    ("changes", "path"),
    [
        ({"cadence": "weekly"}, "cadence"),
        ({"window_minutes": 1441}, "window_minutes"),
        ({"pipeline_arn": "training"}, "pipeline_arn"),
        ({"queue_arn": "missed"}, "queue_arn"),
        ({"key_arn": "operations"}, "key_arn"),
        ({"raw_bucket": "Raw_Data"}, "raw_bucket"),
        ({"group_name": "default"}, "group_name"),
        ({"model": "m" * 50}, "model"),
    ],
)
def test_bad_arguments_are_refused_before_anything_is_registered(changes, path):
    assert set(faults("PipelineSchedule", **changes)) == {path}
