"""What `bootstrap/` declares once per account: Pulumi's state and secrets key, and the role that delivers from CI."""

from typing import Any, NotRequired, TypedDict, cast

import pulumi
import pulumi_aws as aws

from mlops_components import delivery_role, state_backend
from mlops_components.buckets import bucket_name
from mlops_components.validation import ArgumentFault, Checker
from mlops_estate.faults import Fault, FaultsFound

PREFIX = "mlops-bootstrap"
# Not the project of the estate, whose keys and network the delivery role may change by this tag.
TAGS = {"project": PREFIX, "managed-by": "pulumi"}
_BACKEND = ("history_days", "log_retention_days", "deletion_window_days", "protect")
_DELIVERY = (
    "issuer",
    "repository",
    "branches",
    "environments",
    "account_baseline",
    "session_seconds",
    "adopted_buckets",
)


class RefusedBootstrap(FaultsFound, pulumi.RunError):
    """The faults of the bootstrap's configuration, in a form that Pulumi prints without a stack trace."""


class BootstrapBlock(TypedDict):
    """Keys of `mlops-bootstrap:bootstrap`; those without a text here are the arguments of the two components."""

    account: str
    region: str
    estate_prefix: str
    repository: str
    prefix: NotRequired[str]
    """Start of every name. Default: mlops-bootstrap."""
    operator_arns: NotRequired[list[str]]
    """Roles and users of the account, beside the delivery role, that use the state: who deploys by hand."""
    issuer: NotRequired[str]
    branches: NotRequired[list[str]]
    environments: NotRequired[list[str]]
    account_baseline: NotRequired[str]
    session_seconds: NotRequired[int]
    adopted_buckets: NotRequired[list[str]]
    history_days: NotRequired[int]
    log_retention_days: NotRequired[int]
    deletion_window_days: NotRequired[int]
    protect: NotRequired[bool]


def declare(raw: Any) -> dict[str, Any]:
    """Declare the account's bootstrap from its block and return the stack's outputs.

    Raises `RefusedBootstrap` with every fault of the block, before anything is registered.
    """
    block = _checked(raw)
    prefix, account, region = (str(block[key]) for key in ("prefix", "account", "region"))
    provider = aws.Provider("aws", region=region, allowed_account_ids=[account], default_tags={"tags": TAGS})
    opts = pulumi.ResourceOptions(providers=[provider])
    backend = state_backend.StateBackend("state", _backend_args(block), opts)
    made = {
        "state_bucket": backend.state_bucket,
        "state_key_arn": backend.state_key_arn,
        "secrets_key_arn": backend.secrets_key_arn,
    }
    delivery = delivery_role.DeliveryRole("delivery", _delivery_args(block, made), opts)
    pulumi.info(f"Once per account: {prefix} in {account}. Keep this stack's state: docs/reference/bootstrap.md")
    return {
        "pulumi_login": pulumi.Output.concat("pulumi login '", backend.login_url, "'"),
        "secrets_provider": pulumi.Output.concat("--secrets-provider='", backend.secrets_provider, "'"),
        # As they stand under `mlops-estate:estate` of the environment.
        "estate": {
            "delivery_role_arns": [delivery.role_arn],
            "permissions_boundary_arn": delivery.boundary_arn,
        },
        "oidc_provider_arn": delivery.provider_arn,
        "subjects": delivery.subjects,
    }


def _checked(raw: Any) -> dict[str, Any]:
    """Return the block with its prefix; raise every fault of the block and of both components' arguments."""
    if not isinstance(raw, dict):
        rule = "must be a block of keys"
        raise RefusedBootstrap([Fault("bootstrap", raw, rule, "see docs/reference/bootstrap.md")])
    block = {"prefix": PREFIX, **raw}
    found: dict[str, ArgumentFault] = {}
    place = [str(block.get(key)) for key in ("prefix", "account", "region")]
    # The backend's outputs, before there is a backend: any key of the account does for the check.
    key = f"arn:aws:kms:region:{place[1]}:key/id"
    bucket = bucket_name(place[0], state_backend.STATE, place[1], place[2])
    known = {"state_bucket": bucket, "state_key_arn": key, "secrets_key_arn": key}
    for checker in (
        Checker("bootstrap", "block", block, BootstrapBlock),
        state_backend.checked("state", _backend_args(block)),
        delivery_role.checked("delivery", _delivery_args(block, known)),
    ):
        for fault in cast("Checker[Any]", checker).faults:
            path = _own_path(fault.path)
            if path:
                found.setdefault(path, fault)
    if found:
        raise RefusedBootstrap(
            Fault(f"bootstrap.{path}", fault.value, fault.rule, fault.fix) for path, fault in found.items()
        )
    return block


def _own_path(path: str) -> str:
    """Return where the block holds what an argument was made of; nothing for the delivery role's own ARN."""
    if not path.startswith("user_arns["):
        return path
    index = int(path.removeprefix("user_arns[").split("]")[0])
    return f"operator_arns[{index - 1}]" if index else ""


def _backend_args(block: dict[str, Any]) -> state_backend.StateBackendArgs:
    place = _place(block)
    operators = block.get("operator_arns") or []
    own = delivery_role.role_arn(*(str(place.get(key)) for key in ("prefix", "account", "region")))
    args = {
        **place,
        "user_arns": [own, *(operators if isinstance(operators, list) else [])],
        **{key: block[key] for key in _BACKEND if key in block},
    }
    return cast("state_backend.StateBackendArgs", args)


def _delivery_args(block: dict[str, Any], made: dict[str, Any]) -> delivery_role.DeliveryRoleArgs:
    given = {key: block[key] for key in ("estate_prefix", *_DELIVERY) if key in block}
    return cast("delivery_role.DeliveryRoleArgs", {**_place(block), **given, **made})


def _place(block: dict[str, Any]) -> dict[str, Any]:
    return {key: block[key] for key in ("prefix", "account", "region") if key in block}
