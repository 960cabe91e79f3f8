"""Checks of protection: encryption, network, roles, audit, findings."""

from __future__ import annotations

from mlops_estate.graph import ResourceNode
from mlops_estate.maturity.checks.operations import ACTORS, RULE, TARGET, TOPIC, is_on
from mlops_estate.maturity.checks.registry import Found, check, every_model, met, outcome, resource, unmet
from mlops_estate.maturity.facts import Facts, parsed
from mlops_estate.maturity.model import Evidence, Outcome
from mlops_estate.maturity.values import block, entries, texts

BUCKET = "aws:s3/bucket:Bucket"
ENCRYPTION = "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration"
VERSIONING = "aws:s3/bucketVersioning:BucketVersioning"
PUBLIC = "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock"
CLOSED = ("blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets")


def _beside(facts: Facts, bucket: ResourceNode, kind: str) -> list[ResourceNode]:
    """Return the resources of a type that are about a bucket."""
    return [node for node in facts.of(kind) if bucket in facts.linked(node, "bucket")]


def theirs(what: str) -> Outcome:
    """Return the outcome where the account has a thing of its own, which the graph can't show."""
    return Outcome("not applicable", why=f"the account's own {what} is used (account_baseline), and not declared here")


@check
def buckets_versioned(facts: Facts) -> Outcome:
    """Every bucket keeps former versions of its objects."""
    evidence, bare = [], []
    for bucket in facts.of(BUCKET):
        kept = [
            node
            for node in _beside(facts, bucket, VERSIONING)
            if block(node.inputs.get("versioningConfiguration")).get("status") == "Enabled"
        ]
        evidence += [resource(node, "Enabled") for node in kept]
        if not kept:
            bare.append(bucket.name)
    if not facts.of(BUCKET):
        return unmet("there are no buckets")
    return unmet(f"not versioned: {', '.join(sorted(bare))}", evidence) if bare else met(evidence)


@check
def buckets_closed(facts: Facts) -> Outcome:
    """Every bucket is encrypted, and closed to the public on all four counts."""
    evidence, bare = [], []
    for bucket in facts.of(BUCKET):
        encrypted = [node for node in _beside(facts, bucket, ENCRYPTION) if node.inputs.get("rules")]
        closed = [
            node for node in _beside(facts, bucket, PUBLIC) if all(node.inputs.get(key) is True for key in CLOSED)
        ]
        if encrypted and closed:
            evidence += [resource(encrypted[0]), resource(closed[0])]
        else:
            bare.append(bucket.name)
    if not facts.of(BUCKET):
        return unmet("there are no buckets")
    return unmet(f"not encrypted, or not closed: {', '.join(sorted(bare))}", evidence) if bare else met(evidence)


@check
def customer_keys(facts: Facts, least: int) -> Outcome:
    """At least so many customer managed keys, each rotated, encrypt buckets: one per class of data."""
    used = {
        key.urn: key
        for node in facts.of(ENCRYPTION)
        for key in facts.linked(node, "rules")
        if key.type == "aws:kms/key:Key" and key.inputs.get("enableKeyRotation") is True
    }
    if len(used) < least:
        return unmet(f"{len(used)} rotated keys encrypt buckets, not {least} or more", map(resource, used.values()))
    return met(resource(key, "rotated") for key in used.values())


@check
def private_serving(facts: Facts) -> Outcome:
    """Models are served within the private network, and isolated from any other."""

    def look(model: str) -> Found:
        nodes = facts.of("aws:sagemaker/model:Model", model=model)
        if not nodes:
            return "it is not served"
        open_ = [
            node.name
            for node in nodes
            if not node.inputs.get("vpcConfig") or node.inputs.get("enableNetworkIsolation") is not True
        ]
        if open_:
            return f"not isolated: {', '.join(open_)}"
        return [resource(node, "isolated, in the VPC") for node in nodes]

    return every_model(facts, look)


@check
def role_per_job(facts: Facts, least: int) -> Outcome:
    """The jobs of a model's pipeline run under roles of their own, not one for all."""

    def look(model: str) -> Found:
        pipelines = facts.training(model)
        roles = [node for pipeline in pipelines for node in facts.linked(pipeline.node, "pipelineDefinition")
                 if node.type == "aws:iam/role:Role"]  # fmt: skip
        if len(roles) < least:
            return f"its jobs share {len(roles)} roles"
        return [resource(role) for role in roles]

    return every_model(facts, look)


@check
def trail_on(facts: Facts) -> Outcome:
    """A trail records, validates its files, is encrypted, and records data events too."""
    if "cloudtrail" in facts.existing:
        return theirs("trail")
    for trail in facts.of("aws:cloudtrail/trail:Trail"):
        advanced = entries(trail.inputs.get("advancedEventSelectors"))
        fields = [field for selector in advanced for field in entries(selector.get("fieldSelectors"))]
        data = [one for one in fields if one.get("field") == "eventCategory" and "Data" in texts(one.get("equals"))]
        data += [one for one in entries(trail.inputs.get("eventSelectors")) if one.get("dataResources")]
        if (
            trail.inputs.get("enableLogging", True) is True
            and trail.inputs.get("enableLogFileValidation") is True
            and facts.linked(trail, "kmsKeyId")
            and data
        ):
            return met([resource(trail, f"validated, encrypted, {len(data)} selectors of data events")])
    return unmet("no trail records data events into validated, encrypted files")


@check
def recorder_on(facts: Facts) -> Outcome:
    """AWS Config records every type, is started, and a conformance pack judges what it records."""
    if "config_recorder" in facts.existing:
        return theirs("recorder")
    recorders = [node for node in facts.of("aws:cfg/recorder:Recorder")
                 if block(node.inputs.get("recordingGroup")).get("allSupported") is True]  # fmt: skip
    started = [
        node for node in facts.of("aws:cfg/recorderStatus:RecorderStatus") if node.inputs.get("isEnabled") is True
    ]
    packs = facts.of("aws:cfg/conformancePack:ConformancePack")
    found = [*map(resource, recorders), *map(resource, started), *map(resource, packs)]
    if not recorders or not started:
        return unmet("no recorder of all types is started", found)
    return met(found) if packs else unmet("no conformance pack judges what is recorded", found)


@check
def findings_reach_topics(facts: Facts, sources: list[str]) -> Outcome:
    """Findings of every source are routed by a rule that is on to a topic, or to something that acts."""
    evidence: list[Evidence] = []
    missing = []
    for source in sources:
        if _DETECTORS.get(source) in facts.existing:
            continue
        found = [
            (rule, where)
            for target in facts.of(TARGET)
            for rule in facts.linked(target, "rule")
            for where in facts.linked(target, "arn")
            if rule.type == RULE
            and is_on(rule)
            and where.type in (TOPIC, *ACTORS)
            and source in texts(block(parsed(rule.inputs.get("eventPattern"))).get("source"))
        ]
        evidence += [resource(rule, f"{source} to {where.name}") for rule, where in found]
        if not found:
            missing.append(source)
    if not missing and not evidence:
        return theirs("detectors")
    return unmet(f"nobody hears of findings of {', '.join(missing)}", evidence) if missing else met(evidence)


_DETECTORS = {"aws.guardduty": "guardduty", "aws.macie": "macie", "aws.securityhub": "security_hub",
              "aws.inspector2": "inspector"}  # fmt: skip
"""Sources of findings, and what the account's baseline calls the detector."""


@check
def secrets_rotate(facts: Facts) -> Outcome:
    """Every secret is rotated."""
    secrets = facts.of("aws:secretsmanager/secret:Secret")
    rotated = facts.of("aws:secretsmanager/secretRotation:SecretRotation")
    bare = [secret.name for secret in secrets if not any(secret in facts.linked(node, "secretId") for node in rotated)]
    if not secrets:
        return Outcome("not applicable", why="the environment keeps no secrets")
    return unmet(f"not rotated: {', '.join(bare)}") if bare else met(map(resource, rotated))


@check
def inference_protected(facts: Facts) -> Outcome:
    """Requests to the models are limited and looked at before they arrive: a rate rule, or usage plans."""
    for association in facts.of("aws:wafv2/webAclAssociation:WebAclAssociation"):
        for acl in facts.linked(association, "webAclArn"):
            rules = entries(acl.inputs.get("rules"))
            if any("rateBasedStatement" in block(rule.get("statement")) for rule in rules):
                return met([resource(acl, "a rate-based rule"), resource(association)])
    plans = [node for node in facts.of("aws:apigateway/usagePlan:UsagePlan") if node.inputs.get("throttleSettings")]
    return outcome([resource(plan, "throttled") for plan in plans] or "no rate limit stands before an endpoint")
