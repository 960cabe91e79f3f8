"""Models: algorithm families, their training and loading, and the metrics by which they are judged."""
