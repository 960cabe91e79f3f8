"""Resources read from what Pulumi writes: an exported state, a checkpoint, ``preview --json``, or a saved plan.

Sources: pulumi/pulumi, `sdk/go/common/apitype` (`UntypedDeployment`, `CheckpointV3`, `DeploymentPlanV1`) and
`pkg/display` (`PreviewDigest`); `sdk/go/common/resource` for the signatures of secrets, assets and outputs.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlparse

from mlops_policies.resource import Provider
from mlops_policies.running import Declared
from mlops_policies.values import REDACTED, UNKNOWN, is_internal

LARGEST = 1 << 30
"""The largest file that is read, in bytes: beyond a GiB something else was named."""

_SIGNATURE = "4dabf18193072939515e22adb298388d"
_SECRET = "1b47061264138c4ac30d75fd1eb44270"  # noqa: S105 -- Pulumi's public mark of a secret, no secret
_OUTPUT = "d0e6a833031e9bbcd3f4e8bde6ca49a4"
_REFERENCE = "5cf8f73096256a8f31e491e813e4eb8e"
_PROVIDERS = "pulumi:providers:"
_GONE = frozenset(
    {"delete", "delete-replaced", "discard", "discard-replaced", "remove-pending-replace", "read-discard"}
)


class NotAState(ValueError):  # noqa: N818 -- named for what it says
    """A file that is none of what Pulumi writes; `rule` says what it breaks, `fix` what to do."""

    def __init__(self, rule: str, fix: str) -> None:
        super().__init__(f"{rule}; {fix}")
        self.rule, self.fix = rule, fix


@dataclass(frozen=True, slots=True)
class Exported:
    """What a file holds: `kind` is state, preview or plan; `stack` is "" where the file names none; `notes` say what
    may be missing."""

    kind: str
    stack: str
    resources: tuple[Declared, ...]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class BothSides:
    """A preview's two sides: `operations` are the engine's operation and the properties that it names as reason to
    replace, by URN."""

    stack: str
    before: tuple[Declared, ...]
    after: tuple[Declared, ...]
    operations: Mapping[str, tuple[str, tuple[str, ...]]]
    notes: tuple[str, ...] = ()


def both_sides(path: Path) -> BothSides:
    """Read both sides of ``preview --json --show-sames``. Raises `NotAState`, never with the file's content."""
    data = _json(path)
    if not isinstance(data, Mapping) or not isinstance(data.get("steps"), list):
        raise NotAState("it is no preview", "write one: pulumi preview --json --show-sames > FILE")
    try:
        after = _preview(data)
        return _both(data, after)
    except (KeyError, TypeError, AttributeError, IndexError) as error:
        raise NotAState(f"a part is missing or of another form: {error!r}", "write it anew") from None


def _both(digest: Mapping[str, Any], after: Exported) -> BothSides:
    old: dict[str, Mapping[str, Any]] = {}
    operations: dict[str, tuple[str, tuple[str, ...]]] = {}
    for step in digest["steps"]:
        if step.get("oldState"):
            old.setdefault(step["urn"], step["oldState"])
        told = operations.get(step["urn"], ("", ()))
        reasons = tuple(sorted({*told[1], *(step.get("replaceReasons") or ())}))
        # Of the steps of one replacement, its creation says what it is.
        kept = told[0] if told[0] and step["op"] in _GONE else step["op"]
        operations[step["urn"]] = (kept, reasons)
    stack = after.stack or _stack_of(old.values())
    return BothSides(stack, tuple(_declared(list(old.values()))), after.resources, operations, after.notes)


def read(path: Path) -> Exported:
    """Read a file of Pulumi's. Raises `NotAState`, never with the file's content: it may hold secrets."""
    return parse(_json(path))


def _json(path: Path) -> Any:
    fix = "write one: pulumi stack export --file FILE, or pulumi preview --json --show-sames > FILE"
    try:
        size = path.stat().st_size
        if size > LARGEST:
            raise NotAState(f"it has {size >> 20:,} MiB, and a state is at most {LARGEST >> 20:,} MiB", fix)
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise NotAState("there is no such file", fix) from None
    except OSError as error:
        raise NotAState(f"it can't be read: {error.strerror}", fix) from None
    except UnicodeDecodeError:
        raise NotAState("it is no text in UTF-8", fix) from None
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        cut = error.msg.startswith("Unterminated string") or error.pos >= len(text.rstrip()) - 1
        whole = "it ends too early" if cut and text.strip() else "it is not JSON"
        raise NotAState(f"{whole} (line {error.lineno}, column {error.colno}: {error.msg})", fix) from None
    except RecursionError:
        raise NotAState("it is nested too deeply to be a state", fix) from None


def parse(data: Any) -> Exported:
    """Return the resources of a document of Pulumi's. Raises `NotAState`."""
    if not isinstance(data, Mapping):
        raise NotAState(f"it holds {type(data).__name__} data, not an object", "name an exported state or plan")
    try:
        if isinstance(data.get("deployment"), Mapping):
            return _state(data["deployment"], data.get("version"))
        if isinstance(data.get("checkpoint"), Mapping):
            return _state(data["checkpoint"].get("latest") or {}, data.get("version"))
        if isinstance(data.get("steps"), list):
            return _preview(data)
        if isinstance(data.get("resourcePlans"), Mapping):
            return _plan(data["resourcePlans"])
    except (KeyError, TypeError, AttributeError, IndexError) as error:
        raise NotAState(f"a part is missing or of another form: {error!r}", "export it anew") from None
    top = ", ".join(list(data)[:5]) or "nothing"
    raise NotAState(
        f"it has none of deployment, checkpoint, steps, resourcePlans at its top, but {top}",
        "write one: pulumi stack export --file FILE, or pulumi preview --json --show-sames > FILE",
    )


def _state(deployment: Mapping[str, Any], version: Any) -> Exported:
    if version not in (3, 4):
        raise NotAState(f"it is of version {version!r}; 3 and 4 are known", "export it with a current Pulumi CLI")
    raw = [entry for entry in deployment.get("resources") or [] if not entry.get("delete")]
    return Exported("state", _stack_of(raw), tuple(_declared(raw)))


def _preview(digest: Mapping[str, Any]) -> Exported:
    """Read a preview's digest. It has to be whole: rules about a stack would miss what isn't there."""
    steps: list[Mapping[str, Any]] = digest["steps"]
    missing = (digest.get("changeSummary") or {}).get("same", 0) - sum(step["op"] == "same" for step in steps)
    if missing > 0:
        rule = f"it leaves out the {missing} resources that stay the same"
        raise NotAState(rule, "write it whole: pulumi preview --json --show-sames > FILE")
    # A replacement may be told in several steps.
    raw = {step["urn"]: step["newState"] for step in steps if step["op"] not in _GONE and step.get("newState")}
    failed = any(entry.get("severity") == "error" for entry in digest.get("diagnostics") or [])
    notes = ("the preview failed, so what came after is not in the file",) if failed else ()
    return Exported("preview", _stack_of(raw.values()), tuple(_declared(list(raw.values()))), notes)


def _plan(plans: Mapping[str, Any]) -> Exported:
    """Read a saved plan: a goal tells inputs as differences, so what is not created is read from its outputs.

    Of these, the inputs are what the program passes on, by the names under which the goal lists dependencies.
    """
    raw = []
    for urn, plan in plans.items():
        goal, operations = plan.get("goal"), set(plan.get("steps") or [])
        if goal is None or operations <= _GONE:
            continue
        outputs = plan.get("state") or {}
        given = goal.get("propertyDependencies") or outputs
        inputs = {} if "create" in operations else {key: value for key, value in outputs.items() if key in given}
        difference = goal.get("inputDiff") or {}
        inputs |= {**(difference.get("adds") or {}), **(difference.get("updates") or {})}
        for name in difference.get("deletes") or []:
            inputs.pop(name, None)
        raw.append({**goal, "urn": urn, "inputs": inputs, "outputs": outputs})
    return Exported("plan", _stack_of(raw), tuple(_declared(raw)))


def _stack_of(raw: Iterable[Mapping[str, Any]]) -> str:
    return next((entry["urn"].split("::")[0].rpartition(":")[2] for entry in raw), "")


def _declared(raw: Sequence[Mapping[str, Any]]) -> Iterator[Declared]:
    providers = {
        entry["urn"]: Provider.of(_opened(entry.get("inputs") or {}, "", []))
        for entry in raw
        if entry["type"].startswith(_PROVIDERS)
    }
    for entry in raw:
        secrets: list[str] = []
        inputs = _opened(entry.get("inputs") or {}, "", secrets)
        outputs = _opened(entry.get("outputs") or {}, "", secrets)
        yield Declared(
            urn=entry["urn"],
            type=entry["type"],
            name=entry["urn"].rpartition("::")[2],
            inputs=inputs,
            outputs=outputs,
            id=entry.get("id") or "",
            custom=entry.get("custom", False),
            parent=entry.get("parent") or "",
            # Without the provider's id, which a plan doesn't tell.
            provider=providers.get((entry.get("provider") or "").rpartition("::")[0], Provider()),
            dependencies=tuple(entry.get("dependencies") or ()),
            property_dependencies={key: tuple(urns or ()) for key, urns in
                                   (entry.get("propertyDependencies") or {}).items()},
            protect=bool(entry.get("protect")),
            secrets=frozenset(secrets),
            source=_position(entry),
        )  # fmt: skip


def _opened(value: Any, path: str, secrets: list[str]) -> Any:
    """Return a value without Pulumi's signatures: what is encrypted is unknown, and its path goes into `secrets`."""
    if isinstance(value, list):
        return [_opened(item, f"{path}[{index}]", secrets) for index, item in enumerate(value)]
    if value == REDACTED:
        secrets.append(path)
        return UNKNOWN
    if not isinstance(value, dict):
        return value
    signature = value.get(_SIGNATURE)
    if signature is None:
        return {key: _opened(item, f"{path}.{key}".strip("."), secrets) for key, item in value.items()
                if not is_internal(key)}  # fmt: skip
    if signature == _SECRET:
        secrets.append(path)
        if "plaintext" in value:
            return _opened(json.loads(value["plaintext"]), path, [])
        return _opened(value["value"], path, []) if "value" in value else UNKNOWN
    if signature == _OUTPUT:
        if value.get("secret"):
            secrets.append(path)
        return _opened(value["value"], path, secrets) if "value" in value else UNKNOWN
    if signature == _REFERENCE:
        return value.get("id") or value.get("urn")
    return {"$asset": value.get("hash", "")}


def _position(entry: Mapping[str, Any]) -> str:
    """Return ``file:line`` for ``project:///stacks/__main__.py#12,4``, of the innermost call outside of libraries."""
    frames = [entry, *(entry.get("stackTrace") or [])]
    told = [text for frame in frames if (text := frame.get("sourcePosition"))]
    parsed = urlparse(next((text for text in told if "site-packages" not in text), told[0] if told else ""))
    line = parsed.fragment.partition(",")[0]
    return f"{unquote(parsed.path).lstrip('/')}:{line}" if parsed.path and line else ""
