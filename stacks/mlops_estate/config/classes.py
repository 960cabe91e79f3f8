"""Environment classes, and fields whose default depends on the class."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field

EnvironmentClass = Literal["dev", "staging", "prod"]
"""What an environment is for: `dev` is cheap, `staging` is `prod` in small, `prod` serves customers."""

CLASSES: tuple[EnvironmentClass, ...] = ("dev", "staging", "prod")

_current: ContextVar[EnvironmentClass] = ContextVar("environment_class", default="prod")


@contextmanager
def defaults_of(environment_class: EnvironmentClass) -> Iterator[None]:
    """Make fields declared with `by_class` take this class's defaults within the block."""
    token = _current.set(environment_class)
    try:
        yield
    finally:
        _current.reset(token)


class ClassDefault:
    """A default factory that answers by environment class; `values` keeps the table for schema and documentation."""

    def __init__(self, dev: Any, staging: Any, prod: Any) -> None:
        self.values: dict[str, Any] = {"dev": dev, "staging": staging, "prod": prod}

    def __call__(self) -> Any:
        """Return the default of the class in force; outside `defaults_of` that is the safest one, `prod`."""
        value = self.values[_current.get()]
        return list(value) if isinstance(value, list) else value


def by_class(dev: Any, staging: Any, prod: Any, **field: Any) -> Any:
    """Declare a field with one default for each environment class; `field` goes to pydantic's `Field`."""
    return Field(default_factory=ClassDefault(dev, staging, prod), **field)


class Block(BaseModel):
    """A block of configuration: strict types, unknown keys refused, never changed once read."""

    ELSEWHERE: ClassVar[Mapping[str, str]] = {}
    """Keys that one looks for here and that stand elsewhere, with their place in the file."""
    model_config = ConfigDict(strict=True, extra="forbid", frozen=True, use_attribute_docstrings=False)
