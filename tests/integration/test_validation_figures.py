"""How much of what can go wrong the embedded account refuses; the figures stand in docs/reference/validation.md."""

from __future__ import annotations

from collections import Counter

import pytest
from tests.support.estates import Standing, standing
from tests.support.injection import KINDS, candidates, caught, sample
from tests.support.reference_docs import assert_current

from mlops_estate.embedded.driver.table import table
from mlops_estate.embedded.validation import service_model
from mlops_estate.embedded.validation.patterns import unusable_patterns

FAULTS, SEED, WANTED = 1500, 20261123, 0.97
pytestmark = pytest.mark.xdist_group("prod-estate")


@pytest.fixture(scope="module")
def estate():
    with standing("prod") as found:
        yield found


def test_no_resource_of_the_estate_is_refused_without_fault(estate: Standing):
    assert len(estate.requests) > 100
    alarms = {request.urn: estate.driver.check(request) for request in estate.requests}
    assert {urn: faults for urn, faults in alarms.items() if faults} == {}


def test_injected_faults_are_refused_by_their_path(estate: Standing):
    requests = sorted(estate.requests, key=lambda request: request.urn)  # registrations come in no fixed order
    faults = [fault for request in requests for fault in candidates(estate.driver, request)]
    chosen = sample(faults, FAULTS, SEED)
    refused, injected = Counter(), Counter()
    missed = []
    for fault in chosen:
        good, said = caught(estate.driver, fault)
        injected[fault.kind] += 1
        refused[fault.kind] += good
        if not good:
            missed.append((fault.kind, fault.request.urn, fault.path, [item.where for item in said]))
    assert len(chosen) == FAULTS
    assert set(injected) == set(KINDS)
    assert sum(refused.values()) / FAULTS >= WANTED, missed
    assert_current("validation.md", "figures", _table(refused, injected, len(faults)))


def test_every_pattern_of_the_services_in_use_can_be_run():
    services = sorted({row.service for row in table().values()})
    unusable = {service: unusable_patterns(service_model(service)) for service in services}
    assert {service: patterns for service, patterns in unusable.items() if patterns} == {}


def _table(refused: Counter[str], injected: Counter[str], possible: int) -> str:
    total = sum(refused.values())
    lines = ["| fault | injected | refused, by the right path |", "| --- | ---: | ---: |"]
    lines += [
        f"| {kind} | {injected[kind]} | {refused[kind]} ({refused[kind] / injected[kind]:.1%}) |" for kind in KINDS
    ]
    lines.append(f"| **all** | **{FAULTS}** | **{total} ({total / FAULTS:.1%})** |")
    summary = f"Of {possible} possible single faults in the resources of `prod`, {FAULTS} were drawn with a fixed seed:"
    return "\n".join([summary, "", *lines])
