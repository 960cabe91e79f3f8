"""The trail, the configuration recorder and its rules, and Athena."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mlops_estate.embedded.driver.mapping import At
from mlops_estate.embedded.driver.operations import Call, Extra, Inputs, Operations, Place

# The provider has a selector's operators in the plural.
OPERATORS = {
    "equals": "Equals",
    "startsWiths": "StartsWith",
    "endsWiths": "EndsWith",
    "notEquals": "NotEquals",
    "notStartsWiths": "NotStartsWith",
    "notEndsWiths": "NotEndsWith",
}


def _capitals(value: Any, path: str) -> Any:
    """Return a selector as CloudTrail spells it, each part with the path of the input it stands for."""
    if isinstance(value, Mapping):
        return {
            OPERATORS.get(key, key[:1].upper() + key[1:]): At(_capitals(item, f"{path}.{key}"), f"{path}.{key}")
            for key, item in value.items()
        }
    if isinstance(value, list):
        return [At(_capitals(item, f"{path}[{index}]"), f"{path}[{index}]") for index, item in enumerate(value)]
    return value


def _selectors(name: str, operation: str) -> Extra:
    """Event and insight selectors are put by calls of their own."""
    member = name[:1].upper() + name[1:]

    def calls(inputs: Inputs, keys: Mapping[str, Any]) -> list[Call]:
        found = inputs.get(name)
        if found is None or found == []:
            return []
        return [Call(operation, {"TrailName": keys["Name"], member: At(_capitals(found, name), name)})]

    return Extra((name,), calls)


def _logging(inputs: Inputs, keys: Mapping[str, Any]) -> list[Call]:
    """A trail is made stopped; the provider starts it unless it is told otherwise."""
    return [Call("StopLogging" if inputs.get("enableLogging") is False else "StartLogging", {"Name": keys["Name"]})]


def _in_structure(member: str, **renamed: str) -> Any:
    """Put every input into the one structure that the operation takes; `renamed` are inputs it calls otherwise."""

    def before(inputs: dict[str, Any], place: Place) -> dict[str, Any]:
        given = {"name": place.name, **inputs}
        inner = {renamed.get(key, key): At(value, key) for key, value in given.items()}
        return {member: At(inner, "")}

    return before


def _metric_filter(inputs: dict[str, Any], place: Place) -> dict[str, Any]:
    """A filter's one transformation is a list at CloudWatch Logs, whose members begin with `metric`."""
    members = {"name": "metricName", "namespace": "metricNamespace", "value": "metricValue"}
    given = inputs.get("metricTransformation") or {}
    path = "metricTransformation"
    transformation = {members.get(key, key): At(value, f"{path}.{key}") for key, value in given.items()}
    kept = {key: value for key, value in inputs.items() if key not in {"name", "pattern", path}}
    return {
        **kept,
        "filterName": At(inputs.get("name", place.name), "name"),
        "filterPattern": At(inputs.get("pattern"), "pattern"),
        "metricTransformations": At([transformation], path),
    }


def _workgroup_update(inputs: dict[str, Any], _place: Place) -> dict[str, Any]:
    """Changes of a workgroup's settings have names of their own."""
    given = inputs.get("configuration") or {}
    changed = {key: At(value, f"configuration.{key}") for key, value in given.items() if key != "resultConfiguration"}
    if given.get("resultConfiguration"):
        path = "configuration.resultConfiguration"
        changed["resultConfigurationUpdates"] = At(given["resultConfiguration"], path)
    kept = {key: value for key, value in inputs.items() if key not in {"configuration", "name", "tags"}}
    return {**kept, "configurationUpdates": At(changed, "configuration")}


def _linked_role_tags(inputs: Inputs, keys: Mapping[str, Any]) -> list[Call]:
    """A service-linked role is tagged once it is there."""
    tags = [{"Key": key, "Value": At(value, f"tags.{key}")} for key, value in (inputs.get("tags") or {}).items()]
    return [Call("TagRole", {"RoleName": keys["RoleName"], "Tags": tags})] if tags else []


ROWS = {
    "aws:cloudtrail/trail:Trail": Operations(
        "cloudtrail", "CreateTrail", "GetTrail", "DeleteTrail", "UpdateTrail", root="Trail",
        keys={"Name": "params.Name", "TrailARN": "response.TrailARN"}, id="{TrailARN}",
        auto_name="name", auto_name_limit=128,
        drop=("enableLogging", "advancedEventSelectors", "eventSelectors", "insightSelectors"),
        extras=(
            _selectors("advancedEventSelectors", "PutEventSelectors"),
            _selectors("eventSelectors", "PutEventSelectors"),
            _selectors("insightSelectors", "PutInsightSelectors"),
            Extra(("enableLogging", "s3BucketName"), _logging),
        ),
        rename={"cloudWatchLogsGroupArn": "cloudWatchLogsLogGroupArn", "tags": "tagsList"},
        outputs={"arn": "{TrailARN}", "homeRegion": "{region}"},
        same={"EnableLogFileValidation": "LogFileValidationEnabled"},
        unread=("TagsList",), why_unread="GetTrail shows no tags",
    ),
    "aws:cfg/recorder:Recorder": Operations(
        "config", "PutConfigurationRecorder", "DescribeConfigurationRecorders", "DeleteConfigurationRecorder",
        "PutConfigurationRecorder", root="ConfigurationRecorders[0]", noun="ConfigurationRecorder",
        keys={"ConfigurationRecorderName": "params.ConfigurationRecorder.name"}, id="{ConfigurationRecorderName}",
        auto_name="name", auto_name_limit=256, before=_in_structure("configurationRecorder", roleArn="roleARN"),
    ),
    "aws:cfg/deliveryChannel:DeliveryChannel": Operations(
        "config", "PutDeliveryChannel", "DescribeDeliveryChannels", "DeleteDeliveryChannel", "PutDeliveryChannel",
        root="DeliveryChannels[0]", noun="DeliveryChannel",
        keys={"DeliveryChannelName": "params.DeliveryChannel.name"}, id="{DeliveryChannelName}",
        auto_name="name", auto_name_limit=256,
        before=_in_structure(
            "deliveryChannel", snsTopicArn="snsTopicARN", snapshotDeliveryProperties="configSnapshotDeliveryProperties",
        ),
    ),
    "aws:cfg/recorderStatus:RecorderStatus": Operations(
        "config", "StartConfigurationRecorder", "DescribeConfigurationRecorderStatus", "StopConfigurationRecorder",
        root="ConfigurationRecordersStatus[0]", noun="ConfigurationRecorder",
        keys={"ConfigurationRecorderName": "params.ConfigurationRecorderName"}, id="{ConfigurationRecorderName}",
        rename={"name": "configurationRecorderName"}, drop=("isEnabled",),
        extras=(
            Extra(("isEnabled",), lambda i, k: [
                Call("StartConfigurationRecorder" if i.get("isEnabled") else "StopConfigurationRecorder", dict(k))
            ]),
        ),
        outputs={"name": "{ConfigurationRecorderName}"},
        same={"ConfigurationRecorderName": "name"},
    ),
    "aws:cfg/retentionConfiguration:RetentionConfiguration": Operations(
        "config", "PutRetentionConfiguration", "DescribeRetentionConfigurations", "DeleteRetentionConfiguration",
        "PutRetentionConfiguration", root="RetentionConfigurations[0]",
        keys={"RetentionConfigurationName": "response.RetentionConfiguration.Name"},
        id="{RetentionConfigurationName}", outputs={"name": "{RetentionConfigurationName}"},
    ),
    "aws:cfg/conformancePack:ConformancePack": Operations(
        "config", "PutConformancePack", "DescribeConformancePacks", "DeleteConformancePack", "PutConformancePack",
        root="ConformancePackDetails[0]",
        keys={
            "ConformancePackName": "params.ConformancePackName", "ConformancePackArn": "response.ConformancePackArn",
        },
        id="{ConformancePackName}", auto_name="name", auto_name_limit=256,
        outputs={"arn": "{ConformancePackArn}"},
        unread=("TemplateBody", "TemplateS3Uri"), why_unread="DescribeConformancePacks shows no template",
    ),
    "aws:athena/workgroup:Workgroup": Operations(
        "athena", "CreateWorkGroup", "GetWorkGroup", "DeleteWorkGroup", "UpdateWorkGroup", root="WorkGroup",
        keys={"WorkGroup": "params.Name"}, id="{WorkGroup}", auto_name="name", auto_name_limit=128,
        drop=("forceDestroy", "state"),
        extras=(
            Extra(("state",), lambda i, k: [
                Call("UpdateWorkGroup", {"WorkGroup": k["WorkGroup"], "State": At(i["state"], "state")})
            ]),
            Extra(("forceDestroy",), lambda _i, _k: []),  # used when the workgroup is deleted
        ),
        update_before=_workgroup_update,
        delete_before=lambda i, k: {
            "WorkGroup": k["WorkGroup"], "RecursiveDeleteOption": bool(i.get("forceDestroy")),
        },
        outputs={"arn": "arn:aws:athena:{region}:{account}:workgroup/{WorkGroup}"},
        unread=("Tags",), why_unread="GetWorkGroup shows no tags",
    ),
    # The provider replaces a query whose text changes, though Athena could change it in place.
    "aws:athena/namedQuery:NamedQuery": Operations(
        "athena", "CreateNamedQuery", "GetNamedQuery", "DeleteNamedQuery", root="NamedQuery",
        keys={"NamedQueryId": "response.NamedQueryId"}, id="{NamedQueryId}", auto_name="name", auto_name_limit=128,
        rename={"query": "queryString"},
    ),
    "aws:cloudwatch/logMetricFilter:LogMetricFilter": Operations(
        "logs", "PutMetricFilter", "DescribeMetricFilters", "DeleteMetricFilter", "PutMetricFilter",
        root="metricFilters[?filterName=='{filterName}'] | [0]", noun="MetricFilter",
        keys={"filterName": "params.filterName", "logGroupName": "params.logGroupName"}, id="{filterName}",
        auto_name="name", auto_name_limit=512, before=_metric_filter,
        read_before=lambda k: {"logGroupName": k["logGroupName"], "filterNamePrefix": k["filterName"]},
    ),
    "aws:iam/serviceLinkedRole:ServiceLinkedRole": Operations(
        "iam", "CreateServiceLinkedRole", "GetRole", "DeleteServiceLinkedRole", root="Role", noun="Role",
        keys={"RoleName": "response.Role.RoleName"},
        before=lambda i, _p: {key: value for key, value in i.items() if key != "tags"},
        rename={"awsServiceName": "aWSServiceName"},
        extras=(
            Extra(("description",), lambda i, k: [Call("UpdateRole", {
                "RoleName": k["RoleName"], "Description": At(i["description"], "description")
            })], on_create=False),
            Extra(("tags",), _linked_role_tags),
        ),
        unread=("AWSServiceName", "CustomSuffix"), why_unread="GetRole shows the service in the role's path",
    ),
}  # fmt: skip
