"""The rules as policies of Pulumi's policy SDK: the one form in which they run, under the engine and offline.

`Pack(...)` makes the policies; it starts nothing. `policies/__main__.py` hands them to a `PolicyPack`, and
``estate check`` calls the same objects. Every answer goes to a `Record` too.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Any

import pulumi_policy as sdk
from pulumi_policy.proxy import UNKNOWN_STRING_VALUE, UnknownValueError

from mlops_policies import tokens
from mlops_policies.catalog import rules
from mlops_policies.configuration import Configuration
from mlops_policies.exemptions import Exemption
from mlops_policies.masking import beginnings, opened, secrets_in, without_secrets
from mlops_policies.resource import Provider, Resource
from mlops_policies.results import WHOLE_STACK, Finding, Record, Subject
from mlops_policies.rule import EnvironmentClass, Level, Rule, Severity, Use
from mlops_policies.stack import Stack
from mlops_policies.stack_view import stack_of
from mlops_policies.values import plain
from mlops_policies.verdicts import Status, Verdict, gathered, not_applicable, overall

HEALTH = "policy-pack-health"
EXEMPTIONS = "policy-pack-exemptions"
HOUSEKEEPING: Mapping[str, str] = {
    "exemption-expired": "Exemptions are within their time.",
    "exemption-without-reason": "Exemptions have a reason.",
    "exemption-unused": "Exemptions cover a finding.",
}
"""What an exemption itself can be found to lack, by the id of the finding."""
SECRETS = "secret-properties-noted"
_NAMED = 5
"""How many unknown values a rule about a stack names."""
_LEVELS = {
    "disabled": sdk.EnforcementLevel.DISABLED,
    "advisory": sdk.EnforcementLevel.ADVISORY,
    "mandatory": sdk.EnforcementLevel.MANDATORY,
    "remediate": sdk.EnforcementLevel.REMEDIATE,
}
_SEVERITIES = {
    "low": sdk.Severity.LOW,
    "medium": sdk.Severity.MEDIUM,
    "high": sdk.Severity.HIGH,
    "critical": sdk.Severity.CRITICAL,
}


class KnownProps(dict[str, Any]):
    """Properties that are read already: what runs offline hands the same view to every rule."""

    __slots__ = ("resource",)

    def __init__(self, resource: Resource, props: Mapping[str, Any]) -> None:
        super().__init__(props)
        self.resource = resource


class KnownResources(list[sdk.PolicyResource]):
    """The resources of a stack that is read already, with one set of indexes for every rule."""

    __slots__ = ("stack",)

    def __init__(self, stack: Stack, resources: Iterable[sdk.PolicyResource] = ()) -> None:
        super().__init__(resources)
        self.stack = stack


class Pack:
    """Every rule bound to a configuration, a class of environments and a day."""

    def __init__(
        self,
        configuration: Configuration,
        environment: EnvironmentClass,
        *,
        today: date,
        only: Iterable[str] | None = None,
    ) -> None:
        self.configuration, self.environment, self.today = configuration, environment, today
        self.record = Record()
        chosen = rules() if only is None else {name: rules()[name] for name in only}
        self.bound = [Bound(self, rule) for rule in chosen.values()]
        self._by_type: dict[str, list[Bound]] = {}
        self._stack: Stack | None = None

    def policies(self) -> list[sdk.Policy]:
        """Return the policies for a `PolicyPack`: every rule, what notes secrets, what reports health."""
        return [self._secrets_noted(), *(bound.policy for bound in self.bound), self._exemptions(), self._health()]

    def resource_rules(self, kind: str) -> list[Bound]:
        """Return the enabled rules about single resources of a canonical type."""
        if kind not in self._by_type:
            self._by_type[kind] = [bound for bound in self.bound if bound.rule.scope == "resource"
                                   and bound.level != "disabled" and bound.rule.applies_to(kind)]  # fmt: skip
        return self._by_type[kind]

    def stack_rules(self) -> list[Bound]:
        """Return the enabled rules about a whole stack or resources within it."""
        return [bound for bound in self.bound if bound.rule.scope != "resource" and bound.level != "disabled"]

    def exemption(self, finding: str, subject: Subject) -> Exemption | None:
        """Return the exemption of a finding on a resource, and note that it is used; an expired one exempts nothing."""
        for place, exemption in enumerate(self.configuration.exemptions):
            if self.environment in exemption.environments and exemption.covers(finding, subject.urn, subject.name):
                self.record.exempted.add(place)
                if not exemption.expired(self.today) and exemption.reason.strip():
                    return exemption
        return None

    def exemption_findings(self) -> list[Finding]:
        """Return the exemptions that are findings themselves: expired, without a reason, or without use.

        An unused one is advice: the finding that it covered may come back with the next change.
        """
        found: list[Finding] = []
        active = {bound.rule.id for bound in self.bound if bound.level != "disabled"}
        for place, exemption in enumerate(self.configuration.exemptions):
            if self.environment not in exemption.environments or exemption.rule not in active:
                continue
            about = f"{exemption.place} ({exemption.finding} on {exemption.resource})"
            if exemption.expired(self.today):
                found.append(_housekeeping("exemption-expired", f"{about} expired on {exemption.expires}", exemption))
            if not exemption.reason.strip():
                found.append(_housekeeping("exemption-without-reason", f"{about} has no reason", exemption))
            if place not in self.record.exempted:
                found.append(_housekeeping("exemption-unused", f"{about} covers no finding", exemption))
        return found

    def note_secrets(self, urn: str, secrets: Mapping[str, Any]) -> None:
        """Keep which properties of a resource are secret, by path, and how their values begin."""
        self.record.secrets[urn] = frozenset(secrets)
        self.record.secret_texts |= beginnings(secrets.values())

    def forget(self) -> None:
        """Forget a run: the engine may keep a pack's process for the next one."""
        self.record.reset()
        self._stack = None
        for bound in self.bound:
            bound.use.memory.clear()

    def stack_of(self, resources: Sequence[sdk.PolicyResource]) -> Stack:
        """Return the view of a stack's resources as the engine hands them over: made once, as the SDK unpacks them
        anew for every policy."""
        if isinstance(resources, KnownResources):
            return resources.stack
        if self._stack is None or list(self._stack.by_urn) != [given.urn for given in resources]:
            self._stack = stack_of(resources, self.record)
        return self._stack

    def _secrets_noted(self) -> sdk.Policy:
        """Make the policy that learns which properties are secret: the SDK tells remediations alone.

        Which are given at all it learns as well: rules about a stack see outputs, where more is.
        """

        def note(args: sdk.ResourceValidationArgs) -> None:
            if args.urn in self.record.secrets:
                self.forget()  # the engine names a resource once in a run: this is the next one, the last was cut short
            props, self._stack = plain(args.props), None
            self.note_secrets(args.urn, dict(secrets_in(props)))
            self.record.given[args.urn] = opened(props)

        return sdk.ResourceValidationPolicy(
            name=SECRETS,
            description="Notes which properties are given and which are Pulumi secrets, for rules; changes nothing.",
            remediate=note,
            enforcement_level=sdk.EnforcementLevel.REMEDIATE,
        )

    def _exemptions(self) -> sdk.Policy:
        def validate(_args: sdk.StackValidationArgs, report: sdk.ReportViolation) -> None:
            for finding in self.record.findings:
                if finding.exemption is not None:
                    terms = finding.exemption
                    until = f"exempt until {terms.expires} ({terms.ticket}: {terms.reason})"
                    report(f"{until}: {finding.id}: {finding.message}", finding.urn or None)
            for finding in self.exemption_findings():
                if not finding.blocks:
                    report(finding.message, None)

        return sdk.StackValidationPolicy(
            name=EXEMPTIONS,
            description="Findings that are exempted stay in sight, and exemptions without use are told.",
            validate=validate,
            enforcement_level=sdk.EnforcementLevel.ADVISORY,
            severity=sdk.Severity.LOW,
        )

    def _health(self) -> sdk.Policy:
        def validate(_args: sdk.StackValidationArgs, report: sdk.ReportViolation) -> None:
            for finding in self.record.findings:
                if finding.status is Status.ERROR:
                    report(f"{finding.rule}: {finding.message}", finding.urn or None)
            for finding in self.exemption_findings():
                if finding.blocks:
                    report(finding.message, None)
            self.forget()

        return sdk.StackValidationPolicy(
            name=HEALTH,
            description="Every rule of the pack runs, and every exemption is reasoned and current.",
            validate=validate,
            enforcement_level=sdk.EnforcementLevel.MANDATORY,
            severity=sdk.Severity.HIGH,
        )


class Bound:
    """One rule with its level and settings in a pack, and the policy that runs it."""

    def __init__(self, pack: Pack, rule: Rule) -> None:
        self.pack, self.rule = pack, rule
        self.level: Level = pack.configuration.level(rule, pack.environment)
        self.settings = pack.configuration.settings_of(rule, pack.environment)
        self.use = Use(pack.environment, self.settings)
        self.policy = self._policy()

    def _policy(self) -> sdk.Policy:
        rule = self.rule
        about: dict[str, Any] = {
            "name": rule.id,
            "description": rule.title,
            "enforcement_level": _LEVELS[self.level],
            "severity": _SEVERITIES[rule.severity],
            "tags": [rule.category],
            "remediation_steps": rule.fix,
            "url": rule.sources[0],
            "config_schema": self._schema() if rule.settings else None,
        }  # fmt: skip
        if rule.scope == "resource":
            remediate = self._remediate if rule.remedy is not None else None
            return sdk.ResourceValidationPolicy(validate=self._validate, remediate=remediate, **about)
        return sdk.StackValidationPolicy(validate=self._validate_stack, **about)

    def _schema(self) -> sdk.PolicyConfigSchema:
        """Return the settings' schema, with what is configured as defaults: the engine hands these over, too."""
        return sdk.PolicyConfigSchema(
            properties={name: {**schema, "default": self.settings[name]} for name, schema in self.rule.settings.items()}
        )

    def _use(self, given: Mapping[str, Any] | None) -> Use:
        """Return the use with what the engine's own configuration lays over the settings."""
        settings = {**self.settings, **plain(given or {})}
        if settings != self.use.settings:
            self.use = Use(self.pack.environment, settings)
        return self.use

    def _validate(self, args: sdk.ResourceValidationArgs, report: sdk.ReportViolation) -> None:
        if args.resource_type != tokens.CLOUD_CONTROL and not self.rule.applies_to(tokens.kind_of(args.resource_type)):
            args.not_applicable(f"about {', '.join(self.rule.on)}")
        it = self._resource(args)
        if not self.rule.applies_to(it.type):
            args.not_applicable(f"about {', '.join(self.rule.on)}")
        use = self._use(args.get_config())
        answers = self._answers(lambda: self.rule.check(it, use))
        status = self._settle(Subject(it.urn, it.token, it.name), answers, report)
        if status is Status.UNKNOWN:
            raise UnknownValueError(UNKNOWN_STRING_VALUE, _unknown_paths(answers))
        if status is Status.NOT_APPLICABLE:
            args.not_applicable(answers[0].message)

    def _resource(self, args: sdk.ResourceValidationArgs) -> Resource:
        if isinstance(args.props, KnownProps):
            return args.props.resource
        provider = Provider.of(plain(args.provider.props)) if args.provider else None
        return Resource(
            args.resource_type,
            plain(args.props, internal=False),
            urn=args.urn,
            name=args.name,
            protect=args.opts.protect,
            provider=provider,
            secrets=self.pack.record.secrets.get(args.urn),
        )

    def _validate_stack(self, args: sdk.StackValidationArgs, report: sdk.ReportViolation) -> None:
        stack = self.pack.stack_of(args.resources)
        use = Use(self.pack.environment, {**self.settings, **plain(args.get_config())})
        unknown: list[str] = []
        statuses = []
        for subject, answers in self._stack_answers(stack, use):
            status = self._settle(subject, answers, report)
            statuses.append(status)
            if status is Status.UNKNOWN:
                unknown += [f"{subject.name}: {path}".removeprefix(": ") for path in _unknown_paths(answers)]
        if unknown:
            more = [f"and {len(unknown) - _NAMED} more"] if len(unknown) > _NAMED else []
            raise UnknownValueError(UNKNOWN_STRING_VALUE, [", ".join([*unknown[:_NAMED], *more])])
        if all(status is Status.NOT_APPLICABLE for status in statuses):
            args.not_applicable("the stack has nothing that the rule speaks of")

    def _stack_answers(self, stack: Stack, use: Use) -> Iterable[tuple[Subject, list[Verdict]]]:
        if self.rule.scope == "whole_stack":
            yield Subject(), self._answers(lambda: self.rule.check(stack, use))
            return
        prefixes = any(kind.endswith("*") for kind in self.rule.on)
        subjects = stack.resources if prefixes else stack.of(*self.rule.on)
        for it in subjects:
            if not prefixes or self.rule.applies_to(it.type):
                answers = self._answers(lambda it=it: self.rule.check(it, stack, use))
                yield Subject(it.urn, it.token, it.name), answers

    def _answers(self, check: Any) -> list[Verdict]:
        """Return a rule's answers; a rule that raises says so itself, and the others still run."""
        if self.pack.environment not in self.rule.only:
            return [not_applicable(f"only in {', '.join(self.rule.only)}")]
        try:
            return gathered(check())
        except Exception as error:  # noqa: BLE001 -- reported as a finding that fails the run
            return [Verdict(Status.ERROR, f"the rule failed: {type(error).__name__}: {error}")]

    def _settle(
        self,
        subject: Subject,
        answers: Sequence[Verdict],
        report: sdk.ReportViolation,
    ) -> Status:
        """Record the answers about a resource, report its faults, and return the status that counts."""
        status = overall(answers)
        secrets = self._secrets_of(subject)
        for answer in answers:
            if answer.status not in (Status.FAIL, Status.UNKNOWN, Status.ERROR):
                continue
            finding = Finding(
                self.rule.id, answer.status, self.level, self.rule.severity, subject.urn, subject.type, subject.name,
                without_secrets(answer, secrets, self.pack.record.secret_texts), answer.path, answer.key,
            )  # fmt: skip
            if answer.status is Status.FAIL:
                finding = self._exempted(finding, subject)
            self.pack.record.findings.append(finding)
            if answer.status is Status.ERROR or (answer.status is Status.FAIL and finding.exemption is None):
                report(f"{finding.message}. {self.rule.fix}.", subject.urn or None)
        self.pack.record.note(self.rule, subject, status)
        return status

    def _secrets_of(self, subject: Subject) -> Collection[str] | None:
        """Return the paths of a resource's secret properties, None where nobody told."""
        if not subject.urn:
            return ()
        paths = self.pack.record.secrets.get(subject.urn)
        # Rules read what is within the one text that Cloud Control takes.
        return ("",) if paths and subject.type == tokens.CLOUD_CONTROL else paths

    def _exempted(self, finding: Finding, subject: Subject) -> Finding:
        return replace(finding, exemption=self.pack.exemption(finding.id, subject))

    def _remediate(self, args: sdk.ResourceValidationArgs) -> Any:
        if not self.rule.applies_to(tokens.kind_of(args.resource_type)):
            args.not_applicable(f"about {', '.join(self.rule.on)}")
        props = plain(args.props)
        # The engine shows a remediated resource's properties in clear, secrets too.
        if any(True for _ in secrets_in(props)) or self.pack.record.secrets.get(args.urn):
            return None
        assert self.rule.remedy is not None
        changed = self.rule.remedy(props, args.resource_type, self._use(args.get_config()))
        if changed is None or changed == plain(args.props):
            return None
        self.pack.record.remediated.append((self.rule.id, args.urn))
        self.pack.record.given[args.urn] = opened(changed)
        return changed


def _housekeeping(name: str, message: str, exemption: Exemption) -> Finding:
    level: Level = "advisory" if name == "exemption-unused" else "mandatory"
    severity: Severity = "low" if name == "exemption-unused" else "high"
    return Finding(name, Status.FAIL, level, severity, WHOLE_STACK, "", exemption.place, message)


def _unknown_paths(answers: Iterable[Verdict]) -> list[str]:
    return [answer.path for answer in answers if answer.status is Status.UNKNOWN]
