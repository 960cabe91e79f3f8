"""Known ways to gain more than a policy says, by the actions that they take.

Sources: Rhino Security Labs, "AWS IAM privilege escalation methods"; Bishop Fox, "IAM Vulnerable"; KMS developer guide
("Key policies", "Grants"); service authorization reference, for what takes a role.
"""

from __future__ import annotations

from collections.abc import Mapping

CHANGES_IDENTITY = (
    "iam:AddRoleToInstanceProfile", "iam:AddUserToGroup", "iam:AttachGroupPolicy", "iam:AttachRolePolicy",
    "iam:AttachUserPolicy", "iam:CreateAccessKey", "iam:CreateLoginProfile", "iam:CreateOpenIDConnectProvider",
    "iam:CreatePolicyVersion", "iam:CreateRole", "iam:CreateSAMLProvider", "iam:CreateUser",
    "iam:DeleteRolePermissionsBoundary", "iam:DeleteRolePolicy", "iam:DeleteUserPermissionsBoundary",
    "iam:DetachRolePolicy", "iam:PutGroupPolicy", "iam:PutRolePermissionsBoundary", "iam:PutRolePolicy",
    "iam:PutUserPolicy", "iam:SetDefaultPolicyVersion", "iam:TagRole", "iam:UntagRole",
    "iam:UpdateAssumeRolePolicy", "iam:UpdateLoginProfile", "iam:UpdateOpenIDConnectProviderThumbprint",
)  # fmt: skip
"""Each makes, strengthens or unbinds an identity; tags too, where policies compare them."""

CHANGES_ACCESS = (
    "kms:CreateGrant",
    "kms:PutKeyPolicy",
    "s3:PutBucketPolicy",
    "s3:PutBucketAcl",
    "s3:PutAccessPointPolicy",
)
"""Each opens data to whom its policy or key didn't name. A grant for an AWS service's own use is none of them."""

TAKES_A_ROLE: Mapping[str, tuple[tuple[str, ...], ...]] = {
    "sagemaker.amazonaws.com": (
        ("sagemaker:CreateNotebookInstance", "sagemaker:CreatePresignedNotebookInstanceUrl"),
        ("sagemaker:CreateTrainingJob",),
        ("sagemaker:CreateProcessingJob",),
        ("sagemaker:CreateHyperParameterTuningJob",),
        ("sagemaker:CreateAutoMLJobV2",),
        ("sagemaker:CreatePipeline", "sagemaker:StartPipelineExecution"),
        ("sagemaker:UpdatePipeline", "sagemaker:StartPipelineExecution"),
        ("sagemaker:CreateModel", "sagemaker:CreateEndpointConfig", "sagemaker:CreateEndpoint"),
        ("sagemaker:CreateModel", "sagemaker:CreateTransformJob"),
        ("sagemaker:CreateUserProfile", "sagemaker:CreatePresignedDomainUrl"),
    ),
    "lambda.amazonaws.com": (
        ("lambda:CreateFunction", "lambda:InvokeFunction"),
        ("lambda:CreateFunction", "lambda:AddPermission"),
        ("lambda:CreateFunction", "lambda:CreateEventSourceMapping"),
        ("lambda:UpdateFunctionConfiguration",),
    ),
    "glue.amazonaws.com": (
        ("glue:CreateJob", "glue:StartJobRun"),
        ("glue:UpdateJob", "glue:StartJobRun"),
        ("glue:CreateDevEndpoint",),
        ("glue:CreateSession", "glue:RunStatement"),
    ),
    "ec2.amazonaws.com": (("ec2:RunInstances",), ("ec2:AssociateIamInstanceProfile",)),
    "states.amazonaws.com": (
        ("states:CreateStateMachine", "states:StartExecution"),
        ("states:UpdateStateMachine", "states:StartExecution"),
    ),
    "scheduler.amazonaws.com": (("scheduler:CreateSchedule",), ("scheduler:UpdateSchedule",)),
    "events.amazonaws.com": (("events:PutRule", "events:PutTargets"),),
    "cloudformation.amazonaws.com": (("cloudformation:CreateStack",), ("cloudformation:UpdateStack",)),
    "codebuild.amazonaws.com": (("codebuild:CreateProject", "codebuild:StartBuild"),),
    "ecs-tasks.amazonaws.com": (("ecs:RegisterTaskDefinition", "ecs:RunTask"),),
    "ssm.amazonaws.com": (("ssm:StartAutomationExecution",),),
}  # fmt: skip
"""What runs as a role that is passed to it: by service, the actions that one needs beside iam:PassRole."""

REUSES_A_ROLE: Mapping[str, tuple[tuple[str, ...], ...]] = {
    "sagemaker.amazonaws.com": (
        ("sagemaker:CreatePresignedNotebookInstanceUrl",),
        ("sagemaker:UpdateNotebookInstanceLifecycleConfig",),
        ("sagemaker:CreatePresignedDomainUrl",),
    ),
    "lambda.amazonaws.com": (("lambda:UpdateFunctionCode",),),
    "glue.amazonaws.com": (("glue:UpdateDevEndpoint",),),
    "ec2.amazonaws.com": (("ssm:SendCommand",), ("ssm:StartSession",), ("ec2:ModifyInstanceAttribute",)),
    "codebuild.amazonaws.com": (("codebuild:UpdateProject", "codebuild:StartBuild"),),
}
"""What takes over something that runs as its role already: nothing is passed."""
