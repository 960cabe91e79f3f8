"""The operations table is right about AWS: its operations, members and names exist, and no type of ours is missing."""

from __future__ import annotations

import pkgutil
import re
import string
from importlib import import_module

import jmespath
import pytest
from botocore.model import ListShape, MapShape, StructureShape
from tests.support.previews import previewed

from mlops_estate.embedded.driver import rows
from mlops_estate.embedded.driver.operations import Call, Operations
from mlops_estate.embedded.driver.outputs import declared
from mlops_estate.embedded.driver.table import table
from mlops_estate.embedded.validation import service_model

ROWS = pytest.mark.parametrize(("type_token", "row"), sorted(table().items()))


def operation(row: Operations, name: str):
    return service_model(row.service).operation_model(name)


def leads_somewhere(shape, expression: str) -> bool:
    """Whether the names of a JMESPath, one after the other, are members."""
    for part in re.findall(r"[A-Za-z]\w*|\[[^\]]*\]", expression.split("|")[0]):
        if part.startswith("["):
            shape = shape.member if isinstance(shape, ListShape) else None
        elif isinstance(shape, MapShape):
            shape = shape.value
        else:
            shape = shape.members.get(part) if isinstance(shape, StructureShape) else None
        if shape is None:
            return False
    return True


@ROWS
def test_every_operation_exists(type_token, row):
    names = {row.create, row.read, row.update, row.delete} - {""}
    assert names <= set(service_model(row.service).operation_names)


@ROWS
def test_what_identifies_a_resource_is_a_member_of_call_or_answer(type_token, row):
    create = operation(row, row.create)
    for path in row.keys.values():
        where, _, rest = path.partition(".")
        assert leads_somewhere({"params": create.input_shape, "response": create.output_shape}[where], rest), path


@ROWS
def test_read_update_and_delete_get_what_they_require_from_the_keys(type_token, row):
    handled = {row.read: row.read_before, row.delete: row.delete_before}
    for name in {row.read, row.delete} - {""}:
        shape = operation(row, name).input_shape
        if handled.get(name) or shape is None:
            continue
        for member in shape.required_members:
            if shape.members[member].metadata.get("idempotencyToken"):
                continue
            assert member in row.keys or member.removesuffix("s") in row.keys, f"{name} {member}"


@ROWS
def test_the_root_of_an_answer_is_a_member_of_it(type_token, row):
    if row.read and row.root != "@":
        assert leads_somewhere(operation(row, row.read).output_shape, row.root)


@ROWS
def test_templates_name_keys_only_and_outputs_are_declared(type_token, row):
    templates = [row.id, row.leaves, row.root, *row.outputs.values()]
    used = {name for text in templates if "?" not in text for _, name, *_ in string.Formatter().parse(text) if name}
    assert used <= {*row.keys, "account", "region"}
    assert set(row.outputs) <= set(declared(type_token))


@ROWS
def test_the_inputs_an_exception_names_are_the_classes_own(type_token, row):
    inputs = set(declared(type_token))
    named = {*row.drop, *row.rename, *(key for extra in row.extras for key in extra.inputs)}
    assert named - inputs <= {
        "forceDetachPolicies", "forceDestroy", "confirmationTimeoutInMinutes", "tags",
    }  # fmt: skip
    assert row.auto_name in {"", *inputs}


@ROWS
def test_what_is_not_read_back_is_a_parameter_and_says_why(type_token, row):
    assert bool(row.unread) == bool(row.why_unread)
    assert set(row.unread) <= set(operation(row, row.create).input_shape.members)


@ROWS
def test_where_sent_and_read_differ_both_places_exist(type_token, row):
    read = operation(row, row.read).output_shape if row.read else None
    for path, where in row.same.items():
        assert leads_somewhere(operation(row, row.create).input_shape, path)
        root = re.sub(r"\[\?.*", "[0]", row.root)
        where = re.sub(
            r"^join\('', \['[^']*', (\w+)\]\)$", r"\1", where
        )  # what AWS leaves out at the start is put back
        # Attributes are a map of texts: any name leads to one; of a comparison, what is compared.
        for name in re.findall(r"([\w.]+) ==", where) or [where]:
            assert leads_somewhere(read, name if root == "@" else f"{root}.{name}"), name
        jmespath.compile(where)


@ROWS
def test_extra_calls_are_operations_that_exist_with_members_that_exist(type_token, row):
    given = _Anything()
    for extra in row.extras:
        for call in extra.calls(given, dict.fromkeys(row.keys, "k")):
            assert isinstance(call, Call)
            shape = service_model(call.service or row.service).operation_model(call.operation).input_shape
            assert set(call.params) <= set(shape.members), call


class _Anything(dict):
    """Inputs that hold a value under every name."""

    def __missing__(self, key):
        return "x"

    def get(self, key, default=None):
        return {"tags": {"a": "b"}, "ingress": [], "egress": []}.get(key, "x")

    def __contains__(self, key):
        return True


def test_a_type_is_in_one_file_only():
    files = [import_module(f"{rows.__name__}.{found.name}") for found in pkgutil.iter_modules(rows.__path__)]
    assert sum(len(module.ROWS) for module in files) == len(table())


@pytest.mark.parametrize("environment", ["dev", "staging", "prod"])
def test_every_type_of_a_shipped_environment_has_its_row(environment):
    used = {node.type for node in previewed(environment).custom_nodes() if not node.is_provider}
    assert len(used) > 20
    assert used - table().keys() == set()
