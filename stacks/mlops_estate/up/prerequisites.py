"""What a configuration takes as given, and how each is looked up in the account before anything is created there.

A row names where the configuration says it, and what of the account answers for it: all read-only calls through boto3
clients. Every fault is reported at once, with its line.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from botocore.exceptions import ClientError

from mlops_estate.config.document import ConfigFault, Document, dotted, read_document
from mlops_estate.config.findings import RelativePath
from mlops_estate.faults import FaultsFound
from mlops_estate.up.singletons import SINGLETONS

if TYPE_CHECKING:
    from mlops_estate.config import EstateBlock, LoadedEnvironment
    from mlops_estate.embedded.account import EmbeddedAccount, RemoteAccount

Client = Callable[[str], Any]


class Problem(NamedTuple):
    """What is wrong with one thing, and what to do about it."""

    rule: str
    fix: str
    source: str = ""


Given = Iterator[tuple[RelativePath, str]]
Check = Callable[[Client, str, "EstateBlock"], Iterator[Problem]]


@dataclass(frozen=True, slots=True)
class Row:
    """One kind of thing: `given` yields where the estate block names it, `check` what is wrong with one of them.

    A network that is brought is not asked for in an account that starts empty (`stood_in`): a managed one stands in.
    """

    what: str
    given: Callable[[EstateBlock], Given]
    check: Check
    stood_in: bool = False


def check_prerequisites(
    environment: LoadedEnvironment, account: EmbeddedAccount | RemoteAccount, *, starts_empty: bool
) -> None:
    """Raise `FaultsFound` with everything that the configuration takes as given and `account` has not.

    `starts_empty` is an account of the command's own: nothing that is brought can be in it, and singletons that
    the configuration calls existing are not asked for.
    """
    from mlops_estate.config import overlay_account, parse

    raw = overlay_account(environment.estate_raw, account.account_id)
    estate = parse(environment.name, raw, environment.models_raw).estate
    document = read_document(environment.path)
    rows = [row for row in ROWS if not starts_empty or not row.stood_in]
    found: list[ConfigFault] = [
        _fault(document, *faulty) for row in rows for faulty in _problems(row, account.client, estate)
    ]
    if not starts_empty:
        found += [_fault(document, *faulty) for faulty in _singletons(account.client, estate)]
    if found:
        hint = ""
        if starts_empty:
            hint = (
                f"\nThe account of this command starts empty. `estate serve {environment.name} --empty` keeps one: "
                f"make in it what is missing, then `estate up {environment.name} --account URL`"
            )
        summary = f"nothing was created: account {account.account_id}, {account.region}, lacks what is taken as given"
        found.sort(key=lambda fault: (fault.line, fault.where))
        raise FaultsFound(found, summary + hint)


def _problems(row: Row, client: Client, estate: EstateBlock) -> Iterator[tuple[RelativePath, str, Problem]]:
    for path, value in row.given(estate):
        try:
            for problem in row.check(client, value, estate):
                yield path, value, problem
        except ClientError as error:
            yield path, value, _refusal(row.what, error)


def _refusal(what: str, error: ClientError) -> Problem:
    """Say what a service's refusal means: there is none, or it is none of this account's."""
    code = str(error.response["Error"]["Code"])
    if "not find" in error.response["Error"].get("Message", ""):  # SageMaker answers ValidationException
        code = "404"
    if code in {"404", "NoSuchEntity", "NoSuchBucket", "ResourceNotFound"} or "NotFound" in code:
        return Problem(f"there is no such {what} in the account", f"create the {what} first, or name one that exists")
    if code in {"403", "AccessDenied", "AccessDeniedException"}:
        return Problem(f"the {what} is another account's, or its policy refuses", "name one of this account")
    message = error.response["Error"].get("Message", "")
    return Problem(f"{error.operation_name} answers {code}: {message}", f"name a {what} that the account shows")


def _fault(document: Document, path: RelativePath, value: Any, problem: Problem) -> ConfigFault:
    whole: RelativePath = ("config", "mlops-estate:estate", *path)
    return ConfigFault(
        dotted(whole), value, problem.rule, problem.fix, source=problem.source, file=document.file,
        line=document.line(whole),
    )  # fmt: skip


def _policy(client: Client, arn: str, _estate: EstateBlock) -> Iterator[Problem]:
    client("iam").get_policy(PolicyArn=arn)
    yield from ()


def _zone(client: Client, zone: str, estate: EstateBlock) -> Iterator[Problem]:
    """Zones are an account's own: which it has, DescribeAvailabilityZones says (EC2 API reference)."""
    zones = client("ec2").describe_availability_zones()["AvailabilityZones"]
    known = sorted(item["ZoneName"] for item in zones if item["State"] == "available")
    if zone not in known:
        source = "https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeAvailabilityZones.html"
        yield Problem(f"the account has no such zone in {estate.region}", f"use one of {', '.join(known)}", source)


def _vpc(client: Client, vpc: str, _estate: EstateBlock) -> Iterator[Problem]:
    client("ec2").describe_vpcs(VpcIds=[vpc])
    yield from ()


def _subnet(client: Client, subnet: str, estate: EstateBlock) -> Iterator[Problem]:
    (found,) = client("ec2").describe_subnets(SubnetIds=[subnet])["Subnets"]
    yield from _in_the_network("subnet", found["VpcId"], estate)


def _group(client: Client, group: str, estate: EstateBlock) -> Iterator[Problem]:
    (found,) = client("ec2").describe_security_groups(GroupIds=[group])["SecurityGroups"]
    yield from _in_the_network("security group", found["VpcId"], estate)


def _endpoint(client: Client, endpoint: str, estate: EstateBlock) -> Iterator[Problem]:
    (found,) = client("ec2").describe_vpc_endpoints(VpcEndpointIds=[endpoint])["VpcEndpoints"]
    if not found["ServiceName"].endswith(".s3"):
        yield Problem(f"the VPC endpoint is of {found['ServiceName']}", "name one of S3")


def _in_the_network(what: str, vpc: str, estate: EstateBlock) -> Iterator[Problem]:
    if vpc != estate.network.vpc_id:
        yield Problem(f"the {what} is of {vpc}", f"name one of {estate.network.vpc_id}, or correct `vpc_id`")


_S3 = "https://docs.aws.amazon.com/AmazonS3/latest/userguide/"


def _bucket(client: Client, bucket: str, estate: EstateBlock) -> Iterator[Problem]:
    """A bucket is reached, and imported, from its own region only; snapshots need Object Lock."""
    s3 = client("s3")
    s3.head_bucket(Bucket=bucket)
    # us-east-1 has no constraint (S3 API reference, GetBucketLocation).
    region = s3.get_bucket_location(Bucket=bucket).get("LocationConstraint") or "us-east-1"
    if region != estate.region:
        fix = f"name a bucket of {estate.region}, or correct `region`"
        yield Problem(f"the bucket is in {region}, the environment in {estate.region}", fix, f"{_S3}UsingBucket.html")
    locked = _has_object_lock(s3, bucket)
    if locked != (bucket == estate.adopt.buckets.curated):
        rule = "has Object Lock, which only `curated` takes" if locked else "has no Object Lock, which snapshots need"
        fix = "name a bucket without it" if locked else "enable Object Lock on the bucket, or name another one"
        yield Problem(rule, fix, f"{_S3}object-lock.html")


def _has_object_lock(s3: Any, bucket: str) -> bool:
    try:
        answer = s3.get_object_lock_configuration(Bucket=bucket)
    except ClientError:  # S3 answers an error where it was never enabled
        return False
    return bool(answer["ObjectLockConfiguration"].get("ObjectLockEnabled") == "Enabled")


def _key(client: Client, key: str, estate: EstateBlock) -> Iterator[Problem]:
    """A key of the customer's, for encryption, in use and rotated as the configuration says."""
    kms = client("kms")
    found = kms.describe_key(KeyId=key)["KeyMetadata"]
    guide = "https://docs.aws.amazon.com/kms/latest/developerguide/"
    if found["KeyState"] != "Enabled":
        yield Problem(f"the key is {found['KeyState']}", "enable it, or name another one", f"{guide}key-state.html")
        return
    if found["KeyManager"] != "CUSTOMER" or found["KeySpec"] != "SYMMETRIC_DEFAULT":
        rule = f"the key is {found['KeyManager']}'s, {found['KeySpec']}; it must be the customer's, symmetric"
        yield Problem(rule, "name another one", f"{guide}concepts.html")
        return
    rotation = kms.get_key_rotation_status(KeyId=key)
    days = rotation.get("RotationPeriodInDays") if rotation["KeyRotationEnabled"] else None
    if days != estate.keys.rotation_days:
        rule = f"is rotated every {days} days" if days else "is not rotated"
        fix = f"rotate it every {estate.keys.rotation_days} days"
        fix += f", or set `keys.rotation_days: {days}`" if days else ""
        yield Problem(f"{rule}; an import takes a key only as configured", fix, f"{guide}rotating-keys-enable.html")


def _domain(client: Client, domain: str, estate: EstateBlock) -> Iterator[Problem]:
    """An import takes a domain only as configured in what it can't change, and the estate's only in the VPC."""
    found = client("sagemaker").describe_domain(DomainId=domain)
    wanted = {
        "AuthMode": estate.studio.auth_mode,
        "AppNetworkAccessType": "VpcOnly",
        "VpcId": estate.network.vpc_id,
        "SubnetIds": sorted(estate.network.subnet_ids),
    }
    for name, value in wanted.items():
        has = sorted(found[name]) if name == "SubnetIds" else found[name]
        if has != value:
            rule = f"the domain's {name} is {has}, the environment's is {value}"
            yield Problem(rule, "bring the one or the other to the same value first, or name another domain")


def _one(*path: str) -> Callable[[EstateBlock], Given]:
    """Return what yields one value of the estate block, or each of a list of values, where it is given."""

    def given(estate: EstateBlock) -> Given:
        value: Any = estate
        for part in path:
            value = getattr(value, part)
        if isinstance(value, list):
            for index, item in enumerate(value):
                yield (*path, index), item
        elif value is not None:
            yield path, value

    return given


def _zones(estate: EstateBlock) -> Given:
    return _one("zones")(estate) if estate.network.managed else iter(())


def _adopted_buckets(estate: EstateBlock) -> Given:
    for purpose, name in estate.adopt.buckets.by_purpose().items():
        yield ("adopt", "buckets", purpose.replace("-", "_")), name


def _adopted_keys(estate: EstateBlock) -> Given:
    for data_class, key in estate.adopt.keys.by_class().items():
        yield ("adopt", "keys", data_class), key


ROWS: tuple[Row, ...] = (
    Row("policy", _one("permissions_boundary_arn"), _policy),
    Row("zone", _zones, _zone),
    Row("VPC", _one("network", "vpc_id"), _vpc, stood_in=True),
    Row("subnet", _one("network", "subnet_ids"), _subnet, stood_in=True),
    Row("security group", _one("network", "security_group_ids"), _group, stood_in=True),
    Row("VPC endpoint", _one("network", "s3_endpoint_ids"), _endpoint, stood_in=True),
    Row("bucket", _adopted_buckets, _bucket),
    Row("key", _adopted_keys, _key),
    Row("domain", _one("adopt", "domain"), _domain),
)


def _singletons(client: Client, estate: EstateBlock) -> Iterator[tuple[RelativePath, str, Problem]]:
    """Yield what `account_baseline` calls existing and the account has not."""
    for singleton in SINGLETONS:
        where = ("account_baseline", singleton.key)
        if estate.account_baseline.mode(singleton.key) != "existing":
            continue
        if not singleton.is_there(client, estate.account):
            fix = "say `create` where this stack is to make it, or `off` to do without"
            yield where, "existing", Problem(f"{singleton.missing}, though it is said to exist", fix)
