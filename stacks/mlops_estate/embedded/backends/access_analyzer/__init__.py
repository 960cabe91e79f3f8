"""IAM Access Analyzer's analysers, a service that moto lacks: one of each kind for the account itself."""

from __future__ import annotations

import re
import sys

NAME = "accessanalyzer"
OURS = frozenset(
    {"CreateAnalyzer", "GetAnalyzer", "ListAnalyzers", "UpdateAnalyzer", "DeleteAnalyzer", "TagResource",
     "UntagResource", "ListTagsForResource"}
)  # fmt: skip


def install() -> None:
    """Register the service with moto, as one of its own modules would be."""
    import moto.backend_index as index

    from mlops_estate.embedded.backends.access_analyzer import models, urls

    module = f"moto.{NAME}"
    if module in sys.modules:
        return
    sys.modules[module] = sys.modules[f"{__name__}.models"]
    sys.modules[f"{module}.models"] = models
    index.backend_url_patterns.append((NAME, re.compile(urls.url_bases[0])))
