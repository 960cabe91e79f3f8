"""What networks cost: interface endpoints by zone and hour, NAT gateways, and the GB that cross them.

Formulas: PrivateLink pricing (https://aws.amazon.com/privatelink/pricing/): hours in each zone, GB of all endpoints of
a region together; VPC pricing (https://aws.amazon.com/vpc/pricing/): NAT gateways. Gateway endpoints cost nothing.
"""

from __future__ import annotations

from mlops_estate.graph import ResourceNode
from mlops_estate.pricing.desk import Desk, known_number
from mlops_estate.pricing.model import HOURS


def endpoint(desk: Desk, node: ResourceNode) -> None:
    """Price an endpoint of a VPC: interface endpoints by the subnets, each in a zone of its own."""
    kind = str(node.inputs.get("vpcEndpointType") or "Gateway")
    if kind == "Gateway":
        desk.free(node, "a gateway endpoint costs nothing (PrivateLink pricing)")
        return
    if kind != "Interface":
        desk.unpriced(node, f"the table has no price of {kind} endpoints")
        return
    subnets = node.inputs.get("subnetIds")
    zones = len(subnets) if isinstance(subnets, list) else 0
    if not zones:
        zones = len([urn for urn in node.property_dependencies.get("subnetIds", ()) if "subnet" in urn.lower()])
    if not zones:
        desk.unpriced(node, "its subnets are unknown until the update: the zones it is billed in are unknown")
        return
    item = f"interface endpoint in {zones} zone{'s' if zones > 1 else ''}"
    desk.add(node, "vpc.endpoint", HOURS * zones, item=item)
    if desk.once("private traffic"):
        traffic = desk.shared("private_traffic_gb")
        item = "data processed by all interface endpoints"
        desk.add(node, "vpc.endpoint.data", traffic.range, model="", item=item, by=(traffic,))


def nat_gateway(desk: Desk, node: ResourceNode) -> None:
    """Price a NAT gateway's hours; the GB that cross it are nothing that usage tells of."""
    desk.add(node, "vpc.nat", HOURS)
    desk.unpriced(node, "the GB that cross it are unknown: 0.045 dollars each in us-east-1")


def flow_log(desk: Desk, node: ResourceNode) -> None:
    """Price what a flow log brings into CloudWatch Logs; its log group has the storage."""
    if str(node.inputs.get("logDestinationType") or "cloud-watch-logs") != "cloud-watch-logs":
        desk.unpriced(node, "the table has no price of flow logs that go elsewhere than CloudWatch Logs")
        return
    amount = desk.shared("flow_log_gb")
    count = len(desk.of_types(node.type))
    desk.add(node, "cloudwatch.logs.vended", amount.range / count, by=(amount,))


def elastic_ip(desk: Desk, node: ResourceNode) -> None:
    """Say that public addresses have no price here."""
    desk.unpriced(node, "the table has no price of public IPv4 addresses")


def file_system(desk: Desk, node: ResourceNode) -> None:
    """Say that the GB of a file system are unknown; provisioned throughput costs on top."""
    throughput = known_number(node.inputs.get("provisionedThroughputInMibps"))
    more = ", and its provisioned throughput has no price here" if throughput else ""
    desk.unpriced(node, f"the GB that it holds are unknown: 0.30 dollars each in us-east-1{more}")
