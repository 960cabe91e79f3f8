"""SNS and SQS: `aws-native` names of what the `aws` provider has."""

from __future__ import annotations

from mlops_policies.tokens import Alias

ALIASES: dict[str, Alias] = {
    "aws-native:sns:Topic": Alias("aws:sns/topic:Topic", {"topicName": "name"}),
    # One policy for several topics: `arn` is then a list.
    "aws-native:sns:TopicPolicy": Alias(
        "aws:sns/topicPolicy:TopicPolicy", {"policyDocument": "policy", "topics": "arn"}
    ),
    "aws-native:sns:TopicInlinePolicy": Alias(
        "aws:sns/topicPolicy:TopicPolicy", {"policyDocument": "policy", "topicArn": "arn"}
    ),
    "aws-native:sns:Subscription": Alias("aws:sns/topicSubscription:TopicSubscription", {"topicArn": "topic"}),
    "aws-native:sqs:Queue": Alias(
        "aws:sqs/queue:Queue",
        {
            "queueName": "name",
            "messageRetentionPeriod": "messageRetentionSeconds",
            "visibilityTimeout": "visibilityTimeoutSeconds",
            "maximumMessageSize": "maxMessageSize",
            "receiveMessageWaitTimeSeconds": "receiveWaitTimeSeconds",
        },
    ),
    "aws-native:sqs:QueueInlinePolicy": Alias(
        "aws:sqs/queuePolicy:QueuePolicy", {"policyDocument": "policy", "queue": "queueUrl"}
    ),
}
