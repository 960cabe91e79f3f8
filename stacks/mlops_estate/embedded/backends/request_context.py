"""What a request to the embedded account's S3 tells beyond its headers: who asks, and through which VPC endpoint.

Nothing runs in a network here, so a request says itself which endpoint it comes through (`ENDPOINT_HEADER`), as the
clients of what runs in the estate's network do; the endpoint has to be there, and to be one of S3. A process of its
own, such as a pipeline's step, says it by the application id that every AWS SDK takes from its environment (`APP_ID`).
Whoever is not the session of a role is the account itself.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qs, urlsplit

ENDPOINT_HEADER = "x-embedded-vpc-endpoint"
APP_ID = "AWS_SDK_UA_APP_ID"
"""The SDKs put its value into the user agent, as `app/<value>` (SDKs and tools reference guide, Application ID)."""
_APP = re.compile(r"\bapp/(vpce-[0-9a-f]+)")
# What every request tells, though the answer may be that there is nothing (IAM user guide, global condition keys).
TOLD = frozenset({
    "aws:securetransport", "aws:sourcevpce", "aws:principalarn", "aws:principalaccount", "aws:principalisawsservice",
    "aws:viaawsservice", "aws:calledvia",
})  # fmt: skip
_KEY_ID = re.compile(r"Credential=([^/]+)/")
# Subresources of an object that have actions of their own (service authorization reference, S3).
_PARTS = {
    "acl": "Acl", "tagging": "Tagging", "retention": "Retention", "legal-hold": "LegalHold", "attributes": "Attributes",
}  # fmt: skip
_VERBS = {"GET": "Get", "HEAD": "Get", "PUT": "Put", "POST": "Put", "DELETE": "Delete"}


def client_header(endpoint_id: str) -> Mapping[str, str]:
    """Return the header by which a client says that it is in the network of an endpoint."""
    return {ENDPOINT_HEADER: endpoint_id}


def context_of(headers: Mapping[str, str], account: str) -> dict[str, Any]:
    """Return the condition keys of a request to an account with these headers (names in lower case)."""
    principal = principal_arn(headers.get("authorization", ""), account)
    known: dict[str, Any] = {
        **{f"s3:{name}": value for name, value in headers.items() if name.startswith("x-amz-")},
        # Every connection to the embedded account counts as encrypted.
        "aws:SecureTransport": "true",
        "aws:PrincipalArn": principal,
        "aws:PrincipalAccount": principal.split(":")[4],
        "aws:PrincipalIsAWSService": "false",
        "aws:ViaAWSService": "false",
    }
    told = _APP.search(headers.get("user-agent", ""))
    endpoint = headers.get(ENDPOINT_HEADER) or (told[1] if told else "")
    if endpoint and is_endpoint_of_s3(endpoint, account):
        known["aws:SourceVpce"] = endpoint
    return known


def principal_arn(authorization: str, account: str) -> str:
    """Return the ARN of the role whose session signed a request; the account's own for any other signature."""
    from moto.sts.models import sts_backends

    found = _KEY_ID.search(authorization)
    session = sts_backends[account]["aws"].get_assumed_role_from_access_key(found[1]) if found else None
    return str(session.role_arn) if session else f"arn:aws:iam::{account}:root"


def is_endpoint_of_s3(endpoint_id: str, account: str) -> bool:
    """Whether an account has such an endpoint, and it leads to S3."""
    from moto.ec2.models import ec2_backends

    for backend in ec2_backends[account].values():
        endpoint = backend.vpc_end_points.get(endpoint_id)
        if endpoint is not None:
            return str(endpoint.service_name).endswith(".s3")
    return False


def object_action(method: str, url: str) -> str:
    """Return the action that IAM checks for a request about an object.

    moto makes it of the method alone: a HEAD asks for GetObject, the start of an upload for PutObject, and versions,
    tags, locks and grants have actions of their own (S3 user guide, "Required permissions for Amazon S3 API
    operations").
    """
    query = parse_qs(urlsplit(url).query, keep_blank_values=True)
    verb = _VERBS.get(method.upper(), method.title())
    if method.upper() == "DELETE" and "uploadId" in query:
        return "s3:AbortMultipartUpload"
    part = next((name for key, name in _PARTS.items() if key in query), "")
    version = "Version" if "versionId" in query and part not in ("Retention", "LegalHold") and verb != "Put" else ""
    return f"s3:{verb}Object{version}{part}"
