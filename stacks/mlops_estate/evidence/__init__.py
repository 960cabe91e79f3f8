"""`estate evidence`: a signed pack per model and framework, made of facts, with every gap named."""

from mlops_estate.evidence.making import Asked, Outcome, make
from mlops_estate.evidence.seal import Verdict, verify_pack

__all__ = ["Asked", "Outcome", "Verdict", "make", "verify_pack"]
