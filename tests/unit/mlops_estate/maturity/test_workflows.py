"""What workflow files run: commands, scripts that they call, conditions, called workflows, matrices."""

from __future__ import annotations

import pytest

from mlops_estate.maturity.workflows import commands_of, normal, read_workflows


def project(tmp_path, **files):
    """Write files by their paths, where `__` stands for a slash."""
    for name, text in files.items():
        path = tmp_path / name.replace("__", "/").replace("_dot_", ".")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return tmp_path


def workflow(tmp_path, text, name="one.yml", **files):
    folder = tmp_path / ".github" / "workflows"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(text, encoding="utf-8")
    project(tmp_path, **files)
    return read_workflows(tmp_path)[0]


def commands(found):
    return [command for one in found for step in one.steps() for command in step.commands]


@pytest.mark.parametrize(
    ("script", "found"),
    [
        ("pytest -q && mypy; ruff check . | tee x", [["pytest", "-q"], ["mypy"], ["ruff", "check", "."], ["tee", "x"]]),
        ("# pytest\nmypy  # pytest too", [["mypy"]]),
        ("pytest \\\n  -q", [["pytest", "-q"]]),
        ("cat <<EOF\npytest\nEOF\nmypy", [["cat"], ["mypy"]]),
        ('echo "pytest && mypy"', [["echo", "pytest && mypy"]]),
        ("mypy > out.txt 2>&1", [["mypy"]]),
        ("pytest || true\nmypy || exit 1", [["true"], ["mypy"], ["exit", "1"]]),
        ("mypy || echo never mind", [["echo", "never", "mind"]]),
        ("case $1 in\n  pytest) mypy ;;\nesac", [["case", "$1", "in"], ["mypy"], ["esac"]]),
        ("git commit -m 'a\npytest\nb' && mypy", [["git", "commit", "-m", "a\npytest\nb"], ["mypy"]]),
        ("mypy\necho 'never closed\npytest", [["mypy"]]),
        ("", []),
    ],
)
def test_a_script_is_taken_apart_into_commands(script, found):
    assert list(commands_of(script)) == found


@pytest.mark.parametrize(
    ("words", "command"),
    [
        (".venv/bin/python -m pytest -q", "pytest -q"),
        ("python3.11 -m mypy", "mypy"),
        ("./estate check prod", "estate check prod"),
        ("A=1 B=2 exec .venv/bin/ruff check .", "ruff check ."),
        ("timeout 60 uv run pytest", "pytest"),
        ("env X=1 pytest", "pytest"),
        ("if pytest", "pytest"),
        ("python benchmarks/x.py", "python benchmarks/x.py"),
        ("A=1", ""),
    ],
)
def test_a_command_is_told_without_path_and_wrapper(words, command):
    assert normal(words.split()) == command


def test_the_key_on_is_read_in_every_form(tmp_path):
    forms = {
        "a.yml": "on: push",
        "b.yml": "on: [push, pull_request]",
        "c.yaml": "on: {schedule: [{cron: '0 1 * * *'}]}",
    }
    for name, text in forms.items():
        workflow(tmp_path, f"{text}\njobs: {{x: {{steps: [{{run: pytest}}]}}}}\n", name)
    found, notes = read_workflows(tmp_path)
    assert [one.triggers for one in found] == [("push",), ("push", "pull_request"), ("schedule",)]
    assert notes == []


@pytest.mark.parametrize("text", ["", "- 1", "on: push", "jobs: [", "on: push\njobs: 3"])
def test_a_file_that_is_no_workflow_counts_for_nothing_and_is_told(tmp_path, text):
    assert workflow(tmp_path, text) == []
    assert "is no workflow" in read_workflows(tmp_path)[1][0]


def test_a_project_without_workflows_has_none(tmp_path):
    assert read_workflows(tmp_path) == ([], [])


@pytest.mark.parametrize("condition", ["false", "${{ false }}", "'${{ False }}'"])
def test_what_never_runs_is_left_out(tmp_path, condition):
    text = f"on: push\njobs:\n  a:\n    if: {condition}\n    steps: [{{run: pytest}}]\n"
    text += f"  b:\n    steps:\n      - {{run: mypy}}\n      - if: {condition}\n        run: ruff check\n"
    assert commands(workflow(tmp_path, text)) == ["mypy"]


def test_a_step_that_may_fail_gates_nothing(tmp_path):
    text = (
        "on: push\njobs:\n  a:\n    continue-on-error: true\n    steps: [{run: pytest}]\n"
        "  b:\n    steps:\n      - {run: mypy, continue-on-error: true}\n      - {run: ruff check}\n"
    )
    gates = {step.commands[0]: step.gates for one in workflow(tmp_path, text) for step in one.steps()}
    assert gates == {"pytest": False, "mypy": False, "ruff check": True}


def test_scripts_of_the_project_are_followed_and_others_not(tmp_path):
    text = (
        "on: push\njobs: {a: {steps: [{run: ./check}, {run: sh scripts/deep.sh}, {run: ./data.bin}, {run: /bin/x}]}}\n"
    )
    found = workflow(
        tmp_path, text, check="#!/bin/sh\nscripts/deep.sh\nmypy\n", scripts__deep_dot_sh="#!/bin/sh\npytest\n",
        data_dot_bin="pytest\n",
    )  # fmt: skip
    assert commands(found) == ["check", "deep.sh", "pytest", "mypy", "sh scripts/deep.sh", "pytest", "data.bin", "x"]


def test_a_script_outside_the_project_is_not_read(tmp_path):
    (tmp_path / "outside.sh").write_text("#!/bin/sh\npytest\n", encoding="utf-8")
    inner = tmp_path / "inner"
    inner.mkdir()
    found = workflow(inner, "on: push\njobs: {a: {steps: [{run: ../outside.sh}]}}\n")
    assert commands(found) == ["outside.sh"]


def test_a_script_that_calls_itself_ends(tmp_path):
    found = workflow(tmp_path, "on: push\njobs: {a: {steps: [{run: ./loop}]}}\n", loop="#!/bin/sh\n./loop\n")
    assert 1 < len(commands(found)) < 10


def test_actions_of_the_project_are_followed(tmp_path):
    action = "runs:\n  using: composite\n  steps:\n    - run: pytest ${{ inputs.folder }}\n"
    text = "on: push\njobs: {a: {steps: [{uses: ./.github/actions/t, with: {folder: tests/unit}}]}}\n"
    path = tmp_path / ".github" / "actions" / "t" / "action.yml"
    path.parent.mkdir(parents=True)
    path.write_text(action, encoding="utf-8")
    assert commands(workflow(tmp_path, text)) == ["pytest tests/unit"]


def test_a_matrix_and_options_of_pytest_stand_in_the_command(tmp_path):
    text = (
        "on: push\njobs:\n  a:\n    strategy: {matrix: {suite: [unit, end_to_end]}}\n    env: {PYTEST_ADDOPTS: '-x'}\n"
        "    steps:\n      - run: pytest\n      - run: pytest\n"
        "        env: {PYTEST_ADDOPTS: 'tests/${{ matrix.suite }}'}\n"
    )
    assert commands(workflow(tmp_path, text)) == ["pytest -x", "pytest tests/unit|end_to_end"]


CALLED = """
on: workflow_call
jobs:
  plan: {steps: [{run: pulumi preview}]}
  deploy: {needs: plan, environment: "${{ inputs.environment }}", steps: [{run: pulumi up}]}
"""
CALLER = """
on: push
jobs:
  dev: {uses: ./.github/workflows/called.yml, with: {environment: dev}}
  prod: {needs: [dev], uses: ./.github/workflows/called.yml, with: {environment: prod}}
"""


def test_called_workflows_become_jobs_that_wait_as_their_callers_do(tmp_path):
    workflow(tmp_path, CALLED, "called.yml")
    caller = next(one for one in workflow(tmp_path, CALLER) if one.path.endswith("one.yml"))
    jobs = {job.name: job for job in caller.jobs}
    assert jobs["dev/deploy"].environment == "dev"
    assert jobs["prod/deploy"].environment == "prod"
    assert jobs["prod/deploy"].needs == ("prod/plan", "dev")
    assert set(jobs["dev"].needs) == {"dev/plan", "dev/deploy"}
    assert jobs["prod/deploy"].steps[0].where == ".github/workflows/one.yml:prod/deploy:step 1"


def test_a_workflow_that_calls_itself_ends(tmp_path):
    text = "on: push\njobs:\n  a: {uses: ./.github/workflows/one.yml}\n  b: {steps: [{run: pytest}]}\n"
    assert "pytest" in commands(workflow(tmp_path, text))
