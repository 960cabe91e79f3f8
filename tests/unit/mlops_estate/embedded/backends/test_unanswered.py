"""What nobody answers is refused in the protocol of the service that a request was signed for."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ElementTree
from typing import Any

import pytest

from mlops_estate.embedded.backends.unanswered import signed_for, unanswered


def signature(service: str) -> dict[str, Any]:
    scope = f"Credential=embedded/20260101/eu-west-1/{service}/aws4_request, SignedHeaders=host, Signature=0"
    return {"Authorization": f"AWS4-HMAC-SHA256 {scope}"}


@pytest.mark.parametrize("service", ["comprehendmedical", "accessanalyzer", "no-such-service"])
def test_json_carries_the_code_in_header_and_body(service: str) -> None:
    status, headers, body = unanswered(signature(service), 'GET /"x"')
    assert (status, headers["x-amzn-errortype"]) == (501, "NotImplemented")
    assert json.loads(body) == {
        "__type": "NotImplemented", "message": f'the embedded account lacks this: {service}: GET /"x"'}  # fmt: skip


@pytest.mark.parametrize(
    ("service", "path"),
    [("iam", "Error"), ("ec2", "Errors/Error"), ("cloudfront", "Error"), ("s3", ".")],
)
def test_xml_carries_the_code_where_the_protocol_has_it(service: str, path: str) -> None:
    status, headers, body = unanswered(signature(service), "GET /<x>&y")
    error = ElementTree.fromstring(body).find(path)
    assert error is not None
    assert (status, headers["content-type"], error.findtext("Code")) == (501, "text/xml", "NotImplemented")
    assert "GET /<x>&y" in (error.findtext("Message") or "")


def test_the_service_is_read_from_the_signature() -> None:
    assert signed_for(signature("glue")) == "glue"
    assert signed_for({"authorization": signature("glue")["Authorization"].encode()}) == "glue"
    assert signed_for({"Host": "example.test"}) == "this request"
