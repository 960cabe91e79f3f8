"""Step Functions: logs, traces, keys, and what definitions hold."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from mlops_policies import credentials, values
from mlops_policies.remedies_messaging import traced_state_machine
from mlops_policies.resource import Resource
from mlops_policies.risk import DATA_CLASS, data_class
from mlops_policies.rule import Use, resource_rule
from mlops_policies.values import Malformed, UnknownValue, has_unknown, texts
from mlops_policies.verdicts import Verdict, each, not_applicable

STATE_MACHINE = "aws:sfn/stateMachine:StateMachine"
_GUIDE = "https://docs.aws.amazon.com/step-functions/latest/dg"
_OPEN = ("public", "internal")


@resource_rule(
    "sfn-logging",
    on=[STATE_MACHINE],
    title="State machines log their executions, without personal data.",
    severity="medium",
    level="mandatory",
    why="Without logs nobody can show what an execution did; Express executions keep no history at all. With execution "
    "data on, what is in the data is in the logs.",
    fix="Set loggingConfiguration with a destination and the level ALL or ERROR, and includeExecutionData to false",
    source=f"{_GUIDE}/cw-logs.html",
    settings=DATA_CLASS,
)
def logging(it: Resource, use: Use) -> Iterator[Verdict]:
    """Absent means OFF. FATAL leaves out the errors that a machine catches. Execution data must be off only where a tag
    calls the data confidential or restricted.
    """
    yield it.one_of("loggingConfiguration.level", ("ALL", "ERROR"), default="OFF")
    if not it.present("loggingConfiguration.logDestination"):
        native = it.token.startswith("aws-native:")
        yield it.fails(f"loggingConfiguration.{'destinations' if native else 'logDestination'}", "must be given")
    if data_class(it, use) in ("confidential", "restricted"):
        yield it.equals("loggingConfiguration.includeExecutionData", False, default=False)


@resource_rule(
    "sfn-tracing",
    on=[STATE_MACHINE],
    title="State machines are traced.",
    severity="low",
    level="advisory",
    category="reliability",
    why="Without traces nobody can tell which of the services that a machine calls was slow or failed.",
    fix="Set tracingConfiguration.enabled to true",
    source=f"{_GUIDE}/concepts-xray-tracing.html",
    remedy=traced_state_machine,
)
def tracing(it: Resource, use: Use) -> Iterator[Verdict]:
    """Off where nothing is said."""
    yield it.equals("tracingConfiguration.enabled", True, default=False)


@resource_rule(
    "sfn-cmk",
    on=[STATE_MACHINE],
    title="State machines encrypt what they keep with a key of one's own.",
    severity="medium",
    level="advisory",
    why="Execution history holds the inputs and outputs of every step; under AWS's key you can neither refuse nor "
    "audit its decryption.",
    fix="Set encryptionConfiguration with CUSTOMER_MANAGED_KMS_KEY and a key",
    source=f"{_GUIDE}/encryption-at-rest.html",
    settings=DATA_CLASS,
)
def cmk(it: Resource, use: Use) -> Iterator[Verdict]:
    """Not where a tag calls the data public or internal; where no tag says so, they may be restricted."""
    if data_class(it, use) in _OPEN:
        yield not_applicable("its data are not restricted")
        return
    yield it.equals("encryptionConfiguration.type", "CUSTOMER_MANAGED_KMS_KEY", default="AWS_OWNED_KEY")
    yield it.requires("encryptionConfiguration.kmsKeyId")


@resource_rule(
    "sfn-no-secrets",
    on=[STATE_MACHINE],
    title="Definitions of state machines hold no credentials.",
    severity="high",
    level="mandatory",
    why="A definition can be read by everybody who may see the machine, and its history repeats it for each execution.",
    fix="Read the credential from Secrets Manager in the step that needs it",
    source="https://docs.aws.amazon.com/secretsmanager/latest/userguide/best-practices.html",
)
def no_secrets(it: Resource, use: Use) -> Iterator[Verdict]:
    """Every text of the definition under its name, and native substitutions; a definition in S3 can't be seen."""
    given = [path for path in ("definition", "definitionSubstitutions") if it.present(path)]
    if not given:
        yield not_applicable("its definition is in S3")
    yield from each(given, lambda path: _credentials(it, path))


def _credentials(it: Resource, path: str) -> Iterator[Verdict]:
    for place, text in texts(_told(it, path)):
        for kind in credentials.named(place, text):
            yield it.fails(path, f"holds {kind} ({place})", key=place)
    if has_unknown(it.raw(path)):
        raise UnknownValue(it.path(path))


def _told(it: Resource, path: str) -> Any:
    value = it.raw(path)
    try:
        return values.document(value, path)
    except (Malformed, UnknownValue):
        # What is no JSON as a whole, such as a template, is searched as it stands.
        return value
