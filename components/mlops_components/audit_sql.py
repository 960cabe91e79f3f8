"""What an auditor asks of CloudTrail's log files, as Athena SQL; pure functions.

Columns: Athena user guide, Query AWS CloudTrail logs. Events: the services' guides on logging with CloudTrail.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

TABLE = "cloudtrail"
LOOK_BACK_DAYS = 30

_STRUCT = (
    "struct<type:string,principalid:string,arn:string,accountid:string,invokedby:string,accesskeyid:string,"
    "username:string,onbehalfof:struct<userid:string,identitystorearn:string>,"
    "sessioncontext:struct<attributes:struct<mfaauthenticated:string,creationdate:string>,"
    "sessionissuer:struct<type:string,principalid:string,arn:string,accountid:string,username:string>,"
    "ec2roledelivery:string,webidfederationdata:struct<federatedprovider:string,attributes:map<string,string>>>>"
)
COLUMNS: Mapping[str, str] = {
    "eventversion": "string",
    "useridentity": _STRUCT,
    "eventtime": "string",
    "eventsource": "string",
    "eventname": "string",
    "awsregion": "string",
    "sourceipaddress": "string",
    "useragent": "string",
    "errorcode": "string",
    "errormessage": "string",
    "requestparameters": "string",
    "responseelements": "string",
    "additionaleventdata": "string",
    "requestid": "string",
    "eventid": "string",
    "readonly": "string",
    "resources": "array<struct<arn:string,accountid:string,type:string>>",
    "eventtype": "string",
    "apiversion": "string",
    "recipientaccountid": "string",
    "serviceeventdetails": "string",
    "sharedeventid": "string",
    "vpcendpointid": "string",
    "vpcendpointaccountid": "string",
    "eventcategory": "string",
    "tlsdetails": "struct<tlsversion:string,ciphersuite:string,clientprovidedhostheader:string>",
}
PARTITIONS: Mapping[str, str] = {"region": "string", "day": "string"}


@dataclass(frozen=True)
class Scope:
    """What the questions are about: names start with `prefix`; buckets by name, keys and roles by ARN."""

    prefix: str
    personal_buckets: Sequence[str]
    data_buckets: Sequence[str]
    key_arns: Sequence[str]
    delivery_role_arns: Sequence[str]


@dataclass(frozen=True)
class Question:
    """A question, and the query that answers it."""

    asks: str
    sql: str


# The role or user, by its own ARN rather than a session's; a service where it acts for nobody.
_WHO = "coalesce(useridentity.sessioncontext.sessionissuer.arn, useridentity.arn, useridentity.invokedby)"
_OUTCOME = "coalesce(errorcode, 'done') AS outcome"


def table_parameters(location: str, regions: Sequence[str], days: int) -> dict[str, str]:
    """Return the properties that let Athena work out the table's partitions, a day of a region each.

    Source: Athena user guide, Create a table for CloudTrail logs using partition projection.
    """
    return {
        "EXTERNAL": "TRUE",
        "classification": "cloudtrail",
        "projection.enabled": "true",
        "projection.region.type": "enum",
        "projection.region.values": ",".join(regions),
        "projection.day.type": "date",
        "projection.day.format": "yyyy/MM/dd",
        "projection.day.range": f"NOW-{days}DAYS,NOW",
        "projection.day.interval": "1",
        "projection.day.interval.unit": "DAYS",
        "storage.location.template": f"{location}/${{region}}/${{day}}",
    }


def questions(scope: Scope) -> Mapping[str, Question]:
    """Return every question by name; each looks back `LOOK_BACK_DAYS` days."""
    return {
        "who-approved": Question("Who approved or rejected which version of a model?", _who_approved()),
        "who-invoked": Question("Who invoked an endpoint, and how often?", _who_invoked(scope)),
        "who-read-personal-data": Question("Who read records of people, from buckets or features?", _who_read(scope)),
        "who-deleted-data": Question("Who deleted objects of the data buckets?", _who_deleted(scope)),
        "who-changed-endpoint": Question("Who changed an endpoint, and was it delivery?", _who_changed_endpoint(scope)),
        "who-used-key": Question("Who used which key for what?", _who_used_key(scope)),
        "who-changed-role": Question("Who changed a role or policy of the environment?", _who_changed_role(scope)),
        "who-changed-audit": Question("Who changed or stopped what records?", _who_changed_audit()),
        "denied-calls": Question("Whose calls were refused?", _denied()),
        "root-use": Question("When was the root user used?", _root()),
    }


def _query(columns: Sequence[str], conditions: Sequence[str]) -> str:
    """Return a query for single events of the days looked back on, the last first."""
    common = ["eventtime", f"{_WHO} AS who", "useridentity.arn AS session", "sourceipaddress"]
    return _select([*common, *columns], conditions) + "\nORDER BY eventtime DESC"


def _count(columns: Sequence[str], conditions: Sequence[str], summary: Sequence[str] = ()) -> str:
    """Return a query that counts events of the days looked back on by who and `columns`, the most first."""
    grouped = ", ".join(str(position + 1) for position in range(len(columns) + 1))
    times = ["min(eventtime) AS first_seen", "max(eventtime) AS last_seen", "count(*) AS calls"]
    text = _select([f"{_WHO} AS who", *columns, *summary, *times], conditions)
    return f"{text}\nGROUP BY {grouped}\nORDER BY calls DESC"


def _select(columns: Sequence[str], conditions: Sequence[str]) -> str:
    recent = f"day >= date_format(current_date - interval '{LOOK_BACK_DAYS}' day, '%Y/%m/%d')"
    lines = [f"SELECT {', '.join(columns)}", f"FROM {TABLE}", f"WHERE {recent}"]
    return "\n".join([*lines, *(f"  AND {condition}" for condition in conditions)])


def _listed(values: Sequence[str]) -> str:
    quoted = ", ".join("'" + value.replace("'", "''") + "'" for value in values)
    return f"({quoted})" if values else "('')"


def _asked(name: str) -> str:
    """Return a parameter of the request; a name with a hyphen needs brackets."""
    path = f'$["{name}"]' if "-" in name else f"$.{name}"
    return f"json_extract_scalar(requestparameters, '{path}')"


def _of(service: str, *events: str) -> list[str]:
    return [f"eventsource = '{service}.amazonaws.com'", f"eventname IN {_listed(events)}"]


def _who_approved() -> str:
    status = _asked("modelApprovalStatus")
    version = f"coalesce({_asked('modelPackageArn')}, {_asked('modelPackageGroupName')}) AS version"
    # A version can also be registered as approved at once, past everybody.
    events = _of("sagemaker", "UpdateModelPackage", "CreateModelPackage")
    return _query(
        [version, f"{status} AS status", f"{_asked('approvalDescription')} AS reason"],
        [*events, f"{status} IN ('Approved', 'Rejected')", "errorcode IS NULL"],
    )


def _who_invoked(scope: Scope) -> str:
    # CloudTrail leaves out an invocation's request: the endpoint is found among the resources.
    endpoint = "element_at(resources, 1).arn"
    events = _listed(["InvokeEndpoint", "InvokeEndpointAsync", "InvokeEndpointWithResponseStream"])
    return _count(
        [f"{endpoint} AS endpoint", _OUTCOME],
        [f"eventname IN {events}", f"{endpoint} LIKE '%:endpoint/{scope.prefix}-%'"],
    )


def _who_read(scope: Scope) -> str:
    objects, bucket, copied = _listed(scope.personal_buckets), _asked("bucketName"), _asked("x-amz-copy-source")
    groups = (_asked("featureGroupName"), _asked("identifiers[0].featureGroupName"), "element_at(resources, 1).arn")
    group = f"coalesce({', '.join(groups)})"
    key = f"concat({bucket}, '/', {_asked('key')})"
    what = f"CASE WHEN eventsource = 's3.amazonaws.com' THEN coalesce({copied}, {key}) ELSE {group} END AS what"
    ways = [
        f"(eventname IN ('GetObject', 'SelectObjectContent') AND {bucket} IN {objects})",
        # A copy is recorded with the bucket that it went to; the source is a header.
        f"(eventname IN ('CopyObject', 'UploadPartCopy') AND regexp_extract({copied}, '^/?([^/]+)', 1) IN {objects})",
        f"(eventname IN ('GetRecord', 'BatchGetRecord') AND {group} LIKE '%{scope.prefix}-%')",
    ]
    return _query(["eventname", what, _OUTCOME], ["(" + "\n    OR ".join(ways) + ")"])


def _who_deleted(scope: Scope) -> str:
    bucket = _asked("bucketName")
    # DeleteObjects names its objects in the body, which CloudTrail leaves out.
    what = f"concat({bucket}, '/', coalesce({_asked('key')}, '(several)')) AS what"
    events = _of("s3", "DeleteObject", "DeleteObjects")
    return _query(["eventname", what, _OUTCOME], [*events, f"{bucket} IN {_listed(scope.data_buckets)}"])


def _who_changed_endpoint(scope: Scope) -> str:
    endpoint = _asked("endpointName")
    events = ("CreateEndpoint", "UpdateEndpoint", "DeleteEndpoint", "UpdateEndpointWeightsAndCapacities")
    delivery = f"coalesce({_WHO} IN {_listed(scope.delivery_role_arns)}, false) AS by_delivery"
    configuration = f"{_asked('endpointConfigName')} AS configuration"
    return _query(
        ["eventname", f"{endpoint} AS endpoint", configuration, delivery, _OUTCOME],
        [*_of("sagemaker", *events), f"{endpoint} LIKE '{scope.prefix}-%'"],
    )


def _who_used_key(scope: Scope) -> str:
    key = f"element_at(filter(transform(resources, r -> r.arn), a -> a IN {_listed(scope.key_arns)}), 1)"
    return _count(
        [f"{key} AS key", "eventname", "useridentity.invokedby AS through", _OUTCOME],
        ["eventsource = 'kms.amazonaws.com'", f"{key} IS NOT NULL"],
    )


def _who_changed_role(scope: Scope) -> str:
    role, policy = _asked("roleName"), f"coalesce({_asked('policyArn')}, {_asked('policyName')})"
    named = f"({role} LIKE '{scope.prefix}-%' OR ({role} IS NULL AND {policy} LIKE '%{scope.prefix}-%'))"
    return _query(
        ["eventname", f"{role} AS role", f"{policy} AS policy", _OUTCOME],
        ["eventsource = 'iam.amazonaws.com'", "readonly = 'false'", named],
    )


def _who_changed_audit() -> str:
    what = f"coalesce({_asked('name')}, {_asked('trailName')}, {_asked('configurationRecorderName')}) AS what"
    sources = "eventsource IN ('cloudtrail.amazonaws.com', 'config.amazonaws.com')"
    # Results that rules put are no change of what records.
    return _query(["eventname", what, _OUTCOME], [sources, "readonly = 'false'", "eventname <> 'PutEvaluations'"])


def _denied() -> str:
    return _count(
        ["eventsource", "eventname", "awsregion", "errorcode"],
        ["(errorcode LIKE '%AccessDenied%' OR errorcode LIKE '%UnauthorizedOperation%')"],
        ["max(errormessage) AS example"],
    )


def _root() -> str:
    return _query(
        ["eventsource", "eventname", _OUTCOME],
        ["useridentity.type = 'Root'", "useridentity.invokedby IS NULL", "eventtype <> 'AwsServiceEvent'"],
    )
