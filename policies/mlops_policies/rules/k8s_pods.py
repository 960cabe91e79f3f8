"""Kubernetes pods: what they may do to the node they run on. The levels of the Pod Security Standards, and more."""

from __future__ import annotations

from collections.abc import Iterator

from mlops_policies.pods import ANY, Pod, each_container, each_pod, named
from mlops_policies.resource import Resource, View
from mlops_policies.rule import Use, resource_rule
from mlops_policies.values import is_unknown
from mlops_policies.verdicts import Verdict, each

VOLUME = "kubernetes:core/v1:PersistentVolume"
_STANDARDS = "https://kubernetes.io/docs/concepts/security/pod-security-standards/"
_EKS = "https://docs.aws.amazon.com/eks/latest/best-practices/pod-security.html"


@resource_rule(
    "k8s-no-privileged",
    on=[ANY],
    title="No container is privileged.",
    severity="critical",
    level="mandatory",
    why="A privileged container is root on the node: it reads every pod's data and the node role's credentials.",
    fix="Remove privileged, and add the one capability that is needed instead",
    source=(_STANDARDS, _EKS),
)
def no_privileged(it: Resource, use: Use) -> Iterator[Verdict]:
    """Init and ephemeral containers too, and Windows host processes, which are the same by another name."""

    def check(container: View, pod: Pod) -> Iterator[Verdict]:
        yield container.equals("securityContext.privileged", False, default=False)
        yield container.equals("securityContext.windowsOptions.hostProcess", False, default=False)

    yield from each_container(it, check)
    yield from each_pod(
        it, lambda pod: [pod.spec.equals("securityContext.windowsOptions.hostProcess", False, default=False)]
    )


@resource_rule(
    "k8s-no-host-namespaces",
    on=[ANY],
    title="Pods don't share the node's namespaces.",
    severity="high",
    level="mandatory",
    why="With the node's processes or network in sight, a pod reads other pods' traffic and secrets.",
    fix="Remove hostPID, hostIPC and hostNetwork",
    source=(_STANDARDS, _EKS),
)
def no_host_namespaces(it: Resource, use: Use) -> Iterator[Verdict]:
    """None is shared unless switched on."""

    def check(pod: Pod) -> Iterator[Verdict]:
        for name in ("hostPID", "hostIPC", "hostNetwork"):
            yield pod.spec.equals(name, False, default=False)

    yield from each_pod(it, check)


@resource_rule(
    "k8s-no-priv-escalation",
    on=[ANY],
    title="No container can gain privileges.",
    severity="high",
    level="mandatory",
    why="A program with the setuid bit in an image makes an ordinary user root.",
    fix="Set allowPrivilegeEscalation to false",
    source=_STANDARDS,
)
def no_escalation(it: Resource, use: Use) -> Iterator[Verdict]:
    """Allowed unless switched off, so it has to be said."""
    yield from each_container(
        it, lambda view, pod: [view.equals("securityContext.allowPrivilegeEscalation", False, default=True)]
    )


@resource_rule(
    "k8s-run-as-non-root",
    on=[ANY],
    title="Containers don't run as root.",
    severity="high",
    level="mandatory",
    why="Root in a container is root on the node as soon as anything between them has a flaw.",
    fix="Set runAsNonRoot to true for the pod, and a runAsUser above 0 where the image has none",
    source=(_STANDARDS, _EKS),
)
def non_root(it: Resource, use: Use) -> Iterator[Verdict]:
    """What a container says outweighs what its pod says, so a pod that is right may hold a container that is not. A
    user id alone is not enough: the standard asks for runAsNonRoot, which the node then checks."""

    def check(container: View, pod: Pod) -> Iterator[Verdict]:
        view, _ = pod.setting("securityContext.runAsNonRoot", container)
        yield view.equals("securityContext.runAsNonRoot", True, default=False)
        view, _ = pod.setting("securityContext.runAsUser", container)
        yield view.holds("securityContext.runAsUser", lambda user: user != 0, "must not be 0", default=1)

    yield from each_container(it, check)


@resource_rule(
    "k8s-capabilities",
    on=[ANY],
    title="Containers drop all capabilities.",
    severity="high",
    level="mandatory",
    why="The capabilities that a container has by default let it forge packets and change the owner of files.",
    fix="Drop ALL, and add nothing but NET_BIND_SERVICE",
    source=_STANDARDS,
    settings={
        "allowed_capabilities": {
            "type": "array",
            "items": {"type": "string"},
            "default": ["NET_BIND_SERVICE"],
            "description": "Capabilities that a container may add.",
        }
    },
)
def capabilities(it: Resource, use: Use) -> Iterator[Verdict]:
    """Of what is added each one counts by itself. CAP_ before a name is the same capability."""

    def check(container: View, pod: Pod) -> Iterator[Verdict]:
        yield container.holds("securityContext.capabilities.drop", lambda names: "ALL" in names, "must have ALL")
        for capability in container.get("securityContext.capabilities.add") or []:
            if not is_unknown(capability) and str(capability).removeprefix("CAP_") not in use["allowed_capabilities"]:
                yield container.fails("securityContext.capabilities.add", f"has {capability}", key=str(capability))
        container.whole("securityContext.capabilities.add")

    yield from each_container(it, check)


@resource_rule(
    "k8s-read-only-rootfs",
    on=[ANY],
    title="Containers can't change their own files.",
    severity="low",
    level="advisory",
    why="Who gets into a container that can write to itself can stay in it.",
    fix="Set readOnlyRootFilesystem to true and mount an emptyDir where the program writes",
    source=(_EKS, "https://kubernetes.io/docs/tasks/configure-pod-container/security-context/"),
)
def read_only_root(it: Resource, use: Use) -> Iterator[Verdict]:
    """Writable unless said otherwise."""
    yield from each_container(
        it, lambda view, pod: [view.equals("securityContext.readOnlyRootFilesystem", True, default=False)]
    )


@resource_rule(
    "k8s-seccomp",
    on=[ANY],
    title="Containers run under a seccomp profile.",
    severity="medium",
    level="mandatory",
    why="Without a profile a container may make every system call there is, those with flaws included.",
    fix="Set securityContext.seccompProfile.type to RuntimeDefault for the pod",
    source=(_STANDARDS, "https://kubernetes.io/docs/tutorials/security/seccomp/"),
)
def seccomp(it: Resource, use: Use) -> Iterator[Verdict]:
    """Unconfined unless said otherwise; a container's own profile outweighs its pod's."""

    def check(container: View, pod: Pod) -> Iterator[Verdict]:
        view, _ = pod.setting("securityContext.seccompProfile.type", container)
        yield view.one_of("securityContext.seccompProfile.type", ("RuntimeDefault", "Localhost"), default="Unconfined")

    yield from each_container(it, check)


@resource_rule(
    "k8s-no-hostpath-or-socket",
    on=[ANY],
    title="Pods don't mount the node's files.",
    severity="high",
    level="mandatory",
    why="Through the node's files, its container runtime's socket above all, a pod takes over the node.",
    fix="Use a persistent volume claim or a CSI volume",
    source=(_STANDARDS, _EKS),
)
def no_host_path(it: Resource, use: Use) -> Iterator[Verdict]:
    """The container runtime's socket is such a path. A persistent volume that is one is the same by a longer way."""
    if it.type == VOLUME:
        if it.present("spec.hostPath"):
            yield it.fails("spec.hostPath", "is a path of the node")
        return
    yield from each_pod(it, lambda pod: each(pod.spec.items("volumes"), _host_path))


def _host_path(volume: View) -> Iterator[Verdict]:
    if volume.present("hostPath"):
        yield from named(volume, [volume.fails("hostPath", "is a path of the node")])


@resource_rule(
    "k8s-no-hostport",
    on=[ANY],
    title="Containers don't take the node's ports.",
    severity="medium",
    level="mandatory",
    why="A port on the node is reached past network policies, and ties the pod to nodes where it is free.",
    fix="Remove hostPort and use a Service",
    source=_STANDARDS,
)
def no_host_port(it: Resource, use: Use) -> Iterator[Verdict]:
    """0 is no port."""

    def check(container: View, pod: Pod) -> Iterator[Verdict]:
        return each(container.items("ports"), lambda port: [port.equals("hostPort", 0, default=0)])

    yield from each_container(it, check)
