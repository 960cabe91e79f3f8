"""`estate evidence`: the command and its options; what it does is imported when it runs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from mlops_estate.cli.options import Json, Project


def evidence(
    environment: Annotated[
        str | None, typer.Argument(metavar="[ENV]", help="The environment: prod for Pulumi.prod.yaml.")
    ] = None,
    model: Annotated[
        str | None, typer.Argument(metavar="[MODEL]", help="A model of the configuration: mortgage-approval.")
    ] = None,
    output: Annotated[
        Path | None, typer.Option("-o", "--output", metavar="DIR", help="Where the packs go: DIR/FRAMEWORK each.")
    ] = None,
    framework: Annotated[
        list[str] | None,
        typer.Option("--framework", metavar="ID", help="Only this framework; repeatable. Default: all of them."),
    ] = None,
    run: Annotated[
        Path | None,
        typer.Option("--run", metavar="DIR", help="The run's folder. Default: .estate/ENV/runs/MODEL, the last run."),
    ] = None,
    account: Annotated[
        str | None,
        typer.Option("--account", metavar="URL", help="Ask and sign in the account that `estate serve` keeps there."),
    ] = None,
    fresh: Annotated[
        bool, typer.Option("--fresh", help="Stand the environment up, train, and sign, in an account of its own.")
    ] = False,
    unsigned: Annotated[
        bool, typer.Option("--unsigned", help="A draft: no account, no signature, and no failure for the lack of it.")
    ] = False,
    day: Annotated[
        str | None, typer.Option("--date", metavar="YYYY-MM-DD", help="The pack's date. Default: today.")
    ] = None,
    force: Annotated[
        bool, typer.Option("--force", help="Replace packs that lie in DIR; nothing else is touched.")
    ] = False,
    verify: Annotated[
        Path | None,
        typer.Option("--verify", metavar="DIR", help="Verify a pack, or a folder of packs, instead of making one."),
    ] = None,
    fingerprint: Annotated[
        str | None,
        typer.Option("--fingerprint", metavar="SHA256", help="With --verify: the key must have this fingerprint."),
    ] = None,
    json_: Json = False,
    project: Project = None,
) -> None:
    """Write an auditor's pack of a model for each framework: facts with their sources, gaps named, signed.

    A pack is a folder: evidence.html and evidence.json (card, lineage, approval, gates, evaluation, fairness,
    robustness, explanations, data, monitoring, incidents, access, retention, changes, controls, exemptions; for the EU
    AI Act also Annex IV and the obligations by risk tier), copies of the source documents, manifest.json with the
    SHA-256 of each file, and signature.json by the KMS key that signs the model's versions. What nothing records is
    listed as a gap, never left out.

    Facts of the run come from its folder, which `estate pipeline run` and `estate up` leave. Approval and signature
    need an account: the one that is served for ENV, the one that --account names, or with --fresh one of its own, in
    which the environment is stood up and trained first (about a minute). Where nothing is served the pack is written
    UNSIGNED, says so at its top, and the exit code is 1; --unsigned asks for such a draft. Keys of embedded accounts
    end with the account: such a signature proves that the pack is whole, and not who made it.

    --verify needs no project: it checks every file, the manifest and the signature by the public key in the pack, and
    prints the key's ARN and fingerprint, to be compared with what the key's holder says (--fingerprint compares).

    Exit code 0 where packs are signed (or --unsigned) or verified; 1 where one is unsigned or refused; 2 for wrong
    input.

    \b
    Examples:
      estate evidence dev mortgage-approval --fresh -o evidence
      estate evidence prod mortgage-approval --framework eu-ai-act --account http://127.0.0.1:5000 -o evidence
      estate evidence dev mortgage-approval --framework soc2 --unsigned -o draft
      estate evidence --verify evidence --fingerprint 6f1c...
    """
    from mlops_estate.cli.evidence import Given, run_evidence

    given = Given(
        environment, model, output, framework or [], run, account or "", fresh, unsigned, day, force, verify,
        fingerprint, json_,
    )  # fmt: skip
    raise typer.Exit(run_evidence(given, project))
