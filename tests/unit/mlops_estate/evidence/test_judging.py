"""Requirements as data: each names facts, rules and controls that there are; statuses follow from them."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from tests.support.evidence import bare, material

from mlops_estate.config import LoadedEnvironment
from mlops_estate.evidence import judging
from mlops_estate.evidence.judging import GAP, NOT_APPLICABLE, PARTLY, SHOWN, Item, assess, judge, requirement_sets
from mlops_estate.evidence.model import Material
from mlops_estate.evidence.pack import Prepared, prepare
from mlops_estate.evidence.run import RunRecord
from mlops_policies.framework_map import frameworks

TIERS = ("high", "limited", "minimal")


def item(people: str = "", tiers: tuple[str, ...] = TIERS, **checks: tuple[str, ...]) -> Item:
    return Item("X", "Title", "Asks", "Proof", checks, tiers, people)


def every_item() -> list[Item]:
    return [one for requirements in requirement_sets() for one in requirements.items]


def test_the_annex_is_there_point_by_point() -> None:
    (annex,) = (one for one in requirement_sets() if one.id == "annex-iv")
    points = [one.id for one in annex.items]
    assert points == [*(f"Annex IV(1)({letter})" for letter in "abcdefgh"),
                      *(f"Annex IV(2)({letter})" for letter in "abcdefgh"),
                      *(f"Annex IV({number})" for number in range(3, 10))]  # fmt: skip


def test_obligations_name_every_article_that_binds_a_tier() -> None:
    (obligations,) = (one for one in requirement_sets() if one.id == "obligations")
    high = [one.id for one in obligations.items if "high" in one.tiers]
    assert set(high) >= {f"Art. {number}" for number in (*range(9, 16), 17, 26, 72, 73)}
    assert [one.id for one in obligations.items if one.tiers == ("limited", "minimal")] == ["Art. 95"]


def test_the_checklist_names_data_security_model_security_and_governance() -> None:
    (checklist,) = (one for one in requirement_sets() if one.id == "checklist")
    assert {one.title.partition(":")[0] for one in checklist.items} == {"Data security", "Model security", "Governance"}
    assert checklist.framework == judging.ANY


def test_requirements_name_facts_gates_rules_and_controls_that_there_are(prepared: Prepared) -> None:
    known = prepared.known
    gates = {check["gate"] for check in prepared.material.run.get("gate", "checks")}
    there = {"facts": {*known.facts, *known.gaps}, "rules": set(known.rules), "controls": set(known.controls),
             "gates": gates}  # fmt: skip
    for one in every_item():
        for check, wanted in one.checks.items():
            assert check == "resources" or set(wanted) <= there[check], one.id
        assert one.asks
        assert one.proof
        assert one.checks or one.people, f"{one.id} would always be a gap without a reason"
        assert set(one.tiers) <= set(TIERS)


def test_ids_are_given_once() -> None:
    for requirements in requirement_sets():
        ids = [one.id for one in requirements.items]
        assert len(ids) == len(set(ids))
        assert requirements.framework in {judging.ANY, *frameworks()}
        assert requirements.source


def test_facts_that_are_told_show_an_item(prepared: Prepared) -> None:
    found = judge(item(facts=("identity.version", "evaluation.metric")), prepared.known)
    assert (found["status"], found["gaps"]) == (SHOWN, [])
    assert found["evidence"][0] == {"text": "Semantic version: 1.0.0", "source": "documents/gate.json#/version"}


def test_a_gap_beside_facts_shows_an_item_in_part(prepared: Prepared) -> None:
    found = judge(item(facts=("identity.version", "incidents.record")), prepared.known)
    assert found["status"] == PARTLY
    assert found["gaps"] == [
        "Record of incidents: what happened, when, who answered, what was done: nothing records incidents: alarms and "
        "findings are sent, and that is all"
    ]


def test_what_only_people_know_is_never_shown(prepared: Prepared) -> None:
    assert judge(item("Why.", facts=("identity.version",)), prepared.known)["status"] == PARTLY
    found = judge(item("Why."), prepared.known)
    assert (found["status"], found["gaps"]) == (GAP, ["Only people know: Why."])


def test_gaps_alone_are_a_gap(prepared: Prepared) -> None:
    assert judge(item(facts=("incidents.record", "incidents.serious")), prepared.known)["status"] == GAP


def test_an_item_of_another_tier_does_not_apply_and_says_so(prepared: Prepared) -> None:
    found = judge(item("Why.", tiers=("limited", "minimal"), facts=("identity.version",)), prepared.known)
    assert (found["status"], found["evidence"]) == (NOT_APPLICABLE, [])
    assert found["gaps"] == ["the model's tier is high; this is asked of limited and minimal risk"]


def of_tier(environment: LoadedEnvironment, tier: str) -> Material:
    config = environment.config
    ((name, block),) = config.models.items()
    changed = replace(config, models={name: block.model_copy(update={"risk": tier})})
    return material(replace(environment, config=changed))


@pytest.mark.parametrize(
    ("tier", "applies"),
    [("minimal", {"Art. 95"}), ("limited", {"Art. 50", "Art. 95"}),
     ("high", {*(f"Art. {number}" for number in (*range(9, 16), 17, 26, 50, 72, 73))})],
)  # fmt: skip
def test_obligations_follow_the_risk_tier(environment: LoadedEnvironment, tier: str, applies: set[str]) -> None:
    assessed = assess(prepare(of_tier(environment, tier)).known, "eu-ai-act")
    (obligations,) = (one for one in assessed if one["id"] == "obligations")
    assert {one["id"] for one in obligations["items"] if one["status"] != NOT_APPLICABLE} == applies
    assert sum(obligations["summary"].values()) == len(obligations["items"])


def with_gate(whole: Material, **changes: object) -> Material:
    run = whole.run
    gate = json.loads(json.dumps(run.documents["gate"]))
    gate["checks"][0].update(changes)
    return replace(whole, run=RunRecord(run.place, {**run.documents, "gate": gate}, run.contents))


def test_a_gate_is_evidence_only_where_it_is_passed_without_a_warning(whole: Material, prepared: Prepared) -> None:
    wanted = item(gates=("quality",))
    found = judge(wanted, prepared.known)
    assert (found["status"], found["evidence"][0]["source"]) == (SHOWN, "documents/gate.json#/checks/0")
    for change, said in (({"warning": "few records"}, "few records"), ({"passed": False}, "refused")):
        found = judge(wanted, prepare(with_gate(whole, **change)).known)
        assert found["status"] == GAP
        assert said in found["gaps"][0]
    assert judge(item(gates=("nothing",)), prepared.known)["gaps"] == ["Gate nothing: the run has none"]


def test_a_rule_and_a_control_are_evidence_only_where_they_pass(prepared: Prepared) -> None:
    known = prepared.known
    for kind, standings, place in (("rules", known.rules, "Rule"), ("controls", known.controls, "Control")):
        seen = set()
        for name, standing in standings.items():
            found = judge(item(**{kind: (name,)}), known)
            seen.add(standing)
            assert (found["status"] == SHOWN) is (standing == "pass"), name
            if standing != "pass":
                assert found["gaps"][0].startswith(f"{place} {name}: {standing}")
        assert {"pass", "fail"} <= seen


def test_a_failing_control_names_the_rules_by_which_it_fails(prepared: Prepared) -> None:
    known = prepared.known
    name = next(name for name, standing in known.controls.items() if standing == "fail")
    (gap,) = judge(item(controls=(name,)), known)["gaps"]
    for rule, standing in known.rules_of[name].items():
        assert (rule in gap) is (standing == "fail")


def test_a_resource_of_the_model_is_evidence_with_its_hardware(
    prepared: Prepared, environment: LoadedEnvironment
) -> None:
    wanted = item(resources=("aws:sagemaker/endpointConfiguration:EndpointConfiguration",))
    (piece,) = judge(wanted, prepared.known)["evidence"]
    assert piece["text"] == "EndpointConfiguration mortgage-approval-v1: 2 x ml.m5.large"
    found = judge(wanted, prepare(bare(environment)).known)
    assert found["status"] == GAP
    assert "No resource of type aws:sagemaker/endpointConfiguration" in found["gaps"][0]


def test_a_requirement_with_a_check_that_there_is_none_of_is_refused() -> None:
    data = {"id": "X", "title": "T", "asks": "A", "proof": "P", "checks": {"facts": [], "guess": ["a"]}}
    with pytest.raises(KeyError, match="X has checks that there are none of: guess"):
        judging._item(data, TIERS)
