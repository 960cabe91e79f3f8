"""Who may do what in prod: each row of the table, decided from the policies that stand; and what the table is worth."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.support import iam_simulate
from tests.support.iam_mutation import mutants
from tests.support.iam_table import PERSONAS, Reader, Row, rows, standing_reader
from tests.support.programs import PROJECT

from mlops_components.training_roles import JOBS
from mlops_estate.config import load_environment
from mlops_estate.embedded.account import EmbeddedAccount
from mlops_estate.embedded.driver import AwsDriver
from mlops_estate.embedded.iam import decide
from mlops_estate.embedded.iam.escalation import Path, Prize, paths
from mlops_estate.embedded.iam.estate import EVERYTHING, Estate, estate_of
from mlops_estate.up.session import EstateSession

ROLES = {f"mlops-prod-{persona.replace('_', '-')}" for persona in PERSONAS}
MODEL = "mlops-prod-mortgage-approval"
# Condition keys that the other evaluator leaves out: an encryption context's, and a token's claims.
UNKNOWN_THERE = ("kms:EncryptionContext:", "token.actions.githubusercontent.com:")


@pytest.fixture(scope="module")
def reader() -> Reader:
    return standing_reader()


def wrong(reader: Reader, table: list[Row], estate: Estate | None = None) -> list[str]:
    found = [(row, decide(*reader.case(row, estate))) for row in table]
    return [f"{row} -> {got.why} {got.sids}" for row, got in found if got.allowed != (row.verdict == "allow")]


def test_every_row_of_the_table_holds(reader):
    assert wrong(reader, rows()) == []


def test_the_table_speaks_of_everybody_with_both_verdicts():
    table = rows()
    assert len(table) >= 150
    assert len({(row.who, row.action, row.resource, row.context) for row in table}) == len(table)
    assert all(row.why and row.verdict in ("allow", "deny") for row in table)
    for persona in (*PERSONAS, "delivery"):
        assert {row.verdict for row in table if row.who == persona} == {"allow", "deny"}


def test_every_mutant_of_a_personas_policy_fails_a_row(reader):
    table, survivors, made = rows(), [], 0
    asked = [(row, reader.case(row)[0]) for row in table]
    for mutant in mutants(reader.estate, ROLES):
        made += 1
        about = [
            row for row, request in asked
            if mutant.roles & {request.principal.split("/")[-2] if "/" in request.principal else "",
                               request.resource.rpartition("/")[2]}
        ]  # fmt: skip
        if not wrong(reader, about, mutant.estate):
            survivors.append(mutant.label)
    assert made >= 150
    assert survivors == []


def test_what_is_attached_by_mistake_lifts_no_denial(reader):
    guarded = [row for row in rows() if row.who in PERSONAS and row.verdict == "deny"]
    never = ("UpdateEndpoint", "CreateEndpointConfig", "PassRole", "PutRolePolicy", "AssumeRole", "CreateModelPackage")
    about = [row for row in guarded if row.action.split(":")[1] in never or "s3:raw" in row.resource[:6]]
    about = [row for row in about if row.action != "s3:ListBucket" and "model-package/scoring" not in row.resource]
    about = [row for row in about if row.action != "sagemaker:CreateModelPackage" or "=Approved" in row.context]
    about += [row for row in guarded if row.action == "sagemaker:UpdateModelPackage" and row.who != "model_approver"]
    about += [
        row for row in guarded if row.action == "sagemaker:StartPipelineExecution" and row.who == "model_approver"
    ]
    assert len(about) >= 30
    for role in sorted(ROLES):
        held = reader.estate.roles[role]
        wide = reader.estate.with_identity(role, *held.identity, EVERYTHING)
        assert wrong(reader, about, wide) == []
        # Its boundary alone keeps it too, where somebody takes the guard away.
        assert wrong(reader, about, reader.estate.with_identity(role, EVERYTHING)) == []
        # And the guard alone, where an environment brings a boundary of its own that allows everything.
        bare = replace(held, boundary=EVERYTHING, identity=(*held.identity, EVERYTHING))
        assert wrong(reader, about, replace(reader.estate, roles={**reader.estate.roles, role: bare})) == []


def test_another_evaluator_agrees_on_the_whole_table(reader):
    iam_simulate.required()
    table = rows()
    cases = [reader.case(row) for row in table]
    disagree, left_out = [], 0
    for row, (request, _), verdict in zip(table, cases, iam_simulate.verdicts(cases), strict=True):
        if "no.resource.types" in verdict.get("error", "") or any(
            key.startswith(UNKNOWN_THERE) for key in request.context
        ):
            left_out += 1  # the action takes no such resource, which is why the row denies it; or a key unknown there
        elif verdict.get("allowed") != (row.verdict == "allow"):
            disagree.append(f"{row}: {verdict}")
    assert disagree == []
    assert left_out <= 15


def prizes(reader: Reader, persona: str) -> list[Prize]:
    outputs, estate = reader.graph.stack_outputs, reader.estate
    inside = {"aws:SourceVpce": outputs["s3_endpoint_ids"][0]}
    sagemaker = f"arn:aws:sagemaker:{estate.region}:{estate.account}"
    version = f"{sagemaker}:model-package/mlops-mortgage-approval/1"
    key = {"kms:ViaService": f"s3.{estate.region}.amazonaws.com"}
    record, artefact = (
        f"arn:aws:s3:::{outputs['buckets'][purpose]}/mortgage-approval/models/x" for purpose in ("raw", "models")
    )
    made = [
        Prize("reads records of people", "s3:GetObject", record, inside),
        Prize("decrypts them", "kms:Decrypt", outputs["keys"]["personal"], key),
        Prize("changes an endpoint", "sagemaker:UpdateEndpoint", f"{sagemaker}:endpoint/{MODEL}", {}),
        Prize("writes an artefact", "s3:PutObject", artefact, {}),
    ]  # fmt: skip
    pending, approved = ({"sagemaker:ModelApprovalStatus": status} for status in ("PendingManualApproval", "Approved"))
    if persona == "model_approver":
        made.append(Prize("makes a version", "sagemaker:CreateModelPackage", version, pending))
    else:
        made.append(Prize("approves a version", "sagemaker:UpdateModelPackage", version, approved))
    return made


def code(reader: Reader) -> dict[str, list[str]]:
    """Return the code that the pipeline's jobs run, and as whom."""
    uri = reader.graph.stack_outputs["models"]["mortgage-approval"]["source_uri"]
    return {uri.replace("s3://", "arn:aws:s3:::"): [f"{MODEL}-{job}" for job in JOBS]}


def found(reader: Reader, persona: str, estate: Estate) -> list[Path]:
    return paths(estate, f"mlops-prod-{persona.replace('_', '-')}", prizes(reader, persona), code(reader))


@pytest.mark.parametrize("persona", PERSONAS)
def test_no_persona_comes_to_what_it_may_not_have(reader, persona):
    assert [str(path) for path in found(reader, persona, reader.estate)] == []


@pytest.mark.parametrize("environment", ["dev", "staging"])
def test_nor_in_the_other_shipped_environments(environment):
    loaded = load_environment(environment, PROJECT)
    with EmbeddedAccount(loaded.config.estate.region) as account:
        graph = EstateSession(loaded, account, AwsDriver(account)).apply(dict.fromkeys(loaded.config.models))
    estate, outputs = estate_of(graph), graph.stack_outputs
    people = {name: arn for name, arn in outputs["people"].items() if name != "boundary"}
    assert set(people) == set(PERSONAS)
    sagemaker = f"arn:aws:sagemaker:{estate.region}:{estate.account}"
    served = f"{sagemaker}:endpoint/{loaded.config.prefix}-mortgage-approval"
    endpoint = Prize("changes an endpoint", "sagemaker:UpdateEndpoint", served, {})
    records = Prize("decrypts records of people", "kms:Decrypt", outputs["keys"]["personal"], {})
    for arn in people.values():
        assert [str(path) for path in paths(estate, arn.rsplit("/", 1)[1], [endpoint, records])] == []
    starts = estate.decide(
        f"{loaded.config.prefix}-data-scientist", "sagemaker:StartPipelineExecution",
        outputs["models"]["mortgage-approval"]["pipeline_arn"], {},
    )  # fmt: skip
    assert starts.allowed, starts


def test_only_the_pipeline_works_through_other_roles_and_only_those_of_its_jobs(reader):
    everything = Prize("anything", "nothing:Nothing", "*", {})
    for name in reader.estate.roles:
        if name.startswith(f"{MODEL}-") and name != f"{MODEL}-pipeline":
            assert paths(reader.estate, name, [everything], code(reader)) == []
    assert f"{MODEL}-training" in str(paths(reader.estate, f"{MODEL}-pipeline", prizes(reader, "auditor"), {}))


def test_a_planted_way_is_found_in_the_estate_that_stands(reader):
    role = "mlops-prod-platform-operator"
    bare = replace(reader.estate.roles[role], identity=(EVERYTHING,), boundary=None)
    planted = replace(reader.estate, roles={**reader.estate.roles, role: bare})
    assert {path.prize for path in found(reader, "platform_operator", planted)} == {
        prize.name for prize in prizes(reader, "platform_operator")
    }
