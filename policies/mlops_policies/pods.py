"""The pods that a Kubernetes resource makes: their specs and containers, in whatever kind they are written.

Built-in kinds have one template at a known place. Custom resources (Kubeflow's jobs and notebooks, KServe, Ray, Argo,
others) are searched for what looks like a pod's spec. Helm releases and files of manifests are not read: what a
program makes of these is judged resource by resource, where the provider registers it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from mlops_policies.resource import Resource, View
from mlops_policies.values import UnknownValue, has_unknown, is_absent, is_unknown
from mlops_policies.verdicts import Status, Verdict, each, gathered, not_applicable

ANY = "kubernetes:*"
"""Every Kubernetes resource: rules about pods say of the others that they make none."""

_TEMPLATES = {
    "core/v1:Pod": "spec",
    "core/v1:PodTemplate": "template.spec",
    "core/v1:ReplicationController": "spec.template.spec",
    "apps/v1:Deployment": "spec.template.spec",
    "apps/v1:StatefulSet": "spec.template.spec",
    "apps/v1:DaemonSet": "spec.template.spec",
    "apps/v1:ReplicaSet": "spec.template.spec",
    "batch/v1:Job": "spec.template.spec",
    "batch/v1:CronJob": "spec.jobTemplate.spec.template.spec",
}
_NOT_CUSTOM = ("yaml", "helm.sh", "kustomize")
_COMPONENTS = ("predictor", "transformer", "explainer")
"""What of a KServe InferenceService is a pod."""
_MODELS = (
    "model",
    "sklearn",
    "xgboost",
    "tensorflow",
    "pytorch",
    "triton",
    "onnx",
    "huggingface",
    "pmml",
    "lightgbm",
    "paddle",
)
"""What of such a pod KServe makes its main container of."""
_STEPS = ("container", "script")
"""What of an Argo template is its main container."""
_HOLDERS = frozenset({"spec", "template", "templates", "containers", *_COMPONENTS, *_MODELS, *_STEPS})
"""Properties of custom resources that hold pods, so that an unknown one may."""
_NO_PODS = "it makes no pods"
_LISTS = ("containers", "initContainers", "ephemeralContainers", "sidecars")


@dataclass(frozen=True)
class Pod:
    """One pod, or all pods that one template makes."""

    spec: View
    containers: tuple[View, ...]
    """The main ones; one may be the model of a KServe component, to which a runtime adds the image."""
    helpers: tuple[View, ...]
    """Init and ephemeral containers, and Argo's sidecars."""
    outer: View | None = None
    """What gives defaults to the pod: the spec of an Argo workflow."""

    def all_containers(self) -> tuple[View, ...]:
        """Return the main containers and the helpers."""
        return self.containers + self.helpers

    def setting(self, path: str, *nearer: View) -> tuple[View, Any]:
        """Return the view and the value that hold for the pod, or for what is nearer: the nearest that says anything.

        The value may be a sentinel, and is None where nothing says anything. Raises `UnknownValue`.
        """
        levels = [*nearer, self.spec, *([self.outer] if self.outer is not None else [])]
        for view in levels:
            value = view.raw(path)
            if not is_absent(value):
                return view, value
        return levels[0], None


def kind_of(it: Resource) -> tuple[str, str]:
    """Return the API group and the kind of a resource: ``("serving.kserve.io", "InferenceService")``."""
    _, _, rest = it.type.partition(":")
    version, _, kind = rest.rpartition(":")
    return version.partition("/")[0], kind


def pods(it: Resource) -> list[Pod]:
    """Return the pods of a resource; none where it makes none. Raises `UnknownValue`."""
    group, kind = kind_of(it)
    place = _TEMPLATES.get(it.type.partition(":")[2])
    if place:
        spec = it.part(place)
        return [] if spec is None else [_pod(spec, _listed(spec, "containers"))]
    if "." not in group or group.endswith(".k8s.io") or group in _NOT_CUSTOM or kind.endswith(("List", "Patch")):
        return []
    return list(_search(it, it.value.get("spec"), "spec", None))


def each_container(it: Resource, check: Callable[[View, Pod], Iterable[Verdict]]) -> Iterator[Verdict]:
    """Yield a check's answers for every container of every pod, each finding with its container's name as key."""
    found = pods(it)
    if not found:
        yield not_applicable(_NO_PODS)
    for pod in found:
        for container in pod.all_containers():
            yield from named(container, check(container, pod))


def named(container: View, answers: Iterable[Verdict]) -> Iterator[Verdict]:
    """Yield the answers about a container, with its name as the key of findings that have none."""
    name = container.value.get("name", "") if isinstance(container.value, Mapping) else ""
    key = name if isinstance(name, str) and not has_unknown(name) else ""
    for answer in gathered(answers):
        yield replace(answer, key=key) if answer.status is Status.FAIL and not answer.key else answer


def each_pod(it: Resource, check: Callable[[Pod], Iterable[Verdict]]) -> Iterator[Verdict]:
    """Yield a check's answers for every pod of a resource."""
    found = pods(it)
    if not found:
        yield not_applicable(_NO_PODS)
    yield from each(found, check)


def _pod(spec: View, containers: list[View], outer: View | None = None) -> Pod:
    helpers = [view for name in _LISTS[1:] for view in _listed(spec, name)]
    return Pod(spec, tuple(containers), tuple(helpers), outer)


def _listed(view: View, name: str) -> list[View]:
    """Return the objects of a list; what is no list, or no object, is something else in a custom resource."""
    if not isinstance(view.raw(name), list) and not is_unknown(view.raw(name)):
        return []
    return [item for item in view.items(name) if is_unknown(item.value) or isinstance(item.value, Mapping)]


def _search(it: Resource, value: Any, at: str, outer: View | None) -> Iterator[Pod]:
    if is_unknown(value):
        if at.rpartition(".")[2].partition("[")[0] in _HOLDERS or at.endswith("Specs"):
            raise UnknownValue(it.path(at))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _search(it, item, f"{at}[{index}]", outer)
    elif isinstance(value, Mapping):
        view = View(it, value, at)
        containers = _main_containers(view, at.rpartition(".")[2])
        if containers:
            yield _pod(view, containers, outer)
        inner = view if "templates" in value else outer
        for key, item in value.items():
            if key not in _LISTS and key not in _STEPS and key != "containerSet":
                yield from _search(it, item, f"{at}.{key}", inner)


def _main_containers(view: View, key: str) -> list[View]:
    """Return the main containers of what may be a pod's spec; none where it is not."""
    found = _listed(view, "containers")
    for name in _STEPS:
        step = view.raw(name)
        if is_unknown(step) or (isinstance(step, Mapping) and "image" in step):
            found += view.items(name)
    for name in _MODELS if key in _COMPONENTS else ():
        if is_unknown(view.raw(name)) or isinstance(view.raw(name), Mapping):
            found += view.items(name)
    if isinstance(view.raw("containerSet"), Mapping):
        found += _listed(View(view.resource, view.raw("containerSet"), f"{view.at}.containerSet"), "containers")
    return found
