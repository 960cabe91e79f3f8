"""Pulumi component resources of the MLOps estate, each usable on its own."""
