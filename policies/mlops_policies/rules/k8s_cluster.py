"""Kubernetes clusters: rights, namespaces, and what reaches in."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from mlops_policies.pods import pods
from mlops_policies.resource import Resource, View
from mlops_policies.rule import Use, resource_rule, stack_rule
from mlops_policies.stack import Stack
from mlops_policies.values import UnknownValue, has_unknown, is_absent, is_unknown
from mlops_policies.verdicts import Verdict, each, not_applicable

ROLE = "kubernetes:rbac.authorization.k8s.io/v1:Role"
CLUSTER_ROLE = "kubernetes:rbac.authorization.k8s.io/v1:ClusterRole"
ROLE_BINDING = "kubernetes:rbac.authorization.k8s.io/v1:RoleBinding"
CLUSTER_ROLE_BINDING = "kubernetes:rbac.authorization.k8s.io/v1:ClusterRoleBinding"
NAMESPACE = "kubernetes:core/v1:Namespace"
NETWORK_POLICY = "kubernetes:networking.k8s.io/v1:NetworkPolicy"
QUOTA = "kubernetes:core/v1:ResourceQuota"
LIMIT_RANGE = "kubernetes:core/v1:LimitRange"
DEPLOYMENT = "kubernetes:apps/v1:Deployment"
DISRUPTION_BUDGET = "kubernetes:policy/v1:PodDisruptionBudget"
AUTOSCALER = "kubernetes:autoscaling/v2:HorizontalPodAutoscaler"
SERVICE = "kubernetes:core/v1:Service"
INGRESS = "kubernetes:networking.k8s.io/v1:Ingress"
_DOCS = "https://kubernetes.io/docs/"
_EKS = "https://docs.aws.amazon.com/eks/latest/best-practices/"
_POWERS = ("escalate", "bind", "impersonate")
_NOBODY = ("system:masters", "system:anonymous", "system:unauthenticated")
_ENFORCE = "pod-security.kubernetes.io/enforce"
_INTERNAL = {
    "service.beta.kubernetes.io/aws-load-balancer-scheme": ("internal",),
    "service.beta.kubernetes.io/aws-load-balancer-internal": ("true", "0.0.0.0/0"),
    "networking.gke.io/load-balancer-type": ("internal",),
    "service.beta.kubernetes.io/azure-load-balancer-internal": ("true",),
}
"""Annotations by which a load balancer is an internal one."""
_CERTIFICATE = "alb.ingress.kubernetes.io/certificate-arn"


@resource_rule(
    "k8s-rbac-no-wildcards",
    on=[ROLE, CLUSTER_ROLE],
    title="Roles name what they allow, and allow nobody to give himself more.",
    severity="high",
    level="mandatory",
    why="A wildcard allows what is added tomorrow, and who may bind, escalate or impersonate may do everything.",
    fix="List verbs, resources and API groups, and leave out escalate, bind, impersonate and the listing of secrets",
    source=(f"{_DOCS}concepts/security/rbac-good-practices/", f"{_EKS}identity-and-access-management.html"),
)
def no_wildcards(it: Resource, use: Use) -> Iterator[Verdict]:
    """Listing or watching secrets shows their contents; getting one by its name does not show the others. Other tools
    leave API groups out, where * is everything that any operator adds."""
    yield from each(it.items("rules"), _role_rule)


def _role_rule(rule: View) -> Iterator[Verdict]:
    for name in ("verbs", "resources", "apiGroups"):
        if "*" in (rule.get(name) or []):
            yield rule.fails(name, "has *", key=f"{name} *")
    verbs = rule.get("verbs") or []
    for verb in _POWERS:
        if verb in verbs:
            yield rule.fails("verbs", f"has {verb}", key=verb)
    if "secrets" in (rule.get("resources") or []) and {"list", "watch"} & set(verbs):
        yield rule.fails("resources", "has secrets, which list and watch show the contents of", key="secrets")
    for name in ("verbs", "resources", "apiGroups"):
        rule.whole(name)


@resource_rule(
    "k8s-no-cluster-admin-binding",
    on=[CLUSTER_ROLE_BINDING, ROLE_BINDING],
    title="Nobody is bound to cluster-admin, and nothing to everybody.",
    severity="critical",
    level="mandatory",
    why="cluster-admin may do everything in every namespace; what is bound to everybody, the internet may do.",
    fix="Bind a narrow role to named accounts or groups",
    source=(f"{_DOCS}concepts/security/rbac-good-practices/", f"{_EKS}identity-and-access-management.html"),
)
def no_cluster_admin(it: Resource, use: Use) -> Iterator[Verdict]:
    """A RoleBinding to cluster-admin is for one namespace, and only its subjects are judged."""
    if it.type == CLUSTER_ROLE_BINDING:
        yield it.holds("roleRef.name", lambda name: name != "cluster-admin", "must be a narrower role")
    yield from each(it.items("subjects"), _subject)


def _subject(subject: View) -> Iterator[Verdict]:
    name = subject.get("name")
    if name in _NOBODY:
        yield subject.fails("name", f"is {name}", key=name)


@resource_rule(
    "k8s-pod-security-label",
    on=[NAMESPACE],
    title="Namespaces enforce a Pod Security Standard.",
    severity="high",
    level="mandatory",
    why="Without the label the API server admits privileged pods, whatever this program declares.",
    fix=f"Label the namespace {_ENFORCE}: restricted, or baseline",
    source=(f"{_DOCS}concepts/security/pod-security-admission/", f"{_EKS}pod-security.html"),
)
def pod_security_label(it: Resource, use: Use) -> Iterator[Verdict]:
    """warn and audit hold nothing back."""
    level = it.get("metadata.labels", {}).get(_ENFORCE)
    if level not in ("baseline", "restricted"):
        it.whole("metadata.labels")
        yield it.fails("metadata.labels", f"must have {_ENFORCE}: baseline or restricted")


@stack_rule(
    "k8s-namespace-default-deny",
    on=[NAMESPACE],
    title="Every namespace denies traffic that no policy allows.",
    severity="high",
    level="mandatory",
    why="Without a policy every pod reaches every other, and the internet.",
    fix="Add a NetworkPolicy with an empty podSelector, both policyTypes and no rules",
    source=(f"{_DOCS}concepts/services-networking/network-policies/", f"{_EKS}network-security.html"),
)
def default_deny(it: Resource, stack: Stack, use: Use) -> Iterator[Verdict]:
    """Two policies, one for each direction, will do. A policy without policyTypes is about what comes in, and about
    what goes out if it has egress rules; then it denies nothing by default."""
    denied: set[str] = set()
    unknown = ""
    for policy in stack.referring(it, NETWORK_POLICY, by="metadata.namespace"):
        try:
            denied |= _denied(policy)
        except UnknownValue as value:
            unknown = f"{policy.name}: {value.path}"
    missing = [name for name in ("Ingress", "Egress") if name not in denied]
    if missing and unknown:
        raise UnknownValue(unknown)
    for name in missing:
        yield it.fails("", f"the namespace has no policy that denies {name.lower()} by default", key=name.lower())


def _denied(policy: Resource) -> set[str]:
    """Return the directions in which a policy denies everything to all pods. Raises `UnknownValue`."""
    if policy.present("spec.podSelector") and any(
        policy.present(f"spec.podSelector.{name}") for name in ("matchLabels", "matchExpressions")
    ):
        return set()
    types = policy.get("spec.policyTypes") or ["Ingress"]
    policy.whole("spec.policyTypes")
    return {name for name in types if not policy.get(f"spec.{name.lower()}")}


@stack_rule(
    "k8s-namespace-quota",
    on=[NAMESPACE],
    title="Every namespace has a quota, for accelerators too, and a limit range.",
    severity="medium",
    level="advisory",
    category="cost",
    why="One team's experiment takes every GPU that the cluster can buy.",
    fix="Add a ResourceQuota with requests.nvidia.com/gpu among its hard limits, and a LimitRange",
    source=(f"{_DOCS}concepts/policy/resource-quotas/", f"{_DOCS}concepts/policy/limit-range/"),
    settings={
        "capped_resources": {
            "type": "array",
            "items": {"type": "string"},
            "default": ["requests.nvidia.com/gpu"],
            "description": "Resources that a namespace's quota has to cap; 0 is a cap.",
        }
    },
)
def namespace_quota(it: Resource, stack: Stack, use: Use) -> Iterator[Verdict]:
    """Several quotas count together."""
    quotas = stack.referring(it, QUOTA, by="metadata.namespace")
    if not quotas:
        yield it.fails("", "the namespace has no ResourceQuota", key="quota")
    else:
        capped = {name for quota in quotas for name in quota.get("spec.hard", {})}
        for name in use["capped_resources"]:
            if name not in capped:
                yield it.fails("", f"the namespace's quota does not cap {name}", key=name)
    if not stack.referring(it, LIMIT_RANGE, by="metadata.namespace"):
        yield it.fails("", "the namespace has no LimitRange", key="limit range")


@stack_rule(
    "k8s-serving-pdb-and-replicas",
    on=[DEPLOYMENT],
    title="What serves in production has two replicas at least and a disruption budget.",
    severity="medium",
    level="mandatory",
    category="reliability",
    only=["prod"],
    why="Draining one node for an upgrade takes the model away from everybody who asks it.",
    fix="Set replicas or an autoscaler's minReplicas to 2 or more, and add a PodDisruptionBudget for the pods' labels",
    source=(f"{_DOCS}tasks/run-application/configure-pdb/", f"{_EKS}application.html"),
)
def serving_replicas(it: Resource, stack: Stack, use: Use) -> Iterator[Verdict]:
    """A deployment serves if a service of the stack selects its pods, or its containers name ports. An autoscaler sets
    the replicas, whatever the deployment says."""
    labels = it.get("spec.template.metadata.labels", {})
    has_ports = any(container.present("ports") for pod in pods(it) for container in pod.containers)
    services = _candidates(it, labels, SERVICE, "spec.selector", stack, use)
    if not has_ports and not any(_selects(service.get("spec.selector", {}), labels) for service in services):
        yield not_applicable("it serves nobody")
        return
    scalers = stack.referring(it, AUTOSCALER, by="spec.scaleTargetRef.name")
    for view, path in [(scaler, "spec.minReplicas") for scaler in scalers] or [(it, "spec.replicas")]:
        yield view.holds(path, lambda count: count >= 2, "must be at least 2", default=1)
    budgets = _candidates(it, labels, DISRUPTION_BUDGET, "spec.selector.matchLabels", stack, use)
    if not any(_covers(budget, labels) for budget in budgets):
        yield it.fails("", "no PodDisruptionBudget of the stack selects its pods", key="budget")


def _candidates(
    it: Resource, labels: Mapping[str, Any], kind: str, path: str, stack: Stack, use: Use
) -> Iterator[Resource]:
    """Yield the resources of a kind near to a workload whose selectors may select its labels.

    Found by one label of each selector, so that not every selector is compared with every workload.
    """
    index: dict[Any, list[Resource]] | None = use.memory.get(kind)
    if index is None:
        index = use.memory[kind] = {}
        for other in stack.of(kind):
            selector = other.raw(path)
            known = isinstance(selector, Mapping) and not has_unknown(selector)
            # A service without a selector selects nothing, a budget without one everything.
            if selector or kind != SERVICE:
                index.setdefault(next(iter(selector.items()), None) if known else None, []).append(other)
    for pair in list(index) if has_unknown(labels) else [None, *labels.items()]:
        yield from (other for other in index.get(pair, ()) if _is_near(other, it))


def _is_near(other: Resource, it: Resource) -> bool:
    """Whether two resources are in one namespace, as far as one can tell."""
    ours, theirs = it.raw("metadata.namespace"), other.raw("metadata.namespace")
    return ours == theirs or has_unknown([ours, theirs])


def _covers(budget: Resource, labels: Mapping[str, Any]) -> bool:
    """Whether a budget's selector is about pods with these labels. Raises `UnknownValue`."""
    if not _selects(budget.get("spec.selector.matchLabels", {}), labels):
        return False
    for term in budget.items("spec.selector.matchExpressions"):
        given, operator = labels.get(term.get("key")), term.get("operator")
        wanted = given is not None if operator in ("Exists", "DoesNotExist") else given in (term.get("values") or [])
        if wanted != (operator in ("In", "Exists")):
            return False
    return True


def _selects(selector: Mapping[str, Any], labels: Mapping[str, Any]) -> bool:
    """Whether labels have all that a selector asks for. Raises `UnknownValue`."""
    pairs = [(wanted, labels.get(name)) for name, wanted in selector.items()]
    if any(wanted != found and not has_unknown([wanted, found]) for wanted, found in pairs):
        return False
    if has_unknown([list(pair) for pair in pairs if pair[0] != pair[1]]):
        raise UnknownValue(f"a label among {', '.join(selector)}")
    return True


@resource_rule(
    "k8s-service-not-public",
    on=[SERVICE],
    title="Services are not open to the internet.",
    severity="high",
    level="mandatory",
    why="A load balancer that nobody asked for puts a model, without authorisation, on the internet.",
    fix="Use ClusterIP, or annotate the service for an internal load balancer",
    source=(
        "https://docs.aws.amazon.com/eks/latest/userguide/network-load-balancing.html",
        f"{_DOCS}concepts/services-networking/service/",
    ),
)
def service_not_public(it: Resource, use: Use) -> Iterator[Verdict]:
    """A node port is open on every node. A load balancer is public with some controllers and internal with others, so
    its annotation has to say that it is internal."""
    kind = it.get("spec.type")
    if kind == "NodePort":
        yield it.fails("spec.type", "is NodePort, which opens a port on every node")
    elif kind == "LoadBalancer":
        annotations = it.get("metadata.annotations", {})
        if not any(str(annotations.get(name, "")).lower() in values for name, values in _INTERNAL.items()):
            if any(is_unknown(annotations.get(name)) for name in _INTERNAL):
                it.whole("metadata.annotations")
            yield it.fails("spec.type", "is LoadBalancer, and no annotation says that it is internal")


@resource_rule(
    "k8s-ingress-tls",
    on=[INGRESS],
    title="Ingresses serve named hosts over TLS.",
    severity="high",
    level="mandatory",
    why="Without TLS what is sent to the model can be read on its way; without a host the ingress takes all requests.",
    fix="Add spec.tls, and a host to each rule",
    source=(
        f"{_DOCS}concepts/services-networking/ingress/",
        "https://docs.aws.amazon.com/eks/latest/userguide/alb-ingress.html",
    ),
)
def ingress_tls(it: Resource, use: Use) -> Iterator[Verdict]:
    """An AWS load balancer takes its certificate by an annotation, which other tools don't read. A host that is unknown
    until the update is one."""
    bare = is_absent(it.get("metadata.annotations", {}).get(_CERTIFICATE))
    if bare and not it.get("spec.tls"):
        yield it.fails("spec.tls", "is absent, and no certificate is annotated")
    rules = it.items("spec.rules")
    if not rules:
        yield it.fails("spec.rules", "is absent, so every host is served")
    yield from each(rules, _host)


def _host(rule: View) -> Iterator[Verdict]:
    host = rule.raw("host")
    if is_absent(host):
        yield rule.fails("host", "is absent, so every host is served")
    elif not is_unknown(host) and str(host).startswith("*"):
        yield rule.fails("host", f"is {host}")
