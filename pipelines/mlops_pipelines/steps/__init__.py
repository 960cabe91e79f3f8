"""Step scripts: thin shells over tested functions, with the SageMaker container conventions."""
