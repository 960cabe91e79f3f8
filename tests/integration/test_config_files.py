"""What an engineer can get wrong in the shipped files: one readable report, exit code 2, nothing made."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from tests.support.programs import PROJECT

from mlops_estate.config import load_environment
from mlops_estate.faults import FaultsFound


@pytest.fixture
def project(tmp_path: Path) -> Path:
    for name in ("dev", "staging", "prod"):
        shutil.copy(PROJECT / f"Pulumi.{name}.yaml", tmp_path)
    shutil.copytree(PROJECT / "data", tmp_path / "data")
    return tmp_path


EDITS = [
    # text of Pulumi.dev.yaml, what replaces it, where the fault is, words of rule and fix
    ("    region:", "    regoin:", "estate.regoin", "unknown key", "did you mean `region`?"),
    ("      label:", "      lable:", "models.mortgage-approval.lable", "unknown key", "did you mean `label`?"),
    ('account: "111122223333"', "account: 111122223333", "estate.account", "must be a string",
     'quote it: "111122223333"'),
    ("zones: [eu-west-1a]", "zones: eu-west-1a", "estate.zones", "must be a list", "one item per line"),
    ("      label: deny\n", "", "models.mortgage-approval.label", "is required", "label: deny"),
    ("    region: eu-west-1\n", "", "estate.region", "is required", "region: eu-west-1"),
    (
        "      label: deny\n",
        "      label: deny\n      training: {use_spot: false, max_wait_seconds: 99}\n",
        "models.mortgage-approval.training.max_wait_seconds",
        "contradicts `use_spot: false`",
        "remove it",
    ),
    (
        "      label: deny\n",
        "      label: deny\n      release: {strategy: canary, step_percent: 60}\n      serving: {instance_count: 2}\n",
        "models.mortgage-approval.release.step_percent",
        "must be 1 to 50",
        "use 50",
    ),
    ("    mortgage-approval:", "    mortgage-approval: {}\n    mortgage-approval:", "models.mortgage-approval",
     "a model name must be written once", "rename or remove"),
    ("    mortgage-approval:", f"    {'m' * 50}:", f"models.{'m' * 50}",
     "the monitoring schedule name has 75 characters; AWS takes at most 63", "use at most 38 characters here"),
    ("    region: eu-west-1\n", "    region: eu-west-1\n    prefix: a-prefix-that-is-too-long-here\n", "estate.prefix",
     "the bucket name has", "use at most 28 characters here"),
    ("region: eu-west-1\n", "region: cn-north-1\n", "estate.region", "not a region this estate supports", "`"),
    ("zones: [eu-west-1a]", "zones: [eu-west-1a", "file", "must be well-formed YAML", "mend the syntax"),
    ("hmda_boston_mortgages.csv", "hmda.csv", "models.mortgage-approval.data", "no such file", "correct the path"),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new", "where", "rule", "fix"), EDITS)
def test_a_slip_in_a_shipped_file_is_reported_with_file_line_rule_and_fix(project, old, new, where, rule, fix):
    path = project / "Pulumi.dev.yaml"
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(FaultsFound) as caught:
        load_environment("dev", project)
    assert caught.value.exit_code == 2
    found = {fault.where: fault for fault in caught.value.faults}
    assert rule in found[where].rule
    assert fix in found[where].fix
    report = str(caught.value)
    assert f"Pulumi.dev.yaml:{found[where].line}: {where}" in report
    assert f"rule: {found[where].rule}" in report
    assert "Traceback" not in report


@pytest.mark.parametrize(
    ("content", "rule"),
    [(b"", "must not be empty"), (b"\xff\xfec\x00", "must be UTF-8 text"), (b"\x00", "must be well-formed YAML")],
)
def test_a_file_that_is_no_text_is_one_fault(project, content, rule):
    (project / "Pulumi.dev.yaml").write_bytes(content)
    with pytest.raises(FaultsFound) as caught:
        load_environment("dev", project)
    (fault,) = caught.value.faults
    assert rule in fault.rule
    assert fault.file == "Pulumi.dev.yaml"


def test_a_missing_environment_names_those_there_are(project):
    with pytest.raises(FaultsFound, match=r"did you mean `prod`\? there are dev, prod, staging"):
        load_environment("production", project)


def test_several_slips_come_in_one_report_in_the_order_of_the_file(project):
    path = project / "Pulumi.prod.yaml"
    text = path.read_text(encoding="utf-8")
    for old, new in (
        ("    region:", "    regoin:"),
        ("label: deny", "label: 7"),
        ("strategy: canary", "strategy: canery"),
    ):
        text = text.replace(old, new)
    path.write_text(text, encoding="utf-8")
    with pytest.raises(FaultsFound) as caught:
        load_environment("prod", project)
    faults = caught.value.faults
    assert [fault.where for fault in faults] == [
        "estate.region",
        "estate.regoin",
        "models.mortgage-approval.label",
        "models.mortgage-approval.release.strategy",
    ]
    assert [fault.line for fault in faults] == sorted(fault.line for fault in faults)
    assert all(fault.line for fault in faults)
