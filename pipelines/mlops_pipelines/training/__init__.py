"""The training pipeline: its definition, compiled with the SageMaker SDK in a process of its own and kept as JSON."""
