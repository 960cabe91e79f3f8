"""Champion: find the newest approved version of the model, and bring its archive and its data.

Facts: `model_package_group` (name, or the ARN where it is another account's), `execution` (this run's ARN, by which a
champion of another account is known), `region` (default: the environment's).
Writes model.tar.gz and data.csv of the champion, where there are any, and champion.json.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any

from mlops_pipelines.governance import aws, champion
from mlops_pipelines.steps import shell as shells
from mlops_pipelines.steps.shell import Shell, StepFault


def assess(shell: Shell) -> dict[str, Any]:
    """Write the champion's files and champion.json. Raises `StepFault` where registry or archive can't be trusted."""
    group = shell.facts.get("model_package_group")
    if not group:
        raise StepFault("the fact model_package_group is missing: --fact model_package_group=NAME or its ARN")
    region = shell.facts.get("region")
    found = champion.registered(aws.client("sagemaker", region), group)
    document = champion.document(found)
    best = champion.champion_of(found)
    if best is not None:
        files, notes = champion.fetch(
            aws.client("s3", region), best, shell.output / "champion", shell.facts.get("execution", "")
        )
        document = {**document, "files": files, "notes": [*document["notes"], *notes]}
    shell.write("champion", "champion.json", document)
    return {key: document[key] for key in ("status", "package_arn", "version", "notes")}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the step from the command line."""
    return shells.run(__doc__, assess, arguments)


if __name__ == "__main__":
    sys.exit(main())
