"""Kubernetes workloads: images, resources, probes, identity, labels, accelerators."""

from __future__ import annotations

import re
from collections.abc import Iterator
from fnmatch import fnmatchcase
from typing import Any

from mlops_policies.pods import ANY, Pod, each_container, each_pod, kind_of, named, pods
from mlops_policies.resource import Resource, View
from mlops_policies.rule import Use, resource_rule, stack_rule
from mlops_policies.stack import Stack
from mlops_policies.values import is_absent, is_unknown, texts
from mlops_policies.verdicts import Verdict, each, not_applicable

ACCOUNT = "kubernetes:core/v1:ServiceAccount"
BINDINGS = (
    "kubernetes:rbac.authorization.k8s.io/v1:RoleBinding",
    "kubernetes:rbac.authorization.k8s.io/v1:ClusterRoleBinding",
)
POD_IDENTITY = "aws:eks/podIdentityAssociation:PodIdentityAssociation"
_SERVING = ("Deployment", "StatefulSet", "ReplicaSet", "ReplicationController")
_DIGEST = re.compile(r"@sha256:[0-9a-f]{64}$")
_DOCS = "https://kubernetes.io/docs/"
_EKS = "https://docs.aws.amazon.com/eks/latest/best-practices/"
_ACCELERATORS = re.compile(
    r"^(?:nvidia\.com/(?:gpu|mig-.*)|aws\.amazon\.com/neuron(?:core|device)?|amd\.com/gpu|habana\.ai/gaudi)$"
)
"""Resources, and the taints that go by the same name."""
_DEADLINES = ("spec", "spec.jobTemplate.spec", "spec.runPolicy", "spec.workflowSpec")
"""What in jobs says when to give up: of Kubernetes and Ray, in a CronJob, of Kubeflow, of Argo."""
_KEYS = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")
_CALLS_AWS = ("AWS_REGION", "AWS_DEFAULT_REGION", "AWS_ROLE_ARN", "SAGEMAKER_ENDPOINT_NAME")


@resource_rule(
    "k8s-requests-limits",
    on=[ANY],
    title="Containers say what they need and how much memory they may take.",
    severity="medium",
    level="mandatory",
    category="reliability",
    why="A pod that takes a node's memory gets its neighbours killed, and one that asks for nothing is killed first.",
    fix="Set requests for cpu and memory, and a limit for memory",
    source=(f"{_DOCS}concepts/configuration/manage-resources-containers/", f"{_EKS}data-plane.html"),
)
def requests_and_limits(it: Resource, use: Use) -> Iterator[Verdict]:
    """A limit without a request is a request as well. A limit for cpu only slows a container down, so none is asked
    for. What the pod as a whole requests counts for its containers; ephemeral ones can't say anything. Accelerators are
    given by limits: a request alone is refused by the API server, after the update has begun."""

    def check(container: View, pod: Pod) -> Iterator[Verdict]:
        if "ephemeralContainers" in container.at:
            return
        for name in ("cpu", "memory"):
            if not _given(container, pod, "requests", name) and not _given(container, pod, "limits", name):
                yield container.fails(f"resources.requests.{name}", "must be given", key=_key(container, name))
        if not _given(container, pod, "limits", "memory"):
            yield container.fails("resources.limits.memory", "must be given", key=_key(container, "memory limit"))
        for name in container.get("resources.requests", {}):
            if _ACCELERATORS.match(name) and name not in container.get("resources.limits", {}):
                yield container.fails("resources.limits", f"must have {name} too", key=_key(container, name))

    yield from each_container(it, check)


def _given(container: View, pod: Pod, kind: str, name: str) -> bool:
    return container.present(f"resources.{kind}.{name}") or pod.spec.present(f"resources.{kind}.{name}")


def _key(container: View, what: str) -> str:
    name = container.raw("name")
    return what if is_absent(name) or is_unknown(name) else f"{name}: {what}"


@resource_rule(
    "k8s-probes",
    on=[ANY],
    title="Serving containers have a liveness and a readiness probe.",
    severity="medium",
    level="advisory",
    category="reliability",
    why="Without probes requests go to a model that is still loading, and a server that hangs is never restarted.",
    fix="Add a livenessProbe and a readinessProbe",
    source=f"{_DOCS}concepts/configuration/liveness-readiness-startup-probes/",
)
def probes(it: Resource, use: Use) -> Iterator[Verdict]:
    """Asks the kinds that serve; what a job or a model server of KServe does is watched by their own controllers."""
    if kind_of(it)[1] not in _SERVING:
        yield not_applicable("it does not serve")
        return

    def check(pod: Pod) -> Iterator[Verdict]:
        for container in pod.containers:
            yield from named(container, [container.requires("livenessProbe"), container.requires("readinessProbe")])

    yield from each_pod(it, check)


@resource_rule(
    "k8s-image-digest",
    on=[ANY],
    title="Containers run an image that is pinned: a digest in production, a version elsewhere.",
    severity="medium",
    level="mandatory",
    why="What a tag names may be another image tomorrow, so that the same program runs other code.",
    fix="Name the image by its digest, as in registry/name@sha256:...",
    source=f"{_DOCS}concepts/containers/images/",
)
def image_pinned(it: Resource, use: Use) -> Iterator[Verdict]:
    """No tag means latest. The model of a KServe component has the image of its runtime unless it names one."""

    def check(container: View, pod: Pod) -> Iterator[Verdict]:
        image = container.get("image", "")
        if not image or _DIGEST.search(image):
            return
        tag = image.rpartition("/")[2].partition(":")[2]
        if use.is_prod:
            yield container.fails("image", f"is {image}, which names no digest")
        elif tag in ("", "latest"):
            yield container.fails("image", f"is {image}, which names no version")

    yield from each_container(it, check)


@resource_rule(
    "k8s-image-registry",
    on=[ANY],
    title="Images come from registries that are allowed.",
    severity="high",
    level="mandatory",
    why="What a public registry serves can be replaced by whoever takes over the account that published it.",
    fix="Mirror the image into ECR, or add its registry to the setting",
    source=(
        f"{_EKS}image-security.html",
        "https://docs.aws.amazon.com/AmazonECR/latest/userguide/pull-through-cache.html",
    ),
    settings={
        "allowed_image_registries": {
            "type": "array",
            "items": {"type": "string"},
            "default": ["*.dkr.ecr.*.amazonaws.com", "*.dkr.ecr.*.amazonaws.com.cn", "*.dkr-ecr.*.on.aws"],
            "description": "Registries that are allowed, with * for any text; with a / the repository has to match.",
        }
    },
)
def image_registry(it: Resource, use: Use) -> Iterator[Verdict]:
    """An image without a registry is Docker Hub's."""

    def check(container: View, pod: Pod) -> Iterator[Verdict]:
        image = container.get("image", "")
        if image and not any(_is_from(image, allowed) for allowed in use["allowed_image_registries"]):
            yield container.fails("image", f"is {image}, whose registry is not allowed")

    yield from each_container(it, check)


def _is_from(image: str, allowed: str) -> bool:
    registry, slash, rest = image.partition("/")
    if not slash or not ("." in registry or ":" in registry or registry == "localhost"):
        registry, rest = "docker.io", image
    return fnmatchcase(f"{registry}/{rest}" if "/" in allowed else registry, allowed)


@resource_rule(
    "k8s-secrets-as-files",
    on=[ANY],
    title="Secrets are mounted as files, not set as environment variables.",
    severity="low",
    level="advisory",
    why="Environment variables end up in crash reports and child processes, and don't change when the secret does.",
    fix="Mount the secret, or use the Secrets Store CSI driver",
    source=(f"{_EKS}data-encryption-and-secrets-management.html", f"{_DOCS}concepts/configuration/secret/"),
)
def secrets_as_files(it: Resource, use: Use) -> Iterator[Verdict]:
    """Whole secrets taken by envFrom count too."""

    def check(container: View, pod: Pod) -> Iterator[Verdict]:
        yield from each(container.items("env"), lambda entry: _secret(entry, "valueFrom.secretKeyRef"))
        yield from each(container.items("envFrom"), lambda entry: _secret(entry, "secretRef"))

    yield from each_container(it, check)


def _secret(entry: View, holder: str) -> Iterator[Verdict]:
    if entry.present(holder):
        yield from named(entry, [entry.fails(holder, "is a secret in the environment")])


@stack_rule(
    "k8s-sa-token",
    on=[ANY],
    title="Pods that don't call the Kubernetes API have no token for it.",
    severity="medium",
    level="advisory",
    why="Whoever gets into a pod gets its token, and with it what the account may do in the cluster.",
    fix="Set automountServiceAccountToken to false for the pod or its service account",
    source=f"{_DOCS}tasks/configure-pod-container/configure-service-account/",
)
def no_token(it: Resource, stack: Stack, use: Use) -> Iterator[Verdict]:
    """What the pod says outweighs what its account says; absent in both it is mounted. A pod whose account a binding of
    the stack gives rights in the cluster calls the API."""

    def check(pod: Pod) -> Iterator[Verdict]:
        if pod.spec.present("automountServiceAccountToken"):
            yield pod.spec.equals("automountServiceAccountToken", False)
            return
        accounts = stack.referred(pod.spec, "serviceAccountName", ACCOUNT)
        if any(stack.referring(account, kind, by="subjects") for account in accounts for kind in BINDINGS):
            yield not_applicable("the pod's account has rights in the cluster")
        elif not accounts or any(account.get("automountServiceAccountToken", True) for account in accounts):
            yield pod.spec.equals("automountServiceAccountToken", False, default=True)

    yield from each_pod(it, check)


@resource_rule(
    "k8s-default-namespace-and-sa",
    on=[ANY],
    title="Pods run in a namespace and under an account of their own.",
    severity="low",
    level="mandatory",
    why="In the default namespace and under the default account, rights and limits can't be told apart by workload.",
    fix="Name a namespace and a service account",
    source=(f"{_EKS}identity-and-access-management.html", f"{_DOCS}concepts/overview/working-with-objects/namespaces/"),
)
def not_default(it: Resource, use: Use) -> Iterator[Verdict]:
    """Absent is the default; what is unknown until the update comes from a resource, so it is none."""
    if pods(it) and not is_unknown(it.raw("metadata.namespace")):
        yield it.holds("metadata.namespace", lambda name: name != "default", "must not be the default one",
                       default="default")  # fmt: skip

    def check(pod: Pod) -> Iterator[Verdict]:
        view, name = pod.setting("serviceAccountName")
        if not is_unknown(name):
            yield view.holds("serviceAccountName", lambda name: name != "default", "must not be the default one",
                             default="default")  # fmt: skip

    yield from each_pod(it, check)


@resource_rule(
    "k8s-required-labels",
    on=[ANY],
    title="Workloads have labels that say whose they are and what they handle.",
    severity="low",
    level="mandatory",
    category="compliance",
    why="Without labels nobody knows whom to call, whom to bill, and which data a pod sees.",
    fix="Add the labels to metadata.labels",
    source=f"{_DOCS}concepts/overview/working-with-objects/common-labels/",
    settings={
        "required_labels": {
            "type": "array",
            "items": {"type": "string"},
            "default": ["owner", "cost-centre", "environment", "data-classification", "model-name"],
            "description": "Labels that every resource which makes pods needs.",
        }
    },
)
def required_labels(it: Resource, use: Use) -> Iterator[Verdict]:
    """A label whose value is unknown until the update is there."""
    if not pods(it):
        yield not_applicable("it makes no pods")
        return
    labels = it.get("metadata.labels", {})
    for name in use["required_labels"]:
        if is_absent(labels.get(name)):
            yield it.fails("metadata.labels", f"has no {name}", key=name)


@resource_rule(
    "k8s-gpu-workload-hygiene",
    on=[ANY],
    title="Pods with accelerators go to nodes that have them, others don't, and jobs give up in time.",
    severity="medium",
    level="advisory",
    category="cost",
    why="A pod in the wrong place keeps a GPU node alive for nothing, and a job that hangs does so for days.",
    fix="Add a toleration, a node selector and activeDeadlineSeconds to pods with accelerators, and to no others",
    source=(f"{_EKS}aiml-compute.html", f"{_DOCS}concepts/scheduling-eviction/taint-and-toleration/"),
)
def accelerator_hygiene(it: Resource, use: Use) -> Iterator[Verdict]:
    """An accelerator is one by the name of its resource. A toleration without a key tolerates every taint. Affinity to
    nodes counts as a selector."""

    def check(pod: Pod) -> Iterator[Verdict]:
        accelerated = any(_has_accelerator(container) for container in pod.all_containers())
        tolerations = pod.spec.items("tolerations")
        tolerant = [entry for entry in tolerations if _ACCELERATORS.match(str(entry.get("key", "")))]
        if accelerated:
            everything = any(not entry.present("key") and entry.get("operator") == "Exists" for entry in tolerations)
            if not tolerant and not everything:
                yield pod.spec.fails("tolerations", "has none for nodes with accelerators")
            if not pod.spec.present("nodeSelector") and not pod.spec.present("affinity.nodeAffinity"):
                yield pod.spec.fails("nodeSelector", "is absent; it must choose nodes with accelerators")
            if kind_of(it)[1].endswith(("Job", "Workflow")) and not _has_deadline(it, pod):
                yield it.fails("", "the job has no activeDeadlineSeconds")
        for entry in () if accelerated else tolerant:
            yield entry.fails("key", "tolerates nodes with accelerators, of which the pod uses none")

    yield from each_pod(it, check)


def _has_accelerator(container: View) -> bool:
    asked = {**container.get("resources.limits", {}), **container.get("resources.requests", {})}
    return any(_ACCELERATORS.match(name) and count not in (0, "0") for name, count in asked.items())


def _has_deadline(it: Resource, pod: Pod) -> bool:
    return pod.spec.present("activeDeadlineSeconds") or any(
        it.present(f"{holder}.activeDeadlineSeconds") for holder in _DEADLINES
    )


@stack_rule(
    "k8s-irsa-or-pod-identity",
    on=[ANY],
    title="Pods call AWS with a role of their own, never with keys.",
    severity="high",
    level="mandatory",
    why="A key in a pod's environment lasts until somebody changes it, and the node's role is every pod's on the node.",
    fix="Give the service account a role by EKS Pod Identity, or by the annotation eks.amazonaws.com/role-arn",
    source=(
        "https://docs.aws.amazon.com/eks/latest/userguide/pod-identities.html",
        "https://docs.aws.amazon.com/eks/latest/userguide/iam-roles-for-service-accounts.html",
    ),
)
def role_of_its_own(it: Resource, stack: Stack, use: Use) -> Iterator[Verdict]:
    """A pod calls AWS as far as one can tell by a variable that AWS SDKs read or by an s3:// address. Where its account
    is not in the stack, its role may be anywhere, too."""

    def check(pod: Pod) -> Iterator[Verdict]:
        names: list[Any] = []
        for container in pod.all_containers():
            entries = container.items("env")
            names += [entry.get("name") for entry in entries]
            for entry in entries:
                if entry.get("name") in _KEYS:
                    yield entry.fails(
                        "name", "is a key of AWS in the environment", key=_key(container, entry.get("name"))
                    )
        if not any(name in _CALLS_AWS for name in names) and not _has_s3_address(pod):
            return
        if not pod.spec.present("serviceAccountName"):
            yield pod.spec.fails("serviceAccountName", "is absent, so the pod calls AWS with the node's role")
            return
        for account in stack.referred(pod.spec, "serviceAccountName", ACCOUNT):
            annotations = account.get("metadata.annotations", {})
            if "eks.amazonaws.com/role-arn" not in annotations and not _has_association(account, stack):
                yield pod.spec.fails("serviceAccountName", f"names {account.name}, which has no role", key=account.name)

    yield from each_pod(it, check)


def _has_s3_address(pod: Pod) -> bool:
    return any(text.startswith("s3://") for _, text in texts(pod.spec.value))


def _has_association(account: Resource, stack: Stack) -> bool:
    return bool(stack.referring(account, POD_IDENTITY, by="serviceAccount"))
