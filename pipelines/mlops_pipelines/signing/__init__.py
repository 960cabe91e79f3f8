"""Signed manifests of what a training run made: digests, lineage, a KMS signature, and their verification."""
