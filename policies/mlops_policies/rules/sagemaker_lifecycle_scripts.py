"""Scripts that run when a notebook instance or a Studio app starts: no credentials in them."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator

from mlops_policies import credentials
from mlops_policies.resource import Resource
from mlops_policies.rule import Use, resource_rule
from mlops_policies.verdicts import Verdict, each, not_applicable

NOTEBOOK_SCRIPTS = "aws:sagemaker/notebookInstanceLifecycleConfiguration:NotebookInstanceLifecycleConfiguration"
STUDIO_SCRIPT = "aws:sagemaker/studioLifecycleConfig:StudioLifecycleConfig"
_WHY = "Whoever may describe the configuration, or read the stack's state, reads the script and what is written in it."
_FIX = "Let the script read the secret from Secrets Manager, by the role that it runs with"


@resource_rule(
    "sm-notebook-lifecycle-no-secrets",
    on=[NOTEBOOK_SCRIPTS],
    title="Scripts of notebook instances hold no credentials.",
    severity="high",
    level="mandatory",
    why=_WHY,
    fix=_FIX,
    source="https://docs.aws.amazon.com/sagemaker/latest/dg/notebook-lifecycle-config.html",
)
def notebook_scripts(it: Resource, use: Use) -> Iterator[Verdict]:
    """The scripts are read out of their base64; which credentials are known, `mlops_policies.credentials` tells."""
    given = [path for path in ("onCreate", "onStart") if it.present(path)]
    if not given:
        yield not_applicable("it has no script")
    yield from each(given, lambda path: _credentials(it, path))


@resource_rule(
    "sm-studio-lifecycle-no-secrets",
    on=[STUDIO_SCRIPT],
    title="Scripts of Studio hold no credentials.",
    severity="high",
    level="mandatory",
    why=_WHY,
    fix=_FIX,
    source="https://docs.aws.amazon.com/sagemaker/latest/dg/studio-lcc.html",
)
def studio_script(it: Resource, use: Use) -> Iterator[Verdict]:
    """As for notebook instances, of which alone other tools read the scripts."""
    yield from _credentials(it, "studioLifecycleConfigContent")


def _credentials(it: Resource, path: str) -> Iterator[Verdict]:
    for kind in credentials.find(_decoded(it.get(path, ""))):
        yield it.fails(path, f"holds {kind}", key=kind)


def _decoded(script: str) -> str:
    """Return a script out of its base64; what is none is read as it stands."""
    try:
        return base64.b64decode(script, validate=True).decode(errors="replace")
    except binascii.Error:
        return script
