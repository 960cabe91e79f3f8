"""Kubernetes: older API versions of what newer ones have, with the same properties as far as rules read them."""

from __future__ import annotations

from mlops_policies.tokens import Alias

_RBAC = ("rbac.authorization.k8s.io/v1alpha1", "rbac.authorization.k8s.io/v1beta1")
_OLDER: dict[str, tuple[str, ...]] = {
    "apps/v1:Deployment": ("extensions/v1beta1", "apps/v1beta1", "apps/v1beta2"),
    "apps/v1:StatefulSet": ("apps/v1beta1", "apps/v1beta2"),
    "apps/v1:DaemonSet": ("extensions/v1beta1", "apps/v1beta2"),
    "apps/v1:ReplicaSet": ("extensions/v1beta1", "apps/v1beta2"),
    "batch/v1:CronJob": ("batch/v1beta1", "batch/v2alpha1"),
    "networking.k8s.io/v1:Ingress": ("extensions/v1beta1", "networking.k8s.io/v1beta1"),
    "networking.k8s.io/v1:NetworkPolicy": ("extensions/v1beta1",),
    "policy/v1:PodDisruptionBudget": ("policy/v1beta1",),
    "autoscaling/v2:HorizontalPodAutoscaler": ("autoscaling/v1", "autoscaling/v2beta1", "autoscaling/v2beta2"),
    "rbac.authorization.k8s.io/v1:Role": _RBAC,
    "rbac.authorization.k8s.io/v1:ClusterRole": _RBAC,
    "rbac.authorization.k8s.io/v1:RoleBinding": _RBAC,
    "rbac.authorization.k8s.io/v1:ClusterRoleBinding": _RBAC,
}

ALIASES: dict[str, Alias] = {
    f"kubernetes:{version}:{newest.rpartition(':')[2]}": Alias(f"kubernetes:{newest}")
    for newest, versions in _OLDER.items()
    for version in versions
}
