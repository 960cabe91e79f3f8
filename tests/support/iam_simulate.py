"""Another evaluator of IAM policies, @cloud-copilot/iam-simulate, run as a process of its own where it is installed."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from mlops_estate.embedded.iam import Policies, Request, Statement

FOLDER = "MLOPS_IAM_SIMULATE"
SCRIPT = Path(__file__).parent / "node" / "iam_simulate.cjs"


def required() -> None:
    """Skip the test, with the reason, where the other evaluator is not installed."""
    folder = os.environ.get(FOLDER)
    if not folder or not (Path(folder) / "@cloud-copilot" / "iam-simulate").is_dir():
        pytest.skip(f"{FOLDER} names no node_modules folder with @cloud-copilot/iam-simulate")
    if shutil.which("node") is None:
        pytest.skip("node is not on PATH")


def verdicts(cases: Sequence[tuple[Request, Policies]]) -> list[dict[str, Any]]:
    """Return the other evaluator's verdict on each case."""
    simulations = [_simulation(request, policies) for request, policies in cases]
    done = subprocess.run(
        ["node", str(SCRIPT)], input=json.dumps(simulations), capture_output=True, text=True, check=True, timeout=600
    )
    answered: list[dict[str, Any]] = json.loads(done.stdout)
    return answered


def _simulation(request: Request, policies: Policies) -> dict[str, Any]:
    made: dict[str, Any] = {
        "request": {
            "principal": request.principal,
            "action": request.action,
            "resource": {"resource": request.resource, "accountId": request.owner_account},
            "contextVariables": dict(request.context),
        },
        "identityPolicies": [_named(f"p{index}", document) for index, document in enumerate(policies.identity)],
        "serviceControlPolicies": [],
        "resourceControlPolicies": [],
    }
    if policies.boundary is not None:
        made["permissionBoundaryPolicies"] = [_named("boundary", policies.boundary)]
    if policies.session is not None:
        made["sessionPolicy"] = _read(policies.session)
    if policies.resource is not None:
        made["resourcePolicy"] = _read(policies.resource)
    return made


def _named(name: str, document: Any) -> dict[str, Any]:
    return {"name": name, "policy": _read(document)}


def _read(document: Any) -> Any:
    if isinstance(document, tuple):
        version = "2012-10-17" if all(statement.variables for statement in document) else "2008-10-17"
        return {"Version": version, "Statement": [_written(statement) for statement in document]}
    return json.loads(document) if isinstance(document, str) else document


def _written(statement: Statement) -> dict[str, Any]:
    """Return a statement as it stands in a document; without its Sid, which need not be the document's only one."""
    made: dict[str, Any] = {"Effect": "Allow" if statement.allows else "Deny"}
    elements = {
        "Action": statement.action, "NotAction": statement.not_action, "Resource": statement.resource,
        "NotResource": statement.not_resource, "Principal": statement.principal,
        "NotPrincipal": statement.not_principal, "Condition": statement.condition or None,
    }  # fmt: skip
    return made | {name: value for name, value in elements.items() if value is not None}
