"""Propose a row of the operations table for a resource type: `python -m mlops_estate.embedded.driver.propose TYPE`.

The proposal is derived from names alone and is printed for review: check each operation, the keys and what reading back
shows against the service's documentation before you add it to `rows/`.
"""

from __future__ import annotations

import functools
import re
import sys
from collections.abc import Sequence

import botocore.loaders
from botocore.model import StructureShape

from mlops_estate.embedded.driver.mapping import map_inputs
from mlops_estate.embedded.driver.names import likeness, plain
from mlops_estate.embedded.driver.outputs import declared
from mlops_estate.embedded.validation import service_model

CREATE = ("Create", "Put", "Register", "Add", "Attach", "Associate", "Enable", "Set", "Request", "Allocate",
          "Subscribe")  # fmt: skip
READ = ("Describe", "Get", "Head", "List")
UPDATE = ("Update", "Put", "Modify")
DELETE = ("Delete", "Deregister", "Remove", "Detach", "Disassociate", "Disable", "Release", "Unsubscribe")
# Modules of the provider that are not called as botocore calls the service; several where a module spans services.
SERVICES = {
    "appautoscaling": ("application-autoscaling",),
    "cfg": ("config",),
    "cloudwatch": ("cloudwatch", "logs", "events"),
    "cognito": ("cognito-idp", "cognito-identity"),
    "costexplorer": ("ce",),
    "kinesis": ("kinesis", "firehose"),
    "lb": ("elbv2",),
    "macie": ("macie2",),
    "s3": ("s3", "s3control"),
    "sfn": ("stepfunctions",),
    "vpc": ("ec2",),
}


def propose(type_token: str) -> str:
    """Return the proposed row as Python text. Raises `ValueError` where no operation of any service fits."""
    module, name = type_token.split(":")[1].split("/")[0], type_token.rsplit(":", 1)[-1]
    candidates = [
        (score, service, operation)
        for service in _services(module)
        for score, operation in [_closest(service, name, CREATE)]
        if operation
    ]
    if not candidates:
        raise ValueError(f"no service called {module} has an operation that would create a {name}")
    _, service, create = max(candidates)
    noun = _noun(create)
    found = {kind: _closest(service, noun, verbs)[1] for kind, verbs in (("read", READ), ("delete", DELETE))}
    update = _closest(service, noun, UPDATE)[1]
    shape = service_model(service).operation_model(create).input_shape
    keys = [member for member in (shape.required_members if shape else []) if plain(member) in _key_names(noun)]
    unmapped = _unmapped(type_token, shape, noun)
    lines = [
        f'"{type_token}": Operations(',
        f'    "{service}", "{create}", "{found["read"]}", "{found["delete"]}", "{update}",',
        "    keys={" + ", ".join(f'"{key}": "params.{key}"' for key in keys) + "},",
        f'    id="{{{keys[0] if keys else "?"}}}",',
        "),",
        f"# {service_model(service).signing_name}: https://docs.aws.amazon.com/search/doc-search.html?searchQuery={create}",
    ]
    if unmapped:
        lines.append(f"# map to no parameter by their names (outputs, or exceptions are needed): {', '.join(unmapped)}")
    return "\n".join(lines)


def _services(module: str) -> tuple[str, ...]:
    known = botocore.loaders.Loader(include_default_search_paths=True).list_available_services("service-2")
    return tuple(service for service in SERVICES.get(module, (module,)) if service in known)


@functools.cache
def _closest(service: str, noun: str, verbs: tuple[str, ...]) -> tuple[float, str]:
    """Return the operation whose noun is likest, and how like it is; nothing below one half."""
    best = (0.0, "")
    for operation in service_model(service).operation_names:
        verb = next((verb for verb in verbs if operation.startswith(verb) and operation[len(verb) :][:1].isupper()), "")
        if not verb:
            continue
        rest = operation[len(verb) :]
        score = 2.0 if plain(rest) == plain(noun) else likeness(rest, noun)
        best = max(best, (score - verbs.index(verb) / 100, operation))
    return best if best[0] >= 0.5 else (0.0, "")


def _noun(operation: str) -> str:
    return re.sub(r"^[A-Z][a-z]+", "", operation)


def _key_names(noun: str) -> set[str]:
    base = plain(noun)
    return {base + ending for ending in ("name", "id", "arn")} | {"name", "id", "arn"}


def _unmapped(type_token: str, shape: StructureShape | None, noun: str) -> list[str]:
    inputs = {name: "" for name in declared(type_token) if name not in {"tags", "tagsAll", "region", "arn"}}
    return sorted({path for path, _ in map_inputs(inputs, shape, noun).lost})


def main(arguments: Sequence[str]) -> int:
    """Print a proposal for each type; 2 where a type is not known."""
    if not arguments or arguments[0] in {"-h", "--help"}:
        print(__doc__)
        return 0 if arguments else 2
    code = 0
    for type_token in arguments:
        try:
            if type_token.count(":") != 2:
                raise ValueError("this is no type token")  # noqa: TRY301 -- one place reports every fault
            print(propose(type_token))
        except (ValueError, AttributeError, ImportError) as error:
            print(f"{type_token}: {error}; a type is written as aws:sqs/queue:Queue", file=sys.stderr)
            code = 2
    return code


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
