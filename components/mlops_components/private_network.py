"""Private network: subnets without a route to the internet, and endpoints for the services the estate calls."""

import ipaddress
from collections.abc import Sequence
from typing import Any, NotRequired, TypedDict

import pulumi
from pulumi_aws import cloudwatch, ec2, iam, vpc

from mlops_components.deletion import protects
from mlops_components.documents import assume_role_policy, partition, policy, statement
from mlops_components.validation import Checker

DEFAULT_CIDR = "10.64.0.0/16"
FLOW_LOG_RETENTION_DAYS = {"dev": 30, "staging": 90, "prod": 365}
# What code inside the network calls itself; SageMaker's platform pulls images and writes logs outside of it.
# Of a pipeline's jobs, those that read the registry (sagemaker.api) and sign or verify (kms) call AWS at all.
REQUIRED_SERVICES = ("sagemaker.api", "sagemaker.featurestore-runtime", "kms", "sts")
ALL_SERVICES = (
    "sagemaker.api", "sagemaker.runtime", "sagemaker.featurestore-runtime", "kms", "logs", "monitoring", "sts",
    "ecr.api", "ecr.dkr", "sns", "events", "secretsmanager",
)  # fmt: skip
GATEWAY_SERVICES = ("s3", "dynamodb")
# Retention periods CloudWatch Logs accepts, in days (PutRetentionPolicy).
RETENTION_DAYS = (
    1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653,
)  # fmt: skip
_SUBNET_BITS = 4


class PrivateNetworkArgs(TypedDict):
    """Inputs of `PrivateNetwork`."""

    prefix: str
    """Start of every name of the environment, such as `mlops-dev`."""
    account: str
    """AWS account id of the environment, 12 digits."""
    region: str
    """AWS region code."""
    environment_class: NotRequired[str]
    """dev, staging or prod; decides the defaults below. Default: prod."""
    zones: NotRequired[list[str]]
    """Availability zones of the region, one private subnet each. Required unless `vpc_id` is given."""
    cidr_block: NotRequired[str]
    """IPv4 range of the network, /16 to /24; each subnet takes a sixteenth. Default: 10.64.0.0/16."""
    logs_key_arn: NotRequired[pulumi.Input[str]]
    """ARN of the KMS key of the flow logs. Required unless `vpc_id` is given."""
    flow_log_retention_days: NotRequired[int]
    """Days for which flow logs are kept, one of CloudWatch's periods. Default: 30 in dev, 90 in staging, else 365."""
    interface_services: NotRequired[list[str]]
    """Services with an interface endpoint, as in `com.amazonaws.REGION.SERVICE`. Default: in dev what code inside
    the network calls itself (sagemaker.api, sagemaker.featurestore-runtime, kms, sts), else everything the estate
    calls."""
    trusted_account_ids: NotRequired[list[str]]
    """Further accounts whose buckets are reachable, such as the registry's. Default: none."""
    protect: NotRequired[bool]
    """Whether Pulumi refuses to delete the flow logs, an audit record. Default: false in dev, else true."""
    vpc_id: NotRequired[str]
    """Bring your own network: its id. Nothing is made but a security group, unless those are given too."""
    subnet_ids: NotRequired[list[str]]
    """Private subnets of the network you bring, 1 to 16 (SageMaker VpcConfig)."""
    security_group_ids: NotRequired[list[str]]
    """Security groups for the workloads in the network you bring, 1 to 5. Default: one that only reaches the network
    over HTTPS."""
    s3_endpoint_ids: NotRequired[list[str]]
    """Endpoints of S3 in the network you bring. Default: none."""


class PrivateNetwork(pulumi.ComponentResource):
    """A VPC with private subnets, gateway and interface endpoints with policies, flow logs, and no way out.

    There is no internet gateway and no NAT: what the workloads reach is the network itself and the endpoints.
    """

    vpc_id: pulumi.Output[str]
    """Id of the network."""
    subnet_ids: pulumi.Output[list[str]]
    """Ids of the private subnets, in the order of the zones."""
    security_group_ids: pulumi.Output[list[str]]
    """Ids of the security groups for workloads."""
    s3_endpoint_ids: pulumi.Output[list[str]]
    """Ids of the network's endpoints of S3."""

    def __init__(self, name: str, args: PrivateNetworkArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        check = Checker("PrivateNetwork", name, args, PrivateNetworkArgs)
        _check(check)
        check.finish()
        super().__init__("mlops:index:PrivateNetwork", name, {**args}, opts)
        self._base, self._args = name, args
        self._child = pulumi.ResourceOptions(parent=self)
        if args.get("vpc_id"):
            self._bring()
        else:
            self._make()
        self.register_outputs(
            {
                "vpc_id": self.vpc_id,
                "subnet_ids": self.subnet_ids,
                "security_group_ids": self.security_group_ids,
                "s3_endpoint_ids": self.s3_endpoint_ids,
            }
        )

    def _bring(self) -> None:
        args = self._args
        self.vpc_id = pulumi.Output.from_input(args["vpc_id"])
        self.subnet_ids = pulumi.Output.from_input(list(args["subnet_ids"]))
        self.s3_endpoint_ids = pulumi.Output.from_input(list(args.get("s3_endpoint_ids") or ()))
        if groups := args.get("security_group_ids"):
            self.security_group_ids = pulumi.Output.from_input(list(groups))
            return
        group = self._security_group("workloads", "Workloads: HTTPS to private addresses only")
        for index, cidr in enumerate(("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16")):
            self._egress(f"workloads-to-private-{index}", group, "HTTPS to private addresses", cidr_ipv4=cidr)
        self.security_group_ids = group.id.apply(lambda made: [made])

    def _make(self) -> None:
        name, args = self._base, self._args
        network = ec2.Vpc(
            name,
            cidr_block=self._cidr,
            enable_dns_hostnames=True,
            enable_dns_support=True,
            tags={"Name": args["prefix"]},
            opts=self._child,
        )
        self.vpc_id = network.id
        # Without rules: nothing that forgets to name a security group can talk.
        ec2.DefaultSecurityGroup(f"{name}-default", vpc_id=network.id, ingress=[], egress=[], opts=self._child)
        table = ec2.RouteTable(
            f"{name}-private", vpc_id=network.id, tags={"Name": f"{args['prefix']}-private"}, opts=self._child
        )
        subnets = self._subnets(table)
        self.subnet_ids = pulumi.Output.all(*(subnet.id for subnet in subnets)).apply(list)
        workloads = self._security_group("workloads", "Workloads: HTTPS to the network and the gateway endpoints only")
        self._egress("workloads-to-network", workloads, "HTTPS to interface endpoints", cidr_ipv4=self._cidr)
        for service in GATEWAY_SERVICES:
            gateway = self._gateway(service, table)
            if service == "s3":
                self.s3_endpoint_ids = gateway.id.apply(lambda made: [made])
            self._egress(
                f"workloads-to-{service}", workloads, f"HTTPS to {service}", prefix_list_id=gateway.prefix_list_id
            )
        self._interfaces(subnets, workloads)
        self._flow_logs(network)
        self.security_group_ids = workloads.id.apply(lambda made: [made])

    @property
    def _cidr(self) -> str:
        return self._args.get("cidr_block") or DEFAULT_CIDR

    @property
    def _environment_class(self) -> str:
        return self._args.get("environment_class") or "prod"

    def _subnets(self, table: ec2.RouteTable) -> list[ec2.Subnet]:
        name, zones = self._base, self._args["zones"]
        made = []
        for zone, cidr in zip(zones, subnet_ranges(self._cidr, len(zones)), strict=True):
            subnet = ec2.Subnet(
                f"{name}-{zone}",
                vpc_id=self.vpc_id,
                availability_zone=zone,
                cidr_block=cidr,
                map_public_ip_on_launch=False,
                tags={"Name": f"{self._args['prefix']}-private-{zone}"},
                opts=self._child,
            )
            ec2.RouteTableAssociation(
                f"{name}-{zone}-routes", route_table_id=table.id, subnet_id=subnet.id, opts=self._child
            )
            made.append(subnet)
        return made

    def _security_group(self, role: str, description: str) -> ec2.SecurityGroup:
        return ec2.SecurityGroup(
            f"{self._base}-{role}",
            vpc_id=self.vpc_id,
            description=description,
            tags={"Name": f"{self._args['prefix']}-{role}"},
            opts=self._child,
        )

    def _egress(self, role: str, group: ec2.SecurityGroup, description: str, **target: Any) -> None:
        vpc.SecurityGroupEgressRule(
            f"{self._base}-{role}",
            security_group_id=group.id,
            description=description,
            ip_protocol="tcp",
            from_port=443,
            to_port=443,
            opts=self._child,
            **target,
        )

    def _gateway(self, service: str, table: ec2.RouteTable) -> ec2.VpcEndpoint:
        args = self._args
        accounts = [args["account"], *(args.get("trusted_account_ids") or ())]
        return ec2.VpcEndpoint(
            f"{self._base}-{service}",
            vpc_id=self.vpc_id,
            service_name=f"com.amazonaws.{args['region']}.{service}",
            vpc_endpoint_type="Gateway",
            route_table_ids=[table.id],
            policy=gateway_policy(service, accounts, args["region"]),
            tags={"Name": f"{args['prefix']}-{service}"},
            opts=self._child,
        )

    def _interfaces(self, subnets: Sequence[ec2.Subnet], workloads: ec2.SecurityGroup) -> None:
        name, args, dev = self._base, self._args, self._environment_class == "dev"
        group = self._security_group("endpoints", "Interface endpoints: HTTPS from workloads only")
        vpc.SecurityGroupIngressRule(
            f"{name}-endpoints-from-workloads",
            security_group_id=group.id,
            referenced_security_group_id=workloads.id,
            description="HTTPS from workloads",
            ip_protocol="tcp",
            from_port=443,
            to_port=443,
            opts=self._child,
        )
        for service in args.get("interface_services") or (REQUIRED_SERVICES if dev else ALL_SERVICES):
            ec2.VpcEndpoint(
                f"{name}-{service}",
                vpc_id=self.vpc_id,
                service_name=service_name(service, args["region"]),
                vpc_endpoint_type="Interface",
                # Each zone costs: dev reaches its endpoints across zones.
                subnet_ids=[subnet.id for subnet in (subnets[:1] if dev else subnets)],
                security_group_ids=[group.id],
                private_dns_enabled=True,
                policy=interface_policy(args["account"]),
                tags={"Name": f"{args['prefix']}-{service}"},
                opts=self._child,
            )

    def _flow_logs(self, network: ec2.Vpc) -> None:
        name, args = self._base, self._args
        retention = args.get("flow_log_retention_days") or FLOW_LOG_RETENTION_DAYS[self._environment_class]
        group = cloudwatch.LogGroup(
            f"{name}-flow",
            name=f"/{args['prefix']}/vpc-flow",
            kms_key_id=args["logs_key_arn"],
            retention_in_days=int(retention),
            opts=pulumi.ResourceOptions(parent=self, protect=protects(args)),
        )
        role = iam.Role(
            f"{name}-flow-role",
            name=f"{args['prefix']}-vpc-flow",
            description="Writes the network's flow logs",
            assume_role_policy=assume_role_policy("vpc-flow-logs", args["account"]),
            opts=self._child,
        )
        granted = iam.RolePolicy(
            f"{name}-flow-role-policy",
            name="write-flow-logs",
            role=role.name,
            policy=group.arn.apply(flow_log_policy),
            opts=self._child,
        )
        ec2.FlowLog(
            f"{name}-flow-log",
            vpc_id=network.id,
            traffic_type="ALL",
            log_destination_type="cloud-watch-logs",
            log_destination=group.arn,
            iam_role_arn=role.arn,
            max_aggregation_interval=600 if self._environment_class == "dev" else 60,
            opts=pulumi.ResourceOptions(parent=self, depends_on=[granted]),
        )


def subnet_ranges(cidr_block: str, count: int) -> list[str]:
    """Return the first `count` sixteenths of a network's range."""
    ranges = ipaddress.ip_network(cidr_block).subnets(prefixlen_diff=_SUBNET_BITS)
    return [str(next(ranges)) for _ in range(count)]


def service_name(service: str, region: str) -> str:
    """Return the endpoint service's name; notebooks aside, SageMaker's and all others share one form."""
    start = "cn.com.amazonaws" if region.startswith("cn-") else "com.amazonaws"
    return f"{start}.{region}.{service}"


def gateway_policy(service: str, accounts: Sequence[str], region: str) -> str:
    """Return the policy of a gateway endpoint: resources of these accounts only.

    S3 also lets image layers through, which ECR keeps in a bucket of its own (ECR user guide, VPC endpoints).
    """
    own = {"StringEquals": {"aws:ResourceAccount": sorted(set(accounts))}}
    made = [statement("ResourcesOfTrustedAccounts", [f"{service}:*"], ["*"], principal="*", condition=own)]
    if service == "s3":
        layers = f"arn:{partition(region)}:s3:::prod-{region}-starport-layer-bucket/*"
        made.append(statement("ImageLayers", ["s3:GetObject"], [layers], principal="*"))
    return policy(made)


def interface_policy(account: str) -> str:
    """Return the policy of an interface endpoint: principals of this account only."""
    return policy([
        statement(
            "PrincipalsOfTheAccount", ["*"], ["*"], principal="*",
            condition={"StringEquals": {"aws:PrincipalAccount": account}},
        )
    ])  # fmt: skip


def flow_log_policy(log_group_arn: str) -> str:
    """Return the identity policy that writes to one log group."""
    base = log_group_arn.removesuffix(":*")
    actions = ["logs:CreateLogStream", "logs:DescribeLogGroups", "logs:DescribeLogStreams", "logs:PutLogEvents"]
    return policy([statement("WriteFlowLogs", actions, [base, f"{base}:*"])])


def _check(check: Checker[PrivateNetworkArgs]) -> None:
    if "vpc_id" in check.args:
        _check_brought(check)
        return
    for path in ("zones", "logs_key_arn"):
        if not check.args.get(path):
            check.fault(path, check.args.get(path), "is required unless vpc_id is given", f"give {path}")
    for path in ("subnet_ids", "security_group_ids", "s3_endpoint_ids"):
        if path in check.args:
            check.fault(path, check.args[path], "is for a network you bring", "give vpc_id too, or drop it")
    region = check.plain("region")
    check.matches("zones", rf"{region}[a-z]" if region else r".*", f"must be zones of {region}", f"write {region}a")
    check.unique("zones", check.plain("zones") or [])
    check.arn("logs_key_arn", "kms")
    check.unique("interface_services", check.plain("interface_services") or [])
    check.aws_name("prefix", f"{check.plain('prefix')}-vpc-flow", "role")
    retention = check.plain("flow_log_retention_days")
    if isinstance(retention, (int, float)) and retention not in RETENTION_DAYS:
        nearest = min(RETENTION_DAYS, key=lambda days: abs(days - retention))
        known = ", ".join(map(str, RETENTION_DAYS))
        check.fault(
            "flow_log_retention_days", retention, f"must be one of {known} (PutRetentionPolicy)", f"use {nearest}"
        )
    _check_range(check)


def _check_range(check: Checker[PrivateNetworkArgs]) -> None:
    cidr, zones = check.plain("cidr_block", DEFAULT_CIDR), check.plain("zones") or []
    try:
        network = ipaddress.IPv4Network(cidr)
    except ValueError as error:
        check.fault("cidr_block", cidr, f"is not an IPv4 network ({error})", f"use {DEFAULT_CIDR}")
        return
    # VPCs go from /16 to /28 (VPC user guide); SageMaker needs room for an address per instance, so we stop at /24.
    if not 16 <= network.prefixlen <= 24:
        check.fault("cidr_block", cidr, "must be /16 to /24", f"use {network.network_address}/20")
    elif not network.is_private:
        check.fault("cidr_block", cidr, "must be a private range (RFC 1918)", f"use {DEFAULT_CIDR}")
    if len(zones) > 2**_SUBNET_BITS:
        check.fault("zones", zones, f"at most {2**_SUBNET_BITS} subnets fit", "drop some zones")


def _check_brought(check: Checker[PrivateNetworkArgs]) -> None:
    for path in ("zones", "cidr_block", "flow_log_retention_days", "interface_services"):
        if path in check.args:
            check.fault(path, check.args[path], "is for a network made here", "drop it, or drop vpc_id")
    check.together("vpc_id", "subnet_ids")
    check.matches("vpc_id", r"vpc-[0-9a-f]{8,17}", "must be a VPC id", "write vpc-...")
    check.matches("subnet_ids", r"subnet-[0-9a-f]{8,17}", "must be subnet ids", "write subnet-...")
    check.matches("security_group_ids", r"sg-[0-9a-f]{8,17}", "must be security group ids", "write sg-...")
    check.matches("s3_endpoint_ids", r"vpce-[0-9a-f]{8,17}", "must be endpoint ids", "write vpce-...")
    for path, most in (("subnet_ids", 16), ("security_group_ids", 5)):
        items = check.plain(path)
        if items is not None and not 1 <= len(items) <= most:
            check.fault(path, items, f"must be 1 to {most} ids (SageMaker VpcConfig)", "keep that many")
