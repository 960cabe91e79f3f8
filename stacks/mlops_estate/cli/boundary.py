"""The one place where errors become a report and an exit code."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from typing import Any

from mlops_estate.faults import Fault, FaultsFound

INTERRUPTED = 130


def run(arguments: Sequence[str] | None = None) -> int:
    """Run the application and return its exit code; a user never sees a traceback."""
    import typer

    from mlops_estate.cli.app import app

    given = list(sys.argv[1:] if arguments is None else arguments)
    as_json = "--json" in given
    try:
        code = app(args=given, standalone_mode=False, prog_name="estate")
    except FaultsFound as found:
        report(found, as_json=as_json)
        return found.exit_code
    except (typer.Abort, KeyboardInterrupt):
        code = INTERRUPTED
    except typer.Exit as left:
        return left.exit_code
    except Exception as error:
        if type(error).__module__.startswith(("click", "typer")) and hasattr(error, "format_message"):
            return _usage(error, as_json=as_json)
        raise
    if code == INTERRUPTED:  # typer answers an interrupt with this code, and says nothing
        print("interrupted", file=sys.stderr)
    return int(code or 0)


def _usage(error: Any, *, as_json: bool) -> int:
    """Say what is wrong with the command line itself."""
    message = error.format_message()
    if type(error).__name__ == "NoArgsIsHelpError":  # the message is the help itself
        print(message, file=sys.stderr)
        return 2
    context = getattr(error, "ctx", None)
    command = context.command_path if context else "estate"
    fault = Fault(command, None, message, f"{command} --help shows what there is")
    report(FaultsFound([fault], "the command line is wrong"), as_json=as_json)
    return 2


def report(found: FaultsFound, *, as_json: bool) -> None:
    """Print every fault: as text on standard error, or as JSON on standard output."""
    if as_json:
        print(json.dumps({"ok": False, "summary": found.summary, "faults": [fault.as_dict() for fault in found.faults]},
                         indent=2, default=str))  # fmt: skip
        return
    print(f"\n{found.summary}:", file=sys.stderr)
    for fault in found.faults:
        print(f"\n  {fault.as_text()}".replace("\n    ", "\n      "), file=sys.stderr)
