"""Mask: make the copy of raw records that other environments may have, by the rules in `masking.json`.

Inputs: `data` (raw *.csv); `settings.json`, `schema.json` and `masking.json` in the folder of the code. The key of the
pseudonyms comes from Secrets Manager (fact `secret_arn`). Output: `masked` (data.csv, schema.json, masking.json): the
copy, the schema that it passes and trains with, and a report of methods, counts and checksums without any value. It is
no step of the training pipeline: it runs where the original is, as the role that alone may write the copy.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from mlops_pipelines.masking import MaskingFaults, read_rules
from mlops_pipelines.masking.pseudonyms import KeyRefused, decode_key
from mlops_pipelines.steps import shell
from mlops_pipelines.steps.shell import Shell, StepFault

OUTPUT = "masked"


def mask(given: Shell, code: Path, client: Any = None) -> Mapping[str, Any]:
    """Make the copy and return how many records and columns it has; `client` is boto3's of Secrets Manager."""
    from mlops_pipelines.data.reading import read_raw
    from mlops_pipelines.features.schema import Schema
    from mlops_pipelines.masking.copying import masked_copy

    try:
        schema = Schema.of(given.schema)
        rules = read_rules(json.loads((code / "masking.json").read_text(encoding="utf-8")), schema)
    except OSError as error:
        raise StepFault(f"the code holds no masking.json: {error}") from error
    except MaskingFaults as faults:
        raise StepFault(str(faults)) from faults
    except ValueError as error:
        raise StepFault(f"the code holds no usable masking.json and schema.json: {error}") from error
    key, version = _key(given, client)
    raw = read_raw(given.input / "data", schema)
    made = masked_copy(raw, schema, rules, key, model=given.settings.model, key_version=version)
    folder = given.output / OUTPUT
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "data.csv").write_bytes(made.csv)
    given.write(OUTPUT, "schema.json", made.schema)
    given.write(OUTPUT, "masking.json", made.report)
    return {"records": made.report["records"], "columns": len(made.schema["columns"]), "key_version": version}


def _key(given: Shell, client: Any) -> tuple[bytes, str]:
    """Return the current key and its version. Neither the key nor a part of it is ever printed."""
    import boto3
    from botocore.exceptions import BotoCoreError, ClientError

    arn = given.facts.get("secret_arn", "")
    if arn.count(":") < 6:
        raise StepFault(f"--fact secret_arn={arn!r} is no ARN of a secret; name the one of the pseudonyms' key")
    try:
        client = client or boto3.client("secretsmanager", region_name=arn.split(":")[3])
        found = client.get_secret_value(SecretId=arn)
        return decode_key(found.get("SecretString", "")), str(found["VersionId"])
    except (BotoCoreError, ClientError) as error:
        raise StepFault(f"the secret {arn} cannot be read: {error}") from error
    except KeyRefused as error:
        raise StepFault(f"the secret {arn} is of no use: {error}") from error


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the step from the command line."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    code = Path(given[given.index("--code") + 1]) if "--code" in given[:-1] else Path()
    return shell.run(__doc__, lambda found: mask(found, code), given)


if __name__ == "__main__":
    sys.exit(main())
