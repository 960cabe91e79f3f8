"""Mutants of a component's source: each drops or flips one thing that a test of that component has to notice."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib import import_module
from types import ModuleType

_STATEMENT = re.compile(r"^_?(statement|tls_only|publish|log_delivery|\w+_statements?|refuse_\w+|read_by_accounts)$")
_KEY = re.compile(r"kms|sse_algorithm")
# Switches of Python, and of argument checks, which have tables of bad arguments of their own.
_OTHER_SWITCHES = ("strict", "frozen", "volume_key")
_OPTIONS = ("protect", "ignore_changes", "depends_on", "condition")


@dataclass(frozen=True)
class Mutant:
    """One change of a module's source: what it drops, the line, and the tree to run."""

    kind: str
    line: int
    tree: ast.Module

    def load(self, name: str) -> ModuleType:
        """Run the mutant as a module of that name, beside the real one, and return it."""
        module = ModuleType(name)
        module.__file__ = import_module(name).__file__
        label = f"<{name}: {self.kind}, line {self.line}>"
        # Not inherited: the mutant keeps its annotations as the component has them, evaluated.
        code = compile(ast.fix_missing_locations(self.tree), label, "exec", dont_inherit=True)
        exec(code, module.__dict__)
        return module


def mutants(source: str) -> Iterator[Mutant]:
    """Yield every mutant of a source text: parents, engine options, keys, policy statements, conditions, switches."""
    for index in range(len(_sites(ast.parse(source)))):
        tree = ast.parse(source)
        kind, line, drop = _sites(tree)[index]
        drop()
        yield Mutant(kind, line, tree)


def _sites(tree: ast.Module) -> list[tuple[str, int, Callable[[], object]]]:
    found: list[tuple[str, int, Callable[[], object]]] = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            found += _keyword_sites(node)
        elif isinstance(node, ast.Dict):
            found += _entry_sites(node)
        elif isinstance(node, (ast.List, ast.Tuple)):
            found += _element_sites(node)
        elif isinstance(node, (ast.FunctionDef, ast.If, ast.For)):
            found += _line_sites(node)
    return found


def _keyword_sites(call: ast.Call) -> Iterator[tuple[str, int, Callable[[], object]]]:
    for word in list(call.keywords):
        name = word.arg or ""
        if name in ("parent", "opts"):
            yield "parent", word.value.lineno, lambda word=word: call.keywords.remove(word)
        elif _KEY.search(name):
            yield f"key {name}", word.value.lineno, lambda word=word: call.keywords.remove(word)
        elif _is_switch(word.value) and name not in _OTHER_SWITCHES:
            yield f"flip {name}", word.value.lineno, lambda word=word: _flip(word.value)
        elif name in _OPTIONS:
            yield name, word.value.lineno, lambda word=word: call.keywords.remove(word)
    for index, value in enumerate(call.args):
        if isinstance(value, ast.Attribute) and value.attr == "_child":
            yield "parent", value.lineno, lambda index=index: call.args.pop(index)


def _entry_sites(node: ast.Dict) -> Iterator[tuple[str, int, Callable[[], object]]]:
    for index, (name, value) in enumerate(zip(node.keys, node.values, strict=True)):
        if isinstance(name, ast.Constant) and isinstance(name.value, str) and _KEY.search(name.value):
            yield f"key {name.value}", name.lineno, lambda index=index: (node.keys.pop(index), node.values.pop(index))
        elif _is_switch(value):
            yield "flip", value.lineno, lambda value=value: _flip(value)
        elif _is_statement(value):
            yield (
                "statement",
                value.lineno,
                lambda index=index: _empty(node, index),
            )


def _flip(switch: ast.expr) -> None:
    assert isinstance(switch, ast.Constant)
    switch.value = not switch.value


def _empty(node: ast.Dict, index: int) -> None:
    node.values[index] = ast.List([], ast.Load())


def _element_sites(node: ast.List | ast.Tuple) -> Iterator[tuple[str, int, Callable[[], object]]]:
    for element in list(node.elts):
        if _is_statement(element.value if isinstance(element, ast.Starred) else element):
            yield "statement", element.lineno, lambda element=element: node.elts.remove(element)


def _line_sites(node: ast.FunctionDef | ast.If | ast.For) -> Iterator[tuple[str, int, Callable[[], object]]]:
    for index, line in enumerate(node.body):
        appended = line.value if isinstance(line, ast.Expr) else None
        is_append = isinstance(appended, ast.Call) and isinstance(appended.func, ast.Attribute)
        if (is_append and appended.func.attr == "append" and _is_statement(appended.args[0])) or (
            isinstance(line, ast.AugAssign) and _is_statement(line.value)
        ):
            yield "statement", line.lineno, lambda index=index: node.body.__setitem__(index, ast.Pass())


def _is_switch(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, bool)


def _is_statement(node: ast.expr) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and bool(_STATEMENT.match(node.func.id))
