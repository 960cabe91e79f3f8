"""How good, fair, robust, explainable and small a trained model is: what the assessing steps compute."""
