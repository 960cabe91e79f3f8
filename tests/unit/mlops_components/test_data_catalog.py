"""Data catalogue: a database, tables over raw data, encryption only where asked."""

from __future__ import annotations

import pytest
from tests.support.components import arguments, bucket, deployed, faults, only

TABLE = arguments("DataCatalog", "prod")["tables"][0]


def test_a_table_reads_the_models_folder_of_the_raw_bucket():
    nodes = deployed("DataCatalog", arguments("DataCatalog", "prod"))
    table = only(nodes, "it-mortgage_approval").inputs
    assert table["storageDescriptor"]["location"] == f"s3://{bucket('raw', 'prod')}/mortgage-approval/"
    assert table["storageDescriptor"]["columns"] == [{"name": "deny", "type": "int"}]
    assert table["parameters"]["skip.header.line.count"] == "1"
    assert table["databaseName"] == "mlops_prod"


@pytest.mark.parametrize("mode", ["existing", "off", None])
def test_the_accounts_catalogue_is_left_alone_unless_asked(mode):
    args = {**arguments("DataCatalog", "dev"), **({"catalog_encryption": mode} if mode else {})}
    assert not [tail for tail in deployed("DataCatalog", args) if "EncryptionSettings" in tail]


@pytest.mark.parametrize(
    ("changes", "path", "rule"),
    [
        ({"catalog_encryption": "yes"}, "catalog_encryption", "must be one of create, existing, off"),
        ({"catalog_encryption": "create"}, "catalog_key_arn", "is required when catalog_encryption is create"),
        ({"tables": [{**TABLE, "name": "Mortgage-Approval"}]}, "tables[0].name", "Glue table names match"),
        ({"tables": [{**TABLE, "columns": []}]}, "tables[0].columns", "needs at least one column"),
        (
            {"tables": [{**TABLE, "columns": [{"name": "a", "type": "text"}]}]},
            "tables[0].columns[0].type",
            "must be one of string",
        ),
        ({"tables": [TABLE, TABLE]}, "tables", "is given twice"),
        ({"raw_bucket": None}, "raw_bucket", "DataCatalogArgs requires it"),
    ],
)
def test_bad_arguments_are_refused_before_anything_is_registered(changes, path, rule):
    found = faults("DataCatalog", **changes)
    assert list(found) == [path]
    assert found[path].startswith(rule)
