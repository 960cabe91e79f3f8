"""What an account has once, and its detective controls."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mlops_estate.embedded.driver.mapping import At
from mlops_estate.embedded.driver.operations import Call, Extra, Inputs, Operations, Place

# What the status of an account calls each kind of scan (Inspector API Reference, ResourceState).
SCANS = {"EC2": "ec2", "ECR": "ecr", "LAMBDA": "lambda", "LAMBDA_CODE": "lambdaCode"}
_SCANNED = ", ".join(f"resourceState.{member}.status == 'ENABLED' && '{scan}'" for scan, member in SCANS.items())


def _public_access(inputs: dict[str, Any], place: Place) -> dict[str, Any]:
    rest = {key: At(value, key) for key, value in inputs.items() if key != "accountId"}
    return {
        "accountId": At(inputs.get("accountId") or place.account, "accountId"),
        "publicAccessBlockConfiguration": At(rest, ""),
    }


def _feature(inputs: dict[str, Any], _place: Place) -> dict[str, Any]:
    rest = {
        key: At(value, key) for key, value in inputs.items() if key not in {"detectorId", "additionalConfigurations"}
    }
    if inputs.get("additionalConfigurations"):
        rest["additionalConfiguration"] = At(inputs["additionalConfigurations"], "additionalConfigurations")
    return {"detectorId": At(inputs.get("detectorId"), "detectorId"), "features": At([rest], "")}


def _job(inputs: dict[str, Any], place: Place) -> dict[str, Any]:
    """The provider writes a schedule's day alone; Macie takes a structure for each kind of schedule."""
    made = {key: value for key, value in inputs.items() if key != "scheduleFrequency"}
    given = inputs.get("scheduleFrequency") or {}
    schedule: dict[str, Any] = {}
    if given.get("dailySchedule"):
        schedule["dailySchedule"] = {}
    if given.get("weeklySchedule"):
        schedule["weeklySchedule"] = {"dayOfWeek": At(given["weeklySchedule"], "scheduleFrequency.weeklySchedule")}
    if given.get("monthlySchedule"):
        schedule["monthlySchedule"] = {"dayOfMonth": At(given["monthlySchedule"], "scheduleFrequency.monthlySchedule")}
    if schedule:
        made["scheduleFrequency"] = At(schedule, "scheduleFrequency")
    return {**made, "clientToken": At(place.name, "name")}


def _scans(inputs: Inputs, keys: Mapping[str, Any]) -> list[Call]:
    """A scan is switched on, and what is no longer wanted off, by calls of their own."""
    wanted = inputs.get("resourceTypes") or []
    account = {"accountIds": [keys["accountId"]]}
    unwanted = [scan for scan in SCANS if scan not in wanted]
    calls = [Call("Enable", {**account, "resourceTypes": At(wanted, "resourceTypes")})]
    return [*calls, Call("Disable", {**account, "resourceTypes": unwanted})] if unwanted else calls


ROWS = {
    "aws:s3/accountPublicAccessBlock:AccountPublicAccessBlock": Operations(
        "s3control", "PutPublicAccessBlock", "GetPublicAccessBlock", "DeletePublicAccessBlock", "PutPublicAccessBlock",
        root="PublicAccessBlockConfiguration", keys={"AccountId": "params.AccountId"}, id="{AccountId}",
        before=_public_access, same={"PublicAccessBlockConfiguration": "@"},
        unread=("AccountId",), why_unread="the account is what is asked for",
    ),
    "aws:ebs/encryptionByDefault:EncryptionByDefault": Operations(
        "ec2", "EnableEbsEncryptionByDefault", "GetEbsEncryptionByDefault", "DisableEbsEncryptionByDefault",
        root="EbsEncryptionByDefault && @", id="{region}", drop=("enabled",),
        extras=(Extra(("enabled",), lambda i, _k: [
            Call("EnableEbsEncryptionByDefault" if i.get("enabled", True) else "DisableEbsEncryptionByDefault", {})
        ]),),
    ),
    "aws:guardduty/detector:Detector": Operations(
        "guardduty", "CreateDetector", "GetDetector", "DeleteDetector", "UpdateDetector",
        keys={"DetectorId": "response.DetectorId"}, id="{DetectorId}",
        outputs={"arn": "arn:aws:guardduty:{region}:{account}:detector/{DetectorId}", "accountId": "{account}"},
        same={"Enable": "Status == 'ENABLED'"},
    ),
    "aws:guardduty/detectorFeature:DetectorFeature": Operations(
        "guardduty", "UpdateDetector", "GetDetector", "", "UpdateDetector", noun="DetectorFeature",
        root="Features[?Name=='{Name}'] | [0]",
        keys={"DetectorId": "params.DetectorId", "Name": "params.Features[0].Name"}, id="{DetectorId}/{Name}",
        before=_feature, same={"Features[0].Status": "Status", "Features[0].Name": "Name"},
        unread=("DetectorId",), why_unread="the detector is what is asked for",
    ),  # nothing deletes a feature: it is gone with its detector
    "aws:macie2/account:Account": Operations(
        "macie2", "EnableMacie", "GetMacieSession", "DisableMacie", "UpdateMacieSession", id="{account}",
    ),
    "aws:macie2/classificationJob:ClassificationJob": Operations(
        "macie2", "CreateClassificationJob", "DescribeClassificationJob", "UpdateClassificationJob",
        keys={"jobId": "response.jobId"}, id="{jobId}", noun="Job", auto_name="name", auto_name_limit=500,
        drop=("namePrefix",), before=_job, delete_before=lambda _i, k: {"jobId": k["jobId"], "jobStatus": "CANCELLED"},
        # A job that is made runs; nothing else of it can be changed.
        extras=(Extra(("jobStatus",), lambda i, k: [
            Call("UpdateClassificationJob", {"jobId": k["jobId"], "jobStatus": At(i["jobStatus"], "jobStatus")})
        ], on_create=False),),
        outputs={"jobArn": "arn:aws:macie2:{region}:{account}:classification-job/{jobId}", "jobId": "{jobId}"},
        leaves="Macie keeps the cancelled job {jobId} on record until Macie itself is disabled",
        unread=("clientToken",), why_unread="it only tells repeated requests apart",
    ),
    "aws:securityhub/account:Account": Operations(
        "securityhub", "EnableSecurityHub", "DescribeHub", "DisableSecurityHub", "UpdateSecurityHubConfiguration",
        id="{account}", drop=("autoEnableControls",),
        extras=(Extra(("autoEnableControls",), lambda i, _k: [Call("UpdateSecurityHubConfiguration", {
            "AutoEnableControls": At(i["autoEnableControls"], "autoEnableControls")
        })]),),
        outputs={"arn": "arn:aws:securityhub:{region}:{account}:hub/default"},
        unread=("EnableDefaultStandards",), why_unread="it is asked for once; the standards are read themselves",
    ),
    "aws:securityhub/standardsSubscription:StandardsSubscription": Operations(
        "securityhub", "BatchEnableStandards", "GetEnabledStandards", "BatchDisableStandards",
        root="StandardsSubscriptions[0]",
        keys={"StandardsSubscriptionArn": "response.StandardsSubscriptions[0].StandardsSubscriptionArn"},
        id="{StandardsSubscriptionArn}",
        before=lambda i, _p: {
            "standardsSubscriptionRequests": At([{"standardsArn": At(i.get("standardsArn"), "standardsArn")}], "")
        },
        same={"StandardsSubscriptionRequests[0].StandardsArn": "StandardsArn"},
    ),
    "aws:inspector2/enabler:Enabler": Operations(
        "inspector2", "Enable", "BatchGetAccountStatus", "Disable", root="accounts[0]", noun="Account",
        keys={"accountId": "params.accountIds[0]"}, id="{accountId}",
        refused="failedAccounts[].[errorCode, errorMessage]",
        extras=(Extra(("resourceTypes",), _scans, on_create=False),),
        delete_before=lambda i, k: {"accountIds": [k["accountId"]], "resourceTypes": i.get("resourceTypes")},
        same={"resourceTypes": f"[{_SCANNED}] | [?@]", "accountIds[0]": "accountId"},
    ),
    "aws:ecr/registryScanningConfiguration:RegistryScanningConfiguration": Operations(
        "ecr", "PutRegistryScanningConfiguration", "GetRegistryScanningConfiguration",
        "PutRegistryScanningConfiguration", "PutRegistryScanningConfiguration", root="scanningConfiguration",
        id="{account}", outputs={"registryId": "{account}"},
        delete_before=lambda _i, _k: {"scanType": "BASIC", "rules": []},
    ),
    "aws:accessanalyzer/analyzer:Analyzer": Operations(
        "accessanalyzer", "CreateAnalyzer", "GetAnalyzer", "DeleteAnalyzer", "UpdateAnalyzer", root="analyzer",
        keys={"analyzerName": "params.analyzerName"}, id="{analyzerName}",
        outputs={"arn": "arn:aws:access-analyzer:{region}:{account}:analyzer/{analyzerName}"},
        same={"analyzerName": "name"},
    ),
}  # fmt: skip
