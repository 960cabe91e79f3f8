"""`estate model add`: what it prints."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mlops_estate.onboarding import Added, Request


def run_add(request: Request, project: Path | None, *, dry_run: bool, as_json: bool) -> int:
    """Add a model, or say what would be added; the caller reports faults."""
    from mlops_estate.cli.commands import project_dir
    from mlops_estate.onboarding import add_model

    added = add_model(project_dir(project), request, write=not dry_run)
    if as_json:
        print(json.dumps(_as_data(added, dry_run=dry_run), indent=2))
    else:
        print(_as_text(added, dry_run=dry_run))
    return 0


def _as_data(added: Added, *, dry_run: bool) -> dict[str, Any]:
    return {
        "ok": True,
        "model": added.model,
        "written": not dry_run,
        "problem": added.problem,
        "records": added.table.records,
        "sha256": added.table.sha256,
        "environments": list(added.environments),
        "files": sorted(added.files),
        "columns": [asdict(column) for column in added.inferred.columns],
        "block": list(added.block),
        "notes": list(added.notes),
        "next": _next(added),
    }


def _as_text(added: Added, *, dry_run: bool) -> str:
    roles = [column.role for column in added.inferred.columns]
    counts = ", ".join(f"{roles.count(role)} {role}" for role in dict.fromkeys(roles))
    lines = [
        f"{added.model}: {added.problem}, {added.table.records:,} records, {len(roles)} columns ({counts})",
        "",
        f"{'Would write' if dry_run else 'Wrote'}:",
        *(f"  {path}" for path in sorted(added.files)),
    ]
    if dry_run:
        lines += ["", f"{added.schema_path}:", _indented(added.files[added.schema_path].decode())]
        lines += ["", "Block of the model:", _indented("\n".join(added.block))]
    if added.review:
        lines += ["", f"Guessed, to be reviewed in {added.schema_path}:"]
        width = min(32, max(len(header) for header, _ in added.review))
        lines += [f"  {header:<{width}}  {why}" for header, why in added.review]
    lines += ["", *(f"note: {note}" for note in added.notes)] if added.notes else []
    lines += ["", "Nothing was written." if dry_run else "Next:"]
    lines += [] if dry_run else [f"  {command}" for command in _next(added)]
    return "\n".join(lines)


def _next(added: Added) -> list[str]:
    return [
        *(f"estate config check {environment}" for environment in added.environments),
        f"estate pipeline run {added.model} --local --env {added.environments[0]}",
    ]


def _indented(text: str) -> str:
    return "\n".join(f"  {line}".rstrip() for line in text.splitlines())
