"""Step scripts of the training pipeline, with the SageMaker container conventions; numpy, pandas, scikit-learn only."""
