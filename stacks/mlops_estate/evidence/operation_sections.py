"""What the graph says of operation: monitoring, incidents, access, retention."""

from __future__ import annotations

import json
from typing import Any

from mlops_estate.evidence.lookup import nodes, shown
from mlops_estate.evidence.model import Material, Section, is_told, resource, rounded, source
from mlops_estate.graph import UNKNOWN, ResourceNode


def sections(material: Material) -> list[Section]:
    """Return the sections that the graph and the configuration fill."""
    return [build(material) for build in (_monitoring, _incidents, _access, _retention)]


def _monitoring(material: Material) -> Section:
    section, block = Section("monitoring", "Monitoring after release"), material.configuration
    schedules = nodes(material, "aws:sagemaker/monitoringSchedule:MonitoringSchedule")
    without = set(material.outputs.get("monitors_without_baseline") or [])
    rows, kinds = [], {value: key for key, value in (material.outputs.get("monitoring_schedules") or {}).items()}
    for node in schedules:
        held = node.inputs.get("monitoringScheduleConfig") or {}
        kind = kinds.get(node.inputs.get("name"), "")
        rows.append([node.inputs.get("name"), held.get("monitoringType"),
                     shown((held.get("scheduleConfig") or {}).get("scheduleExpression")),
                     "no baseline" if kind in without else "has one"])  # fmt: skip
    where = resource(schedules[0].urn) if schedules else ""
    section.table("Monitors", ("schedule", "kind", "when", "baseline"), rows, where)
    fix = f"models.{material.model}.monitoring in Pulumi.{material.environment.name}.yaml"
    section.tell("monitors", "Monitors declared", len(schedules) or None, where, why="no monitor is declared", fix=fix)
    section.tell(
        "baselines",
        "Every monitor has a baseline",
        "yes" if schedules and not without else None,
        source("outputs.json", "monitors_without_baseline"),
        why=f"without one: {', '.join(sorted(without))}" if without else "no monitor is declared",
        fix="release.baseline_uri and release.baselines of the model: what the run wrote below baseline/",
    )
    _alarms(section, material)
    capture = nodes(material, "aws:sagemaker/endpointConfiguration:EndpointConfiguration")
    held = (capture[0].inputs.get("dataCaptureConfig") or {}) if capture else {}
    said = f"{held.get('initialSamplingPercentage')} % to {shown(held.get('destinationS3Uri'))}" if held else None
    section.tell("capture", "Requests and answers captured", said, resource(capture[0].urn) if capture else "",
                 why="no endpoint captures its traffic", fix="serving.capture_percent of the model")  # fmt: skip
    retrain = nodes(material, "aws:scheduler/schedule:Schedule")
    said = (
        f"{retrain[0].inputs.get('scheduleExpression')} {retrain[0].inputs.get('scheduleExpressionTimezone', '')}"
        if retrain
        else None
    )
    section.tell("retraining", "Scheduled training", said and said.strip(), resource(retrain[0].urn) if retrain else "",
                 why="no training is scheduled", fix="training.schedule of the model")  # fmt: skip
    endpoint = nodes(material, "aws-native:sagemaker:Endpoint")
    alarms = _rollback(endpoint[0]) if endpoint else []
    section.tell("rollback", "Alarms that roll a release back", ", ".join(alarms),
                 resource(endpoint[0].urn) if endpoint else "", why="no alarm rolls a release back",
                 fix="release.strategy of the model")  # fmt: skip
    section.tell("strategy", "How a version is released", block.release.strategy,
                 source("configuration.json", "block", "release", "strategy"), why="", fix="")  # fmt: skip
    section.lack("results", "Reports of monitors since release",
                 why="monitors write them to the reports bucket, and nothing collects them in this repository",
                 fix="read them below s3://REPORTS/MODEL/ and put them beside the pack")  # fmt: skip
    section.lack("plan", "Post-market monitoring plan", why="what is watched is declared; the plan is the provider's",
                 fix="the provider writes it (Art. 72(3) of the AI Act)")  # fmt: skip
    return section


def _alarms(section: Section, material: Material) -> None:
    found = nodes(material, "aws:cloudwatch/metricAlarm:MetricAlarm")
    rows = [[node.inputs.get("name"), shown(node.inputs.get("metricName")), _condition(node.inputs),
             node.inputs.get("alarmDescription", "")] for node in found]  # fmt: skip
    where = resource(found[0].urn) if found else ""
    section.table("Alarms", ("alarm", "metric", "when", "what it means"), rows, where)
    section.tell("alarms", "Alarms declared", len(found) or None, where, why="no alarm is declared for the model",
                 fix="a version that is live has them: release.version")  # fmt: skip


def _condition(inputs: dict[str, Any]) -> str:
    signs = {"GreaterThanThreshold": ">", "GreaterThanOrEqualToThreshold": ">=", "LessThanThreshold": "<",
             "LessThanOrEqualToThreshold": "<="}  # fmt: skip
    operator = str(inputs.get("comparisonOperator", ""))
    periods = inputs.get("evaluationPeriods")
    return f"{signs.get(operator, operator)} {rounded(inputs.get('threshold'))}, {periods} x {inputs.get('period')} s"


def _rollback(endpoint: ResourceNode) -> list[str]:
    held = (endpoint.inputs.get("deploymentConfig") or {}).get("autoRollbackConfiguration") or {}
    names = (alarm.get("alarmName") for alarm in held.get("alarms") or [])
    return sorted(name for name in names if is_told(name))


def _incidents(material: Material) -> Section:
    section, estate = Section("incidents", "Incidents"), material.environment.config.estate
    people = {level: getattr(estate.alerts, level) for level in ("critical", "warning", "info")}
    told = sorted((level, address) for level, addresses in people.items() for address in addresses)
    section.table("Who is told", ("level", "address"), [list(row) for row in told],
                  source("configuration.json", "alerts"))  # fmt: skip
    section.tell("told", "Levels with somebody who is told",
                 ", ".join(level for level in people if people[level]), source("configuration.json", "alerts"),
                 why="nobody is told of alarms", fix="alerts in the estate's block")  # fmt: skip
    runbooks = str(estate.runbooks) if estate.runbooks else None
    section.tell("runbooks", "Runbooks", runbooks, source("configuration.json", "runbooks"),
                 why="no runbook is linked", fix="runbooks in the estate's block")  # fmt: skip
    rules = nodes(material, "aws:cloudwatch/eventRule:EventRule", shared=True)
    section.tell("findings", "Rules that route findings and failures", len(rules) or None,
                 resource(rules[0].urn) if rules else "", why="no finding is routed to anybody",
                 fix="detection in the estate's block")  # fmt: skip
    section.lack("record", "Record of incidents: what happened, when, who answered, what was done",
                 why="nothing records incidents: alarms and findings are sent, and that is all",
                 fix="keep one (a ticket system) and put its extract beside the pack")  # fmt: skip
    section.lack("serious", "Serious incidents reported to an authority",
                 why="nothing records them, nor that there were none",
                 fix="the provider's procedure (Art. 73 of the AI Act)")  # fmt: skip
    drill, place = material.drill or {}, f"estate drill {material.environment.name}"
    rehearsed = drill.get("rehearsals") or []
    said = f"{sum(not item.get('lost') for item in rehearsed)} of {len(rehearsed)} restored" if rehearsed else None
    section.tell("drill", "Rehearsed restores", said, source("drill.json", "rehearsals"),
                 why="no rehearsal is recorded", fix=place)  # fmt: skip
    return section


def _access(material: Material) -> Section:
    section = Section("access", "Access control")
    found = [*nodes(material, "aws:iam/role:Role"), *_people(material)]
    policies: dict[str, int] = {}
    for node in material.graph.nodes.values():
        if node.type == "aws:iam/rolePolicy:RolePolicy":
            role = str(node.inputs.get("role"))
            policies[role] = policies.get(role, 0) + 1
    rows = [
        [
            shown(node.inputs.get("name")),
            _principals(node.inputs.get("assumeRolePolicy")),
            policies.get(str(node.inputs.get("name"))),
            node.inputs.get("description", ""),
        ]
        for node in found
    ]
    where = resource(found[0].urn) if found else ""
    section.table("Roles", ("role", "who takes it", "inline policies", "for"), rows, where)
    section.tell("roles", "Service roles of the model", len(nodes(material, "aws:iam/role:Role")) or None, where,
                 why="no role is declared", fix="the estate declares one for each purpose")  # fmt: skip
    personas = material.environment.config.estate.people.model_dump(mode="json")
    names = sorted(name for name, value in personas.items() if value)
    section.tell("personas", "Personas", ", ".join(names), source("configuration.json", "people"),
                 why="nobody is named", fix="people in the estate's block")  # fmt: skip
    boundary, place = _boundary(material)
    section.tell("boundary", "Permissions boundary of people", boundary, place,
                 why="no boundary is declared here", fix="permissions_boundary_arn, or the estate's own")  # fmt: skip
    section.lack("reviews", "Reviews of who has access, and who took which persona when",
                 why="the trail records it in AWS; nothing collects it here",
                 fix="audit queries over the trail: docs/reference/audit.md")  # fmt: skip
    return section


def _people(material: Material) -> list[ResourceNode]:
    graph = material.graph
    parents = {node.urn for node in graph.nodes.values() if node.type == "mlops:index:Personas"}
    return [node for node in nodes(material, "aws:iam/role:Role", shared=True) if node.parent in parents]


def _boundary(material: Material) -> tuple[str, str]:
    """Return the permissions boundary of people, and where it stands."""
    own = material.environment.config.estate.permissions_boundary_arn
    if own:
        return str(own), source("configuration.json", "permissions_boundary_arn")
    found = [node for node in nodes(material, "aws:iam/policy:Policy", shared=True) if "boundary" in node.name]
    return (str(shown(found[0].inputs.get("name")) or found[0].name), resource(found[0].urn)) if found else ("", "")


def _principals(policy: Any) -> str | None:
    """Return who a trust policy lets take a role: services, accounts, providers."""
    if not isinstance(policy, str) or UNKNOWN in policy:
        return None
    found: set[str] = set()
    for statement in json.loads(policy).get("Statement", []):
        principal = statement.get("Principal", {})
        kinds = principal.items() if isinstance(principal, dict) else [("AWS", principal)]
        for _, who in kinds:
            found.update([who] if isinstance(who, str) else who)
    return ", ".join(sorted(found))


def _retention(material: Material) -> Section:
    section = Section("retention", "Retention and audit trail")
    rows, first = _buckets(material)
    section.table("Buckets", ("bucket", "versions", "encryption", "lock", "expires after days"), rows, first)
    section.tell("buckets", "Buckets declared", len(rows) or None, first, why="no bucket is declared here",
                 fix="the estate declares them, unless it adopts others")  # fmt: skip
    trails = nodes(material, "aws:cloudtrail/trail:Trail", shared=True)
    inputs = trails[0].inputs if trails else {}
    said = [text for text, on in (("every region", inputs.get("isMultiRegionTrail")),
                                  ("files validated", inputs.get("enableLogFileValidation"))) if on]  # fmt: skip
    section.tell("trail", "Audit trail", ", ".join(said) or None, resource(trails[0].urn) if trails else "",
                 why="no trail is declared in this environment", fix="audit in the estate's block")  # fmt: skip
    logs = nodes(material, "aws:cloudwatch/logGroup:LogGroup", shared=True)
    section.table("Logs", ("log group", "days kept"),
                  [[shown(node.inputs.get("name")), node.inputs.get("retentionInDays")] for node in logs],
                  resource(logs[0].urn) if logs else "")  # fmt: skip
    section.tell("logs", "Log groups with a retention", sum(bool(node.inputs.get("retentionInDays")) for node in logs)
                 or None, resource(logs[0].urn) if logs else "", why="no log group with a retention is declared",
                 fix="logs of jobs and endpoints are made by the services: docs/reference/audit.md")  # fmt: skip
    plans = nodes(material, "aws:backup/plan:Plan", shared=True)
    kept = (
        [(rule.get("lifecycle") or {}).get("deleteAfter") for rule in (plans[0].inputs.get("rules") or [])]
        if plans
        else []
    )
    days = ", ".join(str(day) for day in kept if day)
    section.tell("backups", "Backups kept, in days", days, resource(plans[0].urn) if plans else "",
                 why="no backup plan is declared", fix="recovery in the estate's block")  # fmt: skip
    keys = nodes(material, "aws:kms/key:Key", shared=True)
    section.table("Keys", ("key", "rotates", "deletion window, days", "for"),
                  [[node.name, bool(node.inputs.get("enableKeyRotation")), node.inputs.get("deletionWindowInDays"),
                    node.inputs.get("description", "")] for node in keys],
                  resource(keys[0].urn) if keys else "")  # fmt: skip
    section.tell("keys", "Customer-managed keys", len(keys) or None, resource(keys[0].urn) if keys else "",
                 why="no key is declared here", fix="keys in the estate's block")  # fmt: skip
    section.lack(
        "documentation",
        "This documentation kept for ten years after the last release",
        why="nothing keeps packs: a bucket with object lock can",
        fix="store each pack where it is locked",
    )
    return section


def _buckets(material: Material) -> tuple[list[list[Any]], str]:
    """Return each bucket with what its own resources say of versions, encryption, lock and expiry."""
    buckets = nodes(material, "aws:s3/bucket:Bucket", shared=True)
    by: dict[str, dict[str, ResourceNode]] = {}
    for kind in ("bucketVersioning:BucketVersioning", "bucketObjectLockConfiguration:BucketObjectLockConfiguration",
                 "bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration",
                 "bucketLifecycleConfiguration:BucketLifecycleConfiguration"):  # fmt: skip
        for node in nodes(material, f"aws:s3/{kind}", shared=True):
            by.setdefault(str(node.inputs.get("bucket")), {})[kind.partition(":")[0]] = node
    rows = []
    for bucket in buckets:
        name = bucket.inputs.get("bucket")
        own = {kind: node.inputs for kind, node in by.get(str(name), {}).items()}
        versions = (own.get("bucketVersioning", {}).get("versioningConfiguration") or {}).get("status")
        rows.append([shown(name) or bucket.name, versions, _algorithm(own), _lock(own), _expiry(own)])
    return rows, resource(buckets[0].urn) if buckets else ""


def _algorithm(own: dict[str, dict[str, Any]]) -> Any:
    rules = own.get("bucketServerSideEncryptionConfiguration", {}).get("rules") or [{}]
    return (rules[0].get("applyServerSideEncryptionByDefault") or {}).get("sseAlgorithm")


def _lock(own: dict[str, dict[str, Any]]) -> str | None:
    rule = (own.get("bucketObjectLockConfiguration", {}).get("rule") or {}).get("defaultRetention") or {}
    return f"{rule.get('mode')} {rule.get('days')} days" if rule else None


def _expiry(own: dict[str, dict[str, Any]]) -> Any:
    days = [(rule.get("expiration") or {}).get("days")
            for rule in own.get("bucketLifecycleConfiguration", {}).get("rules") or []]  # fmt: skip
    return min((day for day in days if day), default=None)
