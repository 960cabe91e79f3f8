"""The `estate` command."""

from __future__ import annotations

import sys
from collections.abc import Sequence


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command and exit with its code: 0 done, 1 it failed or differs, 2 the input is wrong, 130 interrupted."""
    from mlops_estate.cli.boundary import run

    sys.exit(run(arguments))
