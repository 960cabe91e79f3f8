"""`estate carbon`: what it does and prints."""

from __future__ import annotations

import json
from pathlib import Path

from mlops_estate.faults import FaultsFound


def run_carbon(environment: str, project: Path | None, outputs: list[Path], *, as_shipped: bool, as_json: bool) -> int:
    """Estimate an environment's footprint, print it, and write it where it is wanted."""
    from mlops_estate.carbon import footprint
    from mlops_estate.cli.commands import collect, load_named
    from mlops_estate.pricing import usage_of
    from mlops_estate.reports.carbon import as_text, form_faults, write

    if faults := form_faults(outputs):
        raise FaultsFound(faults)
    loaded = load_named(environment, project)
    config = loaded.config
    graph, assumed = collect(loaded, as_shipped=as_shipped, silent=as_json)
    found = footprint(graph, usage_of(loaded), region=config.estate.region, environment_class=config.environment_class)
    found.notes += assumed
    for path in outputs:
        write(found, path)
    print(json.dumps(found.as_dict(), indent=1) if as_json else as_text(found), end="\n" if as_json else "")
    if not as_json:
        for path in outputs:
            print(f"wrote {path}")
    return 0
