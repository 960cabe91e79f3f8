"""Documents of the change report, as the forms get them: small, huge, empty, a first deployment, and a hostile one."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

from mlops_estate.graph import UNKNOWN
from mlops_estate.graph_file import MASK

CONFIG, GROUP, POLICY, ENDPOINT, BUCKET = (
    "aws-native:sagemaker:EndpointConfig", "aws:sagemaker/featureGroup:FeatureGroup", "aws:iam/rolePolicy:RolePolicy",
    "aws-native:sagemaker:Endpoint", "aws:s3/bucket:Bucket",
)  # fmt: skip
HOSTILE = (
    '<script>alert(1)</script>', '</details><img src=x onerror=alert(1)>', '--> <!-- mlops-estate:change:dev -->',
    '@octocat and @org/team', '| a | b |', '`code` ```fence```', 'line\nbreak\n# heading\n- item',
    '\x1b[31mred\x1b[0m\x07',
    '[link](https://evil.example) https://evil.example www.evil.example me@evil.example',
    'fixes #1, GH-2, owner/repo#3',
    '\u202etxt.exe', '**bold** __under__ ~~gone~~ $x^2$ :100: \\| \\', 'half \ud800 pair', 'name-' * 120,
    '{{ 7 * 7 }} {% raw %} &lt;b&gt; [bold red]rich[/]', '$' * 50, '宽' * 120, '&#60;script&#62;',
    "a' onclick='b\" x=\"",
)  # fmt: skip


def urn(type_: str, name: str) -> str:
    return f"urn:pulumi:prod::mlops-estate::{type_}::{name}"


def span(expected: float, low: float | None = None, high: float | None = None) -> dict[str, float]:
    return {"low": expected if low is None else low, "expected": expected, "high": expected if high is None else high}


def changed(path: str, before: Any, after: Any, replaces: bool = False) -> dict[str, Any]:
    return {"path": path, "kind": "change", "before": before, "after": after, "replaces": replaces}


def added(path: str, after: Any) -> dict[str, Any]:
    return {"path": path, "kind": "add", "before": None, "after": after, "replaces": False}


def removed(path: str, before: Any) -> dict[str, Any]:
    return {"path": path, "kind": "remove", "before": before, "after": None, "replaces": False}


def change(type_: str, name: str, action: str, model: str = "", component: str = "", **more: Any) -> dict[str, Any]:
    return {
        "urn": urn(type_, name), "type": type_, "name": name, "action": action, "model": model, "component": component,
        "source": "stacks/mlops_estate/program/models.py:41", "properties": [], "replaces": [], "replace_source": "",
        "may_replace": [], "stateful": "", "protected": False, "retained": False, "blast": [], **more,
    }  # fmt: skip


def headline(level: str, kind: str, title: str, detail: str = "", model: str = "", urns: Any = ()) -> dict[str, Any]:
    return {"level": level, "kind": kind, "title": title, "detail": detail, "model": model, "urns": list(urns)}


def grant(principal: str, actions: list[str], severity: str = "notice", **more: Any) -> dict[str, Any]:
    return {
        "principal": principal, "principal_urn": urn("aws:iam/role:Role", principal), "actions": actions,
        "resources": ["arn:aws:s3:::estate-prod-raw/*"], "conditions": "", "how": "policy",
        "urn": urn(POLICY, principal), "severity": severity, "why": "", "kind": "new", "was": "", **more,
    }  # fmt: skip


def finding(rule: str, name: str, level: str = "mandatory", **more: Any) -> dict[str, Any]:
    return {
        "id": f"{rule}:{name}", "rule": rule, "status": "fail", "level": level, "severity": "high",
        "urn": urn(POLICY, name), "type": POLICY, "name": name, "path": "policy", "message": "Action is s3:*",
        "source": "stacks/mlops_estate/program/models.py:52", "exemption": None, **more,
    }  # fmt: skip


def release(model: str, **more: Any) -> dict[str, Any]:
    stages = [
        {"at_seconds": 0, "until_seconds": 600, "traffic_percent": 10, "what": "canary: a tenth of the capacity"},
        {"at_seconds": 600, "until_seconds": 1200, "traffic_percent": 50, "what": "half of the traffic"},
        {"at_seconds": 1200, "until_seconds": None, "traffic_percent": 100, "what": "all of it; the old fleet goes"},
    ]
    return {
        "model": model, "endpoint": f"prod-{model}", "from_version": "3", "to_version": "4",
        "reason": "the instance type of its configuration changes", "strategy": "linear", "stages": stages,
        "seconds": 1500, "rollback_alarms": [f"{model}-5xx", f"{model}-latency"],
        "cautions": ["no alarm watches the quality of predictions while traffic shifts"], **more,
    }  # fmt: skip


def document(changes: list[dict[str, Any]], *, unchanged: int = 1590, **more: Any) -> dict[str, Any]:
    counts = {action: sum(entry["action"] == action for entry in changes)
              for action in ("remove", "replace", "change", "add")}  # fmt: skip
    return {
        "format": "mlops-estate/change", "version": 1, "environment": "prod",
        "base": {"kind": "revision", "label": "HEAD~1", "revision": "85265c9" + "0" * 33, "resources": 1593},
        "head": {"kind": "working tree", "label": "the working tree", "revision": "", "resources": 1592},
        "summary": {**counts, "unchanged": unchanged}, "headlines": [], "changes": changes, "release": [],
        "permissions": {"granted": [], "revoked": [], "undecided": []},
        "policy": {"new": [], "fixed": [], "unchanged": {"mandatory": 0, "advisory": 12, "exempt": 1},
                   "new_mandatory": 0, "not_evaluated": {"before": 40, "after": 40}},
        "cost": None, "carbon": None, "notes": [], **more,
    }  # fmt: skip


def cost(rows: list[tuple[str, float, float]], budget: dict[str, Any] | None = None) -> dict[str, Any]:
    before, after = sum(row[1] for row in rows), sum(row[2] for row in rows)
    delta = after - before
    return {
        "before": span(before, before * 0.8, before * 1.4), "after": span(after, after * 0.8, after * 1.4),
        "delta": span(delta, delta * 0.8, delta * 1.4), "budget": budget, "unpriced_types": [],
        "by_model": [{"model": model, "before": span(one), "after": span(two), "delta": span(two - one)}
                     for model, one, two in rows],
        "largest": [{"urn": urn(ENDPOINT, model), "name": f"prod-{model}", "model": model, "item": "instance hours",
                     "before": one, "after": two, "delta": two - one} for model, one, two in rows if one != two],
        "notes": ["prices of us-east-1, 2026-11-25"],
    }  # fmt: skip


def small() -> dict[str, Any]:
    """Return the typical case: one model's instance type, a feature, a permission and a strategy change."""
    model = "mortgage-approval"
    group, role, config = "mortgage-features-income", "mortgage-training-role-policy", "prod-mortgage-config"
    statement = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]}
    changes = [
        change(GROUP, group, "remove", model, "mortgage-features", stateful="the offline store's history",
               protected=True, properties=[removed("featureDefinitions[4].featureName", "income_ratio")],
               blast=[urn(POLICY, f"p{place}") for place in range(12)]),
        change(CONFIG, config, "replace", model, "mortgage-hosting", blast=[urn(ENDPOINT, "prod-mortgage")],
               replaces=["productionVariants[0].instanceType"], replace_source="pulumi_aws_native replace_on_changes",
               properties=[changed("productionVariants[0].instanceType", "ml.m5.large", "ml.m5.xlarge", True),
                           changed("kmsKeyId", UNKNOWN, MASK), added("tags.reviewed", True)]),
        change(POLICY, role, "change", model, "mortgage-training",
               properties=[changed("policy.Statement[0].Action", ["s3:GetObject"], ["s3:*"]),
                           changed("policy", statement, {**statement, "Id": "wide"})]),
        change(ENDPOINT, "prod-mortgage", "change", model, "mortgage-hosting", may_replace=["deploymentConfig"],
               properties=[changed("deploymentConfig.trafficRoutingConfiguration.type", "CANARY", "ALL_AT_ONCE")]),
        change(BUCKET, "estate-prod-access-logs", "add", properties=[added("bucket", "estate-prod-access-logs")]),
    ]  # fmt: skip
    headlines = [
        headline("danger", "feature-removed", "A feature is removed: income_ratio of mortgage-approval",
                 "Models that were trained with it get no value; the offline store's history goes with the group.",
                 model, [changes[0]["urn"]]),
        headline("danger", "permission-widened", "mortgage-training may do s3:* on every resource",
                 "Before, it could only read objects.", model, [changes[2]["urn"]]),
        headline("warning", "instance-type", "ml.m5.large becomes ml.m5.xlarge on prod-mortgage", "A new fleet.",
                 model, [changes[1]["urn"]]),
        headline("warning", "strategy", "The release strategy becomes ALL_AT_ONCE", "No canary.", model),
        headline("notice", "cost", "Costs rise by $166 a month"),
    ]  # fmt: skip
    return document(
        changes, headlines=headlines, release=[release(model)],
        permissions={
            "granted": [grant("mortgage-training", ["s3:*"], "danger", resources=["*"], kind="action widened",
                              was="s3:GetObject", why="a wildcard of a service"),
                        grant("mortgage-serving", ["kms:Decrypt"], conditions="aws:SourceVpc is vpc-1")],
            "revoked": [grant("old-role", ["s3:PutObject"])],
            "undecided": [{"urn": urn(POLICY, "key-policy"), "why": "its document is unknown until up"}],
        },
        policy={"new": [finding("iam-no-service-wildcard", role), finding("tag-owner", "estate-logs", "advisory")],
                "fixed": [finding("s3-logging", "estate-prod-raw", "advisory", source="")],
                "unchanged": {"mandatory": 0, "advisory": 12, "exempt": 1}, "new_mandatory": 1,
                "not_evaluated": {"before": 40, "after": 42}},
        cost=cost([(model, 83.95, 249.75), ("", 1210.0, 1210.2), ("churn", 300.0, 250.0)],
                  {"monthly_usd": 2000, "after_percent": 85.5, "state": "near"}),
        carbon={"before": span(41.2, 30, 52), "after": span(44.4, 33, 56), "delta": span(3.2, 2, 4)},
        notes=["2 values are unknown until the update"],
    )  # fmt: skip


def empty() -> dict[str, Any]:
    """Return a report on two identical trees."""
    zero = {"before": span(41.2), "after": span(41.2), "delta": span(0.0)}
    return document([], unchanged=1593, cost=cost([("mortgage-approval", 83.95, 83.95)]), carbon=zero)


def first_deployment(count: int = 60) -> dict[str, Any]:
    """Return a report on an environment that is nowhere yet: everything is added."""
    properties = [added("bucket", "raw"), added("tags", {"owner": "ml"}), added("arn", UNKNOWN)]
    changes = [
        change(BUCKET, f"bucket-{place}", "add", ("", "mortgage-approval", "churn")[place % 3], f"lake-{place % 4}",
               properties=properties)
        for place in range(count)
    ]  # fmt: skip
    opening = release("churn", from_version=None, to_version="1", strategy="all at once", seconds=300, cautions=[],
                      stages=[{"at_seconds": 0, "until_seconds": 300, "traffic_percent": 100, "what": "first"}],
                      rollback_alarms=[])  # fmt: skip
    nothing = {"kind": "nothing", "label": "nothing", "revision": "", "resources": 0}
    return document(
        changes, unchanged=0, base=nothing, release=[opening], cost=cost([("churn", 0.0, 120.0), ("", 0.0, 900.5)]),
        carbon={"before": span(0.0), "after": span(12.0, 9, 15), "delta": span(12.0, 9, 15)},
        permissions={"granted": [grant(f"role-{place}", ["s3:GetObject"]) for place in range(20)], "revoked": [],
                     "undecided": []},
    )  # fmt: skip


def huge(models: int = 30, each: int = 10) -> dict[str, Any]:
    """Return a report on `models` times `each` changes; 300 unless said otherwise."""
    long = {f"key-{place}": "value " * 30 for place in range(10)}
    actions = ("remove", "replace", "change", "add")
    changes = [
        change(CONFIG, f"model-{model}-part-{place}", actions[place * 4 // each], f"model-{model}",
               f"hosting-{place % 2}", blast=[urn(ENDPOINT, f"e{model}-{number}") for number in range(5)],
               properties=[changed(f"tags.{tag}", {**long, "at": tag}, {**long, "at": -tag}) for tag in range(1, 21)])
        for place in range(each) for model in range(models)
    ]  # fmt: skip
    names = [f"model-{model}" for model in range(models)]
    return document(
        changes, release=[release(name) for name in names],
        headlines=[headline("danger", "replacement", f"{name} is replaced", f"Detail of {name}.") for name in names],
        permissions={"granted": [grant(name, ["s3:*"] * 30, "warning", why="wide") for name in names],
                     "revoked": [grant(name, ["s3:Get"]) for name in names], "undecided": []},
        policy={"new": [finding("rule", name) for name in names], "fixed": [finding("rule-2", name) for name in names],
                "unchanged": {"mandatory": 0, "advisory": 0, "exempt": 0}, "new_mandatory": models,
                "not_evaluated": {"before": 0, "after": 0}},
        cost=cost([(name, 100.0, 100.0 + place) for place, name in enumerate(names)]),
        carbon={"before": span(1.0), "after": span(2.0), "delta": span(1.0)},
        notes=[f"note {place}" for place in range(models)],
    )  # fmt: skip


def hostile(texts: tuple[str, ...] = HOSTILE) -> dict[str, Any]:
    """Return a report in which every name and every value is one of `texts`."""
    made = small()
    nasty = list(texts)
    actions = ("remove", "replace", "change", "add")
    made["changes"] = [
        change(text, text, actions[place % 4], text, text, source=text, stateful=text, replace_source=text,
               replaces=[text], may_replace=[text],
               properties=[changed(text, text, {text: text * 2}), added(text, text)])
        for place, text in enumerate(nasty)
    ]  # fmt: skip
    counts = {action: sum(entry["action"] == action for entry in made["changes"]) for action in actions}
    made["summary"] = {**counts, "unchanged": 3}
    made["headlines"] = [headline("danger", "policy", text, text, text, [text]) for text in nasty]
    made["release"] = [
        release(text, endpoint=text, reason=text, strategy=text, rollback_alarms=[text], cautions=[text],
                from_version=text, to_version=text,
                stages=[{"at_seconds": 0, "until_seconds": 60, "traffic_percent": 100, "what": text}])
        for text in nasty
    ]  # fmt: skip
    granted = [grant(text, [text], resources=[text], conditions=text, how="policy", why=text) for text in nasty]
    made["permissions"] = {"granted": granted, "revoked": deepcopy(granted),
                           "undecided": [{"urn": text, "why": text} for text in nasty]}  # fmt: skip
    found = [finding(text, text, message=text, source=text) for text in nasty]
    made["policy"] = {**made["policy"], "new": found, "fixed": deepcopy(found), "new_mandatory": len(found)}
    made["cost"] = cost([(text, 1.0, 2.0) for text in nasty])
    made["cost"]["notes"] = nasty
    made["notes"] = nasty
    made["environment"] = made["base"]["label"] = made["head"]["label"] = nasty[2]
    made["base"]["revision"] = nasty[0]
    return made


EVERY = {"small": small, "empty": empty, "first deployment": first_deployment, "huge": huge, "hostile": hostile}
