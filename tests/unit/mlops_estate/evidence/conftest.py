"""One project, its material, and signed packs of it: made once, not to be changed."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.support.evidence import material, project, signer

from mlops_estate.config import LoadedEnvironment
from mlops_estate.evidence.model import Material
from mlops_estate.evidence.pack import Prepared, prepare, write_packs


@pytest.fixture(scope="session")
def environment(tmp_path_factory: pytest.TempPathFactory) -> LoadedEnvironment:
    """Return dev of a project of its own, with a run of the model."""
    return project(tmp_path_factory.mktemp("evidence") / "project")


@pytest.fixture(scope="session")
def whole(environment: LoadedEnvironment) -> Material:
    """Return material in which everything that can be recorded is."""
    return material(environment)


@pytest.fixture(scope="session")
def prepared(whole: Material) -> Prepared:
    """Return what the packs of it share."""
    return prepare(whole)


@pytest.fixture(scope="session")
def packs(prepared: Prepared, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder of two signed packs."""
    folder = tmp_path_factory.mktemp("packs")
    write_packs(prepared, ["eu-ai-act", "soc2"], folder, signer(), "")
    return folder
