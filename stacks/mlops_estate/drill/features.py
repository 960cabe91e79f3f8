"""The online store: records deleted for good and overwritten with a later event time; rebuilt from the offline one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from mlops_estate.drill import compare, timed
from mlops_estate.drill.clock import moment
from mlops_estate.drill.report import Rehearsal
from mlops_pipelines.recovery import describe_group, offline_rows, rebuild_online_store
from mlops_pipelines.recovery.features import MOST_AT_ONCE, FeatureGroup, online_records

if TYPE_CHECKING:
    from mlops_estate.up import UpReport
    from mlops_estate.up.session import EstateSession

WRONG_TIME = "2100-01-01T00:00:00Z"
"""The event time of wrong records: later than any real one, so that writing the right ones again wouldn't help."""


def rehearse(session: EstateSession, stood: UpReport) -> list[Rehearsal]:
    """Lose and rebuild the online store of every model that has one."""
    models = session.environment.config.models
    return [_rehearse(session, model.name) for model in stood.models if models[model.name].features.online]


def _rehearse(session: EstateSession, name: str) -> Rehearsal:
    runtime = session.account.client("sagemaker-featurestore-runtime")
    s3 = session.inside("s3")
    outputs = session.applied().stack_outputs["models"][name]
    group = describe_group(session.account.client("sagemaker"), outputs["feature_group"])
    done = Rehearsal(
        "online store",
        group.name,
        "every fourth record deleted for good, every other fourth overwritten with a later event time",
        "rebuild_online_store, from the offline store as of before",
    )
    identifiers = sorted({str(row[group.identifier]) for row in offline_rows(s3, group.offline_uri)})
    before = _online(runtime, group, identifiers)
    as_of = moment()
    with session.phase("lose"):
        done.damaged = _lose(session, runtime, group, before)
    with session.phase("restore"), timed(lambda seconds: setattr(done, "restore_seconds", seconds)):
        rebuilt = rebuild_online_store(
            runtime,
            group,
            offline_rows(s3, group.offline_uri),
            as_of=as_of,
            on_record=lambda number, total: session.progress(f"{name}: records back online", number, total),
        )
    done.notes.append(f"{rebuilt.written:,} records written, {rebuilt.unchanged:,} left as they stood")
    compare(done, before, _online(runtime, group, identifiers))
    return done


def _online(runtime: Any, group: FeatureGroup, identifiers: list[str]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for start in range(0, len(identifiers), MOST_AT_ONCE):
        found |= online_records(runtime, group.name, identifiers[start : start + MOST_AT_ONCE])
    return found


def _lose(session: EstateSession, runtime: Any, group: FeatureGroup, records: Mapping[str, Mapping[str, str]]) -> int:
    damaged = 0
    for number, (identifier, record) in enumerate(records.items(), 1):
        if number % 2:
            continue
        damaged += 1
        if number % 4:
            runtime.delete_record(
                FeatureGroupName=group.name,
                RecordIdentifierValueAsString=identifier,
                EventTime=WRONG_TIME,
                DeletionMode="HardDelete",
            )
        else:
            wrong = {group.identifier: record[group.identifier], group.event_time: WRONG_TIME}
            values = [{"FeatureName": key, "ValueAsString": value} for key, value in wrong.items()]
            runtime.put_record(FeatureGroupName=group.name, Record=values)
        session.progress(f"{group.name}: records lost", number, len(records))
    return damaged
