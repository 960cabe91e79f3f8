"""Bucket configurations that moto does not keep: it takes them for the creation, listing or deletion of the bucket.

What is sent is kept as the XML that it is, and answered as such: the service's answer has the same elements. A
subresource that nobody keeps is refused as not implemented, where moto would delete or overwrite what it belongs to.
"""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote
from xml.parsers.expat import ExpatError
from xml.sax.saxutils import escape

import xmltodict  # type: ignore[import-untyped]  # moto's own reader; it has no type stubs
from moto.core.responses import TYPE_RESPONSE
from moto.s3.responses import S3Response

NAMESPACE = "http://s3.amazonaws.com/doc/2006-03-01/"


@dataclass(frozen=True)
class Configuration:
    """A kind of configuration: its element, and whether a bucket has several by id."""

    element: str
    several: bool = True


# By the subresource in the query (Amazon S3 API Reference).
KEPT = {
    "analytics": Configuration("AnalyticsConfiguration"),
    "intelligent-tiering": Configuration("IntelligentTieringConfiguration"),
    "inventory": Configuration("InventoryConfiguration"),
    "metrics": Configuration("MetricsConfiguration"),
    "requestPayment": Configuration("RequestPaymentConfiguration", several=False),
}
# Subresources that nobody keeps here, of buckets and of objects.
BUCKETS_LACK = frozenset({"abac", "metadataAnnotationTable", "metadataConfiguration", "metadataInventoryTable",
                          "metadataJournalTable", "metadataTable", "session"})  # fmt: skip
OBJECTS_LACK = frozenset({"annotation", "encryption", "renameObject", "torrent"})
NO_PAYER = f'<RequestPaymentConfiguration xmlns="{NAMESPACE}"><Payer>BucketOwner</Payer></RequestPaymentConfiguration>'
OURS = frozenset(
    f"{verb}{name}{plural}"
    for verb, plural in (("Put", ""), ("Get", ""), ("Delete", ""), ("List", "s"))
    for name in (f"Bucket{kind.element}" for kind in KEPT.values() if kind.several)
) | {"PutBucketRequestPayment", "GetBucketRequestPayment", "GetObjectRetention"}  # fmt: skip


def install() -> None:
    """Answer for the configurations, and tell that a bucket's events go to EventBridge."""
    bucket, key = S3Response._bucket_response, S3Response._key_response

    @functools.wraps(bucket)
    def bucket_response(self: Any, request: Any, full_url: str) -> Any:
        query = self._get_querystring(request, full_url)
        name = self.parse_bucket_name_from_url(request, full_url)
        if name and (lacked := BUCKETS_LACK & query.keys()):
            return _not_implemented(lacked)
        if name and (asked := KEPT.keys() & query.keys()):
            return _configuration(self, request.method, name, asked.pop(), query)
        try:
            return bucket(self, request, full_url)
        except NotImplementedError as error:
            return _error(501, "NotImplemented", f"the embedded account lacks this: {error}")

    @functools.wraps(key)
    def key_response(self: Any, request: Any, full_url: str) -> Any:
        query = self._get_querystring(request, full_url)
        if lacked := OBJECTS_LACK & query.keys():
            return _not_implemented(lacked)
        if request.method == "GET" and "retention" in query:
            return _retention(self, request, query)
        try:
            return key(self, request, full_url)
        except NotImplementedError as error:
            return _error(501, "NotImplemented", f"the embedded account lacks this: {error}")

    S3Response._bucket_response, S3Response._key_response = bucket_response, key_response
    _event_bridge()


def _not_implemented(lacked: frozenset[str] | set[str]) -> TYPE_RESPONSE:
    return _error(
        501, "NotImplemented", f"the embedded account lacks this: the subresource {', '.join(sorted(lacked))}."
    )


def _error(status: int, code: str, message: str) -> TYPE_RESPONSE:
    body = f"<Error><Code>{code}</Code><Message>{escape(message)}</Message></Error>"
    return status, {"content-type": "application/xml"}, body


def _configuration(self: Any, method: str, bucket_name: str, subresource: str, query: dict[str, Any]) -> TYPE_RESPONSE:
    """Put, get, list or delete a configuration, where the bucket is there."""
    kind = KEPT[subresource]
    bucket = self.backend.head_bucket(bucket_name)
    kept: dict[str, str] = bucket.__dict__.setdefault("configurations", {}).setdefault(subresource, {})
    identity = str((query.get("id") or [""])[0])
    if method == "PUT":
        return _put(self.body, kind, kept, identity)
    if method == "GET" and kind.several and "id" not in query:
        listed = "".join(kept[name] for name in sorted(kept))
        root = f"List{kind.element}sResult"
        return 200, {}, f'<{root} xmlns="{NAMESPACE}"><IsTruncated>false</IsTruncated>{listed}</{root}>'
    if not kind.several and not kept:
        return 200, {}, NO_PAYER
    if identity not in kept:
        return _error(404, "NoSuchConfiguration", "The specified configuration does not exist.")
    if method == "DELETE":
        del kept[identity]
        return 204, {}, ""
    return 200, {}, kept[identity]


def _retention(self: Any, request: Any, query: dict[str, Any]) -> TYPE_RESPONSE:
    """Answer GetObjectRetention (API Reference), for which moto sends the object itself."""
    from moto.iam.access_control import PermissionResult

    name, key_name = self.parse_bucket_name_from_url(request, request.url), self.parse_key_name()
    bucket = self.backend.head_bucket(name)
    if bucket.get_permission("s3:GetObjectRetention", f"{bucket.arn}/{key_name}") == PermissionResult.DENIED:
        return _error(403, "AccessDenied", "Access Denied")
    found = self.backend.get_object(name, unquote(key_name), version_id=(query.get("versionId") or [None])[0])
    if found is None:
        return _error(404, "NoSuchKey", "The specified key does not exist.")
    if not bucket.object_lock_enabled:
        return _error(400, "InvalidRequest", "Bucket is missing Object Lock Configuration")
    if not found.lock_mode:
        message = "The specified object does not have a ObjectLock configuration"
        return _error(404, "NoSuchObjectLockConfiguration", message)
    until = f"<Mode>{found.lock_mode}</Mode><RetainUntilDate>{found.lock_until}</RetainUntilDate>"
    return 200, {}, f'<Retention xmlns="{NAMESPACE}">{until}</Retention>'


def _put(body: bytes | str, kind: Configuration, kept: dict[str, str], identity: str) -> TYPE_RESPONSE:
    text = re.sub(r"^\s*<\?xml.*?\?>", "", body.decode() if isinstance(body, bytes) else body)
    try:
        found = xmltodict.parse(text, process_namespaces=True, namespaces={NAMESPACE: None})
    except ExpatError:
        return _error(400, "MalformedXML", "The XML you provided was not well-formed.")
    content = found.get(kind.element)
    if not isinstance(content, dict) or (kind.several and content.get("Id") != identity):
        return _error(400, "MalformedXML", f"The XML you provided is no {kind.element} with the id {identity!r}.")
    kept[identity] = text
    return 200, {}, ""


def _event_bridge() -> None:
    """moto keeps that events go to EventBridge, and does not tell (API Reference,
    GetBucketNotificationConfiguration)."""
    get = S3Response.get_bucket_notification

    @functools.wraps(get)
    def get_bucket_notification(self: Any) -> TYPE_RESPONSE:
        status, headers, body = get(self)
        held = self.backend.get_bucket_notification_configuration(self.bucket_name)
        if held is None or held.event_bridge is None:
            return status, headers, body
        text = body.decode() if isinstance(body, bytes) else body
        root = "NotificationConfiguration"
        text = text.removesuffix("/>") + f"></{root}>" if text.endswith("/>") else text
        return status, headers, text.replace(f"</{root}>", f"<EventBridgeConfiguration/></{root}>")

    S3Response.get_bucket_notification = get_bucket_notification
