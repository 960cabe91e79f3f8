"""Objects: half of them deleted, half overwritten, in every bucket that is backed up; and the endpoints they serve."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

from mlops_estate.drill import compare, timed
from mlops_estate.drill.clock import moment
from mlops_estate.drill.report import Rehearsal
from mlops_pipelines.recovery import restore_objects

if TYPE_CHECKING:
    from mlops_estate.up import UpReport
    from mlops_estate.up.session import EstateSession


def rehearse(session: EstateSession, stood: UpReport) -> list[Rehearsal]:
    """Lose and restore the objects of each bucket in `recovery.buckets`, then ask every endpoint again."""
    buckets = session.applied().stack_outputs["buckets"]
    done = [_rehearse(session, buckets[name], stood) for name in session.environment.config.estate.recovery.buckets]
    endpoints = Rehearsal("endpoints", "of every model", "the artefacts they serve from", "the objects above")
    before = {model.endpoint: model.sample_prediction for model in stood.models if model.version}
    endpoints.damaged = sum(item.what == buckets["models"] and item.damaged > 0 for item in done) and len(before)
    after = {endpoint: answer for endpoint, answer in asked(session, stood).items() if answer is not None}
    compare(endpoints, before, after)
    endpoints.notes.append("in AWS an endpoint serves from its instances' copies, until one of them is replaced")
    return [*(item for item in done if item.items), *([endpoints] if before else [])]


def _rehearse(session: EstateSession, bucket: str, stood: UpReport) -> Rehearsal:
    s3 = session.inside("s3")
    done = Rehearsal(
        "bucket",
        bucket,
        "every other object deleted, the rest overwritten",
        "restore_objects, from the versions that the bucket kept",
    )
    before = digests(s3, bucket)
    as_of = moment()
    with session.phase("lose"):
        for number, key in enumerate(before):
            if number % 2:
                s3.put_object(Bucket=bucket, Key=key, Body=b"overwritten by a drill")
            else:
                s3.delete_object(Bucket=bucket, Key=key)
            session.progress(f"{bucket}: objects lost", number + 1, len(before))
    damaged = digests(s3, bucket)
    done.damaged = sum(damaged.get(key) != digest for key, digest in before.items())
    done.notes += [
        f"meanwhile {name} did not answer" for name, answer in asked(session, stood).items() if answer is None
    ]
    with session.phase("restore"), timed(lambda seconds: setattr(done, "restore_seconds", seconds)):
        restored = restore_objects(
            s3, bucket, as_of, on_object=lambda number: session.progress(f"{bucket}: objects back", number, len(before))
        )
    done.notes.append(f"{len(restored.undeleted)} undeleted, {len(restored.brought_back)} brought back")
    compare(done, before, digests(s3, bucket))
    return done


def digests(s3: Any, bucket: str) -> dict[str, str]:
    """Return the SHA-256 of every object, by key."""
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket)
    keys = [item["Key"] for page in pages for item in page.get("Contents", [])]
    return {key: hashlib.sha256(s3.get_object(Bucket=bucket, Key=key)["Body"].read()).hexdigest() for key in keys}


def asked(session: EstateSession, stood: UpReport) -> dict[str, str | None]:
    """Return what each endpoint answers its model's first record, None where it doesn't."""
    from copy import copy

    from mlops_estate.up.live import ask_endpoint
    from mlops_estate.up.session import HalfWay

    answers: dict[str, str | None] = {}
    for model in stood.models:
        if not model.version:
            continue
        own = copy(model)
        try:
            ask_endpoint(session, own)
            answers[own.endpoint] = own.sample_prediction
        except HalfWay:
            answers[model.endpoint] = None
    return answers
