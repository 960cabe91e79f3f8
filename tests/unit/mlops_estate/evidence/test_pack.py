"""A pack: every fact has its source in the pack, what is not recorded is a gap, the same inputs give the same bytes."""

from __future__ import annotations

import json
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from tests.support.evidence import DAY, MODEL, PACKAGE, SECRET, bare, graph_of, material, node, signer

from mlops_estate.config import LoadedEnvironment
from mlops_estate.evidence.model import Material, is_told, pointer
from mlops_estate.evidence.pack import Prepared, files_of, prepare, schema, write, write_packs
from mlops_estate.graph import UNKNOWN
from mlops_policies.framework_map import frameworks


def evidence(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder / "evidence.json").read_text())
    return found


def resolve(folder: Path, source: str) -> Any:
    """Return what stands at a fact's source; raises where there is nothing."""
    file, _, path = source.partition("#")
    content = (folder / file).read_text()
    place: Any = json.loads(content) if file.endswith(".json") else content
    for part in path.split("/")[1:]:
        key = part.replace("~1", "/").replace("~0", "~")
        place = place[int(key)] if isinstance(place, list) else place[key]
    return place


def told(found: dict[str, Any]) -> dict[str, Any]:
    return {fact["id"]: fact["value"] for section in found["sections"] for fact in section["facts"]}


def missing(found: dict[str, Any]) -> dict[str, str]:
    return {gap["id"]: gap["why"] for gap in found["gaps"]}


def test_every_source_of_a_fact_a_table_and_a_piece_of_evidence_stands_in_the_pack(packs: Path) -> None:
    for folder in (packs / "eu-ai-act", packs / "soc2"):
        found = evidence(folder)
        sources = [item["source"] for section in found["sections"] for kind in ("facts", "tables")
                   for item in section[kind]]  # fmt: skip
        sources += [piece["source"] for one in found["assessments"] for item in one["items"]
                    for piece in item["evidence"]]  # fmt: skip
        assert len(sources) > 100
        for source in sources:
            resolve(folder, source)


def test_a_figure_is_the_one_at_its_source(packs: Path) -> None:
    folder = packs / "eu-ai-act"
    facts = {fact["id"]: fact for section in evidence(folder)["sections"] for fact in section["facts"]}
    plain = ("identity.version", "identity.sha256", "lineage.snapshot", "lineage.seed", "evaluation.train_score",
             "robustness.records", "explanations.method", "approval.number", "approval.status", "approval.reason",
             "data.records", "data.file", "monitoring.strategy", "lineage.execution")  # fmt: skip
    for name in plain:
        assert facts[name]["value"] == resolve(folder, facts[name]["source"]), name


def test_packs_are_valid_by_the_schema_whole_bare_signed_and_unsigned(
    packs: Path, environment: LoadedEnvironment, tmp_path: Path
) -> None:
    jsonschema.Draft202012Validator.check_schema(schema())
    write_packs(prepare(bare(environment)), ["gdpr"], tmp_path, None, "a draft")
    for folder in (packs / "eu-ai-act", packs / "soc2", tmp_path / "gdpr"):
        jsonschema.validate(evidence(folder), schema(), jsonschema.Draft202012Validator)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("more",), 1), (("version",), 2), (("date",), "26.11.2026"), (("signing", "signed"), False),
        (("sections", 0, "facts", 0, "source"), "elsewhere.json"), (("sections", 0, "facts", 0, "value"), None),
        (("gaps", 0, "why"), ""), (("assessments", 0, "items", 0, "status"), "fine"), (("basis",), "hearsay"),
    ],
)  # fmt: skip
def test_the_schema_refuses_what_is_no_evidence(packs: Path, path: tuple[Any, ...], value: Any) -> None:
    found = evidence(packs / "eu-ai-act")
    place: Any = found
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = value
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(found, schema(), jsonschema.Draft202012Validator)


def test_what_is_asked_for_is_told_or_missing_never_left_out(
    prepared: Prepared, environment: LoadedEnvironment
) -> None:
    def asked(made: Prepared) -> set[str]:
        entries = [*made.known.facts, *made.known.gaps]
        assert len(entries) == len(set(entries))
        return {entry for entry in entries if not entry.startswith("gates.warning_")}

    empty = prepare(bare(environment))
    assert asked(empty) == asked(prepared)
    assert set(empty.known.facts) < set(prepared.known.facts)


def test_a_bare_model_has_a_gap_with_reason_and_remedy_for_all_that_a_run_tells(environment: LoadedEnvironment) -> None:
    known = prepare(bare(environment)).known
    for name in ("identity.version", "card.made", "lineage.snapshot", "gates.outcome", "evaluation.metric",
                 "fairness.status", "robustness.flipped", "explanations.method", "optimisation.loss",
                 "approval.status", "data.schema", "data.quality", "monitoring.monitors", "access.roles",
                 "retention.trail", "lineage.signature", "data.provenance"):  # fmt: skip
        assert known.gaps[name].why, name
        assert known.gaps[name].fix, name
    assert known.gaps["approval.status"].why == "no registry was asked"
    assert known.gaps["gates.outcome"].fix == f"estate pipeline run {MODEL} --local --env dev"


def test_every_gap_has_its_reason_and_remedy(packs: Path) -> None:
    assert all(gap["why"] and gap["fix"] for gap in evidence(packs / "eu-ai-act")["gaps"])


def test_what_nothing_records_yet_is_a_gap_in_a_whole_pack_too(packs: Path) -> None:
    assert {"incidents.record", "incidents.serious", "monitoring.results", "monitoring.plan", "explanations.delivered",
            "robustness.poisoning", "access.reviews", "changes.review", "retention.documentation",
            "data.collection"} <= set(missing(evidence(packs / "eu-ai-act")))  # fmt: skip


def test_the_approval_says_who_decided_when_and_what_they_wrote(packs: Path) -> None:
    facts = told(evidence(packs / "soc2"))
    assert facts["approval.who"] == "j.doe"
    assert facts["approval.by"] == "arn:aws:sts::123456789012:assumed-role/pipeline/run"
    assert facts["approval.decided"] == "2026-11-21T09:30:00+00:00"
    assert facts["approval.reason"] == "Reviewed with the credit committee"
    assert facts["approval.approver"] == "permission set ModelApprover"


def test_who_decided_is_no_fact_where_an_embedded_account_stands_in_for_people(
    environment: LoadedEnvironment,
) -> None:
    stand_in = {"UserProfileName": "fake-user-profile-name", "DomainId": "fake-domain-id"}
    known = prepare(material(environment, package={**PACKAGE, "LastModifiedBy": stand_in})).known
    assert known.gaps["approval.who"].why.startswith("an embedded account knows no people")


@pytest.mark.parametrize("status", ["PendingManualApproval"])
def test_a_version_that_waits_was_decided_by_nobody(environment: LoadedEnvironment, status: str) -> None:
    known = prepare(material(environment, package={**PACKAGE, "ModelApprovalStatus": status})).known
    assert known.facts["approval.status"].value == status
    assert known.gaps["approval.decided"].why == "nobody has decided yet: it waits for approval"


def test_a_run_of_another_environments_pipeline_is_called_one(
    environment: LoadedEnvironment, prepared: Prepared
) -> None:
    assert prepared.known.facts["identity.pipeline"].value == "credit"
    graph = graph_of()
    graph.stack_outputs["models"][MODEL]["pipeline"] = "credit-prod"
    known = prepare(material(environment, graph=graph)).known
    assert known.gaps["identity.pipeline"].why == (
        "the run is of pipeline credit, this environment's is credit-prod: it was trained in another one"
    )


def test_warnings_of_gates_are_gaps(packs: Path) -> None:
    found = evidence(packs / "soc2")
    assert missing(found)["gates.warning_champion"] == "there is no champion to compare with"
    (table,) = next(section["tables"] for section in found["sections"] if section["id"] == "gates")
    assert table["rows"][0][:4] == ["quality", "passed", 0.8, 0.7]


def test_unknown_values_are_no_facts(environment: LoadedEnvironment) -> None:
    graph = graph_of(node("aws:s3/bucket:Bucket", "unknown", bucket=UNKNOWN))
    graph.stack_outputs["models"][MODEL]["endpoint"] = UNKNOWN
    made = prepare(material(environment, graph=graph))
    assert "identity.endpoint" in made.known.gaps
    assert UNKNOWN not in json.dumps([section.as_dict() for section in made.sections])


def test_a_secret_stands_in_no_file(packs: Path, prepared: Prepared) -> None:
    assert any(SECRET in str(item.inputs) for item in prepared.material.graph.nodes.values())
    for path in packs.rglob("*"):
        assert not path.is_file() or SECRET.encode() not in path.read_bytes(), path


def test_a_secret_that_a_cited_value_repeats_is_masked(environment: LoadedEnvironment) -> None:
    graph = graph_of(node("aws:cloudwatch/metricAlarm:MetricAlarm", f"{MODEL}-x", name=f"alarm-{SECRET}"))
    files = files_of(prepare(material(environment, graph=graph)), "soc2", None, "a draft")
    assert not [name for name, content in files.items() if SECRET.encode() in content]
    assert b"alarm-[secret]" in files["evidence.json"]


def test_copies_of_a_runs_documents_are_the_bytes_it_left(packs: Path, whole: Material) -> None:
    for name, content in whole.run.contents.items():
        assert (packs / "soc2/documents" / f"{name}.json").read_bytes() == content
    signed = {item["file"]: item["signed_by_run"] for item in evidence(packs / "soc2")["documents"]}
    assert signed["documents/evaluation.json"] is True
    assert signed["documents/configuration.json"] is False
    assert signed["documents/splits.json"] is False


def test_the_registrys_answer_is_kept_without_what_is_of_the_call(packs: Path) -> None:
    kept = json.loads((packs / "soc2/documents/registry.json").read_text())
    assert kept == {key: value for key, value in PACKAGE.items() if key != "ResponseMetadata"}


def test_the_same_inputs_give_the_same_bytes_but_for_the_signature(
    prepared: Prepared, environment: LoadedEnvironment
) -> None:
    one = files_of(prepared, "eu-ai-act", signer(), "")
    two = files_of(prepare(material(environment)), "eu-ai-act", signer(), "")
    assert one.keys() == two.keys()
    assert [name for name in one if one[name] != two[name]] in ([], ["signature.json"])
    assert files_of(prepared, "soc2", None, "x") == files_of(prepared, "soc2", None, "x")


def test_no_file_says_where_on_this_machine_the_project_lies(packs: Path, environment: LoadedEnvironment) -> None:
    for path in packs.rglob("*"):
        assert not path.is_file() or str(environment.project_dir).encode() not in path.read_bytes(), path


def test_the_date_is_the_one_that_is_given(packs: Path, environment: LoadedEnvironment) -> None:
    assert evidence(packs / "soc2")["date"] == DAY.isoformat()
    from datetime import date

    other = files_of(prepare(material(environment, date=date(2027, 1, 2))), "soc2", None, "x")
    assert json.loads(other["evidence.json"])["date"] == "2027-01-02"


@pytest.mark.parametrize("name", sorted(frameworks()))
def test_every_control_of_a_framework_stands_in_its_pack_with_rules_or_gap(prepared: Prepared, name: str) -> None:
    found = json.loads(files_of(prepared, name, None, "x")["evidence.json"])
    assert [control["id"] for control in found["controls"]] == [item.id for item in frameworks()[name].controls]
    assert all(control["rules"] or control["gap"] for control in found["controls"])
    assert sum(found["summary"]["controls"].values()) == len(found["controls"])
    assert {one["id"] for one in found["assessments"]} == (
        {"annex-iv", "checklist", "obligations"} if name == "eu-ai-act" else {"checklist"}
    )


def test_findings_are_those_of_the_frameworks_rules(prepared: Prepared) -> None:
    found = json.loads(files_of(prepared, "cis-aws", None, "x")["evidence.json"])
    rules = {rule for control in found["controls"] for rule in control["rules"]}
    assert {finding["rule"] for finding in found["findings"]} <= rules
    everything = {finding.rule for finding in prepared.material.check.findings}
    assert everything - rules


def test_an_unsigned_pack_says_so_at_its_top_and_in_its_data(prepared: Prepared) -> None:
    files = files_of(prepared, "soc2", None, "no KMS key can be reached")
    signing = json.loads(files["evidence.json"])["signing"]
    assert (signing["signed"], signing["why"], signing["key_arn"]) == (False, "no KMS key can be reached", None)
    assert "signature.json" not in files
    page = files["evidence.html"].decode()
    assert page.index("UNSIGNED") < page.index('<dl class="tiles">')
    assert "no KMS key can be reached" in page


class Page(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))


def test_the_page_needs_no_network_and_its_links_lead_somewhere(packs: Path) -> None:
    page = Page()
    page.feed((packs / "eu-ai-act/evidence.html").read_text())
    assert not {"script", "img", "link", "iframe", "form"} & {tag for tag, _ in page.tags}
    targets = {attributes["id"] for _, attributes in page.tags if "id" in attributes}
    for tag, attributes in page.tags:
        href = attributes.get("href") or ""
        if tag == "a" and href.startswith("#"):
            assert href[1:] in targets
        elif tag == "a" and not href.startswith("https://"):
            assert (packs / "eu-ai-act" / href).is_file(), href


def test_the_page_shows_every_fact_gap_and_control(packs: Path) -> None:
    from html import escape

    found = evidence(packs / "eu-ai-act")
    page = (packs / "eu-ai-act/evidence.html").read_text()
    for section in found["sections"]:
        for entry in [*section["facts"], *section["gaps"], *section["tables"]]:
            assert escape(entry["title"], quote=False) in page.replace("&#39;", "'").replace("&#34;", '"')
    assert all(f">{control['id']}</th>" in page for control in found["controls"])


def test_markup_in_a_document_is_text_on_the_page(environment: LoadedEnvironment) -> None:
    package = {**PACKAGE, "ApprovalDescription": "<script>alert(1)</script>"}
    page = files_of(prepare(material(environment, package=package)), "soc2", None, "x")["evidence.html"].decode()
    assert "<script>" not in page
    assert "&lt;script&gt;alert(1)" in page


def test_a_pack_is_written_whole_or_not_at_all(tmp_path: Path) -> None:
    target = tmp_path / "soc2"
    write(target, {"a/b.json": b"1", "c": b"2"})
    with pytest.raises(TypeError):
        write(target, {"a/b.json": b"3", "c": None})  # type: ignore[dict-item]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["soc2"]
    assert (target / "a/b.json").read_bytes() == b"1"
    write(target, {"d": b"4"})
    assert [path.name for path in target.iterdir()] == ["d"]


@pytest.mark.parametrize(
    ("value", "says"),
    [(0, True), (0.0, True), (False, True), ("no", True), (None, False), ("", False), ([], False), ({}, False),
     (UNKNOWN, False), (f"a {UNKNOWN}", False)],
)  # fmt: skip
def test_nothing_and_unknown_are_no_facts_but_zero_and_no_are(value: Any, says: bool) -> None:
    assert is_told(value) is says


def test_a_pointer_escapes_slash_and_tilde() -> None:
    assert pointer("a/b", "c~d", 0) == "/a~1b/c~0d/0"
