"""Whether what holds state refuses its deletion."""

from collections.abc import Mapping
from typing import Any


def protects(args: Mapping[str, Any]) -> bool:
    """Return `protect` as given; by default everywhere but in dev. Without a class an environment counts as prod."""
    given = args.get("protect")
    return (args.get("environment_class") or "prod") != "dev" if given is None else bool(given)
