"""What a container image is built from: pinned, without root, without secrets, at the versions of the lock."""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from pathlib import Path

import pytest

from mlops_pipelines.training import source

ROOT = Path(__file__).resolve().parents[2]
STEPS = ROOT / "images" / "steps"
DOCKERFILES = sorted((ROOT / "images").rglob("Dockerfile"))


def _instructions(path):
    """Return (instruction, its text on one line) of a Dockerfile."""
    text = re.sub(r"^\s*#.*\n", "", path.read_text(encoding="utf-8"), flags=re.M).replace("\\\n", " ")
    return [(line.split(None, 1)[0].upper(), line.split(None, 1)[1]) for line in text.splitlines() if line.strip()]


def _stages(path):
    """Return each stage's instructions, the last one being the image."""
    stages = []
    for instruction in _instructions(path):
        if instruction[0] == "FROM":
            stages.append([])
        stages[-1].append(instruction)
    return stages


def _name(requirement):
    return re.sub(r"[-_.]+", "-", re.match(r"[A-Za-z0-9._-]+", requirement)[0]).lower()


def _requirements(path):
    """Return (name, version, marker, hashes) of a lock's requirements."""
    joined = path.read_text(encoding="utf-8").replace("\\\n", " ")
    lines = [line for line in joined.splitlines() if line.strip() and not line.lstrip().startswith("#")]
    found = []
    for line in lines:
        requirement, *hashes = line.split("--hash=")
        pinned, _, marker = requirement.partition(";")
        name, _, version = pinned.strip().partition("==")
        found.append((_name(name), version, marker.strip(), [value.strip() for value in hashes]))
    return found


def test_there_is_an_image():
    assert [path.relative_to(ROOT).as_posix() for path in DOCKERFILES] == ["images/steps/Dockerfile"]


@pytest.mark.parametrize("path", DOCKERFILES, ids=lambda path: path.parent.name)
class TestADockerfile:
    def test_pins_every_base_by_digest_beside_its_tag(self, path):
        bases = [text.split()[0] for name, text in _instructions(path) if name == "FROM"]
        assert bases
        for base in bases:
            assert re.fullmatch(r"python:3\.11\.\d+-slim-[a-z]+@sha256:[0-9a-f]{64}", base), base
        assert len(set(bases)) == 1  # or a bot would update the one and forget the other

    def test_ends_as_a_user_who_is_not_root(self, path):
        users = [text.strip() for name, text in _stages(path)[-1] if name == "USER"]
        assert users
        assert all(re.fullmatch(r"[1-9]\d*:[1-9]\d*", user) for user in users)  # numbers: no look-up can make them root
        assert [name for name, _ in _stages(path)[-1]].index("USER") > max(
            place for place, (name, _) in enumerate(_stages(path)[-1]) if name in ("RUN", "COPY")
        )

    def test_copies_files_of_its_own_folder_only(self, path):
        for name, text in _instructions(path):
            assert name != "ADD", text
            if name == "COPY":
                words = [word for word in text.split() if not word.startswith("--")]
                if "--from=" not in text:
                    assert all((path.parent / source).is_file() for source in words[:-1]), text

    def test_names_no_latest_no_address_and_no_secret(self, path):
        text = "\n".join(f"{name} {rest}" for name, rest in _instructions(path))
        assert not re.search(r":latest\b|https?://|curl|wget|git clone", text)
        assert not re.search(r"(?i)secret|passw(or)?d|token|credential|AKIA[0-9A-Z]{16}", text)
        assert not [name for name, _ in _instructions(path) if name == "ARG"]

    def test_installs_wheels_by_hash_and_leaves_no_installer_in_the_image(self, path):
        *before, image = _stages(path)
        installs = [text for stage in before for name, text in stage if name == "RUN" and "pip" in text]
        assert installs
        assert all({"--require-hashes", "--only-binary=:all:"} <= set(text.split()) for text in installs)
        run = " ".join(text for name, text in image if name == "RUN")
        assert "pip uninstall" in run
        assert "pip install" not in run
        assert [words.split() for words in re.findall(r"apt-get install (.*?) &&", run)] == [
            ["--yes", "--no-install-recommends", "sudo"]
        ]

    def test_has_no_entry_point_because_a_job_names_its_own(self, path):
        assert not {name for name, _ in _instructions(path)} & {"ENTRYPOINT", "CMD", "HEALTHCHECK"}


def test_root_runs_one_script_of_the_image_and_only_without_arguments():
    rules = [line for line in (STEPS / "sudoers").read_text().splitlines() if not line.startswith(("#", "Defaults"))]
    assert rules == ['steps ALL=(root) NOPASSWD: /usr/local/sbin/open-folders ""']
    script = (STEPS / "open-folders").read_text()
    assert re.findall(r"/opt/\S+", script.split("set -eu")[1]) == ["/opt/ml/processing", "/opt/ml/output;"]
    assert "$1" not in script
    assert "$@" not in script
    assert "COPY --chmod=0755 open-folders /usr/local/sbin/open-folders" in (STEPS / "Dockerfile").read_text()


def test_every_requirement_is_one_version_with_its_hashes():
    for name, version, marker, hashes in _requirements(STEPS / "requirements.txt"):
        assert re.fullmatch(r"[0-9][0-9A-Za-z.+!]*", version), name
        assert marker == "", name  # for one platform and one Python
        assert hashes, name
        assert all(re.fullmatch(r"sha256:[0-9a-f]{64}", value) for value in hashes), name


def test_the_image_has_the_versions_of_the_run_time_lock():
    def on_311(marker):
        return "python_full_version >= '3.12'" not in marker

    lock = {name: version for name, version, marker, _ in _requirements(ROOT / "requirements.lock") if on_311(marker)}
    image = {name: version for name, version, _, _ in _requirements(STEPS / "requirements.txt")}
    assert {"numpy", "pandas", "scikit-learn", "joblib", "boto3", "jinja2", "pyyaml"} <= image.keys()
    assert {name: version for name, version in image.items() if lock.get(name) != version} == {}


def test_the_image_is_asked_for_all_that_the_steps_extra_names():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    asked = {_name(line) for line in (STEPS / "requirements.in").read_text().splitlines() if line and line[0].isalpha()}
    assert {_name(item) for item in project["optional-dependencies"]["steps"]} <= asked
    assert asked <= {name for name, *_ in _requirements(STEPS / "requirements.txt")}


def test_the_image_holds_every_library_that_the_steps_import():
    held = {name for name, *_ in _requirements(STEPS / "requirements.txt")}
    written = {"art": "adversarial-robustness-toolbox", "sklearn": "scikit-learn", "yaml": "pyyaml"}
    package = ROOT / "pipelines" / "mlops_pipelines"
    files = [path for folder in source._FOLDERS for path in sorted((package / folder).rglob("*.py"))]
    imported = {
        (path.relative_to(package).as_posix(), name)
        for path in files
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        for name in _top_names(node) - sys.stdlib_module_names - {"mlops_pipelines"}
    }
    assert len({name for _, name in imported}) > 10
    assert {(path, name) for path, name in imported if written.get(name, name) not in held} == set()


def _top_names(node):
    if isinstance(node, ast.Import):
        return {alias.name.split(".")[0] for alias in node.names}
    return {node.module.split(".")[0]} if isinstance(node, ast.ImportFrom) and node.module and not node.level else set()


def test_the_lock_names_no_index():
    assert "://" not in (STEPS / "requirements.txt").read_text()
