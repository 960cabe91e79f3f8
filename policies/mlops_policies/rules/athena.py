"""Athena workgroups."""

from __future__ import annotations

from collections.abc import Iterator

from mlops_policies.remedies_network import enforced_settings
from mlops_policies.resource import Resource
from mlops_policies.rule import Use, resource_rule
from mlops_policies.verdicts import Verdict

WORKGROUP = "aws:athena/workgroup:Workgroup"


@resource_rule(
    "athena-workgroup",
    on=[WORKGROUP],
    title="Athena workgroups enforce encrypted results and a limit of what a query scans.",
    severity="medium",
    level="mandatory",
    why="Whoever queries may otherwise write results unencrypted to any bucket, and one query may scan the whole lake.",
    fix="Enforce the workgroup's settings, encrypt results with KMS and set bytesScannedCutoffPerQuery",
    source=(
        "https://docs.aws.amazon.com/athena/latest/APIReference/API_WorkGroupConfiguration.html",
        "https://docs.aws.amazon.com/athena/latest/ug/workgroups-settings-override.html",
    ),
    remedy=enforced_settings,
)
def workgroup(it: Resource, use: Use) -> Iterator[Verdict]:
    """Settings are enforced unless switched off. CSE-KMS is a key as well. Results that Athena keeps itself need a key
    of their own. A Spark workgroup has neither settings to enforce nor scans to limit."""
    if str(it.get("configuration.engineVersion.selectedEngineVersion", "")).startswith("PySpark"):
        yield it.requires("configuration.customerContentEncryptionConfiguration.kmsKey")
        return
    yield it.equals("configuration.enforceWorkgroupConfiguration", True, default=True)
    managed = "configuration.managedQueryResultsConfiguration"
    if it.get(f"{managed}.enabled", False):
        yield it.requires(f"{managed}.encryptionConfiguration.kmsKey")
    else:
        yield it.one_of("configuration.resultConfiguration.encryptionConfiguration.encryptionOption",
                        ("SSE_KMS", "CSE_KMS"))  # fmt: skip
    yield it.requires("configuration.bytesScannedCutoffPerQuery")
