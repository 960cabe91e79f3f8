"""Data catalogue: a Glue database, the tables over a model's raw data, and the catalogue's encryption."""

from typing import Any, NotRequired, TypedDict

import pulumi
from pulumi_aws import glue

from mlops_components.documents import join_s3_uri
from mlops_components.validation import Checker

CATALOG_ENCRYPTION = ("create", "existing", "off")
# Hive types of CSV columns that Athena's OpenCSVSerDe reads.
COLUMN_TYPES = ("string", "int", "bigint", "double", "boolean")


class ColumnDefinition(TypedDict):
    """One column of a table."""

    name: str
    """Name of the column, lower case."""
    type: str
    """string, int, bigint, double or boolean."""


class TableDefinition(TypedDict):
    """One table over CSV files with a header line."""

    name: str
    """Name of the table, lower case; unique in the database."""
    key_prefix: str
    """Folder of the raw bucket that holds the files, such as `mortgage-approval`."""
    columns: list[ColumnDefinition]
    """Columns in the order of the files."""


class DataCatalogArgs(TypedDict):
    """Inputs of `DataCatalog`."""

    prefix: str
    """Start of every name of the environment; the database is `{prefix}` with underscores."""
    account: str
    """AWS account id of the environment, 12 digits: its catalogue holds the database."""
    raw_bucket: pulumi.Input[str]
    """Name of the bucket of raw data."""
    tables: NotRequired[list[TableDefinition]]
    """Tables over the raw data. Default: none."""
    catalog_encryption: NotRequired[str]
    """Encryption of the account's whole catalogue, of which there is one: create (set it here), existing (another
    stack does) or off. Default: existing."""
    catalog_key_arn: NotRequired[pulumi.Input[str]]
    """ARN of the KMS key of the catalogue; required when `catalog_encryption` is create."""


class DataCatalog(pulumi.ComponentResource):
    """A Glue database with a table for each model's raw data."""

    database_name: pulumi.Output[str]
    """Name of the database."""
    database_arn: pulumi.Output[str]
    """ARN of the database."""

    def __init__(self, name: str, args: DataCatalogArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        check = Checker("DataCatalog", name, args, DataCatalogArgs)
        _check(check)
        check.finish()
        super().__init__("mlops:index:DataCatalog", name, {**args}, opts)
        child = pulumi.ResourceOptions(parent=self)
        if args.get("catalog_encryption") == "create":
            _encrypt_catalog(name, args, child)
        database = glue.CatalogDatabase(
            name,
            name=database_name(args["prefix"]),
            catalog_id=args["account"],
            description=f"Data of {args['prefix']}",
            opts=child,
        )
        for table in args.get("tables") or ():
            glue.CatalogTable(
                f"{name}-{table['name']}",
                name=table["name"],
                database_name=database.name,
                catalog_id=args["account"],
                description=f"Raw data under {table['key_prefix']}/",
                table_type="EXTERNAL_TABLE",
                parameters={"classification": "csv", "skip.header.line.count": "1", "EXTERNAL": "TRUE"},
                storage_descriptor=_storage(args["raw_bucket"], table),
                opts=child,
            )
        self.database_name = database.name
        self.database_arn = database.arn
        self.register_outputs({"database_name": self.database_name, "database_arn": self.database_arn})


def database_name(prefix: str) -> str:
    """Return the Glue database of an environment: Athena takes no hyphens."""
    return prefix.replace("-", "_")


def _encrypt_catalog(name: str, args: DataCatalogArgs, opts: pulumi.ResourceOptions) -> None:
    key = args["catalog_key_arn"]
    glue.DataCatalogEncryptionSettings(
        f"{name}-encryption",
        catalog_id=args["account"],
        data_catalog_encryption_settings={
            "encryption_at_rest": {"catalog_encryption_mode": "SSE-KMS", "sse_aws_kms_key_id": key},
            "connection_password_encryption": {"return_connection_password_encrypted": True, "aws_kms_key_id": key},
        },
        opts=opts,
    )


def _storage(bucket: pulumi.Input[str], table: TableDefinition) -> Any:
    return {
        "location": pulumi.Output.from_input(bucket).apply(lambda known: join_s3_uri(known, table["key_prefix"]) + "/"),
        "input_format": "org.apache.hadoop.mapred.TextInputFormat",
        "output_format": "org.apache.hadoop.hive.ql.io.HiveIgnoreKeyTextOutputFormat",
        "columns": [{"name": column["name"], "type": column["type"]} for column in table["columns"]],
        "ser_de_info": {
            "name": "csv",
            "serialization_library": "org.apache.hadoop.hive.serde2.OpenCSVSerde",
            "parameters": {"separatorChar": ",", "quoteChar": '"'},
        },
    }


def _check(check: Checker[DataCatalogArgs]) -> None:
    check.one_of("catalog_encryption", CATALOG_ENCRYPTION)
    check.arn("catalog_key_arn", "kms")
    if check.plain("catalog_encryption") == "create" and "catalog_key_arn" not in check.args:
        check.fault("catalog_key_arn", None, "is required when catalog_encryption is create", "give a key")
    if prefix := check.plain("prefix"):
        check.aws_name("prefix", database_name(prefix), "database")
    tables = check.plain("tables") or []
    for index, table in enumerate(tables):
        path = f"tables[{index}]"
        check.name_fault(f"{path}.name", table["name"], "table")
        if not table["columns"]:
            check.fault(f"{path}.columns", [], "needs at least one column", "list the columns of the file")
        for position, column in enumerate(table["columns"]):
            if column["type"] not in COLUMN_TYPES:
                known = ", ".join(COLUMN_TYPES)
                check.fault(f"{path}.columns[{position}].type", column["type"], f"must be one of {known}", "use string")
        check.unique(f"{path}.columns", [column["name"] for column in table["columns"]])
    check.unique("tables", [table["name"] for table in tables])
