"""What functions, state machines, crawlers, clusters and places of work cost.

Formulas: Lambda (https://aws.amazon.com/lambda/pricing/): requests, and GB-seconds of the memory that is configured;
Step Functions (https://aws.amazon.com/step-functions/pricing/): state transitions; Glue
(https://aws.amazon.com/glue/pricing/): DPU-hours of crawlers, 10 minutes a run at least; EKS
(https://aws.amazon.com/eks/pricing/): hours of a cluster; SageMaker (https://aws.amazon.com/sagemaker/ai/pricing/):
instance-hours of Studio spaces and notebooks; AWS Budgets
(https://aws.amazon.com/aws-cost-management/aws-budgets/pricing/): budgets with actions by the day, others nothing.
"""

from __future__ import annotations

from decimal import Decimal

from mlops_estate.graph import ResourceNode
from mlops_estate.pricing.desk import Desk, first, known_number, known_text
from mlops_estate.pricing.model import HOURS, Amount, Range

ROTATIONS = ("aws:secretsmanager/secretRotation:SecretRotation",)
ROTATION_STEPS = 4
"""Invocations of one rotation: create, set, test and finish (Secrets Manager user guide, Rotation by Lambda)."""
STUDIO_INSTANCE = "ml.t3.medium"
CRAWLER_DPU = 2
"""DPU of a crawler (Glue pricing's example)."""
_DAYS_PER_MONTH = Decimal(365) / 12


def function(desk: Desk, node: ResourceNode) -> None:
    """Price a function: one that rotates a secret by the rotations, others by assumed invocations."""
    memory = known_number(node.inputs.get("memorySize")) or Decimal(128)
    duration = desk.shared("function_seconds")
    timeout = known_number(node.inputs.get("timeout")) or Decimal(3)
    calls = desk.shared("function_calls")
    by: tuple[Amount, ...] = (calls, duration)
    count = calls.range
    for rotation in desk.of_types(*ROTATIONS):
        if node.urn in rotation.property_dependencies.get("rotationLambdaArn", ()):
            days = known_number(first(rotation.inputs.get("rotationRules")).get("automaticallyAfterDays"))
            count, by = Range.exactly(_DAYS_PER_MONTH * ROTATION_STEPS / (days or 30)), (duration,)
    seconds = count * duration.range.at_most(timeout)
    arm = "arm64" in (node.inputs.get("architectures") or ())
    desk.add(node, "lambda.requests", count, by=by[:-1])
    desk.add(node, "lambda.arm" if arm else "lambda.x86", seconds * (memory / 1024), by=by)


def state_machine(desk: Desk, node: ResourceNode) -> None:
    """Price the transitions of a standard workflow; express ones are billed by requests and duration."""
    if known_text(node.inputs.get("type") or node.inputs.get("stateMachineType")) == "EXPRESS":
        desk.unpriced(node, "the requests and durations of an express workflow are unknown")
        return
    transitions = desk.shared("transitions")
    desk.add(node, "states.standard", transitions.range, by=(transitions,))


def crawler(desk: Desk, node: ResourceNode) -> None:
    """Price a crawler's runs at the ten minutes that each is billed at least."""
    runs = desk.shared("crawler_runs")
    item = f"crawler, {CRAWLER_DPU} DPU for the minimum of 10 minutes a run"
    desk.add(node, "glue.crawler", runs.range * CRAWLER_DPU / 6, item=item, by=(runs,))


def cluster(desk: Desk, node: ResourceNode) -> None:
    """Price a cluster's hours; its nodes are resources of their own."""
    desk.add(node, "eks.cluster", HOURS)


def budget(desk: Desk, node: ResourceNode) -> None:
    """Say that a budget without actions costs nothing."""
    desk.free(node, "a budget without actions costs nothing (AWS Budgets pricing)")


def budget_action(desk: Desk, node: ResourceNode) -> None:
    """Price the days of a budget that has actions, once for each budget; the first two of an account are free."""
    name = known_text(node.inputs.get("budgetName")) or str(node.property_dependencies.get("budgetName"))
    if desk.once(f"actions of the budget {name}"):
        desk.add(node, "budgets.action", 30)
    else:
        desk.free(node, "is an action of a budget that is priced already")


def user_profile(desk: Desk, node: ResourceNode) -> None:
    """Price the hours of one user's Studio space on the instance type that Studio takes by default."""
    hours = desk.shared("studio_hours")
    desk.instances(node, STUDIO_INSTANCE, hours.range, mode="studio", by=(hours,), item=f"Studio, {STUDIO_INSTANCE}")


def app(desk: Desk, node: ResourceNode) -> None:
    """Price the hours of an app of its own instance type."""
    spec = first(node.inputs.get("resourceSpec"))
    instance_type = known_text(spec.get("instanceType")) or STUDIO_INSTANCE
    if instance_type == "system":
        desk.free(node, "runs on the system's own instance")
        return
    hours = desk.shared("studio_hours")
    desk.instances(node, instance_type, hours.range, mode="studio", by=(hours,))


def notebook(desk: Desk, node: ResourceNode) -> None:
    """Price a notebook instance as if it ran all month, and its volume: 5 GB unless it says otherwise."""
    instance_type = known_text(node.inputs.get("instanceType"))
    if not instance_type:
        desk.unpriced(node, "its instance type is unknown until the update")
        return
    desk.instances(node, instance_type, Range.exactly(HOURS), mode="notebook")
    desk.add(node, "sagemaker.volume.notebook", known_number(node.inputs.get("volumeSize")) or 5)


def tracking_server(desk: Desk, node: ResourceNode) -> None:
    """Price an MLflow tracking server's hours by its size."""
    size = (known_text(node.inputs.get("trackingServerSize")) or "Small").lower()
    desk.add(node, f"sagemaker.mlflow.{size}", HOURS)
