"""Pulumi's state: broken, then deleted, in the bucket that the account's bootstrap declares."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from mlops_estate.drill import timed
from mlops_estate.drill.report import Rehearsal
from mlops_pipelines.recovery import NoSoundState, restore_state
from mlops_pipelines.recovery.state import state_key

if TYPE_CHECKING:
    from mlops_estate.graph import ResourceGraph
    from mlops_estate.up import UpReport
    from mlops_estate.up.session import EstateSession

PROJECT = "mlops-estate"


def rehearse(session: EstateSession, _stood: UpReport) -> list[Rehearsal]:
    """Stand the bootstrap up, keep a state with the estate's resources in its bucket, lose it and restore it."""
    s3 = session.account.client("s3")
    bucket = _bootstrap(session)
    key = state_key(PROJECT, session.environment.name)
    done = Rehearsal(
        "state", f"s3://{bucket}/{key}", "overwritten with half a document, then deleted",
        "restore_state, from the last sound version that the bucket kept",
    )  # fmt: skip
    body = json.dumps(checkpoint(session.applied(), session.environment.name)).encode()
    s3.put_object(Bucket=bucket, Key=key, Body=body)
    with session.phase("lose"):
        s3.put_object(Bucket=bucket, Key=key, Body=body[: len(body) // 2])
        s3.delete_object(Bucket=bucket, Key=key)
    done.items = done.damaged = 1
    with session.phase("restore"), timed(lambda seconds: setattr(done, "restore_seconds", seconds)):
        try:
            restored = restore_state(s3, bucket, key)
            done.notes.append(f"it knows {restored.resources} resources; {restored.passed_over} newer ones passed over")
        except NoSoundState as nothing:
            done.notes.append(str(nothing))
    if _read(s3, bucket, key) != body:
        done.lost = [f"{key}: differs"]
    done.notes.append("the document is made from the estate's graph: the embedded account has no Pulumi engine")
    return [done]


def checkpoint(graph: ResourceGraph, stack: str) -> dict[str, Any]:
    """Return the estate's resources in the form of Pulumi's checkpoint, version 3, of a DIY backend."""
    resources = [
        {"urn": node.urn, "custom": node.custom, "type": node.type, "id": node.id or ""}
        for node in graph.nodes.values()
    ]
    latest = {"manifest": {"magic": "", "version": ""}, "resources": resources}
    return {"version": 3, "checkpoint": {"stack": f"organization/{PROJECT}/{stack}", "latest": latest}}


def _read(s3: Any, bucket: str, key: str) -> bytes:
    from botocore.exceptions import ClientError

    try:
        return bytes(s3.get_object(Bucket=bucket, Key=key)["Body"].read())
    except ClientError as error:
        if error.response["Error"]["Code"] == "NoSuchKey":
            return b""
        raise


def _bootstrap(session: EstateSession) -> str:
    """Apply the bootstrap program beside the estate and return the name of the state bucket."""
    import pulumi

    from mlops_estate.bootstrap import declare
    from mlops_estate.embedded.driver import AwsDriver
    from mlops_estate.engine import run_program

    config = session.environment.config
    block = {
        "account": session.account.account_id,
        "region": config.estate.region,
        "estate_prefix": config.prefix,
        "repository": "example/estate",
        "branches": ["main"],
    }

    def program() -> None:
        pulumi.export("pulumi_login", declare(block)["pulumi_login"])

    with session.phase("bootstrap"):
        graph = run_program(
            program,
            stack=session.environment.name,
            config={},
            project="mlops-bootstrap",
            driver=AwsDriver(session.account, f"{session.environment.name}-bootstrap"),
        )
    # Of what `pulumi login` takes, the bucket.
    return str(graph.stack_outputs["pulumi_login"]).split("s3://")[1].split("?")[0]
