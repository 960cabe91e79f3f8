"""`estate drill`: the command, and what it prints."""

from __future__ import annotations

import json
import os
from pathlib import Path

from mlops_estate.cli.progress import shown


def run_drill(name: str, project: Path | None, *, as_json: bool) -> int:
    """Rehearse every restore of an environment; 1 where something isn't restored."""
    from mlops_estate.cli.commands import project_dir
    from mlops_estate.config import load_environment
    from mlops_estate.drill import drill, report_path
    from mlops_estate.drill.report import as_text

    environment = load_environment(name, project_dir(project))
    with shown(f"drill {name}", silent=as_json) as progress:
        report = drill(environment, progress=progress)
    if as_json:
        print(json.dumps(report.as_dict(), indent=2))
    else:
        print(as_text(report))
        print(f"Report: {os.path.relpath(report_path(environment.project_dir, name))}")
    return 0 if report.ok else 1
