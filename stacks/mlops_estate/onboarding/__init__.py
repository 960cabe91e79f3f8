"""Adding a model: from a CSV file to its schema, its provenance and its block in the environments' files.

Everything is inferred from the cells, tried as the estate would load it, and then written all together or not at all.
"""

from __future__ import annotations

from mlops_estate.onboarding.adding import Added, Request, add_model

__all__ = ["Added", "Request", "add_model"]
