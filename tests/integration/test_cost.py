"""The estimate of the shipped environments, and the commands `estate cost` and `estate prices`."""

from __future__ import annotations

import csv
import json
from dataclasses import MISSING, fields, replace
from functools import cache

import pytest
from tests.support.previews import previewed
from tests.support.programs import MODEL, PROJECT
from tests.support.project import change_estate, change_model, copy_project

from mlops_components.training_pipeline import PROCESSING_INSTANCE, TRAINING_INSTANCE
from mlops_estate.cli.boundary import run
from mlops_estate.config import load_environment
from mlops_estate.graph import ResourceGraph
from mlops_estate.pricing import CostEstimate, estimate, usage_of
from mlops_estate.pricing.model import total
from mlops_estate.pricing.registry import is_known
from mlops_estate.pricing.training import _DEFAULTS, MASKING_VOLUME_GB
from mlops_pipelines.masking.job import MaskingJob
from mlops_pipelines.masking.pipeline import masking_definition

ENVIRONMENTS = ("dev", "staging", "prod")
TAKEN = ["--prices-from", "us-east-1"]


@cache
def estimated(environment: str) -> CostEstimate:
    loaded = load_environment(environment, PROJECT)
    return estimate(
        previewed(environment), usage_of(loaded), region="eu-west-1", environment_class=environment,
    )  # fmt: skip


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_every_type_is_priced_free_or_unpriced_by_name(environment):
    types = {node.type for node in previewed(environment).custom_nodes()}
    assert len(types) > 60
    assert sorted(kind for kind in types if not is_known(kind)) == []


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_every_resource_has_a_line_or_a_reason(environment):
    found, graph = estimated(environment), previewed(environment)
    reasons = {note.type for note in (*found.free_types, *found.unpriced_types)}
    priced = {line.urn for line in found.lines}
    silent = [node.urn for node in graph.custom_nodes()
              if node.urn not in priced and node.type not in reasons and not node.is_provider]  # fmt: skip
    assert silent == []


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_amounts_are_in_order_and_add_up(environment):
    found = estimated(environment)
    for line in found.lines:
        assert 0 <= line.monthly.low <= line.monthly.expected <= line.monthly.high, line.item
        assert (line.status == "usage") == bool(line.assumption)
    assert total(found.by_model().values()) == found.monthly
    assert set(found.by_model()) == {"", MODEL}


def test_dev_is_cheaper_than_staging_than_prod_and_each_is_within_its_budget():
    amounts = [estimated(environment).monthly.expected for environment in ENVIRONMENTS]
    assert amounts == sorted(amounts)
    for environment, amount in zip(ENVIRONMENTS, amounts, strict=True):
        assert amount < load_environment(environment, PROJECT).config.estate.budget.monthly_usd


def test_what_is_billed_by_the_hour_is_what_the_graph_declares():
    found = estimated("prod")
    of_vpc = previewed("prod").by_type()["aws:ec2/vpcEndpoint:VpcEndpoint"]
    endpoints = [node for node in of_vpc if node.inputs["vpcEndpointType"] == "Interface"]
    lines = [line for line in found.lines if line.price.key == "vpc.endpoint"]
    # every interface endpoint x 3 zones x 730 hours x $0.01
    assert sum(line.monthly.expected for line in lines) == len(endpoints) * 3 * 730 * lines[0].price.usd
    monitors = [line for line in found.lines if "monitoring" in line.item]
    # two monitors of one job and two of two jobs, hourly
    assert sorted(line.basis["jobs"] * line.basis["runs"] for line in monitors) == [730, 730, 1460, 1460]


def test_the_same_graph_gives_the_same_document():
    again = estimate(
        previewed("prod"), usage_of(load_environment("prod", PROJECT)), region="eu-west-1", environment_class="prod"
    )
    assert json.dumps(again.as_dict()) == json.dumps(estimated("prod").as_dict())


def test_defaults_are_those_of_the_components():
    assert _DEFAULTS["processing_instance_type"] == PROCESSING_INSTANCE
    assert _DEFAULTS["training_instance_type"] == TRAINING_INSTANCE
    required = [each.name for each in fields(MaskingJob) if each.default is MISSING]
    values: dict = dict.fromkeys(required, "x") | {"subnet_ids": ["s"], "security_group_ids": ["g"]}
    [step] = masking_definition(MaskingJob(**values))["Steps"]
    cluster = step["Arguments"]["ProcessingResources"]["ClusterConfig"]
    assert cluster["VolumeSizeInGB"] == MASKING_VOLUME_GB
    assert cluster["InstanceCount"] == 1


def test_seven_thousand_resources_are_priced():
    shipped = previewed("prod")
    nodes = {}
    for copy in range(7000 // len(shipped.nodes) + 1):
        for node in shipped.nodes.values():
            links = {key: [f"{urn}-{copy}" for urn in urns] for key, urns in node.property_dependencies.items()}
            tags = node.inputs.get("tags")
            if isinstance(tags, dict) and "model" in tags:
                tags = {**tags, "model": f"{tags['model']}-{copy}"}
            made = replace(node, urn=f"{node.urn}-{copy}", property_dependencies=links,
                           parent=f"{node.parent}-{copy}" if node.parent else None,
                           inputs={**node.inputs, "tags": tags})  # fmt: skip
            nodes[made.urn] = made
    graph = ResourceGraph("mlops-estate", "prod", nodes=nodes)
    assert len(nodes) >= 7000
    found = estimate(graph, {}, region="us-east-1", environment_class="prod")
    assert found.monthly.expected > 1000


def test_a_region_without_prices_is_refused_before_anything_is_collected(capsys):
    assert run(["cost", "prod", "--project", str(PROJECT)]) == 2
    said = capsys.readouterr().err
    assert "eu-west-1" in said
    assert "--prices-from us-east-1" in said
    assert "planned" not in said


@pytest.fixture
def collected(monkeypatch):
    """Let the command take a graph that was collected already."""
    monkeypatch.setattr(
        "mlops_estate.cli.commands.collect", lambda environment, **_more: (previewed(environment.name), [])
    )


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    folder = tmp_path_factory.mktemp("cost")
    outputs = [
        argument for form in ("json", "md", "txt", "html", "csv") for argument in ("-o", str(folder / f"c.{form}"))
    ]
    assert run(["cost", "dev", *TAKEN, *outputs, "--project", str(PROJECT)]) == 0
    return folder


def test_every_form_says_whose_prices_were_taken(written):
    for form in ("json", "md", "txt", "html"):
        assert "eu-west-1 has no complete price table" in (written / f"c.{form}").read_text(), form
    rows = list(csv.DictReader((written / "c.csv").read_text().splitlines()))
    assert {row["price_region"] for row in rows} == {"us-east-1", "eu-west-1"}


def test_the_document_has_the_form_that_is_documented(written):
    document = json.loads((written / "c.json").read_text())
    assert (document["format"], document["version"]) == ("mlops-estate/cost", 1)
    assert document["prices"].keys() == {"region", "date", "note"}
    assert document["monthly"].keys() == {"low", "expected", "high"}
    line = document["lines"][0]
    assert line.keys() >= {"urn", "type", "name", "model", "service", "item", "unit", "quantity", "free_quantity",
                           "unit_price", "sources", "price_note", "monthly", "status", "assumption"}  # fmt: skip
    assert document["budget"] == {"monthly_usd": 300, **{key: document["budget"][key] for key in
                                                         ("after_percent", "state")}}  # fmt: skip
    assert sum(amount["expected"] for amount in document["by_service"].values()) == pytest.approx(
        document["monthly"]["expected"], abs=0.1
    )


def test_terminal_text_fits_a_terminal(written):
    assert max(len(line) for line in (written / "c.txt").read_text().splitlines()) <= 100


def test_the_page_has_no_script_and_nothing_from_the_network(written):
    page = (written / "c.html").read_text()
    assert "<script" not in page
    assert "src=" not in page
    assert 'role="img"' in page
    assert "assumed:" in page
    assert "one source" in page


def test_stated_usage_narrows_the_range(tmp_path, capsys, collected):
    copy_project(tmp_path)
    change_model(tmp_path, "dev", MODEL, usage={"requests_per_month": 500, "raw_gb": 2, "monitoring_minutes": 8})
    assert run(["cost", "dev", *TAKEN, "--json", "--project", str(tmp_path)]) == 0
    document = json.loads(capsys.readouterr().out)
    monitors = [line for line in document["lines"] if "monitoring" in line["item"]]
    assert all(line["status"] == "priced" and line["monthly"]["low"] == line["monthly"]["high"] for line in monitors)


@pytest.mark.parametrize(("budget", "code", "says"), [(10, 1, "exceeds"), (95, 0, "is near"), (1000, 0, "is within")])
def test_the_gate_fails_where_the_estimate_exceeds_the_budget(budget, code, says, tmp_path, capsys, collected):
    copy_project(tmp_path)
    change_estate(tmp_path, "dev", budget={"monthly_usd": budget})
    assert run(["cost", "dev", *TAKEN, "--check", "--project", str(tmp_path)]) == code
    assert says in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["cost", "dev", *TAKEN, "--by", "colour"], "--by"),
        (["cost", "dev", *TAKEN, "-o", "cost.pdf"], "--output"),
        (["cost", "dev", "--prices-from", "mars-1"], "--prices-from"),
        (["cost", "dev", *TAKEN, "--prices", "none.yaml"], "none.yaml"),
        (["cost", "nowhere", *TAKEN], "nowhere"),
        (["prices", "list", "--region", "mars-1"], "--region"),
        (["prices", "show", "sqs.standart"], "sqs.standard"),
    ],
)
def test_bad_input_is_refused_with_its_place(arguments, says, capsys):
    project = ["--project", str(PROJECT)] if arguments[0] == "cost" else []
    assert run([*arguments, *project]) == 2
    assert says in capsys.readouterr().err


def test_prices_are_listed_and_explained(capsys):
    assert run(["prices", "list", "--region", "us-east-1"]) == 0
    listed = capsys.readouterr().out
    assert "sagemaker.features.write" in listed
    assert "one source" in listed
    assert run(["prices", "show", "ml.p4d.24xlarge"]) == 0
    assert "25.251 to 37.688" in capsys.readouterr().out
    assert run(["prices", "show", "config.rule", "--json"]) == 0
    (price,) = json.loads(capsys.readouterr().out)
    assert [tier["usd"] for tier in price["tiers"]] == ["0.001", "0.0008", "0.0005"]
    assert price["page"] == "https://aws.amazon.com/config/pricing/"


@pytest.mark.parametrize("by", ["service", "resource"])
def test_sums_are_shown_as_asked(by, capsys, collected):
    assert run(["cost", "dev", *TAKEN, "--by", by, "--project", str(PROJECT)]) == 0
    said = capsys.readouterr().out
    assert f"by {by}" in said
    assert "by model" not in said
