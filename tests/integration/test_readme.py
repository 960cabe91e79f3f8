"""What the README shows is so: its picture is current, and its commands are commands."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
import typer.main
from click import Context
from tests.support.project import copy_project
from tests.support.reference_docs import assert_same_file

from mlops_estate.cli.app import app
from mlops_estate.cli.boundary import run

ROOT = Path(__file__).resolve().parents[2]
PAGES = ["README.md", "docs/reference/cli.md"]


def test_the_picture_is_current(tmp_path, capsys):
    copy_project(tmp_path)
    assert run(["graph", "prod", "-o", str(tmp_path / "estate.svg"), "--project", str(tmp_path)]) == 0
    capsys.readouterr()
    assert_same_file("docs/images/estate.svg", (tmp_path / "estate.svg").read_text(encoding="utf-8"))


@pytest.mark.parametrize("page", PAGES)
def test_every_command_shown_is_one(page):
    text = (ROOT / page).read_text(encoding="utf-8")
    shown = re.findall(r"(?:^\$ |^\./|`\./|^\| `)(estate [^`#\n|]+)", text, re.M)
    assert shown
    for line in shown:
        arguments = shlex.split(re.sub(r"\\$|\[[^\]]*\]|, estate.*", "", line.replace("ENV", "dev")))[1:]
        command = typer.main.get_command(app)
        context = Context(command, info_name="estate")
        name = arguments.pop(0)
        if name == "--help":
            continue
        found = command.get_command(context, name)
        assert found is not None, line
        if name in {"config", "rules", "pipeline", "prices"}:
            found = found.get_command(context, arguments.pop(0))
            assert found is not None, line
        found.make_context(name, [part.replace("FILE.svg", "x.svg") for part in arguments], parent=context)
