"""The report as JUnit XML: a rule on a resource is a test case; advice is told, and fails nothing."""

from __future__ import annotations

from collections.abc import Iterable

from junitparser import Error, Failure, JUnitXml, Skipped, TestCase, TestSuite
from junitparser.junitparser import FinalResult

from mlops_estate.checks.report import CheckReport
from mlops_policies.results import Finding
from mlops_policies.rule import Rule
from mlops_policies.verdicts import Status

_LEFT_OUT = Status.NOT_APPLICABLE


def render(report: CheckReport) -> str:
    """Return the report as XML text, a suite per rule."""
    document = JUnitXml(report.target)
    by_place: dict[tuple[str, str], list[Finding]] = {}
    for finding in report.findings:
        by_place.setdefault((finding.rule, finding.urn), []).append(finding)
    for bound in report.pack.bound:
        outcomes = report.pack.record.outcomes.get(bound.rule.id, {})
        suite = TestSuite(bound.rule.id)
        for urn, status in sorted(outcomes.items()):
            if status is not _LEFT_OUT:
                suite.add_testcase(_case(bound.rule, urn, by_place.get((bound.rule.id, urn), ()), report))
        if len(suite):
            document.add_testsuite(suite)
    housekeeping = TestSuite("exemptions")
    for finding in report.pack.exemption_findings():
        case = TestCase(finding.name, finding.rule)
        case.result = [Failure(finding.message) if finding.blocks else Skipped(f"advice: {finding.message}")]
        housekeeping.add_testcase(case)
    if len(housekeeping):
        document.add_testsuite(housekeeping)
    document.update_statistics()  # type: ignore[no-untyped-call]  # as below
    text: bytes = document.tostring()  # type: ignore[no-untyped-call]  # the library types all but this
    return text.decode("utf-8")


def _case(rule: Rule, urn: str, findings: Iterable[Finding], report: CheckReport) -> TestCase:
    case = TestCase(urn.rpartition("::")[2] or "stack", rule.id)
    if place := report.sources.get(urn):
        case.system_out = place
    results: list[FinalResult] = []
    for finding in findings:
        if finding.status is Status.ERROR:
            results.append(Error(finding.message, rule.id))
        elif finding.blocks:
            results.append(Failure(f"{finding.message}. {rule.fix}.", rule.id))
        elif finding.exemption is not None:
            terms = finding.exemption
            results.append(Skipped(f"exempt until {terms.expires} ({terms.ticket}): {finding.message}"))
        elif finding.status is Status.UNKNOWN:
            results.append(Skipped(f"not evaluated: {finding.message}"))
        else:
            results.append(Skipped(f"advice: {finding.message}. {rule.fix}."))
    case.result = results
    return case
