"""IAM policy documents: statements, conditions, patterns, and the known ways to gain more than a policy says."""
