"""What the commands do, each returning its exit code."""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Any

from mlops_estate.cli.progress import shown
from mlops_estate.faults import Fault, FaultsFound
from mlops_estate.up.session import counted

if TYPE_CHECKING:
    from mlops_estate.config import LoadedEnvironment
    from mlops_estate.embedded.account import EmbeddedAccount, RemoteAccount
    from mlops_estate.graph import ResourceGraph
    from mlops_estate.up import UpReport


def project_dir(given: Path | None) -> Path:
    """Return the project's folder: as given, else the nearest one upwards that holds Pulumi.yaml, else the installed
    one."""
    if given is not None:
        if not (given / "Pulumi.yaml").is_file():
            rule = "there is no Pulumi.yaml in this folder"
            raise FaultsFound([Fault("--project", str(given), rule, "name the folder of the project")])
        return given.resolve()
    here = Path.cwd()
    for folder in (here, *here.parents, Path(__file__).resolve().parents[3]):
        if (folder / "Pulumi.yaml").is_file() and (folder / "stacks" / "__main__.py").is_file():
            return folder
    fix = "change into a clone of the project, or name it: --project DIR"
    raise FaultsFound([Fault("--project", str(here), "no project was found here or above", fix)])


def load_named(name: str, project: Path | None) -> LoadedEnvironment:
    """Read an environment's configuration, of the project that is given or found."""
    from mlops_estate.config import load_environment

    return load_environment(name, project_dir(project))


def _print_json(data: Any) -> None:
    print(json.dumps(data, indent=2, default=str))


def run_up(
    name: str,
    project: Path | None,
    *,
    serve: bool,
    port: int,
    destroy_after: bool,
    as_json: bool,
    account_url: str | None = None,
) -> int:
    """Stand an environment up, in a served account if one is given; print the report; serve the account if wanted."""
    from mlops_estate.engine import EngineFault
    from mlops_estate.up import up

    if serve and account_url is not None:
        rule = "--account names an account that another command serves already"
        raise FaultsFound([Fault("--serve", account_url, rule, "leave one of the two out")])
    environment = load_named(name, project)

    def standing(account: EmbeddedAccount | RemoteAccount, report: UpReport) -> None:
        if serve:
            _show(report, environment, as_json=as_json)
            _serve(account, environment, port)

    try:
        with shown(f"up {name}", silent=as_json) as progress:
            report = up(
                environment,
                account_url=account_url or "",
                progress=progress,
                rehearse_destroy=destroy_after and not serve,
                standing=standing,
            )
    except EngineFault as fault:
        path = environment.project_dir / ".estate" / name / "graph.json"
        fault.summary += f"; the graph of what stood is in {os.path.relpath(path)}"
        raise
    if not serve:
        _show(report, environment, as_json=as_json)
    return 0 if report.ok else 1


def run_serve_empty(name: str, project: Path | None, *, port: int) -> int:
    """Serve an empty account in an environment's region."""
    from mlops_estate.embedded.account import EmbeddedAccount

    environment = load_named(name, project)
    with EmbeddedAccount(environment.config.estate.region) as account:
        _serve(account, environment, port, empty=True)
    return 0


def _show(report: UpReport, environment: LoadedEnvironment, *, as_json: bool) -> None:
    from mlops_estate.graph_file import load
    from mlops_estate.reports.tree import tree
    from mlops_estate.up.report import as_text

    if as_json:
        _print_json(report.as_dict())
        return
    print(tree(load(environment.project_dir / report.graph_file)))
    print()
    print(as_text(report))
    sys.stdout.flush()


def wiring(url: str, project: Path) -> tuple[str, str]:
    """Return the two lines that make the Pulumi CLI use a served account: one for the shell, one for Pulumi.yaml."""
    providers = [{"name": name, "path": str(project / "plugins" / name)} for name in ("aws", "aws-native")]
    return f"  export MLOPS_ESTATE_ENDPOINT={url}", f"  plugins: {json.dumps({'providers': providers})}"


def _serve(
    account: EmbeddedAccount | RemoteAccount, environment: LoadedEnvironment, port: int, *, empty: bool = False
) -> None:
    """Serve until the process is told to stop; nothing of the environment stands in an `empty` account."""
    from mlops_estate.embedded.server import AccountServer
    from mlops_estate.up.served import Served, note

    stop = threading.Event()
    previous = signal.signal(signal.SIGTERM, lambda *_: stop.set())
    try:
        server = AccountServer(port, account.instance)
    except (OSError, SystemExit) as error:
        fix = "take another port, or 0 for a free one"
        raise FaultsFound([Fault("--port", port, f"cannot listen on it: {error}", fix)]) from None
    with server:
        path = note(
            environment.project_dir,
            environment.name,
            Served(server.url, account.region, account.account_id, os.getpid()),
        )
        lines = (
            "",
            f"Serving account {account.account_id} on {server.url} (loopback only) until Ctrl-C. In another terminal:",
            f"  export AWS_ENDPOINT_URL={server.url} AWS_DEFAULT_REGION={account.region}",
            "  export AWS_ACCESS_KEY_ID=embedded AWS_SECRET_ACCESS_KEY=embedded",
            "  aws sagemaker list-endpoints",
            f"  estate up {environment.name} --account {server.url}",
            *([] if empty else [f"  estate destroy {environment.name}"]),
            "For the Pulumi CLI (docs/reference/engine.md), the second line in a copy of Pulumi.yaml:",
            *wiring(server.url, environment.project_dir),
        )
        print("\n".join(lines), file=sys.stderr, flush=True)
        try:
            while not stop.wait(0.5):
                pass
        except KeyboardInterrupt:
            print("stopped", file=sys.stderr)
        finally:
            path.unlink(missing_ok=True)
            signal.signal(signal.SIGTERM, previous)


def run_destroy(name: str, project: Path | None, *, unprotect: bool, as_json: bool) -> int:
    """Take the estate of a served account down."""
    from mlops_estate.up.served import destroy_served

    folder = project_dir(project)
    with shown(f"destroy {name}", silent=as_json) as progress:
        report = destroy_served(folder, name, unprotect=unprotect, on_event=counted(progress))
    data = {
        "ok": not report.faults,
        "deleted": len(report.deleted),
        "kept": sorted(report.kept),
        "retained": report.retained,
        "expected_left": report.expected_left,
        "faults": [fault.as_dict() for fault in report.faults],
    }
    if as_json:
        _print_json(data)
    else:
        print(f"{name}: {len(report.deleted)} resources deleted, {len(report.kept)} kept")
        for what in report.expected_left:
            print(f"  left as expected: {what}")
        for fault in report.faults:
            print(f"  FAILED: {fault.as_text()}")
    return 1 if report.faults else 0


def collect(
    environment: LoadedEnvironment, *, as_shipped: bool, silent: bool, name_unknowns: bool = False
) -> tuple[ResourceGraph, list[str]]:
    """Run the program without creating anything; return its graph and what has been assumed.

    `name_unknowns` names what is unknown by the resource it comes from (`engine.naming`).
    """
    from mlops_estate.config import role_notes
    from mlops_estate.engine import run_program
    from mlops_estate.up.session import offline_versions, program_config

    versions = offline_versions(environment, as_shipped=as_shipped)
    assumed = [
        f"{model} has no pinned version: version 1 is assumed (--as-shipped leaves it out)" for model in versions
    ]
    with shown(f"preview {environment.name}", silent=silent) as progress:
        graph = run_program(
            environment.project_dir / "stacks" / "__main__.py",
            stack=environment.name,
            config=program_config(environment, "", versions),
            on_event=counted(progress),
            name_unknowns=name_unknowns,
        )
    graph.notes = assumed + role_notes(environment.config) + graph.notes
    return graph, graph.notes


def run_preview(name: str, project: Path | None, *, as_shipped: bool, full: bool, as_json: bool) -> int:
    """Print what would be declared."""
    from mlops_estate.graph_file import as_dict
    from mlops_estate.reports.tree import tree

    start = perf_counter()
    environment = load_named(name, project)
    graph, notes = collect(environment, as_shipped=as_shipped, silent=as_json)
    if as_json:
        _print_json(as_dict(graph))
        return 0
    print(tree(graph, full=full))
    for note in notes:
        print(f"note: {note}")
    print(f"Nothing was created. {perf_counter() - start:.1f} s")
    return 0


def run_graph(
    name: str, project: Path | None, *, output: Path, as_shipped: bool, as_json: bool, name_unknowns: bool = False
) -> int:
    """Write the estate as a picture, a page, or data."""
    from mlops_estate.graph_file import save
    from mlops_estate.reports.picture import picture

    if output.suffix not in {".svg", ".html", ".json"}:
        rule = "the file's ending says what to write"
        raise FaultsFound([Fault("--output", str(output), rule, "end it in .svg, .html or .json")])
    environment = load_named(name, project)
    graph, notes = collect(environment, as_shipped=as_shipped, silent=as_json, name_unknowns=name_unknowns)
    if output.suffix == ".json":
        save(graph, output)
    else:
        output.parent.mkdir(parents=True, exist_ok=True)
        output.write_text(picture(graph, html=output.suffix == ".html"), encoding="utf-8")
    if as_json:
        _print_json(
            {"ok": True, "file": str(output), "resources": sum(1 for _ in graph.custom_nodes()), "notes": notes}
        )
    else:
        for note in notes:
            print(f"note: {note}")
        print(f"wrote {output} ({sum(1 for _ in graph.custom_nodes())} resources)")
    return 0


def run_config_check(name: str, project: Path | None, *, as_json: bool, account_url: str | None = None) -> int:
    """Check a configuration, and in a served account that what it names is there; the caller reports faults."""
    from mlops_estate.config import role_notes

    environment = load_named(name, project)
    if account_url is not None:
        from mlops_estate.embedded.network_guard import NetworkGuard
        from mlops_estate.up.prerequisites import check_prerequisites
        from mlops_estate.up.served import attach

        with NetworkGuard():
            account = attach(account_url, environment.config.estate.region)
            check_prerequisites(environment, account, starts_empty=False)
    models, notes = list(environment.config.models), role_notes(environment.config)
    if as_json:
        found = {"class": environment.config.environment_class, "models": models, "notes": notes}
        _print_json({"ok": True, "environment": name, **found})
    else:
        print(f"{environment.path.name} is sound: class {environment.config.environment_class}, "
              f"{len(models)} model{'s' if len(models) != 1 else ''} ({', '.join(models) or 'none'})")  # fmt: skip
        for note in notes:
            print(f"note: {note}")
    return 0


def run_config_schema() -> int:
    """Print the JSON Schema."""
    from mlops_estate.config import json_schema

    print(json.dumps(json_schema(), indent=2))
    return 0
