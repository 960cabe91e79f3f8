"""SageMaker Feature Store's records: PutRecord, GetRecord, BatchGetRecord and DeleteRecord, which moto lacks."""

from __future__ import annotations

import re
import sys

NAME = "sagemakerfeaturestoreruntime"


def install() -> None:
    """Register the service with moto, as one of its own modules would be."""
    import moto.backend_index as index

    from mlops_estate.embedded.backends.feature_store_runtime import models, offline, urls

    module = f"moto.{NAME}"
    if module in sys.modules:
        return
    sys.modules[module] = sys.modules[f"{__name__}.models"]
    sys.modules[f"{module}.models"] = models
    index.backend_url_patterns.append((NAME, re.compile(urls.url_bases[0])))
    offline.install()
