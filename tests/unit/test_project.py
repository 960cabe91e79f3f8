"""Rules about the repository itself: the test pyramid, the direction of dependencies, what the locks may hold."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SHARES = {"unit": 70, "integration": 20, "end_to_end": 10}
ROOTS = {
    "mlops_pipelines": ("pipelines", {"mlops_components", "mlops_estate", "mlops_policies"}),
    "mlops_components": ("components", {"mlops_estate", "mlops_policies"}),
    "mlops_policies": ("policies", {"mlops_components", "mlops_estate", "mlops_pipelines"}),
    "mlops_estate": ("stacks", {"stacks", "components", "pipelines", "policies"}),
}


def _test_functions(folder: Path) -> int:
    """Count test functions; a table of cases counts as one."""
    trees = (ast.parse(path.read_text(encoding="utf-8")) for path in sorted(folder.rglob("test_*.py")))
    functions = (node for tree in trees for node in ast.walk(tree) if isinstance(node, ast.FunctionDef))
    return sum(node.name.startswith("test_") for node in functions)


def _imported(path: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names.add(node.module.split(".")[0])
    return names


def test_the_pyramid_is_70_20_10_within_ten_points():
    counts = {kind: _test_functions(ROOT / "tests" / kind) for kind in SHARES}
    total = sum(counts.values())
    shares = {kind: 100 * count / total for kind, count in counts.items()}
    assert all(abs(shares[kind] - wanted) <= 10 for kind, wanted in SHARES.items()), (counts, shares)


@pytest.mark.parametrize("package", ROOTS)
def test_dependencies_point_one_way(package):
    root, forbidden = ROOTS[package]
    files = sorted((ROOT / root / package).rglob("*.py"))
    assert files
    assert {str(path): found for path in files if (found := _imported(path) & forbidden)} == {}


@pytest.mark.parametrize("lock", ["requirements.lock", "requirements-dev.lock", "requirements-compile.lock"])
def test_a_lock_pins_and_hashes_everything_and_names_no_index(lock):
    text = (ROOT / lock).read_text(encoding="utf-8")
    requirements = re.findall(
        r"^([A-Za-z0-9._-]+(?:\[[^\]]+\])?)(.*?)(?=^\S|\Z)", text.replace("\\\n", " "), re.M | re.S
    )
    pinned = [name for name, rest in requirements if "==" in rest]
    assert pinned
    assert [name for name, rest in requirements if "==" in rest and "--hash=sha256:" not in rest] == []
    assert re.findall(r"https?://|--index-url|--find-links", text) == []


def test_run_time_and_development_locks_agree():
    def pins(lock: str) -> dict[str, str]:
        return dict(
            re.findall(r"^([A-Za-z0-9._-]+)(?:\[[^\]]+\])?==(\S+)", (ROOT / lock).read_text(encoding="utf-8"), re.M)
        )

    runtime, development = pins("requirements.lock"), pins("requirements-dev.lock")
    assert {
        name: (version, development.get(name)) for name, version in runtime.items() if development.get(name) != version
    } == {}


def test_entry_files_stay_thin():
    entries = [ROOT / "stacks/__main__.py", ROOT / "components/__main__.py", ROOT / "bootstrap/__main__.py"]
    assert {
        str(path): len(path.read_text(encoding="utf-8").splitlines())
        for path in entries
        if len(path.read_text(encoding="utf-8").splitlines()) > 25
    } == {}
