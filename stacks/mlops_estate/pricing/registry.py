"""Every type of resource that is known: what prices it, or why it costs nothing. All others are unpriced."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from mlops_estate.graph import ResourceNode
from mlops_estate.pricing import (
    audit,
    compute,
    features,
    monitoring,
    network,
    observability,
    security,
    serving,
    storage,
    training,
)
from mlops_estate.pricing.desk import Desk

Pricer = Callable[[Desk, ResourceNode], None]

UNKNOWN_TYPE = "nothing here prices this type: look its price up, and add it to the total"

PRICERS: Mapping[str, Pricer] = {
    "aws:accessanalyzer/analyzer:Analyzer": security.analyzer,
    "aws:athena/workgroup:Workgroup": audit.workgroup,
    "aws:backup/selection:Selection": storage.backup_selection,
    "aws:budgets/budget:Budget": compute.budget,
    "aws:budgets/budgetAction:BudgetAction": compute.budget_action,
    "aws:cfg/conformancePack:ConformancePack": audit.conformance_pack,
    "aws:cfg/recorder:Recorder": audit.recorder,
    "aws:cfg/rule:Rule": audit.config_rule,
    "aws:cloudtrail/trail:Trail": audit.trail,
    "aws:cloudwatch/compositeAlarm:CompositeAlarm": observability.composite_alarm,
    "aws:cloudwatch/dashboard:Dashboard": observability.dashboard,
    "aws:cloudwatch/logGroup:LogGroup": observability.log_group,
    "aws:cloudwatch/logMetricFilter:LogMetricFilter": observability.metric_filter,
    "aws:cloudwatch/metricAlarm:MetricAlarm": observability.alarm,
    "aws:ec2/eip:Eip": network.elastic_ip,
    "aws:ec2/flowLog:FlowLog": network.flow_log,
    "aws:ec2/natGateway:NatGateway": network.nat_gateway,
    "aws:ec2/vpcEndpoint:VpcEndpoint": network.endpoint,
    "aws:ecr/repository:Repository": storage.repository,
    "aws:efs/fileSystem:FileSystem": network.file_system,
    "aws:eks/cluster:Cluster": compute.cluster,
    "aws:glue/crawler:Crawler": compute.crawler,
    "aws:guardduty/detector:Detector": security.detector,
    "aws:guardduty/detectorFeature:DetectorFeature": security.detector_feature,
    "aws:inspector2/enabler:Enabler": security.inspector,
    "aws:kms/key:Key": security.key,
    "aws:lambda/function:Function": compute.function,
    "aws:macie2/account:Account": security.macie,
    "aws:macie2/classificationJob:ClassificationJob": security.classification_job,
    "aws:s3/bucket:Bucket": storage.bucket,
    "aws:s3/bucketV2:BucketV2": storage.bucket,
    "aws:sagemaker/app:App": compute.app,
    "aws:sagemaker/endpoint:Endpoint": serving.endpoint,
    "aws:sagemaker/featureGroup:FeatureGroup": features.feature_group,
    "aws:sagemaker/mlflowTrackingServer:MlflowTrackingServer": compute.tracking_server,
    "aws:sagemaker/monitoringSchedule:MonitoringSchedule": monitoring.monitoring_schedule,
    "aws:sagemaker/notebookInstance:NotebookInstance": compute.notebook,
    "aws:sagemaker/pipeline:Pipeline": training.pipeline,
    "aws:sagemaker/userProfile:UserProfile": compute.user_profile,
    "aws:scheduler/schedule:Schedule": observability.schedule,
    "aws:secretsmanager/secret:Secret": security.secret,
    "aws:securityhub/standardsSubscription:StandardsSubscription": security.standard,
    "aws:sfn/stateMachine:StateMachine": compute.state_machine,
    "aws:sns/topic:Topic": observability.topic,
    "aws:sns/topicSubscription:TopicSubscription": observability.subscription,
    "aws:sqs/queue:Queue": observability.queue,
    "aws:wafv2/webAcl:WebAcl": security.web_acl,
    "aws-native:ecr:Repository": storage.repository,
    "aws-native:kms:Key": security.key,
    "aws-native:lambda:Function": compute.function,
    "aws-native:s3:Bucket": storage.bucket,
    "aws-native:sagemaker:Endpoint": serving.endpoint,
    "aws-native:sagemaker:FeatureGroup": features.feature_group,
    "aws-native:sagemaker:MonitoringSchedule": monitoring.monitoring_schedule,
    "aws-native:sagemaker:Pipeline": training.pipeline,
    "aws-native:sagemaker:UserProfile": compute.user_profile,
    "aws-native:sns:Topic": observability.topic,
    "aws-native:stepfunctions:StateMachine": compute.state_machine,
}
"""What prices a type of resource."""

_SETTING = "a setting of something else, which has the price"
_IAM = "IAM costs nothing"
_NETWORK = "VPCs, their subnets, routes and groups cost nothing (VPC pricing)"
_BY_ENDPOINT = "billed by the endpoints that use it"
_BY_SCHEDULE = "billed by the jobs of its schedule"
_CATALOGUE = "the first million objects and requests a month of the catalogue cost nothing (Glue pricing)"
_REGISTRY = "the model registry costs nothing; its artefacts lie in buckets"
_SERVICE_EVENTS = "events of AWS services and their rules cost nothing (EventBridge pricing)"

FREE: Mapping[str, str] = {
    "aws:accessanalyzer/archiveRule:ArchiveRule": _SETTING,
    "aws:appautoscaling/policy:Policy": "scaling costs nothing: the instances are billed",
    "aws:appautoscaling/scheduledAction:ScheduledAction": "scaling costs nothing: the instances are billed",
    "aws:appautoscaling/target:Target": "scaling costs nothing: the instances are billed",
    "aws:athena/namedQuery:NamedQuery": "a query that is kept costs nothing; its runs are billed by what they scan",
    "aws:backup/plan:Plan": "billed by the backups, which are priced with the selection",
    "aws:backup/vault:Vault": "billed by the backups, which are priced with the selection",
    "aws:backup/vaultLockConfiguration:VaultLockConfiguration": _SETTING,
    "aws:backup/vaultPolicy:VaultPolicy": _SETTING,
    "aws:backup/restoreTestingSelection:RestoreTestingSelection": "billed by its plan",
    "aws:cfg/deliveryChannel:DeliveryChannel": "billed by the items of the recorder",
    "aws:cfg/recorderStatus:RecorderStatus": _SETTING,
    "aws:cfg/retentionConfiguration:RetentionConfiguration": _SETTING,
    "aws:cloudwatch/eventRule:EventRule": _SERVICE_EVENTS,
    "aws:cloudwatch/eventTarget:EventTarget": _SERVICE_EVENTS,
    "aws:cloudwatch/logResourcePolicy:LogResourcePolicy": _SETTING,
    "aws:costexplorer/anomalyMonitor:AnomalyMonitor": "cost anomaly detection costs nothing",
    "aws:costexplorer/anomalySubscription:AnomalySubscription": "cost anomaly detection costs nothing",
    "aws:ebs/encryptionByDefault:EncryptionByDefault": _SETTING,
    "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup": _NETWORK,
    "aws:ec2/internetGateway:InternetGateway": _NETWORK,
    "aws:ec2/route:Route": _NETWORK,
    "aws:ec2/routeTable:RouteTable": _NETWORK,
    "aws:ec2/routeTableAssociation:RouteTableAssociation": _NETWORK,
    "aws:ec2/securityGroup:SecurityGroup": _NETWORK,
    "aws:ec2/securityGroupRule:SecurityGroupRule": _NETWORK,
    "aws:ec2/subnet:Subnet": _NETWORK,
    "aws:ec2/vpc:Vpc": _NETWORK,
    "aws:ecr/lifecyclePolicy:LifecyclePolicy": _SETTING,
    "aws:ecr/registryScanningConfiguration:RegistryScanningConfiguration": "scans are priced with Inspector",
    "aws:ecr/repositoryPolicy:RepositoryPolicy": _SETTING,
    "aws:glue/catalogDatabase:CatalogDatabase": _CATALOGUE,
    "aws:glue/catalogTable:CatalogTable": _CATALOGUE,
    "aws:glue/dataCatalogEncryptionSettings:DataCatalogEncryptionSettings": _SETTING,
    "aws:kms/alias:Alias": _SETTING,
    "aws:kms/keyPolicy:KeyPolicy": _SETTING,
    "aws:lambda/permission:Permission": _SETTING,
    "aws:sagemaker/dataQualityJobDefinition:DataQualityJobDefinition": _BY_SCHEDULE,
    "aws:sagemaker/domain:Domain": "a domain costs nothing; its users' spaces are billed by the hour",
    "aws:sagemaker/endpointConfiguration:EndpointConfiguration": _BY_ENDPOINT,
    "aws:sagemaker/model:Model": _BY_ENDPOINT,
    "aws:sagemaker/modelPackageGroup:ModelPackageGroup": _REGISTRY,
    "aws:sagemaker/modelPackageGroupPolicy:ModelPackageGroupPolicy": _REGISTRY,
    "aws:s3/accountPublicAccessBlock:AccountPublicAccessBlock": _SETTING,
    "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration": _SETTING,
    "aws:s3/bucketLogging:BucketLogging": _SETTING,
    "aws:s3/bucketObjectLockConfiguration:BucketObjectLockConfiguration": _SETTING,
    "aws:s3/bucketObjectv2:BucketObjectv2": "a few kB, within the bucket's GB",
    "aws:s3/bucketObject:BucketObject": "a few kB, within the bucket's GB",
    "aws:s3/bucketNotification:BucketNotification": _SETTING,
    "aws:s3/bucketOwnershipControls:BucketOwnershipControls": _SETTING,
    "aws:s3/bucketPolicy:BucketPolicy": _SETTING,
    "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock": _SETTING,
    "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration": _SETTING,
    "aws:s3/bucketVersioning:BucketVersioning": _SETTING,
    "aws:scheduler/scheduleGroup:ScheduleGroup": "a group of schedules costs nothing",
    "aws:secretsmanager/secretPolicy:SecretPolicy": _SETTING,
    "aws:secretsmanager/secretRotation:SecretRotation": "billed by its function",
    "aws:secretsmanager/secretVersion:SecretVersion": "billed by its secret",
    "aws:securityhub/account:Account": "billed by the checks of its standards; 10,000 findings a month are free",
    "aws:sns/topicPolicy:TopicPolicy": _SETTING,
    "aws:sqs/queuePolicy:QueuePolicy": _SETTING,
    "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule": _NETWORK,
    "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule": _NETWORK,
    "aws-native:sagemaker:DataQualityJobDefinition": _BY_SCHEDULE,
    "aws-native:sagemaker:EndpointConfig": _BY_ENDPOINT,
    "aws-native:sagemaker:Model": _BY_ENDPOINT,
    "aws-native:sagemaker:ModelBiasJobDefinition": _BY_SCHEDULE,
    "aws-native:sagemaker:ModelCard": "model cards cost nothing",
    "aws-native:sagemaker:ModelExplainabilityJobDefinition": _BY_SCHEDULE,
    "aws-native:sagemaker:ModelPackageGroup": _REGISTRY,
    "aws-native:sagemaker:ModelQualityJobDefinition": _BY_SCHEDULE,
}
"""Why a type of resource costs nothing of its own."""

UNPRICED: Mapping[str, str] = {
    "aws:backup/restoreTestingPlan:RestoreTestingPlan": "the table has no price of restore tests and of restored GB",
    "kubernetes:core/v1:PersistentVolumeClaim": "the volume that it claims is billed by its class and GB",
}
"""Why a known type has no price here."""

FREE_BEGINNINGS: Mapping[str, str] = {
    "aws:iam/": _IAM,
    "aws-native:iam:": _IAM,
    "aws:organizations/": "AWS Organizations costs nothing",
    "kubernetes:": "an object in a cluster: the cluster and its nodes are billed",
    "pulumi:providers:": "no resource of AWS",
    "random:": "no resource of AWS",
    "tls:": "no resource of AWS",
    "command:": "no resource of AWS",
}
"""Why types with one beginning cost nothing."""


def price(desk: Desk, node: ResourceNode) -> None:
    """Price one resource, or say why it has no line."""
    if pricer := PRICERS.get(node.type):
        pricer(desk, node)
    elif why := UNPRICED.get(node.type) or _balanced(node):
        desk.unpriced(node, why)
    elif why := FREE.get(node.type) or _free_by_beginning(node.type):
        desk.free(node, why)
    else:
        desk.unpriced(node, UNKNOWN_TYPE)


def is_known(kind: str) -> bool:
    """Return whether a type is priced, free or unpriced by name."""
    return kind in PRICERS or kind in FREE or kind in UNPRICED or _free_by_beginning(kind) is not None


def _free_by_beginning(kind: str) -> str | None:
    return next((why for beginning, why in FREE_BEGINNINGS.items() if kind.startswith(beginning)), None)


def _balanced(node: ResourceNode) -> str | None:
    """Say why a Kubernetes service that asks for a load balancer costs something."""
    spec = node.inputs.get("spec")
    asks = (
        node.type == "kubernetes:core/v1:Service" and isinstance(spec, Mapping) and spec.get("type") == "LoadBalancer"
    )
    return "the load balancer that it asks for is billed by the hour and by use" if asks else None
