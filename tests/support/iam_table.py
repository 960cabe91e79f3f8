"""The table of who may do what, read for an estate that stands: names of its resources become their ARNs."""

from __future__ import annotations

import csv
import functools
import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from mlops_estate.embedded.account import EmbeddedAccount
from mlops_estate.embedded.driver import AwsDriver
from mlops_estate.embedded.iam import Policies, Request, parse
from mlops_estate.embedded.iam.estate import Estate, estate_of
from mlops_estate.engine import run_program
from mlops_estate.graph import ResourceGraph
from tests.support.estates import standing
from tests.support.programs import PROJECT

TABLE = Path(__file__).resolve().parents[1] / "integration" / "iam_table.csv"
PERSONAS = ("data_scientist", "ml_engineer", "model_approver", "auditor", "platform_operator")
TAGS = {
    "ours": ("mlops-estate", "prod"),
    "other-project": ("scoring", "prod"),
    "other-environment": ("mlops-estate", "dev"),
}
FOREIGN_KEYS = {
    "foreign": "arn:aws:kms:eu-west-1:{account}:key/0e6fca6c-6f8f-4d4c-9f3f-6d2e0a4f7d11",
    "elsewhere": "arn:aws:kms:us-east-1:{account}:key/0e6fca6c-6f8f-4d4c-9f3f-6d2e0a4f7d11",
}
"""Keys of the account that aren't the estate's, whose policies hand everything on to IAM."""


@dataclass(frozen=True)
class Row:
    """One row: who does what to which resource, what the request tells, and the verdict with its reason."""

    who: str
    action: str
    resource: str
    context: str
    verdict: str
    why: str

    def __str__(self) -> str:
        return f"{self.who} {self.action} {self.resource} [{self.context}]: {self.verdict}, {self.why}"


def rows() -> list[Row]:
    """Return the table.

    `who` is a persona, `delivery`, a role's name, or the ARN or service of somebody else. A resource is `SERVICE:REST`
    of an ARN; after `s3:` stands a bucket's purpose (or `=` and its name), after `kms:` a data class. The context holds
    condition keys, `tags=` (whose the resource's tags are) and `without=boundary`.
    """
    with TABLE.open(encoding="utf-8", newline="") as file:
        return [Row(**row) for row in csv.DictReader(file)]


def with_foreign_keys(estate: Estate) -> Estate:
    """Return the estate in an account that has other keys too."""
    root = {"AWS": f"arn:aws:iam::{estate.account}:root"}
    handed_on = parse({"Statement": [{"Effect": "Allow", "Principal": root, "Action": "kms:*", "Resource": "*"}]})
    foreign = {arn.replace("{account}", estate.account): handed_on for arn in FOREIGN_KEYS.values()}
    return replace(estate, resource_policies={**estate.resource_policies, **foreign})


@dataclass(frozen=True)
class Reader:
    """What the short names of the table stand for in one estate."""

    estate: Estate
    graph: ResourceGraph
    boundary: str
    """ARN of the boundary that delivery gives to every role."""

    def case(self, row: Row, estate: Estate | None = None) -> tuple[Request, Policies]:
        """Return a row's request, and the policies of the estate, or of a changed one, that have a say."""
        context = dict(self._context(row.context))
        without = context.pop("without", "")
        request, policies = (estate or self.estate).case(
            self._who(row.who), row.action, self._resource(row.resource), context
        )
        return request, replace(policies, boundary=None) if without == "boundary" else policies

    def _who(self, who: str) -> str:
        if who in PERSONAS:
            return f"mlops-prod-{who.replace('_', '-')}"
        return "mlops-bootstrap-delivery" if who == "delivery" else self._filled(who)

    def _filled(self, text: str) -> str:
        return text.replace("{account}", self.estate.account)

    def _resource(self, text: str) -> str:
        text = self._filled(text)
        service, _, rest = text.partition(":")
        if text == "*" or service == "arn":
            return text
        if service == "s3":
            bucket, slash, key = rest.partition("/")
            place = f"{self.estate.account}-{self.estate.region}"
            name = bucket[1:] if bucket.startswith("=") else f"mlops-prod-{bucket}-{place}"
            return f"arn:aws:s3:::{name}{slash}{key}"
        keys = {**self.graph.stack_outputs["keys"], **FOREIGN_KEYS}
        if service == "kms" and rest in keys:
            return self._filled(keys[rest])
        region = "" if service == "iam" else self.estate.region
        return f"arn:aws:{service}:{region}:{self.estate.account}:{rest}"

    def _context(self, text: str) -> Iterator[tuple[str, str]]:
        for part in filter(None, self._filled(text).split(";")):
            key, _, value = part.partition("=")
            if key == "tags":
                yield from zip(("aws:ResourceTag/project", "aws:ResourceTag/environment"), TAGS[value], strict=True)
            elif value == "vpce":
                yield key, self.graph.stack_outputs["s3_endpoint_ids"][0]
            else:
                bound = key == "iam:PermissionsBoundary" and value == "boundary"
                yield key, self.boundary if bound else value


@functools.cache
def standing_reader() -> Reader:
    """Return the table's reader for prod and its bootstrap as they stand in an account; made once in a process."""
    with standing("prod") as stood:
        graph = stood.session.graph
    assert graph is not None
    block = {
        "account": graph.stack_outputs["account"], "region": graph.stack_outputs["region"],
        "estate_prefix": "mlops-prod", "repository": "acme/estate", "branches": ["main"],
    }  # fmt: skip
    with EmbeddedAccount(seed=0) as account:
        boot = run_program(
            PROJECT / "bootstrap" / "__main__.py", stack="prod", project="mlops-bootstrap",
            config={"mlops-bootstrap:bootstrap": json.dumps(block)}, driver=AwsDriver(account, seed="bootstrap"),
        )  # fmt: skip
    boundary = boot.stack_outputs["estate"]["permissions_boundary_arn"]
    return Reader(with_foreign_keys(estate_of(graph, boot)), graph, boundary)
