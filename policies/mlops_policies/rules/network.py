"""VPCs: flow logs, subnets, endpoints, network ACLs; and the metadata service of instances that run in them."""

from __future__ import annotations

import re
from collections.abc import Iterator

from mlops_policies.group_rules import DEFAULT_VPC, VPC, is_internet
from mlops_policies.ml_network import SUBNET, ml_network
from mlops_policies.policy_documents import Saying, sayings
from mlops_policies.remedies_network import no_public_ip, session_tokens
from mlops_policies.resource import Resource, View
from mlops_policies.rule import Use, resource_rule, stack_rule
from mlops_policies.stack import Stack
from mlops_policies.values import UnknownValue, is_unknown
from mlops_policies.verdicts import Verdict, each, not_applicable

DEFAULT_SUBNET = "aws:ec2/defaultSubnet:DefaultSubnet"
FLOW_LOG = "aws:ec2/flowLog:FlowLog"
ENDPOINT = "aws:ec2/vpcEndpoint:VpcEndpoint"
ACL = "aws:ec2/networkAcl:NetworkAcl"
DEFAULT_ACL = "aws:ec2/defaultNetworkAcl:DefaultNetworkAcl"
ACL_RULE = "aws:ec2/networkAclRule:NetworkAclRule"
LAUNCH_TEMPLATE = "aws:ec2/launchTemplate:LaunchTemplate"
_NOTEBOOK = "aws:sagemaker/notebookInstance:NotebookInstance"
_DOMAIN = "aws:sagemaker/domain:Domain"
_SERVICE = re.compile(r"^(?:(?:com|cn\.com)\.amazonaws\.[a-z0-9-]+\.|aws\.)(.+?)(?:-fips)?$")
_RESOURCE_KEYS = frozenset(
    {
        "aws:resourceaccount",
        "aws:resourceorgid",
        "aws:resourceorgpaths",
        "s3:resourceaccount",
        "s3:dataaccesspointaccount",
    }
)
_PRINCIPAL_KEYS = frozenset({"aws:principalaccount", "aws:principalorgid", "aws:principalorgpaths", "aws:principalarn"})
_ADMIN_PORTS = (22, 3389)


@stack_rule(
    "vpc-flow-logs",
    on=[VPC, DEFAULT_VPC],
    title="Every VPC has a flow log of rejected traffic at least.",
    severity="medium",
    level="mandatory",
    why="Without a flow log nobody can tell afterwards what data left the network, or who tried its doors.",
    fix="Add a flow log of REJECT or ALL traffic for the VPC",
    source="https://docs.aws.amazon.com/securityhub/latest/userguide/ec2-controls.html#ec2-6",
)
def flow_logs(it: Resource, stack: Stack, use: Use) -> Iterator[Verdict]:
    """A flow log of a subnet or interface is none of the VPC."""
    logs = stack.referring(it, FLOW_LOG, by="vpcId")
    if not logs:
        yield it.fails("", "the VPC has no flow log")
        return
    kinds = [log.raw("trafficType") for log in logs]
    if not {"ALL", "REJECT"} & {kind for kind in kinds if isinstance(kind, str)}:
        if any(is_unknown(kind) for kind in kinds):
            raise UnknownValue(f"{logs[0].name}: trafficType")
        yield it.fails("", "the VPC has no flow log of rejected traffic")


@resource_rule(
    "vpc-subnet-no-public-ip",
    on=[SUBNET, DEFAULT_SUBNET],
    title="Subnets give no public addresses to what starts in them.",
    severity="medium",
    level="mandatory",
    why="An instance that was meant to be private is on the internet because of the subnet it was started in.",
    fix="Set mapPublicIpOnLaunch to false; give an address to what needs one by itself",
    source="https://docs.aws.amazon.com/securityhub/latest/userguide/ec2-controls.html#ec2-15",
    remedy=no_public_ip,
)
def subnet_without_public_ip(it: Resource, use: Use) -> Iterator[Verdict]:
    """Absent is false for a subnet, but true for the default subnets that AWS made, which the row left out."""
    yield it.equals("mapPublicIpOnLaunch", False, default=it.type == DEFAULT_SUBNET)


def _service(endpoint: Resource) -> str:
    """Return ``sagemaker.api`` for ``com.amazonaws.eu-west-1.sagemaker.api``; "" for what is no AWS service.

    Those of notebooks and Studio are called ``aws.sagemaker.eu-west-1.studio``. Raises `UnknownValue`.
    """
    found = _SERVICE.match(str(endpoint.get("serviceName", "")))
    return re.sub(r"^sagemaker\.[a-z]+-[a-z0-9-]+\.", "sagemaker.", found[1]) if found else ""


@stack_rule(
    "vpc-ml-endpoints-present",
    on=[VPC, DEFAULT_VPC],
    title="A VPC in which machine learning runs reaches the services it needs through endpoints.",
    severity="medium",
    level={"dev": "advisory", "staging": "mandatory", "prod": "mandatory"},
    why="Without endpoints, calls to AWS need a way to the internet, which then is open to everything else too.",
    fix="Add an endpoint for each of these services, the interface ones with private DNS",
    source=(
        "https://docs.aws.amazon.com/sagemaker/latest/dg/interface-vpc-endpoint.html",
        "https://docs.aws.amazon.com/sagemaker/latest/dg/train-vpc.html",
    ),
    settings={
        "endpoint_services": {
            "type": "array",
            "items": {"type": "string"},
            "default": ["s3", "sagemaker.api", "sagemaker.runtime", "ecr.api", "ecr.dkr", "logs", "sts", "kms"],
            "description": "Services, as the end of an endpoint's service name calls them, that need an endpoint.",
        }
    },
)
def ml_endpoints(it: Resource, stack: Stack, use: Use) -> Iterator[Verdict]:
    """Machine learning runs where SageMaker resources of the stack name a group or subnet of the VPC. Notebooks and
    Studio need an endpoint more. An interface endpoint without private DNS is not used by what calls the service by
    its usual name; it is absent unless switched on."""
    network = ml_network(stack, use)
    kinds = network.vpcs.get(it.urn, set())
    if not kinds:
        if network.loose:
            raise UnknownValue(network.loose)
        yield not_applicable("no SageMaker resource of the stack runs in the VPC")
        return
    wanted = [*use["endpoint_services"], *_endpoints_of(kinds)]
    there, unknown = set(), ""
    for endpoint in stack.referring(it, ENDPOINT, by="vpcId"):
        try:
            interface = endpoint.get("vpcEndpointType") == "Interface"
            if not interface or endpoint.get("privateDnsEnabled", False):
                there.add(_service(endpoint))
        except UnknownValue as value:
            unknown = f"{endpoint.name}: {value.path}"
    missing = [service for service in wanted if service not in there]
    if missing and unknown:
        raise UnknownValue(unknown)
    for service in missing:
        yield it.fails("", f"the VPC has no endpoint with private DNS for {service}", key=service)


def _endpoints_of(kinds: set[str]) -> list[str]:
    return [name for kind, name in ((_NOTEBOOK, "sagemaker.notebook"), (_DOMAIN, "sagemaker.studio")) if kind in kinds]


@resource_rule(
    "vpc-endpoint-policy-scoped",
    on=[ENDPOINT],
    title="Endpoints for S3 and SageMaker let through to trusted accounts only.",
    severity="high",
    level="advisory",
    why="An endpoint that lets everything through carries training data to anybody's bucket, past the firewall.",
    fix="Write an endpoint policy that names resources or limits aws:ResourceOrgID or aws:ResourceAccount",
    source=(
        "https://docs.aws.amazon.com/vpc/latest/privatelink/vpc-endpoints-access.html",
        "https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_data-perimeters.html",
    ),
)
def endpoint_policy_scoped(it: Resource, use: Use) -> Iterator[Verdict]:
    """Without a policy AWS attaches one that allows everything. For S3 a limit of principals is not enough: one's own
    role can then write to a stranger's bucket. For SageMaker, whose resources are in the caller's account, it is. A
    limit may also be a statement that denies all others."""
    service = _service(it)
    if service != "s3" and not service.startswith("sagemaker."):
        yield not_applicable("it is an endpoint of another service")
        return
    keys = _RESOURCE_KEYS if service == "s3" else _RESOURCE_KEYS | _PRINCIPAL_KEYS
    statements = sayings(it, "policy")
    if not statements:
        yield it.fails("policy", "is absent, which allows everything")
    elif not any(not saying.allows and _names(saying, keys, negated=True) for saying in statements):
        for saying in statements:
            if saying.allows and saying.every_resource() and not _names(saying, keys, negated=False):
                yield it.fails("policy", f"allows every resource of any account in {saying.named}", key=saying.sid)


def _names(saying: Saying, keys: frozenset[str], *, negated: bool) -> bool:
    """Whether a statement has a condition on one of these keys, for all but some values where negated."""
    return any(
        key in keys and ("not" in operator) == negated and "null" not in operator and "*" not in values
        for operator, key, values in saying.conditions
    )


@resource_rule(
    "vpc-nacl-admin-ports",
    on=[ACL_RULE, ACL, DEFAULT_ACL],
    title="Network ACLs let nobody from the internet in to SSH and remote desktop.",
    severity="medium",
    level="mandatory",
    why="The ACL is the second line behind a security group that somebody opened by mistake.",
    fix="Remove the entry or narrow its block",
    source="https://docs.aws.amazon.com/securityhub/latest/userguide/ec2-controls.html#ec2-21",
)
def no_admin_ports(it: Resource, use: Use) -> Iterator[Verdict]:
    """Inline entries count as well. Each entry is judged alone: an earlier one that denies the same does not help. The
    default ACL's resource without entries denies everything."""
    if it.type == ACL_RULE:
        if it.get("egress", False):
            yield not_applicable("it is about outgoing traffic")
            return
        yield from _admin_entry(it, "ruleAction")
    else:
        yield from each(it.items("ingress"), lambda entry: _admin_entry(entry, "action"))


def _admin_entry(entry: View, action: str) -> Iterator[Verdict]:
    block = "ipv6CidrBlock" if entry.present("ipv6CidrBlock") else "cidrBlock"
    if str(entry.get(action, "")).lower() != "allow" or not is_internet(entry.get(block)):
        return
    protocol = str(entry.get("protocol", "")).lower()
    first, last = entry.get("fromPort"), entry.get("toPort")
    everything = protocol in ("-1", "all") or first is None or last is None
    for port in _ADMIN_PORTS:
        if everything or (protocol in ("tcp", "6") and int(first) <= port <= int(last)):
            yield entry.fails(block, f"is {entry.get(block)}, which lets everybody in to port {port}", key=str(port))


@resource_rule(
    "ec2-launchtemplate-imdsv2",
    on=[LAUNCH_TEMPLATE],
    title="Launch templates require session tokens of the metadata service, near to the instance.",
    severity="high",
    level="mandatory",
    why="With version 1, any request that a program is tricked into gets the instance role's credentials.",
    fix="Set metadataOptions with httpTokens required and a low httpPutResponseHopLimit",
    source=(
        "https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/configuring-instance-metadata-service.html",
        "https://docs.aws.amazon.com/securityhub/latest/userguide/ec2-controls.html#ec2-170",
    ),
    settings={
        "hop_limit": {
            "type": "integer",
            "default": 2,
            "description": "The most hops a token may go: 1 on plain instances, 2 where containers need the service.",
        }
    },
    remedy=session_tokens,
)
def imdsv2(it: Resource, use: Use) -> Iterator[Verdict]:
    """Absent means optional, unless the AMI or the account says otherwise, which a template should not hang on. The hop
    limit is 1 where absent. A template does not tell whether EKS nodes start from it, so two hops are allowed unless
    the setting says one. With the endpoint disabled there is nothing to require."""
    if it.raw("metadataOptions.httpEndpoint") == "disabled":
        return
    yield it.equals("metadataOptions.httpTokens", "required", default="optional")
    most = use["hop_limit"]
    yield it.holds("metadataOptions.httpPutResponseHopLimit", lambda hops: hops <= most, f"must be at most {most}",
                   default=1)  # fmt: skip
