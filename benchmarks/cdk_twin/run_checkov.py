"""Run checkov over a folder of CloudFormation templates, and print what it did as JSON.

    python benchmarks/cdk_twin/run_checkov.py templates

The same as `checkov -d templates --framework cloudformation --quiet --compact --skip-download -o json`, but started in
process, so that importing it is not measured; and it counts the checks that passed, which `--quiet` doesn't print.
"""

from __future__ import annotations

import contextlib
import io
import json
import sys
from collections import Counter
from time import perf_counter

from checkov.main import Checkov
from checkov.version import version

OPTIONS = ("--framework", "cloudformation", "--quiet", "--compact", "--skip-download", "-o", "json")


def main() -> None:
    """Run, and print."""
    command = Checkov(argv=["-d", sys.argv[1], *OPTIONS])
    start = perf_counter()
    with contextlib.redirect_stdout(io.StringIO()):
        command.run()
    seconds = perf_counter() - start
    [report] = [report for report in command.scan_reports if report.check_type == "cloudformation"]
    answers = [*report.passed_checks, *report.failed_checks]
    said = {
        "version": version,
        "seconds": seconds,
        "checks": len({answer.check_id for answer in answers}),
        "answers": len(answers),
        "resources": report.get_summary()["resource_count"],
        "findings": len(report.failed_checks),
        "by_check": Counter(answer.check_id for answer in report.failed_checks),
    }
    print(json.dumps(said))


if __name__ == "__main__":
    main()
