"""The energy of one line of an estimate: instances, serverless memory, storage and network, before the building's own.

Method and formulas: Cloud Carbon Footprint, https://www.cloudcarbonfootprint.org/docs/methodology/.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from mlops_estate.carbon.factors import Factors, Instance
from mlops_estate.pricing.model import HOURS, CostLine, Range

_THOUSAND = Decimal(1000)


@dataclass(frozen=True, slots=True)
class Energy:
    """kWh of a month at the machine (without PUE), how they were computed, and what isn't in them."""

    kwh: Range
    what: str
    left_out: str = ""


def energy_of(line: CostLine, factors: Factors) -> Energy | str:
    """Return the energy of what a line pays for, or why there is none: an empty text for what has no energy of its own.

    What AWS bills by the request or the key (KMS, GuardDuty and their like) has no energy of its own here.
    """
    basis = line.basis
    if instance_type := basis.get("instance_type"):
        found = factors.instance(str(instance_type))
        if found is None:
            return f"{instance_type} has no known size, so its energy is unknown"
        return _instances(found, basis["hours"], factors)
    if "memory_mb" in basis and isinstance(basis.get("seconds"), Range):
        return _memory(Decimal(basis["memory_mb"]), basis["seconds"], factors)
    amount = line.quantity * line.price.per
    if (watt_hours := factors.storage(line.price.key)) is not None:
        kwh = amount / _THOUSAND * HOURS * watt_hours / _THOUSAND
        return Energy(kwh, f"GB x {HOURS} h x {watt_hours.normalize():f} Wh a TB-hour, all copies")
    if factors.crosses_network(line.price.key):
        factor = factors.value("network_kwh_per_gb")
        return Energy(amount * factor, f"GB x {factor} kWh")
    return ""


def watts_of(instance: Instance, factors: Factors, utilisation: Range | None = None) -> Range:
    """Return the average watts of an instance: its vCPUs, accelerators and memory."""
    used = utilisation or factors.utilisation
    watts = factors.cpu(instance.family).at(used) * instance.vcpus
    board = factors.accelerator(instance.accelerator) if instance.accelerator else None
    if board is not None:
        watts = watts + board.at(used) * instance.accelerators
    return watts + Range.exactly(instance.gib * factors.value("memory_kwh_per_gb_hour") * _THOUSAND)


def _instances(instance: Instance, hours: Range, factors: Factors) -> Energy:
    left_out = ""
    if instance.accelerator and factors.accelerator(instance.accelerator) is None:
        left_out = f"the power of {instance.type}'s accelerators, {instance.accelerator}, has no source and is left out"
    watts = watts_of(instance, factors)
    what = f"{instance.type}: {watts.low:.1f} to {watts.high:.1f} W, {watts.expected:.1f} expected, x hours"
    return Energy(hours * watts / _THOUSAND, what, left_out)


def _memory(memory_mb: Decimal, seconds: Range, factors: Factors) -> Energy:
    """Return the energy of serverless compute, whose vCPUs follow from its memory."""
    vcpus, gigabytes = memory_mb / factors.value("memory_mb_per_vcpu"), memory_mb / 1024
    watts = factors.cpu("").at(factors.utilisation) * vcpus
    watts = watts + Range.exactly(gigabytes * factors.value("memory_kwh_per_gb_hour") * _THOUSAND)
    return Energy(seconds / 3600 * watts / _THOUSAND, f"{memory_mb:f} MB: {watts.expected:.2f} W, x seconds")
