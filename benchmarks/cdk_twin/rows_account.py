"""Rows of the network, of people and roles, and of what watches the account; and what has no counterpart."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from cdk_twin.rows import REF, Part, Properties, Row, listed, part

NO_EGRESS: Mapping[str, Any] = {
    "CidrIp": "255.255.255.255/32",
    "Description": "Disallow all traffic",
    "IpProtocol": "icmp",
    "FromPort": 252,
    "ToPort": 86,
}
"""What the CDK declares for a group without egress: CloudFormation would let everything out, the provider doesn't."""


def _group(properties: Properties) -> Properties:
    return {**properties, "SecurityGroupEgress": []}


def finish_group(properties: Properties) -> Properties:
    """Close a security group to which no part has added egress."""
    return {**properties, "SecurityGroupEgress": properties["SecurityGroupEgress"] or [dict(NO_EGRESS)]}


def _flow_log(properties: Properties) -> Properties:
    vpc = properties.pop("VpcId")
    return {**properties, "ResourceId": vpc, "ResourceType": "VPC"}


NETWORK: dict[str, Row | Part] = {
    "aws:ec2/vpc:Vpc": Row("AWS::EC2::VPC"),
    "aws:ec2/subnet:Subnet": Row("AWS::EC2::Subnet"),
    "aws:ec2/routeTable:RouteTable": Row("AWS::EC2::RouteTable"),
    "aws:ec2/routeTableAssociation:RouteTableAssociation": Row("AWS::EC2::SubnetRouteTableAssociation", tags=""),
    "aws:ec2/vpcEndpoint:VpcEndpoint": Row(
        "AWS::EC2::VPCEndpoint",
        {"policy": "PolicyDocument"},
        # CloudFormation doesn't answer it; any prefix list does for a template that is only read.
        attributes={"prefixListId": "pl-{region}"},
    ),
    "aws:ec2/flowLog:FlowLog": Row("AWS::EC2::FlowLog", {"iamRoleArn": "DeliverLogsPermissionArn"}, adapt=_flow_log),
    "aws:ec2/securityGroup:SecurityGroup": Row(
        "AWS::EC2::SecurityGroup", {"description": "GroupDescription"}, adapt=_group, attributes={"id": "GroupId"}
    ),
    "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule": part(
        "securityGroupId",
        listed("SecurityGroupEgress"),
        cidrIpv4="CidrIp",
        prefixListId="DestinationPrefixListId",
        referencedSecurityGroupId="DestinationSecurityGroupId",
    ),
    "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule": part(
        "securityGroupId",
        listed("SecurityGroupIngress"),
        cidrIpv4="CidrIp",
        prefixListId="SourcePrefixListId",
        referencedSecurityGroupId="SourceSecurityGroupId",
    ),
}


def _role_policy(properties: Properties) -> Properties:
    """Declare a role's policy as the CDK's own roles do."""
    role = properties.pop("Role")
    return {**properties, "Roles": [role]}


def _code(properties: Properties) -> Properties:
    """Name the archive as the CDK's assets are named; what is in it no template says."""
    code = properties.pop("Code")
    names = sorted(str(asset.get("$asset")) for asset in code.get("Assets", {}).values()) or [str(code.get("$asset"))]
    return {**properties, "Code": {"S3Bucket": "cdk-hnb659fds-assets", "S3Key": f"{names[0]}.zip"}}


ACCESS: dict[str, Row | Part] = {
    "aws:iam/role:Role": Row(
        "AWS::IAM::Role",
        {"name": "RoleName", "assumeRolePolicy": "AssumeRolePolicyDocument"},
        documents=frozenset({"assumeRolePolicy"}),
        ref="name",
    ),
    "aws:iam/rolePolicy:RolePolicy": Row(
        "AWS::IAM::Policy", {"name": "PolicyName", "policy": "PolicyDocument"}, adapt=_role_policy, tags=""
    ),
    "aws:iam/policy:Policy": Row(
        "AWS::IAM::ManagedPolicy",
        {"name": "ManagedPolicyName", "policy": "PolicyDocument"},
        tags="",
        attributes={"arn": REF},
    ),
    "aws:iam/serviceLinkedRole:ServiceLinkedRole": Row(
        "AWS::IAM::ServiceLinkedRole",
        {"awsServiceName": "AWSServiceName"},
        tags="",
        # The one service-linked role that the estate declares; CloudFormation answers its name only.
        attributes={"arn": "arn:aws:iam::{account}:role/aws-service-role/{AWSServiceName}/AWSServiceRoleForConfig"},
    ),
    "aws:lambda/function:Function": Row(
        "AWS::Lambda::Function",
        {"name": "FunctionName"},
        verbatim=frozenset({"variables"}),
        adapt=_code,
        ref="name",
    ),
    "aws:lambda/permission:Permission": Row(
        "AWS::Lambda::Permission", {"function": "FunctionName"}, frozenset({"statementId"}), tags=""
    ),
}


def _budget(properties: Properties) -> Properties:
    filters = {entry["Name"]: entry["Values"] for entry in properties.get("CostFilters", [])}
    limit = {"Amount": float(properties["LimitAmount"]), "Unit": properties["LimitUnit"]}
    budget = {key: properties[key] for key in ("BudgetName", "BudgetType", "TimeUnit")}
    made: Properties = {
        "Budget": {**budget, "BudgetLimit": limit, **({"CostFilters": filters} if filters else {})},
        "NotificationsWithSubscribers": [_notification(entry) for entry in properties.get("Notifications", [])],
    }
    return made | {key: value for key, value in properties.items() if key == "ResourceTags"}


def _notification(entry: Properties) -> Properties:
    topics = [{"SubscriptionType": "SNS", "Address": arn} for arn in entry.get("SubscriberSnsTopicArns", [])]
    mails = [{"SubscriptionType": "EMAIL", "Address": mail} for mail in entry.get("SubscriberEmailAddresses", [])]
    said = {key: value for key, value in entry.items() if not key.startswith("Subscriber")}
    return {"Notification": said, "Subscribers": topics + mails}


def _subscription(properties: Properties) -> Properties:
    """CloudFormation takes the threshold as a JSON document of the service's own form."""
    dimension = properties["ThresholdExpression"]["Dimension"]
    return {**properties, "ThresholdExpression": json.dumps({"Dimensions": dimension})}


def _action(properties: Properties) -> Properties:
    threshold = properties["ActionThreshold"]
    named = {"Type": threshold["ActionThresholdType"], "Value": threshold["ActionThresholdValue"]}
    subscribers = [
        {"Type": entry["SubscriptionType"], "Address": entry["Address"]} for entry in properties["Subscribers"]
    ]
    return {**properties, "ActionThreshold": named, "Subscribers": subscribers}


WATCHED: dict[str, Row | Part] = {
    "aws:cloudtrail/trail:Trail": Row(
        "AWS::CloudTrail::Trail",
        {
            "name": "TrailName",
            "enableLogging": "IsLogging",
            "cloudWatchLogsGroupArn": "CloudWatchLogsLogGroupArn",
            "kmsKeyId": "KMSKeyId",
            # The classic provider makes lists' names plural.
            "startsWiths": "StartsWith",
            "endsWiths": "EndsWith",
            "notStartsWiths": "NotStartsWith",
            "notEndsWiths": "NotEndsWith",
        },
    ),
    "aws:cfg/recorder:Recorder": Row("AWS::Config::ConfigurationRecorder", {"roleArn": "RoleARN"}, tags="", ref="name"),
    "aws:cfg/deliveryChannel:DeliveryChannel": Row(
        "AWS::Config::DeliveryChannel",
        {"snapshotDeliveryProperties": "ConfigSnapshotDeliveryProperties"},
        tags="",
    ),
    "aws:cfg/conformancePack:ConformancePack": Row(
        "AWS::Config::ConformancePack", {"name": "ConformancePackName"}, tags=""
    ),
    "aws:accessanalyzer/analyzer:Analyzer": Row("AWS::AccessAnalyzer::Analyzer"),
    "aws:guardduty/detector:Detector": Row("AWS::GuardDuty::Detector"),
    "aws:guardduty/detectorFeature:DetectorFeature": part("detectorId", listed("Features")),
    "aws:macie2/account:Account": Row("AWS::Macie::Session", tags=""),
    "aws:securityhub/account:Account": Row("AWS::SecurityHub::Hub", tags=""),
    "aws:securityhub/standardsSubscription:StandardsSubscription": Row("AWS::SecurityHub::Standard", tags=""),
    "aws:budgets/budget:Budget": Row(
        "AWS::Budgets::Budget", {"name": "BudgetName"}, adapt=_budget, tags="ResourceTags"
    ),
    "aws:budgets/budgetAction:BudgetAction": Row(
        "AWS::Budgets::BudgetsAction", {}, frozenset({"accountId"}), adapt=_action, tags="ResourceTags"
    ),
    "aws:costexplorer/anomalyMonitor:AnomalyMonitor": Row(
        "AWS::CE::AnomalyMonitor", {"name": "MonitorName"}, tags="ResourceTags"
    ),
    "aws:costexplorer/anomalySubscription:AnomalySubscription": Row(
        "AWS::CE::AnomalySubscription",
        {"name": "SubscriptionName", "monitorArnLists": "MonitorArnList"},
        adapt=_subscription,
        tags="ResourceTags",
    ),
}

LEFT_OUT: Mapping[str, str] = {
    "aws:cfg/recorderStatus:RecorderStatus": "CloudFormation starts a recorder by itself",
    "aws:cfg/retentionConfiguration:RetentionConfiguration": "no type of it",
    "aws:ebs/encryptionByDefault:EncryptionByDefault": "no type of it",
    "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup": "no type that takes over what AWS makes",
    "aws:inspector2/enabler:Enabler": "no type of it",
    "aws:macie2/classificationJob:ClassificationJob": "no type of it",
    "aws:s3/accountPublicAccessBlock:AccountPublicAccessBlock": "no type of it",
    "aws:s3/bucketObjectv2:BucketObjectv2": "no type of it: objects are assets or deployed by a function",
}
"""Types without a counterpart, and why."""

TABLE: dict[str, Row | Part] = {**NETWORK, **ACCESS, **WATCHED}
