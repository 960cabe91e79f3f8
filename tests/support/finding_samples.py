"""Findings as AWS documents them, of every severity: the events that EventBridge gets of them.

Sources: GuardDuty user guide, EventBridge event schema; Macie user guide, EventBridge event schema for findings;
Security Hub user guide, EventBridge event formats and ASFF; Inspector user guide, EventBridge event schema; IAM user
guide, Monitoring Access Analyzer with EventBridge. Values are examples; fields that no rule reads are left out.
"""

from __future__ import annotations

from typing import Any

ACCOUNT = "123456789012"
REGION = "eu-west-1"


def guardduty(severity: float, *, archived: bool = False) -> dict[str, Any]:
    return {
        "schemaVersion": "2.0", "accountId": ACCOUNT, "region": REGION, "partition": "aws",
        "id": "16afba5c5c43e07c9e3e5e2e544e95df", "type": "Exfiltration:S3/AnomalousBehavior",
        "resource": {"resourceType": "S3Bucket"}, "severity": severity,
        "service": {"serviceName": "guardduty", "action": {"actionType": "AWS_API_CALL"}, "archived": archived},
        "title": "An IAM entity invoked an S3 API in a suspicious way.",
    }  # fmt: skip


def macie(description: str) -> dict[str, Any]:
    return {
        "schemaVersion": "1.0", "id": "64b917aa-3843-014c-91d8-937ffexample", "accountId": ACCOUNT, "partition": "aws",
        "region": REGION, "type": "SensitiveData:S3Object/Personal",
        "title": "The S3 object contains personal information.",
        "severity": {"score": {"Low": 1, "Medium": 2, "High": 3}[description], "description": description},
        "category": "CLASSIFICATION", "archived": False, "count": 1,
    }  # fmt: skip


def security_hub(label: str, **changes: Any) -> dict[str, Any]:
    finding = {
        "SchemaVersion": "2018-10-08", "AwsAccountId": ACCOUNT, "ProductName": "Security Hub", "CompanyName": "AWS",
        "Id": f"arn:aws:securityhub:{REGION}:{ACCOUNT}:security-control/S3.1/finding/0123abcd",
        "Title": 'S3 general purpose buckets should have "block public access" enabled',
        "Severity": {"Label": label, "Original": label}, "Compliance": {"Status": "FAILED"},
        "Workflow": {"Status": "NEW"}, "RecordState": "ACTIVE",
    }  # fmt: skip
    return {"findings": [{**finding, **changes}]}


def inspector(severity: str, *, status: str = "ACTIVE") -> dict[str, Any]:
    return {
        "awsAccountId": ACCOUNT, "findingArn": f"arn:aws:inspector2:{REGION}:{ACCOUNT}:finding/FINDING_ID",
        "type": "PACKAGE_VULNERABILITY", "title": "CVE-2022-0001 - openssl", "severity": severity, "status": status,
        "resources": [{"type": "AWS_ECR_CONTAINER_IMAGE", "id": "sha256:82ab36e"}],
    }  # fmt: skip


def access_analyzer(status: str, *, public: bool = False) -> dict[str, Any]:
    return {
        "version": "1.0", "id": "22222222-dcba-4444-dcba-333333333333", "status": status, "isPublic": public,
        "resourceType": "AWS::S3::Bucket", "resource": "arn:aws:s3:::my-bucket", "accountId": ACCOUNT,
        "region": REGION, "principal": {"AWS": "999988887777"}, "action": ["s3:GetObject"], "condition": {},
    }  # fmt: skip


TOLD: dict[str, list[tuple[dict[str, Any], str]]] = {
    "guardduty": [
        *((guardduty(score), "info") for score in (1.0, 3.9)),
        *((guardduty(score), "warning") for score in (4.0, 6.9)),
        *((guardduty(score), "critical") for score in (7.0, 8.9, 9.0, 10.0)),
    ],
    "macie": [(macie("Low"), "info"), (macie("Medium"), "warning"), (macie("High"), "critical")],
    "security_hub": [
        *((security_hub(label), "info") for label in ("INFORMATIONAL", "LOW", "MEDIUM")),
        (security_hub("HIGH"), "warning"), (security_hub("CRITICAL"), "critical"),
        (security_hub("CRITICAL", ProductName="Third Party", Compliance={}), "critical"),
    ],
    "inspector": [
        *((inspector(label), "info") for label in ("UNTRIAGED", "INFORMATIONAL", "LOW", "MEDIUM")),
        (inspector("HIGH"), "warning"), (inspector("CRITICAL"), "critical"),
    ],
    "access_analyzer": [
        (access_analyzer("ACTIVE", public=True), "critical"), (access_analyzer("ACTIVE"), "warning"),
        (access_analyzer("ARCHIVED", public=True), "info"), (access_analyzer("RESOLVED"), "info"),
    ],
}  # fmt: skip
"""By source: a finding, and the topic it belongs to."""

UNTOLD: dict[str, list[dict[str, Any]]] = {
    "guardduty": [guardduty(9.0, archived=True)],
    "security_hub": [
        security_hub("CRITICAL", ProductName="GuardDuty"),
        security_hub("INFORMATIONAL", Compliance={"Status": "PASSED"}),
        security_hub("HIGH", Workflow={"Status": "RESOLVED"}),
        security_hub("HIGH", RecordState="ARCHIVED"),
    ],
    "inspector": [inspector("CRITICAL", status="CLOSED")],
}
"""By source: findings that nobody is told of."""
