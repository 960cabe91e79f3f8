"""Security groups: what they let in and out, and how their rules are written."""

from __future__ import annotations

from collections.abc import Iterator

from mlops_policies.group_rules import (
    DEFAULT_GROUP,
    DEFAULT_VPC,
    EGRESS_RULE,
    GROUP,
    INGRESS_RULE,
    OLD_RULE,
    VPC,
    GroupRule,
    groups_of,
    keeps_default_egress,
    rules_in,
    separate_rules,
    shown_ports,
)
from mlops_policies.ml_network import ml_network
from mlops_policies.resource import Resource
from mlops_policies.rule import Use, resource_rule, stack_rule
from mlops_policies.stack import Stack
from mlops_policies.values import UnknownValue
from mlops_policies.verdicts import Verdict, each, not_applicable

LOAD_BALANCER = "aws:lb/loadBalancer:LoadBalancer"
_RULES_PAGE = "https://docs.aws.amazon.com/vpc/latest/userguide/security-group-rules.html"
_DEFAULT_TEXTS = ("Managed by Pulumi", "Managed by Terraform")


@stack_rule(
    "vpc-sg-no-open-ingress",
    on=[GROUP, DEFAULT_GROUP, INGRESS_RULE, OLD_RULE],
    title="Security groups let nothing in from the internet but to public load balancers.",
    severity="critical",
    level="mandatory",
    why="A port that everybody reaches is found and tried by scanners within minutes.",
    fix="Narrow the source to a security group, a prefix list or the network's own blocks",
    source=(_RULES_PAGE, "https://docs.aws.amazon.com/securityhub/latest/userguide/ec2-controls.html#ec2-18"),
    settings={
        "public_ports": {
            "type": "array",
            "items": {"type": "integer"},
            "default": [80, 443],
            "description": "Ports that an internet-facing load balancer's security group may open to everybody.",
        }
    },
)
def no_open_ingress(it: Resource, stack: Stack, use: Use) -> Iterator[Verdict]:
    """Asks about every port, not only those of administration, and takes any block wider than a private network can be
    for the internet: 0.0.0.0/1 passes checks for 0.0.0.0/0. Whether a group is a public load balancer's is seen from
    the load balancers of the stack. What a managed prefix list holds is not looked into."""
    if it.type == OLD_RULE and it.get("type") != "ingress":
        yield not_applicable("it is an egress rule")
        return

    def check(rule: GroupRule) -> Iterator[Verdict]:
        for path, cidr in rule.from_anywhere():
            ports = rule.ports()
            if ports is None or not set(use["public_ports"]).issuperset(ports) or not _is_public_entry(it, stack):
                shown = shown_ports(ports)
                yield rule.view.fails(path, f"is {cidr}, which lets everybody in to {shown}", key=shown)

    yield from each(rules_in(it, ingress=True), check)


def _is_public_entry(it: Resource, stack: Stack) -> bool:
    """Whether the group that a rule belongs to is one of an internet-facing load balancer in the stack."""
    balancers = [lb for group in groups_of(it, stack) for lb in stack.referring(group, LOAD_BALANCER, "securityGroups")]
    return any(not balancer.get("internal", False) for balancer in balancers)


@stack_rule(
    "vpc-sg-ml-egress-limited",
    on=[GROUP, EGRESS_RULE, OLD_RULE],
    title="Security groups of notebooks, training and models let nothing out to the internet.",
    severity="high",
    level="advisory",
    why="Code that handles training data, its own or a package's, can send it anywhere that the group lets it reach.",
    fix="Let it reach the network's blocks and prefix lists only, and AWS services through VPC endpoints",
    source=(
        "https://docs.aws.amazon.com/sagemaker/latest/dg/infrastructure-give-access.html",
        "https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-resource-ec2-securitygroup.html",
    ),
)
def ml_egress_limited(it: Resource, stack: Stack, use: Use) -> Iterator[Verdict]:
    """Speaks of groups that SageMaker resources of the stack name. The `aws` provider removes the rule to anywhere that
    EC2 gives a new group; a native group without inline egress rules keeps it, which fails here."""
    if it.type == OLD_RULE and it.get("type") != "egress":
        yield not_applicable("it is an ingress rule")
        return
    network = ml_network(stack, use)
    if not any(group.urn in network.groups for group in groups_of(it, stack)):
        if network.loose:
            raise UnknownValue(network.loose)
        yield not_applicable("no SageMaker resource of the stack uses the group")
        return

    def check(rule: GroupRule) -> Iterator[Verdict]:
        for path, cidr in rule.from_anywhere():
            yield rule.view.fails(path, f"is {cidr}, which lets traffic out to everywhere")

    if keeps_default_egress(it):
        yield it.fails("egress", "is absent, for which EC2 lets everything out to everywhere")
    yield from each(rules_in(it, ingress=False), check)


@resource_rule(
    "vpc-sg-described",
    on=[GROUP, INGRESS_RULE, EGRESS_RULE, OLD_RULE],
    title="Security groups and their rules say what they are for.",
    severity="low",
    level="advisory",
    category="compliance",
    why="A rule that nobody can explain is a rule that nobody dares to remove.",
    fix="Describe what the group or the rule is for",
    source=_RULES_PAGE,
)
def described(it: Resource, use: Use) -> Iterator[Verdict]:
    """The providers' default text describes nothing; AWS takes no change of a group's description without a new
    group."""
    if it.type != GROUP:
        yield it.requires("description")
        return
    yield it.holds("description", lambda text: text not in _DEFAULT_TEXTS, "must say what the group is for",
                   default=_DEFAULT_TEXTS[0])  # fmt: skip
    for ingress in (True, False):
        yield from each(rules_in(it, ingress=ingress), lambda rule: [rule.view.requires("description")])


@stack_rule(
    "vpc-sg-no-mixed-rule-management",
    on=[GROUP, DEFAULT_GROUP],
    title="A security group's rules are all inline or all resources of their own.",
    severity="medium",
    level="mandatory",
    category="reliability",
    why="Inline rules are taken as all there are: each update removes the separate ones, and each next one adds them.",
    fix="Declare the group without ingress and egress, and each rule as a resource",
    source="https://www.pulumi.com/registry/packages/aws/api-docs/ec2/securitygroup/",
)
def no_mixed_rules(it: Resource, stack: Stack, use: Use) -> Iterator[Verdict]:
    """By direction: inline ingress rules don't touch separate egress rules. An empty inline list manages them too. The
    default group's resource always manages both, whatever it says."""
    inline = {True: "ingress", False: "egress"}
    managed = [ingress for ingress, name in inline.items() if it.type == DEFAULT_GROUP or it.present(name)]
    for rule in separate_rules(it, stack) if managed else ():
        for ingress in managed:
            if rules_in(rule, ingress=ingress):
                yield it.fails(inline[ingress], f"is managed inline, and by the resource {rule.name}", key=rule.name)


@stack_rule(
    "vpc-default-sg-closed",
    on=[VPC, DEFAULT_VPC, DEFAULT_GROUP],
    title="The default security group of every VPC has no rules.",
    severity="high",
    level="mandatory",
    why="What is started without a group gets the default one, which lets its members reach each other and everywhere.",
    fix="Declare a DefaultSecurityGroup for the VPC with empty ingress and egress",
    source="https://docs.aws.amazon.com/securityhub/latest/userguide/ec2-controls.html#ec2-2",
)
def default_group_closed(it: Resource, stack: Stack, use: Use) -> Iterator[Verdict]:
    """A DefaultSecurityGroup that says nothing closes the group: adopting it removes all rules. Rules that are
    resources of their own count, whether they name the adopted group or the VPC's `defaultSecurityGroupId`. Only the
    `aws` provider has the resource; a native VPC needs it as well."""
    if it.type == DEFAULT_GROUP:
        for ingress in (True, False):
            yield from each(
                rules_in(it, ingress=ingress), lambda rule: [rule.view.fails("", "is a rule of a default group")]
            )
    elif not _adopted(it, stack):
        yield it.fails("", "the VPC's default security group is not declared, so it has its rules")
    for rule in separate_rules(it, stack):
        yield it.fails("", f"the default security group has the rule {rule.name}", key=rule.name)


def _adopted(vpc: Resource, stack: Stack) -> bool:
    """Whether a VPC's default group is declared; one that names no VPC is the default VPC's."""
    if vpc.type == DEFAULT_VPC and any(not group.present("vpcId") for group in stack.of(DEFAULT_GROUP)):
        return True
    return bool(stack.referring(vpc, DEFAULT_GROUP, by="vpcId"))
