"""The roles of a training pipeline: one for each kind of job, and the pipeline's own, each with its own data alone."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pulumi
from pulumi_aws import iam

from mlops_components.cross_account import artefacts_elsewhere
from mlops_components.documents import policy
from mlops_components.execution_role import ExecutionRole

Texts = Mapping[str, pulumi.Output[str]]
JOBS = ("processing", "registry", "training", "signing", "verifying")
"""Kinds of jobs, each with a role `{prefix}-{model}-{kind}`."""


@dataclass(frozen=True)
class TrainingRoles:
    """Declares a pipeline's roles under one parent.

    `locations` are S3 URIs by the definition's names, `source_uri` is that of the code, `images` are the container of
    the training job (`training`) and of all others (`steps`).
    """

    base: str
    parent: pulumi.Resource
    args: Mapping[str, Any]
    locations: Texts
    source_uri: pulumi.Output[str]
    images: Texts

    def jobs(self) -> dict[str, ExecutionRole]:
        """Declare the roles of the jobs and return them by kind."""
        return {
            "processing": self._processing(),
            "registry": self._registry(),
            "training": self._training(),
            "signing": self._signatures("signing", "signature"),
            "verifying": self._signatures("verifying", "verification"),
        }

    def pipeline(self, pipeline_name: str, jobs: Mapping[str, ExecutionRole], definition_uri: Any) -> ExecutionRole:
        """Return the role that starts jobs and registers models; of all records it reads only what was counted of them.

        JsonGet reads property files as the pipeline (developer guide, IAM Access Management of Pipelines), and
        registration the artefact and metrics it names (managed policy AmazonSageMakerModelRegistryFullAccess).
        `definition_uri` is where the definition lies if not in the pipeline itself, else None.
        """
        places = [self._counted(), self.locations["reports_uri"], self.locations["models_uri"]]
        return self._role("pipeline", list(self.images.values()), {
            "read_uris": _all(*places, *([definition_uri] if definition_uri is not None else [])),
            "read_key_arns": _all(self.args["personal_key_arn"], self.args["models_key_arn"]),
            "model_package_group_arn": self.args["model_package_group_arn"],
            "pipeline_name": pipeline_name,
            "job_role_arns": _all(*(role.role_arn for role in jobs.values())),
        })  # fmt: skip

    def _processing(self) -> ExecutionRole:
        """Return the role that reads input, code and the model under test, and writes what it made of records.

        It calls no API but S3's, and what other roles vouch for is sealed against it: the champion, signatures, and
        what was verified of them.
        """
        at = self.locations
        return self._role("processing", [self.images["steps"]], {
            "read_uris": _all(at["input_data_uri"], self.source_uri, at["models_uri"]),
            "write_uris": _all(at["snapshot_uri"], at["reports_uri"]),
            "sealed_uris": _all(
                _of_runs(at["snapshot_uri"], "champion"), _of_runs(at["reports_uri"], "signature"),
                _of_runs(at["reports_uri"], "verification"),
            ),
            # The models key is that of the code, the model and the volumes.
            "key_arns": _all(self.args["personal_key_arn"], self.args["models_key_arn"]),
        })  # fmt: skip

    def _registry(self) -> ExecutionRole:
        """Return the role that looks up the champion: it reads versions, artefacts and the data they were made of.

        A champion may come from another environment: its artefact is read there, its data never is.
        """
        args, at = self.args, self.locations
        role = self._role("registry", [self.images["steps"]], {
            "read_uris": _all(self.source_uri, at["models_uri"], at["snapshot_uri"]),
            "write_uris": _all(_of_runs(at["snapshot_uri"], "champion")),
            "key_arns": _all(args["personal_key_arn"], args["models_key_arn"]),
            "model_package_group_arn": args["model_package_group_arn"],
        })  # fmt: skip
        accounts, prefixes = args.get("artefact_account_ids") or (), args.get("artefact_prefixes") or args["prefix"]
        if elsewhere := artefacts_elsewhere(accounts, prefixes, args["region"], f"{args['model']}/"):
            iam.RolePolicy(
                f"{self.base}-registry-artefacts",
                name="artefacts",
                role=role.role_name,
                policy=policy(elsewhere),
                opts=pulumi.ResourceOptions(parent=self.parent),
            )
        return role

    def _training(self) -> ExecutionRole:
        """Return the role that never sees the input: it reads snapshots of it, and writes no records."""
        at = self.locations
        return self._role("training", [self.images["training"]], {
            "read_uris": _all(at["snapshot_uri"], self.source_uri, _of_runs(at["reports_uri"], "search")),
            "write_uris": _all(at["models_uri"], at["checkpoints_uri"]),
            "key_arns": _all(self.args["models_key_arn"]),
            "read_key_arns": _all(self.args["personal_key_arn"]),
        })  # fmt: skip

    def _signatures(self, purpose: str, output: str) -> ExecutionRole:
        """Return the role that signs, or the one that verifies: of records both read only what was counted of them."""
        args, at = self.args, self.locations
        return self._role(purpose, [self.images["steps"]], {
            "read_uris": _all(self.source_uri, at["models_uri"], self._counted(), at["reports_uri"]),
            "write_uris": _all(_of_runs(at["reports_uri"], output)),
            "key_arns": _all(args["personal_key_arn"], args["models_key_arn"]),
            "signing_key_arn": args["signing_key_arn"],
        })  # fmt: skip

    def _counted(self) -> pulumi.Output[str]:
        return _of_runs(self.locations["snapshot_uri"], "snapshot/snapshot.json")

    def _role(self, purpose: str, images: list[pulumi.Output[str]], own: Mapping[str, Any]) -> ExecutionRole:
        args = self.args
        given: Any = {
            "prefix": args["prefix"],
            "account": args["account"],
            "region": args["region"],
            "role_suffix": f"{args['model']}-{purpose}",
            "purpose": purpose,
            "image_uris": _all(*images),
            **own,
        }
        return ExecutionRole(f"{self.base}-{purpose}-role", given, pulumi.ResourceOptions(parent=self.parent))


def _of_runs(prefix: pulumi.Output[str], folder: str) -> pulumi.Output[str]:
    """Return a folder of every execution: outputs lie at `{prefix}/{execution}/{name}`."""
    return prefix.apply(lambda known: f"{known}/*/{folder}")


def _all(*values: Any) -> pulumi.Output[list[str]]:
    return pulumi.Output.all(*values).apply(list)
