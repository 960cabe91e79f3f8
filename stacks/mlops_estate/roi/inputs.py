"""The inputs of a calculation: a typed tree with documented defaults, read from a YAML file, every fault at once."""

from __future__ import annotations

import copy
import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field

from mlops_estate.config.blocks import check_block
from mlops_estate.config.document import ConfigFault, Document, dotted, nearest, read_document
from mlops_estate.config.findings import Finding
from mlops_estate.faults import Fault, FaultsFound

DEFAULTS = Path(__file__).with_name("defaults.yaml")
COSTS: Mapping[str, str] = {
    "infrastructure": "Infrastructure and tooling",
    "development": "Development and training",
    "operations": "Operations",
    "incidents": "Incidents",
}
VALUE: Mapping[str, str] = {
    "time_to_market": "Time to market",
    "accuracy": "Accuracy",
    "efficiency": "Efficiency",
    "revenue": "Revenue",
}
METRICS: Mapping[str, str] = {**COSTS, **VALUE}
"""Every metric and what people call it; costs before value."""
LONGEST_MONTHS = 120
MOST_USD = 1e12
Shape = Literal["even", "rising", "falling", "s_curve"]
Usd = Annotated[float, Field(ge=0, le=MOST_USD, allow_inf_nan=False)]
Factor = Annotated[float, Field(ge=0, le=100, allow_inf_nan=False)]
Month = Annotated[int, Field(ge=1, le=LONGEST_MONTHS)]


class _Block(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)


class Phase(_Block):
    """An amount of one metric over some months.

    `start` and `end` are months from 1, `end` included; default of `end`: none, it goes on. Exactly one of `total_usd`
    (a sum over the phase, which then needs an end; by `shape`, default even), `monthly_usd` (US dollars a month), or
    `units_per_month` with `usd_per_unit` (`unit` names what is counted). `ramp_months` is how many months a monthly
    amount takes to be reached in full, growing evenly; default 0.
    """

    start: Month = Field(default=1, examples=[1])
    end: Month | None = None
    total_usd: Usd | None = None
    shape: Shape = "even"
    monthly_usd: Usd | None = None
    units_per_month: Usd | None = None
    usd_per_unit: Usd | None = None
    unit: str = ""
    ramp_months: Annotated[int, Field(ge=0, le=LONGEST_MONTHS)] = 0


class Costs(_Block):
    """The four cost metrics, each a list of phases; default: none of it."""

    infrastructure: list[Phase] = Field(default_factory=list)
    development: list[Phase] = Field(default_factory=list)
    operations: list[Phase] = Field(default_factory=list)
    incidents: list[Phase] = Field(default_factory=list)


class Value(_Block):
    """The four business metrics, each a list of phases; default: none of it."""

    time_to_market: list[Phase] = Field(default_factory=list)
    accuracy: list[Phase] = Field(default_factory=list)
    efficiency: list[Phase] = Field(default_factory=list)
    revenue: list[Phase] = Field(default_factory=list)


class Factors(_Block):
    """What multiplies every amount of a metric, 0 to 100; default 1."""

    infrastructure: Factor = 1
    development: Factor = 1
    operations: Factor = 1
    incidents: Factor = 1
    time_to_market: Factor = 1
    accuracy: Factor = 1
    efficiency: Factor = 1
    revenue: Factor = 1


class RoiInputs(_Block):
    """All inputs; what a file leaves out is as `defaults.yaml` has it."""

    horizon_months: Month = 24
    discount_rate_percent: Annotated[float, Field(ge=0, le=100, allow_inf_nan=False)] = 10
    value_delay_months: Annotated[int, Field(ge=0, le=LONGEST_MONTHS)] = 0
    sensitivity_percent: Annotated[float, Field(gt=0, le=100, allow_inf_nan=False)] = 20
    factors: Factors = Field(default_factory=Factors)
    costs: Costs = Field(default_factory=Costs)
    value: Value = Field(default_factory=Value)

    def phases(self, metric: str) -> list[Phase]:
        """Return the phases of a metric."""
        found: list[Phase] = getattr(self.costs if metric in COSTS else self.value, metric)
        return found

    def factor(self, metric: str) -> float:
        """Return what multiplies a metric."""
        found: float = getattr(self.factors, metric)
        return found

    def scaled(self, factors: Mapping[str, float]) -> RoiInputs:
        """Return the inputs with some metrics multiplied by a further factor."""
        changed = {metric: self.factor(metric) * factor for metric, factor in factors.items()}
        return self.model_copy(update={"factors": self.factors.model_copy(update=changed)})


def default_data() -> dict[str, Any]:
    """Return the documented defaults as plain data, fresh at each call."""
    return copy.deepcopy(_defaults())


@cache
def _defaults() -> dict[str, Any]:
    found: dict[str, Any] = read_document(DEFAULTS).data
    return found


def read_inputs(path: Path | None = None, settings: Sequence[str] = ()) -> RoiInputs:
    """Return the inputs of a YAML file over the defaults, with `key=value` settings over both.

    A metric that the file names replaces the default's phases as a whole. Keys of settings are paths
    (`costs.operations[0].monthly_usd`), values YAML. Raises `FaultsFound` with every fault, its path and its line.
    """
    data, document = default_data(), None
    faults: list[Fault] = []
    if path is not None:
        document = read_document(path)
        faults += document.faults
        if not isinstance(document.data, dict):
            raise FaultsFound([*faults, Fault(str(path), document.data, "must be a block of keys", _fix_file())])
        data = _merged(data, document.data)
    given: set[tuple[str | int, ...]] = set()
    for setting in settings:
        faults += _set(data, setting, given)
    checked = check_block(RoiInputs, data, (_phases_are_whole,))
    faults += [_fault(finding, document, given) for finding in checked.findings]
    if faults:
        faults.sort(key=lambda fault: (getattr(fault, "line", 0), fault.where))
        raise FaultsFound(faults, "the inputs have faults")
    return checked.value


def with_infrastructure(inputs: RoiInputs, monthly_usd: float) -> RoiInputs:
    """Return the inputs with infrastructure as one amount a month from month 1 on, in place of the default's phases.

    Raises `FaultsFound` where the inputs have infrastructure of their own: one of the two would be lost unsaid.
    """
    if inputs.costs.infrastructure != read_inputs().costs.infrastructure:
        rule = "the inputs give costs.infrastructure themselves, and --env would replace it"
        raise FaultsFound([Fault("--env", None, rule, "leave --env out, or costs.infrastructure in the inputs")])
    costs = inputs.costs.model_copy(update={"infrastructure": [Phase(start=1, monthly_usd=monthly_usd)]})
    return inputs.model_copy(update={"costs": costs})


def _merged(below: dict[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    found = dict(below)
    for key, value in above.items():
        inner = found.get(key)
        found[key] = _merged(inner, value) if isinstance(inner, dict) and isinstance(value, dict) else value
    return found


def _fix_file() -> str:
    return "write one to begin with: estate roi --init roi.yaml"


_PART = re.compile(r"([a-z_]+)((?:\[\d{1,4}\])*)")


def _set(data: dict[str, Any], setting: str, given: set[tuple[str | int, ...]]) -> list[Fault]:
    """Set one value in place; return what is wrong with the setting itself."""
    key, equals, text = setting.partition("=")
    path: list[str | int] = []
    for part in key.strip().split("."):
        found = _PART.fullmatch(part)
        if not found or not equals:
            return [Fault("--set", setting, "is no key=value", "write it like --set discount_rate_percent=8")]
        path += [found[1], *(int(index) for index in re.findall(r"\d+", found[2]))]
    try:
        value = yaml.safe_load(text)
    except yaml.YAMLError:
        return [Fault(f"--set {key}", text, "the value must be YAML", "quote it for the shell: --set 'key=value'")]
    holder: Any = data
    for index, step in enumerate(path):
        known = isinstance(step, str) and isinstance(holder, dict) and step in holder
        known = known or (isinstance(step, int) and isinstance(holder, list) and step < len(holder))
        last = index == len(path) - 1
        if (last and isinstance(step, str) and isinstance(holder, dict)) or (last and known):
            holder[step] = value
            given.add(tuple(path))
        elif not known:
            return [_no_such_place(key, path[: index + 1], holder)]
        else:
            holder = holder[step]
    return []


def _no_such_place(key: str, path: list[str | int], holder: Any) -> Fault:
    if isinstance(path[-1], int):
        fix = f"there are {len(holder)} items, counted from 0" if isinstance(holder, list) else "leave the [number] out"
        return Fault(f"--set {key}", dotted(path), "there is no such item", fix)
    known = sorted(holder) if isinstance(holder, dict) else []
    close = nearest(str(path[-1]), known)
    fix = f"did you mean `{close}`?" if close else f"known here: {', '.join(known) or 'nothing'}"
    return Fault(f"--set {key}", dotted(path), "there is no such key", fix)


def _fault(finding: Finding, document: Document | None, given: set[tuple[str | int, ...]]) -> Fault:
    path = tuple(finding.path)
    fix = finding.fix.replace("see docs/reference/configuration.md", "use a number; see docs/reference/roi.md")
    if any(path[: len(place)] == place for place in given):
        return Fault(f"--set {dotted(path)}", finding.value, finding.rule, fix)
    line = document.line(path) if document else 0
    file = document.file if document else ""
    return ConfigFault(where=dotted(path), value=finding.value, rule=finding.rule, fix=fix, file=file, line=line)


def _phases_are_whole(inputs: RoiInputs) -> Iterator[Finding]:
    """A phase has one way of saying its amount, and an end that is not before its start."""
    for metric in METRICS:
        block = "costs" if metric in COSTS else "value"
        for index, phase in enumerate(inputs.phases(metric)):
            for finding in _phase_findings(phase):
                yield Finding((block, metric, index, *finding.path), finding.value, finding.rule, finding.fix)


def _phase_findings(phase: Phase) -> Iterator[Finding]:
    if phase.end is not None and phase.end < phase.start:
        yield Finding(
            ("end",), phase.end, f"must not be before start = {phase.start}", "use the last month of the phase"
        )
    counted = (phase.units_per_month, phase.usd_per_unit)
    ways = sum(way is not None for way in (phase.total_usd, phase.monthly_usd)) + any(x is not None for x in counted)
    if ways != 1:
        rule = "needs exactly one of total_usd, monthly_usd, or units_per_month with usd_per_unit"
        yield Finding((), None, rule, "keep one of them")
    elif any(x is not None for x in counted) and None in counted:
        missing = "units_per_month" if phase.units_per_month is None else "usd_per_unit"
        yield Finding((missing,), None, "is required beside the other of the two", "add it")
    elif (phase.units_per_month or 0) * (phase.usd_per_unit or 0) > MOST_USD:
        rule = f"units_per_month times usd_per_unit must be at most {MOST_USD:.0e}"
        yield Finding(("units_per_month",), phase.units_per_month, rule, "check the two amounts")
    if phase.total_usd is not None and phase.end is None:
        yield Finding(("end",), None, "is required with total_usd: the sum falls on the months up to it", "add it")
    if phase.total_usd is not None and phase.ramp_months:
        yield Finding(("ramp_months",), phase.ramp_months, "belongs to monthly amounts", "use shape: rising")
    if phase.total_usd is None and phase.shape != "even":
        yield Finding(("shape",), phase.shape, "belongs to total_usd", "use ramp_months for monthly amounts")
