"""Audit queries: a workgroup, a table over CloudTrail's log files, and the questions an auditor asks of them."""

from typing import Any, NotRequired, TypedDict

import pulumi
from pulumi_aws import athena, glue

from mlops_components.audit_sql import COLUMNS, PARTITIONS, TABLE, Scope, questions, table_parameters
from mlops_components.buckets import bucket_name
from mlops_components.data_catalog import database_name
from mlops_components.deletion import protects
from mlops_components.log_bucket import LogBucket, declare_log_bucket
from mlops_components.validation import Checker

RESULTS = "queries"
RESULT_DAYS = {"dev": 7, "staging": 30, "prod": 90}
SCAN_LIMIT_GB = {"dev": 1, "staging": 10, "prod": 100}
# AWS General Reference, Regions: those that every account has, without opting in.
DEFAULT_REGIONS = (
    "ap-northeast-1", "ap-northeast-2", "ap-northeast-3", "ap-south-1", "ap-southeast-1", "ap-southeast-2",
    "ca-central-1", "eu-central-1", "eu-north-1", "eu-west-1", "eu-west-2", "eu-west-3", "sa-east-1", "us-east-1",
    "us-east-2", "us-west-1", "us-west-2",
)  # fmt: skip


class AuditQueriesArgs(TypedDict):
    """Inputs of `AuditQueries`."""

    prefix: str
    """Start of every name of the environment; workgroup and database are `{prefix}-audit`, the latter with
    underscores."""
    account: str
    """AWS account id of the environment, 12 digits."""
    region: str
    """AWS region code."""
    environment_class: NotRequired[str]
    """dev, staging or prod; decides the defaults below. Default: prod."""
    log_uri: pulumi.Input[str]
    """S3 URI of the folder that holds a folder of CloudTrail log files for each region."""
    log_days: int
    """Days for which the log files are kept: how far back the table reaches."""
    log_regions: NotRequired[list[str]]
    """Regions whose log files are read. Default: those that every account has, and the environment's own."""
    personal_buckets: pulumi.Input[list[str]]
    """Names of the buckets that hold records of people."""
    data_buckets: pulumi.Input[list[str]]
    """Names of all data buckets."""
    key_arns: pulumi.Input[list[str]]
    """ARNs of the environment's keys."""
    delivery_role_arns: NotRequired[list[str]]
    """ARNs of the roles that deploy. Default: none."""
    operations_key_arn: pulumi.Input[str]
    """ARN of the KMS key of query results."""
    access_logs_bucket: pulumi.Input[str]
    """Name of the bucket that takes the access logs of the results' bucket."""
    result_days: NotRequired[int]
    """Days for which query results are kept. Default: 7 in dev, 30 in staging, 90 in prod."""
    scan_limit_gb: NotRequired[int]
    """Gigabytes (10^9 bytes) that one query may read before Athena ends it. Default: 1 in dev, 10 in staging, 100 in
    prod."""
    protect: NotRequired[bool]
    """Whether Pulumi refuses to delete the results' bucket. Default: false in dev, else true."""


class AuditQueries(pulumi.ComponentResource):
    """An Athena workgroup whose settings hold for every query, a partitioned table, and one saved query a question.

    Who asks needs rights of their own: to the workgroup, the database, the log files, the results and their key.
    """

    workgroup_name: pulumi.Output[str]
    """Name of the workgroup."""
    database_name: pulumi.Output[str]
    """Name of the database that holds the table `cloudtrail`."""
    results_bucket: pulumi.Output[str]
    """Name of the bucket of query results."""
    query_names: pulumi.Output[list[str]]
    """Names of the saved queries."""

    def __init__(self, name: str, args: AuditQueriesArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        check = Checker("AuditQueries", name, args, AuditQueriesArgs)
        _check(check)
        check.finish()
        super().__init__("mlops:index:AuditQueries", name, {**args}, opts)
        self._base, self._args = name, args
        self._class = args.get("environment_class") or "prod"
        self._child = pulumi.ResourceOptions(parent=self)
        workgroup = self._workgroup()
        database = glue.CatalogDatabase(
            f"{name}-database",
            name=database_name(f"{args['prefix']}-audit"),
            catalog_id=args["account"],
            description=f"Audit logs of {args['prefix']}",
            opts=self._child,
        )
        table = self._table(database)
        asked = [
            athena.NamedQuery(
                f"{name}-{question}",
                name=f"{args['prefix']}-{question}",
                description=about.asks,
                database=table.database_name,
                workgroup=workgroup.name,
                query=self._sql(question),
                opts=self._child,
            )
            for question, about in questions(Scope(args["prefix"], (), (), (), ())).items()
        ]
        self.workgroup_name = workgroup.name
        self.database_name = database.name
        self.query_names = pulumi.Output.all(*[query.name for query in asked])
        self.register_outputs(
            {
                "workgroup_name": self.workgroup_name,
                "database_name": self.database_name,
                "results_bucket": self.results_bucket,
                "query_names": self.query_names,
            }
        )

    def _workgroup(self) -> athena.Workgroup:
        args = self._args
        bucket, ready = declare_log_bucket(
            self._base,
            LogBucket(
                RESULTS, args["prefix"], args["account"], args["region"],
                args["operations_key_arn"], args["access_logs_bucket"],
                keep_days=int(args.get("result_days") or RESULT_DAYS[self._class]),
                emptied=self._class == "dev",
                protect=protects(args),
            ),
            self,
        )  # fmt: skip
        self.results_bucket = bucket.bucket
        limit = int(args.get("scan_limit_gb") or SCAN_LIMIT_GB[self._class])
        return athena.Workgroup(
            self._base,
            name=f"{args['prefix']}-audit",
            description=f"Questions to the audit logs of {args['prefix']}",
            force_destroy=self._class == "dev",
            configuration={
                "enforce_workgroup_configuration": True,
                "publish_cloudwatch_metrics_enabled": True,
                "bytes_scanned_cutoff_per_query": limit * 10**9,
                "engine_version": {"selected_engine_version": "Athena engine version 3"},
                "result_configuration": {
                    "output_location": bucket.bucket.apply(lambda known: f"s3://{known}/"),
                    "expected_bucket_owner": args["account"],
                    "encryption_configuration": {
                        "encryption_option": "SSE_KMS",
                        "kms_key_arn": args["operations_key_arn"],
                    },
                },
            },
            opts=pulumi.ResourceOptions(parent=self, depends_on=ready),
        )

    def _table(self, database: glue.CatalogDatabase) -> glue.CatalogTable:
        args = self._args
        given = args.get("log_regions") or [*DEFAULT_REGIONS, args["region"]]
        regions, days = sorted(set(given)), int(args["log_days"])
        location = pulumi.Output.from_input(args["log_uri"]).apply(lambda uri: uri.rstrip("/"))
        return glue.CatalogTable(
            f"{self._base}-table",
            name=TABLE,
            database_name=database.name,
            catalog_id=args["account"],
            description="CloudTrail's log files, partitioned by region and day",
            table_type="EXTERNAL_TABLE",
            parameters=location.apply(lambda known: table_parameters(known, regions, days)),
            partition_keys=[{"name": name, "type": kind} for name, kind in PARTITIONS.items()],
            storage_descriptor=_storage(location),
            opts=self._child,
        )

    def _sql(self, question: str) -> pulumi.Output[str]:
        args = self._args

        def text(personal: list[str], data: list[str], keys: list[str]) -> str:
            scope = Scope(args["prefix"], personal, data, keys, args.get("delivery_role_arns") or ())
            return questions(scope)[question].sql

        known = pulumi.Output.all(args["personal_buckets"], args["data_buckets"], args["key_arns"])
        return known.apply(lambda parts: text(*parts))


def _storage(location: pulumi.Output[str]) -> Any:
    return {
        "location": location.apply(lambda known: f"{known}/"),
        "input_format": "com.amazon.emr.cloudtrail.CloudTrailInputFormat",
        "output_format": "org.apache.hadoop.hive.ql.io.HiveIgnoreKeyTextOutputFormat",
        "columns": [{"name": name, "type": kind} for name, kind in COLUMNS.items()],
        "ser_de_info": {"name": "json", "serialization_library": "org.apache.hive.hcatalog.data.JsonSerDe"},
    }


def _check(check: Checker[AuditQueriesArgs]) -> None:
    check.arn("operations_key_arn", "kms")
    check.s3_uri("log_uri")
    check.arn("key_arns", "kms")
    check.arn("delivery_role_arns", "iam")
    check.between("log_days", 1, 36500, "days")
    check.between("result_days", 1, 3650, "days")
    # 10 MB at least (Athena API reference, WorkGroupConfiguration, BytesScannedCutoffPerQuery).
    check.between("scan_limit_gb", 1, 1_000_000, "gigabytes")
    check.matches("log_regions", r"[a-z]{2}(-[a-z]+)+-\d", "must be AWS region codes", "use codes such as eu-west-1")
    prefix, account, region = (check.plain(path) for path in ("prefix", "account", "region"))
    if prefix and account and region:
        check.aws_name("prefix", bucket_name(prefix, RESULTS, account, region), "bucket")
        check.aws_name("prefix", f"{prefix}-audit", "workgroup")
