"""Feature store: one feature group, online and offline, encrypted, whose schema only grows."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NotRequired, TypedDict

import pulumi
from pulumi_aws_native import sagemaker

from mlops_components.deletion import protects
from mlops_components.documents import join_s3_uri, partition
from mlops_components.execution_role import ExecutionRole
from mlops_components.validation import Checker

FEATURE_TYPES = ("Integral", "Fractional", "String")
# CreateFeatureGroup: names the offline store adds, and how many features a group may have.
RESERVED_FEATURES = ("is_deleted", "write_time", "api_invocation_time")
_MOST_FEATURES = 2500


class Feature(TypedDict):
    """One feature of a group."""

    name: str
    """Name, 1 to 64 letters, digits, hyphens and underscores."""
    type: str
    """Integral, Fractional or String."""


class FeatureStoreArgs(TypedDict):
    """Inputs of `FeatureStore`."""

    prefix: str
    """Start of every name of the environment; the group is `{prefix}-{model}`."""
    account: str
    """AWS account id of the environment, 12 digits."""
    region: str
    """AWS region code."""
    environment_class: NotRequired[str]
    """dev, staging or prod; decides the defaults below. Default: prod."""
    model: str
    """Name of the model whose features these are."""
    features: list[Feature]
    """Features, the record identifier and the event time among them. Add at the end; don't remove or retype."""
    published_features: NotRequired[list[Feature]]
    """Features that are live already: removing or retyping one of them is refused. Default: none."""
    record_identifier: str
    """Feature that identifies a record."""
    event_time: str
    """Feature that holds a record's time: String (ISO 8601) or Fractional (seconds since 1970)."""
    features_bucket: pulumi.Input[str]
    """Name of the bucket of the offline store."""
    features_key_arn: pulumi.Input[str]
    """ARN of the KMS key of both stores."""
    database_name: pulumi.Input[str]
    """Glue database of the offline store's table."""
    online: NotRequired[bool]
    """Whether records can also be read one by one, in milliseconds. Default: true."""
    ttl_days: NotRequired[int]
    """Days after which a record leaves the online store. Default: never."""
    protect: NotRequired[bool]
    """Whether Pulumi refuses to delete the group. Default: false in dev, else true."""


class FeatureStore(pulumi.ComponentResource):
    """A feature group with online and offline store under one key, and the role that writes the offline store.

    `aws_native`: it adds features in place, where `aws` would replace the group and lose the online records.
    """

    feature_group_name: pulumi.Output[str]
    """Name of the feature group."""
    feature_group_arn: pulumi.Output[str]
    """ARN of the feature group."""
    table_name: pulumi.Output[str]
    """Name of the offline store's Glue table."""
    role_arn: pulumi.Output[str]
    """ARN of the role that writes the offline store."""

    def __init__(self, name: str, args: FeatureStoreArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        check = Checker("FeatureStore", name, args, FeatureStoreArgs)
        _check(check)
        check.finish()
        super().__init__("mlops:index:FeatureStore", name, {**args}, opts)
        group_name = f"{args['prefix']}-{args['model']}"
        table = table_name(args["model"])
        store_uri = pulumi.Output.from_input(args["features_bucket"]).apply(
            lambda bucket: join_s3_uri(bucket, "offline", args["model"])
        )
        role = self._role(name, args, store_uri)
        group = sagemaker.FeatureGroup(
            name,
            feature_group_name=group_name,
            description=f"Features of {args['model']}",
            record_identifier_feature_name=args["record_identifier"],
            event_time_feature_name=args["event_time"],
            feature_definitions=_definitions(args["features"]),
            role_arn=role.role_arn,
            online_store_config=_online(args),
            offline_store_config=_offline(args, store_uri, table),
            opts=pulumi.ResourceOptions(
                parent=self,
                protect=protects(args),
                # Tags are create-only here: a changed default tag would replace the group and drop its online records.
                ignore_changes=["tags"],
            ),
        )
        self.feature_group_name = group.feature_group_name.apply(lambda made: made or group_name)
        self.feature_group_arn = self.feature_group_name.apply(lambda made: feature_group_arn(args, made))
        self.table_name = pulumi.Output.from_input(table)
        self.role_arn = role.role_arn
        self.register_outputs(
            {
                "feature_group_name": self.feature_group_name,
                "feature_group_arn": self.feature_group_arn,
                "table_name": self.table_name,
                "role_arn": self.role_arn,
            }
        )

    def _role(self, name: str, args: FeatureStoreArgs, store_uri: pulumi.Output[str]) -> ExecutionRole:
        return ExecutionRole(
            f"{name}-role",
            {
                "prefix": args["prefix"],
                "account": args["account"],
                "region": args["region"],
                "role_suffix": f"{args['model']}-features",
                "purpose": "feature_store",
                "write_uris": pulumi.Output.all(store_uri).apply(list),
                "key_arns": pulumi.Output.all(args["features_key_arn"]).apply(list),
                "database_name": args["database_name"],
            },
            pulumi.ResourceOptions(parent=self),
        )


def table_name(model: str) -> str:
    """Return the Glue table of a model's offline store: Athena takes no hyphens."""
    return f"{model.replace('-', '_')}_features"


def feature_group_arn(args: FeatureStoreArgs, group_name: str) -> str:
    """Return the ARN of a feature group."""
    return f"arn:{partition(args['region'])}:sagemaker:{args['region']}:{args['account']}:feature-group/{group_name}"


def schema_changes(published: Sequence[Feature], wanted: Sequence[Feature]) -> Iterator[tuple[str, str]]:
    """Yield (feature, what happened to it) for every published feature that was removed or retyped."""
    types: Mapping[str, str] = {feature["name"]: feature["type"] for feature in wanted}
    for feature in published:
        if feature["name"] not in types:
            yield feature["name"], "was removed"
        elif types[feature["name"]] != feature["type"]:
            yield feature["name"], f"was {feature['type']} and is now {types[feature['name']]}"


def _definitions(features: Sequence[Feature]) -> Any:
    return [{"feature_name": feature["name"], "feature_type": feature["type"]} for feature in features]


def _offline(args: FeatureStoreArgs, store_uri: pulumi.Output[str], table: str) -> Any:
    return {
        "s3_storage_config": {"s3_uri": store_uri, "kms_key_id": args["features_key_arn"]},
        "disable_glue_table_creation": False,
        "data_catalog_config": {
            "catalog": "AwsDataCatalog",
            "database": args["database_name"],
            "table_name": table,
        },
    }


def _online(args: FeatureStoreArgs) -> Any:
    if not args.get("online", True):
        return None
    store: dict[str, Any] = {
        "enable_online_store": True,
        "security_config": {"kms_key_id": args["features_key_arn"]},
    }
    if args.get("ttl_days"):
        store["ttl_duration"] = {"unit": "Days", "value": int(args["ttl_days"])}
    return store


def _check(check: Checker[FeatureStoreArgs]) -> None:
    check.arn("features_key_arn", "kms")
    check.between("ttl_days", 1, 3650, "days")
    if "ttl_days" in check.args and check.plain("online") is False:
        check.fault(
            "ttl_days", check.args["ttl_days"], "is for the online store, which is off", "drop it, or turn online on"
        )
    prefix, model = check.plain("prefix"), check.plain("model")
    if prefix and model:
        check.aws_name("model", f"{prefix}-{model}", "feature_group")
        check.aws_name("model", f"{prefix}-{model}-features", "role")
        check.aws_name("model", table_name(model), "table")
    _check_features(check)


def _check_features(check: Checker[FeatureStoreArgs]) -> None:
    features = check.plain("features")
    if features is None:
        return
    names = [feature["name"] for feature in features]
    if not 1 <= len(features) <= _MOST_FEATURES:
        check.fault("features", len(features), f"must be 1 to {_MOST_FEATURES} (CreateFeatureGroup)", "split the group")
    types = {feature["name"]: feature["type"] for feature in features}
    for index, feature in enumerate(features):
        path = f"features[{index}]"
        if feature["type"] not in FEATURE_TYPES:
            check.fault(f"{path}.type", feature["type"], f"must be one of {', '.join(FEATURE_TYPES)}", "use String")
        if feature["name"] in RESERVED_FEATURES:
            check.fault(f"{path}.name", feature["name"], "is reserved by the offline store", "rename it")
        check.name_fault(f"{path}.name", feature["name"], "feature")
    check.unique("features", names)
    for path in ("record_identifier", "event_time"):
        value = check.plain(path)
        if isinstance(value, str) and value not in types:
            check.fault(path, value, "must be one of the features", "add it to features")
    if types.get(str(check.plain("event_time"))) == "Integral":
        check.fault("event_time", "Integral", "must be String or Fractional (CreateFeatureGroup)", "use String")
    for feature, change in schema_changes(check.plain("published_features") or [], features):
        check.fault("published_features", feature, f"{change}; a live schema only grows", "add a new feature instead")
