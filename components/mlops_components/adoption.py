"""Taking over what is there already: the options of a resource that is imported, and the check of what is named."""

import re
from collections.abc import Iterable
from typing import Any

import pulumi

from mlops_components.validation import Checker


def adopted_options(
    parent: pulumi.Resource, resource_id: str, *, protect: bool, ignore: Iterable[str] = ()
) -> pulumi.ResourceOptions:
    """Return the options of a resource that is taken over by import.

    It is managed from then on, but it was not made here, so destroying the stack leaves it; and its tags stay its
    owner's, since an import fails on any input that differs. `ignore` names further inputs that stay as they are.
    """
    return pulumi.ResourceOptions(
        parent=parent,
        import_=resource_id,
        protect=protect,
        retain_on_delete=True,
        ignore_changes=["tags", "tagsAll", *ignore],
    )


def check_adopted(check: Checker[Any], path: str, known: Iterable[str], pattern: str, what: str) -> None:
    """Check a mapping of purposes to what is adopted for them: known purposes, ids of the right form, none twice."""
    given = check.plain(path) or {}
    names = sorted(known)
    for purpose, value in given.items():
        if purpose not in names:
            check.fault(f"{path}.{purpose}", purpose, f"must be one of {', '.join(names)}", "name one of them")
        elif isinstance(value, str) and not re.fullmatch(pattern, value):
            check.fault(f"{path}.{purpose}", value, f"must be {what}", "name it as it is")
        elif list(given.values()).count(value) > 1:
            check.fault(f"{path}.{purpose}", value, "is adopted twice", "name another one, or leave it out")
