"""The estate once more, as CloudFormation that the AWS CDK synthesizes: what other tools can read of it."""
