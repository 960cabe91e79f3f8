"""`estate evidence`: what the command does, and what it prints."""

from __future__ import annotations

import contextlib
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mlops_estate.faults import Fault, FaultsFound

if TYPE_CHECKING:
    from mlops_estate.evidence import Outcome, Verdict


@dataclass(frozen=True, slots=True)
class Given:
    """The arguments and options of the command."""

    environment: str | None
    model: str | None
    output: Path | None
    frameworks: Sequence[str]
    run: Path | None
    account: str
    fresh: bool
    unsigned: bool
    day: str | None
    force: bool
    verify: Path | None
    fingerprint: str | None
    as_json: bool


def run_evidence(given: Given, project: Path | None) -> int:
    """Make packs, or verify them."""
    return _verify(given, given.verify) if given.verify is not None else _make(given, project)


def _make(given: Given, project: Path | None) -> int:
    from mlops_estate.cli.commands import load_named
    from mlops_estate.cli.progress import shown
    from mlops_estate.evidence import Asked, make

    faults = []
    for where, value in (("ENV", given.environment), ("MODEL", given.model), ("--output", given.output)):
        if value is None:
            faults.append(Fault(where, None, "it is not given", "estate evidence ENV MODEL -o DIR"))
    if given.fingerprint is not None:
        faults.append(Fault("--fingerprint", given.fingerprint, "it belongs to --verify", "leave it out"))
    day, wrong = _day(given.day)
    if faults or given.environment is None or given.model is None or given.output is None:
        raise FaultsFound([*faults, *wrong], "no pack was written")
    environment = load_named(given.environment, project)
    asked = Asked(given.output, day, tuple(given.frameworks), given.run, given.account, given.fresh, given.unsigned,
                  given.force)  # fmt: skip
    with shown(f"evidence {environment.name}", silent=given.as_json) as progress:
        outcome = make(environment, given.model, asked, progress, faults=wrong)
    print(json.dumps(outcome.as_dict(), indent=1) if given.as_json else _text(outcome))
    return 0 if outcome.ok else 1


def _day(text: str | None) -> tuple[date, list[Fault]]:
    """Return the day that is given, today for none, and what is wrong with it."""
    today = date.today()
    if text is None:
        return today, []
    with contextlib.suppress(ValueError):
        if re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text):
            return date.fromisoformat(text), []
    return today, [Fault("--date", text, "it is no day", "write YYYY-MM-DD: 2026-11-26")]


def _text(outcome: Outcome) -> str:
    """Return what was written, as text."""
    from mlops_estate.reports.page import count

    lines = [f"{outcome.model} in {outcome.environment}: {count(len(outcome.packs), 'pack')} in {outcome.output}", ""]
    width = max(len(pack.framework) for pack in outcome.packs)
    for pack in outcome.packs:
        controls = f"controls: {pack.controls['pass']} pass, {pack.controls['fail']} fail"
        lines.append(f"  {pack.framework:<{width}}  {pack.facts} facts, {pack.gaps} gaps; {controls}")
    if outcome.unsigned_because:
        lines += ["", "UNSIGNED: nothing here proves who made it, nor that it is unchanged.",
                  f"  why: {outcome.unsigned_because}"]  # fmt: skip
        if not outcome.wanted_unsigned:
            lines.append(
                f"  fix: estate evidence {outcome.environment} {outcome.model} --fresh -o DIR, or --account URL"
            )
    else:
        lines += ["", f"Signed by   {outcome.key_arn}", f"Fingerprint {outcome.fingerprint}"]
        where, _, rest = outcome.account.partition(": ")
        lines += [f"Key of      {where}", f"            {rest}"]
    return "\n".join([*lines, f"Open        {outcome.packs[0].folder}/evidence.html"])


def _verify(given: Given, folder: Path) -> int:
    from mlops_estate.evidence import verify_pack

    faults = [
        Fault(name, str(value), "it belongs to making a pack, and --verify makes none", "leave it out")
        for name, value in (("ENV", given.environment), ("MODEL", given.model), ("--output", given.output),
                            ("--run", given.run), ("--account", given.account or None), ("--date", given.day),
                            ("--framework", ", ".join(given.frameworks) or None), ("--fresh", given.fresh or None),
                            ("--unsigned", given.unsigned or None), ("--force", given.force or None))
        if value is not None
    ]  # fmt: skip
    expected = (given.fingerprint or "").lower().replace(":", "")
    if given.fingerprint is not None and not re.fullmatch(r"[0-9a-f]{64}", expected):
        fix = "as `estate evidence` prints it when it signs"
        faults.append(Fault("--fingerprint", given.fingerprint, "it is no SHA-256: 64 hexadecimal digits", fix))
    packs, wrong = packs_in(folder)
    if faults or wrong:
        raise FaultsFound([*faults, *wrong], "nothing was verified")
    verdicts = [verify_pack(pack, expected) for pack in packs]
    ok = all(verdict.ok for verdict in verdicts)
    if given.as_json:
        print(json.dumps({"ok": ok, "packs": [verdict.as_dict() for verdict in verdicts]}, indent=1))
    else:
        print("\n".join(line for verdict in verdicts for line in _verdict_lines(verdict)))
    return 0 if ok else 1


def packs_in(folder: Path) -> tuple[list[Path], list[Fault]]:
    """Return the packs of a folder: itself, or every folder in it; and what is wrong with it."""
    from mlops_estate.evidence.seal import is_pack

    fix = "name the folder of a pack, or the one that was given to -o"
    if not folder.is_dir():
        return [], [Fault("--verify", str(folder), "there is no such folder", fix)]
    names = {path.name for path in folder.iterdir()}
    if is_pack(folder) or names & {"evidence.json", "manifest.json", "signature.json"}:
        return [folder.resolve()], []
    within = sorted(path for path in folder.iterdir() if path.is_dir())
    if not within:
        return [], [Fault("--verify", str(folder), "there is no pack in it", fix)]
    return within, []


def _verdict_lines(verdict: Verdict) -> list[str]:
    head: dict[str, Any] = verdict.head
    of = f" {head['model']} in {head['environment']}, {head['framework']}, {head['date']}" if head else ""
    lines = [f"{verdict.folder}:{of}", f"  {'VERIFIED' if verdict.ok else 'REFUSED'}: {verdict.files} files"]
    lines += [f"    {reason}" for reason in verdict.refusals]
    if verdict.fingerprint:
        lines += [f"  key         {verdict.key_arn}", f"  fingerprint {verdict.fingerprint}",
                  "  The key lies in the pack: compare its fingerprint with what the key's holder says."]  # fmt: skip
    return lines
