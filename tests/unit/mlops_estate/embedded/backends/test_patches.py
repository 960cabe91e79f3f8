"""Which JSONPaths of a state machine name one value."""

from __future__ import annotations

import pytest

from mlops_estate.embedded.backends.patches import is_definite


@pytest.mark.parametrize("path", ["$", "$.a", "$.a[0].b", "$.a[0][1]", "$['a*b'].c", '$["x:y"][2].z', "$['a,b']"])
def test_a_path_to_one_value_is_definite(path: str) -> None:
    assert is_definite(path)


@pytest.mark.parametrize("path", ["$.*", "$.a[*].b", "$..b", "$.a[0:2]", "$.a[0,1]", "$.a[?(@.b==1)].c", "$.a[:1].b"])
def test_a_path_to_several_is_not(path: str) -> None:
    assert not is_definite(path)
