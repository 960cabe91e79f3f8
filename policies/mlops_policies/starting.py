"""What the engine's process needs to start the pack: configuration, the stack's class, the day."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from datetime import date
from pathlib import Path

from mlops_policies.configuration import InvalidConfiguration, load
from mlops_policies.pack import Pack

CONFIG = "MLOPS_POLICIES_CONFIG"
"""The environment variable that names another configuration file."""


def pack_of(path: Path, environment: Mapping[str, str] = os.environ) -> Pack:
    """Return the pack for the stack that the engine works on.

    The engine names the stack in ``PULUMI_STACK``; where it names none, or one that the configuration does not class,
    the rules are those of production. A configuration with faults ends the process with all of them.
    """
    try:
        configuration = load(Path(environment.get(CONFIG) or path))
    except InvalidConfiguration as invalid:
        print(f"{invalid.file}:\n{invalid}", file=sys.stderr)  # noqa: T201 -- the engine shows what a pack prints
        raise SystemExit(1) from None
    return Pack(configuration, configuration.class_of(environment.get("PULUMI_STACK", "")), today=date.today())
