"""Mutants of policy rules: conditions negated, properties misspelt, values changed, answers dropped; and who notices.

``python -m tests.support.rule_mutation sagemaker_notebooks`` prints the score of a module and what survives.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from types import ModuleType

import yaml

from mlops_policies import rule as rule_module
from mlops_policies.catalog import rules
from mlops_policies.rule import Rule
from tests.support.policy_cases import faults, of_rule

PACKAGE = "mlops_policies.rules"
EQUIVALENT = Path(__file__).resolve().parents[1] / "unit" / "mlops_policies" / "equivalent_mutants"
_SWAPPED = {
    ast.Eq: ast.NotEq, ast.NotEq: ast.Eq, ast.Lt: ast.GtE, ast.LtE: ast.Gt, ast.Gt: ast.LtE, ast.GtE: ast.Lt,
    ast.In: ast.NotIn, ast.NotIn: ast.In, ast.Is: ast.IsNot, ast.IsNot: ast.Is,
}  # fmt: skip
_SHOWS = {"fails", "requires", "holds"}
"""Calls in which only the first text is a property; the next are for people."""


@dataclass(frozen=True)
class Mutant:
    """One change of a module: what, where, and the module that results."""

    kind: str
    line: int
    tree: ast.Module

    def __str__(self) -> str:
        return f"line {self.line}: {self.kind} in {self.function}"

    @property
    def label(self) -> str:
        """The mutant as the list of equivalent ones names it: lines move."""
        return f"{self.kind} in {self.function}"

    @property
    def function(self) -> str:
        """The function that is changed."""
        functions = [node for node in self.tree.body if isinstance(node, ast.FunctionDef)]
        first = [min([node.lineno, *(item.lineno for item in node.decorator_list)]) for node in functions]
        return next((node.name for node, start in zip(functions, first, strict=True)
                     if start <= self.line <= (node.end_lineno or 0)), "the module")  # fmt: skip


def equivalent(module: str) -> dict[str, str]:
    """Return the mutants of a module that change nothing, with the reason of each."""
    path = EQUIVALENT / f"{module}.yaml"
    listed = yaml.safe_load(path.read_text(encoding="utf-8")) if path.is_file() else None
    return {item["mutant"]: item["reason"] for item in listed or []}


def modules() -> list[str]:
    """Return the names of the modules with rules."""
    folder = Path(str(import_module(PACKAGE).__file__)).parent
    return sorted(path.stem for path in folder.glob("*.py") if path.stem != "__init__")


def mutants(source: str) -> Iterator[Mutant]:
    """Yield every mutant of a module's source."""
    for index in range(len(list(_sites(ast.parse(source))))):
        tree = ast.parse(source)
        kind, line, change = list(_sites(tree))[index]
        change()
        yield Mutant(kind, line, ast.fix_missing_locations(tree))


def survivors(module: str) -> tuple[int, list[Mutant]]:
    """Return how many mutants a module has, and those that no case of its rules notices."""
    name = f"{PACKAGE}.{module}"
    path = Path(str(import_module(name).__file__))
    own = {rule.id: rule for rule in rules().values() if rule.check.__module__ == name}
    total, alive = 0, []
    try:
        for mutant in mutants(path.read_text(encoding="utf-8")):
            total += 1
            if not _noticed(mutant, name, own):
                alive.append(mutant)
    finally:
        rule_module._registered.update(own)
    return total, alive


def _noticed(mutant: Mutant, name: str, own: dict[str, Rule]) -> bool:
    module = ModuleType(name)
    module.__file__ = name
    try:
        exec(compile(mutant.tree, f"<mutant of {name}>", "exec", dont_inherit=True), module.__dict__)
    except Exception:  # noqa: BLE001 -- a mutant that does not load is noticed
        return True
    changed = {identity: rule_module._registered[identity] for identity in own}
    # The rule whose code has changed first, then those that may share a helper with it.
    order = sorted(changed, key=lambda identity: abs(changed[identity].check.__code__.co_firstlineno - mutant.line))
    return any(_fails(changed[identity]) for identity in order)


def _fails(rule: Rule) -> bool:
    return any(faults(rule, block, mode) for block in of_rule(rule.id) for mode in block.modes())


def _sites(tree: ast.Module) -> Iterator[tuple[str, int, Callable[[], object]]]:
    for function in (node for node in tree.body if isinstance(node, ast.FunctionDef)):
        if ast.get_docstring(function) is not None:
            function.body[0] = ast.Pass()
        yield from _dropped(function)
        for statement in function.body:
            for node in ast.walk(statement):
                yield from _node_sites(node)
    yield from _declared_sites(tree)


def _node_sites(node: ast.AST) -> Iterator[tuple[str, int, Callable[[], object]]]:
    line = getattr(node, "lineno", 0)
    if isinstance(node, ast.Compare):
        new = _SWAPPED[type(node.ops[0])]
        yield f"{type(node.ops[0]).__name__} turned", line, lambda: node.ops.__setitem__(0, new())
    elif isinstance(node, (ast.If, ast.IfExp)) and not isinstance(node.test, ast.Compare):
        yield "condition negated", line, lambda: setattr(node, "test", ast.UnaryOp(ast.Not(), node.test))
    elif isinstance(node, ast.BoolOp):
        new_op = ast.Or() if isinstance(node.op, ast.And) else ast.And()
        yield "and/or swapped", line, lambda: setattr(node, "op", new_op)
    elif isinstance(node, ast.Constant) and isinstance(node.value, bool):
        yield f"{node.value} flipped", line, lambda: setattr(node, "value", not node.value)
    elif isinstance(node, ast.Call):
        yield from _call_sites(node)
    yield from _dropped(node)


def _dropped(node: ast.AST) -> Iterator[tuple[str, int, Callable[[], object]]]:
    for field in ("body", "orelse"):
        lines = getattr(node, field, [])
        for index, inner in enumerate(lines if isinstance(lines, list) else []):
            if isinstance(inner, ast.Expr) and isinstance(inner.value, (ast.Yield, ast.YieldFrom)):
                yield "answer dropped", inner.lineno, lambda field=field, index=index: getattr(node, field).__setitem__(
                    index, ast.Pass())  # fmt: skip


def _call_sites(call: ast.Call) -> Iterator[tuple[str, int, Callable[[], object]]]:
    """Misspell the property or value that a call names: its texts, but for messages."""
    name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
    if name == "not_applicable":
        return
    named = call.args[:1] if name in _SHOWS else call.args
    texts = [arg for arg in named if isinstance(arg, ast.Constant) and isinstance(arg.value, str)]
    wanted = {item.value for arg in call.args for item in ast.walk(arg) if isinstance(item, ast.Constant)}
    for keyword in call.keywords:
        value = keyword.value
        # A default that does not comply is only told of.
        if keyword.arg == "default" and isinstance(value, ast.Constant) and isinstance(value.value, str):
            texts += [value] if value.value in wanted else []
    for text in texts:
        if text.value and not (name == "fails" and text.value == ""):
            yield f"{text.value!r} misspelt", text.lineno, lambda text=text: setattr(text, "value", text.value + "x")


def _declared_sites(tree: ast.Module) -> Iterator[tuple[str, int, Callable[[], object]]]:
    """Widen the classes and types that a rule is declared for."""
    for function in (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)):
        for call in (item for item in function.decorator_list if isinstance(item, ast.Call)):
            for keyword in call.keywords:
                if keyword.arg == "only":
                    yield "only dropped", keyword.value.lineno, lambda call=call, keyword=keyword: call.keywords.remove(
                        keyword)  # fmt: skip
                elif keyword.arg == "on" and isinstance(keyword.value, ast.List) and len(keyword.value.elts) > 1:
                    for index in range(len(keyword.value.elts)):
                        yield f"type {index} dropped", keyword.value.lineno, lambda keyword=keyword, index=index: (
                            keyword.value.elts.pop(index))  # fmt: skip


def main() -> int:
    """Print the score of the modules named, or of all."""
    total, alive = 0, 0
    for module in sys.argv[1:] or modules():
        made, left = survivors(module)
        left = [mutant for mutant in left if mutant.label not in equivalent(module)]
        total, alive = total + made, alive + len(left)
        print(f"{module}: {made - len(left)} of {made} noticed")
        for mutant in left:
            print(f"  survives {mutant}")
    print(f"score: {total - alive} of {total} ({100 * (total - alive) / max(total, 1):.1f} %)")
    return 0


if __name__ == "__main__":
    sys.exit(main())
