"""Glue: jobs, crawlers, connections, the catalog and the quality of its tables."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from mlops_policies.credentials import named
from mlops_policies.resource import Resource, View
from mlops_policies.rule import Use, resource_rule, stack_rule
from mlops_policies.stack import Stack
from mlops_policies.values import is_unknown, listed
from mlops_policies.verdicts import Verdict, each, not_applicable, not_evaluated

JOB = "aws:glue/job:Job"
CRAWLER = "aws:glue/crawler:Crawler"
DEV_ENDPOINT = "aws:glue/devEndpoint:DevEndpoint"
SECURITY_CONFIGURATION = "aws:glue/securityConfiguration:SecurityConfiguration"
CATALOG_SETTINGS = "aws:glue/dataCatalogEncryptionSettings:DataCatalogEncryptionSettings"
CONNECTION = "aws:glue/connection:Connection"
ML_TRANSFORM = "aws:glue/mLTransform:MLTransform"
RULESET = "aws:glue/dataQualityRuleset:DataQualityRuleset"
TABLE = "aws:glue/catalogTable:CatalogTable"
_GUIDE = "https://docs.aws.amazon.com/glue/latest/dg/"
_SPARK = ("glueetl", "gluestreaming")
_LATEST = "6.0"
"""The version of a Spark job that names none."""


@resource_rule(
    "glue-job-security-config",
    on=[JOB, CRAWLER, DEV_ENDPOINT, SECURITY_CONFIGURATION],
    title="Glue jobs, crawlers and development endpoints encrypt what they write, log and remember.",
    severity="medium",
    level="mandatory",
    why="A job's results, logs and bookmarks hold the data it works on, in clear where no configuration says other.",
    fix="Attach a SecurityConfiguration with SSE-KMS for S3 and logs, and CSE-KMS for bookmarks",
    source=f"{_GUIDE}encryption-security-configuration.html",
)
def security_configuration(it: Resource, use: Use) -> Iterator[Verdict]:
    """What uses a configuration names one; each configuration of the stack is judged by itself, so that it is found
    where it has to be mended. SSE-S3 is no key of one's own."""
    if it.type != SECURITY_CONFIGURATION:
        yield it.requires("securityConfiguration")
        return
    stores = it.items("encryptionConfiguration.s3Encryption")
    if not stores:
        yield it.fails("encryptionConfiguration.s3Encryption", "is absent, which leaves S3 unencrypted")
    yield from each(stores, lambda store: [store.equals("s3EncryptionMode", "SSE-KMS", default="DISABLED")])
    yield it.equals("encryptionConfiguration.cloudwatchEncryption.cloudwatchEncryptionMode", "SSE-KMS",
                    default="DISABLED")  # fmt: skip
    yield it.equals("encryptionConfiguration.jobBookmarksEncryption.jobBookmarksEncryptionMode", "CSE-KMS",
                    default="DISABLED")  # fmt: skip


@resource_rule(
    "glue-job-supported-version",
    on=[JOB],
    title="Spark jobs run on a Glue version that is supported.",
    severity="medium",
    level="advisory",
    why="Older versions run a Spark and a Python that get no security fixes.",
    fix="Set glueVersion to a supported one and test the job with it",
    source=(f"{_GUIDE}glue-version-support-policy.html", f"{_GUIDE}release-notes.html"),
    settings={
        "oldest_glue_version": {
            "type": "string",
            "default": "3.0",
            "description": "The oldest Glue version that is allowed.",
        }
    },
)
def supported_version(it: Resource, use: Use) -> Iterator[Verdict]:
    """A job that names no version gets 6.0, and `auto` upgrades by itself. Python shell and Ray jobs have versions of
    their own."""
    if it.get("command.name", "glueetl") not in _SPARK:
        yield not_applicable("it is no Spark job")
        return
    oldest = use["oldest_glue_version"]
    yield it.holds("glueVersion", lambda given: _version(given) >= _version(oldest), f"must be at least {oldest}",
                   default=_LATEST)  # fmt: skip


def _version(given: str) -> tuple[int, ...]:
    return tuple(int(part) for part in (_LATEST if given == "auto" else given).split("."))


@resource_rule(
    "glue-job-logging",
    on=[JOB],
    title="Spark jobs log while they run.",
    severity="low",
    level="advisory",
    why="What a job did before it failed is only known from its log.",
    fix='Set the default argument --enable-continuous-cloudwatch-log to "true"',
    source=(f"{_GUIDE}monitor-continuous-logging-enable.html", f"{_GUIDE}monitor-continuous-logging.html"),
)
def logging(it: Resource, use: Use) -> Iterator[Verdict]:
    """From Glue 5.0 on every job logs in real time, so only older ones need the argument, which other tools ask of
    all. It may stand among the arguments that nobody can override."""
    if it.get("command.name", "glueetl") not in _SPARK:
        yield not_applicable("it is no Spark job")
        return
    if _version(it.get("glueVersion", _LATEST)) >= (5, 0):
        return
    name = "--enable-continuous-cloudwatch-log"
    holder = "nonOverridableArguments" if it.present(f"nonOverridableArguments.{name}") else "defaultArguments"
    yield it.holds(f"{holder}.{name}", lambda value: str(value).lower() == "true", 'must be "true"')


@resource_rule(
    "glue-job-no-secrets",
    on=[JOB],
    title="Glue jobs have no credentials in their arguments.",
    severity="high",
    level="mandatory",
    why="Everybody who may read the job or its logs reads its arguments.",
    fix="Keep the credential in Secrets Manager and pass its name, or use a Glue connection",
    source=f"{_GUIDE}aws-glue-programming-etl-glue-arguments.html",
)
def no_secrets(it: Resource, use: Use) -> Iterator[Verdict]:
    """Known formats of credentials, and values under a name that says password, key or token."""
    for holder in ("defaultArguments", "nonOverridableArguments"):
        for name, value in it.get(holder, {}).items():
            if is_unknown(value):
                yield not_evaluated(it.path(f"{holder}.{name}"))
                continue
            for kind in named(name, str(value)):
                yield it.fails(f"{holder}.{name}", f"holds {kind}", key=name)


@resource_rule(
    "glue-catalog-encryption",
    on=[CATALOG_SETTINGS],
    title="The Data Catalog encrypts its metadata and its connections' passwords.",
    severity="medium",
    level="mandatory",
    why="Table names, columns and statistics tell of the data, and a connection's password opens the database.",
    fix="Set catalogEncryptionMode to SSE-KMS and returnConnectionPasswordEncrypted to true",
    source=(f"{_GUIDE}encrypt-glue-data-catalog.html", f"{_GUIDE}encrypt-connection-passwords.html"),
)
def catalog_encryption(it: Resource, use: Use) -> Iterator[Verdict]:
    """SSE-KMS-WITH-SERVICE-ROLE is SSE-KMS for callers who may not use the key themselves; other tools miss it."""
    settings = "dataCatalogEncryptionSettings"
    yield it.one_of(f"{settings}.encryptionAtRest.catalogEncryptionMode", ("SSE-KMS", "SSE-KMS-WITH-SERVICE-ROLE"),
                    default="DISABLED")  # fmt: skip
    yield it.equals(f"{settings}.connectionPasswordEncryption.returnConnectionPasswordEncrypted", True, default=False)


@resource_rule(
    "glue-connection-ssl",
    on=[CONNECTION],
    title="Glue connections enforce TLS and hold no password.",
    severity="medium",
    level="mandatory",
    why="Without TLS training data cross the network in clear; a password in the catalog is read by whoever reads it.",
    fix="Set JDBC_ENFORCE_SSL to true and SECRET_ID to a secret's name instead of USERNAME and PASSWORD",
    source="https://docs.aws.amazon.com/glue/latest/webapi/API_ConnectionInput.html",
)
def connection_tls(it: Resource, use: Use) -> Iterator[Verdict]:
    """JDBC connections don't enforce TLS unless told, Kafka ones do; the other types know no such property. A password
    is one whether its value is known or not, unless it is what Glue encrypted itself."""
    kind = it.get("connectionType", "JDBC")
    if kind == "JDBC":
        yield it.holds("connectionProperties.JDBC_ENFORCE_SSL", _is_true, 'must be "true"', default="false")
    elif kind == "KAFKA":
        yield it.holds("connectionProperties.KAFKA_SSL_ENABLED", _is_true, 'must be "true"', default="true")
    for name, value in it.get("connectionProperties", {}).items():
        if name.endswith("PASSWORD"):
            if not name.startswith("ENCRYPTED_"):
                yield it.fails(f"connectionProperties.{name}", "is a password", key=name)
        elif is_unknown(value):
            yield not_evaluated(it.path(f"connectionProperties.{name}"))
        else:
            for found in named(name, str(value)):
                yield it.fails(f"connectionProperties.{name}", f"holds {found}", key=name)
    password = "authenticationConfiguration.basicAuthenticationCredentials.password"  # noqa: S105 -- a path
    if it.present(password):
        yield it.fails(password, "is a password")


def _is_true(value: Any) -> bool:
    return str(value).lower() == "true"


@resource_rule(
    "glue-ml-transform-encrypted",
    on=[ML_TRANSFORM],
    title="Glue's machine learning transforms are encrypted with a key.",
    severity="low",
    level="advisory",
    why="A transform keeps labels and a model that are made from your records.",
    fix="Declare it with aws-native and transformEncryption in mode SSE-KMS, or do without it",
    source="https://docs.aws.amazon.com/glue/latest/webapi/API_TransformEncryption.html",
)
def ml_transform_encrypted(it: Resource, use: Use) -> Iterator[Verdict]:
    """The `aws` provider has no property for it, so a transform of its making never is."""
    yield it.equals("transformEncryption.mlUserDataEncryption.mlUserDataEncryptionMode", "SSE-KMS", default="DISABLED")


@stack_rule(
    "glue-data-quality-ruleset",
    on=[TABLE],
    title="Tables of training data have a data quality ruleset.",
    severity="low",
    level="advisory",
    category="ml-governance",
    why="A model learns from whatever a broken source delivered, and nobody notices before it decides.",
    fix="Add a DataQualityRuleset for the table",
    source=f"{_GUIDE}glue-data-quality.html",
    settings={
        "not_training_data": {
            "type": "array",
            "items": {"type": "string"},
            "default": ["cloudtrail", "vpcflow", "elb", "s3access", "cloudfront", "waf"],
            "description": "Values of a table's parameter classification that are logs rather than training data.",
        }
    },
)
def data_quality_ruleset(it: Resource, stack: Stack, use: Use) -> Iterator[Verdict]:
    """Nothing in Glue says what a table is used for: every table counts but views, links to other tables and those
    classified as logs. The ruleset names the table in `targetTable`."""
    if it.get("tableType") == "VIRTUAL_VIEW" or it.present("targetTable"):
        yield not_applicable("it has no data of its own")
    elif it.get("parameters.classification") in use["not_training_data"]:
        yield not_applicable("it is a table of logs")
    elif not any(_same_database(it, ruleset) for ruleset in stack.referring(it, RULESET, by="targetTable.tableName")):
        yield it.fails("", "the table has no data quality ruleset")


def _same_database(table: Resource, ruleset: View) -> bool:
    """Whether a ruleset is about a table's database; an unknown name may be."""
    names = [*listed(table.raw("databaseName")), *listed(ruleset.raw("targetTable.databaseName"))]
    return len(set(names)) == 1 or any(is_unknown(name) for name in names)
