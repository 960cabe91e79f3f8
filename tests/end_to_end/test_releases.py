"""Versions of a model in one account: promotion in place, both pairs while it settles, and the old one gone after."""

from __future__ import annotations

import pytest
from tests.support.estates import PROJECT_DIR, register_untrained, standing

from mlops_estate.config import load_environment
from mlops_estate.embedded.account import EmbeddedAccount
from mlops_estate.embedded.driver import AwsDriver
from mlops_estate.engine import read_back, run_program
from mlops_estate.up.session import program_config

pytestmark = pytest.mark.xdist_group("prod-estate")
MODEL = "mortgage-approval"


def _statuses(graph, *types):
    found = {(node.type.rsplit(":", 1)[-1], node.name): node.status for node in graph.custom_nodes()}
    return {key: status for key, status in found.items() if key[0] in types}


def test_a_release_keeps_both_versions_until_it_settles():
    with standing("prod") as estate:
        session = estate.session
        account, outputs = session.account, session.applied().stack_outputs["models"][MODEL]
        register_untrained(
            account, outputs["model_package_group"], session.applied().stack_outputs["buckets"]["models"]
        )
        endpoint = account.client("sagemaker").describe_endpoint(EndpointName=outputs["endpoint"])

        session.environment.models_raw[MODEL]["release"] |= {"previous": 1}
        promoted = session.apply({MODEL: 2})
        assert _statuses(promoted, "Model", "EndpointConfiguration", "Endpoint") == {
            ("Model", f"{MODEL}-v1"): "unchanged", ("EndpointConfiguration", f"{MODEL}-v1"): "unchanged",
            ("Model", f"{MODEL}-v2"): "created", ("EndpointConfiguration", f"{MODEL}-v2"): "created",
            ("Endpoint", MODEL): "updated",
        }  # fmt: skip
        live = account.client("sagemaker").describe_endpoint(EndpointName=outputs["endpoint"])
        assert live["EndpointArn"] == endpoint["EndpointArn"]
        assert live["EndpointConfigName"] != endpoint["EndpointConfigName"]
        assert all(result.equal for _, result in read_back(promoted, estate.driver))

        session.environment.models_raw[MODEL]["release"].pop("previous")
        settled = session.apply({MODEL: 2})
        assert not any(f"{MODEL}-v1" in urn for urn in settled.nodes)
        names = [item["ModelName"] for item in account.client("sagemaker").list_models()["Models"]]
        assert [name.rsplit("-", 1)[0] for name in names] == [f"{MODEL}-v2"]


def test_ids_and_names_repeat_from_run_to_run():
    def stand():
        loaded = load_environment("dev", PROJECT_DIR)
        with EmbeddedAccount(loaded.config.estate.region) as account:
            config = program_config(loaded, account.account_id, {})
            program = PROJECT_DIR / "stacks" / "__main__.py"
            graph = run_program(program, stack="dev", config=config, driver=AwsDriver(account))
            return {urn: node.id for urn, node in graph.nodes.items()}

    assert stand() == stand()
