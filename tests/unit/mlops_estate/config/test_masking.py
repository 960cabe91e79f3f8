"""The `masking` block of a model: read strictly, and held against the schema."""

from __future__ import annotations

import pytest
from pydantic import ValidationError
from tests.support.programs import MODEL, PROJECT, configured

from mlops_estate.config.blocks import check_block
from mlops_estate.config.masking import MaskingBlock, masking_findings
from mlops_estate.config.sources import load_schemas
from mlops_estate.faults import FaultsFound
from mlops_pipelines.features import load_schema
from mlops_pipelines.masking import METHODS, read_rules
from mlops_pipelines.masking.rules import SMALLEST_GROUP

SCHEMA = load_schema("mortgage-approval")


def _findings(columns):
    block = MaskingBlock.model_validate({"columns": columns})
    return [(".".join(map(str, found.path)), found.rule) for found in masking_findings(block, SCHEMA)]


def test_the_rules_that_it_gives_are_those_that_the_job_reads():
    block = MaskingBlock.model_validate(
        {"columns": {"pirat": {"method": "generalise", "step": 1}, "phist": {"method": "synthesise"}}}
    )
    assert block.rules() == {
        "columns": {"pirat": {"method": "generalise", "step": 1.0}, "phist": {"method": "synthesise"}},
        "minimum_group": SMALLEST_GROUP,
    }
    assert read_rules(block.rules(), SCHEMA).columns["pirat"].parameters == {"step": 1.0}
    assert MaskingBlock().rules() == {"columns": {}, "minimum_group": 5}


@pytest.mark.parametrize("method", METHODS)
def test_every_method_can_be_written(method):
    assert MaskingBlock.model_validate({"columns": {"a": {"method": method}}}).columns["a"].method == method


def test_what_is_wrong_by_itself_is_told_with_its_path():
    raw = {"columns": {"a": {"methd": "hash"}, "b": {"method": "hsh"}, "c": 3}, "minimum_group": 1}
    paths = {".".join(map(str, finding.path)) for finding in check_block(MaskingBlock, raw, ()).findings}
    assert paths == {"columns.a.methd", "columns.a.method", "columns.b.method", "columns.c", "minimum_group"}
    with pytest.raises(ValidationError):
        MaskingBlock.model_validate({"columns": {"a": {"method": "generalise", "step": "5"}}})


def test_what_does_not_fit_the_schema_is_told_with_its_path():
    assert _findings({"pirat": {"method": "generalise", "step": 1}}) == []
    found = _findings({"pirt": {"method": "drop"}, "deny": {"method": "drop"}, "phist": {"method": "generalise"}})
    assert found == [
        ("masking.columns.pirt", "the schema has no column of that name"),
        ("masking.columns.deny.method", "the label is what the copy trains for"),
        ("masking.columns.phist", "generalise takes one of groups"),
    ]


def test_rules_that_do_not_fit_are_told_together_with_a_label_that_is_none():
    masking = {"columns": {"pirt": {"method": "drop"}, "phist": {"method": "hash", "length": 16, "step": 1}}}
    config = configured("dev", model={"label": "dney", "protected_attribute": "afma", "masking": masking})
    with pytest.raises(FaultsFound) as caught:
        load_schemas(config.models, PROJECT)
    where = {fault.where.partition(f"{MODEL}.")[2] for fault in caught.value.faults}
    assert where == {"label", "protected_attribute", "masking.columns.pirt", "masking.columns.phist.step"}
