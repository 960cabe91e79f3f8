"""Endpoints, their configurations and their variants, as several rules read them."""

from __future__ import annotations

from enum import Enum
from typing import TypeVar

from mlops_policies.instances import family
from mlops_policies.resource import Resource, View
from mlops_policies.stack import Stack
from mlops_policies.values import UnknownValue, is_absent, is_unknown

ENDPOINT = "aws:sagemaker/endpoint:Endpoint"
ENDPOINT_CONFIG = "aws:sagemaker/endpointConfiguration:EndpointConfiguration"
ROUTING = "deploymentConfig.blueGreenUpdatePolicy.trafficRoutingConfiguration"
ROLLING = "deploymentConfig.rollingUpdatePolicy"
T = TypeVar("T")


class Release(Enum):
    """How an update's traffic goes from the old version of a model to the new one."""

    ALL_AT_ONCE = "all at once"
    CANARY = "canary"
    LINEAR = "linear"
    ROLLING = "rolling"
    WEIGHTED = "weighted variants"
    SHADOW = "shadow variant"


def release_pattern(endpoint: View, configuration: View | None) -> Release:
    """Return which release pattern an endpoint follows, with the configuration that it names where that is known.

    A shadow variant, or a second production variant, is a release of its own: a phased canary or an A/B test moves the
    variants' weights while it runs, so what weights it begins with does not matter. On Inf1, SageMaker shifts all at
    once whatever the endpoint says (developer guide, deployment guardrails, "Exclusions").
    """
    if configuration is not None:
        variants = configuration.items("productionVariants")
        if configuration.items("shadowProductionVariants"):
            return Release.SHADOW
        if len(variants) > 1:
            return Release.WEIGHTED
        if any(family(variant.get("instanceType", "")) == "inf1" for variant in variants):
            return Release.ALL_AT_ONCE
    if endpoint.present(ROLLING):
        return Release.ROLLING
    shifts = {"CANARY": Release.CANARY, "LINEAR": Release.LINEAR}
    return shifts.get(endpoint.get(f"{ROUTING}.type", ""), Release.ALL_AT_ONCE)


def configuration_of(endpoint: View, stack: Stack) -> Resource | None:
    """Return the configuration in this stack that an endpoint names; None where it is elsewhere.

    Raises `UnknownValue` where it can't be told yet.
    """
    found = stack.referred(endpoint, "endpointConfigName", ENDPOINT_CONFIG)
    if len(found) > 1:
        raise UnknownValue(endpoint.path("endpointConfigName"))  # its value comes from several
    return found[0] if found else None


def is_serverless(configuration: View) -> bool:
    """Whether a configuration has no instances: serverless variants can't stand beside others."""
    return any(variant.present("serverlessConfig") for variant in configuration.items("productionVariants"))


def runs_on_instances(variant: View) -> bool:
    """Whether a variant runs on instances whose number somebody has to manage."""
    return not variant.present("serverlessConfig") and variant.get("managedInstanceScaling.status") != "ENABLED"


def variant_name(variant: View) -> str:
    """Return a variant's name; "" where it is unknown, or left to the provider."""
    name = variant.raw("variantName")
    return "" if is_absent(name) or is_unknown(name) else str(name)
