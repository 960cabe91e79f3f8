"""SageMaker instance types as rules tell them apart.

Sources: SageMaker developer guide, "Instance types"; SageMaker API, ProductionVariant and ResourceConfig (families with
local NVMe storage take no volume key); EC2, "Instance types", accelerated computing (which families have such storage);
AWS, "Previous generation instances".
"""

from __future__ import annotations

import re

_FAMILY = re.compile(r"^ml\.([a-z]+\d+[a-z0-9-]*)\.")
_ACCELERATED = re.compile(r"^(p\d|g\d|trn\d|inf\d)")
PREVIOUS = frozenset({"m4", "c4", "p2", "t2", "r4", "g3", "g3s"})
"""Families that AWS lists as previous generations."""
LOCAL_STORAGE = re.compile(
    r"^(c5d|c6id|c6gd|c7gd|m5d|m5dn|m6id|m6gd|m7gd|m8gd|r5d|r6id|r6gd|r7gd|g4dn|g5|g5n|g6|g6e|g6f|gr6|gr6f|g7|g7e|"
    r"p3dn|p4d|p4de|p5|p5e|p5en|p6-b200|p6-b300|p6e-gb200|trn1|trn1n|trn2|trn2u|dl1|i\d\w*|d\d\w*)$"
)
"""Families with local NVMe storage, on which SageMaker takes no volume key. Inf1 and Inf2 have EBS volumes only."""


def family(instance_type: str) -> str:
    """Return ``g5`` for ``ml.g5.xlarge``; "" for what is no SageMaker instance type."""
    found = _FAMILY.match(instance_type)
    return found[1] if found else ""


def is_accelerated(instance_type: str) -> bool:
    """Whether an instance has a GPU, Trainium or Inferentia."""
    return bool(_ACCELERATED.match(family(instance_type)))


def has_local_storage_only(instance_type: str) -> bool:
    """Whether an instance's storage is local NVMe, encrypted by hardware, for which a volume key is refused."""
    return bool(LOCAL_STORAGE.match(family(instance_type)))
